"""What a scenario file says about itself: its declaration, written once and read back.

Reading needs neither the product's plugin nor an SQL parser, so a file that was mailed to a
stranger explains itself.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..base.json_text import read_json, read_text_map, read_texts
from ..schema import ddl
from ..schema.model import (
    THIS_SCENARIO,
    Column,
    Declaration,
    EntityType,
    Question,
    Reference,
    Rule,
    Statistic,
)
from ..schema.parameter import read_parameters, write_parameters
from ..schema.types import LogicalType
from .format import now
from .housekeeping import forget_product, insert
from .own_questions import OWN, count_rows, read_own_questions
from .records import Record, damaged, read_records, understood

#: Questions of products that are read of a file, which may be a stranger's. What is beyond is told.
MAX_QUESTIONS = 1_000
# Of a file, which may be a stranger's: more would take seconds to read, and nobody has so many.
_MAX_TYPES = 10_000
_MAX_COLUMNS = 20_000
_MAX_OF_A_TYPE = 2_000  # what SQLite lets a table have
_MAX_NAMED = 10_000  # statistics or rules


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


def _entity_type(row: Record, columns: Sequence[Column]) -> EntityType:
    """The entity type that a row of `_entity_row` describes."""
    return EntityType(
        name=row["entity_type"],
        product=row["product"],
        columns=tuple(columns),
        primary_key=row["primary_key"],
        unique_keys=understood("_entity_types", row, "unique_keys", _read_keys),
        aliases=understood("_entity_types", row, "aliases", read_texts),
        label=row["label"],
        card=row["card"],
        description=row["description"],
    )


def _read_keys(text: str) -> tuple[tuple[str, ...], ...]:
    found = read_json(text)
    if not isinstance(found, list) or not all(
        isinstance(key, list) and key and all(isinstance(name, str) for name in key)
        for key in found
    ):
        raise ValueError("it is no JSON list of lists of names")
    return tuple(map(tuple, found))


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


def _column(row: Record) -> Column:
    """The column that a row of `_column_row` describes."""
    return Column(
        name=row["column_name"],
        type=understood("_columns", row, "type", _read_type),
        required=bool(row["required"]),
        unique=bool(row["is_unique"]),
        default=row["default_value"],
        values=understood("_columns", row, "allowed_values", read_texts),
        synonyms=understood("_columns", row, "synonyms", read_text_map),
        aliases=understood("_columns", row, "aliases", read_texts),
        references=_reference(row),
        acyclic=bool(row["acyclic"]),
        unit=row["unit"],
        codes=row["codes"],
        sensitive=bool(row["sensitive"]),
        description=row["description"],
    )


@functools.lru_cache(maxsize=256)
def _read_type(text: str) -> LogicalType:
    try:
        return LogicalType.parse(text)
    except ValueError:
        raise ValueError("there is no such type") from None


def _reference(row: Record) -> Reference | None:
    parent, column = row["references_entity_type"], row["references_column"]
    if parent is None:
        return None
    if column is None:
        raise damaged(
            f"its table _columns, {_told(row)}: it refers to {parent!r:.40}, and not to a column."
        )
    return Reference(parent, column, bool(row["reference_enforced"]))


def _told(row: Record) -> str:
    return f"{row['entity_type']}.{row['column_name']}"[:80]


def _named_row(named: Statistic | Rule | Question, position: int) -> dict[str, Any]:
    """Its columns are named as its fields are; where it stands in a .sql file is not kept."""
    fields = {field.name: getattr(named, field.name) for field in dataclasses.fields(named)}
    del fields["where"]
    if isinstance(named, Question):
        fields["parameters"] = write_parameters(fields.pop("declared"))
    return {**fields, "position": position}


def read_entity_names(connection: sqlite3.Connection) -> list[str]:
    """The names of the entity types, in the order of their products' declarations."""
    names = ("entity_type", "product", "position")
    return [row["entity_type"] for row in _described(connection, names)]


def _described(connection: sqlite3.Connection, names: Sequence[str] = ()) -> list[Record]:
    """The rows of `_entity_types`, in that order. Raises CorruptScenario."""
    order = {product.name: number for number, product in enumerate(read_products(connection))}
    most = f"ORDER BY rowid LIMIT {_MAX_TYPES + 1}"
    rows = read_records(connection, "_entity_types", names=names, rest=most)
    _refuse_more(rows, "_entity_types", _MAX_TYPES)
    there: set[str] = set()
    for row in rows:
        name, product = row["entity_type"], row["product"]
        if product not in order:
            raise damaged(
                f"its table _entity_types has {name!r:.40} of {product!r:.40}, a product that is"
                " not in its table _products."
            )
        if not name or not name.isprintable() or name.lower().startswith(("_", "sqlite_")):
            raise damaged(f"its table _entity_types: {name!r:.40} is no name of an entity type.")
        if name in there:
            raise damaged(f"its table _entity_types has {name!r:.40} twice.")
        there.add(name)
    return sorted(rows, key=lambda row: (order[row["product"]], row["position"]))


