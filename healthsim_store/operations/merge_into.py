"""Merge into a scenario that is there: one operation of its history, which undo takes back."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import transaction
from ..base.wording import option
from ..errors import InvalidArgument, MergeConflict, ScenarioBusy
from ..schema.registry import Registry
from ..storage.catalog import read_entity_types
from ..storage.files import Files
from ..storage.format import read_last_number, upgrade, write_log
from ..storage.housekeeping import OF_PRODUCTS, copy_rows
from ..storage.recording import Recorder
from ..storage.scenario import opened
from .applying import TOLD, Applied, apply_changes
from .builder import attached, check_tables
from .deltas import Attached
from .lineage import Lineage
from .merge_base import BASE, BaseFile, find_base, goes_back, told_rebuilt
from .merge_report import MergeResult
from .merge_source import MergeSource, check_columns, other_version, read_source
from .strategies import Strategies, Strategy
from .three_way import ThreeWay
from .update import DryRun

_NO_BASE = Attached("nothing", BASE, {}, Lineage(""))


@dataclass(frozen=True, slots=True)
class IntoCall:
    """What `Store.merge_scenarios` is asked for where it is given ``into``."""

    into: Path
    sources: Sequence[Path]
    base: Path | None
    strategies: Strategies
    dry_run: bool
    progress: Progress


def merge_into(files: Files, asked: IntoCall) -> MergeResult:
    """Merge scenarios into one that is there; see `Store.merge_scenarios`."""
    files.check_writable(asked.into)
    target = read_source(asked.into)
    sources = [read_source(path) for path in asked.sources]
    with tempfile.TemporaryDirectory(prefix="healthsim-store-") as scratch:
        base = _base(asked, target, sources, Path(scratch))
        try:
            return _Into(asked, target, sources, base).run()
        except DryRun as done:
            return done.result  # type: ignore[no-any-return]


def _base(
    asked: IntoCall, target: MergeSource, sources: Sequence[MergeSource], scratch: Path
) -> BaseFile | None:
    """The base that was given; else the target itself, where the sources were copied of it."""
    if asked.base is not None:
        given = target if asked.base == asked.into else read_source(asked.base)
        return find_base(given, [target, *sources], scratch)
    back = [source for source in sources if goes_back(source, target)]
    if back and len(back) < len(sources):
        others = [source.name for source in sources if source not in back]
        raise InvalidArgument(
            f"{back[0].name} was copied of {target.name}, and {others[0]} was not.",
            hint=f"Merge one after the other, or give {option('base')}.",
        )
    return find_base(target, sources, scratch) if back else None


class _Into:
    def __init__(
        self,
        asked: IntoCall,
        target: MergeSource,
        sources: Sequence[MergeSource],
        base: BaseFile | None,
    ) -> None:
        self._asked = asked
        self._target = target
        self._sources = sources
        self._base = base
        # As it stands the target is the base, until it gets another source's changes.
        self._is_base = bool(
            base and not base.rebuilt and base.source.path == target.path and len(sources) == 1
        )
        self._applied: list[Applied] = []

    def run(self) -> MergeResult:
        with opened(self._asked.into) as connection, contextlib.ExitStack() as stack:
            for number, source in enumerate(self._sources):
                stack.enter_context(attached(connection, source.path, _schema(number)))
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
        for number, source in enumerate(self._sources):
            check_tables(connection, source.path, [*source.entity_types], _schema(number))
            self._declare(connection, source, _schema(number))
        registry = Registry(read_entity_types(connection))
        strategies = self._asked.strategies.for_types(registry)
        before = _counts(connection, registry)
        for number, source in enumerate(self._sources):
            self._apply(connection, registry, strategies, recorder, number)
            self._asked.progress(sum(self._applied[-1].counts(source.entity_types)))
        return self._told(connection, registry, strategies, recorder, before)

    def _declare(self, connection: sqlite3.Connection, source: MergeSource, schema: str) -> None:
        """Take from a source the products that the target has not."""
        for product in source.products:
            if product in self._target.products:
                continue
            there = {
                name for (name,) in connection.execute("SELECT entity_type FROM _entity_types")
            }
            names = [e.name for e in source.entity_types.values() if e.product == product]
            taken = there.intersection(names)
            if taken:
                if product in self._known(connection):
                    continue
                raise other_version(source.name, min(taken), "another product declares it")
            for table in OF_PRODUCTS:
                copy_rows(connection, table, schema, product=product)
            for kind in ("table", "index"):
                for (sql,) in connection.execute(
                    f"SELECT sql FROM {schema}.sqlite_master WHERE type = ? AND sql IS NOT NULL"
                    f" AND tbl_name IN ({', '.join('?' * len(names))}) ORDER BY rowid",
                    (kind, *names),
                ).fetchall():
                    connection.execute(sql)

    def _known(self, connection: sqlite3.Connection) -> set[str]:
        return {name for (name,) in connection.execute("SELECT product FROM _products")}

    def _apply(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        strategies: Mapping[str, Strategy],
        recorder: Recorder,
        number: int,
    ) -> None:
        source = self._sources[number]
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
            source=Attached(source.name, _schema(number), source.entity_types, source.lineage),
            base=base,
            strategies=strategies,
            scenario_id=self._target.scenario_id,
            last_number=read_last_number(connection),
        )
        self._applied.append(apply_changes(connection, merge, strategies, recorder))
        connection.execute("UPDATE _scenario SET last_number = ?", (merge.last_number,))

    def _told(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        strategies: Mapping[str, Strategy],
        recorder: Recorder,
        before: Mapping[str, int],
    ) -> MergeResult:
        target = self._target.name
        taken: dict[str, dict[str, int]] = {target: {}}
        done: dict[str, dict[str, int]] = {}
        for applied in self._applied:
            taken[applied.sides[1]] = {
                name: counts.get("inserted", 0) for name, counts in applied.done.items()
            }
            for name, counts in applied.done.items():
                total = done.setdefault(name, {})
                for what, count in counts.items():
                    total[what] = total.get(what, 0) + count
        for name, count in before.items():
            taken[target][name] = count - done.get(name, {}).get("removed", 0)
        changes: dict[str, dict[str, dict[str, int]]] = {}
        conflicts: dict[str, dict[str, int]] = {}
        same: dict[str, int] = {}
        for applied in self._applied:
            applied.tell(changes, conflicts, same)
        notes = [note for applied in self._applied for note in applied.notes]
        if self._base and self._base.rebuilt:
            notes.insert(0, told_rebuilt(self._base))
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
            disputes=tuple(d for applied in self._applied for d in applied.disputes)[:TOLD],
            done=done,
            notes=tuple(notes),
        )
        if not done:
            if self._asked.dry_run:
                raise DryRun(replace(result, scenario=None))
            return result
        number = write_log(
            connection, "merge", entities=done,
            details={
                "from": [source.name for source in self._sources],
                **({"base": self._base.name} if self._base else {}),
                "on_conflict": sorted({strategy.name for strategy in strategies.values()}),
            },
        )  # fmt: skip
        result = replace(result, number=number, undoable=recorder.save())
        if self._asked.dry_run:
            raise DryRun(replace(result, scenario=None, number=None))
        return result


def _schema(number: int) -> str:
    return f"source_{number}"


def _counts(connection: sqlite3.Connection, registry: Registry) -> dict[str, int]:
    return {
        e.name: int(connection.execute(f"SELECT count(*) FROM {quoted(e.name)}").fetchone()[0])
        for e in registry
    }
