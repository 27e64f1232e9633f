"""The products of a file beside the installed ones: older, newer, or changed under one version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..base.wording import call
from ..errors import DeclarationError
from ..schema.ddl import create_statements
from ..schema.model import Declaration, EntityType
from ..schema.versions import compare_versions
from .catalog import read_products
from .records import read_record, read_records


def compared(
    connection: sqlite3.Connection, installed: Mapping[str, Declaration], path: Path
) -> Iterator[str]:
    """What is good to know of a file's products; the arguments are those of `outdated`."""
    for product in read_products(connection):
        known = installed.get(product.name)
        if known is None:
            reason = getattr(installed, "faulty", {}).get(product.name)
            why = f"left out: {reason.rstrip('.')}" if reason else "not installed"
            yield f"{product.name} {product.version} is {why}; the file speaks for itself."
            continue
        if compare_versions(product.version, known.version) > 0:
            yield (
                f"{product.name} {product.version} is newer than the installed {known.version}:"
                " pip install --upgrade what brings it."
            )
        yield from changed_migrations(connection, known)
    yield from outdated(connection, installed, path)


def outdated(
    connection: sqlite3.Connection, installed: Mapping[str, Declaration], path: Path
) -> Iterator[str]:
    """What to do about each product that is installed as another one than the file has.

    Args:
        connection: the file.
        installed: the declarations of the installed products.
        path: the scenario's file, by which a hint calls it.
    """
    for product in read_products(connection):
        known = installed.get(product.name)
        if known is None:
            continue
        order = compare_versions(product.version, known.version)
        if order < 0:
            yield (
                f"The scenario has {product.name} {product.version}, {known.version} is installed:"
                f" {call('upgrade_scenario', path)} brings it up to date."
            )
        elif order == 0:
            names = changed_tables(connection, known)
            if names:
                yield (
                    f"The installed {product.name} {known.version} has other tables than the"
                    f" {product.name} {product.version} that wrote this file"
                    f" ({', '.join(names)}): its version was not raised."
                    f" {call('upgrade_scenario', path)} brings the file to what is installed;"
                    f" whoever makes {product.name} gives it a new version."
                )


def older(products: Mapping[str, str], installed: Mapping[str, str], path: Path) -> Iterator[str]:
    """What is told, in passing, of each product that a file has in an older version.

    Args:
        products: the versions of the file, by product.
        installed: the installed versions, by product.
        path: the scenario's file, by which a hint calls it.
    """
    for name, version in products.items():
        if name in installed and compare_versions(version, installed[name]) < 0:
            yield (
                f"{path.stem} was made by {name} {version}, and {installed[name]} is installed:"
                f" {call('upgrade_scenario', path)}."
            )


def changed_tables(connection: sqlite3.Connection, declaration: Declaration) -> list[str]:
    """The entity types that are not as in the file's own declaration of the product, sorted.

    Descriptions and aliases are no change. A declaration that is not understood has none here.
    """
    record = read_record(connection, "_products", "product", declaration.product)
    return changed_in(record["schema_sql"], declaration)


def changed_in(schema_sql: str, declaration: Declaration) -> list[str]:
    """The same against the text of another schema.sql."""
    if schema_sql == declaration.schema_sql:
        return []
    from ..schema.parser import read_declaration  # sqlglot is slow to import

    try:
        other = read_declaration(declaration.product, declaration.version, schema_sql)
    except (DeclarationError, RecursionError):
        return []
    here = {entity_type.name: _shape(entity_type) for entity_type in other.entity_types}
    there = {entity_type.name: _shape(entity_type) for entity_type in declaration.entity_types}
    return sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))


def changed_migrations(connection: sqlite3.Connection, declaration: Declaration) -> list[str]:
    """What is told of the migrations that ran in a file and are others by now."""
    digests = {step.name: step.digest for step in declaration.migrations}
    where, values = "WHERE product = ? ORDER BY rowid", (declaration.product,)
    ran = read_records(connection, "_migrations", rest=where, values=values)
    return [
        f"The migration {row['name']} of {declaration.product} was changed after it ran here, at"
        f" {row['at']}."
        for row in ran
        if digests.get(row["name"], row["digest"]) != row["digest"]
    ]


def _shape(entity_type: EntityType) -> tuple[str, ...]:
    """The SQL of its table and indexes, without what is only said of them."""
    columns = tuple(replace(column, description="") for column in entity_type.columns)
    return tuple(create_statements(replace(entity_type, columns=columns, description="")))
