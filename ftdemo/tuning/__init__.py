"""Supervised tuning: its settings and recipes, methods, cost before the start, and the run."""
