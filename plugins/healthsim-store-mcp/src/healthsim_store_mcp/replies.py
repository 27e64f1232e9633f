"""Replies for a context window: columns instead of keys, no nulls, never over the budget.

A reply is a text and a structure that say the same. Whichever is longer counts against the budget.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_types import CallToolResult, TextContent

from healthsim_store import estimate_tokens
from healthsim_store.doors import shorten

BUDGET = 1_000
LEAST, MOST = 100, 20_000
LARGER = "Truncated: a larger max_tokens gives more."

_LINE = 80  # characters of a text of somebody else's
# Nothing that is worth reading has more characters a token; what has is not measured, but cut.
_DENSEST = 12


@dataclass(frozen=True)
class Reply:
    """What a tool answers."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, budget: int) -> bool:
        return _fits(self.text, budget) and _fits(compact(self.data), budget)

    def within(self, budget: int, more: str = LARGER) -> Reply:
        """This, or what of it the budget has room for; then both parts say that it was cut."""
        data = dict(self.data)
        costs = {key: len(compact(value)) for key, value in data.items()}
        while data and not _fits(compact(data), budget):
            costly = max((key for key in data if key != "truncated"), key=costs.__getitem__)
            del data[costly]
            data["truncated"] = True
        text = self.text
        if len(data) != len(self.data) and _fits(text, budget) and "runcated" not in text:
            text = f"{text}\n{more}"
        return Reply(cut(text, budget, more), data)

    def result(self, budget: int = BUDGET, more: str = LARGER) -> CallToolResult:
        told = self.within(budget, more)
        return CallToolResult(
            content=[TextContent(type="text", text=told.text)], structured_content=dict(told.data)
        )


def compact(value: Any) -> str:
    """JSON as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def line(text: str | None, most: int = _LINE) -> str:
    """Somebody else's text on one line: it is data, and should look like it."""
    flat = " ".join("".join(sign if sign.isprintable() else " " for sign in text or "").split())
    return shorten(flat, most)


def cell(value: Any) -> Any:
    """A value for a row: nothing is an empty text, and what JSON has no word for is told."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def columnar(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """CSV with a header: nothing where a value is missing, quotes only where they are needed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def fitted(make: Callable[[int], Reply], most: int, budget: int) -> Reply:
    """The reply with as many of ``most`` rows as the budget has room for, but one at least.

    ``make`` gives the reply with a number of rows, and says in it what was left out.
    """
    count = fewest(lambda number: make(number).fits(budget), most)
    return make(count)


def fewest(fits: Callable[[int], bool], most: int) -> int:
    """The greatest number up to ``most`` that fits, or 1 (0 if there is none)."""
    if most <= 1 or fits(most):
        return most
    low, high = 1, most - 1
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def cut(text: str, budget: int, more: str) -> str:
    """The text, or as many of its lines as fit before ``more``, which says how to get the rest."""
    if _fits(text, budget):
        return text
    room = budget - estimate_tokens(more) - 2
    lines = text.split("\n")
    kept = fewest(lambda count: _fits("\n".join(lines[:count]), room), len(lines))
    begun = "\n".join(lines[:kept])
    while not _fits(begun, room):  # one line that is too long by itself
        begun = begun[: min(len(begun) * 3 // 4, _DENSEST * room)]
    return f"{begun}\n{more}"


def _fits(text: str, budget: int) -> bool:
    return len(text) <= _DENSEST * budget and estimate_tokens(text) <= budget
