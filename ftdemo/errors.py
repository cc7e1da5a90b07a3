"""The errors a person can cause, each with a message and a remedy.

    UserError
    ├── NotFoundError      the thing named does not exist
    ├── InvalidNameError   a name that cannot be used, or is taken
    ├── FileFormatError    a file that cannot be understood
    └── SourceError        a base model that cannot be fetched or read

Anything else that is raised is a bug.
"""


class UserError(Exception):
    """Something a person can mend.

    Args:
        message: one sentence: what is wrong, and where (file, row, column).
        remedy: one sentence: what to do about it.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class NotFoundError(UserError):
    """The thing named does not exist."""


class InvalidNameError(UserError):
    """A name that cannot be used, or is taken."""


class FileFormatError(UserError):
    """A file that cannot be understood."""


class SourceError(UserError):
    """A base model that cannot be fetched or read."""
