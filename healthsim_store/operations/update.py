"""Update: new values for the entities that a WHERE means, checked as those of a persist."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import transaction
from ..errors import InvalidArgument
from ..schema.ddl import circles
from ..schema.model import Column, EntityType
from ..schema.registry import Link, Registry
from ..schema.values import Inexact
from ..storage import catalog
from ..storage.files import Files
from ..storage.format import upgrade, write_log
from ..storage.recording import Recorder, read_limits
from ..storage.rewriting import refusals
from ..storage.scenario import opened
from ..storage.violations import MAX_PROBLEMS, Problem, invalid_rows, refused, wrong_value
from .selection import select_rows


@dataclass(frozen=True)
class UpdateResult:
    """What an update did: how many entities have the new values.

    ``number`` is that of the history; None where nothing was written. ``undoable`` is false where
    it was more than the history keeps.
    """

    scenario: str
    entity_type: str
    updated: int
    columns: tuple[str, ...]
    dry_run: bool = False
    number: int | None = None
    undoable: bool = True

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told: dict[str, Any] = {
            "scenario": self.scenario,
            "entity_type": self.entity_type,
            "updated": self.updated,
            "columns": list(self.columns),
            "dry_run": self.dry_run,
            "number": self.number,
            "undoable": self.undoable,
        }
        return {key: value for key, value in told.items() if value is not None}

    def to_markdown(self) -> str:
        """The same in words."""
        what = f"{self.updated:,} {self.entity_type.replace('_', ' ')} ({', '.join(self.columns)})"
        if self.dry_run:
            return f'Would update in "{self.scenario}": {what}.' + told_undoable(self.undoable)
        if self.number is None:
            return f'Nothing to update in "{self.scenario}": the condition holds for none.'
        return f'Updated in "{self.scenario}": {what}.' + told_undoable(self.undoable)


def told_undoable(undoable: bool) -> str:
    """What a reply says where there is no way back."""
    return "" if undoable else " It is more than the history keeps: it cannot be undone."


class DryRun(Exception):
    """What was tried is to be taken back; carries the result."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


@dataclass(frozen=True, slots=True)
class Change:
    """What `Store.update_entities` is asked for."""

    entity_type: str
    values: Mapping[str, Any]
    expressions: Mapping[str, str]
    where: str
    params: Sequence[Any] | Mapping[str, Any] | None = None
    round_decimals: bool = False
    dry_run: bool = False
    timeout: float = 60.0


def update_file(files: Files, path: Path, change: Change) -> UpdateResult:
    """Update entities of a scenario; see `Store.update_entities`."""
    files.check_writable(path)
    try:
        with opened(path) as connection, transaction(connection):
            return _update(files, path, connection, change)
    except DryRun as done:
        return done.result  # type: ignore[no-any-return]


def _update(
    files: Files, path: Path, connection: sqlite3.Connection, change: Change
) -> UpdateResult:
    registry = Registry(catalog.read_entity_types(connection))
    entity_type = registry.entity_type(change.entity_type)
    setting = _Setting(connection, registry, entity_type, change)
    # Nobody can write between this and the update: the transaction has begun.
    with files.lend(path) as sandbox:
        found = select_rows(
            sandbox, entity_type, change.where, change.params,
            expressions=setting.expressions, timeout=change.timeout,
        )  # fmt: skip
    upgrade(connection)
    result = UpdateResult(path.stem, entity_type.name, len(found), setting.columns, change.dry_run)
    if not found:
        return result
    rows = setting.rows(found)
    recorder = Recorder(connection)
    if len(rows) <= read_limits(connection)[0]:
        recorder.watch(entity_type)
    else:
        recorder.kept = False
    connection.execute("PRAGMA defer_foreign_keys = ON")
    _check_no_problem(setting.refused(rows))
    setting.check_references(rows)
    number = write_log(
        connection, "update", entities={entity_type.name: {"updated": len(rows)}},
        details={"columns": list(setting.columns), "where": change.where[:2_000]},
    )  # fmt: skip
    undoable = recorder.save()
    result = replace(result, number=number, undoable=undoable)
    if change.dry_run:
        raise DryRun(replace(result, number=None))
    return result


