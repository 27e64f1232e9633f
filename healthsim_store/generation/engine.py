"""The engine of the generator: an SQLite database in memory that makes entities of sampled rows.

Counted entities are sampled in blocks of a fixed size. A value depends only on the profile, the
seed, the table, the column and the number of its block. It does not depend on the batch: a batch is
a slice of one or more blocks.

A profile may come from somebody else. Its statements can only compute, in memory and within limits.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..base.quoting import strict
from ..base.sql import permits, quoted
from ..base.sqlite import connect
from ..base.text import did_you_mean
from ..errors import DeclarationError
from ..schema.sqlfile import Statement
from ..schema.types import Stored
from ..storage.rows import Rows
from . import faker_names
from .apart import try_recipe
from .distributions import Draw, pick
from .functions import luhn, round_like_python, text_id
from .recipe import OPTIONS, RUN, Recipe
from .reference_tables import ReferenceTable
from .sampled_tables import IMPLICIT, SampledTable

BLOCK = 500  # counted entities that are sampled at once
#: Raise it with every change that makes other values from the same seed.
ALGORITHM = 1

_ADDED: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    # SQLite's own round() gives different results in different versions.
    ("round", 1, round_like_python),
    ("round", 2, round_like_python),
    ("luhn", 1, luhn),
    ("text_id", 1, text_id),
)
_SECONDS = 600.0  # for one statement over one batch
_STEPS = 100_000  # SQLite's steps between two checks of the deadline and of Ctrl-C
# Bytes of one value: within a call SQLite does not look at the clock, and instr() on two values of
# this length takes a second.
_MAX_VALUE = 200_000
_MAX_PAGES = 1_000_000  # of the database; a page has 4 kB
_MAX_ROWS = 5_000_000  # of one sampled table for one block

_FUNCTIONS = ("luhn", "text_id")
# Actions that build the profile's own tables and views. Beside them, only reading is allowed.
_BUILDING = (
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
)

Entities = dict[str, Rows]

_Tables = dict[str, dict[str, Sequence[Any]]]  # the columns of each sampled table


class _Block:
    """The sampled rows of one block, as columns; each table is in the order of ``n``."""

    def __init__(self, columns: _Tables) -> None:
        self._columns = columns

    def rows(self, table: str, first: int, last: int) -> Iterator[tuple[Any, ...]]:
        columns = self._columns[table]
        numbers = columns["n"]
        start = bisect.bisect_left(numbers, first)
        end = bisect.bisect_right(numbers, last)
        return zip(*(column[start:end] for column in columns.values()), strict=True)


class Engine:
    """The database in memory of one run.

    Args:
        recipe: the profile.
        count: how many counted entities the run has.
        seed: of the run.
        key: the run's key, which is part of every id.
        options: the profile's options, by name, as stored.

    Raises DeclarationError if a statement of the profile fails.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        count: int,
        seed: int,
        key: str,
        options: Mapping[str, Stored],
    ) -> None:
        self._recipe = recipe
        self._count = count
        self._seed = seed
        self._options = options
        self._blocks: dict[int, _Block] = {}
        self._sizes: dict[str, int] = {}
        self._draws: dict[tuple[str, str], Draw] = {}
        self._reserved = {RUN, OPTIONS, *(sampled.name for sampled in recipe.sampled)}
        self._raised: BaseException | None = None  # by a Python function that SQL called
        self._deadline = float("inf")
        # An iterator of batches may be used in one thread and later in another.
        self._connection = connect(":memory:", any_thread=True)
        try:
            self._prepare(key)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def _prepare(self, key: str) -> None:
        connection, recipe = self._connection, self._recipe
        connection.execute(f"PRAGMA max_page_count = {_MAX_PAGES}")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        connection.set_progress_handler(self._must_stop, _STEPS)
        try_recipe(recipe, [added[:2] for added in _ADDED])
        for name, arguments, function in _ADDED:
            self._add_function(name, arguments, function)
        facts = [(key, self._seed, self._count, 1, 1)]
        self._make(RUN, "key, seed, count, first, last", facts)
        if recipe.options:
            columns = ", ".join(quoted(name) for name in self._options)
            self._make(OPTIONS, columns, [tuple(self._options.values())])
        # Before the views of the profile, which may use any of these tables.
        for sampled in recipe.sampled:
            typed = [*((name, "INTEGER") for name in sampled.keys)]
            typed += [(name, type_.storage) for name, type_, _ in sampled.columns]
            declared = ", ".join(f"{quoted(name)} {type_}" for name, type_ in typed)
            # WITHOUT ROWID stores the rows in the order of their keys, without a separate index. A
            # single INTEGER key is the rowid, which needs no index either.
            rowid = "" if sampled.single else " WITHOUT ROWID"
            with self._located(sampled.where):
                connection.execute(
                    f"CREATE TABLE {quoted(sampled.name)} ({declared},"
                    f" PRIMARY KEY ({', '.join(sampled.keys)})){rowid}"
                )
        for reference in recipe.references:
            if isinstance(reference, Statement):
                with self._running(reference.where, building=True):
                    connection.execute(strict(reference.sql))
            else:
                with self._located(reference.where):
                    self._fill(reference)
        for sampled in recipe.sampled:
            for name, _, distribution in sampled.columns:
                draw = distribution.draw
                if distribution.table is not None:
                    draw = self._pick(distribution.table, distribution.column, sampled.where)
                self._draws[sampled.name, name] = draw

    # -- the profile's statements --

    def _add_function(self, name: str, arguments: int, function: Callable[..., Any]) -> None:
        def call(*values: Any) -> Any:
            try:
                return None if values[0] is None else function(*values)
            except BaseException as error:
                # Not raised here: SQLite would only report that a function failed, and Python may
                # print a traceback. `_must_stop` stops the statement, `_located` raises the error.
                self._raised = error
                return None

        self._connection.create_function(name, arguments, call, deterministic=True)

    def _must_stop(self) -> int:
        return self._raised is not None or time.monotonic() > self._deadline

    @contextlib.contextmanager
    def _running(self, where: str, *, building: bool = False) -> Iterator[None]:
        """Run a statement of the profile. It may read, and with ``building`` make tables."""

        def authorize(
            action: int, first: str | None, second: str | None, *context: str | None
        ) -> int:
            if action == sqlite3.SQLITE_FUNCTION:
                name = str(second).lower()
                allowed = name in _FUNCTIONS or (
                    permits(action, second) and not name.startswith("current_")
                )
            elif building and action in _BUILDING:
                allowed = str(first).lower() not in self._reserved and (
                    action != sqlite3.SQLITE_UPDATE or first == "sqlite_master"
                )
            else:
                allowed = permits(action, second)
            return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

        self._deadline = time.monotonic() + _SECONDS
        self._connection.set_authorizer(authorize)
        try:
            with self._located(where):
                yield
        finally:
            self._deadline = float("inf")
            self._connection.set_authorizer(None)

    @contextlib.contextmanager
    def _located(self, where: str) -> Iterator[None]:
        """Turn an error of SQLite into a DeclarationError that says where in the profile it was."""
        try:
            yield
        except sqlite3.Error as error:
            self._tell_raised(where)
            text = str(error)
            if text == "interrupted" and self._must_stop():
                text = f"it took longer than {_SECONDS:.0f} seconds"
            elif text in ("interrupted", "user-defined function raised exception"):
                # Ctrl-C was pressed while SQLite was running.
                raise KeyboardInterrupt from None
            raise DeclarationError(f"{where}: {text}") from error
        self._tell_raised(where)

    def _tell_raised(self, where: str) -> None:
        raised, self._raised = self._raised, None
        if isinstance(raised, Exception):
            raise DeclarationError(f"{where}: {raised}") from raised
        if raised is not None:
            raise raised

    def _make(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._connection.execute(f"CREATE TABLE {quoted(table)} ({columns})")
        places = ", ".join("?" * len(rows[0]))
        self._connection.executemany(f"INSERT INTO {quoted(table)} VALUES ({places})", rows)

    def _fill(self, reference: ReferenceTable) -> None:
        columns = ", ".join(f"{quoted(name)} {type_.storage}" for name, type_ in reference.columns)
        rows: Sequence[tuple[Any, ...]] = reference.rows
        if reference.provider:
            rows = [(name,) for name in faker_names.pool(reference.provider, where=reference.where)]
        self._make(reference.name, columns, rows)

    def _pick(self, table: str, column: str | None, where: str) -> Draw:
        """A function that draws rows of a reference table, by its column ``weight`` if any."""
        with self._located(where):
            cursor = self._connection.execute(
                f"SELECT rowid, * FROM {quoted(table)} ORDER BY rowid"
            )
            rows = cursor.fetchall()
        found = [description[0] for description in cursor.description]
        numbers, *others = zip(*rows, strict=True) if rows else [()]
        columns = dict(zip(found[1:], others, strict=False))
        if not rows:
            raise DeclarationError(f"{where}: @pick {table}: the table is empty")
        if column is not None and column not in columns:
            raise DeclarationError(
                f"{where}: @pick {table}.{column}: there is no such column",
                hint=did_you_mean(column, columns) or f"It has: {', '.join(columns)}.",
            )
        weights = columns.get("weight", (1.0,) * len(rows))
        if any(not isinstance(weight, int | float) or weight < 0 for weight in weights):
            raise DeclarationError(f"{where}: @pick {table}: a weight is not a number from 0 on")
        if not 0 < sum(weights) < 1e15:
            raise DeclarationError(f"{where}: @pick {table}: every weight is 0, or they are huge")
        return pick(weights, columns[column] if column is not None else numbers)

    # -- rows of a batch --

    def entities(self, first: int, last: int) -> Entities:
        """The rows by entity type that come from the counted entities ``first`` to ``last``.

        Raises DeclarationError if a statement of the profile fails.
        """
        connection = self._connection
        connection.execute("BEGIN")
        connection.execute("UPDATE run SET first = ?, last = ?", (first, last))
        numbers = range((first - 1) // BLOCK, (last - 1) // BLOCK + 1)
        for number in [number for number in self._blocks if number not in numbers]:
            del self._blocks[number]
        for sampled in self._recipe.sampled:
            connection.execute(f"DELETE FROM {quoted(sampled.name)}")
        for number in numbers:
            if number not in self._blocks:
                self._blocks[number] = self._draw(number)
            for sampled in self._recipe.sampled:
                places = ", ".join("?" * (len(sampled.keys) + len(sampled.columns)))
                connection.executemany(
                    f"INSERT INTO {quoted(sampled.name)} VALUES ({places})",
                    self._blocks[number].rows(sampled.name, first, last),
                )
        connection.execute("COMMIT")
        for name, statement in self._recipe.steps.items():
            connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
            with self._running(statement.where, building=True):
                connection.execute(strict(statement.sql))
        made: Entities = {}
        for into, statement in self._recipe.selects.items():
            with self._running(statement.where):
                cursor = connection.execute(strict(statement.sql))
                found = tuple(column[0] for column in cursor.description)
                rows = cursor.fetchall()
            if len(set(found)) < len(found):
                double = next(name for name in found if found.count(name) > 1)
                raise DeclarationError(f"{statement.where}: two columns are called {double}")
            if rows:
                made[into] = Rows(found, rows)
        return made

    def _draw(self, number: int) -> _Block:
        first = number * BLOCK + 1
        last = min(first + BLOCK - 1, self._count)
        tables: _Tables = {}
        for sampled in self._recipe.sampled:
            columns = tables[sampled.name] = self._keys(sampled, tables, first, last)
            rows = len(columns["n"])
            for name, _, _ in sampled.columns:
                uniforms = self._uniforms(f"{sampled.name}.{name}", number, rows)
                columns[name] = self._draws[sampled.name, name](uniforms)
        return _Block(tables)

    def _uniforms(self, what: str, number: int, count: int) -> list[float]:
        # A seed of its own for each column and block, so that their numbers are independent. Python
        # guarantees that random() gives the same numbers for a seed in every version.
        seed = f"{self._recipe.name}/{self._seed}/{what}/{number}"
        source = random.Random(seed).random  # noqa: S311 - nothing here is a secret
        return list(itertools.starmap(source, itertools.repeat((), count)))

    def _keys(
        self, sampled: SampledTable, tables: _Tables, first: int, last: int
    ) -> dict[str, Sequence[Any]]:
        """The key columns of a table in a block. Their length is the number of rows."""
        if sampled.depth == 0:
            return {"n": list(range(first, last + 1))}
        above = tables[sampled.parent]
        if sampled.when is not None and not self._options[sampled.when]:
            counts: Sequence[int] = [0] * len(above["n"])
        elif sampled.total is not None:
            counts = self._shares(sampled, tables, first, last)
        else:
            counts = self._times(sampled, tables)
        if sum(counts) > _MAX_ROWS:
            raise DeclarationError(
                f"{sampled.where}: {sum(counts):,} rows for {last - first + 1} counted entities",
                hint=f"At most {_MAX_ROWS:,} at once.",
            )
        keys: dict[str, Sequence[Any]] = {
            "n": [n for n, times in zip(above["n"], counts, strict=True) for _ in range(times)]
        }
        if sampled.depth == 2:
            keys["parent"] = [
                k for k, times in zip(above["k"], counts, strict=True) for _ in range(times)
            ]
        if not sampled.single:
            keys["k"] = list(itertools.chain.from_iterable(range(1, times + 1) for times in counts))
        return keys

    def _column(self, sampled: SampledTable, written: str, tables: _Tables) -> Sequence[Any] | None:
        """A column with a value for each row of the parent; None if there is none.

        ``written`` is a column of the parent, or TABLE.COLUMN of a table beside it.
        """
        table, dot, name = written.rpartition(".")
        if not dot:
            table = sampled.parent
        elif not self._is_beside(table, sampled.parent):
            return None
        return None if name in IMPLICIT else tables.get(table, {}).get(name)

    def _is_beside(self, table: str, parent: str) -> bool:
        """Whether a table has exactly one row for each row of the parent."""
        return any(
            other.name == table and other.parent == parent and other.single
            for other in self._recipe.sampled
        )

    def _times(self, sampled: SampledTable, tables: _Tables) -> Sequence[int]:
        times = sampled.times or ""
        parents = len(tables[sampled.parent]["n"])
        if times.isdigit():
            return [int(times)] * parents
        counts = self._column(sampled, times, tables)
        if counts is not None:
            if len(counts) != parents or any(
                not isinstance(count, int) or count < 0 for count in counts
            ):
                raise DeclarationError(f"{sampled.where}: @times {times}: not a number from 0 on")
            return counts
        if times not in self._sizes:
            try:
                (self._sizes[times],) = self._connection.execute(
                    f"SELECT count(*) FROM {quoted(times)}"
                ).fetchone()
            except sqlite3.Error:
                raise DeclarationError(
                    f"{sampled.where}: @times {times}: neither a number, nor a column of "
                    f"{sampled.parent}, nor a table",
                    hint=did_you_mean(times, tables[sampled.parent]),
                ) from None
        return [self._sizes[times]] * parents

    def _shares(self, sampled: SampledTable, tables: _Tables, first: int, last: int) -> list[int]:
        """How many rows each parent gets, so that the sum over the run is the declared total.

        The block's part of the total is divided by weight. The running sum of the weights, rounded,
        is where the share of each parent ends. So the shares always add up to the whole.
        """
        assert sampled.total is not None
        half = Fraction(1, 2)
        total = int(sampled.total * last + half) - int(sampled.total * (first - 1) + half)
        parents = last - first + 1
        extra = max(0, total - sampled.least * parents)
        if sampled.weight is None:
            uniforms = self._uniforms(f"{sampled.name}()", (first - 1) // BLOCK, parents)
            weights = [0.2 + 1.6 * u for u in uniforms]
        else:
            column = self._column(sampled, sampled.weight, tables)
            if (
                column is None
                or len(column) != parents
                or any(not isinstance(weight, int | float) for weight in column)
            ):
                raise DeclarationError(
                    f"{sampled.where}: @weight {sampled.weight} is no column of numbers of "
                    f"{sampled.parent}",
                    hint=did_you_mean(sampled.weight, tables[sampled.parent]),
                )
            weights = [max(0.0, float(weight)) for weight in column]
        if not 0 < sum(weights) < 1e15:
            weights = [1.0] * parents  # all weights are 0: the same for every parent
        running = list(itertools.accumulate(weights))
        whole = running[-1]
        ends = [int(extra * part / whole + 0.5) for part in running]
        ends[-1] = extra
        return [
            sampled.least + end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)
        ]
