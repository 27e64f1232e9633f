"""Two cohorts side by side: counts and statistics, and a text that any model can afford.

The text has a budget in tokens. If it is too long, the smallest differences are left out, and the
last line says how many.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.text import shorten, shorten_apart
from ..base.tokens import cut_to_tokens, estimate_tokens
from ..base.wording import option, takes

MAX_TOKENS = 399  # the promise is: under 400
LEAST_TOKENS = 100

_NAME = 60  # characters of a name or label in the text
_VALUE = 70  # and of a statistic's text, where there is a budget
_REASON = 80  # and of the reason why there is none
_CHANGES = 3  # of a statistic that are told


@dataclass(frozen=True)
class ComparedCount:
    """How many entities of a type each has; None where a file does not declare the type."""

    label: str
    a: int | None
    b: int | None

    @property
    def difference(self) -> int | None:
        """How many more b has; None where one does not declare the type."""
        return None if self.a is None or self.b is None else self.b - self.a

    @property
    def equal(self) -> bool:
        return self.a == self.b

    @property
    def size(self) -> float:
        """From 0 to 1: how large the difference is, beside the greater of the two."""
        a, b = self.a or 0, self.b or 0
        return abs(b - a) / max(a, b, 1)

    def to_dict(self) -> dict[str, Any]:
        told = {"label": self.label, "a": self.a, "b": self.b, "difference": self.difference}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True)
class Side:
    """A statistic in one of the two files: its text and rows, or ``reason``: why it has none.

    With neither it has nothing to say there: it found no row. ``declared`` is False where the file
    has no such statistic. ``apart`` is the text without the rows that the other side has too.
    """

    text: str | None
    rows: tuple[Mapping[str, Any], ...]
    reason: str | None = None
    declared: bool = True
    apart: str | None = None

    @property
    def failed(self) -> bool:
        return self.declared and self.reason is not None

    def to_dict(self) -> dict[str, Any]:
        if self.reason is not None:
            return {"reason": self.reason}
        return {"text": self.text or "none", "rows": [dict(row) for row in self.rows]}


@dataclass(frozen=True)
class Change:
    """A value of a statistic that differs: ``field`` of the row that is named ``of``.

    ``of`` is empty for a statistic of one row. ``text`` tells the difference with its unit.
    """

    of: str
    field: str
    a: float
    b: float
    difference: float
    text: str

    def to_dict(self) -> dict[str, Any]:
        told = {"field": self.field, "a": self.a, "b": self.b, "difference": self.difference}
        return ({"of": self.of} if self.of else {}) | told | {"text": self.text}


@dataclass(frozen=True)
class ComparedStatistic:
    """A statistic of a product in both files.

    ``changes`` are of rows that both have. ``same_sql`` is False where the files ask for it in
    different ways, which may be all that differs. ``size`` is from 0 to 1.
    """

    product: str
    name: str
    section: str
    label: str
    a: Side
    b: Side
    changes: tuple[Change, ...] = ()
    same_sql: bool = True
    equal: bool = False
    size: float = 1.0

    @property
    def shared(self) -> bool:
        """Whether both files declare it."""
        return self.a.declared and self.b.declared

    @property
    def empty(self) -> bool:
        """Whether neither has anything to say."""
        return self.a.text is self.b.text is self.a.reason is self.b.reason is None

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "product": self.product,
            "name": self.name,
            "section": self.section,
            "label": self.label,
            "equal": self.equal,
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
        }
        if self.changes:
            told["changes"] = [change.to_dict() for change in self.changes]
        return told if self.same_sql else told | {"same_sql": False}


@dataclass(frozen=True)
class ComparisonResult:
    """How the cohort ``b`` compares with ``a``. Every difference is b less a.

    ``entity_types`` are by name. ``statistics`` are those that the products declare. Each side is
    of one moment of its file. ``max_tokens`` is the budget of `to_markdown`; None: no budget.
    """

    a: str
    b: str
    products_a: Mapping[str, str]
    products_b: Mapping[str, str]
    entity_types: Mapping[str, ComparedCount]
    statistics: tuple[ComparedStatistic, ...]
    max_tokens: int | None = MAX_TOKENS

    @property
    def comparable(self) -> bool:
        """Whether they have an entity type in common."""
        return any(count.difference is not None for count in self.entity_types.values())

    @property
    def differing(self) -> list[ComparedCount | ComparedStatistic]:
        """What both declare and is not equal: what failed first, then the largest difference."""
        counts = [c for c in self.entity_types.values() if c.difference]
        statistics = [s for s in self.statistics if s.shared and not s.equal and not s.empty]
        return sorted([*counts, *statistics], key=_rank)

    def __str__(self) -> str:
        return self.to_markdown()

    def to_dict(self) -> dict[str, Any]:
        return {
            "a": self.a,
            "b": self.b,
            "products": {"a": dict(self.products_a), "b": dict(self.products_b)},
            "comparable": self.comparable,
            "entity_types": {name: count.to_dict() for name, count in self.entity_types.items()},
            "statistics": [statistic.to_dict() for statistic in self.statistics],
        }

    def to_markdown(self) -> str:
        """The text, within ``max_tokens``.

        If it is too long, what is equal or only on one side is counted and not named, then the
        smallest differences go.
        """
        return self._markdown

    def rows(self) -> list[list[str]]:
        """All that differs as texts: a label, what a has, what b has, and the difference."""
        return [_cells(one, whole=False) for one in self.differing]

    def told(self, most: int, *, short: bool = False, whole: bool = False) -> str:
        """The text with so many differences, and how many were left out.

        Args:
            most: differences that are told, the largest ones.
            short: count what is equal, and what only one has, instead of naming it.
            whole: cut no text.
        """
        return "\n".join(self._lines(most, short=short, whole=whole))

    @functools.cached_property
    def _markdown(self) -> str:
        count = len(self.differing)
        if self.max_tokens is None:
            return self.told(count, whole=True)
        for short in (False, True):
            text = self.told(min(count, self.max_tokens), short=short)
            if estimate_tokens(text) <= self.max_tokens:
                return text
        # A row has several tokens; so many can never fit.
        fitting, too_many = -1, min(count, self.max_tokens)
        while too_many - fitting > 1:
            middle = (fitting + too_many) // 2
            if estimate_tokens(self.told(middle, short=True)) <= self.max_tokens:
                fitting = middle
            else:
                too_many = middle
        return self.told(fitting, short=True) if fitting >= 0 else self._bare()

    def _bare(self) -> str:
        """For names that alone are over the budget."""
        budget = self.max_tokens or MAX_TOKENS
        a, b = (cut_to_tokens(_plain(name), budget // 4) for name in (self.a, self.b))
        return (
            f"{a} and {b}: {_several(len(self.differing), 'difference')}.\n"
            "Left out: all else, since the names are too long"
        )

    def _lines(self, most: int, *, short: bool, whole: bool) -> Iterator[str]:
        differing = self.differing
        a, b = _cut(self.a), _cut(self.b)
        if not self.comparable:
            yield f"**{a}** (A) and **{b}** (B) have no entity type in common."
        elif not differing:
            yield f"**{a}** (A) and **{b}** (B): all that both have is equal."
        else:
            yield f"**{a}** (A) and **{b}** (B)"
            yield ""
            # Not aligned: to a model every space and dash has its price.
            yield "| | A | B | B - A |"
            yield "|---|---|---|---|"
            shown = differing[:most]
            shown.sort(key=lambda one: isinstance(one, ComparedStatistic))
            yield from (f"| {' | '.join(_cells(one, whole=whole))} |" for one in shown)
            yield ""
        yield from self._notes(short=short, whole=whole)
        left = len(differing) - most
        if left > 0 and self.comparable:
            larger = option("max_tokens", verb=_VERB)
            more = f" ({larger} gives more)" if takes("max_tokens", verb=_VERB) else ""
            yield f"Left out: {_several(left, 'smaller difference')}{more}"

    def _notes(self, *, short: bool, whole: bool) -> Iterator[str]:
        """What is equal, what only one of them has, and what was not asked in the same way."""
        if any(not s.same_sql and not s.empty for s in self.statistics):
            yield "*: the two files have different SQL for it, which may be all that differs"
        equal = [_counted(c.label, c.a) for c in self.entity_types.values() if c.equal and c.a]
        same = [_label(s) for s in self.statistics if s.equal and not s.empty]
        yield from _note("Equal", equal, same, short=short)
        for letter, other in (("a", "b"), ("b", "a")):
            counts = [
                (getattr(count, letter), count.label)
                for count in self.entity_types.values()
                if getattr(count, other) is None and getattr(count, letter)
            ]
            counts.sort(key=lambda pair: -pair[0])
            sides = [
                (s.label, getattr(s, letter))
                for s in self.statistics
                if not getattr(s, other).declared and getattr(s, letter).text is not None
            ]
            yield from _note(
                f"Only in {letter.upper()}",
                [_counted(label, count) for count, label in counts],
                [f"{_cut(lb)}{f': {_plain(side.text)}' if whole else ''}" for lb, side in sides],
                short=short,
            )


_VERB = "compare_scenarios"


def _rank(one: ComparedCount | ComparedStatistic) -> tuple[bool, float]:
    failed = isinstance(one, ComparedStatistic) and (one.a.failed or one.b.failed)
    return not failed, -one.size


def _cells(one: ComparedCount | ComparedStatistic, *, whole: bool) -> list[str]:
    if isinstance(one, ComparedCount):
        return [_cut(one.label), f"{one.a or 0:,}", f"{one.b or 0:,}", f"{one.difference or 0:+,}"]
    texts = [_plain(_told(side, whole=whole)) for side in (one.a, one.b)]
    changes = [_plain(change.text) for change in one.changes]
    if not whole:
        texts = [shorten(text, 4 * _VALUE) for text in shorten_apart(texts, _VALUE)]
        changes = [_cut(text) for text in changes[:_CHANGES]]
        changes += ["…"] if len(one.changes) > _CHANGES else []
    return [_label(one), *texts, ", ".join(changes)]


def _label(one: ComparedStatistic) -> str:
    return f"{_cut(one.label)}{'' if one.same_sql else '*'}"


def _told(side: Side, *, whole: bool) -> str:
    if side.reason is not None:
        return f"failed: {shorten(side.reason, _REASON)}"
    text = side.text if whole else side.apart or side.text
    return "none" if text is None else text


def _note(
    title: str, counts: Sequence[str], statistics: Sequence[str], *, short: bool
) -> list[str]:
    """A line that names them, or counts them; no line where there are none."""
    if not counts and not statistics:
        return []
    if not short:
        parts = [", ".join(counts), ", ".join(statistics)]
    else:
        parts = [
            _several(len(counts), "entity type") if counts else "",
            _several(len(statistics), "statistic") if statistics else "",
        ]
    return [f"{title}: {'; '.join(filter(None, parts))}"]


def _counted(label: str, count: int | None) -> str:
    return f"{_cut(label)} {count or 0:,}"


def _cut(text: str) -> str:
    return shorten(_plain(text), _NAME)


def _plain(text: str | None) -> str:
    """On one line, and without what would end a cell."""
    return " ".join((text or "").split()).replace("|", "/")


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
