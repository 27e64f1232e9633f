"""Persisting rows: as fast as plain executemany, and exact about the row that is wrong.

SQLite judges every value (see `ddl`), so rows go to executemany as they are, where a look at each
column says that SQLite stores its values as they should be (see `schema.values`). A column of
which that is not sure is converted in Python from then on. A row that SQLite refuses is gone
through once more by itself: other spellings are understood (`female`), and what is still wrong
becomes a Problem.
"""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..base.arguments import ON_CONFLICT
from ..base.sql import quoted
from ..base.sqlite import file_of
from ..base.wording import option
from ..errors import InvalidArgument, InvalidRows
from ..schema.model import EXTRA, Column, EntityType
from ..schema.registry import Registry
from ..schema.values import unwrapped
from . import nested, self_references
from .format import EntityIds
from .partial import not_there
from .plan import MISSING_PARENT, Plan
from .planning import Planner
from .problems import Problems
from .recording import Recorder
from .row_numbers import last_row
from .rows import Rows, grouped_chunks
from .stored import Stored
from .tolerance import NONE, Tolerance
from .violations import Problem, dangling, refused, too_long, wrong_value

# What binding a value or running the statement may raise for a row that is not as it should be.
_REFUSALS = (sqlite3.Error, ValueError, OverflowError)


