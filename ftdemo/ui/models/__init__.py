"""The tab Models: tuned models and where each came from."""
