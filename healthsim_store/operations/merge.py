"""Merge: several scenarios into a new one, where nothing dangles and every conflict is told.

The sources are read one after the other, and what stands is what came first. An entity of a later
source is there already when one that goes back to the same original is, or its id is taken, or a
natural key of it. The strategy of its type, one of
`strategies.STRATEGIES`, then says what is done.

What refers to an entity that was skipped or overwritten refers to the one that stands for it.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import file_errors
from ..base.wording import option
from ..errors import CopyFailed, MergeConflict
from ..schema.registry import Registry
from ..schema.versions import compare_versions
from ..storage.housekeeping import OF_PRODUCTS, copy_rows
from ..storage.own_questions import take_own_questions
from ..storage.records import read_record
from .applying import TOLD, apply_changes
from .builder import SOURCE, Building, attached, check_keys, check_tables
from .clone import write_origin
from .conflicts import Conflicts, Ids, Part
from .deltas import Attached
from .lineage import related
from .merge_base import BASE, BaseFile, find_base, told_rebuilt
from .merge_report import Dispute, MergeResult
from .merge_source import MergeSource, check_columns, other_version, read_source
from .strategies import Strategies
from .three_way import ThreeWay


def try_merge(write: Callable[[Path], MergeResult]) -> MergeResult:
    """What a merge would be: ``write`` makes it in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="healthsim-store-") as scratch:
        return replace(write(Path(scratch) / "trial.db"), scenario=None)


def merge_files(
    sources: Sequence[Path],
    target: Path,
    strategies: Strategies,
    *,
    progress: Progress,
    base: Path | None = None,
) -> MergeResult:
    """Merge scenario files into a new one, which the caller throws away on an error.

    With a ``base``, what the sources changed since they were copied of it is merged.

    Raises MergeConflict, CopyFailed, UnknownEntityType, and what reading the sources raises.
    """
    read = [read_source(path) for path in sources]
    with (
        tempfile.TemporaryDirectory(prefix="healthsim-store-") as scratch,
        contextlib.closing(Building(target, progress)) as building,
    ):
        known = find_base(read_source(base), read, Path(scratch)) if base else None
        description = f"Merged from {', '.join(path.stem for path in sources)}"
        scenario_id = building.create(description=description)
        merge = _Merge(building, read, strategies, scenario_id, known)
        merge.run()
        merge.describe()
    return MergeResult(
        scenario=target.stem,
        scenario_id=scenario_id,
        taken=merge.taken,
        conflicts=merge.resolved,
        same=merge.same,
        tags=tuple(dict.fromkeys(tag for source in read for tag in source.tags)),
        left_out=tuple(merge.left_out),
        labels={entity_type.name: entity_type.label for entity_type in merge.registry},
        base=known.name if known else None,
        changes=merge.changes,
        disputes=tuple(merge.disputes[:TOLD]),
        notes=tuple(merge.notes),
    )


