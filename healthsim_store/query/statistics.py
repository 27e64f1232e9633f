"""A scenario's statistics: its product's SELECTs, run in the sandbox and put into words."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import QueryError
from ..schema.model import Statistic
from ..storage.sandbox import Sandbox
from .pages import unique_names

SECONDS = 10.0
#: For all statistics of a file together, which may be a stranger's and have any number of them.
SECONDS_IN_ALL = 60.0
MAX_ROWS = 20

# Only names and number formats: a template comes from the file, so it may be a stranger's, and
# str.format() would follow attributes.
_FIELD = re.compile(r"\{(\w+)(?::(,?(?:\.\d)?[df%]?))?\}")


@dataclass(frozen=True, slots=True)
class Answer:
    """One statistic. ``text`` is how it reads, ``rows`` the values behind it."""

    name: str
    section: str
    label: str
    text: str
    rows: tuple[dict[str, Any], ...]


def compute(sandbox: Sandbox, statistics: list[Statistic]) -> tuple[list[Answer], list[str]]:
    """The answers, and what could not be computed with the reason.

    A statistic that has nothing to say is in neither.
    """
    answers, failed = [], []
    deadline = time.monotonic() + SECONDS_IN_ALL
    for statistic in statistics:
        left = deadline - time.monotonic()
        if left <= 0:
            failed.append(f"{statistic.label} (those before it took {SECONDS_IN_ALL:.0f} seconds)")
            continue
        try:
            with sandbox.run(statistic.sql, timeout=min(SECONDS, left)) as cursor:
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


def template_fields(template: str) -> list[str]:
    """The columns that a template names. Raises ValueError for a brace that is no field."""
    rest = _FIELD.sub("", template)
    if "{" in rest or "}" in rest:
        raise ValueError(template)
    return [match[1] for match in _FIELD.finditer(template)]


def fill(template: str, row: Mapping[str, Any]) -> str:
    """``{low:.1f}-{high:.1f}%`` with a row's values; a field that is not there stays as it is."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in row:
            return match[0]
        found = row[match[1]]
        if isinstance(found, int | float):
            return format(found, _format(match[2] or "", found))
        return "-" if found is None else str(found)

    return _FIELD.sub(value, template)


def _format(spec: str, value: float) -> str:
    """The given format, or one without noise: 7.80000001 reads 7.8."""
    if spec:
        return spec.replace("d", ".0f") if isinstance(value, float) else spec
    return "" if isinstance(value, int) else ".10g"
