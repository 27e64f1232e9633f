"""Whether a mapping would work: its sources are declared, and persist takes what it gives."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.text import did_you_mean
from ..errors import DeclarationError, InvalidArgument
from ..schema.model import EXTRA
from ..schema.registry import Link, Registry
from ..schema.sqlfile import Statement
from .mapping import ROW, ROWS, Declared


def check_source(statement: Statement, marker: str, declared: Declared) -> None:
    """Raise DeclarationError where a statement reads what no CREATE TABLE declares.

    Args:
        statement: with ``@from`` or ``@skip``.
        marker: which of them.
        declared: the whole mapping.
    """
    source = statement.comment.markers[marker]
    if source.lower() not in declared.layouts:
        known = f"Declared: {', '.join(sorted(declared.layouts)) or 'none'}."
        raise DeclarationError(
            f"{statement.where}: @{marker} {source}, of which no CREATE TABLE says the columns",
            hint=" ".join(filter(None, (did_you_mean(source, declared.layouts), known))),
        )
    if marker == "skip" and not statement.comment.text:
        raise DeclarationError(
            f"{statement.where}: @skip without a reason",
            hint="The comment before @skip is the reason: -- without a name @skip people",
        )


def check_fields(statement: Statement, given_names: Sequence[str], registry: Registry) -> None:
    """Raise DeclarationError where persist would not take the columns of a SELECT.

    Args:
        statement: the SELECT.
        given_names: of its columns.
        registry: the entity types that it may give.
    """
    if "many" in statement.comment.markers and ROW not in given_names:
        raise DeclarationError(
            f"{statement.where}: @many, and no column {ROW}",
            hint=f"It says which row of @from each one is made of: rowid AS {ROW}.",
        )
    names = [name for name in given_names if name not in (ROW, ROWS)]
    into = statement.comment.markers["into"]
    try:
        entity_type = registry.entity_type(into)
    except InvalidArgument as error:
        raise DeclarationError(
            f"{statement.where}: @into {into}, which is no entity type of the product",
            hint=error.hint,
        ) from None
    given: dict[tuple[str, str], str] = {}
    for name in names:
        field = registry.field(entity_type.name, name)
        if field is None:
            every = ", ".join(c.name for c in entity_type.columns if c.name != EXTRA)
            raise DeclarationError(
                f"{statement.where}: {name} is not a field of {entity_type.name}",
                hint=registry.near_field(entity_type.name, name) or f"Fields: {every}.",
            )
        parts = field.beside if isinstance(field, Link) else ()
        of_key = field.key.name if isinstance(field, Link) and parts else ""
        target = (field.column.name if isinstance(field, Link) else field.name, of_key)
        if target in given:
            raise DeclarationError(f"{statement.where}: {name} means the same as {given[target]}")
        given[target] = name
    columns = {column for column, _ in given}
    for column in entity_type.columns:
        if column.required and column.default is None and column.name not in columns:
            raise DeclarationError(
                f"{statement.where}: {column.name} of {entity_type.name} is required, and the "
                "SELECT does not give it"
            )
