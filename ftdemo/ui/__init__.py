"""The page: one module for each tab, and the pieces they share."""

from ftdemo.ui.page import build, serve

__all__ = ["build", "serve"]
