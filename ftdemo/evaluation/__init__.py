"""Evaluation: whether a tuned model answers better than the one it is compared with, and what it lost.

No model is run here: texts, scores and log-probabilities go in, figures and sentences come out.
"""
