"""Reads a column of a CREATE TABLE, with the markers in its comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from sqlglot import exp

from ..base.sql import value_literal
from ..errors import DeclarationError
from .model import Column, Reference
from .refusals import REFUSALS, check_clock, check_name
from .sqlfile import Comment, joined_comments, read_comment
from .types import LogicalType

COLUMN_MARKERS = ("acyclic", "alias", "codes", "references", "sensitive", "synonym", "unit")

_TARGET = re.compile(r"(\w+)\s*\(\s*(\w+)\s*\)")


def read_column(
    part: exp.ColumnDef,
    where: str,
    *,
    markers: Collection[str] = COLUMN_MARKERS,
    written: str = "",
    stored: bool = False,
    named: Callable[[str, str, str], None] = check_name,
) -> tuple[Column, bool, Comment]:
    """The column, whether it is declared as the primary key, and its comment.

    Args:
        part: the column as it was parsed.
        where: file, line and column, for messages.
        markers: those that may stand in its comment.
        written: the statement, by which messages tell what was written.
        stored: it is from a scenario file, where an older version let in more.
        named: raises DeclarationError for what no column may be called, as `check_name` does.

    Raises DeclarationError.
    """
    if not stored:
        named(part.name, "column", where)
    declared = part.kind.sql(dialect="postgres") if part.kind else ""
    try:
        logical = LogicalType.parse(declared)
    except ValueError:
        told = _written_type(part.name, written) or declared or "(none)"
        raise REFUSALS["type"].error(where, f"unknown type {told}") from None
    # sqlglot may hang one comment on several nodes of the column.
    notes = dict.fromkeys(note for node in part.walk() for note in node.comments or ())
    text = joined_comments(sorted(notes, key=written.find))
    comment = read_comment(text, allowed=markers, where=where, stored=stored)
    found: dict[str, object] = {}
    checks: list[str] = []
    is_key = False
    for constraint in part.constraints:
        kind = constraint.kind
        if isinstance(kind, exp.PrimaryKeyColumnConstraint):
            is_key = True
        elif isinstance(kind, exp.NotNullColumnConstraint):
            found["required"] = not kind.args.get("allow_null")
        elif isinstance(kind, exp.UniqueColumnConstraint):
            found["unique"] = True
        elif isinstance(kind, exp.DefaultColumnConstraint):
            found["default"] = kind.this.sql(dialect="sqlite", comments=False)
        elif isinstance(kind, exp.Reference):
            found["references"] = _reference(kind, where)
        elif isinstance(kind, exp.CheckColumnConstraint):
            values = _allowed_values(kind.this, part.name)
            if values:
                found["values"] = values
            else:
                checks.append(check_sql(kind.this, where, stored=stored))
        elif isinstance(kind, exp.CollateColumnConstraint):
            raise REFUSALS["collate"].error(where)
        else:
            raise DeclarationError(
                f"{where}: not understood: {constraint.sql(dialect='sqlite')}",
                hint="Known: PRIMARY KEY, NOT NULL, UNIQUE, DEFAULT, CHECK, REFERENCES.",
            )
    if "references" in comment.markers:
        found["references"] = _soft_reference(comment, where, taken="references" in found)
    column = Column(
        name=part.name,
        type=logical,
        synonyms=comment.pairs("synonym"),
        aliases=comment.words("alias"),
        description=comment.text,
        unit=comment.markers.get("unit"),
        codes=comment.markers.get("codes"),
        acyclic="acyclic" in comment.markers,
        sensitive="sensitive" in comment.markers,
        checks=tuple(checks),
        where=where,
        **found,  # type: ignore[arg-type]
    )
    _check_synonyms(column, comment, stored=stored)
    return column, is_key, comment


def checked(column: Column, part: exp.ColumnDef, *, is_key: bool) -> Column:
    """The column of a product's table, if rows can be stored by what it declares.

    A default is written as it is stored. Raises DeclarationError.
    """
    for value in column.values:
        try:
            column.coerce(value)
        except ValueError:
            raise REFUSALS["values"].error(
                column.where, f"{value!r} is not {column.type.expected}"
            ) from None
    for alias in column.aliases:
        check_alias(alias, column.where)
    if column.references and column.type.kind != "text":
        raise REFUSALS["parent_key"].error(column.where, f"REFERENCES by a {column.type.sql}")
    defaults = (constraint.kind for constraint in part.constraints)
    for default in (kind for kind in defaults if isinstance(kind, exp.DefaultColumnConstraint)):
        return _with_default(column, default.this, is_key=is_key)
    return column


def check_alias(alias: str, where: str) -> None:
    """Raises DeclarationError for an alias by which nothing would be found."""
    if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)?", alias):
        raise DeclarationError(
            f"{where}: @alias {alias}",
            hint="Aliases are lower case letters, digits and _, with spaces between them; "
            "birth_date is also found as birthDate, Birth Date and BIRTH-DATE. name.given is the "
            "field given of an object name.",
        )


def _with_default(column: Column, default: exp.Expression, *, is_key: bool) -> Column:
    try:
        value = _literal(default)
    except TypeError:
        told = f"DEFAULT {default.sql(dialect='sqlite', comments=False)}"
        raise REFUSALS["default"].error(column.where, told) from None
    if value is None:
        return replace(column, default=None)
    told = f"DEFAULT {column.default}"
    if is_key or column.unique:
        raise REFUSALS["default_key"].error(column.where, told)
    try:
        stored = column.coerce(value)
    except ValueError:
        told = f"{told}, which is not {column.expected}"
        raise REFUSALS["default_value"].error(column.where, told) from None
    if isinstance(stored, str) != isinstance(value, str) or stored != value:
        return replace(column, default=value_literal(stored))
    return column


def _literal(node: exp.Expression) -> str | int | float | bool | None:
    """The value of a literal, also in brackets. Raises TypeError for anything else."""
    if isinstance(node, exp.Paren):
        return _literal(node.this)
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        value = _literal(node.this)
        if isinstance(value, int | float):
            return -value
    if isinstance(node, exp.Literal):
        if node.is_string:
            return str(node.this)
        return int(node.this) if node.this.isdigit() else float(node.this)
    raise TypeError(node)


def _check_synonyms(column: Column, comment: Comment, *, stored: bool) -> None:
    """A synonym means an allowed value; of a column without a list of them it may mean any."""
    folded = {value.casefold(): value for value in column.values}
    given = [pair for text in comment.every("synonym") for pair in text.split(",")]
    taken: dict[str, str] = {}
    for pair in given:
        spelling, equals, value = (part.strip() for part in pair.partition("="))
        if equals and column.values and value not in column.values:
            raise DeclarationError(
                f"{column.where}: @synonym {spelling}={value}, but {value} is not an allowed value",
                hint=f"Allowed: {', '.join(column.values)}.",
            )
        if stored:
            continue
        if not (equals and spelling):
            raise DeclarationError(
                f"{column.where}: @synonym {pair.strip()}",
                hint="A spelling and an allowed value, with commas between the pairs: "
                "@synonym female=F, male=M",
            )
        meant = taken.setdefault(spelling.casefold(), value)
        also = folded.get(spelling.casefold(), meant)
        if value not in (meant, also) or meant != value or also != value:
            raise DeclarationError(
                f"{column.where}: @synonym {spelling}={value}, but {spelling} already means "
                f"{also if also != value else meant}"
            )


def _written_type(column: str, sql: str) -> str:
    """The type of a column as its author wrote it; empty where that is not found."""
    name = re.escape(column)
    found = re.search(rf"[(,\s]\"?{name}\"?\s+([A-Za-z_]\w*(?:\s*\([^)]*\))?)", sql, re.IGNORECASE)
    return found[1] if found else ""


def _reference(kind: exp.Reference, where: str) -> Reference:
    target = kind.this
    if not isinstance(target, exp.Schema) or len(target.expressions) != 1:
        raise DeclarationError(f"{where}: write REFERENCES parent(parent_id)")
    return Reference(target.this.name, target.expressions[0].name)


def _soft_reference(comment: Comment, where: str, *, taken: bool) -> Reference:
    """``@references encounters(encounter_id)``: into another product's table."""
    target = _TARGET.fullmatch(comment.markers["references"])
    if target is None or taken:
        raise DeclarationError(
            f"{where}: @references {comment.markers['references']}",
            hint="Write @references parent(parent_id) for a table of another product; for one of "
            "this product, REFERENCES parent(parent_id) in the column's SQL.",
        )
    return Reference(target[1], target[2], enforced=False)


def check_sql(check: exp.Expression, where: str, *, stored: bool = False) -> str:
    """The CHECK as its author would write it: it is what an error tells.

    Args:
        check: the condition.
        where: file and line, for messages.
        stored: it is from a scenario file, where an older version let in more.

    Raises DeclarationError for one that could be another one tomorrow.
    """
    sql = re.sub(
        r"\bNOT (\w+) IS NULL", r"\1 IS NOT NULL", check.sql(dialect="sqlite", comments=False)
    )
    if not stored:
        check_clock(sql, where)
    return sql


def _allowed_values(check: exp.Expression, column: str) -> tuple[str, ...]:
    """The values of ``CHECK (column IN ('a', 'b'))``; empty for any other CHECK."""
    if (
        isinstance(check, exp.In)
        and check.this.name == column
        and all(isinstance(value, exp.Literal) for value in check.expressions)
    ):
        return tuple(value.name for value in check.expressions)
    return ()