class _Setting:
    """The columns that get new values, and what these are for each row."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        entity_type: EntityType,
        change: Change,
    ) -> None:
        self._connection = connection
        self._registry = registry
        self._entity_type = entity_type
        self._rounding = change.round_decimals
        self._fields: dict[str, tuple[str, Column | Link]] = {}  # by column
        for name in (*change.values, *change.expressions):
            target = self._target(name)
            column = target.column if isinstance(target, Link) else target
            if column.name in self._fields:
                given = self._fields[column.name][0]
                raise InvalidArgument(f"{name} and {given} mean the same column; give one.")
            self._fields[column.name] = (name, target)
        if not self._fields:
            raise InvalidArgument(
                "No value was given.", hint="Give at least one column and its new value."
            )
        self.columns = tuple(self._fields)
        self.values = {c: change.values[f] for c, (f, _) in self._fields.items()
                       if f in change.values}  # fmt: skip
        self.expressions = {c: change.expressions[f] for c, (f, _) in self._fields.items()
                            if f in change.expressions}  # fmt: skip

    def _target(self, name: Any) -> Column | Link:
        entity_type = self._entity_type
        target = self._registry.field(entity_type.name, name) if isinstance(name, str) else None
        if target is None:
            near = self._registry.near_field(entity_type.name, str(name))
            every = ", ".join(entity_type.by_name)
            raise InvalidArgument(
                f"{entity_type.name} has no field {name!r:.60}.", hint=near or f"Fields: {every}."
            )
        if isinstance(target, Link):
            if target.scope or target.beside:
                raise InvalidArgument(
                    f"{name} alone does not tell which of {target.parent.name} is meant.",
                    hint=f"Give {target.column.name}.",
                )
        elif target.name == entity_type.primary_key:
            raise InvalidArgument(
                f"{target.name} is the primary key of {entity_type.name}, which never changes.",
                hint="Others may refer to it. Store a new entity, and remove this one.",
            )
        return target

    def rows(self, found: Sequence[tuple[Any, ...]]) -> list[tuple[int, tuple[Any, ...]]]:
        """Of each row that was found its rowid and the new values; raises InvalidRows."""
        constants = {
            column: self._stored(column, value, found[0][0], len(found))
            for column, value in self.values.items()
        }
        wrong = [value for value in constants.values() if isinstance(value, Problem)]
        if wrong:
            raise invalid_rows(wrong, complete=True, nothing="changed")
        places = {column: place for place, column in enumerate(self.expressions, 1)}
        if not places:
            same = tuple(constants[column] for column in self.columns)
            return [(row, same) for (row,) in found]
        problems: list[Problem] = []
        rows = []
        for row in found:
            values = tuple(
                self._stored(column, row[places[column]], row[0], 1)
                if column in places
                else constants[column]
                for column in self.columns
            )
            wrong = [value for value in values if isinstance(value, Problem)]
            problems += wrong
            rows.append((row[0], values))
        _check_no_problem(iter(problems))
        return rows

    def _stored(self, column: str, value: Any, rowid: int, count: int) -> Any:
        """The value as it is stored, or the Problem with it."""
        name, target = self._fields[column]
        asked = target.key if isinstance(target, Link) else target
        own = self._entity_type.by_name[column]
        try:
            stored = asked.coerce(value)
        except ValueError as error:
            if not (self._rounding and isinstance(error, Inexact)):
                return self._told(
                    wrong_value(self._entity_type, 0, name, asked, value, error), rowid, count
                )
            stored = asked.coerce(value, rounding=True)
        if isinstance(stored, str) and not stored.strip() and self._entity_type.needs(column):
            stored = None  # blanks are no value
        if stored is None and own.default is not None:
            # NULL means the default, as in a persist.
            return self._connection.execute(f"SELECT {own.default}").fetchone()[0]
        if stored is None and own.required:
            problem = Problem(self._entity_type.name, 0, name, value, "is required")
            return self._told(problem, rowid, count)
        if isinstance(target, Link) and stored is not None:
            parent = target.parent
            found = self._connection.execute(
                f"SELECT {quoted(parent.primary_key)} FROM {quoted(parent.name)}"
                f" WHERE {quoted(target.key.name)} = ?",
                (stored,),
            ).fetchone()
            if found is None:
                expected = f"there is no such {target.key.name} in {parent.name}"
                problem = Problem(self._entity_type.name, 0, name, value, expected)
                return self._told(problem, rowid, count)
            return found[0]
        return stored

    def _told(self, problem: Problem, rowid: int, count: int) -> Problem:
        key = quoted(self._entity_type.primary_key)
        found = self._connection.execute(
            f"SELECT {key} FROM {quoted(self._entity_type.name)} WHERE rowid = ?", (rowid,)
        ).fetchone()
        return replace(problem, entity_id=str(found[0]) if found else "?", count=count)

    def refused(self, rows: Sequence[tuple[int, tuple[Any, ...]]]) -> Iterator[Problem]:
        """Write the rows; the problems of those that SQLite refuses."""
        entity_type = self._entity_type
        names = [*entity_type.by_name]
        for _, values, error in refusals(self._connection, entity_type, self.columns, rows):
            by_name = dict(zip(names, values, strict=True))
            for problem in refused(
                self._connection,
                self._registry,
                entity_type,
                0,
                by_name,
                error,
                last_rowid=2**63 - 1,
            ):
                hint = None if problem.is_taken else problem.hint
                expected = "would be there twice" if problem.is_taken else problem.expected
                yield replace(
                    problem, entity_id=str(by_name[entity_type.primary_key]), hint=hint,
                    expected=expected,
                )  # fmt: skip

    def check_references(self, rows: Sequence[tuple[int, tuple[Any, ...]]]) -> None:
        """Raises InvalidRows where a new value names a parent that is not there, or a circle."""
        entity_type = self._entity_type
        key = quoted(entity_type.primary_key)
        for column, to in entity_type.references():
            if column.name not in self.columns:
                continue
            place = self.columns.index(column.name)
            name, parent = quoted(column.name), quoted(to.entity_type)
            problems = []
            missing: dict[Any, bool] = {None: False}
            for rowid, values in rows:
                value = values[place]
                if value not in missing:
                    sql = f"SELECT 1 FROM {parent} WHERE {quoted(to.column)} = ?"
                    missing[value] = self._connection.execute(sql, (value,)).fetchone() is None
                if missing[value]:
                    expected = f"there is no such {to.column} in {to.entity_type}"
                    problem = Problem(entity_type.name, 0, column.name, value, expected)
                    problems.append(self._told(problem, rowid, 1))
            _check_no_problem(iter(problems))
            if to.entity_type == entity_type.name and column.acyclic:
                found = self._connection.execute(
                    circles(entity_type, column), {"after": 0, "limit": MAX_PROBLEMS}
                )
                expected = f"following {column.name} from here comes back to this row"
                circle = [
                    self._told(Problem(entity_type.name, 0, column.name, value, expected), row, 1)
                    for row, value in found
                ]
                _check_no_problem(iter(circle))
            del name, key


def _check_no_problem(problems: Iterator[Problem]) -> None:
    """Raises InvalidRows with the first problem of each kind, and how many there are."""
    kinds: dict[tuple[str | None, str, str], Problem] = {}
    for problem in problems:
        kind = (problem.field, repr(problem.value), problem.expected)
        known = kinds.get(kind)
        if known is not None:
            kinds[kind] = replace(known, count=known.count + 1)
        elif len(kinds) < MAX_PROBLEMS:
            kinds[kind] = problem
        else:
            raise invalid_rows([*kinds.values()], complete=False, nothing="changed")
    if kinds:
        raise invalid_rows([*kinds.values()], complete=True, nothing="changed")
