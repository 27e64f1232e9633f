"""The statistics of a scenario: SELECTs of its products, run in the sandbox and made into text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..base.sql import unique_names
from ..errors import QueryError
from ..schema.model import Statistic
from ..schema.template import fill
from ..storage.catalog import read_statistics
from ..storage.sandbox import Sandbox

SECONDS = 10.0  # for one statistic
#: For all statistics of a file. A file from somebody else may have any number of them.
SECONDS_IN_ALL = 60.0
MAX_ROWS = 20

#: A statistic for a chart, JSON-ready: name, section, label, rows of a name and a number.
ChartRows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one statistic: ``text`` for a reader, ``rows`` with the values."""

    name: str
    section: str
    label: str
    text: str
    rows: tuple[dict[str, Any], ...]


def read_charts(sandbox: Sandbox) -> list[ChartRows]:
    """The statistics that are only for charts, JSON-ready; one that fails is left out."""
    with sandbox.moment():
        asked = [s for s in read_statistics(sandbox.connection) if not s.show]
        answers, _ = compute(sandbox, asked)
    return [(a.name, a.section, a.label, a.rows) for a in answers]


def make_charts(charts: Sequence[ChartRows]) -> list[Answer]:
    """Answers from the result of `read_charts`, which may have been stored as JSON."""
    return [Answer(name, section, label, "", tuple(rows)) for name, section, label, rows in charts]


def compute(sandbox: Sandbox, statistics: list[Statistic]) -> tuple[list[Answer], list[str]]:
    """The answers, and a text with the reason for each statistic that failed.

    A statistic without a row, or with only NULLs, is in neither.
    """
    answers, failed = [], []
    deadline = time.monotonic() + SECONDS_IN_ALL
    for statistic in statistics:
        left = deadline - time.monotonic()
        if left <= 0:
            failed.append(f"{statistic.label} (those before it took {SECONDS_IN_ALL:.0f} seconds)")
            continue
        try:
            with sandbox.run(statistic.sql, timeout=min(SECONDS, left), written=True) as cursor:
                columns = unique_names(description[0] for description in cursor.description)
                found = [dict(zip(columns, row, strict=True)) for row in cursor.fetchmany(MAX_ROWS)]
        except QueryError as error:
            failed.append(f"{statistic.label} ({error.message})")
            continue
        rows = tuple(row for row in found if any(value is not None for value in row.values()))
        if rows:
            text = ", ".join(fill(statistic.show, row) for row in rows)
            answers.append(Answer(statistic.name, statistic.section, statistic.label, text, rows))
    return answers, failed
