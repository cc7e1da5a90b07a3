"""The command line: Typer commands over `Studio`."""

from ftdemo.cli.app import main

__all__ = ["main"]
