"""Tuning: settings and recipes, one module for each method, and the worker process that runs them."""
