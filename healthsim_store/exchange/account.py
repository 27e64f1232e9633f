"""The account of an import: what became of the rows of each file.

It adds up, or nothing is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import SourceError
from ..storage.stored import Stored
from .part_files import pattern_of

_FILES = 20  # that a reply tells one by one; more are told by their kinds


@dataclass(slots=True)
class Account:
    """What happened to the rows of one source file.

    ``rows`` were read. ``mapped`` counts those that became entities, by entity type, ``unmapped``
    the others, by reason. ``shared`` were counted under more than one entity type: so ``rows`` is
    the sum of the others without ``shared``. Whether the entities were inserted, skipped or
    replaced is told of all sources together, by `PersistResult`. ``lost_values`` counts what is in
    the columns ``not_carried``, of files with a header. ``notes`` say what else there is to know of
    the file.
    """

    name: str
    rows: int = 0
    mapped: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=dict)  # by reason
    shared: int = 0
    not_carried: tuple[str, ...] = ()  # columns that no mapping uses
    lost_values: dict[str, int] = field(default_factory=dict)  # in each of them
    derived: tuple[str, ...] = ()  # columns that are not kept, since an export makes them anew
    notes: tuple[str, ...] = ()
    made: dict[str, int] = field(default_factory=dict, repr=False)  # entities, where rows are more

    def leave_out(self, skipped: Mapping[str, int]) -> None:
        """Count rows that were read and left out, by reason."""
        for reason, count in skipped.items():
            self.rows += count
            self.unmapped[reason] = self.unmapped.get(reason, 0) + count

    def refuse(self, entity_type: str, reason: str) -> None:
        """A row that was counted as mapped could not be stored."""
        self.mapped[entity_type] = self.mapped.get(entity_type, 0) - 1
        if entity_type in self.made:
            self.made[entity_type] -= 1
        self.unmapped[reason] = self.unmapped.get(reason, 0) + 1

    @property
    def sum(self) -> int:
        """What ``rows`` has to be."""
        return sum(self.mapped.values()) + sum(self.unmapped.values()) - self.shared

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "name": self.name,
            "rows": self.rows,
            "mapped": {name: count for name, count in self.mapped.items() if count},
            "unmapped": self.unmapped,
            "shared": self.shared,
            "not_carried": list(self.not_carried),
            "lost_values": self.lost_values,
            "derived": list(self.derived),
            "notes": list(self.notes),
        }
        return {key: value for key, value in told.items() if value or key == "rows"}


def add_up(accounts: Sequence[Account], stored: Mapping[str, Stored]) -> None:
    """Raise SourceError where the files' accounts are not what was stored.

    Args:
        accounts: of all files.
        stored: what became of the rows, by entity type.
    """
    for account in accounts:
        if account.rows != account.sum:
            raise SourceError(
                f"{account.name}: {account.rows:,} rows were read, but {account.sum:,} are"
                " accounted for.",
                hint="Nothing was stored. This is a fault of the format's reader or mapping.",
            )
    for name, counts in stored.items():
        came = sum(account.made.get(name, account.mapped.get(name, 0)) for account in accounts)
        if came != counts.rows - counts.left_out:
            raise SourceError(
                f"{came:,} {name} came from the files, but {counts.rows - counts.left_out:,} are"
                " accounted for.",
                hint="Nothing was stored. This is a fault of the format's reader or mapping.",
            )


def by_kind(accounts: Sequence[Account]) -> list[Account]:
    """The accounts; those of files that differ in a number only are one, where there are many."""
    if len(accounts) <= _FILES:
        return list(accounts)
    kinds: dict[tuple[str, tuple[str, ...]], list[Account]] = {}
    for account in accounts:
        types = tuple(sorted(account.mapped))
        kinds.setdefault((pattern_of(account.name), types), []).append(account)
    if len(kinds) > _FILES:
        kinds = {}
        for account in accounts:
            kinds.setdefault(("", tuple(sorted(account.mapped))), []).append(account)
    return [_together(pattern, alike) for (pattern, _), alike in kinds.items()]


def _together(pattern: str, accounts: Sequence[Account]) -> Account:
    if len(accounts) == 1:
        return accounts[0]
    columns = dict.fromkeys(name for account in accounts for name in account.not_carried)
    notes = dict.fromkeys(note for account in accounts for note in account.notes)
    told = Account(f"{pattern} ({len(accounts):,} files)".strip())
    for account in accounts:
        told.rows += account.rows
        told.shared += account.shared
        for mine, theirs in (
            (told.mapped, account.mapped),
            (told.unmapped, account.unmapped),
            (told.lost_values, account.lost_values),
        ):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
    told.not_carried, told.notes = tuple(columns)[:20], tuple(notes)[:5]
    return told
