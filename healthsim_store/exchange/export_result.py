"""What an export wrote: its files, and the reply to whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.text import place, size
from ..base.wording import option


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
class DatasetAccount:
    """What became of the rows that were meant for a dataset of a standard.

    ``given`` rows came from the scenario and ``rows`` were written. ``refused`` are the others, by
    the rule of the standard that they broke; ``examples`` has the first of each. ``empty`` are
    columns without a value in any row, ``dropped`` those of them that the files have not, since the
    standard lets them be left out. ``unread`` is what the scenario has not. ``files`` are options
    with the path of a file that would fill more columns, and that were not given.
    """

    name: str
    given: int
    rows: int
    refused: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    empty: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        told = {
            "name": self.name, "given": self.given, "rows": self.rows,
            "refused": dict(self.refused), "examples": dict(self.examples),
            "empty": list(self.empty), "dropped": list(self.dropped), "unread": list(self.unread),
            "files": list(self.files),
        }  # fmt: skip
        return {key: value for key, value in told.items() if value or key in ("given", "rows")}

    def told(self) -> str:
        """What is worth knowing of it, in a line; empty where all rows were written."""
        parts = [
            f"{count:,} {'row' if count == 1 else 'rows'} left out: {reason}"
            + (f" ({self.examples[reason]})" if self.examples.get(reason) else "")
            for reason, count in self.refused.items()
        ]
        return "; ".join([*parts, *self.unread])

    def told_empty(self) -> str:
        """Which columns of its files have no value in any row, and what may fill some, in a line.

        Empty where there is nothing of that.
        """
        if not self.rows:
            return ""
        kept = [name for name in self.empty if name not in self.dropped]
        given = (option("options", {name: "FILE"}, verb="export_scenario") for name in self.files)
        fills = [f"{one} may fill some" for one in given]
        if kept:
            return f"**{self.name} without values**: {'; '.join([', '.join(kept), *fills])}"
        return f"**{self.name}**: {'; '.join(fills)} columns" if fills else ""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The reply to an export. Its size depends on the number of entity types, not of rows.

    ``csv_bytes`` is the size that the same data has as CSV; None if the format is not compared with
    CSV. It is exact if ``csv_exact`` is true, otherwise an estimate from the beginning of each
    table. ``loading`` has the lines of code that read the files. ``left_out`` are the entity types
    that the format does not take. ``datasets`` tells of each dataset of a standard what became of
    its rows, and ``unwritten``, by entity type, which columns with values are in none of them.
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
    datasets: tuple[DatasetAccount, ...] = ()
    unwritten: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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
        if self.datasets:
            told["datasets"] = [one.to_dict() for one in self.datasets]
        if self.unwritten:
            told["unwritten"] = {name: list(columns) for name, columns in self.unwritten.items()}
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
        if self.unwritten:
            lines.append(f"**Columns left out**: {self.told_unwritten}")
        lines += [f"**{one.name}**: {one.told()}" for one in self.datasets if one.told()]
        lines += filter(None, (one.told_empty() for one in self.datasets))
        dropped = sum(len(one.dropped) for one in self.datasets)
        if dropped:
            what = "column that may" if dropped == 1 else "columns that may"
            lines.append(f"**Not in the files**: {dropped} {what} be left out, without a value")
        return "\n".join([*lines, *(["", self.loading] if self.loading else [])])

    @property
    def told_left_out(self) -> str:
        """What was left out, in a line; empty where nothing was."""
        return "; ".join(
            f"{one.entity_type} ({one.rows:,} rows): {one.reason}" for one in self.left_out
        )

    @property
    def told_unwritten(self) -> str:
        """The columns with values that are in no dataset, in a line; empty where there are none."""
        return "; ".join(f"{name}: {', '.join(cols)}" for name, cols in self.unwritten.items())

    __str__ = to_markdown
