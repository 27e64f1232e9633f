"""Merge into a scenario that is there: one operation of its history, which undo takes back."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import file_errors, transaction
from ..errors import MergeConflict, ScenarioBusy
from ..schema.registry import Registry
from ..storage.catalog import read_entity_types
from ..storage.files import Files
from ..storage.format import read_last_number, upgrade, write_log
from ..storage.housekeeping import OF_PRODUCTS, copy_rows
from ..storage.own_questions import take_own_questions
from ..storage.recording import Recorder
from ..storage.scenario import opened
from .applying import Applied, apply_changes
from .builder import SOURCE, attached, check_keys, check_tables
from .deltas import Attached
from .lineage import Lineage
from .merge_base import BASE, BaseFile, find_base, goes_back, told_rebuilt
from .merge_report import MergeResult
from .merge_source import MergeSource, check_columns, other_version, read_source
from .strategies import Strategies, Strategy
from .three_way import ThreeWay
from .update import DryRun

_NAMED = 10  # questions in the reply
_NO_BASE = Attached("nothing", BASE, {}, Lineage(""))


@dataclass(frozen=True, slots=True)
class IntoCall:
    """What `Store.merge_scenarios` is asked for where it is given ``into``."""

    into: Path
    source: Path
    base: Path | None
    strategies: Strategies
    dry_run: bool
    progress: Progress


def merge_into(files: Files, asked: IntoCall) -> MergeResult:
    """Merge a scenario into one that is there; see `Store.merge_scenarios`."""
    files.check_writable(asked.into)
    target = read_source(asked.into)
    source = read_source(asked.source)
    with tempfile.TemporaryDirectory(prefix="healthsim-store-") as scratch:
        base = _base(asked, target, source, Path(scratch))
        try:
            return _Into(asked, target, source, base).run()
        except DryRun as done:
            return done.result  # type: ignore[no-any-return]


def _base(
    asked: IntoCall, target: MergeSource, source: MergeSource, scratch: Path
) -> BaseFile | None:
    """The base that was given; else the target itself, where the source was copied of it."""
    if asked.base is not None and asked.base != asked.into:
        return find_base(read_source(asked.base), [target, source], scratch)
    if asked.base is not None or goes_back(source, target):
        return find_base(target, [source], scratch)
    return None


class _Into:
    def __init__(
        self,
        asked: IntoCall,
        target: MergeSource,
        source: MergeSource,
        base: BaseFile | None,
    ) -> None:
        self._asked = asked
        self._target = target
        self._source = source
        self._base = base
        # A target that did not change since is the base as it stands.
        self._is_base = bool(base and not base.rebuilt and base.source.path == target.path)

    def run(self) -> MergeResult:
        with opened(self._asked.into) as connection, contextlib.ExitStack() as stack:
            stack.enter_context(attached(connection, self._source.path, SOURCE))
            stack.enter_context(self._attached_base(connection))
            try:
                with transaction(connection):
                    self._check_unchanged(connection)
                    return self._run(connection)
            except sqlite3.IntegrityError as error:
                raise MergeConflict(
                    f"Nothing was merged: both sides have changed, and {error}.",
                    hint="Correct it in one of them.",
                ) from error

    @contextlib.contextmanager
    def _attached_base(self, connection: sqlite3.Connection) -> Iterator[None]:
        if self._base is None or self._is_base:
            yield
        else:
            with attached(connection, self._base.source.path, BASE):
                yield

    def _check_unchanged(self, connection: sqlite3.Connection) -> None:
        """Raises ScenarioBusy where the target is no longer as it was when its base was found."""
        if self._base is None or self._base.name != self._target.name:
            return
        (last,) = connection.execute("SELECT max(log_id) FROM _log").fetchone()
        if last != self._base.last_entry:
            raise ScenarioBusy(
                f"{self._target.name} was changed just now.", hint="Nothing was merged. Try again."
            )

    def _run(self, connection: sqlite3.Connection) -> MergeResult:
        upgrade(connection)
        recorder = Recorder(connection)
        connection.execute("PRAGMA defer_foreign_keys = ON")
        source = self._source
        with file_errors(source.path):
            check_tables(connection, source.path, [*source.entity_types])
            check_keys(connection, source.entity_types.values(), SOURCE)
        if self._base and not self._is_base:
            with file_errors(self._base.source.path):
                types = self._base.source.entity_types
                check_tables(connection, self._base.source.path, [*types], BASE)
                check_keys(connection, types.values(), BASE)
        self._declare(connection)
        registry = Registry(read_entity_types(connection))
        strategies = self._asked.strategies.for_types(registry)
        before = _counts(connection, registry)
        applied = self._apply(connection, registry, strategies, recorder)
        base = BASE if self._base and not self._is_base else None
        questions = take_own_questions(connection, SOURCE, base)
        self._asked.progress(sum(applied.counts(source.entity_types)))
        return self._told(connection, registry, strategies, recorder, before, applied, questions)

    def _declare(self, connection: sqlite3.Connection) -> None:
        """Take from the source the products that the target has not."""
        source = self._source
        for product in source.products:
            if product in self._target.products:
                continue
            there = {
                name for (name,) in connection.execute("SELECT entity_type FROM _entity_types")
            }
            names = [e.name for e in source.entity_types.values() if e.product == product]
            taken = there.intersection(names)
            if taken:
                raise other_version(source.name, min(taken), "another product declares it")
            for table in OF_PRODUCTS:
                copy_rows(connection, table, SOURCE, product=product)
            for kind in ("table", "index"):
                for (sql,) in connection.execute(
                    f"SELECT sql FROM {SOURCE}.sqlite_master WHERE type = ? AND sql IS NOT NULL"
                    f" AND tbl_name IN ({', '.join('?' * len(names))}) ORDER BY rowid",
                    (kind, *names),
                ).fetchall():
                    connection.execute(sql)

    def _apply(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        strategies: Mapping[str, Strategy],
        recorder: Recorder,
    ) -> Applied:
        source = self._source
        declared = {entity_type.name: entity_type for entity_type in registry}
        for other in (source, *([self._base.source] if self._base else [])):
            check_columns(declared, other)
        for name in source.entity_types:
            if name not in declared:
                raise other_version(source.name, name, f"{self._target.name} has none")
        main = Attached(self._target.name, "main", declared, self._target.lineage)
        base = _NO_BASE
        if self._base:
            types, lineage = self._base.source.entity_types, self._base.source.lineage
            schema = "main" if self._is_base else BASE
            base = Attached(self._base.name, schema, types, lineage)
        merge = ThreeWay(
            connection,
            [*registry],
            main=main,
            source=Attached(source.name, SOURCE, source.entity_types, source.lineage),
            base=base,
            strategies=strategies,
            scenario_id=self._target.scenario_id,
            last_number=read_last_number(connection),
        )
        applied = apply_changes(connection, merge, strategies, recorder)
        connection.execute("UPDATE _scenario SET last_number = ?", (merge.last_number,))
        return applied

    def _told(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        strategies: Mapping[str, Strategy],
        recorder: Recorder,
        before: Mapping[str, int],
        applied: Applied,
        questions: Mapping[str, str],
    ) -> MergeResult:
        target, source, done = self._target.name, self._source.name, applied.done
        taken = {
            target: {n: count - done.get(n, {}).get("removed", 0) for n, count in before.items()},
            source: {n: counts.get("inserted", 0) for n, counts in done.items()},
        }
        changes: dict[str, dict[str, dict[str, int]]] = {}
        conflicts: dict[str, dict[str, int]] = {}
        same: dict[str, int] = {}
        applied.tell(changes, conflicts, same)
        rebuilt = [told_rebuilt(self._base)] if self._base and self._base.rebuilt else []
        result = MergeResult(
            scenario=target,
            scenario_id=self._target.scenario_id,
            taken=taken,
            conflicts=conflicts,
            tags=(),
            labels={entity_type.name: entity_type.label for entity_type in registry},
            same={name: count for name, count in same.items() if count},
            base=self._base.name if self._base else None,
            into=target,
            changes=changes if self._base else {},
            disputes=tuple(applied.disputes),
            done=done,
            notes=(*rebuilt, *applied.notes, *_told_questions(questions)),
        )
        if not done and not questions:
            if self._asked.dry_run:
                raise DryRun(replace(result, scenario=None))
            return result
        number = write_log(
            connection, "merge", entities=done,
            details={
                "from": [source],
                **({"base": self._base.name} if self._base else {}),
                "on_conflict": sorted({strategy.name for strategy in strategies.values()}),
                **({"questions": questions} if questions else {}),
            },
        )  # fmt: skip
        result = replace(result, number=number, undoable=recorder.save())
        if self._asked.dry_run:
            raise DryRun(replace(result, scenario=None, number=None))
        return result


def _told_questions(taken: Mapping[str, str]) -> Iterator[str]:
    if taken:
        names = [old if new == old else f"{old} as {new}" for old, new in taken.items()]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"Saved questions taken: {', '.join(names[:_NAMED])}{more}."


def _counts(connection: sqlite3.Connection, registry: Registry) -> dict[str, int]:
    return {
        e.name: int(connection.execute(f"SELECT count(*) FROM {quoted(e.name)}").fetchone()[0])
        for e in registry
    }
