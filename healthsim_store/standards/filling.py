"""Fills the layouts of a standard from a scenario, in a temporary database.

SQLite is the first conformance check: a row that breaks a rule of its layout is left out and
counted, by the rule. A SELECT can only read the scenario. Its rows are put into the layout at once,
without going through Python; where SQLite refuses one, they are put in row by row.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..base.quoting import strict
from ..base.sql import literal, quoted
from ..base.sqlite import connect, located
from ..base.text import shorten
from ..base.wording import call
from ..errors import DeclarationError
from ..schema import dry_run
from ..schema.ddl import ROW_RULE
from ..schema.types import Stored
from .model import Dataset, Refusal, Select, Variable
from .tables import layout_table

CHECK_SECONDS = 3600.0  # of the processor, for the SELECTs that look at what was filled
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
        """Put all rows into a table, or none. Raises sqlite3.Error."""
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

    ``refused`` counts by rule, ``examples`` has the first row of each. ``lengths`` are the most
    bytes of text in a column, ``values`` how many rows have a value in it. ``precisions`` are those
    of days and times that may be known in part, where there are any. ``unread`` says why a SELECT
    was not asked, by its place. ``rows_of`` is what its rows are read from, where that is not the
    table of its name.
    """

    dataset: Dataset
    given: int = 0
    rows: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    precisions: dict[str, Precision] = field(default_factory=dict)
    rows_of: str = ""

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
        self._path = path
        self.connection = connect(path)
        # It is thrown away whole, so it needs no journal; but a chunk must be undone, for which
        # one in memory will do.
        settings = ("journal_mode = MEMORY", "synchronous = OFF", f"cache_size = -{_CACHE_KB}")
        for setting in (*settings, "foreign_keys = ON"):
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

        Raises DeclarationError for a SELECT that cannot be run or does not fit its layout.
        """
        for dataset in in_order(chosen):
            filled = self.filled[dataset.name.lower()] = Filled(dataset)
            asked = [*self._asked(filled, source, values)]
            given = {name for _, columns in asked for name in columns}
            self.connection.execute(layout_table(dataset, given))
            for select, columns in asked:
                if not self._put_whole(filled, select, columns, source, values):
                    self._put(filled, select, columns, source, values)
            self._measure(filled, given)

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
            count = source.insert_into(self._path, filled.dataset.name, columns, select.sql, values)
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
            for chunk in _chunks(source.select(select.sql, values)):
                self._insert(filled, insert, columns, chunk)
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
            with located(refusal.where):
                keys = self._keys(refusal, filled.dataset)
            same = " AND ".join(f"{quoted(name)} = ?" for name in filled.dataset.key)
            delete = f"DELETE FROM {quoted(filled.dataset.name)} WHERE {same}"
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
        dry_run.confine(self.connection, CHECK_SECONDS)
        try:
            return self.connection.execute(sql).fetchall()
        finally:
            dry_run.release(self.connection)

    def _count_refused(
        self, filled: Filled, why: str, names: Sequence[str], keys: Sequence[tuple[Any, ...]]
    ) -> None:
        first = zip(names, keys[0], strict=True)
        filled.examples[why] = ", ".join(f"{name} {_short(value)}" for name, value in first)
        filled.refused[why] = filled.refused.get(why, 0) + len(keys)
        filled.rows -= len(keys)
        self._measure(filled, {name for name, count in filled.values.items() if count})

    def _measure(self, filled: Filled, given: Collection[str]) -> None:
        """How many rows have a value in each column, and how long texts are at most."""
        variables = [
            variable
            for variable in filled.dataset.variables
            if variable.name in given or variable.column.default is not None
        ]
        longest = {"TEXT": "max(length(CAST({0} AS BLOB)))", "INTEGER": "max(abs({0}))"}
        longest["REAL"] = "0"
        asked = [
            f"count({_known(variable, name)}), {longest[variable.column.type.storage].format(name)}"
            for variable in variables
            for name in (quoted(variable.name),)
        ]
        sql = f"SELECT {', '.join(asked) or 1} FROM {filled.source}"
        found = self.connection.execute(sql).fetchone()
        filled.values = {variable.name: 0 for variable in filled.dataset.variables}
        filled.lengths = dict(filled.values)
        for place, variable in enumerate(variables):
            most = found[2 * place + 1] or 0
            text = variable.column.type.storage == "TEXT"
            filled.values[variable.name] = found[2 * place]
            filled.lengths[variable.name] = most if text else len(str(most))
            if variable.column.type.kind == "partial" and found[2 * place]:
                filled.precisions[variable.name] = self._precision(filled, variable.name)

    def _precision(self, filled: Filled, name: str) -> Precision:
        column = quoted(name)
        time = f"{column} GLOB '*T*'"
        sql = (
            f"SELECT max({column} GLOB '*--*' OR {column} GLOB '*-:*'), max({time}),"
            f" max(NOT {time}), max(CASE WHEN {time} THEN {column} NOT GLOB '*T??:??:??*'"
            f" ELSE length({column}) < 10 END) FROM {filled.source}"
        )
        return Precision(*map(bool, self.connection.execute(sql).fetchone()))

    def parts(self, filled: Filled) -> list[Filled]:
        """The datasets that a filled layout is written as, and that have rows."""
        dataset = filled.dataset
        if not dataset.split:
            return [filled] if filled.rows else []
        given = {name for name, count in filled.values.items() if count}
        column, found = quoted(dataset.split), []
        for value in self.distinct(filled, dataset.split, len(dataset.parts)):
            rows_of = f"{filled.source} WHERE {column} = {literal(value)}"
            count = self.connection.execute(f"SELECT count(*) FROM {rows_of}").fetchone()[0]
            part = Filled(dataset.parts[value], rows=count, rows_of=f"(SELECT * FROM {rows_of})")
            self._measure(part, given)
            found.append(part)
        return found

    def rows(
        self, filled: Filled, names: Sequence[str], *, blank: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a dataset in the order of its key.

        Args:
            filled: the dataset.
            names: the columns to read.
            blank: a text that is not known is empty.
        """
        columns = ", ".join(self._column(filled, name, blank=blank) for name in names)
        order = ", ".join(map(quoted, filled.dataset.key)) or "rowid"
        sql = f"SELECT {columns} FROM {filled.source} ORDER BY {order}"
        return iter(self.connection.execute(sql))

    def _column(self, filled: Filled, name: str, *, blank: bool) -> str:
        text = filled.dataset.by_name[name.lower()].column.type.storage == "TEXT"
        if not (blank and text):
            return quoted(name)
        return f"coalesce({quoted(name)}, '')" if filled.values[name] else "''"

    def distinct(self, filled: Filled, name: str, most: int) -> list[Any]:
        """The values of a column, at most so many, in order."""
        column = quoted(name)
        sql = (
            f"SELECT DISTINCT {column} FROM {filled.source}"
            f" WHERE {column} IS NOT NULL ORDER BY {column} LIMIT {most}"
        )
        return [value for (value,) in self.connection.execute(sql)]

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


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    reader = iter(rows)
    while chunk := [*itertools.islice(reader, _CHUNK)]:
        yield chunk


def _known(variable: Variable, name: str) -> str:
    """The value of a column in SQL, NULL where it has none."""
    return f"nullif({name}, '')" if variable.may_be_empty else name


def _short(value: Any) -> str:
    return "empty" if value is None else shorten(str(value), 40, "...")