class Writer:
    """Writes batches into an open scenario file, inside the caller's transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        ids: EntityIds,
        *,
        on_conflict: str = "error",
        keep_unknown: bool = False,
        round_decimals: bool = False,
        chunked: Callable[[str, Any], Iterator[list[Rows]]] = grouped_chunks,
        recorder: Recorder | None = None,
        tolerance: Tolerance = NONE,
    ) -> None:
        """``chunked`` makes chunks of an entity type's rows, as `grouped_chunks` does.

        ``recorder`` notes rows that are there and get other values. ``tolerance`` says which rows
        are left out.
        """
        if on_conflict not in ON_CONFLICT:
            raise InvalidArgument(
                f"on_conflict is {on_conflict!r}.", hint=f"It is one of {', '.join(ON_CONFLICT)}."
            )
        self._connection = connection
        self._registry = registry
        self._ids = ids
        self._on_conflict = on_conflict
        self._planner = Planner(
            connection, registry, on_conflict, keep_unknown=keep_unknown, rounding=round_decimals
        )
        self._chunked = chunked
        self._recorder = recorder
        self._tolerance = tolerance
        self._left_out = 0  # rows of the entity type at hand
        self.suspects: dict[str, dict[str, dict[str, int]]] = {}  # see `suspects.Suspects`
        if tolerance.any and on_conflict == "update":
            raise InvalidArgument(
                "Rows that update others are not left out.",
                hint=f"Leave out {option('bad_rows')} and {option('orphans')}.",
            )

    def write(self, name: str, source: Any) -> Stored:
        """Store the rows of one entity type.

        Raises InvalidRows, which counts the bad rows to the end, if that does not take long.
        """
        entity_type = self._registry.entity_type(name)
        table = quoted(entity_type.name)
        last_rowid = last_row(self._connection, entity_type.name)
        replacing = self._on_conflict in ("replace", "update")
        if replacing and self._recorder:
            self._recorder.watch(entity_type)
        noted = self._recorder.noted(name) if self._recorder else 0
        counted = self._on_conflict == "replace"
        before = self._scalar(f"SELECT count(*) FROM {table}") if counted else 0
        changes = self._connection.total_changes
        plans: dict[tuple[str, ...], Plan] = {}
        number, self._left_out = 1, 0
        problems, lacking = Problems(), Problems()
        for chunk in self._chunked(entity_type.name, source):
            changed = self._changed(name)
            first = number
            chunk = nested.flat(self._registry, entity_type, chunk)
            for rows in chunk:
                shape = rows.fields
                try:
                    if shape not in plans:
                        plans[shape] = self._planner.plan(entity_type, shape, number, len(rows))
                    self._write(entity_type, plans[shape], rows, number, last_rowid, problems)
                except InvalidRows as error:
                    if self._leave_out(error.problems, number, len(rows)):
                        lacking.add(error.problems)
                    else:
                        problems.add(error.problems)
                        problems.add(self._parents_too(entity_type, rows, number))
                number += len(rows)
                if problems.is_enough:
                    raise problems.error(complete=False)
            if self._on_conflict == "update" and self._changed(name) - changed < number - first:
                for rows in chunk if not problems else ():
                    problems.add(
                        not_there(self._connection, entity_type, plans[rows.fields], rows, first)
                    )
                    first += len(rows)
        if lacking and self._left_out == number - 1:  # not the rows are wrong, but all of it
            raise lacking.error(complete=True)
        if problems:
            raise problems.error(complete=True)
        written = self._connection.total_changes - changes
        if self._recorder:
            written -= self._recorder.noted(name) - noted
        orphans = self_references.check(
            self._connection,
            entity_type,
            0 if replacing else last_rowid,
            self._tolerance,
            numbered=self._on_conflict == "error" and not self._left_out,
        )
        left_out, written = self._left_out + orphans, written - orphans
        rounded = sum(plan.rounded for plan in plans.values())
        for plan in plans.values():
            self._suspect(name, plan)
        written = min(written, number - 1)  # a trigger that was allowed counts as well
        if self._on_conflict == "update":
            return Stored(replaced=written, rounded=rounded)
        if replacing:
            inserted = max(0, self._scalar(f"SELECT count(*) FROM {table}") - before)
            inserted = min(inserted, written)
            replaced = written - inserted
            return Stored(inserted, replaced=replaced, rounded=rounded, left_out=left_out)
        skipped = number - 1 - written - left_out
        return Stored(written, skipped, rounded=rounded, left_out=left_out)

    def _leave_out(self, problems: Sequence[Problem], number: int, count: int) -> bool:
        """Whether rows that lack fields are left out; other rows of the file may have them."""
        if self._tolerance.bad_rows != "skip" or not all(problem.lacks for problem in problems):
            return False
        for row in range(number, number + count):
            self._tolerance.takes([replace(problem, row=row, count=1) for problem in problems])
        self._left_out += count
        return True

    def _parents_too(self, entity_type: EntityType, rows: Rows, number: int) -> list[Problem]:
        """Which parents are not there of the first of rows that lack fields: to be told at once."""
        values = {}
        for name, value in zip(rows.fields, rows.values[0], strict=True):
            field = self._registry.field(entity_type.name, name) if isinstance(name, str) else None
            if isinstance(field, Column) and isinstance(value, str | int):
                values[field.name] = value
        return [*dangling(self._connection, self._registry, entity_type, number, values)]

    def _suspect(self, entity_type: str, plan: Plan) -> None:
        """Count the words that may mean no value."""
        for name, counts in plan.suspects.items():
            known = self.suspects.setdefault(entity_type, {}).setdefault(name, {})
            for word, count in counts.items():
                known[word] = known.get(word, 0) + count

    def _changed(self, entity_type: str) -> int:
        """How many rows were written so far; what the recorder noted is not counted."""
        noted = self._recorder.noted(entity_type) if self._recorder else 0
        return self._connection.total_changes - noted

    def _write(
        self,
        entity_type: EntityType,
        plan: Plan,
        rows: Rows,
        number: int,
        last_rowid: int,
        problems: Problems,
    ) -> None:
        plan.look(rows.values)
        iterator = iter(rows.values)
        while True:
            try:
                self._connection.executemany(plan.sql, self._bind(plan, iterator))
                return
            except _REFUSALS:
                if not self._connection.in_transaction:
                    raise  # a full disk: SQLite has rolled back, and nothing more may be written
                bad = len(rows) - operator.length_hint(iterator) - 1
                plan.rounded -= plan.rounded_last  # of the row that is gone through again
            found = self._write_carefully(
                entity_type, plan, rows.values[bad], number + bad, last_rowid
            )
            if self._tolerance.takes(found):
                self._left_out += 1
                continue
            problems.add(found)
            if problems.is_enough:
                return

    def _bind(self, plan: Plan, rows: Iterator[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        values = rows
        if plan.unknown:
            values = (self._with_extra(plan, row) for row in rows)
        if plan.converted:
            values = map(plan.convert, values)
        if plan.new_id:
            values = map(operator.add, values, self._ids)
        return map(plan.repeated, values) if plan.repeated else values

    def _with_extra(self, plan: Plan, row: tuple[Any, ...]) -> tuple[Any, ...]:
        given = {name: unwrapped(row[plan.places[name]]) for name in plan.unknown}
        extra = {name: value for name, value in given.items() if value is not None}
        stored = plan.columns[-1].coerce(extra) if extra else None
        return (*(row[plan.places[name]] for name in plan.fields), stored)

    def _write_carefully(
        self,
        entity_type: EntityType,
        plan: Plan,
        row: tuple[Any, ...],
        number: int,
        last_rowid: int,
    ) -> list[Problem]:
        """Store the row that was refused, in whatever spelling, or say what is wrong with it."""
        problems: list[Problem] = []
        stored: list[Any] = []
        for position, name in enumerate(plan.fields):
            value = row[plan.places[name]]
            column = plan.columns[position]
            try:
                stored.append(plan.coerce(position, value))
            except ValueError as error:
                problems.append(wrong_value(entity_type, number, name, column, value, error))
                continue
            target = entity_type.by_name.get(plan.targets[position])
            needed = target is not None and target.required and target.default is None
            if needed and stored[-1] in (None, ""):
                problems.append(Problem(entity_type.name, number, name, value, "is required"))
            plain = isinstance(value, str | int | float)  # others may not even be compared
            if stored[-1] is not value and not (plain and stored[-1] == value):
                plan.converted[position] = column
        if problems:
            return problems
        if plan.unknown:
            try:
                stored.append(self._with_extra(plan, row)[-1])
            except ValueError:
                expected = "unknown fields are kept as JSON, which cannot hold a value here"
                return [Problem(entity_type.name, number, EXTRA, None, expected)]
        values = (*stored, *next(self._ids)) if plan.new_id else tuple(stored)
        try:
            self._connection.execute(plan.sql, plan.repeated(values) if plan.repeated else values)
        except sqlite3.DataError:
            file = file_of(self._connection)
            return [too_long(file, entity_type, number, plan.fields, stored)]
        except sqlite3.IntegrityError as error:
            missing = self._missing_parents(entity_type, plan, number, stored)
            return missing or list(
                refused(
                    self._connection,
                    self._registry,
                    entity_type,
                    number,
                    {to: v for to, v in zip(plan.targets, values, strict=True) if to},
                    error,
                    last_rowid=last_rowid,
                )
            )
        return []

    def _missing_parents(
        self, entity_type: EntityType, plan: Plan, number: int, stored: list[Any]
    ) -> list[Problem]:
        problems = []
        for position, (link, value) in enumerate(zip(plan.links, stored, strict=False)):
            if link is None:
                continue
            found = plan.values[position]
            given = [stored[at] for at in found.positions]
            if all(part is None for part in given[: 1 + len(link.beside)]):
                continue
            if self._scalar(f"SELECT {found.sql} = '{MISSING_PARENT}'", *given):
                within = f" of this {' and '.join(link.scope)}" if link.scope else ""
                parts = " and ".join((link.key.name, *link.beside))
                expected = f"there is no such {parts} in {link.parent.name}{within}"
                hint = f"Store {link.parent.name} first, or in the same batch."
                name = plan.fields[position]
                problems.append(
                    Problem(
                        entity_type.name,
                        number,
                        name,
                        value,
                        expected,
                        hint,
                        parent=link.parent.name,
                    )
                )
        return problems

    def _scalar(self, sql: str, *parameters: Any) -> int:
        answer = self._connection.execute(sql, parameters).fetchone()[0]
        assert isinstance(answer, int)
        return answer
