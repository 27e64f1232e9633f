"""Diff: what was added, removed and changed between two scenarios, as meaning and not as bytes.

Nothing but SELECTs in the sandbox, which read both files as they are at one moment; only counts
come out of them, and the few rows that were asked for.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import look
from ..base.text import did_you_mean
from ..base.wording import call, choice, option, takes
from ..errors import CorruptScenario, InvalidArgument, QueryError, QueryTimeout, QueryTooLarge
from ..schema.model import EntityType
from ..schema.registry import Registry
from ..storage.catalog import read_entity_types
from ..storage.format import missing_tables
from ..storage.sandbox import TOO_LONG, Sandbox
from .diff_report import DiffResult, EntityDiff
from .differences import Differences, any_of
from .lineage import counterpart, read_lineage, related
from .matching import OTHER, Pairing, Shared

BY = ("auto", "id", "natural-key", "origin")
SECONDS = 600.0
MAX_DIFF_ROWS = 1_000  # of each kind of change of each entity type


def check_by(by: str) -> None:
    """Raises InvalidArgument unless it is one of BY."""
    if by not in BY:
        raise InvalidArgument(
            f"Rows are not paired by {by!r:.60}.",
            hint=did_you_mean(str(by), BY) or f"Known: {', '.join(BY)}.",
        )


def check_pair(a: str, path_a: Path, b: str, path_b: Path) -> tuple[Path, Path]:
    """The files of two scenarios. Raises InvalidArgument where they are the same one."""
    if os.path.samestat(look(path_a), look(path_b)):
        # No difference would be true, and taken for an answer about two scenarios.
        raise InvalidArgument(
            f"{a!r} and {b!r} are the same scenario, {path_a.stem}.", hint="Give two."
        )
    return path_a, path_b


def compare(
    a: Sandbox,
    b: Sandbox,
    *,
    by: str = "auto",
    rows: int = 0,
    entity_type: str | None = None,
    timeout: float = SECONDS,
    progress: Progress = lambda _: None,
) -> DiffResult:
    """How the file of ``b`` differs from that of ``a``, which has ``b``'s attached as OTHER.

    Raises InvalidArgument, UnknownEntityType, QueryTimeout, QueryTooLarge, CorruptScenario.
    """
    check_by(by)
    deadline = time.monotonic() + timeout
    # The first holds both files, so that the second cannot be of another moment.
    with a.moment(), b.moment():
        return _Comparison(a, b, by, deadline, timeout).run(rows, entity_type, progress)


_VERB = "diff_scenarios"


class _Comparison:
    def __init__(self, a: Sandbox, b: Sandbox, by: str, deadline: float, timeout: float) -> None:
        self._sandbox = a
        self._paths = (a.path, b.path)
        self._names = (a.path.stem, b.path.stem)
        self._deadline = deadline
        self._timeout = timeout
        self._a = {e.name: e for e in read_entity_types(a.connection)}
        self._b = {e.name: e for e in read_entity_types(b.connection)}
        self._check_tables("main", a, self._a)
        self._check_tables(OTHER, b, self._b)
        # In the order of parents before children.
        self._registry = Registry((self._b | self._a).values())
        mine, yours = read_lineage(a.connection), read_lineage(b.connection)
        generations = related(mine, yours)
        if by == "origin" and generations is None:
            raise InvalidArgument(
                f"{self._names[0]} and {self._names[1]} have no common origin.",
                hint="Neither is a clone of the other, nor both of a third; compare them with"
                f" {choice('by', ('id', 'natural-key', 'auto'))}.",
            )
        relatives = by == "auto" and generations not in (None, (0, 0))
        self._shared = {
            e.name: Shared(self._a[e.name], self._b[e.name], relatives=relatives)
            for e in self._registry
            if e.name in self._a and e.name in self._b
        }
        self._by_key = by in ("auto", "natural-key")
        self._id_word = "id"
        if by == "natural-key":
            self._pairing = Pairing(self._shared, None, None)
        elif by == "id":
            self._pairing = Pairing(self._shared, _itself, _itself)
        else:
            self._id_word = "origin" if generations not in (None, (0, 0)) else "id"
            self._pairing = Pairing(
                self._shared,
                functools.partial(counterpart, yours, mine),
                functools.partial(counterpart, mine, yours),
            )
        self._to_a = self._pairing.to_a
        self._differences = Differences(self._shared, self._pairing, self._ask)

    def _check_tables(
        self, schema: str, sandbox: Sandbox, entity_types: Mapping[str, EntityType]
    ) -> None:
        """Raises CorruptScenario unless all that is declared are tables of the file."""
        missing = missing_tables(self._sandbox.connection, entity_types, schema)
        if missing:
            raise CorruptScenario(
                f"{sandbox.path.stem}: {missing[0]} is declared, but is no table there.",
                hint=f"{call('check_scenario', sandbox.path)} says more.",
            )

    def run(self, rows: int, entity_type: str | None, progress: Progress) -> DiffResult:
        chosen = [e.name for e in self._registry]
        if entity_type is not None:
            chosen = [self._registry.entity_type(entity_type).name]
        paired = {
            name: self._differences.pair(name, min(self._counts(name)), by_key=self._by_key)
            for name in self._with_parents(chosen)
        }
        diffs: dict[str, EntityDiff] = {}
        told: list[dict[str, Any]] = []
        for name in chosen:
            counts = self._counts(name)
            diffs[name] = self._diff(name, *counts, *paired.get(name, (0, 0)))
            if rows:
                told += self._rows(name, diffs[name], rows)
            progress(counts[1])
        return DiffResult(
            *self._names,
            {name: diffs[name] for name in (self._b | self._a) if name in diffs},
            tuple(told),
            tuple(name for name in chosen if name not in self._b),
            tuple(name for name in chosen if name not in self._a),
            {entity.name: entity.label for entity in self._registry},
        )

    def _with_parents(self, names: Sequence[str]) -> list[str]:
        """The shared entity types among these, and all that their references lead to, in order."""
        wanted: set[str] = set()
        waiting = [name for name in names if name in self._shared]
        while waiting:
            name = waiting.pop()
            wanted.add(name)
            shared = self._shared[name]
            parents = {
                column.references.entity_type
                for pair in shared.columns.values()
                for column in pair
                if column and column.references
            }
            waiting += (parents & self._shared.keys()) - wanted
        return [name for name in self._shared if name in wanted]

    def _ask(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a SELECT about one entity type, within the time that is left."""
        left = max(self._deadline - time.monotonic(), 0.001)
        a, b = self._names
        try:
            with self._sandbox.run(sql, timeout=left) as cursor:
                return cursor.fetchall()
        except QueryTimeout as error:
            longer = f"Give a longer time, {option('timeout')}, or c" if takes("timeout") else "C"
            raise QueryTimeout(
                f"Comparing {a} and {b} took over {self._timeout:g} seconds; it was at {name}.",
                hint=f"{longer}ompare one entity type: {option('entity_type', name, verb=_VERB)}.",
            ) from error
        except QueryTooLarge as error:
            if error.message == TOO_LONG:
                raise QueryTooLarge(
                    f"{name} cannot be compared: {error.message}",
                    hint=f"{self._checks()} says which one. Other entity types can be compared by"
                    f" name, {option('entity_type', verb=_VERB)}.",
                ) from error
            raise QueryTooLarge(
                f"{name} has too many columns or ancestors to be compared: {error.message}",
                hint=f"Compare other entity types by name, {option('entity_type', verb=_VERB)},"
                " or write the SELECT yourself.",
            ) from error
        except QueryError as error:
            raise QueryError(
                f"{name} cannot be compared: {error.message}",
                hint=f"{self._checks()} says whether they are sound.",
            ) from error

    def _checks(self) -> str:
        return " or ".join(call("check_scenario", path) for path in self._paths)

    def _counts(self, name: str) -> tuple[int, int]:
        """How many rows there are in a and in b."""
        counts = (
            f"(SELECT count(*) FROM {schema}.{quoted(name)})" if name in here else "0"
            for schema, here in (("main", self._a), (OTHER, self._b))
        )
        ((in_a, in_b),) = self._ask(name, f"SELECT {', '.join(counts)}")
        return in_a, in_b

    def _diff(self, name: str, in_a: int, in_b: int, ids: int, keys: int) -> EntityDiff:
        shared = self._shared.get(name)
        if shared is None:
            return EntityDiff("none", added=in_b, removed=in_a)
        flags = self._differences.flags(name)
        changed, columns = 0, dict.fromkeys(flags, 0)
        for source in self._differences.sources(name, ids, keys):
            (row,) = self._ask(name, self._changes_sql(name, flags, source))
            changed += row[0]
            for column, count in zip(flags, row[1:], strict=True):
                columns[column] += count or 0
        pairs = ids + keys
        return EntityDiff(
            self._matched_by(name, ids),
            same=pairs - changed,
            added=in_b - pairs,
            removed=in_a - pairs,
            changed=changed,
            columns={column: count for column, count in columns.items() if count},
            columns_only_in_a=tuple(c for c, (_, b) in shared.columns.items() if b is None),
            columns_only_in_b=tuple(c for c, (a, _) in shared.columns.items() if a is None),
            not_compared=tuple(c for c in shared.columns if c not in flags),
        )

    def _matched_by(self, name: str, ids: int) -> str:
        keys = self._pairing.used(name)
        ways = [self._id_word] if self._to_a and (ids or not keys) else []
        own = (self._shared[name].a.primary_key,)
        if own in keys:
            ways.append("id")
            keys = [key for key in keys if key != own]
        if keys:
            ways.append(f"natural key ({'; '.join(', '.join(key) for key in keys)})")
        return " and ".join(ways) or "none"

    def _changes_sql(self, name: str, flags: Mapping[str, str], source: str) -> str:
        """Counts the changed pairs, and those changed in each column."""
        flagged = ", ".join(f"{flag} AS d{n}" for n, flag in enumerate(flags.values()))
        sums = "".join(f", sum(d{n})" for n in range(len(flags)))
        either = any_of([f"d{n}" for n in range(len(flags))])
        return (
            f"{self._differences.with_(name)}SELECT count(*){sums}"
            f" FROM (SELECT {flagged or '0'} {source}) WHERE {either}"
        )

    # -- rows on request ---------------------------------------------------------------------

    def _rows(self, name: str, diff: EntityDiff, limit: int) -> Iterator[dict[str, Any]]:
        if diff.added:
            yield from self._lone_rows(name, "b", limit)
        if diff.removed:
            yield from self._lone_rows(name, "a", limit)
        if diff.changed:
            yield from self._changed_rows(name, diff, limit)

    def _lone_rows(self, name: str, side: str, limit: int) -> Iterator[dict[str, Any]]:
        """Rows of one side without a partner, with all that is not empty in them."""
        here, schema = (self._a, "main") if side == "a" else (self._b, OTHER)
        entity_type = here[name]
        shared = name in self._shared
        with_ = self._differences.with_(name) if shared else ""
        alone = self._pairing.unpaired(name, side) if shared else "TRUE"
        key = f"{side}.{quoted(entity_type.primary_key)}"
        columns = list(entity_type.by_name)
        for values in self._ask(
            name,
            f"{with_}SELECT {', '.join(f'{side}.{quoted(column)}' for column in columns)}"
            f" FROM {schema}.{quoted(name)} AS {side} WHERE {alone} ORDER BY {key} LIMIT {limit}",
        ):
            row = dict(zip(columns, values, strict=True))
            told = {c: v for c, v in row.items() if v is not None and c != entity_type.primary_key}
            yield {
                "entity_type": name,
                "change": "removed" if side == "a" else "added",
                "ids": {side: row[entity_type.primary_key]},
                "key": {column: row[column] for column in _natural_key(entity_type)},
                "columns": {c: [v, None] if side == "a" else [None, v] for c, v in told.items()},
            }

    def _changed_rows(self, name: str, diff: EntityDiff, limit: int) -> Iterator[dict[str, Any]]:
        """Pairs that differ, those by id first, each with the columns that do."""
        shared = self._shared[name]
        flags = {c: flag for c, flag in self._differences.flags(name).items() if c in diff.columns}
        key = _natural_key(shared.a)
        asked = [*shared.ids, *(f"a.{quoted(column)}" for column in key)]
        for column, flag in flags.items():
            mine, yours = shared.columns[column]
            asked.append(flag)
            asked += [f"a.{quoted(column)}" if mine else "NULL"]
            asked += [f"b.{quoted(column)}" if yours else "NULL"]
        found: list[tuple[Any, ...]] = []
        for source in self._differences.sources(name, ids=1, keys=len(self._pairing.used(name))):
            found += self._ask(
                name,
                f"{self._differences.with_(name)}SELECT {', '.join(asked)} {source}"
                f" WHERE {any_of(list(flags.values()))}"
                f" ORDER BY {shared.ids[1]} LIMIT {limit - len(found)}",
            )
        for a, b, *values in found:
            compared = zip(*[iter(values[len(key) :])] * 3, strict=True)
            yield {
                "entity_type": name,
                "change": "changed",
                "ids": {"a": a, "b": b},
                "key": dict(zip(key, values, strict=False)),
                "columns": {
                    column: [mine, yours]
                    for column, (differs, mine, yours) in zip(flags, compared, strict=True)
                    if differs
                },
            }


def _itself(value: str) -> str:
    return value


def _natural_key(entity_type: EntityType) -> tuple[str, ...]:
    return entity_type.unique_keys[0] if entity_type.unique_keys else ()
