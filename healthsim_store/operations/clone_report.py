"""The reply to a clone: what was copied, and of a part what was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.text import count_table


@dataclass(frozen=True)
class CloneResult:
    """The reply to a clone. ``copied`` counts entities by type; ``left_out`` names what was not.

    ``triggers`` names those that somebody had put into the source: the clone has them too.

    Of a part of the source, ``chosen`` counts the entities that were asked for, by type, and
    ``how`` says by what; ``not_taken`` counts by type what does not belong to them.
    """

    scenario: str
    scenario_id: str
    source: str
    copied: Mapping[str, int]
    left_out: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    not_taken: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)
    how: str = ""

    @property
    def total(self) -> int:
        return sum(self.copied.values())

    def __str__(self) -> str:
        return self.to_markdown()

    def to_dict(self) -> dict[str, Any]:
        told = {
            "scenario": self.scenario,
            "scenario_id": self.scenario_id,
            "source": self.source,
            "copied": dict(self.copied),
            "total": self.total,
        }
        more = {"left_out": list(self.left_out), "triggers": list(self.triggers)}
        part: dict[str, Any] = {}
        if self.chosen:
            part = {"chosen": dict(self.chosen), "how": self.how, "not_taken": {**self.not_taken}}
        return told | {key: names for key, names in more.items() if names} | part

    def to_markdown(self) -> str:
        """A table of what was copied, as O(entity types)."""
        lines = [f'**Cloned "{self.source}" → "{self.scenario}"**', ""]
        if self.chosen:
            lines += [*self._part_table(), "", f"Chosen: {self.how}."]
            if not self.not_taken:
                lines.append("Nothing was left out: the choice takes the whole scenario.")
        else:
            rows: list[list[str | int]]
            rows = [[self.labels.get(name, name), n] for name, n in self.copied.items() if n]
            total = ["Total", f"{self.total:,} entities"]
            lines += [*count_table(["Entity Type", "Copied"], rows, total), ""]
        lines.append("All entities have new unique ids; every reference was followed and checked.")
        if self.left_out:
            lines.append(
                f"Left out: {', '.join(self.left_out)} (virtual tables and what needs them)."
            )
        if self.triggers:
            lines.append(
                f"Triggers that somebody had put into the source: {', '.join(self.triggers)}. They"
                " run in the clone only where they are allowed."
            )
        return "\n".join(lines)

    def _part_table(self) -> list[str]:
        left = self.not_taken
        rows: list[list[str | int]] = [
            [self.labels.get(name, name), self.copied.get(name, 0), left.get(name, 0)]
            for name in dict.fromkeys([*self.copied, *left])
            if self.copied.get(name) or left.get(name)
        ]
        total: list[str | int] = ["Total", self.total, sum(left.values())]
        return count_table(["Entity Type", "Copied", "Left out"], rows, total)


def told_counts(counts: Mapping[str, int]) -> str:
    """Counts by entity type in words."""
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts.items())
