"""Tables that a standard's SELECTs read, with the rows of CSV files of the user's own.

They are made in the private copy of the scenario that an export reads, and nowhere else: a code
system whose licence is the user's own gets into the files that are written, and into no scenario.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.text import did_you_mean, shorten
from ..errors import DeclarationError, SourceError
from ..schema.ddl import ROW_RULE
from .model import Dataset, FileTable, Variable
from .tables import layout_table

if TYPE_CHECKING:
    from ..exchange.scenario_tables import ScenarioTables

_LONGEST = 1_000_000  # characters of a field


def make(tables: Sequence[FileTable], scenario: ScenarioTables) -> None:
    """Make the tables, each with the rows of its file if there is one.

    Args:
        tables: of the standard.
        scenario: what is exported; its options have the paths.

    Raises SourceError for a file that cannot be read or does not fit, with its line.
    """
    for table in tables:
        path = scenario.options[table.option]
        _make(table.layout, Path(str(path)).expanduser() if path else None, scenario)


def _make(layout: Dataset, path: Path | None, scenario: ScenarioTables) -> None:
    names = [variable.name for variable in layout.variables]
    reader = _Reader(path, layout) if path else None
    rows = reader.rows() if reader else iter(())
    try:
        scenario.add_table(layout_table(layout), layout.name, names, rows)
    except sqlite3.IntegrityError as error:
        assert reader is not None
        raise reader.refused(str(error)) from error
    except sqlite3.OperationalError as error:
        raise DeclarationError(f"{layout.where}: {layout.name}: {error}") from error


class _Reader:
    """The rows of a CSV file, in the columns of a table."""

    def __init__(self, path: Path, layout: Dataset) -> None:
        self._path = path
        self._layout = layout
        self._line = 1
        self._row: Mapping[str, Any] = {}

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Each row, with None for what is empty or missing. Raises SourceError."""
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                csv.field_size_limit(_LONGEST)
                yield from self._rows(csv.reader(file, strict=True))
        except UnicodeDecodeError as error:
            raise self._wrong("it is not UTF-8", "Save the file as CSV in UTF-8.") from error
        except csv.Error as error:
            raise self._wrong(str(error)) from error
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error.strerror}.") from error

    def _rows(self, reader: Any) -> Iterator[tuple[Any, ...]]:
        header = self._header(next(reader, []))
        for cells in reader:
            self._line = reader.line_num
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise self._wrong(f"{len(cells)} fields, and the header has {len(header)}")
            self._row = dict(zip(header, map(str.strip, cells), strict=True))
            yield tuple(map(self._value, self._layout.variables))

    def _header(self, cells: list[str]) -> list[str]:
        """The names of the file's columns, as the table spells them."""
        known = self._layout.by_name
        header: list[str] = []
        for cell in cells:
            variable = known.get(cell.strip().lower())
            if variable is None:
                names = [v.name for v in known.values()]
                near = did_you_mean(cell.strip(), names)
                raise self._wrong(f"the column {shorten(repr(cell), 60)} is not known", near)
            if variable.name in header:
                raise self._wrong(f"the column {variable.name} is there twice")
            header.append(variable.name)
        missing = [v.name for v in known.values() if v.required and v.name not in header]
        if missing:
            raise self._wrong(f"no column {', '.join(missing)}")
        return header

    def _value(self, variable: Variable) -> Any:
        text = self._row.get(variable.name) or None
        try:
            return variable.column.coerce(text)
        except ValueError:
            told = f"{variable.name} {shorten(repr(text), 60)} must be {variable.column.expected}"
            raise self._wrong(told) from None

    def refused(self, text: str) -> SourceError:
        """The error for the row that was read last, which broke a rule of the table."""
        rule, _, subject = text.partition(" constraint failed: ")
        name = subject.rpartition(".")[2]
        if rule == "UNIQUE":
            return self._wrong(f"{name} {shorten(repr(self._row.get(name)), 60)} is there twice")
        if rule == "NOT NULL":
            return self._wrong(f"{name} is empty")
        return self._wrong(f"it must satisfy {subject.removeprefix(ROW_RULE)}")

    def _wrong(self, what: str, hint: str | None = None) -> SourceError:
        columns = ", ".join(
            variable.name if variable.required else f"[{variable.name}]"
            for variable in self._layout.variables
        )
        return SourceError(
            f"{self._path.name}, line {self._line}: {what}.",
            hint=f"{hint or ''} It is CSV with a header; columns that may be missing are in"
            f" brackets: {columns}.".strip(),
        )
