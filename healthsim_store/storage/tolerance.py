"""Rows that a batch may leave out, because its caller said so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import InvalidArgument
from .violations import Problem

CHOICES = ("error", "skip")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Which rows are left out instead of an error.

    ``bad_rows`` and ``orphans`` are ``error`` or ``skip``; an orphan is a row whose only fault is
    that it refers to an entity that is not there. ``left_out`` is told of each such row, with all
    that is wrong with it.
    """

    bad_rows: str = "error"
    orphans: str = "error"
    left_out: Callable[[Sequence[Problem]], None] = lambda problems: None

    def __post_init__(self) -> None:
        """Raises InvalidArgument for another word."""
        for name in ("bad_rows", "orphans"):
            if getattr(self, name) not in CHOICES:
                raise InvalidArgument(
                    f"{name} is {getattr(self, name)!r:.60}.", hint=f"It is {' or '.join(CHOICES)}."
                )

    @property
    def any(self) -> bool:
        """Whether there may be rows that are left out."""
        return "skip" in (self.bad_rows, self.orphans)

    def takes(self, problems: Sequence[Problem]) -> bool:
        """Whether a row with these problems is left out; then ``left_out`` is told of it."""
        orphan = all(problem.orphan for problem in problems)
        if not problems or (self.orphans if orphan else self.bad_rows) != "skip":
            return False
        self.left_out(problems)
        return True


#: Every row has to be stored.
NONE = Tolerance()
