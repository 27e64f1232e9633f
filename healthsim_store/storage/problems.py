"""What is wrong with the rows of a batch, counted to the end in the memory that its kinds take."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from ..errors import InvalidRows
from .violations import MAX_PROBLEMS, OTHERS, Kind, Problem, invalid_rows

SECONDS = 3.0  # of the processor, from the first problem on; then the rest is not counted
_MAX_KINDS = 40  # that are told; further ones are only counted


class Problems:
    """The first problems one by one, and of the others how many there are of each kind.

    A further problem is counted at the first one that has the same value; the values that are told
    nowhere are counted together.
    """

    def __init__(self) -> None:
        self._told: list[Problem] = []
        self._places: dict[tuple[Kind, str], int] = {}  # of the problems that count others
        self._kinds: set[Kind] = set()
        self._total = 0
        self._all_taken = True
        self._until: float | None = None

    def __bool__(self) -> bool:
        return self._total > 0

    def add(self, problems: Iterable[Problem]) -> None:
        """Count more problems."""
        for problem in problems:
            if self._until is None:
                self._until = time.thread_time() + SECONDS
            self._all_taken = self._all_taken and problem.is_taken
            known = self._places.get((problem.alike, problem.shown))
            # A fault of a whole column comes with each chunk, and is one.
            self._total += known is None or problem.count == 1
            if len(self._told) < MAX_PROBLEMS and (known is None or problem.count == 1):
                self._tell(problem)
            elif known is not None:
                self._count(known, problem)
            elif problem.alike in self._kinds:
                self._add_to_others(problem)
            elif len(self._told) < _MAX_KINDS:
                self._tell(problem)

    def _tell(self, problem: Problem) -> None:
        self._kinds.add(problem.alike)
        self._places.setdefault((problem.alike, problem.shown), len(self._told))
        self._told.append(problem)

    def _count(self, place: int, problem: Problem) -> None:
        told = self._told[place]
        self._told[place] = replace(told, count=told.count + problem.count)

    def _add_to_others(self, problem: Problem) -> None:
        known = self._places.get((problem.alike, repr(OTHERS)))
        if known is None:
            self._tell(replace(problem, value=OTHERS))
        else:
            self._count(known, problem)

    @property
    def is_enough(self) -> bool:
        """Whether to look at further rows would take too long, or tell nothing more.

        What is in the scenario already is a batch that came before: it is known by other means.
        """
        if self._until is None:
            return False
        if self._all_taken and self._total >= MAX_PROBLEMS:
            return True
        return time.thread_time() > self._until

    def error(self, *, complete: bool) -> InvalidRows:
        """The error that tells them; ``complete``: all rows were looked at."""
        return invalid_rows(self._told, complete=complete, total=self._total)
