"""Fills the layouts of a standard from a scenario, in a temporary database.

SQLite is the first conformance check: a row that breaks a rule of its layout is left out and
counted, by the rule. A SELECT can only read the scenario. Its rows are put into the layout at once,
without going through Python; where SQLite refuses one, they are put in row by row.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..base.quoting import strict
from ..base.sql import quoted
from ..base.sqlite import connect, file_errors, located
from ..base.text import shorten
from ..base.wording import call
from ..errors import DeclarationError, QueryTimeout, QueryTooLarge
from ..exchange.statement_clock import ENDLESS
from ..schema import dry_run
from ..schema.ddl import ROW_RULE
from ..schema.types import Stored
from ..storage.sandbox import limit
from .chunks import chunks
from .model import Dataset, Refusal, Select
from .tables import layout_table

CHECK_SECONDS = 3600.0  # of the processor, for a SELECT that looks at what was filled
_CACHE_KB = 64_000  # pages of the database that are kept in memory
_CHUNK = 2_000  # rows that are put in at once; where one is refused, they are put in one by one


class Selects(Protocol):
    """What SELECTs can be asked of: the tables of a scenario, whose name is ``name``."""

    name: str

    def select(self, sql: str, parameters: Mapping[str, Any] = ...) -> Any:
        """The rows, with ``columns``. Raises ValueError for a statement that cannot be run."""
        ...

    def insert_into(
        self,
        database: Path,
        table: str,
        columns: Sequence[str],
        sql: str,
        parameters: Mapping[str, Any],
    ) -> int:
        """Put all rows into a table, or none. Raises sqlite3.Error, QueryTimeout, QueryTooLarge."""
        ...

    @property
    def most_rows(self) -> int:
        """How many rows a SELECT may give."""
        ...


@dataclass(frozen=True, slots=True)
class Precision:
    """What the values of a column are, of which a part may be unknown.

    ``gaps``: of one, a part before a known one. ``times``: one has a time of day, ``days``: one has
    none. ``short``: of one, the day is unknown, or the second of a time.
    """

    gaps: bool
    times: bool
    days: bool
    short: bool


@dataclass(slots=True)
class Filled:
    """A dataset with its rows, and what became of those that were given.

    ``columns`` are those that may have a value. ``refused`` counts by rule, ``examples`` has the
    first row of each. ``unread`` says why a SELECT was not asked, by its place. ``rows_of`` is what
    its rows are read from, where that is not the table of its name.

    What is measured when all rows are there: ``values`` says how many rows have a value in a
    column; ``lengths`` are the most bytes of text in it, and of a number the letters that it takes;
    ``largest`` are the numbers that are farthest from 0. ``short`` are the columns of numbers whose
    numbers all have three decimals at most and are below a thousand million; ``nul_in`` those with
    a text in which there is a NUL, if somebody looked for it. ``precisions`` are those of days and
    times that may be known in part, where there are any.
    """

    dataset: Dataset
    columns: frozenset[str] = frozenset()
    given: int = 0
    rows: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    rows_of: str = ""
    lengths: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    largest: dict[str, float] = field(default_factory=dict)
    short: frozenset[str] = frozenset()
    nul_in: frozenset[str] = frozenset()
    precisions: dict[str, Precision] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """What its rows are selected from, in SQL."""
        return self.rows_of or quoted(self.dataset.name)

    @property
    def empty(self) -> tuple[str, ...]:
        """The columns that no row has a value in."""
        return tuple(name for name, count in self.values.items() if not count)


class Filling:
    """A temporary database of layouts that is filled dataset by dataset.

    Args:
        path: of the database, which is made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = connect(path)
        # It is thrown away whole, so nothing of it need be on the disk at any moment.
        for setting in ("synchronous = OFF", f"cache_size = -{_CACHE_KB}", "foreign_keys = ON"):
            self.connection.execute(f"PRAGMA {setting}")
        self.filled: dict[str, Filled] = {}

    def fill(
        self, chosen: Sequence[Dataset], source: Selects, values: Mapping[str, Stored]
    ) -> None:
        """Fill the datasets, each after those that it refers to.

        Args:
            chosen: what to fill.
            source: what the SELECTs read.
            values: of the standard's options.

        Raises DeclarationError for a SELECT that cannot be run, does not end, or does not fit its
        layout, and NotWritable where the disk is full.
        """
        for dataset in in_order(chosen):
            filled = self.filled[dataset.name.lower()] = Filled(dataset)
            asked = [*self._asked(filled, source, values)]
            given = {name for _, columns in asked for name in columns}
            defaults = {v.name for v in dataset.variables if v.column.default is not None}
            filled.columns = frozenset(given | defaults)
            self.connection.execute(layout_table(dataset, given))
            with file_errors(self.path):
                for select, columns in asked:
                    if not self._put_whole(filled, select, columns, source, values):
                        self._put(filled, select, columns, source, values)
                self._refuse_orphans(filled)

    def _asked(
        self, filled: Filled, source: Selects, values: Mapping[str, Stored]
    ) -> Iterator[tuple[Select, list[str]]]:
        """Each SELECT that can be run, with the columns of the layout that it gives."""
        for select in filled.dataset.selects:
            try:
                found = source.select(f"SELECT * FROM ({select.sql}\n) LIMIT 0", values)
            except ValueError as error:
                missing = str(error).partition("no such table: ")[2].rstrip(".")
                if not missing or missing.lower() not in select.reads:
                    hint = None
                    if "no such column: " in str(error):
                        hint = (
                            f"If {source.name} is of an older version of its product,"
                            f" {call('upgrade_scenario', source.name)} adds what is new."
                        )
                    raise DeclarationError(f"{select.where}: {error}", hint=hint) from error
                filled.unread[select.where] = f"the scenario has no {missing}"
                continue
            yield select, fitting(filled.dataset, found.columns, select.where)

    def _put_whole(
        self,
        filled: Filled,
        select: Select,
        columns: Sequence[str],
        source: Selects,
        values: Mapping[str, Stored],
    ) -> bool:
        """Whether all rows of a SELECT were put in at once; else none was."""
        try:
            count = source.insert_into(self.path, filled.dataset.name, columns, select.sql, values)
        except (QueryTimeout, QueryTooLarge) as error:
            raise _endless(select, error.message) from error
        except sqlite3.Error:  # which row it is, or what is wrong, is told one by one
            return False
        filled.given += count
        filled.rows += count
        return True

    def _put(
        self,
        filled: Filled,
        select: Select,
        columns: Sequence[str],
        source: Selects,
        values: Mapping[str, Stored],
    ) -> None:
        insert = (
            f"INSERT INTO {quoted(filled.dataset.name)} ({', '.join(map(quoted, columns))})"
            f" VALUES ({', '.join('?' * len(columns))})"
        )
        try:
            for chunk in chunks(source.select(select.sql, values), _CHUNK):
                self._insert(filled, insert, columns, chunk)
                if filled.given > source.most_rows:
                    raise _endless(select, f"It gives over {source.most_rows:,} rows.")
        except ValueError as error:  # while rows are read
            raise DeclarationError(f"{select.where}: {error}") from error

    def _insert(
        self, filled: Filled, insert: str, columns: Sequence[str], rows: Sequence[Any]
    ) -> None:
        connection = self.connection
        filled.given += len(rows)
        connection.execute("BEGIN")
        try:
            connection.executemany(insert, rows)
            connection.execute("COMMIT")
            filled.rows += len(rows)
            return
        except sqlite3.IntegrityError:
            connection.execute("ROLLBACK")
        connection.execute("BEGIN")
        for row in rows:
            try:
                connection.execute(insert, row)
                filled.rows += 1
            except sqlite3.IntegrityError as error:
                self._refuse(filled, columns, row, error)
        connection.execute("COMMIT")

    def _refuse(
        self, filled: Filled, columns: Sequence[str], row: Sequence[Any], error: Exception
    ) -> None:
        values = dict(zip(columns, row, strict=True))
        reason, named = self._reason(filled.dataset, values, str(error))
        if reason not in filled.refused:
            shown = [*dict.fromkeys([*filled.dataset.key, *named])]
            told = (f"{name} {_short(values[name])}" for name in shown if name in values)
            filled.examples[reason] = ", ".join(told)
        filled.refused[reason] = filled.refused.get(reason, 0) + 1

    def _reason(
        self, dataset: Dataset, values: Mapping[str, Any], text: str
    ) -> tuple[str, list[str]]:
        """Why SQLite refused a row, and the columns that it is about."""
        rule, _, subject = text.partition(" constraint failed: ")
        if rule == "UNIQUE":
            names = [name.strip().rpartition(".")[2] for name in subject.split(",")]
            return f"{', '.join(names)} is there twice", names
        if rule == "NOT NULL":
            name = subject.rpartition(".")[2]
            return f"{name} is required", [name]
        if rule == "CHECK":
            if subject.startswith(ROW_RULE):
                check = subject.removeprefix(ROW_RULE)
                return f"it must satisfy {check}", [name for name in values if name in check]
            return subject, [subject.partition(" ")[0].rstrip(":")]
        if text.startswith("FOREIGN KEY"):
            for column, reference in dataset.table.references():
                value = values.get(column.name)
                parent = quoted(reference.entity_type)
                sql = f"SELECT 1 FROM {parent} WHERE {quoted(reference.column)} = ?"
                if value is not None and not self.connection.execute(sql, (value,)).fetchone():
                    return f"{column.name} is not in {reference.entity_type}", [column.name]
        return text, []

    def _refuse_orphans(self, filled: Filled) -> None:
        """Leave out the rows that refer to one of their own dataset which is not there."""
        dataset = filled.dataset
        table, key = quoted(dataset.name), dataset.key or ("rowid",)
        own = [
            (column.name, reference.column)
            for column, reference in dataset.table.references()
            if reference.entity_type.lower() == dataset.name.lower()
        ]
        names = ", ".join(map(quoted, key))
        delete = f"DELETE FROM {table} WHERE {' AND '.join(f'{quoted(n)} = ?' for n in key)}"
        found = bool(own)
        while found:  # whoever refers to a row that was left out is left out too
            found = False
            for name, target in own:
                orphans = self.connection.execute(
                    f"SELECT {names} FROM {table} AS child WHERE {quoted(name)} IS NOT NULL"
                    f" AND NOT EXISTS (SELECT 1 FROM {table} AS parent"
                    f" WHERE parent.{quoted(target)} = child.{quoted(name)}) ORDER BY {names}"
                ).fetchall()
                if orphans:
                    found = True
                    self.connection.executemany(delete, orphans)
                    why = f"{name} is not in {dataset.name}"
                    self._count_refused(filled, why, key, orphans)

    def refuse(self, refusals: Iterable[Refusal], datasets: Iterable[Dataset]) -> None:
        """Leave out the rows that do not belong to what was filled.

        Args:
            refusals: what finds them.
            datasets: all of the standard; those that were not filled have no row.
        """
        wanted = [one for one in refusals if one.dataset.lower() in self.filled]
        empty = [d for d in in_order(datasets) if wanted and d.name.lower() not in self.filled]
        for dataset in empty:
            self.connection.execute(layout_table(dataset, ()))
        for refusal in wanted:
            filled = self.filled[refusal.dataset.lower()]
            same = " AND ".join(f"{quoted(name)} = ?" for name in filled.dataset.key)
            delete = f"DELETE FROM {quoted(filled.dataset.name)} WHERE {same}"
            with located(refusal.where):
                keys = self._keys(refusal, filled.dataset)
                self.connection.execute("BEGIN")
                self.connection.executemany(delete, keys)
                self.connection.execute("COMMIT")
            if keys:
                self._count_refused(filled, refusal.text, filled.dataset.key, keys)
        for dataset in reversed(empty):
            self.connection.execute(f"DROP TABLE {quoted(dataset.name)}")

    def _keys(self, refusal: Refusal, dataset: Dataset) -> list[tuple[Any, ...]]:
        """The keys of the rows that a SELECT finds."""
        names = ", ".join(map(quoted, dataset.key))
        sql = f"SELECT DISTINCT {names} FROM ({strict(refusal.sql)}\n) ORDER BY {names}"
        with contextlib.closing(connect(self.path, mode="ro")) as connection:
            limit(connection)
            dry_run.confine(connection, CHECK_SECONDS, any_function=False)
            return connection.execute(sql).fetchall()

    def _count_refused(
        self, filled: Filled, why: str, names: Sequence[str], keys: Sequence[tuple[Any, ...]]
    ) -> None:
        first = zip(names, keys[0], strict=True)
        told = ", ".join(f"{name} {_short(value)}" for name, value in first)
        filled.examples.setdefault(why, told)
        filled.refused[why] = filled.refused.get(why, 0) + len(keys)
        filled.rows -= len(keys)

    def close(self) -> None:
        self.connection.close()


