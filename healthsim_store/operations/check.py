"""Check: is a scenario file what it says it is? Everything is looked at, nothing is changed.

An error is something that should not be: damage, a broken reference, a row against a declared rule.
A note is good to know: a product that is not installed, ids that another file has too.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import MAX_BYTES, look
from ..errors import (
    CorruptScenario,
    DeclarationError,
    HealthsimStoreError,
    QueryError,
    QueryTooLarge,
    ScenarioFileError,
)
from ..query.questions import sort_out
from ..query.statistics import compute
from ..schema.ddl import circles, row_rules
from ..schema.model import Column, Declaration, EntityType, Reference, Rule
from ..storage import remains
from ..storage.catalog import (
    read_entity_types,
    read_products,
    read_questions,
    read_rules,
    read_statistics,
)
from ..storage.folder import Folder
from ..storage.format import read_identity
from ..storage.housekeeping import TABLES
from ..storage.long_values import LIMIT, find_long_values
from ..storage.product_versions import compared
from ..storage.records import read_records
from ..storage.rules import find_unbounded
from ..storage.rules import told as told_unbounded
from ..storage.sandbox import Sandbox
from ..storage.triggers import read_triggers
from .check_report import CheckResult, Finding
from .lineage import read_lineage
from .plugin_checks import OwnedChecks, errors_of
from .shared_ids import shared_ids

T = TypeVar("T")

SECONDS = 10.0  # for each question to a small file
_SECONDS_PER_MB = 0.1  # more, of a large one
_IN_ALL = 6  # times that for the whole file: it may bring any number of rules

_SHOWN = 3  # examples in a finding
_LONG_VALUES = 20  # that are told one by one


def check_file(
    path: Path,
    folder: Folder,
    installed: Mapping[str, Declaration],
    open_: type[Sandbox] = Sandbox,
    checks: OwnedChecks = (),
) -> CheckResult:
    """Look at one file and its place in the store.

    Args:
        path: the file.
        folder: the store's folder.
        installed: the declarations of the installed products.
        open_: opens it.
        checks: those that plugins bring, each with its plugin.
    """
    place = [
        *(Finding("error", "file", told) for told in remains.faults(folder, path)),
        *(Finding("note", "file", told) for told in remains.set_aside(folder, path)),
    ]
    return _check(path, installed, open_, place, checks)


def check_content(
    path: Path, installed: Mapping[str, Declaration], open_: type[Sandbox]
) -> tuple[Finding, ...]:
    """What is found in a file, wherever it is; the arguments are those of `check_file`."""
    return _check(path, installed, open_, (), ()).findings


def _check(
    path: Path,
    installed: Mapping[str, Declaration],
    open_: type[Sandbox],
    place: Sequence[Finding],
    checks: OwnedChecks,
) -> CheckResult:
    try:
        sandbox = open_(path)
    except HealthsimStoreError as error:
        return CheckResult(path.stem, (Finding("error", "file", error.message), *place), {})
    check = _Check(sandbox, installed, place)
    try:
        with sandbox.moment():
            check.run()
            check.ask_plugins(checks)
    except (HealthsimStoreError, sqlite3.Error, UnicodeDecodeError) as error:
        # What a damaged file does to a SELECT is a finding too.
        check.error("file", f"It could not be read to its end: {error}")
    finally:
        sandbox.close()
    return CheckResult(path.stem, tuple(check.findings), check.counts)


def check_files(
    paths: Sequence[Path],
    folder: Folder,
    installed: Mapping[str, Declaration],
    progress: Progress = lambda _: None,
    open_: type[Sandbox] = Sandbox,
    checks: OwnedChecks = (),
) -> list[CheckResult]:
    """Look at several files, and at which ids stand in two of them.

    Args:
        paths: the files.
        folder: the store's folder.
        installed: the declarations of the installed products.
        progress: is told 1 for each file that was just looked at.
        open_: opens a file.
        checks: those that plugins bring, each with its plugin.
    """
    shared = shared_ids(paths, open_) if len(paths) > 1 else {}
    results = []
    for path in paths:
        result = check_file(path, folder, installed, open_, checks)
        notes = (Finding("note", "same_id", told) for told in shared.get(result.scenario, ()))
        findings = (*result.findings, *notes)
        results.append(replace(result, findings=findings))
        progress(1)
    return results


def check_lone(folder: Folder) -> list[CheckResult]:
    """Of what lies in a store beside no file, under the name of the scenario that was there."""
    return [
        CheckResult(name, tuple(Finding("note", "file", message) for message in told), {})
        for name, told in remains.lone(folder).items()
    ]


class _Check:
    def __init__(
        self, sandbox: Sandbox, installed: Mapping[str, Declaration], place: Sequence[Finding]
    ) -> None:
        self._sandbox = sandbox
        self._installed = installed
        self.findings = [*place]
        self.counts: dict[str, int] = {}
        self._long: dict[str, list[int]] = {}  # by table: the rowids with a value that is too long
        self._not_asked: dict[str, None] = {}
        self._most = SECONDS + sandbox.path.stat().st_size / 1e6 * _SECONDS_PER_MB
        self._until = time.monotonic() + _IN_ALL * self._most

    @property
    def _seconds(self) -> float:
        """The time for the next question: what it may take, or what is left for all."""
        return max(0.1, min(self._most, self._until - time.monotonic()))

    def error(self, kind: str, message: str) -> None:
        self.findings.append(Finding("error", kind, message))

    def note(self, kind: str, message: str) -> None:
        self.findings.append(Finding("note", kind, message))

    def run(self) -> None:
        self._long_values()
        self._triggers()
        if self._unbounded():
            self._not_asked["what integrity_check looks at"] = None  # it runs all rules
        else:
            self._pragmas()
        self._housekeeping()
        entity_types = self._understood(read_entity_types)
        self._declared(entity_types)
        self._soft_references(entity_types)
        self._rules(self._understood(read_rules))
        self._products()
        self._answers(entity_types)
        if self._not_asked:
            self.note("value", f"Not looked at because of that: {', '.join(self._not_asked)}.")

    def _long_values(self) -> None:
        """A file of somebody else may have values that are longer than what is ever read."""
        if look(self._sandbox.path).st_size <= MAX_BYTES:
            return
        found = find_long_values(self._sandbox, timeout=self._seconds)
        for value in itertools.islice(found, _LONG_VALUES):
            self._long.setdefault(value.table, [])
            if value.rowid is not None:
                self._long[value.table].append(value.rowid)
            self.error("value", f"{value}: values over {LIMIT} are not read.")
        if next(found, None):
            self.error("value", f"More than {_LONG_VALUES} such values; the others are not listed.")

    @contextlib.contextmanager
    def _despite_long_values(self, what: str) -> Iterator[None]:
        """Go on after what cannot be asked because of the values that were told."""
        try:
            yield
        except (QueryTooLarge, ScenarioFileError) as error:
            if not self._long or isinstance(error, CorruptScenario):
                raise
            self._not_asked[what] = None

    def _readable(self, table: str, condition: str) -> str:
        """The condition, for the rows of a table without a long value; false for the others."""
        if not self._long.get(table):
            return condition
        rowids = ", ".join(map(str, self._long[table]))
        return f"CASE WHEN rowid IN ({rowids}) THEN 0 ELSE ({condition}) END"

    def _count(self, kind: str, more: int = 1) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + more

    def _triggers(self) -> None:
        """No product declares any: somebody put them there."""
        for name, table in read_triggers(self._sandbox.connection).items():
            self._count("trigger")
            self.note(
                "trigger",
                f"The trigger {name!r:.60}, which no product declares, runs when {table!r:.60} is"
                " written to, and may change anything: persist refuses that unless it is allowed.",
            )

    def _unbounded(self) -> bool:
        """What may take without end where rows are written, and so is refused there."""
        found = False
        for name, what in find_unbounded(self._sandbox.connection):
            self._count("rule")
            self.error("rule", told_unbounded(self._sandbox.path.stem, name, what))
            found = True
        return found

    def _pragmas(self) -> None:
        """SQLite's own: pages, indexes, types, UNIQUE; foreign keys.

        Of CHECKs its word is not enough: 3.40 finds a broken one in integrity_check(a_table), but
        not in integrity_check of a whole file with several tables.
        """
        with self._despite_long_values("what integrity_check looks at"):
            for row in self._sandbox.inspect("integrity_check", timeout=self._seconds):
                if row[0] != "ok":
                    self.error("integrity", str(row[0]))
        dangling: dict[tuple[Any, ...], list[Any]] = {}
        with self._despite_long_values("what foreign_key_check looks at"):
            for row in self._sandbox.inspect("foreign_key_check", timeout=self._seconds):
                dangling.setdefault((row[0], row[2]), []).append(row[1])
        for (table, parent), rows in dangling.items():
            self.error(
                "foreign_key",
                f"{len(rows):,} of {table} refer to {parent} that are not there"
                f" (rowid {_listed(rows)}).",
            )
        self._count("integrity")
        self._count("foreign_key")

    def _housekeeping(self) -> None:
        """What the file says of itself: each table, and then who reads all of them."""
        for table in TABLES:
            self._count("housekeeping")
            self._understood(functools.partial(read_records, table=table.name, rest=""))
        self._understood(lambda connection: [read_identity(connection)])
        self._understood(lambda connection: [read_lineage(connection)])

    def _understood(self, read: Callable[[sqlite3.Connection], Sequence[T]]) -> Sequence[T]:
        """What a reader finds; nothing where the file says what cannot be, which is told once."""
        try:
            with self._despite_long_values("what the file says of itself"):
                return read(self._sandbox.connection)
        except CorruptScenario as error:
            if all(error.message != finding.message for finding in self.findings):
                self.error("housekeeping", error.message)
        return ()

    def _declared(self, entity_types: Iterable[EntityType]) -> None:
        """What schema.sql declares, whatever became of the table's own constraints."""
        declared = self._declarations()
        for entity_type in entity_types:
            columns = {
                row[1]: row
                for row in self._sandbox.table_info(entity_type.name, timeout=self._seconds)
            }
            missing = [name for name in entity_type.by_name if name not in columns]
            if missing:
                self.error(
                    "table", f"{entity_type.name} lacks {', '.join(missing)}: it was declared."
                )
                continue
            for rule, sql in row_rules(declared.get(entity_type.name, entity_type)):
                self._count("rule")
                with self._despite_long_values(f"{entity_type.name}, {rule}"):
                    self._broken_rows(entity_type, rule, sql)
            for key in entity_type.unique_keys:
                self._count("unique")
                with self._despite_long_values(f"{entity_type.name}, {' + '.join(key)} twice"):
                    self._doubles(entity_type, key)
            for column in entity_type.columns:
                if column.acyclic:
                    self._count("rule")
                    with self._despite_long_values(f"{entity_type.name}, circles"):
                        self._circles(entity_type, column)

    def _declarations(self) -> dict[str, EntityType]:
        """The entity types with their CHECKs, from the schema.sql that the file carries."""
        from ..schema.parser import read_declaration  # sqlglot is slow to import

        found: dict[str, EntityType] = {}
        for row in self._understood(functools.partial(read_records, table="_products")):
            product, version, schema_sql = row["product"], row["version"], row["schema_sql"]
            try:
                declaration = read_declaration(product, version, schema_sql, stored=True)
            except (DeclarationError, RecursionError) as error:
                self.note("product", f"The schema.sql of {product} in the file: {error}.")
            else:
                found |= {entity_type.name: entity_type for entity_type in declaration.entity_types}
        return found

    def _broken_rows(self, entity_type: EntityType, rule: str, sql: str) -> None:
        table, key = quoted(entity_type.name), quoted(entity_type.primary_key)
        broken = self._readable(entity_type.name, f"NOT ({sql})")
        question = f"SELECT {key}, count(*) OVER () FROM {table} WHERE {broken} LIMIT {_SHOWN}"
        rows = self._ask(question)
        if rows:
            self.error(
                "rule",
                f"{rows[0][1]:,} of {entity_type.name}: {rule}"
                f" ({entity_type.primary_key} {_listed([row[0] for row in rows])}).",
            )

    def _doubles(self, entity_type: EntityType, key: Sequence[str]) -> None:
        names = ", ".join(map(quoted, key))
        given = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key)
        rows = self._ask(
            f"SELECT {names}, count(*) FROM {quoted(entity_type.name)}"
            f" WHERE {self._readable(entity_type.name, given)}"
            f" GROUP BY {names} HAVING count(*) > 1 LIMIT {_SHOWN}"
        )
        if rows:
            told = _listed([" + ".join(map(str, row[:-1])) for row in rows])
            self.error("unique", f"{entity_type.name}: {' + '.join(key)} more than once ({told}).")

    def _circles(self, entity_type: EntityType, column: Column) -> None:
        rows = self._ask(circles(entity_type, column), {"after": -(2**63), "limit": _SHOWN})
        if rows:
            told = _listed([row[1] for row in rows])
            self.error(
                "rule", f"{entity_type.name}: {column.name} goes round in a circle ({told})."
            )

    def _soft_references(self, entity_types: Sequence[EntityType]) -> None:
        """Into other products, as far as they are here."""
        here = {entity_type.name: entity_type for entity_type in entity_types}
        for entity_type in entity_types:
            for column, to in entity_type.references(soft=True):
                if to.enforced or to.entity_type not in here:
                    continue
                self._count("reference")
                with self._despite_long_values(f"{entity_type.name}, {column.name}"):
                    self._soft_reference(entity_type, column, to)

    def _soft_reference(self, entity_type: EntityType, column: Column, to: Reference) -> None:
        name, parent = quoted(column.name), quoted(to.entity_type)
        ((count,),) = self._ask(
            f"SELECT count(*) FROM {quoted(entity_type.name)} WHERE {name} IS NOT NULL"
            f" AND {name} NOT IN (SELECT {quoted(to.column)} FROM {parent})"
        )
        if count and self._ask(f"SELECT 1 FROM {parent} LIMIT 1"):
            self.note(
                "reference",
                f"{count:,} of {entity_type.name} have a {column.name} that is not in"
                f" {to.entity_type}.",
            )

    def _rules(self, rules: Iterable[Rule]) -> None:
        for rule in rules:
            self._count("rule")
            try:
                with self._sandbox.run(rule.sql, timeout=self._seconds, written=True) as cursor:
                    names = [description[0] for description in cursor.description]
                    first = cursor.fetchone()
                    more = sum(1 for _ in cursor) if first else 0
            except QueryError as error:
                self.error("rule", f"{rule.label}: could not be asked ({error.message})")
                continue
            if first:
                shown = ", ".join(f"{n} {v}" for n, v in zip(names, first, strict=True))
                self.error("rule", f"{rule.label}: not so for {1 + more:,}, such as {shown}.")

    def _products(self) -> None:
        self._count("product", len(self._understood(read_products)))
        told = functools.partial(compared, installed=self._installed, path=self._sandbox.path)
        for line in self._understood(lambda connection: [*told(connection)]):
            self.note("product", line)

    def _answers(self, entity_types: Iterable[EntityType]) -> None:
        """What the summary and the samples will want to run."""
        statistics = self._understood(read_statistics)
        self._count("statistic", len(statistics))
        for failed in compute(self._sandbox, statistics)[1]:
            self.error("statistic", str(failed))
        if questions := self._understood(read_questions):
            self._count("question", len(questions))
        able, reasons = sort_out(self._sandbox, questions)
        if able.left_out:
            self.note("question", f"{able.left_out:,} more than are read are left out.")
        own = {question.name for question in questions if question.is_own}
        for name, reason in reasons.items():
            if name in own or "no such table: " not in reason:  # a product's may be of another
                self.error("question", f"{name} cannot be asked ({reason})")
        for entity_type in entity_types:
            if entity_type.card:
                self._count("card")
                try:
                    self._ask(f"SELECT * FROM {quoted(entity_type.card)} LIMIT 1")
                except QueryError as error:
                    self.error("card", f"The card of {entity_type.name}: {error.message}")

    def ask_plugins(self, checks: OwnedChecks) -> None:
        for message in errors_of(self._sandbox, checks, seconds=SECONDS):
            self.error("plugin_check", message)
        if checks:
            self._count("plugin_check", len(checks))

    def _ask(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        with self._sandbox.run(sql, parameters, timeout=self._seconds) as cursor:
            return cursor.fetchall()


def _listed(values: Sequence[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    return f"{shown}, ..." if len(values) > _SHOWN else shown
