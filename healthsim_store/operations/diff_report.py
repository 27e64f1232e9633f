"""What two scenarios do not have in common: counts, a text that any model can afford, some rows.

The text has a hard budget. It is measured, and shortened by fixed rules in a fixed order (see
`DiffResult.to_markdown`); what was left out is said.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base.text import shorten, shorten_apart
from ..base.tokens import cut_to_tokens, estimate_tokens

MAX_TOKENS = 299  # the promise is: under 300

_NAME = 40  # characters of a name in the text
_VALUE = 60  # and of a value
_NAMES = 10  # names in a note; more are counted
_ROWS = 30  # more rows of a table never fit
_COLUMNS = (8, 4, 2, 1, 0)  # changed columns told of a type: fewer and fewer


@dataclass(frozen=True)
class EntityDiff:
    """One entity type. ``columns``: how many rows each changed column has.

    ``matched_by`` says how rows found their partners: ``id``, ``origin`` (the ids that a clone's
    entities had), ``natural key (mrn)``, two of them, or ``none``. A column that one file lacks is
    empty there; ``columns_only_in_a`` and ``_b`` name such. ``not_compared`` are references to rows
    that cannot be told apart without their ids.
    """

    matched_by: str
    same: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)
    columns_only_in_a: tuple[str, ...] = ()
    columns_only_in_b: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()

    @property
    def differences(self) -> int:
        return self.added + self.removed + self.changed

    def to_dict(self) -> dict[str, Any]:
        told = {
            "matched_by": self.matched_by,
            "same": self.same,
            "added": self.added,
            "removed": self.removed,
            "changed": self.changed,
            "columns": dict(self.columns),
        }
        further = {
            "columns_only_in_a": list(self.columns_only_in_a),
            "columns_only_in_b": list(self.columns_only_in_b),
            "not_compared": list(self.not_compared),
        }
        return told | {name: names for name, names in further.items() if names}


@dataclass(frozen=True)
class DiffResult:
    """How ``b`` differs from ``a``: added is in b only, removed in a only, changed in both.

    ``rows`` were asked for: each has ``entity_type``, ``change``, ``ids`` (by ``a`` and ``b``),
    ``key`` (the natural key), and ``columns``, each with its value in a and in b.
    ``only_in_a`` and ``only_in_b`` are entity types that the other file does not have.
    """

    a: str
    b: str
    entity_types: Mapping[str, EntityDiff]
    rows: tuple[Mapping[str, Any], ...] = ()
    only_in_a: tuple[str, ...] = ()
    only_in_b: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def empty(self) -> bool:
        """Whether no row is added, removed or changed."""
        return not any(diff.differences for diff in self.entity_types.values())

    def __str__(self) -> str:
        return self.to_markdown()

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "a": self.a,
            "b": self.b,
            "empty": self.empty,
            "entity_types": {name: diff.to_dict() for name, diff in self.entity_types.items()},
        }
        further = {
            "only_in_a": list(self.only_in_a),
            "only_in_b": list(self.only_in_b),
            "rows": [dict(row) for row in self.rows],
        }
        return told | {name: value for name, value in further.items() if value}

    def to_markdown(self) -> str:
        """The counts, in under 300 tokens whatever the scenarios hold.

        When it is too long, changed columns go first, from the rarest on; then notes become
        counts; then entity types go, those with the fewest differences first; then all but totals.
        """
        return self._markdown

    def rows_to_markdown(self) -> str:
        """A line for each row that was asked for."""
        return "\n".join(self._row(row) for row in self.rows)

    @functools.cached_property
    def _markdown(self) -> str:
        differing = sorted(
            (name for name, diff in self.entity_types.items() if diff.differences),
            key=lambda name: -self.entity_types[name].differences,
        )
        most = min(len(differing), _ROWS)
        steps = [(most, columns, False) for columns in _COLUMNS]
        steps += [(shown, 0, True) for shown in range(most, -1, -1)]
        for shown, columns, short in steps:
            text = "\n".join(self._lines(differing, shown, columns, short=short))
            if estimate_tokens(text) <= MAX_TOKENS:
                return text
        return self._bare()

    def _bare(self) -> str:
        """For names that alone are over the budget."""
        added, removed, changed = self._totals(self.entity_types)
        a, b = (cut_to_tokens(_cut(name), MAX_TOKENS // 4) for name in (self.a, self.b))
        return (
            f"{a} and {b}: {added:,} added, {removed:,} removed,"
            f" {changed:,} changed.\nLeft out: all else, since the names are too long"
        )

    def _totals(self, names: Sequence[str] | Mapping[str, Any]) -> tuple[int, int, int]:
        diffs = [self.entity_types[name] for name in names]
        return (
            sum(diff.added for diff in diffs),
            sum(diff.removed for diff in diffs),
            sum(diff.changed for diff in diffs),
        )

    def _lines(
        self, differing: Sequence[str], shown: int, columns: int, *, short: bool
    ) -> Iterator[str]:
        same = len(self.entity_types) - len(differing)
        a, b = _cut(self.a), _cut(self.b)
        if not differing:
            count = sum(diff.same for diff in self.entity_types.values())
            yield f"**{a}** and **{b}** do not differ: {count:,} entities are the same."
        else:
            yield f"**{a} → {b}**"
            yield ""
            headers = ["Entity Type", "Added", "Removed", "Changed", "Columns"][
                : 5 if columns else 4
            ]
            rows = [self._cells(name, columns)[: len(headers)] for name in differing[:shown]]
            total = ["Total", *(f"{n:,}" for n in self._totals(differing)), ""][: len(headers)]
            # Not aligned: to a model every space and dash has its price.
            yield _line(headers)
            yield "|---" * len(headers) + "|"
            yield from map(_line, rows)
            yield _line([f"**{cell}**" if cell else "" for cell in total])
            if same:
                yield ""
                yield f"{_several(same, 'entity type')} without a difference."
        yield from self._notes(short=short)
        left_out = []
        if len(differing) > shown:
            left_out.append(_several(len(differing) - shown, "entity type"))
        hidden = sum(
            max(0, len(self.entity_types[name].columns) - columns) for name in differing[:shown]
        )
        if hidden:
            left_out.append(_several(hidden, "changed column"))
        if left_out:
            yield f"Left out: {', '.join(left_out)}"

    def _cells(self, name: str, columns: int) -> list[str | int]:
        diff = self.entity_types[name]
        by_count = sorted(diff.columns, key=lambda column: -diff.columns[column])
        told = [f"{_cut(column)} {diff.columns[column]:,}" for column in by_count[:columns]]
        if len(by_count) > columns:
            told.append("…")
        return [self._label(name), diff.added, diff.removed, diff.changed, ", ".join(told)]

    def _notes(self, *, short: bool) -> Iterator[str]:
        """Entity types and columns that one file lacks, and what could not be compared."""

        def named(title: str, names: Sequence[str], what: str) -> Iterator[str]:
            if names:
                counted = short or len(names) > _NAMES
                listed = ", ".join(_cut(name, 2 * _NAME) for name in names[:_NAMES])
                yield f"{title}: {_several(len(names), what) if counted else listed}"

        yield from named(f"Entity types only in {_cut(self.a)}", self.only_in_a, "type")
        yield from named(f"Entity types only in {_cut(self.b)}", self.only_in_b, "type")
        for title, attribute in (
            (f"Columns only in {_cut(self.a)}", "columns_only_in_a"),
            (f"Columns only in {_cut(self.b)}", "columns_only_in_b"),
            ("Not compared, having no natural key to go by", "not_compared"),
        ):
            names = [
                f"{name}.{column}"
                for name, diff in self.entity_types.items()
                for column in getattr(diff, attribute)
            ]
            yield from named(title, names, "column")

    def _label(self, name: str) -> str:
        return _cut(self.labels.get(name) or name)

    def _row(self, row: Mapping[str, Any]) -> str:
        ids = " → ".join(dict.fromkeys(row["ids"].values()))
        key = ", ".join(f"{name} {_shown(value)}" for name, value in row["key"].items())
        values = "; ".join(
            f"{name}: {_change(row['change'], *pair)}" for name, pair in row["columns"].items()
        )
        return (
            f"- {self._label(row['entity_type'])} {row['change']}: {ids}"
            f"{f' ({key})' if key else ''}{f': {values}' if values else ''}"
        )


def _line(cells: Sequence[str | int]) -> str:
    return f"| {' | '.join(f'{c:,}' if isinstance(c, int) else c for c in cells)} |"


def _change(change: str, old: Any, new: Any) -> str:
    if change == "changed":
        texts = [_flat(value) for value in (old, new)]
        if texts[0] == texts[1]:  # they differ in white space, or as 1 and '1' do
            texts = [_plain(repr(value)) for value in (old, new)]
        return " → ".join(shorten_apart(texts, _VALUE))
    return _shown(old if change == "removed" else new)


def _shown(value: Any) -> str:
    return shorten(_flat(value), _VALUE)


def _flat(value: Any) -> str:
    return "nothing" if value is None else _plain(" ".join(str(value).split()))


def _cut(text: str, length: int = _NAME) -> str:
    return shorten(_plain(text), length)


def _plain(text: str) -> str:
    return text.replace("\n", " ").replace("|", "/")


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
