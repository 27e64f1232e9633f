"""The reply to a merge: what came from where, and what was done about conflicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.text import count_table, shorten
from .strategies import STRATEGIES

_WIDE = 5  # columns of counts that fit beside a source's name
_LINES = 10  # disputes in the text
_VALUE = 40  # characters of a value in it


@dataclass(frozen=True, slots=True)
class Dispute:
    """What two sides of a merge with a base did not agree on.

    ``column_name`` is None where it is about an entity as a whole; ``what`` tells what each did.
    ``values`` are those of the base, of the first side and of the other. ``sides`` are the names
    of the two scenarios, ``kept`` that of the one whose word counts.
    """

    entity_type: str
    entity_id: str
    column_name: str | None
    what: str
    values: tuple[Any, Any, Any]
    sides: tuple[str, str]
    kept: str

    def __str__(self) -> str:
        first, other = self.sides
        entity = f"{self.entity_type} {self.entity_id}"
        if self.column_name is None:
            what = self.what.replace(" here", f" in {first}").replace(" there", f" in {other}")
            return f"{entity}: {what}; as in {self.kept}"
        before, mine, yours = (_shown(value) for value in self.values)
        return (
            f"{entity} {self.column_name}: was {before}, in {first} {mine}, in {other} {yours};"
            f" as in {self.kept}"
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told: dict[str, Any] = {"entity_type": self.entity_type, "id": self.entity_id}
        if self.column_name is None:
            told["what"] = str(self).partition(": ")[2].rpartition("; as in ")[0]
        else:
            told["column"] = self.column_name
            told |= dict(zip(("base", *self.sides), self.values, strict=True))
        return told | {"kept": self.kept}


def _shown(value: Any) -> str:
    return "empty" if value is None else shorten(str(value), _VALUE)


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of a base's entities of one type.

    ``same``: those that no side changed. ``ours`` and ``theirs`` count, on the first side and on
    the other, those ``added``, ``changed`` and ``removed``. ``conflicts``: those that both
    changed, each in its way; of these, the other side's word counts for ``taken``.
    """

    same: int
    ours: Mapping[str, int]
    theirs: Mapping[str, int]
    conflicts: int
    taken: int


