"""Reads a layout: the CREATE TABLE of a dataset; its comments are labels, roles, code lists."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from sqlglot import exp

from ..base.text import did_you_mean
from ..errors import DeclarationError, InvalidName
from ..exchange import datapackage
from ..exchange.export_work import check_file_name
from ..schema.columns import check_sql, checked, read_column
from ..schema.model import Column, EntityType
from ..schema.parser import parse_statement
from ..schema.refusals import MAX_COLUMNS, RESERVED, ROWID
from ..schema.sqlfile import Comment, Statement, comments_of, markers_in
from .model import Dataset, Variable

TABLE_MARKERS = ("class", "reference", "split", "structure")
COLUMN_MARKERS = ("codes", "optional", "origin", "role", "unit")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_CODES = re.compile(r"(?P<name>.*?)(?: \((?P<id>[^()]+)\))?")


def read_layout(statement: Statement, standard: str) -> Dataset:
    """The dataset that a CREATE TABLE declares, which nothing fills yet.

    Args:
        statement: its text, with macros expanded, and the comment above it.
        standard: the name of the standard.

    Raises DeclarationError, with file and line.
    """
    schema, where = parse_statement(statement).this, statement.where
    if not isinstance(schema, exp.Schema):
        raise DeclarationError(f"{where}: a layout needs its columns in brackets")
    name = schema.this.name
    _check_name(name, "dataset", where)
    _check_file(name, where)
    variables: dict[str, Variable] = {}
    keys: list[str] = []
    key_place = where
    unique: dict[tuple[str, ...], str] = {}
    checks: list[str] = []
    found = 0
    for part in schema.expressions:
        if isinstance(part, exp.Constraint) and len(part.expressions) == 1:
            part = part.expressions[0]  # CONSTRAINT and a name, which is not needed
        named = part.this if isinstance(part, exp.ColumnDef) else part.find(exp.Identifier)
        place = statement.where_at(named.meta.get("line", 1) if named else 1)
        if isinstance(part, exp.ColumnDef):
            column, is_key, comment = read_column(
                part, f"{place}, column {part.name}", markers=COLUMN_MARKERS,
                written=statement.sql, named=_check_name,
            )  # fmt: skip
            # In a layout numbers may refer to others: no row of it is copied with a new id.
            plain = checked(replace(column, references=None), part, is_key=is_key)
            column = replace(plain, references=column.references)
            if column.name.lower() in variables:
                raise DeclarationError(f"{place}: a second column named {column.name}")
            found += len(comment.given)
            keys += [column.name] if is_key else []
            variables[column.name.lower()] = _variable(column, comment)
        elif isinstance(part, exp.Identifier):
            raise DeclarationError(f"{place}: column {part.name} has no type")
        elif isinstance(part, exp.PrimaryKey):
            keys += [key.name for key in part.expressions]
            key_place = place
        elif isinstance(part, exp.UniqueColumnConstraint):
            unique[tuple(key.name for key in part.this.expressions)] = place
        elif part.find(exp.CheckColumnConstraint):
            check = part.find(exp.CheckColumnConstraint)
            assert check is not None
            checks.append(check_sql(check.this, place))
        else:
            raise DeclarationError(
                f"{place}: not understood: {part.sql(dialect='sqlite')}",
                hint="Beside columns a layout may have PRIMARY KEY, UNIQUE and CHECK; REFERENCES"
                " stands on its column.",
            )
    _refuse_lost_markers(statement, found)
    unique = ({tuple(keys): key_place} if keys else {}) | unique
    _check_keys(unique, variables)
    if len(variables) > MAX_COLUMNS:
        raise DeclarationError(f"{where}: {len(variables):,} columns; at most {MAX_COLUMNS:,}")
    _check_companions(variables)
    ordered = {key.lower(): place for place, key in enumerate(keys, 1)}
    single = {key[0].lower() for key in unique if len(key) == 1}
    made: list[Variable] = []
    for lower, variable in variables.items():
        column = replace(
            variable.column,
            required=variable.column.required or lower in ordered,  # as SQL has it
            unique=variable.column.unique or lower in single,
        )
        made.append(replace(variable, column=column, key=ordered.get(lower, 0)))
    if not statement.comment.text:
        raise DeclarationError(f"{where}: no comment above {name} says what it is")
    dataset = Dataset(
        name=name,
        label=statement.comment.text,
        variables=tuple(made),
        table=EntityType(
            name=name, product=standard, columns=tuple(v.column for v in made), primary_key="",
            unique_keys=tuple(unique), description=statement.comment.text,
            checks=tuple(checks), where=where,
        ),
        where=where,
        kind=statement.comment.markers.get("class", ""),
        structure=statement.comment.markers.get("structure", ""),
        reference="reference" in statement.comment.markers,
    )  # fmt: skip
    split = statement.comment.markers.get("split")
    return dataset if split is None else _split(dataset, split, where)


def _split(dataset: Dataset, name: str, where: str) -> Dataset:
    """The dataset with the column by which it is split. Raises DeclarationError."""
    variable = dataset.by_name.get(name.lower())
    if variable is None or not (variable.required and variable.column.values):
        raise DeclarationError(
            f"{where}: @split {name}, which is no column that has one of a few values in every row",
            hint="KIND VARCHAR(2) NOT NULL CHECK (KIND IN ('A', 'B')) is one: its rows are written"
            " as the datasets NAMEA and NAMEB.",
        )
    made = replace(dataset, split=variable.name)
    for part in made.parts.values():
        _check_name(part.name, "dataset", where)
        _check_file(part.name, where)
    return made


def _variable(column: Column, comment: Comment) -> Variable:
    if not column.description:
        raise DeclarationError(
            f"{column.where}: it has no label", hint="The comment at the end of its line is it."
        )
    codes = _CODES.fullmatch(column.codes or "")
    optional = "optional" in comment.markers
    if optional and column.required:
        raise DeclarationError(f"{column.where}: it is NOT NULL and @optional")
    return Variable(
        column=column,
        role=comment.markers.get("role", ""),
        origin=comment.markers.get("origin", ""),
        optional=optional,
        companion=comment.markers.get("optional", ""),
        codes=codes["name"] if codes else "",
        codes_id=(codes["id"] or "") if codes else "",
    )


def _check_keys(unique: dict[tuple[str, ...], str], variables: dict[str, Variable]) -> None:
    for key, place in unique.items():
        unknown = [name for name in key if name.lower() not in variables]
        if unknown or len({name.lower() for name in key}) < len(key):
            told = f"no column: {', '.join(unknown)}" if unknown else "a column twice"
            raise DeclarationError(f"{place}: its key names {told}")


def _check_companions(variables: dict[str, Variable]) -> None:
    for variable in variables.values():
        if variable.companion and variable.companion.lower() not in variables:
            near = did_you_mean(variable.companion, [v.name for v in variables.values()])
            raise DeclarationError(
                f"{variable.column.where}: @optional {variable.companion}, which is no column",
                hint=near or "@optional alone, or with the column that it is left out with.",
            )


def _check_name(name: str, what: str, where: str) -> None:
    if not _NAME.fullmatch(name) or name.lower() in (*RESERVED, *ROWID):
        raise DeclarationError(
            f"{where}: the {what} name {name!r:.80}",
            hint="It has letters, digits and _, begins with a letter, has at most 63, and is no"
            " word of SQL.",
        )


def _check_file(name: str, where: str) -> None:
    """Raises DeclarationError for a dataset whose file could not be called so."""
    try:
        if check_file_name(name.lower(), "The dataset") != Path(datapackage.FILE).stem:
            return
    except InvalidName:
        pass
    raise DeclarationError(
        f"{where}: no file may be called as the dataset {name}",
        hint=f"{datapackage.FILE} describes an export, and some systems have names of their own.",
    )


def _refuse_lost_markers(statement: Statement, found: int) -> None:
    """Comments that belong to no column would be left out without a word."""
    inside = comments_of(statement.sql)
    given = [(line, m) for line, text in inside for m in markers_in(text, COLUMN_MARKERS)]
    if len(given) != found:
        lines = ", ".join(
            f"@{marker} in line {statement.line + line - 1}" for line, marker in given
        )
        raise DeclarationError(
            f"{statement.where}: of its markers one belongs to no column: {lines}",
            hint="A comment stands at the end of its column's line, or in a line above it.",
        )
