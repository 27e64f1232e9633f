"""Compare two cohorts: what is counted and computed of each, side by side.

Both are asked what a summary asks, so the answers are those of their summaries, and are remembered
as theirs are. Which entities differ is what `diff` tells; this needs no common origin.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..query.statistics import tell
from ..schema.template import fill_difference, template_fields
from .compare_report import Change, ComparedCount, ComparedStatistic, ComparisonResult, Side

#: What `read_summary` makes of a file.
Parts = Mapping[str, Any]
Row = Mapping[str, Any]

_NOT_DECLARED = "not declared there"


@dataclass(frozen=True)
class Cohort:
    """One side: its name and the parts of its summary."""

    name: str
    parts: Parts


@dataclass(frozen=True, slots=True)
class _Declared:
    """A statistic as one of the files declares it."""

    product: str
    name: str  # as the product calls it
    section: str
    label: str
    show: str
    sql: str


def compare_cohorts(a: Cohort, b: Cohort, *, max_tokens: int | None) -> ComparisonResult:
    """The two side by side.

    Args:
        a: the first.
        b: the second; differences are b less a.
        max_tokens: the budget of the text; None for all of it.
    """
    return ComparisonResult(
        a=a.name,
        b=b.name,
        products_a=dict(a.parts["products"]),
        products_b=dict(b.parts["products"]),
        entity_types=_counts(a.parts, b.parts),
        statistics=_statistics(a.parts, b.parts),
        max_tokens=max_tokens,
    )


def _counts(a: Parts, b: Parts) -> dict[str, ComparedCount]:
    labels = {**b["labels"], **a["labels"]}
    there, here = a["entity_counts"], b["entity_counts"]
    return {
        name: ComparedCount(labels[name], there.get(name), here.get(name))
        for name in dict.fromkeys([*there, *here])
    }


def _statistics(a: Parts, b: Parts) -> tuple[ComparedStatistic, ...]:
    """Those of either file, by product and name; in the order of the first, then the others."""
    there, here = _declared(a), _declared(b)
    sides = _sides(a), _sides(b)
    return tuple(
        _compared(there.get(key), here.get(key), *(side.get(key) for side in sides))
        for key in dict.fromkeys([*there, *here])
    )


def _declared(parts: Parts) -> dict[tuple[str, str], _Declared]:
    found = {}
    for product, name, section, label, show, sql in parts["declared"]:
        plain = _plain_name(product, name)
        found[product, plain] = _Declared(product, plain, section, label, show, sql)
    return found


def _plain_name(product: str, name: str) -> str:
    """Without the product, which a file tells only where two of its products have one name."""
    return name.removeprefix(f"{product}.")


def _sides(parts: Parts) -> dict[tuple[str, str], Side]:
    answers = {name: Side(text, tuple(rows)) for name, _, _, text, rows in parts["statistics"]}
    failed = {name: Side(None, (), reason) for name, reason in parts["failed"]}
    nothing = Side(None, ())
    return {
        (product, _plain_name(product, name)): answers.get(name) or failed.get(name) or nothing
        for product, name, *_ in parts["declared"]
    }


def _compared(
    there: _Declared | None, here: _Declared | None, a: Side | None, b: Side | None
) -> ComparedStatistic:
    declared = here or there
    assert declared is not None, "one of the two has it"
    changes: tuple[Change, ...] = ()
    size = 1.0
    alike = False
    if a and b and there and here and there.show == here.show:
        matched = _Matched(declared.show, a.rows, b.rows)
        alike = a.reason is None and b.reason is None and matched.alike
        if a.text is not None and b.text is not None:
            changes, size = matched.changes(), matched.size()
            a, b = (replace(s, apart=t) for s, t in zip((a, b), matched.apart(), strict=True))
    return ComparedStatistic(
        product=declared.product,
        name=declared.name,
        section=declared.section,
        label=declared.label,
        a=a or Side(None, (), _NOT_DECLARED, declared=False),
        b=b or Side(None, (), _NOT_DECLARED, declared=False),
        changes=changes,
        same_sql=not (there and here) or there.sql == here.sql,
        equal=alike,
        size=0.0 if alike else size,
    )


class _Matched:
    """The rows of a statistic in both files, matched by what names them.

    Only columns that the statistic shows count. Those with numbers alone are its values; the others
    name a row, as ``gender`` does. A row may be missing on one side because the statistic lists
    only the most frequent: so it is not taken for 0.
    """

    def __init__(self, show: str, a: Sequence[Row], b: Sequence[Row]) -> None:
        self._show = show
        rows = [*a, *b]
        shown = [n for n in dict.fromkeys(template_fields(show)) if any(n in row for row in rows)]
        self._values = [name for name in shown if _numeric([row.get(name) for row in rows])]
        self._names = [name for name in shown if name not in self._values]
        self._rows = a, b
        self._told = (
            [[row.get(n) for n in shown] for row in a],
            [[row.get(n) for n in shown] for row in b],
        )
        self.alike = self._told[0] == self._told[1]
        self._a, self._b = self._by_name(a), self._by_name(b)

    def _by_name(self, rows: Sequence[Row]) -> dict[str, Row]:
        """The rows by what names them; none where two have one name."""
        names = [", ".join(str(row.get(n)) for n in self._names) for row in rows]
        if max(Counter(names).values(), default=0) > 1:
            return {}
        return dict(zip(names, rows, strict=True))

    def apart(self) -> list[str | None]:
        """What to tell of each side: the rows that the other has not in the same way, and … for
        the others. None where all of it is to be told.
        """
        texts = tell(self._show, [*self._rows[0], *self._rows[1]])
        middle = len(self._rows[0])
        found: list[str | None] = []
        for own, all_, other in zip(
            (texts[:middle], texts[middle:]), self._told, reversed(self._told), strict=True
        ):
            differing = [text for text, row in zip(own, all_, strict=True) if row not in other]
            left = ["…"] if len(differing) < len(own) else []
            found.append(", ".join([*differing, *left]) if differing else None)
        return found if all(found) else [None, None]

    def changes(self) -> tuple[Change, ...]:
        """The values that differ in rows of the same name.

        Of several rows those of the first value come first, the largest before the others. The
        first value is told without its name, since the statistic's label tells what it is.
        """
        found = []
        both = [name for name in self._a if name in self._b]
        for value in self._values:
            of_value = []
            for name in both:
                before, after = self._a[name].get(value), self._b[name].get(value)
                if before is None or after is None:
                    continue  # from or to something unknown is no difference that has a size
                difference = _difference(before, after)
                if difference:
                    words = [name] if self._names and len(both) > 1 else []
                    words += [value] if value != self._values[0] else []
                    words.append(fill_difference(self._show, value, difference))
                    told = " ".join(words)
                    of_value.append(Change(name, value, before, after, difference, told))
            found += sorted(of_value, key=lambda change: -abs(change.difference))
        return tuple(found)

    def size(self) -> float:
        """From 0 to 1: how large the difference is, beside what the two have together.

        Of the first value that the statistic shows. 0 where it has none.
        """
        if not self._values:
            return 0.0
        apart = whole = 0.0
        for name in {**self._a, **self._b}:
            pair = [rows.get(name, {}).get(self._values[0]) or 0 for rows in (self._a, self._b)]
            apart += abs(pair[1] - pair[0])
            whole += max(map(abs, pair))
        share = apart / whole if whole else 0.0
        return min(share, 1.0) if math.isfinite(share) else 1.0


def _numeric(values: Sequence[Any]) -> bool:
    """Whether a column holds numbers, and here and there nothing."""
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(v, int | float) for v in known)


def _difference(before: float, after: float) -> float:
    """Without the digits that only the arithmetic made; 0 where it is no number."""
    difference = after - before
    if isinstance(difference, int):
        return difference
    return round(difference, 9) if math.isfinite(difference) else 0
