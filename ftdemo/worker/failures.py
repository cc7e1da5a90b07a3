"""What went wrong in a worker, in a sentence that a person can act on."""

import errno
import logging
import secrets

from ftdemo.errors import UserError
from ftdemo.settings import Settings

log = logging.getLogger("ftdemo.worker")
# Libraries written in other languages pass on the system's words only.
DISK_FULL = ("no space left on device", "disk is full", "failed writing file", "file write failed")
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory")


def explain(error: BaseException, settings: Settings) -> tuple[str, str]:
    """What went wrong and what to do, in a sentence each.

    Args:
        error: what ended the job; it is in the job's log.
        settings: name the data folder.
    """
    if isinstance(error, UserError):
        return error.message, error.remedy
    words = str(error).lower()
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    if full or any(part in words for part in DISK_FULL):
        return (
            f"The disk of {settings.data} is full.",
            "Free some space, then resume the job: it goes on from its last checkpoint.",
        )
    if isinstance(error, MemoryError) or any(part in words for part in OUT_OF_MEMORY):
        return (
            "The job ran out of memory.",
            "Start it again with a smaller batch size or max length, or with the method lora.",
        )
    error_id = secrets.token_hex(4)
    log.error("error id %s", error_id)
    return (
        f"The job failed by a fault in this program ({type(error).__name__}, id {error_id}).",
        "Look up that id in the job's log, and report it.",
    )
