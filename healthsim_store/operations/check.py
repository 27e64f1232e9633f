"""Check: is a scenario file what it says it is? Everything is looked at, nothing is changed.

An error is something that should not be: damage, a broken reference, a row against a declared rule.
A note is good to know: a product that is not installed, ids that another file has too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import connect
from ..errors import CorruptScenario, DeclarationError, HealthsimStoreError, QueryError
from ..query.questions import sort_out
from ..query.statistics import compute
from ..schema.ddl import ROW_RULE, circles, column_rules
from ..schema.model import Column, Declaration, EntityType, Question, Rule
from ..schema.product import compare_versions
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
from ..storage.sandbox import Sandbox
from ..storage.triggers import read_triggers

SECONDS = 600.0  # for each question to the file

_SHOWN = 3  # examples in a finding


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``level`` is ``error`` or ``note``; ``kind`` is what was looked at."""

    level: str
    kind: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        return {"level": self.level, "kind": self.kind, "message": self.message}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What `check_scenario` answers. ``checked`` counts what was looked at, by kind."""

    scenario: str
    findings: tuple[Finding, ...]
    checked: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """No error; there may be notes."""
        return all(finding.level != "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "ok": self.ok,
            "findings": [finding.to_dict() for finding in self.findings],
            "checked": dict(self.checked),
        }


def check_file(path: Path, folder: Folder, installed: Mapping[str, Declaration]) -> CheckResult:
    """Look at one file and its place in the store.

    ``installed`` are the declarations of the installed products.
    """
    place = [
        *(Finding("error", "file", told) for told in remains.faults(folder, path)),
        *(Finding("note", "file", told) for told in remains.set_aside(folder, path)),
    ]
    try:
        sandbox = Sandbox(path)
    except HealthsimStoreError as error:
        return CheckResult(path.stem, (Finding("error", "file", error.message), *place), {})
    check = _Check(sandbox, installed, place)
    try:
        with sandbox.moment():
            check.run()
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
) -> list[CheckResult]:
    """Look at several files, and at which ids stand in two of them.

    ``progress`` is told 1 for each file that was just looked at.
    """
    shared = shared_ids(paths) if len(paths) > 1 else {}
    results = []
    for path in paths:
        result = check_file(path, folder, installed)
        findings = (*result.findings, *shared.get(result.scenario, ()))
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

    def error(self, kind: str, message: str) -> None:
        self.findings.append(Finding("error", kind, message))

    def note(self, kind: str, message: str) -> None:
        self.findings.append(Finding("note", kind, message))

    def run(self) -> None:
        self._triggers()
        self._pragmas()
        entity_types = read_entity_types(self._sandbox.connection)
        self._declared(entity_types)
        self._soft_references(entity_types)
        self._rules(read_rules(self._sandbox.connection))
        self._products()
        self._answers(entity_types)

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

    def _pragmas(self) -> None:
        """SQLite's own: pages, indexes, types, UNIQUE; foreign keys.

        Of CHECKs its word is not enough: 3.40 finds a broken one in integrity_check(a_table), but
        not in integrity_check of a whole file with several tables.
        """
        for row in self._sandbox.inspect("integrity_check", timeout=SECONDS):
            if row[0] != "ok":
                self.error("integrity", str(row[0]))
        dangling: dict[tuple[Any, ...], list[Any]] = {}
        for table, rowid, parent, _ in self._sandbox.inspect("foreign_key_check", timeout=SECONDS):
            dangling.setdefault((table, parent), []).append(rowid)
        for (table, parent), rows in dangling.items():
            self.error(
                "foreign_key",
                f"{len(rows):,} of {table} refer to {parent} that are not there"
                f" (rowid {_listed(rows)}).",
            )
        self._count("integrity")
        self._count("foreign_key")

    def _declared(self, entity_types: Iterable[EntityType]) -> None:
        """What schema.sql declares, whatever became of the table's own constraints."""
        declared = self._declarations()
        for entity_type in entity_types:
            columns = {
                row[1]: row for row in self._sandbox.table_info(entity_type.name, timeout=SECONDS)
            }
            missing = [name for name in entity_type.by_name if name not in columns]
            if missing:
                self.error(
                    "table", f"{entity_type.name} lacks {', '.join(missing)}: it was declared."
                )
                continue
            for rule, sql in _row_rules(declared.get(entity_type.name, entity_type)):
                self._count("rule")
                self._broken_rows(entity_type, rule, sql)
            for key in entity_type.unique_keys:
                self._count("unique")
                self._doubles(entity_type, key)
            for column in entity_type.columns:
                if column.acyclic:
                    self._count("rule")
                    self._circles(entity_type, column)

    def _declarations(self) -> dict[str, EntityType]:
        """The entity types with their CHECKs, from the schema.sql that the file carries."""
        from ..schema.parser import read_declaration  # sqlglot is slow to import

        found: dict[str, EntityType] = {}
        for product, version, schema_sql in self._sandbox.connection.execute(
            "SELECT product, version, schema_sql FROM _products"
        ).fetchall():
            try:
                declaration = read_declaration(product, version, schema_sql)
            except (DeclarationError, RecursionError) as error:
                self.note("product", f"The schema.sql of {product} in the file: {error}.")
            else:
                found |= {entity_type.name: entity_type for entity_type in declaration.entity_types}
        return found

    def _broken_rows(self, entity_type: EntityType, rule: str, sql: str) -> None:
        table, key = quoted(entity_type.name), quoted(entity_type.primary_key)
        question = f"SELECT {key}, count(*) OVER () FROM {table} WHERE NOT ({sql}) LIMIT {_SHOWN}"
        rows = self._ask(question)
        if rows:
            self.error(
                "rule",
                f"{rows[0][1]:,} of {entity_type.name}: {rule}"
                f" ({entity_type.primary_key} {_listed([row[0] for row in rows])}).",
            )

    def _doubles(self, entity_type: EntityType, key: Sequence[str]) -> None:
        names = ", ".join(map(quoted, key))
        rows = self._ask(
            f"SELECT {names}, count(*) FROM {quoted(entity_type.name)}"
            f" WHERE {' AND '.join(f'{quoted(name)} IS NOT NULL' for name in key)}"
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

    def _soft_references(self, entity_types: list[EntityType]) -> None:
        """Into other products, as far as they are here."""
        here = {entity_type.name: entity_type for entity_type in entity_types}
        for entity_type in entity_types:
            for column, to in entity_type.references(soft=True):
                if to.enforced or to.entity_type not in here:
                    continue
                self._count("reference")
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
                with self._sandbox.run(rule.sql, timeout=SECONDS) as cursor:
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
        for product in read_products(self._sandbox.connection):
            self._count("product")
            known = self._installed.get(product.name)
            if known is None:
                self.note(
                    "product",
                    f"{product.name} {product.version} is not installed; the file speaks for"
                    " itself.",
                )
                continue
            order = compare_versions(product.version, known.version)
            if order > 0:
                self.note(
                    "product",
                    f"{product.name} {product.version} is newer than the installed"
                    f" {known.version}: pip install --upgrade what brings it.",
                )
            elif order < 0:
                self.note(
                    "product",
                    f"{product.name} {product.version} is older than the installed"
                    f" {known.version}: healthsim-store upgrade {self._sandbox.path.stem}",
                )

    def _answers(self, entity_types: Iterable[EntityType]) -> None:
        """What the summary and the samples will want to run."""
        statistics = read_statistics(self._sandbox.connection)
        self._count("statistic", len(statistics))
        for failed in compute(self._sandbox, statistics)[1]:
            self.error("statistic", failed)
        questions: list[Question] = []
        try:
            questions = read_questions(self._sandbox.connection)
        except CorruptScenario as error:
            self.error("question", error.message)
        if questions:
            self._count("question", len(questions))
        for name, reason in sort_out(self._sandbox, questions)[1].items():
            if "no such table: " not in reason:  # that may be of a product which is not here
                self.error("question", f"{name} cannot be asked ({reason})")
        for entity_type in entity_types:
            if entity_type.card:
                self._count("card")
                try:
                    self._ask(f"SELECT * FROM {quoted(entity_type.card)} LIMIT 1")
                except QueryError as error:
                    self.error("card", f"The card of {entity_type.name}: {error.message}")

    def _ask(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        with self._sandbox.run(sql, parameters, timeout=SECONDS) as cursor:
            return cursor.fetchall()


def _row_rules(entity_type: EntityType) -> Iterator[tuple[str, str]]:
    """Each declared rule of a single row: how it reads, and SQL that is false if broken."""
    for column in entity_type.columns:
        if column.required or column.name == entity_type.primary_key:
            yield f"{column.name} is required", f"{quoted(column.name)} IS NOT NULL"
        yield from column_rules(column)
    for check in entity_type.checks:
        yield f"{ROW_RULE}{check}", check


def _listed(values: Sequence[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    return f"{shown}, ..." if len(values) > _SHOWN else shown


def shared_ids(paths: Sequence[Path]) -> dict[str, list[Finding]]:
    """Notes, by file stem, of entity ids and scenario ids that another of the files has too."""
    # On disk, so that millions of ids do not fill the memory; it goes with the connection.
    seen = connect("")
    seen.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE ids"
        " (entity_type TEXT, id TEXT, file TEXT, PRIMARY KEY (entity_type, id, file)) WITHOUT ROWID"
    )
    findings: dict[str, list[Finding]] = {}
    try:
        for path in paths:
            _gather_ids(seen, path)
        for pair, common in _in_two_files(seen).items():
            told = [f"{count:,} ids of {name}" for name, count in common.items() if name]
            if "" in common:
                told.insert(0, "the scenario id")
            for one, other in (pair, pair[::-1]):
                message = f"{other} has the same: {', '.join(told)}."
                findings.setdefault(one, []).append(Finding("note", "same_id", message))
        return findings
    finally:
        seen.close()


def _gather_ids(seen: sqlite3.Connection, path: Path) -> None:
    try:
        sandbox = Sandbox(path)
    except HealthsimStoreError:
        return  # told by check_file
    try:
        scenario_id = read_identity(sandbox.connection).scenario_id
        seen.execute("INSERT INTO ids VALUES ('', ?, ?)", (scenario_id, path.stem))
        for entity_type in read_entity_types(sandbox.connection):
            key, table = quoted(entity_type.primary_key), quoted(entity_type.name)
            with sandbox.run(f"SELECT {key} FROM {table}", timeout=SECONDS) as cursor:
                seen.execute("BEGIN")
                seen.executemany(
                    "INSERT OR IGNORE INTO ids VALUES (?, ?, ?)",
                    ((entity_type.name, row[0], path.stem) for row in cursor),
                )
                seen.execute("COMMIT")
    except (HealthsimStoreError, sqlite3.Error, UnicodeDecodeError):
        if seen.in_transaction:
            seen.execute("ROLLBACK")  # told by check_file
    finally:
        sandbox.close()


def _in_two_files(seen: sqlite3.Connection) -> dict[tuple[str, str], dict[str, int]]:
    """How many ids two files share, by entity type; of three files, the neighbours by name."""
    shared: dict[tuple[str, str], dict[str, int]] = {}
    for entity_type, files in seen.execute(
        "SELECT entity_type, json_group_array(file) FROM ids"
        " GROUP BY entity_type, id HAVING count(*) > 1"
    ):
        for pair in pairwise(sorted(json.loads(files))):
            counts = shared.setdefault(pair, {})
            counts[entity_type] = counts.get(entity_type, 0) + 1
    return shared
