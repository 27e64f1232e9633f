"""Reads a product's .sql files: the one place where what it declares comes from."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import replace

import sqlglot
from sqlglot import exp

from ..base.spelling import meant_by
from ..base.sql import parameters
from ..errors import DeclarationError
from .migrations import read_migrations
from .model import (
    EXTRA,
    Column,
    Declaration,
    EntityType,
    Extra,
    Question,
    Reference,
    Rule,
    Statistic,
)
from .parameter_marker import read_parameters
from .sqlfile import Comment, Statement, read_comment, read_statements
from .types import TYPE_NAMES, LogicalType

TABLE_MARKERS = ("alias", "label")
VIEW_MARKERS = ("card",)
COLUMN_MARKERS = ("acyclic", "alias", "codes", "references", "sensitive", "synonym", "unit")
STATISTIC_MARKERS = ("name", "section", "show", "chart")
RULE_MARKERS = ("name",)
QUESTION_MARKERS = ("name", "about", "param")

# It would print a warning of what becomes an error with file and line here.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TARGET = re.compile(r"(\w+)\s*\(\s*(\w+)\s*\)")


def read_declaration(
    product: str,
    version: str,
    schema_sql: str,
    summary_sql: str = "",
    checks_sql: str = "",
    questions_sql: str = "",
    migrations_sql: str = "",
    *,
    folder: str = "",
) -> Declaration:
    """Read a product's declaration. ``folder`` is where errors say that its files are.

    Raises DeclarationError, with file and line, for what cannot be understood, a table without
    a primary key of one text column, a reference to nowhere, an unknown type or marker.
    """
    entity_types: dict[str, EntityType] = {}
    lines: dict[str, str] = {}
    extras: list[Extra] = []
    cards: dict[str, Extra] = {}
    markers = (*TABLE_MARKERS, *VIEW_MARKERS)
    for statement in read_statements(schema_sql, file=f"{folder}schema.sql", markers=markers):
        tree = parse_statement(statement)
        kind = tree.kind if isinstance(tree, exp.Create) else None
        _check_markers(statement, TABLE_MARKERS if kind == "TABLE" else VIEW_MARKERS)
        if kind == "TABLE":
            entity_type = _entity_type(tree, product, statement)
            if entity_type.name in entity_types:
                raise DeclarationError(
                    f"{statement.where}: a second table named {entity_type.name}"
                )
            entity_types[entity_type.name] = entity_type
            lines[entity_type.name] = statement.where
        elif kind in ("INDEX", "VIEW"):
            extra = Extra(kind, tree.this.name, statement.sql, statement.where)
            extras.append(extra)
            shown = statement.comment.markers.get("card")
            if shown is not None:
                cards[shown] = extra
        else:
            raise DeclarationError(
                f"{statement.where}: only CREATE TABLE, CREATE INDEX and CREATE VIEW belong here"
            )
    for name, entity_type in entity_types.items():
        _check_references(entity_type, entity_types, lines[name])
    for shown, view in cards.items():
        if shown not in entity_types or view.kind != "VIEW":
            raise DeclarationError(
                f"{view.where}: @card {shown} needs a view, and a table of that name here",
                hint=meant_by(shown, entity_types).question,
            )
        entity_types[shown] = replace(entity_types[shown], card=view.name)
    _check_aliases(entity_types, lines)
    statistics = _statistics(product, summary_sql, f"{folder}summary.sql")
    taken = [statistic.name for statistic in statistics]
    types = [*entity_types.values()]
    oldest, migrations = read_migrations(
        product, version, migrations_sql, file=f"{folder}migrations.sql"
    )
    return Declaration(
        product=product,
        version=version,
        entity_types=tuple(entity_types.values()),
        statistics=tuple(statistics),
        rules=tuple(_rules(product, checks_sql, f"{folder}checks.sql")),
        questions=tuple(_questions(product, questions_sql, f"{folder}questions.sql", taken, types)),
        extras=tuple(extras),
        migrations=migrations,
        oldest=oldest,
        schema_sql=schema_sql,
        summary_sql=summary_sql,
        checks_sql=checks_sql,
        questions_sql=questions_sql,
    )


def _check_markers(statement: Statement, allowed: tuple[str, ...]) -> None:
    for marker in statement.comment.markers:
        if marker not in allowed:
            raise DeclarationError(
                f"{statement.where}: @{marker} does not belong here",
                hint=f"Allowed here: {', '.join('@' + name for name in allowed)}.",
            )


def parse_statement(statement: Statement) -> exp.Expression:
    """The statement's tree. Raises DeclarationError, with file and line."""
    try:
        tree = sqlglot.parse_one(statement.sql, read="sqlite")
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise DeclarationError(f"{statement.where}: not understood: {reason}") from None
    except RecursionError:
        raise DeclarationError(f"{statement.where}: nested too deeply") from None
    assert isinstance(tree, exp.Expression)
    if isinstance(tree, exp.Command):  # what sqlglot knows by its first word only
        raise DeclarationError(
            f"{statement.where}: not understood: {statement.sql:.40}...",
            hint="Leave out what only SQLite has, such as WITHOUT ROWID.",
        )
    return tree