def read_entity_types(connection: sqlite3.Connection) -> list[EntityType]:
    """The entity types of a file, in the order of their products' declarations.

    They equal the declared ones but for CHECKs, which the tables themselves carry. Raises
    CorruptScenario where somebody wrote into the dictionary what it cannot say.
    """
    columns: dict[str, list[Column]] = {}
    most = f"ORDER BY entity_type, position LIMIT {_MAX_COLUMNS + 1}"
    rows = read_records(connection, "_columns", rest=most)
    for name, count in Counter(row["entity_type"] for row in rows).items():
        if count > _MAX_OF_A_TYPE:
            raise damaged(
                f"its table _columns has more than {_MAX_OF_A_TYPE:,} columns of {name!r:.40}; no"
                " table of SQLite has."
            )
    _refuse_more(rows, "_columns", _MAX_COLUMNS)
    for row in rows:
        columns.setdefault(row["entity_type"], []).append(_column(row))
    found = [
        _entity_type(row, columns.pop(row["entity_type"], ())) for row in _described(connection)
    ]
    for name in columns:
        raise damaged(
            f"its table _columns has columns of {name!r:.40}, which its table _entity_types lacks."
        )
    by_name = {entity_type.name: entity_type for entity_type in found}
    for entity_type in found:
        _check_names(entity_type, by_name)
    return found


def _refuse_more(rows: Sequence[Record], table: str, most: int) -> None:
    if len(rows) > most:
        raise damaged(f"its table {table} has more than {most:,} rows.")


def _check_names(entity_type: EntityType, others: Mapping[str, EntityType]) -> None:
    """Raises CorruptScenario where a key or a reference leads nowhere, or a column comes twice."""
    name, columns = entity_type.name, entity_type.by_name
    if len(columns) < len(entity_type.columns):
        raise damaged(f"its table _columns has a column of {name} twice.")
    for part in {entity_type.primary_key, *(c for key in entity_type.unique_keys for c in key)}:
        if part not in columns:
            raise damaged(
                f"its table _entity_types has a key of {name} with {part!r:.40}, which its table"
                " _columns lacks."
            )
    for column, to in entity_type.references(soft=True):
        parent = others.get(to.entity_type)
        if to.column not in parent.by_name if parent else to.enforced:
            raise damaged(
                f"its table _columns has {name}.{column.name}, which refers to"
                f" {to.entity_type!r:.40}.{to.column[:40]}, and that is not there."
            )


def read_products(connection: sqlite3.Connection) -> tuple[StoredProduct, ...]:
    """The products of a file. Raises CorruptScenario."""
    rows = read_records(connection, "_products", names=("product", "version"))
    if len({row["product"] for row in rows}) < len(rows):
        raise damaged("its table _products has a product twice.")
    return tuple(StoredProduct(row["product"], row["version"]) for row in rows)


def _of_products(
    connection: sqlite3.Connection, table: str, most: int | None = None
) -> list[Record]:
    """The rows of a table, in the order of the products and of their declarations."""
    order = {product.name: number for number, product in enumerate(read_products(connection))}
    limit = _MAX_NAMED + 1 if most is None else most
    found = read_records(connection, table, rest=f"ORDER BY position LIMIT {limit}")
    if most is None:
        _refuse_more(found, table, _MAX_NAMED)
    rows = [row for row in found if row["product"] in order]
    return sorted(rows, key=lambda row: order[row["product"]])


def read_rules(connection: sqlite3.Connection) -> list[Rule]:
    """All rules. Raises CorruptScenario."""
    return [
        Rule(row["name"], row["product"], row["label"], row["sql"])
        for row in _of_products(connection, "_rules")
    ]


class Questions(list[Question]):
    """Questions of a file. ``left_out`` counts those beyond the number that is read of one."""

    left_out = 0


def read_questions(connection: sqlite3.Connection) -> Questions:
    """The questions, first those that were saved in the scenario, then those of its products.

    Where two have one name, each is ``product.name``, and a saved one ``own.name``. A file of an
    older format has none, or declares nothing of their parameters. Raises CorruptScenario where
    somebody else made the table, or wrote into it what it cannot say.
    """
    own, own_left = read_own_questions(connection)
    rows = _of_products(connection, "_questions", MAX_QUESTIONS)
    questions = Questions(_told_apart([*own, *map(_question, rows)]))
    questions.left_out = own_left + max(0, count_rows(connection, "_questions") - MAX_QUESTIONS)
    return questions


def _question(row: Record) -> Question:
    declared = understood("_questions", row, "parameters", read_parameters)
    return Question(
        row["name"], row["product"], row["label"], row["description"], row["sql"], declared
    )


def read_statistics(connection: sqlite3.Connection) -> list[Statistic]:
    """All statistics; those of which two products have one name are ``product.name``.

    Raises CorruptScenario.
    """
    names = ("name", "product", "label", "section", "show", "sql")
    rows = _of_products(connection, "_statistics")
    return _told_apart([Statistic(*(row[name] for name in names)) for row in rows])


_Named = TypeVar("_Named", Statistic, Question)


def _told_apart(things: Sequence[_Named]) -> list[_Named]:
    """The same; where two products have one name, each has its product's before it.

    Which of the products came first must not decide what a name means.
    """
    products: dict[str, set[str]] = {}
    for thing in things:
        products.setdefault(thing.name, set()).add(thing.product)
    apart: list[_Named] = [
        replace(thing, name=f"{_prefix(thing.product)}.{thing.name}")
        if len(products[thing.name]) > 1
        else thing
        for thing in things
    ]
    # A stranger's file may have one name twice in one product.
    return list({thing.name: thing for thing in apart}.values())


def _prefix(product: str) -> str:
    return OWN if product == THIS_SCENARIO else product
