"""What became of rows that were given to be stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an entity type's rows."""

    inserted: int = 0
    skipped: int = 0
    replaced: int = 0
    rounded: int = 0  # values that lost decimals, as it was asked for
    left_out: int = 0  # rows that could not be stored, as it was asked for

    @property
    def rows(self) -> int:
        """How many rows came."""
        return self.inserted + self.skipped + self.replaced + self.left_out

    def __add__(self, other: Stored) -> Stored:
        return Stored(
            self.inserted + other.inserted,
            self.skipped + other.skipped,
            self.replaced + other.replaced,
            self.rounded + other.rounded,
            self.left_out + other.left_out,
        )

    def to_dict(self) -> dict[str, int]:
        told = {"inserted": self.inserted, "skipped": self.skipped, "replaced": self.replaced}
        more = {"rounded": self.rounded, "left_out": self.left_out}
        return told | {name: count for name, count in more.items() if count}