def _entity_type(tree: exp.Expression, product: str, statement: Statement) -> EntityType:
    schema = tree.this
    where = statement.where
    if not isinstance(schema, exp.Schema):
        raise DeclarationError(f"{where}: a table needs its columns in brackets")
    name = schema.this.name
    _check_name(name, "table", where)
    columns: dict[str, Column] = {}
    primary_keys: list[str] = []
    unique_keys: list[tuple[str, ...]] = []
    checks: list[str] = []
    for part in schema.expressions:
        if isinstance(part, exp.ColumnDef):
            column, is_key, _ = read_column(part, f"{where}, column {part.name}")
            if column.name in columns:
                raise DeclarationError(f"{where}: a second column named {column.name}")
            columns[column.name] = column
            if is_key:
                primary_keys.append(column.name)
            if column.unique:
                unique_keys.append((column.name,))
        elif isinstance(part, exp.PrimaryKey):
            primary_keys += [key.name for key in part.expressions]
        elif isinstance(part, exp.UniqueColumnConstraint):
            unique_keys.append(tuple(key.name for key in part.this.expressions))
        else:
            constraint = part.find(exp.CheckColumnConstraint)
            if constraint is None:
                raise DeclarationError(
                    f"{where}: not understood: {part.sql(dialect='sqlite')}",
                    hint="Beside columns a table may have PRIMARY KEY, UNIQUE and CHECK; "
                    "REFERENCES stands on its column.",
                )
            checks.append(_check_sql(constraint.this))
    if len(primary_keys) != 1 or columns[primary_keys[0]].type.kind != "text":
        raise DeclarationError(
            f"{where}: table {name} needs a primary key of one VARCHAR column",
            hint="For example: patient_id VARCHAR PRIMARY KEY.",
        )
    if EXTRA in columns:
        raise DeclarationError(
            f"{where}: the column {EXTRA} is the engine's own, for fields kept on request"
        )
    columns[EXTRA] = Column(
        EXTRA, LogicalType.parse("JSON"), description="Fields that are not declared, when kept"
    )
    _check_spellings(columns, where)
    return EntityType(
        name=name,
        product=product,
        columns=tuple(columns.values()),
        primary_key=primary_keys[0],
        unique_keys=tuple(unique_keys),
        aliases=statement.comment.words("alias"),
        label=statement.comment.markers.get("label") or name.replace("_", " ").title(),
        description=statement.comment.text,
        checks=tuple(checks),
    )


def read_column(
    part: exp.ColumnDef, where: str, *, markers: Collection[str] = COLUMN_MARKERS
) -> tuple[Column, bool, Comment]:
    """The column, whether it is declared as the primary key, and its comment.

    Raises DeclarationError, also for a marker that is not one of ``markers``.
    """
    _check_name(part.name, "column", where)
    declared = part.kind.sql(dialect="postgres") if part.kind else ""
    try:
        logical = LogicalType.parse(declared)
    except ValueError:
        raise DeclarationError(
            f"{where}: unknown type {declared or '(none)'}",
            hint=f"Known: {TYPE_NAMES}. DECIMAL needs a precision of at most 15.",
        ) from None
    # sqlglot may hang one comment on several nodes of the column.
    notes = dict.fromkeys(note for node in part.walk() for note in node.comments or ())
    text = " ".join(notes)
    comment = read_comment(text, allowed=markers, where=where)
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
            target = kind.this
            if not isinstance(target, exp.Schema) or len(target.expressions) != 1:
                raise DeclarationError(f"{where}: write REFERENCES parent(parent_id)")
            found["references"] = Reference(target.this.name, target.expressions[0].name)
        elif isinstance(kind, exp.CheckColumnConstraint):
            values = _allowed_values(kind.this, part.name)
            if values:
                found["values"] = values
            else:
                checks.append(_check_sql(kind.this))
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
        **found,  # type: ignore[arg-type]
    )
    for spelling, value in column.synonyms.items():
        if value not in column.values:
            raise DeclarationError(
                f"{where}: @synonym {spelling}={value}, but {value} is not an allowed value",
                hint=f"Allowed: {', '.join(column.values) or 'declare them with CHECK (... IN)'}.",
            )
    return column, is_key, comment


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


def _check_sql(check: exp.Expression) -> str:
    """The CHECK as its author would write it: it is what an error tells."""
    sql = check.sql(dialect="sqlite", comments=False)
    return re.sub(r"\bNOT (\w+) IS NULL", r"\1 IS NOT NULL", sql)


def _allowed_values(check: exp.Expression, column: str) -> tuple[str, ...]:
    """The values of ``CHECK (column IN ('a', 'b'))``; empty for any other CHECK."""
    if (
        isinstance(check, exp.In)
        and check.this.name == column
        and all(isinstance(value, exp.Literal) for value in check.expressions)
    ):
        return tuple(value.name for value in check.expressions)
    return ()


