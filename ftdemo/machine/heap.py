"""Handing freed memory back to the system."""

import ctypes
import sys
from functools import cache
from typing import Any


def give_back_memory() -> None:
    """Hand freed memory back to the system, from within the heap too; without glibc nothing is done.

    A worker keeps what it frees, see `jobs.executors.local.KEEP_FREED_MEMORY`. What one part of a step leaves
    fits the tensors of the next badly, so that both would be held; and each model that llama.cpp loads anew
    would leave some 20 MB of gaps behind. This takes under a tenth of a second, and the system must give the
    pages anew: little for a step of seconds, much for one of a fraction of a second.
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
