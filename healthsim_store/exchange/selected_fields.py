"""The fields that a SELECT of a mapping gives an entity type."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import DeclarationError, InvalidArgument
from ..schema.model import EXTRA
from ..schema.registry import Link, Registry
from ..schema.sqlfile import Statement


def check_fields(statement: Statement, names: Sequence[str], registry: Registry) -> None:
    """Check that an entity type has the fields that a SELECT gives, and needs no others.

    Args:
        statement: the SELECT, with @into.
        names: of its columns.
        registry: the entity types of the product.

    Raises DeclarationError, with file and line.
    """
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
