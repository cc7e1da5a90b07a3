"""The page: a folder for each tab that `page.py` lists (look, actions, wiring), and the pieces they share."""

import gc

# What is imported stays in memory; looking for garbage in it meanwhile takes a fifth of the start-up time.
gc.disable()
try:
    from ftdemo.ui.page import build, serve
finally:
    gc.enable()

__all__ = ["build", "serve"]
