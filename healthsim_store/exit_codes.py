"""The exit codes of the command line."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """How the command line ends. ``about`` says when, as its help prints it."""

    about: str

    def __new__(cls, value: int, about: str) -> ExitCode:
        member = int.__new__(cls, value)
        member._value_ = value
        member.about = about
        return member

    DONE = 0, "done"
    ERROR = 1, "an error, told on stderr, or found by check"
    USAGE = 2, "wrong usage, or an argument that cannot be used"
    NOT_FOUND = 3, "what is named is not there, or the name fits several"
    REFUSED = 4, "refused, because something would be changed or lost"
    DAMAGED = 5, "a file that cannot be read: damaged, no scenario, or of a newer version"
    BUSY = 6, "another process is writing the file"
    LIMIT = 7, "over a limit of time or size"
    FAULT = 70, "a fault of healthsim-store or of a plugin"
    INTERRUPTED = 130, "interrupted"

    @classmethod
    def listed(cls) -> str:
        """All of them in one line."""
        return "; ".join(f"{int(code)} {code.about}" for code in cls)
