"""What a scenario file says about itself: its declaration, written once and read back.

Reading needs neither the product's plugin nor an SQL parser, so a file that was mailed to a
stranger explains itself.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace

from ..errors import CorruptScenario
from ..schema import ddl
from ..schema.model import Column, Declaration, EntityType, Question, Reference, Rule, Statistic
from ..schema.types import LogicalType
from .format import has_table, now

_MAX_QUESTIONS = 200  # of a file, which may be a stranger's


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """A product that a file holds, and its version there."""

    name: str
    version: str


def add_product(connection: sqlite3.Connection, declaration: Declaration) -> None:
    """Create a product's tables and describe them; inside the caller's transaction."""
    for entity_type in declaration.entity_types:
        for statement in ddl.create_statements(entity_type):
            connection.execute(statement)
    for extra in declaration.extras:
        connection.execute(extra.sql)
    describe_product(connection, declaration)


def describe_product(connection: sqlite3.Connection, declaration: Declaration) -> None:
    """Write down what a product declares, in place of what was written of it before."""
    product = declaration.product
    connection.execute(
        "INSERT INTO _products VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET"
        " version = ?2, schema_sql = ?3, summary_sql = ?4, checks_sql = ?5",
        (
            product,
            declaration.version,
            declaration.schema_sql,
            declaration.summary_sql,
            declaration.checks_sql,
            now(),
        ),
    )
    connection.execute(
        "DELETE FROM _columns WHERE entity_type IN"
        " (SELECT entity_type FROM _entity_types WHERE product = ?)",
        (product,),
    )
    for table in ("_entity_types", "_statistics", "_rules", "_questions"):
        connection.execute(f"DELETE FROM {table} WHERE product = ?", (product,))
    for position, entity_type in enumerate(declaration.entity_types):
        _describe(connection, entity_type, position)
    connection.executemany(
        "INSERT INTO _statistics (product, name, position, section, label, show, sql)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (product, s.name, position, s.section, s.label, s.show, s.sql)
            for position, s in enumerate(declaration.statistics)
        ],
    )
    connection.executemany(
        "INSERT INTO _rules (product, name, position, label, sql) VALUES (?, ?, ?, ?, ?)",
        [
            (product, rule.name, position, rule.label, rule.sql)
            for position, rule in enumerate(declaration.rules)
        ],
    )
    connection.executemany(
        "INSERT INTO _questions (product, name, position, label, description, sql)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (product, q.name, position, q.label, q.description, q.sql)
            for position, q in enumerate(declaration.questions)
        ],
    )


def _describe(connection: sqlite3.Connection, entity_type: EntityType, position: int) -> None:
    connection.execute(
        "INSERT INTO _entity_types VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entity_type.name,
            entity_type.product,
            position,
            entity_type.primary_key,
            json.dumps(entity_type.unique_keys),
            json.dumps(entity_type.aliases),
            entity_type.label,
            entity_type.card,
            entity_type.description,
        ),
    )
    connection.executemany(
        f"INSERT INTO _columns VALUES ({', '.join('?' * 18)})",
        [
            (
                entity_type.name,
                number,
                column.name,
                column.type.sql,
                int(column.required),
                int(column.unique),
                column.default,
                json.dumps(column.values),
                json.dumps(dict(column.synonyms)),
                json.dumps(column.aliases),
                column.references.entity_type if column.references else None,
                column.references.column if column.references else None,
                int(column.references.enforced) if column.references else 0,
                int(column.acyclic),
                column.unit,
                column.codes,
                int(column.sensitive),
                column.description,
            )
            for number, column in enumerate(entity_type.columns)
        ],
    )


def read_entity_types(connection: sqlite3.Connection) -> list[EntityType]:
    """The entity types of a file, in the order of their products' declarations.

    They equal the declared ones but for CHECKs, which the tables themselves carry. Raises
    CorruptScenario where somebody wrote into the dictionary what it cannot say.
    """
    try:
        return _read_entity_types(connection)
    except (ValueError, KeyError) as error:
        raise CorruptScenario(
            f"The data dictionary of the file cannot be understood: {error}.",
            hint="The tables _entity_types and _columns are not as healthsim-store wrote them.",
        ) from error


def _read_entity_types(connection: sqlite3.Connection) -> list[EntityType]:
    columns: dict[str, list[Column]] = {}
    for row in connection.execute(
        "SELECT entity_type, column_name, type, required, is_unique, default_value,"
        " allowed_values, synonyms, aliases, references_entity_type, references_column,"
        " reference_enforced, acyclic, unit, codes, sensitive, description"
        " FROM _columns ORDER BY entity_type, position"
    ):
        columns.setdefault(row[0], []).append(
            Column(
                name=row[1],
                type=LogicalType.parse(row[2]),
                required=bool(row[3]),
                unique=bool(row[4]),
                default=row[5],
                values=tuple(json.loads(row[6])),
                synonyms=json.loads(row[7]),
                aliases=tuple(json.loads(row[8])),
                references=Reference(row[9], row[10], bool(row[11])) if row[9] else None,
                acyclic=bool(row[12]),
                unit=row[13],
                codes=row[14],
                sensitive=bool(row[15]),
                description=row[16],
            )
        )
    return [
        EntityType(
            name=name,
            product=product,
            columns=tuple(columns[name]),
            primary_key=primary_key,
            unique_keys=tuple(tuple(key) for key in json.loads(unique_keys)),
            aliases=tuple(json.loads(aliases)),
            label=label,
            card=card,
            description=description,
        )
        for (
            name,
            product,
            primary_key,
            unique_keys,
            aliases,
            label,
            card,
            description,
        ) in connection.execute(
            "SELECT entity_type, product, primary_key, unique_keys, aliases, label, card,"
            " description FROM _entity_types JOIN _products USING (product)"
            " ORDER BY _products.rowid, position"
        )
    ]


def read_products(connection: sqlite3.Connection) -> tuple[StoredProduct, ...]:
    rows = connection.execute("SELECT product, version FROM _products ORDER BY rowid")
    return tuple(StoredProduct(*row) for row in rows)


def read_rules(connection: sqlite3.Connection) -> list[Rule]:
    return [
        Rule(*row)
        for row in connection.execute(
            "SELECT name, product, label, sql FROM _rules"
            " JOIN _products USING (product) ORDER BY _products.rowid, position"
        )
    ]


def read_questions(connection: sqlite3.Connection) -> list[Question]:
    """All questions; one whose name another product took first is ``product.name``.

    A file of an older format has none. Raises CorruptScenario where somebody else made the table.
    """
    if not has_table(connection, "_questions"):
        return []
    try:
        rows = connection.execute(
            "SELECT name, product, label, description, sql FROM _questions"
            " JOIN _products USING (product) ORDER BY _products.rowid, position LIMIT ?",
            (_MAX_QUESTIONS,),
        ).fetchall()
    except sqlite3.OperationalError as error:
        raise CorruptScenario(f"Its questions cannot be read: {error}.") from error
    if not all(isinstance(value, str) for row in rows for value in row):
        raise CorruptScenario("Its questions cannot be read: one of them is no text.")
    questions: dict[str, Question] = {}
    for row in rows:
        question = Question(*row)
        if question.name in questions:
            question = replace(question, name=f"{question.product}.{question.name}")
        questions[question.name] = question
    return [*questions.values()]


def read_statistics(connection: sqlite3.Connection) -> list[Statistic]:
    """All statistics; one whose name another product took first is ``product.name``."""
    statistics: dict[str, Statistic] = {}
    for row in connection.execute(
        "SELECT name, product, label, section, show, sql FROM _statistics"
        " JOIN _products USING (product) ORDER BY _products.rowid, position"
    ):
        statistic = Statistic(*row)
        if statistic.name in statistics:
            statistic = replace(statistic, name=f"{statistic.product}.{statistic.name}")
        statistics[statistic.name] = statistic
    return [*statistics.values()]
