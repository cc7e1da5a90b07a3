"""Handing freed memory back to the system."""

import ctypes
import sys
from functools import cache
from typing import Any


def give_back_memory() -> None:
    """Hand freed memory back to the system, from within the heap too; without glibc nothing is done.

    It takes under a tenth of a second, and the system must give the pages anew. That is worth it where a lot
    was freed and what comes next is of other sizes, so that both would be held: before a model is loaded in
    another's place, or between two parts of a step of seconds in a worker, which keeps what it frees (see
    `KEEP_FREED_MEMORY`). It is not in steps of a fraction of a second.
    """
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library, if it is one that can."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
