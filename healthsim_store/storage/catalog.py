"""What a scenario file says about itself: its declaration, written once and read back.

Reading needs neither the product's plugin nor an SQL parser, so a file that was mailed to a
stranger explains itself.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..errors import CorruptScenario
from ..schema import ddl
from ..schema.model import Column, Declaration, EntityType, Question, Reference, Rule, Statistic
from ..schema.parameter import read_parameters, write_parameters
from ..schema.types import LogicalType
from .format import has_table, now
from .housekeeping import forget_product, insert

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
    texts = {
        "version": declaration.version,
        "schema_sql": declaration.schema_sql,
        "summary_sql": declaration.summary_sql,
        "checks_sql": declaration.checks_sql,
        "questions_sql": declaration.questions_sql,
    }
    changes = ", ".join(f"{name} = :{name}" for name in texts)
    updated = connection.execute(
        f"UPDATE _products SET {changes} WHERE product = :product", {**texts, "product": product}
    )
    if not updated.rowcount:
        insert(connection, "_products", [{"product": product, **texts, "added_at": now()}])
    forget_product(connection, product)
    types = declaration.entity_types
    insert(connection, "_entity_types", [_entity_row(e, n) for n, e in enumerate(types)])
    insert(connection, "_columns", [
        _column_row(e.name, column, n) for e in types for n, column in enumerate(e.columns)
    ])  # fmt: skip
    named: dict[str, Sequence[Statistic | Rule | Question]] = {
        "_statistics": declaration.statistics,
        "_rules": declaration.rules,
        "_questions": declaration.questions,
    }
    for table, found in named.items():
        insert(connection, table, [_named_row(one, n) for n, one in enumerate(found)])


def _entity_row(entity_type: EntityType, position: int) -> dict[str, Any]:
    return {
        "entity_type": entity_type.name,
        "product": entity_type.product,
        "position": position,
        "primary_key": entity_type.primary_key,
        "unique_keys": json.dumps(entity_type.unique_keys),
        "aliases": json.dumps(entity_type.aliases),
        "label": entity_type.label,
        "card": entity_type.card,
        "description": entity_type.description,
    }


def _entity_type(row: Mapping[str, Any], columns: Sequence[Column]) -> EntityType:
    """The entity type that a row of `_entity_row` describes."""
    return EntityType(
        name=row["entity_type"],
        product=row["product"],
        columns=tuple(columns),
        primary_key=row["primary_key"],
        unique_keys=tuple(tuple(key) for key in json.loads(row["unique_keys"])),
        aliases=tuple(json.loads(row["aliases"])),
        label=row["label"],
        card=row["card"],
        description=row["description"],
    )


def _column_row(entity_type: str, column: Column, position: int) -> dict[str, Any]:
    reference = column.references
    return {
        "entity_type": entity_type,
        "position": position,
        "column_name": column.name,
        "type": column.type.sql,
        "required": int(column.required),
        "is_unique": int(column.unique),
        "default_value": column.default,
        "allowed_values": json.dumps(column.values),
        "synonyms": json.dumps(dict(column.synonyms)),
        "aliases": json.dumps(column.aliases),
        "references_entity_type": reference.entity_type if reference else None,
        "references_column": reference.column if reference else None,
        "reference_enforced": int(reference.enforced) if reference else 0,
        "acyclic": int(column.acyclic),
        "unit": column.unit,
        "codes": column.codes,
        "sensitive": int(column.sensitive),
        "description": column.description,
    }


def _column(row: Mapping[str, Any]) -> Column:
    """The column that a row of `_column_row` describes."""
    parent = row["references_entity_type"]
    enforced = bool(row["reference_enforced"])
    return Column(
        name=row["column_name"],
        type=LogicalType.parse(row["type"]),
        required=bool(row["required"]),
        unique=bool(row["is_unique"]),
        default=row["default_value"],
        values=tuple(json.loads(row["allowed_values"])),
        synonyms=json.loads(row["synonyms"]),
        aliases=tuple(json.loads(row["aliases"])),
        references=Reference(parent, row["references_column"], enforced) if parent else None,
        acyclic=bool(row["acyclic"]),
        unit=row["unit"],
        codes=row["codes"],
        sensitive=bool(row["sensitive"]),
        description=row["description"],
    )


def _named_row(named: Statistic | Rule | Question, position: int) -> dict[str, Any]:
    """Its columns are named as its fields are; where it stands in a .sql file is not kept."""
    fields = {field.name: getattr(named, field.name) for field in dataclasses.fields(named)}
    del fields["where"]
    if isinstance(named, Question):
        fields["parameters"] = write_parameters(fields.pop("declared"))
    return {**fields, "position": position}


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
    for row in _rows(connection, "SELECT * FROM _columns ORDER BY entity_type, position"):
        columns.setdefault(row["entity_type"], []).append(_column(row))
    described = _rows(
        connection,
        "SELECT e.* FROM _entity_types AS e JOIN _products AS p USING (product)"
        " ORDER BY p.rowid, e.position",
    )
    return [_entity_type(row, columns[row["entity_type"]]) for row in described]


def _rows(connection: sqlite3.Connection, sql: str) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


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
    """All questions; those of which two products have one name are ``product.name``.

    A file of an older format has none, or declares nothing of their parameters. Raises
    CorruptScenario where somebody else made the table, or wrote into it what it cannot say.
    """
    if not has_table(connection, "_questions"):
        return []
    try:
        rows = [
            {"parameters": "[]"} | row
            for row in _rows(
                connection,
                "SELECT q.* FROM _questions AS q JOIN _products AS p USING (product)"
                f" ORDER BY p.rowid, position LIMIT {_MAX_QUESTIONS}",
            )
        ]
        texts = [
            [row[name] for name in ("name", "product", "label", "description", "sql", "parameters")]
            for row in rows
        ]
    except (sqlite3.OperationalError, KeyError) as error:
        raise CorruptScenario(f"Its questions cannot be read: {error}.") from error
    if not all(isinstance(value, str) for row in texts for value in row):
        raise CorruptScenario("Its questions cannot be read: one of them is no text.")
    questions: list[Question] = []
    for name, product, label, description, sql, parameters in texts:
        try:
            declared = read_parameters(parameters)
        except ValueError as error:
            raise CorruptScenario(
                f"The parameters of its question {name!r:.60} cannot be understood: {error}."
            ) from error
        questions.append(Question(name, product, label, description, sql, declared))
    return _told_apart(questions)


def read_statistics(connection: sqlite3.Connection) -> list[Statistic]:
    """All statistics; those of which two products have one name are ``product.name``."""
    rows = connection.execute(
        "SELECT name, product, label, section, show, sql FROM _statistics"
        " JOIN _products USING (product) ORDER BY _products.rowid, position"
    )
    return _told_apart([Statistic(*row) for row in rows])


_Named = TypeVar("_Named", Statistic, Question)


def _told_apart(things: Sequence[_Named]) -> list[_Named]:
    """The same; where two products have one name, each has its product's before it.

    Which of the products came first must not decide what a name means.
    """
    products: dict[str, set[str]] = {}
    for thing in things:
        products.setdefault(thing.name, set()).add(thing.product)
    apart: list[_Named] = [
        replace(thing, name=f"{thing.product}.{thing.name}")
        if len(products[thing.name]) > 1
        else thing
        for thing in things
    ]
    # A stranger's file may have one name twice in one product.
    return list({thing.name: thing for thing in apart}.values())
