"""Where the rows of a batch came from: the file, and the line in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..base.wording import SHELL, here, option, option_of_import, takes, takes_of_files
from ..errors import InvalidRows
from ..storage.tolerance import Tolerance
from ..storage.violations import Problem, invalid_rows
from . import hints
from .account import Account
from .rejects import Rejects
from .source import Source, SourceFolder

#: Where a row is from: the account of its file, the file, its line, its item in a list of JSON.
Place = tuple[Account, str, int | None, int | None]
#: The place of a row, by its entity type and number from 1.
Locate = Callable[[str, int], Place | None]

_WANTED = re.compile(r"must satisfy (\w+) IS NOT NULL\b")
_FIELDS = 5  # that one hint gives a value for all rows
_MOST_NAME = 200  # letters of a column's name, in a command that can be typed


class Origins:
    """The files of the rows that were read so far, by entity type."""

    def __init__(self) -> None:
        self._parts: dict[str, list[tuple[int, Source | SourceFolder, Account]]] = {}
        self._counts: dict[str, int] = {}

    def begin(self, entity_type: str, source: Source | SourceFolder, account: Account) -> None:
        """The next rows of the entity type come from this file."""
        first = self._counts.get(entity_type, 0) + 1
        self._parts.setdefault(entity_type, []).append((first, source, account))

    def count(self, entity_type: str, rows: int) -> None:
        """So many more rows came."""
        self._counts[entity_type] = self._counts.get(entity_type, 0) + rows

    def locate(self, entity_type: str, row: int) -> Place | None:
        """See `Locate`."""
        parts = self._parts.get(entity_type, ())
        part = next((part for part in reversed(parts) if part[0] <= row), None)
        if part is None:
            return None
        first, source, account = part
        line, item = source.place(row - first) if isinstance(source, Source) else (None, None)
        return account, source.name, line, item


def placed(problem: Problem, locate: Locate) -> Problem:
    """The problem with its file and line, and a hint about how its value may be written."""
    if problem.entity_id is not None:
        return problem
    found = locate(problem.entity_type, problem.row)
    if found:
        problem = replace(problem, file=found[1], line=found[2], item=found[3])
    kind = next((k for start, k in _KINDS.items() if problem.expected.startswith(start)), None)
    number = isinstance(problem.value, int | float)  # of a sheet, where a day may be one
    written = isinstance(problem.value, str) or (number and kind in _MOMENTS)
    if kind and written and not problem.hint:
        problem = replace(problem, hint=hints.value(kind, str(problem.value)))
    return problem


_MOMENTS = ("date", "timestamp", "partial")
#: What a value must be, by which its kind is known.
_KINDS = {
    "must be a date that": "date",
    "must be a date and time": "timestamp",
    "must be a day or time": "partial",
    "must be a number": "real",
    "must be a whole number": "integer",
}


def tolerance(bad_rows: str, orphans: str, locate: Locate, rejects: Rejects) -> Tolerance:
    """Which rows of files are left out; those are counted in the accounts of their files."""

    def left_out(problems: Sequence[Problem]) -> None:
        for problem in problems:
            told = placed(problem, locate)
            number = told.line or told.item or told.row
            rejects.add(told.file, number, told.entity_type, told.field, told.value, told.expected)
        first = problems[0]
        found = locate(first.entity_type, first.row)
        if found:
            field = f"{first.field}: " if first.field else ""
            found[0].refuse(first.entity_type, f"{field}{first.expected}")

    return Tolerance(bad_rows, orphans, left_out)


def told(
    error: InvalidRows,
    locate: Locate,
    lacking: Callable[[str], str | None],
    tolerance: Tolerance,
) -> InvalidRows:
    """The error as who gave files reads it.

    Args:
        error: what the rows' numbers tell.
        locate: where rows come from.
        lacking: of an entity type, what says that there is no file of it; None where there is one.
        tolerance: which rows were to be left out.
    """
    problems = [placed(problem, locate) for problem in error.problems]
    new = invalid_rows(
        problems,
        complete=error.complete,
        nothing=error.nothing,
        hint=error.hint or way_on(problems, tolerance),
        total=error.total,
    )
    first: dict[str, str] = {}
    for problem in problems:
        if problem.parent and (why := lacking(problem.parent)):
            first.setdefault(why, problem.file or problem.entity_type)
    if first:
        lines = [f"{why}, and {child} refers to it." for why, child in first.items()]
        new.message = "\n".join([*lines, new.message])
    return new


def way_on(
    problems: Sequence[Problem], tolerance: Tolerance, *, of_files: bool = True
) -> str | None:
    """How the rows, or the others, can be stored; None where no option does it.

    Args:
        problems: what is wrong.
        tolerance: which rows were to be left out.
        of_files: the rows are of files, which have options at every door.
    """
    if any(problem.of_fields for problem in problems):
        return _of_fields(problems) if of_files or takes("map") else None
    wanted = {"orphans" if problem.orphan else "bad_rows" for problem in problems}
    words = {"bad_rows": tolerance.bad_rows, "orphans": tolerance.orphans}
    in_one = of_files and takes_of_files()
    names = [n for n in words if n in wanted and words[n] != "skip" and (in_one or takes(n))]
    if not names:
        return None
    given = [option_of_import(n, "skip") if in_one else option(n, "skip") for n in names]
    told = (" " if here().kind == SHELL else ", ").join(given)
    return f"To leave such rows out, and have them counted in a file: {told}."


def _of_rule(problem: Problem) -> str | None:
    """The first field that a rule of an entity type wants to have a value; None of other rules."""
    match = _WANTED.match(problem.expected)
    return match[1] if match else None


def _of_fields(problems: Sequence[Problem]) -> str | None:
    """What to do about a column that is no field, or a field that no column is."""
    unknown = next((one.field for one in problems if one.expected == "is not a field"), None)
    found = ((one, one.field or _of_rule(one)) for one in problems if one.lacks or not one.field)
    required = dict.fromkeys(
        field if one.field else f"{one.entity_type}.{field}" for one, field in found if field
    )
    ways = []
    if unknown and len(unknown) <= _MOST_NAME:
        ways.append(f"If it means a field: {option_of_import('map', f'{unknown}=FIELD')}")
        ways.append(f"if nothing: {option_of_import('ignore', unknown)}")
    if required:
        names = [*required][:_FIELDS]
        given = option_of_import("value", [f"{name}=TEXT" for name in names])
        what = f"one {names[0]}" if len(names) == 1 else "one of each"
        ways.append(f"{'if' if ways else 'If'} all rows have {what}: {given}")
    return f"{'; '.join(ways)}." if ways else None