def in_order(datasets: Iterable[Dataset]) -> list[Dataset]:
    """The datasets, each after those of them that it refers to."""
    waiting = {dataset.name.lower(): dataset for dataset in datasets}
    ordered: list[Dataset] = []
    while waiting:
        for name, dataset in [*waiting.items()]:
            if not dataset.needs & waiting.keys():
                ordered.append(waiting.pop(name))
    return ordered


def fitting(dataset: Dataset, names: Sequence[str], where: str) -> list[str]:
    """The columns of the layout that a SELECT gives, in the SELECT's order.

    Args:
        dataset: its layout.
        names: of the SELECT's columns.
        where: file and line of it.

    Raises DeclarationError for a column that is not of the layout or given twice, and for a
    required one that is not given.
    """
    from ..base.text import did_you_mean

    columns: list[str] = []
    for name in names:
        variable = dataset.by_name.get(name.lower())
        if variable is None:
            every = [v.name for v in dataset.variables]
            raise DeclarationError(
                f"{where}: {name} is no column of {dataset.name}",
                hint=did_you_mean(name, every) or f"It has {', '.join(every)}.",
            )
        if variable.name in columns:
            raise DeclarationError(f"{where}: {variable.name} is given twice")
        columns.append(variable.name)
    for variable in dataset.variables:
        needed = variable.required and variable.column.default is None
        if needed and variable.name not in columns:
            raise DeclarationError(
                f"{where}: {variable.name} of {dataset.name} is required, and the SELECT does not"
                " give it"
            )
    return columns


def _endless(select: Select, told: str) -> DeclarationError:
    return DeclarationError(
        f"{select.where}: {told[0].lower()}{told[1:].rstrip('.')}", hint=ENDLESS
    )


def _short(value: Any) -> str:
    return "empty" if value is None else shorten(str(value), 40, "...")
