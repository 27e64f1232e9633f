"""A statistic's rows as a small bar chart in SVG, so that a page needs no script for it.

Every value also stands as text beside its bar; colour says nothing that the text does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from markupsafe import Markup

from ..base.text import shorten_apart
from ..query.statistics import Answer

_WIDTH, _BAR, _GAP, _LABEL, _VALUE = 320, 16, 6, 120, 64
_LETTERS = 17  # of a label; the rest is in its title


def chart(answer: Answer) -> Markup | None:
    """A bar for each row, if each has a name and a number; None where the text alone is better."""
    bars = [bar for bar in map(_bar, answer.rows) if bar is not None]
    if (
        len(bars) < (2 if answer.text else 1)
        or len(bars) != len(answer.rows)
        or max(n for _, n in bars) <= 0
    ):
        return None
    return _svg(answer.label, bars)


def _bar(row: Mapping[str, Any]) -> tuple[str, float] | None:
    """The row's number, by preference a count, and the last text before it."""
    numbers = {
        name: value
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    }
    texts = [str(value) for value in row.values() if isinstance(value, str)]
    if not numbers or not texts:
        return None
    return texts[-1], numbers.get("n", next(iter(numbers.values())))


def _svg(title: str, bars: list[tuple[str, float]]) -> Markup:
    height = len(bars) * (_BAR + _GAP)
    most = max(value for _, value in bars)
    told = ", ".join(f"{name} {_number(value)}" for name, value in bars)
    parts = [
        f'<svg class="hs-chart" role="img" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
        f' height="{height}" aria-label="{escape(f"{title}: {told}")}">'
    ]
    room = _WIDTH - _LABEL - _VALUE
    labels = shorten_apart([name for name, _ in bars], _LETTERS)
    for position, ((name, value), short) in enumerate(zip(bars, labels, strict=True)):
        y = position * (_BAR + _GAP)
        length = max(1.0, room * value / most)
        base = y + _BAR - 4
        parts.append(
            f"<g><title>{escape(name)}: {_number(value)}</title>"
            f'<text x="{_LABEL - 6}" y="{base}" text-anchor="end">{escape(short)}</text>'
            f'<rect x="{_LABEL}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"></rect>'
            f'<text x="{_LABEL + length + 5:.1f}" y="{base}">{_number(value)}</text></g>'
        )
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - every text in it was escaped


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
