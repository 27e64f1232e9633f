"""The reply to a merge: what came from where, and what was done about conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.text import count_table
from .strategies import STRATEGIES

_WIDE = 5  # columns of counts that fit beside a source's name


@dataclass(frozen=True)
class MergeResult:
    """The reply to a merge.

    ``taken`` counts the entities that came from each source, by its name and their type;
    ``conflicts`` those that were there already with other values, by type and by what was done;
    ``same`` those that were there already with the same values. Of a dry run, ``scenario`` is None.
    """

    scenario: str | None
    scenario_id: str
    taken: Mapping[str, Mapping[str, int]]
    conflicts: Mapping[str, Mapping[str, int]]
    tags: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    same: Mapping[str, int] = field(default_factory=dict)

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
        return told | ({"left_out": list(self.left_out)} if self.left_out else {})

    def to_markdown(self) -> str:
        """What came from where, and what was done about conflicts; O(entity types)."""
        number = f"{len(self.taken)} sources"
        title = f'**Created "{self.scenario}"** from {number}:'
        if self.scenario is None:
            title = f"**Would create a scenario** from {number}; nothing was written:"
        lines = [title, "", *self._table(), "", f"- Conflicts resolved: {self._told_conflicts()}"]
        if self.tags:
            lines.append(f"- Tags inherited: {', '.join(self.tags)}")
        if self.left_out:
            lines.append(f"- Left out, as no product declares it: {', '.join(self.left_out)}")
        return "\n".join([*lines, "", "All source scenarios remain unchanged."])

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

    def _told_conflicts(self) -> str:
        told = [
            f"{self.labels[name]} {n:,} {STRATEGIES[strategy].done}"
            for name, found in self.conflicts.items()
            for strategy, n in found.items()
        ]
        same = sum(self.same.values())
        if not told and not same:
            return "0 (no duplicate ids or keys)"
        beside = f"; the same in both: {same:,}" if same else ""
        if not told:
            return f"0{beside}"
        total = sum(n for found in self.conflicts.values() for n in found.values())
        return f"{total:,} ({', '.join(told)}; each is in the table _conflicts){beside}"
