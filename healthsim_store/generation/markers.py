"""What markers of a profile's statements say: which may stand where, numbers, and columns."""

from __future__ import annotations

import re
from fractions import Fraction

from sqlglot import exp

from ..errors import DeclarationError
from ..schema.parser import parse_statement
from ..schema.sqlfile import Statement

_RATE = re.compile(r"\d{1,6}(\.\d{1,6})?(/[1-9]\d{0,5})?")


def check_markers(statement: Statement, *allowed: str) -> None:
    """Raises DeclarationError for a marker that is none of these."""
    for marker in statement.comment.markers:
        if marker not in allowed:
            listed = ", ".join(f"@{name}" for name in allowed)
            raise DeclarationError(
                f"{statement.where}: @{marker} does not belong here",
                hint=f"Allowed here: {listed}." if listed else "No marker does.",
            )


def columns_of(statement: Statement) -> tuple[str, list[exp.ColumnDef]]:
    """The name and the columns of a CREATE TABLE that has nothing else. Raises DeclarationError."""
    schema = parse_statement(statement).this
    if not isinstance(schema, exp.Schema) or not all(
        isinstance(part, exp.ColumnDef) for part in schema.expressions
    ):
        raise DeclarationError(
            f"{statement.where}: a table needs its columns in brackets, and nothing else in them"
        )
    return schema.this.name, schema.expressions


def rate(text: str) -> Fraction | None:
    """``2.5`` or ``425/150``; None for anything else."""
    if not _RATE.fullmatch(text):
        return None
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or "1")


def whole(text: str, where: str, what: str, *, least: int = 1, most: int = 1_000_000) -> int:
    """The number that ``what`` is, such as @count. Raises DeclarationError."""
    digits = text.isascii() and text.isdecimal() and len(text) < 10
    if not digits or not least <= int(text) <= most:
        raise DeclarationError(
            f"{where}: {what} {text}", hint=f"A number from {least} to {most:,}."
        )
    return int(text)