class _Merge:
    def __init__(
        self,
        building: Building,
        sources: Sequence[MergeSource],
        strategies: Strategies,
        scenario_id: str,
        base: BaseFile | None,
    ) -> None:
        self._building = building
        self._connection = building.connection
        self._sources = sources
        self._renamed_questions: dict[str, Mapping[str, str]] = {}
        self._carriers = _carriers(sources)
        self.registry = Registry(
            entity_type
            for product, source in self._carriers.items()
            for entity_type in source.entity_types.values()
            if entity_type.product == product
        )
        self._strategies = strategies.for_types(self.registry)
        self._order = self.registry.linked_order()
        self._statements: list[str] = []  # indexes and views, for the end
        self._ids = Ids(self._connection, scenario_id)
        self.taken: dict[str, dict[str, int]] = {}
        self.resolved: dict[str, dict[str, int]] = {}
        self.same: dict[str, int] = {}
        self.left_out: list[str] = []
        self._base = base
        self._scenario_id = scenario_id
        self.changes: dict[str, dict[str, dict[str, int]]] = {}
        self.disputes: list[Dispute] = []
        self.notes = [told_rebuilt(base)] if base and base.rebuilt else []

    def run(self) -> None:
        for product, source in self._carriers.items():
            with self._building.reading(source.path):
                self._declare(product, source)
        for number, source in enumerate(self._sources, 1):
            if self._base and number > 1:
                self._merge_changes(self._base, source)
            else:
                self._merge_all(number, source)
        with self._building.writing():
            self._make_all()
        self._prove()

    def _merge_all(self, number: int, source: MergeSource) -> None:
        """Take all of a source that is not there already."""
        before, later = self._sources[: number - 1], self._sources[number:]
        relatives = tuple(
            (place, other.lineage)
            for place, other in enumerate(before, 1)
            if related(source.lineage, other.lineage)
        )
        with self._building.reading(source.path):
            self._building.check_tables(source.path, [*source.entity_types])
            self._building.check_keys(source.entity_types.values())
            self._check_declared(source)
            self._tell_left_out(source)
            self._take_questions(source)
            taken = self.taken[source.name] = {}
            for entity_type in self._order:
                if entity_type.name in source.entity_types:
                    part = Part(entity_type, source.name, number, source.lineage, relatives)
                    taken[part.name] = self._merge(part, source)
                    self._check_followed(part, [*taken])
            if any(related(other.lineage, source.lineage) for other in later):
                self._ids.keep(number)
            else:
                self._ids.clear()

    def _merge_changes(self, base: BaseFile, source: MergeSource) -> None:
        """Take what a source changed since the base."""
        first = self._sources[0]
        declared = {entity_type.name: entity_type for entity_type in self.registry}
        for other in (first, source, base.source):
            check_columns(declared, other)
        with (
            attached(self._connection, base.source.path, BASE),
            self._building.reading(source.path),
        ):
            types, then = base.source.entity_types, base.source.path
            with file_errors(then):
                check_tables(self._connection, then, [*types], BASE)
                check_keys(self._connection, types.values(), BASE)
            self._make_all()  # what refers to a row is found by the indexes
            self._building.check_tables(source.path, [*source.entity_types])
            self._building.check_keys(source.entity_types.values())
            self._check_declared(source)
            self._tell_left_out(source)
            self._take_questions(source)
            merge = ThreeWay(
                self._connection,
                [*self.registry],
                main=Attached(first.name, "main", declared, first.lineage),
                source=Attached(source.name, SOURCE, source.entity_types, source.lineage),
                base=Attached(base.name, BASE, base.source.entity_types, base.source.lineage),
                strategies=self._strategies,
                scenario_id=self._scenario_id,
                last_number=self._ids.last_number,
            )
            applied = apply_changes(self._connection, merge, self._strategies, None)
            self._ids.last_number = merge.last_number
        self.taken[source.name] = {}
        for name, done in applied.done.items():
            self.taken[source.name][name] = done.get("inserted", 0)
            gone = done.get("removed", 0)
            for taken in reversed([*self.taken.values()]):
                going = min(gone, taken.get(name, 0))
                taken[name] = taken.get(name, 0) - going
                gone -= going
        applied.tell(self.changes, self.resolved, self.same)
        self.disputes += applied.disputes
        self.notes += [note for note in applied.notes if note not in self.notes]

    def _take_questions(self, source: MergeSource) -> None:
        taken = take_own_questions(self._connection, SOURCE)
        renamed = {old: new for old, new in taken.items() if new != old}
        if renamed:
            self._renamed_questions[source.name] = renamed

    def _make_all(self) -> None:
        for statement in self._statements:
            self._make(statement)
        self._statements.clear()

    def _make(self, statement: str) -> None:
        """Make an index or a view. A unique index may be of columns that are no natural key."""
        try:
            self._connection.execute(statement)
        except sqlite3.IntegrityError as error:
            raise CopyFailed(
                f"Nothing was kept: rows that were merged do not fit an index of theirs ({error}).",
                hint="Leave out one of the sources that have the same value there, or change it in"
                " one. If the column is a key, its product declares it UNIQUE in the table.",
            ) from error

    # -- what the file is ----------------------------------------------------------------------

    def _declare(self, product: str, source: MergeSource) -> None:
        """Take a product's tables and description from the source that has its newest version."""
        for table in OF_PRODUCTS:
            copy_rows(self._connection, table, SOURCE, product=product)
        names = [e.name for e in source.entity_types.values() if e.product == product]
        self._building.check_tables(source.path, names)
        for name in names:
            self._connection.execute(self._building.table_sql(name))
        for kind, table, sql in self._connection.execute(
            f"SELECT type, tbl_name, sql FROM {SOURCE}.sqlite_master"
            " WHERE type IN ('index', 'view') AND sql IS NOT NULL ORDER BY rowid"
        ).fetchall():
            if table in names if kind == "index" else self._declares_view(product, table):
                self._statements.append(sql)

    def _declares_view(self, product: str, view: str) -> bool:
        names = ("schema_sql",)
        record = read_record(
            self._connection, "_products", "product", product, names=names, schema=SOURCE
        )
        sql = record["schema_sql"]
        return bool(re.search(rf'\bVIEW\s+"?{re.escape(view)}\b', sql, re.IGNORECASE))

    def _check_declared(self, source: MergeSource) -> None:
        """Raises CopyFailed where a source has rows of what the newest version has no more."""
        for name in source.entity_types:
            sql = f"SELECT 1 FROM {SOURCE}.{quoted(name)} LIMIT 1"
            if name not in self.registry and self._connection.execute(sql).fetchone():
                raise other_version(source.name, name, f"{name} would be lost")

    def _tell_left_out(self, source: MergeSource) -> None:
        """What somebody else made in a source is theirs alone."""
        tables = self._building.tables().items()
        others = self._connection.execute(
            f"SELECT name, type FROM {SOURCE}.sqlite_master WHERE type IN ('view', 'trigger')"
        ).fetchall()
        for name, kind in [*tables, *others]:
            if kind == "shadow" or (kind != "trigger" and name.startswith("_")):
                continue
            declared = name in source.entity_types or (
                kind == "view" and any(self._declares_view(p, name) for p in source.products)
            )
            if not declared:
                self.left_out.append(f"{source.name}: {kind} {name}")

    # -- rows ----------------------------------------------------------------------------------

    def _merge(self, part: Part, source: MergeSource) -> int:
        """Take a source's rows of one entity type; how many."""
        try:
            conflicts = Conflicts(self._connection, self._ids, part, self._strategies[part.name])
            values = self._values(part, source)
            renames = conflicts.count > 0 and conflicts.strategy.keeps_both
            if renames:
                key = part.entity_type.primary_key
                values[key] = self._ids.followed(part.name, values[key])
                values |= conflicts.renamed(values)
            taken = self._building.copy(
                part.name,
                values,
                where=conflicts.where(),
                changed=self._changed(part),
                checked=renames or self._differs(part),
            )
            if conflicts.count:
                conflicts.settle(values)
            conflicts.forget()
        except sqlite3.IntegrityError as error:
            raise MergeConflict(
                f"{part.name} of {part.source} cannot be merged: {error}.",
                hint=f"Choose another {option('on_conflict')} for {part.name}, or correct its"
                " source.",
            ) from error
        if taken + conflicts.left != self._count(part):
            raise CopyFailed(f"Nothing was kept: {part.name} of {part.source} were lost.")
        return taken

    def _check_followed(self, part: Part, before: Sequence[str]) -> None:
        """That nothing stored before refers to ids that only now became others."""
        for name in before if self._ids.changed(part.name) else ():
            for column, to in self.registry.entity_type(name).references(soft=True):
                if to.entity_type == part.name != name and self._ids.met(part.name, name, column):
                    raise CopyFailed(
                        f"{name}.{column.name} refers to {part.name}, which refer to {name}: which"
                        f" {part.name} are meant cannot be told after a conflict.",
                        hint=f"Merge with {option('on_conflict', {part.name: 'error'})}, or"
                        " without one of the products.",
                    )

    def _changed(self, part: Part) -> list[str]:
        """The references that may be stored as another id."""
        return [
            column.name
            for column, to in part.entity_type.references(soft=True)
            if self._ids.changed(to.entity_type)
        ]

    def _count(self, part: Part) -> int:
        sql = f"SELECT count(*) FROM {SOURCE}.{part.table}"
        return int(self._connection.execute(sql).fetchone()[0])

    def _differs(self, part: Part) -> bool:
        """Whether the source's table has other rules, as an older version's may."""
        (sql,) = self._connection.execute(
            "SELECT sql FROM main.sqlite_master WHERE name = ?", (part.name,)
        ).fetchone()
        return bool(sql != self._building.table_sql(part.name))

    def _values(self, part: Part, source: MergeSource) -> dict[str, str]:
        """The SQL of each column, with the ids that are others here followed."""
        there = source.entity_types[part.name].by_name
        here = part.entity_type.by_name
        lost = [
            name
            for name in there.keys() - here.keys()
            if self._connection.execute(
                f"SELECT 1 FROM {SOURCE}.{part.table} WHERE {quoted(name)} IS NOT NULL LIMIT 1"
            ).fetchone()
        ]
        lacking = [
            column.name
            for column in here.values()
            if column.name not in there and column.required and column.default is None
        ]
        if lost or (lacking and self._count(part)):
            names = ", ".join(sorted(lost) or lacking)
            what = f"{names} would be {'lost' if lost else 'missing'}"
            raise other_version(source.name, part.name, what)
        values = {name: f"s.{quoted(name)}" for name in here if name in there}
        for column, to in part.entity_type.references(soft=True):
            if column.name in values:
                values[column.name] = self._ids.followed(to.entity_type, values[column.name])
        return values

    # -- the end -------------------------------------------------------------------------------

    def _prove(self) -> None:
        for entity_type in self.registry:
            (count,) = self._connection.execute(
                f"SELECT count(*) FROM main.{quoted(entity_type.name)}"
            ).fetchone()
            if count != sum(taken.get(entity_type.name, 0) for taken in self.taken.values()):
                raise CopyFailed(f"Nothing was kept: {entity_type.name} were lost or doubled.")
        self._building.prove_references(self.registry)
        if not self._base:
            self._count_conflicts()

    def _count_conflicts(self) -> None:
        """Those that had other values, and those that were the same."""
        for name, done, differ, same in self._connection.execute(
            "SELECT entity_type, resolution, count(nullif(lost IS NULL AND resolution <> 'rename',"
            " 1)), count(nullif(lost IS NOT NULL OR resolution = 'rename', 1))"
            " FROM main._conflicts GROUP BY 1, 2 ORDER BY min(conflict_id)"
        ):
            if differ:
                self.resolved.setdefault(name, {})[done] = differ
            if same:
                self.same[name] = self.same.get(name, 0) + same

    def describe(self) -> None:
        """Tags, parents, and the first entry of the log."""
        names = [source.name for source in self._sources]
        with self._building.writing():
            self._connection.execute(
                "UPDATE _scenario SET last_number = ?", (self._ids.last_number,)
            )
            self._connection.executemany(
                "INSERT INTO _tags SELECT ?, created_at FROM _scenario WHERE true"
                " ON CONFLICT DO NOTHING",
                [(tag,) for source in self._sources for tag in source.tags],
            )
            entities = {
                entity_type.name: {
                    name: taken[entity_type.name]
                    for name, taken in self.taken.items()
                    if taken.get(entity_type.name)
                }
                for entity_type in self.registry
            }
            strategies = sorted({strategy.name for strategy in self._strategies.values()})
            details: dict[str, Any] = {"from": names, "on_conflict": strategies}
            if self._base:
                details["base"] = self._base.name
            if self._renamed_questions:
                details["renamed_questions"] = self._renamed_questions
            write_origin(
                self._connection,
                "merge",
                {source.scenario_id: source.name for source in self._sources},
                {name: counts for name, counts in entities.items() if counts},
                details,
            )


def _carriers(sources: Sequence[MergeSource]) -> dict[str, MergeSource]:
    """For each product the first source with its newest version, in order of appearance.

    Of two with one version, that of the newer format goes first: it says more.
    """
    carriers: dict[str, MergeSource] = {}
    owners: dict[str, str] = {}
    for source in sources:
        for product in source.products.values():
            known = carriers.setdefault(product.name, source)
            newer = compare_versions(product.version, known.products[product.name].version)
            if newer > 0 or (newer == 0 and source.format > known.format):
                carriers[product.name] = source
        for entity_type in source.entity_types.values():
            owner = owners.setdefault(entity_type.name, entity_type.product)
            if owner != entity_type.product:
                raise CopyFailed(
                    f"{entity_type.name} is an entity type of {owner}, and in {source.name} of"
                    f" {entity_type.product}: they cannot be merged."
                )
    return carriers
