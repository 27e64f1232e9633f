"""The SQL that makes an entity type's table: STRICT, with every declared rule as a CHECK.

SQLite itself then refuses what does not belong, whoever writes, and the comments stay in the file:
``.schema`` in any SQLite tool explains the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..base.sql import literal, quoted
from .model import Column, EntityType

ROW_RULE = "the row: "  # how the names of rules over several columns begin


def create_statements(entity_type: EntityType) -> Iterator[str]:
    """CREATE TABLE, then an index for each foreign key (joins and deletes need it)."""
    yield create_table(entity_type)
    for column, _ in entity_type.references(soft=True):
        if not column.unique:
            index = quoted(f"{entity_type.name}_{column.name}")
            yield f"CREATE INDEX {index} ON {quoted(entity_type.name)} ({quoted(column.name)})"


def create_table(entity_type: EntityType, *, key: Sequence[str] = ()) -> str:
    """CREATE TABLE alone.

    Args:
        entity_type: the table.
        key: a primary key of these columns, by which the rows lie; for a table of no scenario.
    """
    lines = [(_column(entity_type, column), column.description) for column in entity_type.columns]
    if key:
        lines.append((f"PRIMARY KEY ({', '.join(map(quoted, key))})", ""))
    lines += [
        (f"UNIQUE ({', '.join(map(quoted, key))})", "")
        for key in entity_type.unique_keys
        if len(key) > 1
    ]
    lines += [
        # Without a name of its own, SQLite 3.40 blames the constraint before it.
        (f"CONSTRAINT {quoted(ROW_RULE + check)} CHECK ({check})", "")
        for check in entity_type.checks
    ]
    body = ""
    for position, (line, note) in enumerate(lines):
        comma = "," if position < len(lines) - 1 else ""
        comment = f" -- {note}" if note else ""
        body += f"  {line}{comma}{comment}\n"
    about = f"  -- {entity_type.description}\n" if entity_type.description else ""
    options = "STRICT, WITHOUT ROWID" if key else "STRICT"
    return f"CREATE TABLE {quoted(entity_type.name)} (\n{about}{body}) {options}"


def _column(entity_type: EntityType, column: Column) -> str:
    name = quoted(column.name)
    parts = [name, column.type.storage]
    if column.name == entity_type.primary_key:
        parts.append("PRIMARY KEY NOT NULL")  # without NOT NULL, SQLite lets NULL keys in
    elif column.required:
        parts.append("NOT NULL")
    if column.unique:
        parts.append("UNIQUE")
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    parts += [f"CONSTRAINT {quoted(rule)} CHECK ({check})" for rule, check in column_rules(column)]
    if column.references and column.references.enforced:
        reference = column.references
        parts.append(f"REFERENCES {quoted(reference.entity_type)} ({quoted(reference.column)})")
        if reference.entity_type == entity_type.name:
            # Within one batch a child may stand before its parent.
            parts.append("DEFERRABLE INITIALLY DEFERRED")
    return " ".join(parts)


def column_rules(column: Column) -> Iterator[tuple[str, str]]:
    """Each rule's name, which is what SQLite says when it is broken, and its SQL."""
    name = quoted(column.name)
    if column.values:
        numeric = column.type.storage != "TEXT"
        # Not IN (...): for more than two values SQLite builds a temporary index, for every row.
        values = (v if numeric else literal(v) for v in column.values)
        rule = " OR ".join(f"{name} = {value}" for value in values)
        yield f"{column.name} must be {column.expected}", rule
    else:
        check = column.type.check(name)
        if check:
            yield f"{column.name} must be {column.expected}", check
        if column.required and column.type.kind == "text":
            yield f"{column.name} must not be empty", f"{name} <> ''"
    for check in column.checks:
        yield f"{column.name}: {check}", check


def row_rules(entity_type: EntityType) -> Iterator[tuple[str, str]]:
    """Each declared rule of a single row: how it reads, and SQL that is false if broken."""
    for column in entity_type.columns:
        if column.required or column.name == entity_type.primary_key:
            yield f"{column.name} is required", f"{quoted(column.name)} IS NOT NULL"
        yield from column_rules(column)
    for check in entity_type.checks:
        yield f"{ROW_RULE}{check}", check


def circles(entity_type: EntityType, column: Column) -> str:
    """A SELECT of the rows from which following a self reference comes back: rowid and value.

    Its parameters: `:after`, the rowid after which to look, and `:limit`, how many to find. A row
    that names itself is no circle.
    """
    table, key, parent = map(quoted, (entity_type.name, entity_type.primary_key, column.name))
    step = f"{parent} IS NOT NULL AND {parent} <> {key}"
    return (
        f"WITH RECURSIVE up(start, at) AS ("
        f"SELECT rowid, {parent} FROM {table} WHERE rowid > :after AND {step}"
        # UNION, not UNION ALL: a place where one was before ends the walk.
        f" UNION SELECT start, {parent} FROM up JOIN {table} ON {key} = at WHERE {step}"
        f") SELECT rowid, {parent} FROM {table} WHERE rowid > :after"
        f" AND (rowid, {key}) IN (SELECT start, at FROM up) LIMIT :limit"
    )
