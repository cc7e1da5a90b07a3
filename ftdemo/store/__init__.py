"""The one SQLite file, and the only place with SQL."""

from ftdemo.store.database import Store

__all__ = ["Store"]
