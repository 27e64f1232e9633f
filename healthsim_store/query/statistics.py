"""The statistics of a scenario: SELECTs of its products, run in the sandbox and made into text."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.sql import unique_names
from ..base.text import shorten_apart
from ..errors import QueryError
from ..schema.model import Statistic
from ..schema.template import fill
from ..storage.catalog import read_statistics
from ..storage.sandbox import Sandbox

SECONDS = 10.0  # for one statistic
#: For all statistics of a file. A file from somebody else may have any number of them.
SECONDS_IN_ALL = 20.0
MAX_ROWS = 20

_CELL = 40  # characters of a text in a statistic's text

#: A statistic for a chart, JSON-ready: name, section, label, rows of a name and a number.
ChartRows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one statistic: ``text`` for a reader, ``rows`` with the values.

    In the text long labels are cut, with …, and a NULL is told as unknown; the rows have the whole
    labels. Their fractions have six decimals, or six digits below one.
    """

    name: str
    section: str
    label: str
    text: str
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A statistic without an answer, and why: it failed, or it would have taken too long."""

    name: str
    label: str
    reason: str

    def __str__(self) -> str:
        return f"{self.label} ({self.reason})"


def read_charts(sandbox: Sandbox) -> list[ChartRows]:
    """The statistics that are only for charts, JSON-ready; one that fails is left out."""
    with sandbox.moment():
        asked = [s for s in read_statistics(sandbox.connection) if not s.show]
        answers, _ = compute(sandbox, asked)
    return [(a.name, a.section, a.label, a.rows) for a in answers]


def make_charts(charts: Sequence[ChartRows]) -> list[Answer]:
    """Answers from the result of `read_charts`, which may have been stored as JSON."""
    return [Answer(name, section, label, "", tuple(rows)) for name, section, label, rows in charts]


def compute(
    sandbox: Sandbox, statistics: Sequence[Statistic]
) -> tuple[list[Answer], list[Failure]]:
    """The answers, and which statistics failed and why.

    A statistic without a row, or with only NULLs, is in neither.
    """
    answers: list[Answer] = []
    failed: list[Failure] = []
    deadline = time.monotonic() + SECONDS_IN_ALL
    for statistic in statistics:
        left = deadline - time.monotonic()
        if left <= 0:
            reason = f"those before it took {SECONDS_IN_ALL:.0f} seconds"
            failed.append(Failure(statistic.name, statistic.label, reason))
            continue
        try:
            with sandbox.run(statistic.sql, timeout=min(SECONDS, left), written=True) as cursor:
                columns = unique_names(description[0] for description in cursor.description)
                found = [
                    dict(zip(columns, map(_sensible, row), strict=True))
                    for row in cursor.fetchmany(MAX_ROWS + 1)
                ]
        except QueryError as error:
            failed.append(Failure(statistic.name, statistic.label, error.message))
            continue
        rows = tuple(row for row in found if any(value is not None for value in row.values()))
        more = ", …" if statistic.show and len(found) > MAX_ROWS else ""
        rows = rows[:MAX_ROWS]
        if rows:
            text = ", ".join(tell(statistic.show, rows)) + more
            answers.append(Answer(statistic.name, statistic.section, statistic.label, text, rows))
    return answers, failed


def _sensible(value: Any) -> Any:
    """A fraction without the digits that only the arithmetic made: 37783.34999999999 is 37783.35.

    That is six decimals, and six digits of a number below one. Any other value stays as it is.
    """
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    return round(value, 6) if abs(value) >= 1 else float(f"{value:.6g}")


def tell(show: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A text for each row, as the template ``show`` declares it.

    Long labels are cut, and those that differ still do.
    """
    return [fill(show, row) for row in _shown(rows)] if rows else []


def _shown(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows for a text: long texts are cut, and those that differ still do."""
    shown = [dict(row) for row in rows]
    for name in rows[0]:
        texts = [row for row in shown if isinstance(row[name], str)]
        for row, text in zip(texts, shorten_apart([r[name] for r in texts], _CELL), strict=True):
            row[name] = text
    return shown
