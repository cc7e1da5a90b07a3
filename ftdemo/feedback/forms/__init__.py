"""The forms in which other programs write preferences, one module for each family of them."""
