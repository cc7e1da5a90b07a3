"""What the machine does to the data file, in sentences that a person can act on."""

import sqlite3

from ftdemo.errors import UserError

REMEDIES = {
    "is full": "Free some space, then try again: what was there before is as it was.",
    "is locked": "Another program keeps it to itself; try again once that has ended.",
    "readonly": "Allow this program to write into the data folder, or name another with FTDEMO_DATA.",
    "disk i/o error": "See whether its disk is there and in order, then try again.",
    "unable to open": "See whether the data folder is there and may be read, then try again.",
}
"""What to do, by a part of what SQLite says. All else that it says is a fault of this program."""


def data_file_error(error: BaseException) -> UserError | None:
    """What SQLite says of a disk that is full, locked or not to be written; None if it is no such thing."""
    if not isinstance(error, sqlite3.OperationalError):
        return None
    for part, remedy in REMEDIES.items():
        if part in str(error).lower():
            return UserError(f"The data file cannot be read or written: {error}.", remedy)
    return None
