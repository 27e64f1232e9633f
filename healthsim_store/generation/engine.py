"""The engine of the generator: an SQLite database in memory that makes entities of sampled rows.

Counted entities are sampled in blocks of a fixed size. A value depends only on the profile, the
seed, the table, the column and the number of its block. It does not depend on the batch: a batch is
a slice of one or more blocks. Where the entities are those of a scenario that is there, a value
depends on the entity's key in place of the number of its block: so it does not depend on which
other entities the scenario has, either.

A profile may come from somebody else. Its statements can only compute, in memory and within limits.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
import marshal
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..base.aside import Aside
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
from .base import Base
from .distributions import Draw, pick, uniforms_by_key
from .functions import luhn, round_like_python, text_id
from .recipe import OPTIONS, RUN, Recipe
from .reference_tables import ReferenceTable
from .row_counts import RowCounts, Tables
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
_STEPS = 100_000  # SQLite's steps between two looks whether it shall stop
MAX_VALUE = 200_000  # bytes of one value: instr() on two of this length takes a second
_MAX_PAGES = 250_000  # of the database; a page has 4 kB
_MAX_BYTES = 400_000_000  # of the rows of one SELECT over one batch
_BLOCK_ROWS = 1_000  # that are fetched at once
_BLOCK_BYTES = 1_000_000  # the same, where rows are long

_FUNCTIONS = ("luhn", "text_id")
_READ = "_read"  # the table of all entities of the base that the run goes through
# Actions that build the profile's own tables and views. Beside them, only reading is allowed.
_BUILDING = (
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
)

Entities = dict[str, Rows]


def _fetch(cursor: sqlite3.Cursor, where: str) -> list[tuple[Any, ...]]:
    """All rows. Raises DeclarationError where they are more than a batch can be."""
    rows: list[tuple[Any, ...]] = []
    size, block = 0, 1
    while some := cursor.fetchmany(block):
        rows += some
        # How long rows are is known when they are read.
        long = len(marshal.dumps(some, 2))
        size += long
        block = min(2 * block, _BLOCK_ROWS) if long < _BLOCK_BYTES else 1
        if size > _MAX_BYTES:
            raise DeclarationError(
                f"{where}: it gives more than {_MAX_BYTES // 10**6} MB for one batch",
                hint="Does a join lack its ON? Else make batches of fewer entities.",
            )
    return rows


class _Block:
    """The sampled rows of one block, as columns; each table is in the order of ``n``."""

    def __init__(self, columns: Tables) -> None:
        self._columns = columns

    def width(self, table: str) -> int:
        return len(self._columns[table])

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
        count: how many counted entities the run has; with a ``base`` the number of entities to
            make, or None, and the run goes through the entities of the base.
        seed: of the run.
        key: the run's key, which is part of every id.
        options: the profile's options, by name, as stored.
        base: what the profile reads of a scenario; the engine closes it.

    ``count`` is how many counted entities there are to go through.

    Raises DeclarationError if a statement of the profile fails.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        count: int | None,
        seed: int,
        key: str,
        options: Mapping[str, Stored],
        base: Base | None = None,
    ) -> None:
        self._recipe = recipe
        self.count = 0 if base or count is None else count
        self._seed = seed
        self._options = options
        self._blocks: dict[int, _Block] = {}
        self._row_counts = RowCounts(recipe.sampled, options, self._size_of, self._shuffle)
        self._draws: dict[tuple[str, str], Draw] = {}
        self._reserved = {RUN, OPTIONS, _READ, *(name.lower() for name in recipe.reads)}
        self._reserved |= {sampled.name for sampled in recipe.sampled}
        self._raised: BaseException | None = None  # by a Python function that SQL called
        # An iterator of batches may be used in one thread and later in another.
        self._connection = base.connection if base else connect(":memory:", any_thread=True)
        self._aside = base.aside if base else Aside(self._connection)
        try:
            self._prepare(key, count if base else None)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._aside.close()

    def _prepare(self, key: str, wanted: int | None) -> None:
        connection, recipe = self._connection, self._recipe
        (pages,) = connection.execute("PRAGMA page_count").fetchone()  # those of the base
        connection.execute(f"PRAGMA max_page_count = {pages + _MAX_PAGES}")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
        connection.set_progress_handler(self._must_stop, _STEPS)
        columns = "SELECT name FROM pragma_table_info(?)"
        read = {
            name: [column for (column,) in connection.execute(columns, (name,))]
            for name in recipe.reads
        }
        try_recipe(recipe, [added[:2] for added in _ADDED], read)
        for name, arguments, function in _ADDED:
            self._add_function(name, arguments, function)
        facts = (key, self._seed, self.count, 1, 1)
        if recipe.reads:
            self._make(RUN, "key, seed, count, first, last, wanted", [(*facts, wanted)])
        else:
            self._make(RUN, "key, seed, count, first, last", [facts])
        if recipe.options:
            columns = ", ".join(quoted(name) for name in self._options)
            self._make(OPTIONS, columns, [tuple(self._options.values())])
        # Before the views of the profile, which may use any of these tables.
        for sampled in recipe.sampled:
            if sampled.select is not None:
                continue
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
                self._run(strict(reference.sql), reference.where, building=True)
            else:
                with self._located(reference.where):
                    self._fill(reference)
        for sampled in recipe.sampled:
            if sampled.select is not None:
                self._find(sampled, sampled.select)
            for name, _, distribution in sampled.columns:
                draw = distribution.draw
                if distribution.table is not None:
                    draw = self._pick(distribution.table, distribution.column, sampled.where)
                self._draws[sampled.name, name] = draw

    def _find(self, sampled: SampledTable, select: str) -> None:
        """Number the entities of the base that the profile goes through, in the order of keys."""
        connection = self._connection
        names, _ = self._run(f"SELECT * FROM ({strict(select)}) LIMIT 0", sampled.where)
        for name in names:
            if name in IMPLICIT or names.count(name) > 1:
                raise DeclarationError(
                    f"{sampled.where}: two columns are called {name}",
                    hint=f"A table @for scenario has {IMPLICIT[0]} itself.",
                )
        key, listed = quoted(names[0]), ", ".join(map(quoted, names))
        self._run(
            f"CREATE TABLE {_READ} AS SELECT row_number() OVER (ORDER BY {key}) AS n, {listed}"
            f" FROM ({strict(select)})",
            sampled.where,
            building=True,
            own=True,
        )
        with self._located(sampled.where):
            connection.execute(f"CREATE UNIQUE INDEX {_READ}_n ON {_READ} (n)")
            twice = connection.execute(
                f"SELECT {key} FROM {_READ} GROUP BY 1 HAVING count(*) > 1 OR {key} IS NULL LIMIT 1"
            ).fetchone()
            if twice:
                raise DeclarationError(
                    f"{sampled.where}: {sampled.name} has {names[0]} {twice[0]!r:.60} "
                    + ("without a key" if twice[0] is None else "twice"),
                    hint="The first column is the key: each entity has its own.",
                )
            (self.count,) = connection.execute(f"SELECT count(*) FROM {_READ}").fetchone()
            typed = ", ".join(
                f"{quoted(name)} {type_}"
                for name, type_ in connection.execute(
                    f"SELECT name, type FROM pragma_table_info('{_READ}') WHERE cid > 0"
                )
            )
            connection.execute(
                f"CREATE TABLE {quoted(sampled.name)} (n INTEGER PRIMARY KEY, {typed})"
            )
            connection.execute("UPDATE run SET count = ?", (self.count,))
        self._read_columns = ["n", *names]

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
        return self._raised is not None or self._aside.left

    def _run(
        self, sql: str, where: str, *, building: bool = False, own: bool = False
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows of a statement of the profile.

        It may read, and with ``building`` make tables. ``own``: the table that it makes is one of
        the engine's.
        """

        def authorize(
            action: int, first: str | None, second: str | None, *context: str | None
        ) -> int:
            if action == sqlite3.SQLITE_FUNCTION:
                name = str(second).lower()
                allowed = name in _FUNCTIONS or (
                    permits(action, second) and not name.startswith("current_")
                )
            elif building and action in _BUILDING:
                allowed = (own or str(first).lower() not in self._reserved) and (
                    action != sqlite3.SQLITE_UPDATE or first == "sqlite_master"
                )
            else:
                allowed = permits(action, second)
            return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

        def act() -> tuple[list[str], list[tuple[Any, ...]]]:
            self._connection.set_authorizer(authorize)
            try:
                with contextlib.closing(self._connection.execute(sql)) as cursor:
                    return [column[0] for column in cursor.description or ()], _fetch(cursor, where)
            finally:
                self._connection.set_authorizer(None)

        with self._located(where):
            try:
                return self._aside.run(act, _SECONDS)
            except TimeoutError:
                raise DeclarationError(
                    f"{where}: it took longer than {_SECONDS:.0f} seconds"
                ) from None

    @contextlib.contextmanager
    def _located(self, where: str) -> Iterator[None]:
        """Turn an error of SQLite into a DeclarationError that says where in the profile it was."""
        try:
            yield
        except sqlite3.Error as error:
            self._tell_raised(where)
            text = str(error)
            if text in ("interrupted", "user-defined function raised exception"):
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
        found, rows = self._run(f"SELECT rowid, * FROM {quoted(table)} ORDER BY rowid", where)
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
                places = ", ".join("?" * self._blocks[number].width(sampled.name))
                connection.executemany(
                    f"INSERT INTO {quoted(sampled.name)} VALUES ({places})",
                    self._blocks[number].rows(sampled.name, first, last),
                )
        connection.execute("COMMIT")
        for name, statement in self._recipe.steps.items():
            connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
            self._run(strict(statement.sql), statement.where, building=True)
        made: Entities = {}
        for into, statement in self._recipe.selects.items():
            found, rows = self._run(strict(statement.sql), statement.where)
            if len(set(found)) < len(found):
                double = next(name for name in found if found.count(name) > 1)
                raise DeclarationError(f"{statement.where}: two columns are called {double}")
            if rows:
                made[into] = Rows(tuple(found), rows)
        return made

    def _draw(self, number: int) -> _Block:
        first = number * BLOCK + 1
        last = min(first + BLOCK - 1, self.count)
        tables: Tables = {}
        keys: Sequence[Any] = ()
        for sampled in self._recipe.sampled:
            if sampled.select is not None:
                tables[sampled.name] = self._read(first, last)
                keys = tables[sampled.name][self._read_columns[1]]
                continue
            columns = tables[sampled.name] = self._row_counts.keys(sampled, tables, first, last)
            for name, _, _ in sampled.columns:
                what, numbers = f"{sampled.name}.{name}", columns["n"]
                if self._recipe.reads:
                    uniforms = uniforms_by_key(
                        f"{self._recipe.name}/{self._seed}/{what}/", first, keys, numbers
                    )
                else:
                    uniforms = self._uniforms(what, number, len(numbers))
                columns[name] = self._draws[sampled.name, name](uniforms)
        return _Block(tables)

    def _uniforms(self, what: str, number: int, count: int) -> list[float]:
        # A seed of its own for each column and block, so that their numbers are independent. Python
        # guarantees that random() gives the same numbers for a seed in every version.
        seed = f"{self._recipe.name}/{self._seed}/{what}/{number}"
        source = random.Random(seed).random  # noqa: S311 - nothing here is a secret
        return list(itertools.starmap(source, itertools.repeat((), count)))

    def _read(self, first: int, last: int) -> dict[str, Sequence[Any]]:
        rows = self._connection.execute(
            f"SELECT * FROM {_READ} WHERE n BETWEEN ? AND ? ORDER BY n", (first, last)
        ).fetchall()
        return dict(zip(self._read_columns, zip(*rows, strict=True), strict=True))

    def _shuffle(self, what: str, first: int, count: int) -> list[float]:
        return self._uniforms(what, (first - 1) // BLOCK, count)

    def _size_of(self, table: str) -> int | None:
        try:
            (size,) = self._connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()
        except sqlite3.Error:
            return None
        return int(size)
