"""Whether a mapping would work: its sources are declared, and persist takes what it gives."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.text import did_you_mean
from ..errors import DeclarationError
from ..schema.registry import Registry
from ..schema.sqlfile import Statement
from . import selected_fields
from .mapping import ROW, ROWS, Declared


def check_source(statement: Statement, marker: str, declared: Declared) -> None:
    """Raise DeclarationError where a statement reads what no CREATE TABLE declares.

    Args:
        statement: with ``@from``, ``@skip`` or ``@note``.
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
    if marker != "from" and not statement.comment.text:
        raise DeclarationError(
            f"{statement.where}: @{marker} without a {'reason' if marker == 'skip' else 'text'}",
            hint=f"The comment before @{marker} is told: -- without a name @{marker} people",
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
    selected_fields.check_fields(statement, names, registry)