@dataclass(frozen=True)
class MergeResult:
    """The reply to a merge.

    ``taken`` counts the entities that came from each source, by its name and their type;
    ``conflicts`` those that were there already with other values, by type and by what was done;
    ``same`` those that were there already with the same values. Of a dry run, ``scenario`` is None.

    Of a merge with a ``base``, ``changes`` counts for each source, by entity type, those that it
    ``added``, ``changed`` and ``removed``; ``same`` counts what none of them changed; ``disputes``
    are some of the conflicts, field by field. Of a merge into a scenario that was there, ``into``
    is its name, ``done`` counts by type the rows ``inserted``, ``updated`` and ``removed``,
    ``number`` is that of the history (None where nothing was written), and ``undoable`` is false
    where it was more than the history keeps. ``notes`` tell what else there is to know.
    """

    scenario: str | None
    scenario_id: str
    taken: Mapping[str, Mapping[str, int]]
    conflicts: Mapping[str, Mapping[str, int]]
    tags: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    same: Mapping[str, int] = field(default_factory=dict)
    base: str | None = None
    into: str | None = None
    changes: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    disputes: tuple[Dispute, ...] = ()
    done: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    number: int | None = None
    undoable: bool = True
    notes: tuple[str, ...] = ()

    @property
    def entity_counts(self) -> dict[str, int]:
        """How many entities of each type the merge has, types without any left out."""
        counts = {
            name: sum(taken.get(name, 0) for taken in self.taken.values()) for name in self.labels
        }
        return {name: count for name, count in counts.items() if count}

    @property
    def total(self) -> int:
        return sum(self.entity_counts.values())

    def __str__(self) -> str:
        return self.to_markdown()

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "scenario": self.scenario,
            "sources": {
                source: {name: n for name, n in taken.items() if n}
                for source, taken in self.taken.items()
            },
            "entity_counts": self.entity_counts,
            "total": self.total,
            "conflicts": {name: dict(found) for name, found in self.conflicts.items()},
            "same": dict(self.same),
            "tags": list(self.tags),
        }
        if self.scenario is None:
            told["dry_run"] = True
        else:
            told["scenario_id"] = self.scenario_id
        further = {
            "left_out": list(self.left_out),
            "base": self.base,
            "into": self.into,
            "changes": {
                source: {name: dict(counts) for name, counts in changes.items()}
                for source, changes in self.changes.items()
            },
            "disputes": [dispute.to_dict() for dispute in self.disputes],
            "done": {name: dict(counts) for name, counts in self.done.items()},
            "number": self.number,
            "notes": list(self.notes),
        }
        told |= {key: value for key, value in further.items() if value}
        return told | ({} if self.into is None else {"undoable": self.undoable})

    def to_markdown(self) -> str:
        """What came from where, and what was done about conflicts; O(entity types)."""
        number = f"{len(self.taken)} sources"
        if self.into is not None:
            others = ", ".join(name for name in self.taken if name != self.into)
            title = f'**Merged {others} into "{self.into}"**:'
            if self.scenario is None:
                title = f'**Would merge {others} into "{self.into}"**; nothing was written:'
        elif self.scenario is None:
            title = f"**Would create a scenario** from {number}; nothing was written:"
        else:
            title = f'**Created "{self.scenario}"** from {number}:'
        lines = [title, "", *(self._changes_table() if self.changes else self._table()), ""]
        lines += [*self._told_changes(), f"- Conflicts resolved: {self._told_conflicts()}"]
        lines += [f"  - {dispute}" for dispute in self.disputes[:_LINES]]
        if len(self.disputes) > _LINES:
            lines.append("  - ...")
        if self.tags:
            lines.append(f"- Tags inherited: {', '.join(self.tags)}")
        if self.left_out:
            lines.append(f"- Left out, as no product declares it: {', '.join(self.left_out)}")
        lines += [f"- {note}" for note in self.notes]
        if self.into is None:
            end = "All source scenarios remain unchanged."
        elif self.scenario is None or self.number is not None:
            end = "" if self.undoable else "It is more than the history keeps: it cannot be undone."
        else:
            end = "Nothing had to be changed."
        return "\n".join([*lines, *(["", end] if end else [])])

    def _table(self) -> list[str]:
        counts = self.entity_counts
        rows: list[list[str | int]]
        if len(counts) <= _WIDE:  # a source a line, as long as it fits
            rows = [
                [source, *(taken.get(name, 0) for name in counts)]
                for source, taken in self.taken.items()
            ]
            headers = ["Source", *(self.labels[name] for name in counts)]
            return count_table(headers, rows, ["Total", *counts.values()])
        rows = [
            [self.labels[name], *(taken.get(name, 0) for taken in self.taken.values()), count]
            for name, count in counts.items()
        ]
        totals = [sum(taken.values()) for taken in self.taken.values()]
        headers = ["Entity Type", *self.taken, "Total"]
        return count_table(headers, rows, ["Total", *totals, self.total])

    def _changes_table(self) -> list[str]:
        """A line for each entity type: what is the same, and what each side changed."""
        names = [name for name in self.labels if self.same.get(name) or self._touched(name)]
        rows: list[list[str | int]] = []
        for name in names:
            conflicts = sum(self.conflicts.get(name, {}).values())
            rows.append(
                [
                    self.labels[name],
                    self.same.get(name, 0),
                    *(changes.get(name, {}).get("changed", 0) for changes in self.changes.values()),
                    *(self._sum(name, kind) for kind in ("added", "removed")),
                    conflicts,
                    self.entity_counts.get(name, 0),
                ]
            )
        totals = [sum(int(row[place]) for row in rows) for place in range(1, 6 + len(self.changes))]
        by = [f"Changed by {source}" for source in self.changes]
        headers = ["Entity Type", "Same", *by, "Added", "Removed", "Conflicts", "Total"]
        return count_table(headers, rows, ["Total", *totals])

    def _sum(self, name: str, kind: str) -> int:
        return sum(changes.get(name, {}).get(kind, 0) for changes in self.changes.values())

    def _touched(self, name: str) -> bool:
        return any(self._sum(name, kind) for kind in ("added", "changed", "removed"))

    def _told_changes(self) -> Iterator[str]:
        if self.base is not None:
            yield f"- Base: {self.base}; what only one side changed since is taken."
        if self.into is not None:
            told = [
                f"{self.labels[name]} {count:,} {what}"
                for name, counts in self.done.items()
                for what, count in counts.items()
            ]
            yield f"- Changed in {self.into}: {', '.join(told) or 'nothing'}"

    def _told_conflicts(self) -> str:
        told = [
            f"{self.labels[name]} {n:,} {STRATEGIES[strategy].done}"
            for name, found in self.conflicts.items()
            for strategy, n in found.items()
        ]
        same = sum(self.same.values())
        if self.changes or self.into:
            total = sum(n for found in self.conflicts.values() for n in found.values())
            beside = f"; the same in both: {same:,}" if same and not self.changes else ""
            return (f"{total:,} ({', '.join(told)})" if told else "0") + beside
        if not told and not same:
            return "0 (no duplicate ids or keys)"
        beside = f"; the same in both: {same:,}" if same else ""
        if not told:
            return f"0{beside}"
        total = sum(n for found in self.conflicts.values() for n in found.values())
        return f"{total:,} ({', '.join(told)}; each is in the table _conflicts){beside}"
