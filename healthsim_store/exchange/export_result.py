"""What an export wrote: its files, and the reply to whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.text import place, size


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export. ``entity_type`` is None if the file has all of them."""

    name: str
    entity_type: str | None
    rows: int
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "entity_type": self.entity_type,
            "rows": self.rows,
            "bytes": self.bytes,
        }


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entity type of which nothing was exported, although it has ``rows``, and why."""

    entity_type: str
    rows: int
    reason: str

    def to_dict(self) -> dict[str, Any]:
        return {"entity_type": self.entity_type, "rows": self.rows, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The reply to an export. Its size depends on the number of entity types, not of rows.

    ``csv_bytes`` is the size that the same data has as CSV; None if the format is not compared with
    CSV. It is exact if ``csv_exact`` is true, otherwise an estimate from the beginning of each
    table. ``loading`` has the lines of code that read the files. ``left_out`` are the entity types
    that the format does not take.
    """

    scenario: str
    format: str
    location: Path
    files: tuple[ExportedFile, ...]
    csv_bytes: int | None = None
    csv_exact: bool = True
    title: str = field(default="", repr=False)
    loading: str = field(default="", repr=False)
    left_out: tuple[LeftOut, ...] = ()

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        """The size of the data files, without datapackage.json."""
        return sum(file.bytes for file in self.files)

    @property
    def compared(self) -> str | None:
        """The size compared with CSV, in words; None if it is not known."""
        if not self.csv_bytes:
            return None
        percent = round(100 * (1 - self.bytes / self.csv_bytes))
        about = "" if self.csv_exact else "about "
        if percent > 0:
            return f"{about}{percent}% smaller than CSV!"
        return f"{about}{-percent}% larger than CSV" if percent else f"{about}the size of CSV"

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "scenario": self.scenario,
            "format": self.format,
            "location": str(self.location),
            "files": [file.to_dict() for file in self.files],
            "rows": self.rows,
            "bytes": self.bytes,
        }
        if self.csv_bytes is not None:
            told |= {"csv_bytes": self.csv_bytes, "csv_exact": self.csv_exact}
        if self.left_out:
            told["left_out"] = [one.to_dict() for one in self.left_out]
        return told

    def to_markdown(self) -> str:
        compared = f" ({self.compared})" if self.compared else ""
        lines = [
            f'**Exported "{self.scenario}" to {self.title or self.format}**',
            "",
            "| File | Rows | Size |",
            "|------|------|------|",
            *(f"| {file.name} | {file.rows:,} | {size(file.bytes)} |" for file in self.files),
            "",
            f"**Location**: `{place(self.location)}/`",
            f"**Total Size**: {size(self.bytes)}{compared}",
        ]
        if self.left_out:
            lines.append(f"**Left out**: {self.told_left_out}")
        return "\n".join([*lines, *(["", self.loading] if self.loading else [])])

    @property
    def told_left_out(self) -> str:
        """What was left out, in a line; empty where nothing was."""
        return "; ".join(
            f"{one.entity_type} ({one.rows:,} rows): {one.reason}" for one in self.left_out
        )

    __str__ = to_markdown
