"""One run of a profile: entities drawn from a seed, batch by batch.

Every value is decided by the profile, the seed, the table, the column and the number of the block
of counted entities that it stands in, never by the batch: a batch is a slice of what its blocks
hold. The profile's SELECTs then run over the slice, in an SQLite database in memory.
"""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import itertools
import json
import random
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from . import names
from .blueprint import IMPLICIT, MAX_COUNT, OPTIONS, Blueprint, Drawn, Given
from .ddl import quoted
from .distributions import Draw, pick
from .errors import DeclarationError, InvalidArgument
from .logical import Stored
from .nearest import did_you_mean
from .sandbox import permits
from .sqlfile import Statement

BLOCK = 500  # counted entities that are drawn at once
MAX_BATCH = 100_000
MAX_SEED = 2**63 - 1

_FORBIDDEN = (
    sqlite3.SQLITE_ATTACH,
    sqlite3.SQLITE_DETACH,
    sqlite3.SQLITE_PRAGMA,
    sqlite3.SQLITE_CREATE_VTABLE,
)
_FUNCTIONS = ("luhn", "text_id")

Entities = dict[str, list[dict[str, Any]]]

_Tables = dict[str, dict[str, Sequence[Any]]]  # columns of drawn tables


def default_batch(count: int) -> int:
    """Small runs in batches of 50; large ones in twenty, of at most 5,000."""
    return min(5_000, max(50, count // 20))


class Generation:
    """A profile with its seed, count and options. Raises InvalidArgument."""

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        count: int | None = None,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.count = _whole("count", blueprint.count if count is None else count, 1, MAX_COUNT)
        self.seed = _whole("seed", secrets.randbelow(10**6) if seed is None else seed, 0, MAX_SEED)
        self.options = _read_options(blueprint, options or {})

    @property
    def key(self) -> str:
        """Five letters and digits that differ between runs, for ids that are unique beyond one."""
        told = [self.blueprint.name, self.seed, self.count, sorted(self.options.items())]
        return text_id(json.dumps(told))[:5]

    def facts(self) -> dict[str, Any]:
        """What it takes to make the same again; JSON-ready, for a scenario's log."""
        facts: dict[str, Any] = {
            "profile": self.blueprint.name,
            "version": self.blueprint.version,
            "fingerprint": self.blueprint.fingerprint,
            "seed": self.seed,
            "count": self.count,
            "options": self.options,
        }
        pools = [names.pool(provider, where=where) for provider, where in self.blueprint.providers]
        return facts | ({"names": names.digest(pools)} if pools else {})

    def batches(
        self, batch: int | None = None, *, start: int = 1, stop: int | None = None
    ) -> Iterator[tuple[int, int, Entities]]:
        """The number of the first and last counted entity of each batch, and its entities.

        From the counted entity ``start`` to ``stop``, by default all. A batch of which nothing is
        made is part of the next one.

        Raises DeclarationError when the profile's SQL fails.
        """
        size = _whole("batch", default_batch(self.count) if batch is None else batch, 1, MAX_BATCH)
        return self._batches(size, start, self.count if stop is None else stop)

    def _batches(self, size: int, start: int, stop: int) -> Iterator[tuple[int, int, Entities]]:
        with contextlib.closing(_Workbench(self)) as bench:
            begun = start
            for first in range(start, stop + 1, size):
                last = min(first + size - 1, stop)
                entities = bench.entities(first, last)
                if entities:
                    yield begun, last, entities
                    begun = last + 1


def _whole(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidArgument(
            f"{name} is {value!r:.40}.", hint=f"Give a whole number from {least} to {most:,}."
        )
    return value


def _read_options(blueprint: Blueprint, given: Mapping[str, Any]) -> dict[str, Stored]:
    """The options as they are stored, defaults included; each is judged by its own CHECK."""
    known = {option.name: option for option in blueprint.options}
    for name in given:
        if name not in known:
            listed = f"It has: {', '.join(known)}." if known else "It has no options."
            raise InvalidArgument(
                f"{blueprint.name} has no option {name!r:.60}.",
                hint=" ".join(filter(None, (did_you_mean(str(name), known), listed))),
            )
    told: dict[str, Stored] = {}
    with contextlib.closing(sqlite3.connect(":memory:")) as judge:
        for name, option in known.items():
            default = option.default or "NULL"
            (value,) = judge.execute(f"SELECT {default}").fetchone()
            if name in given:
                value = given[name]
            try:
                told[name] = option.coerce(value)
            except ValueError:
                raise InvalidArgument(
                    f"The option {name} of {blueprint.name} is {value!r:.60}.",
                    hint=f"It must be {option.expected}.",
                ) from None
            for check in option.checks:
                sql = f"SELECT {check} FROM (SELECT ? AS {quoted(name)})"
                if judge.execute(sql, (told[name],)).fetchone()[0] == 0:
                    raise InvalidArgument(
                        f"The option {name} of {blueprint.name} is {value!r:.60}.",
                        hint=f"It must hold that {check}.",
                    )
            if told[name] is None and option.required:
                raise InvalidArgument(
                    f"{blueprint.name} needs the option {name}: {option.description}.",
                    hint=f"It must be {option.expected}.",
                )
    return told


# -- drawing ---------------------------------------------------------------------------------


class _Block:
    """The drawn rows of some counted entities, as columns, each table in the order of ``n``."""

    def __init__(self, columns: _Tables) -> None:
        self._columns = columns

    def rows(self, table: str, first: int, last: int) -> Iterator[tuple[Any, ...]]:
        columns = self._columns[table]
        numbers = columns["n"]
        start = bisect.bisect_left(numbers, first)
        end = bisect.bisect_right(numbers, last)
        return zip(*(column[start:end] for column in columns.values()), strict=True)


class _Workbench:
    """The database in memory, in which a slice of the drawn rows becomes entities."""

    def __init__(self, run: Generation) -> None:
        self._run = run
        self._blueprint = run.blueprint
        self._blocks: dict[int, _Block] = {}
        self._sizes: dict[str, int] = {}
        self._draws: dict[tuple[str, str], Draw] = {}
        self._connection = connection = sqlite3.connect(":memory:", isolation_level=None)
        self._raised: BaseException | None = None  # by one of our own functions
        for name, count, function in (
            # SQLite's own round() has changed between its versions.
            ("round", 1, _round),
            ("round", 2, _round),
            ("luhn", 1, luhn),
            ("text_id", 1, text_id),
        ):
            self._offer(name, count, function)
        connection.set_authorizer(_authorize)
        try:
            self._prepare()
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def _offer(self, name: str, count: int, function: Callable[..., Any]) -> None:
        def call(*values: Any) -> Any:
            try:
                return function(*values)
            except BaseException as error:
                # SQLite would only say that some function failed; Ctrl-C may come here too.
                self._raised = error
                raise

        self._connection.create_function(name, count, call, deterministic=True)

    @contextlib.contextmanager
    def _located(self, where: str) -> Iterator[None]:
        """Say of an error of SQLite where in the profile it is from."""
        try:
            yield
        except sqlite3.Error as error:
            raised, self._raised = self._raised, None
            if raised is not None and not isinstance(raised, Exception):
                raise raised from None
            raise DeclarationError(f"{where}: {raised or error}") from error

    def _prepare(self) -> None:
        run, blueprint = self._run, self._blueprint
        self._make("run", "key, seed, count, first, last", [(run.key, run.seed, run.count, 1, 1)])
        if blueprint.options:
            names_ = ", ".join(quoted(name) for name in run.options)
            self._make(OPTIONS, names_, [tuple(run.options.values())])
        # Before the views of the file, which may look at any of them.
        for drawn in blueprint.drawn:
            columns = [*((key, "INTEGER") for key in drawn.keys)]
            columns += [(name, type_.storage) for name, type_, _ in drawn.columns]
            declared = ", ".join(f"{quoted(name)} {type_}" for name, type_ in columns)
            # Rows come in the order of their keys, so that the key costs no index of its own; one
            # INTEGER alone is the rowid anyway.
            rowid = "" if drawn.single else " WITHOUT ROWID"
            with self._located(drawn.where):
                self._connection.execute(
                    f"CREATE TABLE {quoted(drawn.name)} ({declared},"
                    f" PRIMARY KEY ({', '.join(drawn.keys)})){rowid}"
                )
        for given in blueprint.givens:
            with self._located(given.where):
                if isinstance(given, Statement):
                    self._connection.execute(given.sql)
                else:
                    self._fill(given)
        for drawn in blueprint.drawn:
            for name, _, distribution in drawn.columns:
                draw = distribution.draw
                if distribution.table is not None:
                    draw = self._pick(distribution.table, distribution.column, drawn.where)
                self._draws[drawn.name, name] = draw

    def _make(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._connection.execute(f"CREATE TABLE {quoted(table)} ({columns})")
        places = ", ".join("?" * len(rows[0]))
        self._connection.executemany(f"INSERT INTO {quoted(table)} VALUES ({places})", rows)

    def _fill(self, given: Given) -> None:
        columns = ", ".join(f"{quoted(name)} {type_.storage}" for name, type_ in given.columns)
        rows: Sequence[tuple[Any, ...]] = given.rows
        if given.provider:
            rows = [(name,) for name in names.pool(given.provider, where=given.where)]
        self._make(given.name, columns, rows)

    def _pick(self, table: str, column: str | None, where: str) -> Draw:
        """A draw of a reference table's rows, by its column ``weight`` if it has one."""
        with self._located(where):
            cursor = self._connection.execute(f"SELECT * FROM {quoted(table)} ORDER BY rowid")
        found = [description[0] for description in cursor.description]
        columns = dict(zip(found, zip(*cursor, strict=True), strict=False))
        if not columns:
            raise DeclarationError(f"{where}: @pick {table}: the table is empty")
        if column is not None and column not in columns:
            raise DeclarationError(
                f"{where}: @pick {table}.{column}: there is no such column",
                hint=did_you_mean(column, columns) or f"It has: {', '.join(columns)}.",
            )
        rows = len(next(iter(columns.values())))
        weights = columns.get("weight", (1.0,) * rows)
        if any(not isinstance(weight, int | float) or weight < 0 for weight in weights):
            raise DeclarationError(f"{where}: @pick {table}: a weight is not a number from 0 on")
        if not sum(weights):
            raise DeclarationError(f"{where}: @pick {table}: every weight is 0")
        return pick(weights, columns[column] if column is not None else None)

    # -- rows of a batch --

    def entities(self, first: int, last: int) -> Entities:
        connection = self._connection
        connection.execute("BEGIN")
        connection.execute("UPDATE run SET first = ?, last = ?", (first, last))
        numbers = range((first - 1) // BLOCK, (last - 1) // BLOCK + 1)
        for number in [number for number in self._blocks if number not in numbers]:
            del self._blocks[number]
        for drawn in self._blueprint.drawn:
            connection.execute(f"DELETE FROM {quoted(drawn.name)}")
        for number in numbers:
            if number not in self._blocks:
                self._blocks[number] = self._draw(number)
            for drawn in self._blueprint.drawn:
                places = ", ".join("?" * (len(drawn.keys) + len(drawn.columns)))
                connection.executemany(
                    f"INSERT INTO {quoted(drawn.name)} VALUES ({places})",
                    self._blocks[number].rows(drawn.name, first, last),
                )
        connection.execute("COMMIT")
        for name, statement in self._blueprint.steps.items():
            with self._located(statement.where):
                connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
                connection.execute(statement.sql)
        made: Entities = {}
        for into, statement in self._blueprint.selects.items():
            with self._located(statement.where):
                cursor = connection.execute(statement.sql)
                found = [column[0] for column in cursor.description]
                rows = [dict(zip(found, row, strict=True)) for row in cursor]
            if rows:
                made[into] = rows
        return made

    def _draw(self, number: int) -> _Block:
        first = number * BLOCK + 1
        last = min(first + BLOCK - 1, self._run.count)
        tables: _Tables = {}
        for drawn in self._blueprint.drawn:
            columns = tables[drawn.name] = self._keys(drawn, tables, first, last)
            rows = len(columns["n"])
            for name, _, _ in drawn.columns:
                uniforms = self._uniforms(f"{drawn.name}.{name}", number, rows)
                columns[name] = self._draws[drawn.name, name](uniforms)
        return _Block(tables)

    def _uniforms(self, what: str, number: int, count: int) -> list[float]:
        # Seeded by text, so that no two columns or blocks share their numbers. Python promises
        # that random() gives the same ones in every version.
        seed = f"{self._blueprint.name}/{self._run.seed}/{what}/{number}"
        source = random.Random(seed).random  # noqa: S311 - nothing here is a secret
        return [source() for _ in range(count)]

    def _keys(
        self, drawn: Drawn, tables: _Tables, first: int, last: int
    ) -> dict[str, Sequence[Any]]:
        """The key columns of a table's rows in a block, and so how many rows there are."""
        if drawn.depth == 0:
            return {"n": list(range(first, last + 1))}
        above = tables[drawn.parent]
        if drawn.when is not None and not self._run.options[drawn.when]:
            counts: Sequence[int] = [0] * len(above["n"])
        elif drawn.total is not None:
            counts = self._shares(drawn, tables, first, last)
        else:
            counts = self._times(drawn, tables)
        keys: dict[str, Sequence[Any]] = {
            "n": [n for n, times in zip(above["n"], counts, strict=True) for _ in range(times)]
        }
        if drawn.depth == 2:
            keys["parent"] = [
                k for k, times in zip(above["k"], counts, strict=True) for _ in range(times)
            ]
        if not drawn.single:
            keys["k"] = list(itertools.chain.from_iterable(range(1, times + 1) for times in counts))
        return keys

    def _column(self, drawn: Drawn, written: str, tables: _Tables) -> Sequence[Any] | None:
        """A column with a value for each row of the parent: its own, or TABLE.COLUMN."""
        table, dot, name = written.rpartition(".")
        if not dot:
            table = drawn.parent
        elif not self._is_beside(table, drawn.parent):
            return None
        return None if name in IMPLICIT else tables.get(table, {}).get(name)

    def _is_beside(self, table: str, parent: str) -> bool:
        """Whether a table has just one row for each of the parent's."""
        return any(
            other.name == table and other.parent == parent and other.single
            for other in self._blueprint.drawn
        )

    def _times(self, drawn: Drawn, tables: _Tables) -> Sequence[int]:
        times = drawn.times or ""
        parents = len(tables[drawn.parent]["n"])
        if times.isdigit():
            return [int(times)] * parents
        counts = self._column(drawn, times, tables)
        if counts is not None:
            if any(not isinstance(count, int) or count < 0 for count in counts):
                raise DeclarationError(f"{drawn.where}: @times {times}: not a number from 0 on")
            return counts
        if times not in self._sizes:
            try:
                (self._sizes[times],) = self._connection.execute(
                    f"SELECT count(*) FROM {quoted(times)}"
                ).fetchone()
            except sqlite3.Error:
                raise DeclarationError(
                    f"{drawn.where}: @times {times}: neither a number, nor a column of "
                    f"{drawn.parent}, nor a table",
                    hint=did_you_mean(times, tables[drawn.parent]),
                ) from None
        return [self._sizes[times]] * parents

    def _shares(self, drawn: Drawn, tables: _Tables, first: int, last: int) -> list[int]:
        """How many rows each parent has, so that all together are the declared total.

        The block's part of the total is shared out by weight: the running sum of the weights,
        rounded, says where each parent's share ends.
        """
        assert drawn.total is not None
        half = Fraction(1, 2)
        total = int(drawn.total * last + half) - int(drawn.total * (first - 1) + half)
        parents = last - first + 1
        extra = max(0, total - drawn.least * parents)
        if drawn.weight is None:
            uniforms = self._uniforms(f"{drawn.name}()", (first - 1) // BLOCK, parents)
            weights = [0.2 + 1.6 * u for u in uniforms]
        else:
            column = self._column(drawn, drawn.weight, tables)
            if column is None or any(not isinstance(weight, int | float) for weight in column):
                raise DeclarationError(
                    f"{drawn.where}: @weight {drawn.weight} is no column of numbers of "
                    f"{drawn.parent}",
                    hint=did_you_mean(drawn.weight, tables[drawn.parent]),
                )
            weights = [max(0.0, float(weight)) for weight in column]
        running = list(itertools.accumulate(weights))
        whole = running[-1] or 1.0
        ends = [int(extra * part / whole + 0.5) for part in running]
        ends[-1] = extra
        return [drawn.least + end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]


# -- the database ----------------------------------------------------------------------------


def _authorize(action: int, first: str | None, second: str | None, *context: str | None) -> int:
    """A profile may come from a stranger: it computes, in memory, and does nothing else."""
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = permits(action, second) or str(second).lower() in _FUNCTIONS
    else:
        allowed = action not in _FORBIDDEN
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _round(value: float | None, digits: int = 0) -> float | None:
    return None if value is None else float(round(value, digits))


def luhn(digits: str | int) -> str:
    """The digits with their check digit (ISO/IEC 7812) behind.

    An NPI is what follows 80840 in ``luhn('80840' || nine digits)``.
    """
    total = 0
    for position, digit in enumerate(reversed(str(digits))):
        value = int(digit) * (1 if position % 2 else 2)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"


def text_id(text: str) -> str:
    """12 letters and digits, the same for the same text."""
    digest = hashlib.blake2b(str(text).encode(), digest_size=12).digest()
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"  # without what is taken for another
    return "".join(alphabet[byte & 31] for byte in digest)
