"""Helpers to read a profile's statements: allowed markers, numbers in them, and columns."""

from __future__ import annotations

import re
from fractions import Fraction

from sqlglot import exp

from ..errors import DeclarationError
from ..schema.parser import parse_statement
from ..schema.sqlfile import Statement

_RATE = re.compile(r"\d{1,6}(\.\d{1,6})?(/[1-9]\d{0,5})?")


def check_markers(statement: Statement, *allowed: str) -> None:
    """Raises DeclarationError if the statement has a marker that is not ``allowed``."""
    for marker in statement.comment.markers:
        if marker not in allowed:
            listed = ", ".join(f"@{name}" for name in allowed)
            raise DeclarationError(
                f"{statement.where}: @{marker} does not belong here",
                hint=f"Allowed here: {listed}." if listed else "No marker does.",
            )


def columns_of(statement: Statement) -> tuple[str, list[exp.ColumnDef]]:
    """The name and the columns of a CREATE TABLE. Raises DeclarationError if it has more."""
    schema = parse_statement(statement).this
    if not isinstance(schema, exp.Schema) or not all(
        isinstance(part, exp.ColumnDef) for part in schema.expressions
    ):
        raise DeclarationError(
            f"{statement.where}: a table needs its columns in brackets, and nothing else in them"
        )
    return schema.this.name, schema.expressions


def rate(text: str) -> Fraction | None:
    """The number in ``2.5`` or ``425/150``; None for any other text."""
    if not _RATE.fullmatch(text):
        return None
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or "1")


def whole(text: str, where: str, what: str, *, least: int = 1, most: int = 1_000_000) -> int:
    """A whole number from ``least`` to ``most``.

    Args:
        text: the number as written.
        where: file and line, for messages.
        what: what the number is for, such as @count, for messages.
        least: the smallest number that is allowed.
        most: the largest number that is allowed.

    Raises DeclarationError.
    """
    digits = text.isascii() and text.isdecimal() and len(text) < 10
    if not digits or not least <= int(text) <= most:
        raise DeclarationError(
            f"{where}: {what} {text}", hint=f"A number from {least} to {most:,}."
        )
    return int(text)