def _check_name(name: str, what: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise DeclarationError(
            f"{where}: {what} name {name!r}",
            hint="Names are lower case letters, digits and _, and begin with a letter.",
        )


def _check_spellings(columns: dict[str, Column], where: str) -> None:
    taken = {name: name for name in columns}
    for column in columns.values():
        for alias in column.aliases:
            if alias in taken:
                raise DeclarationError(
                    f"{where}: @alias {alias} of column {column.name} already means {taken[alias]}"
                )
            taken[alias] = column.name


def _check_aliases(entity_types: dict[str, EntityType], lines: dict[str, str]) -> None:
    taken = {name: name for name in entity_types}
    for name, entity_type in entity_types.items():
        for alias in entity_type.aliases:
            if taken.setdefault(alias, name) != name:
                raise DeclarationError(
                    f"{lines[name]}: @alias {alias} of {name} already means {taken[alias]}"
                )


def _check_references(
    entity_type: EntityType, entity_types: dict[str, EntityType], where: str
) -> None:
    for column, reference in entity_type.references():
        parent = entity_types.get(reference.entity_type)
        if parent is None or parent.primary_key != reference.column:
            raise DeclarationError(
                f"{where}: {column.name} references {reference.entity_type}({reference.column}), "
                "which is no table's primary key here",
                hint=meant_by(reference.entity_type, entity_types).question,
            )
    for column in entity_type.columns:
        to = column.references
        if column.acyclic and (to is None or to.entity_type != entity_type.name):
            raise DeclarationError(
                f"{where}: {column.name} is @acyclic, but does not reference {entity_type.name}",
                hint="@acyclic is for a reference of a table to itself.",
            )
    names = {name for key in entity_type.unique_keys for name in key}
    unknown = sorted(names - entity_type.by_name.keys())
    if unknown:
        raise DeclarationError(f"{where}: UNIQUE names no column: {', '.join(unknown)}")


def _statistics(product: str, summary_sql: str, file: str) -> list[Statistic]:
    statistics: dict[str, Statistic] = {}
    for statement in read_statements(summary_sql, file=file, markers=STATISTIC_MARKERS):
        markers = statement.comment.markers
        missing = [f"@{name}" for name in ("name", "section") if name not in markers]
        if "show" not in markers and "chart" not in markers:
            missing.append("@show")
        if missing or not statement.comment.text:
            raise DeclarationError(
                f"{statement.where}: a statistic needs a label and {', '.join(missing)}",
                hint="-- Age range @name age_range @section Demographics @show {low}-{high}",
            )
        name = markers["name"]
        if name in statistics:
            raise DeclarationError(f"{statement.where}: a second statistic named {name}")
        statistics[name] = Statistic(
            name, product, statement.comment.text, markers["section"],
            markers.get("show", ""),
            statement.sql, statement.where,
        )  # fmt: skip
    return list(statistics.values())


def _rules(product: str, checks_sql: str, file: str) -> list[Rule]:
    rules: dict[str, Rule] = {}
    for statement in read_statements(checks_sql, file=file, markers=RULE_MARKERS):
        name = statement.comment.markers.get("name")
        if not name or not statement.comment.text or name in rules:
            raise DeclarationError(
                f"{statement.where}: a check needs a label and a @name of its own",
                hint="-- Charges of the lines add up to the claim @name claim_charge",
            )
        rules[name] = Rule(name, product, statement.comment.text, statement.sql, statement.where)
    return list(rules.values())


def _questions(
    product: str,
    questions_sql: str,
    file: str,
    taken: Collection[str],
    entity_types: Collection[EntityType],
) -> list[Question]:
    """``taken`` are names of statistics: Datasette shows both as queries of one database."""
    questions: dict[str, Question] = {}
    for statement in read_statements(questions_sql, file=file, markers=QUESTION_MARKERS):
        name = statement.comment.markers.get("name")
        if not name or not statement.comment.text:
            raise DeclarationError(
                f"{statement.where}: a question needs a label and a @name",
                hint="-- Pets of more than :least kg @name heavy_pets @about Left empty, 20.",
            )
        _check_name(name, "question", statement.where)
        if name in questions or name in taken:
            raise DeclarationError(
                f"{statement.where}: a second {'question' if name in questions else 'statistic'}"
                f" named {name}",
                hint="Questions and statistics of a product have names of their own.",
            )
        found = parameters(statement.sql)
        for parameter in found:
            # Datasette's own are sql, and names that begin with _.
            if parameter == ":sql" or parameter[0] != ":" or not _NAME.fullmatch(parameter[1:]):
                raise DeclarationError(
                    f"{statement.where}: the parameter {parameter}",
                    hint="A parameter is : and a name of lower case letters, such as :least.",
                )
        questions[name] = Question(
            name, product, statement.comment.text, statement.comment.markers.get("about", ""),
            statement.sql,
            read_parameters(
                statement.comment.every("param"), [parameter[1:] for parameter in found],
                entity_types, statement.where,
            ),
            statement.where,
        )  # fmt: skip
    return list(questions.values())
