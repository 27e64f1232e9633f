"""The base of a three-way merge: what all of its sources were copied of, as it was then."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.sql import quoted
from ..base.sqlite import file_errors, transaction
from ..base.wording import call, option
from ..errors import CannotUndo, CopyFailed, InvalidArgument
from ..storage.batches import read_object
from ..storage.history import next_redo, next_undo, read_operations, turn
from ..storage.records import read_records
from ..storage.sandbox import Sandbox
from ..storage.scenario import opened
from .lineage import related
from .matching import OTHER
from .merge_source import MergeSource, read_source

BASE = "base"  # the schema as which it is attached


@dataclass(frozen=True, slots=True)
class BaseFile:
    """The base as it was when the sources were copied of it.

    ``name`` is the scenario's. ``source`` is what the file at its path has, which is a copy where
    the scenario has changed since. ``last_entry`` is the last of its log as it is now.
    """

    name: str
    source: MergeSource
    rebuilt: bool
    last_entry: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of the base's log. ``changes``: it changed entities; ``about`` is that it turned."""

    number: int
    at: str
    operation: str
    changes: bool
    about: int | None


def _read_log(sandbox: Sandbox) -> list[_Entry]:
    entries = []
    for row in read_records(sandbox.connection, "_log", rest="ORDER BY log_id"):
        details = read_object(row["details"]) or {}
        about = details.get("number") if row["operation"] in ("undo", "redo") else None
        changes = bool(read_object(row["entities"])) or row["operation"] == "upgrade"
        entries.append(_Entry(row["log_id"], row["at"], row["operation"], changes, about))
    return entries


def goes_back(source: MergeSource, base: MergeSource) -> bool:
    """Whether a scenario is the base, or a clone of it, or of such a clone."""
    steps = related(source.lineage, base.lineage)
    return steps is not None and steps[1] == 0


def find_base(base: MergeSource, sources: Sequence[MergeSource], scratch: Path) -> BaseFile:
    """The base as it was when the first of the sources was copied of it.

    A base that changed since is rebuilt from its history, as a copy in the folder ``scratch``.
    Raises InvalidArgument where a source does not go back to it, and CopyFailed where the state of
    then cannot be had.
    """
    with contextlib.closing(Sandbox(base.path)) as sandbox, file_errors(base.path):
        log = _read_log(sandbox)
    copied = {
        source.name: number
        for source in sources
        if source.path != base.path
        for number in [_copied_at(base, log, source)]
        if number is not None
    }
    last = log[-1].number if log else 0
    number = min(copied.values(), default=last)
    if not any(entry.changes or entry.about for entry in log if entry.number > number):
        return BaseFile(base.name, base, rebuilt=False, last_entry=last)
    first = next(name for name, each in copied.items() if each == number)
    copy = scratch / base.path.name
    with contextlib.closing(Sandbox(base.path)) as sandbox:
        sandbox.copy_to(copy, history=True)
    try:
        _turn_back(copy, log, number)
    except CannotUndo as error:
        raise CopyFailed(
            f"{base.name} has changed since {first} was copied of it, and what it was then cannot"
            f" be had of its history: {error.message}",
            hint=f"Merge without {option('base')}: what stands is then chosen by"
            f" {option('on_conflict')}.",
        ) from error
    return BaseFile(base.name, read_source(copy), rebuilt=True, last_entry=last)


def _copied_at(base: MergeSource, log: Sequence[_Entry], source: MergeSource) -> int | None:
    """The last entry of the base's log that a source knows; None where that is the last one."""
    steps = related(source.lineage, base.lineage)
    if steps is None:
        if not _share_ids(base, source):
            raise InvalidArgument(
                f"{source.name} does not go back to {base.name}: it is no clone of it, and has no"
                " id in common with it.",
                hint=f"Merge without {option('base')}, or give the scenario that all were copied"
                " of.",
            )
    elif steps[1]:
        common = base.lineage.ancestors[steps[1] - 1].name
        how = f"both go back to {common}" if steps[0] else "that one was copied of it"
        raise InvalidArgument(
            f"{source.name} does not go back to {base.name}: {how}.",
            hint=f"Give {option('base', common)}.",
        )
    elif steps[0]:
        copied = source.lineage.ancestors[steps[0] - 1]
        if copied.last_log is not None:
            return copied.last_log
    else:
        return _last_in_common(log, source)
    # An import of an export, or a clone that an older version made: only the time is known.
    later = [entry for entry in log if entry.changes and entry.at > source.created_at]
    if later:
        raise CopyFailed(
            f"{base.name} was changed by {later[0].operation} at {later[0].at}, after"
            f" {source.name} was made, which does not say what it is a copy of.",
            hint=f"Merge without {option('base')}, or give a clone of {base.name} that did not"
            " change.",
        )
    return None


def _share_ids(base: MergeSource, source: MergeSource) -> bool:
    with contextlib.closing(Sandbox(base.path, attached={OTHER: source.path})) as sandbox:
        for name, entity_type in base.entity_types.items():
            if name in source.entity_types:
                table, key = quoted(name), quoted(entity_type.primary_key)
                sql = (
                    f"SELECT 1 FROM {OTHER}.{table} AS s CROSS JOIN main.{table} AS b"
                    f" ON b.{key} = s.{key} LIMIT 1"
                )
                with sandbox.run(sql, timeout=600) as cursor:
                    if cursor.fetchone():
                        return True
    return False


def _last_in_common(log: Sequence[_Entry], source: MergeSource) -> int:
    """Of a copy of the file itself: where the two logs part."""
    with contextlib.closing(Sandbox(source.path)) as sandbox, file_errors(source.path):
        other = _read_log(sandbox)
    common = 0
    for mine, yours in zip(log, other, strict=False):
        if mine != yours:
            break
        common = mine.number
    return common


def _turn_back(copy: Path, log: Sequence[_Entry], number: int) -> None:
    """Bring a copy of the base back to the state of an entry of its log. Raises CannotUndo."""
    with opened(copy) as connection, transaction(connection):
        turned = [entry.about for entry in log if entry.number > number and entry.about]
        done = {
            operation.number
            for operation in read_operations(connection)
            if operation.undone == bool(turned.count(operation.number) % 2)
            and operation.number <= number
        }
        while True:
            operations = read_operations(connection)
            if {each.number for each in operations if not each.undone} <= done:
                break
            operation = next_undo(connection, copy)
            if operation.number in done:
                raise CannotUndo(f"{operation.what} was done again since")
            turn(connection, operation, back=True)
        while done - {e.number for e in read_operations(connection) if not e.undone}:
            operation = next_redo(connection, copy)
            if operation.number not in done:
                raise CannotUndo(f"{operation.what} was undone before")
            turn(connection, operation, back=False)
        straddling = [
            operation
            for operation in read_operations(connection)
            if not operation.undone and max(operation.batches) > number
        ]
        if straddling:
            raise CannotUndo(f"it was copied while {straddling[0].what} was being stored.")


def told_rebuilt(base: BaseFile) -> str:
    """What a reply says of a base that is not as it is now."""
    return (
        f"{base.name} has changed since: its state of then was rebuilt from its history"
        f" ({call('list_history', base.name)})."
    )
