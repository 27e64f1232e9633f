"""Reads a product's .sql files: the one place where what it declares comes from."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import sqlglot
from sqlglot import exp

from ..base.spelling import meant_by
from ..base.sql import parameters
from ..errors import DeclarationError
from .columns import COLUMN_MARKERS, check_alias, check_sql, checked, read_column
from .migrations import read_migrations
from .model import EXTRA, Column, Declaration, EntityType, Extra, Question, Rule, Statistic
from .parameter_marker import read_parameters
from .refusals import MAX_COLUMNS, NAME, REFUSALS, check_name, check_statement
from .registry import circle
from .sqlfile import Statement, blanked, comments_of, markers_in, read_statements
from .types import LogicalType

TABLE_MARKERS = ("alias", "label")
VIEW_MARKERS = ("card",)
STATISTIC_MARKERS = ("name", "section", "show", "chart")
RULE_MARKERS = ("name",)
QUESTION_MARKERS = ("name", "about", "param")

_OWN_TYPE = re.compile(r"(?<=\w\s)PARTIAL_TIMESTAMP\b(?!\s*\()", re.IGNORECASE)

# It would print a warning of what becomes an error with file and line here.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())


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
    stored: bool = False,
) -> Declaration:
    """Read a product's declaration.

    Args:
        product: its name.
        version: its version.
        schema_sql: the text of schema.sql; so are ``summary_sql``, ``checks_sql`` and
            ``questions_sql`` those of the files of these names.
        folder: where errors say that the files are.
        stored: the texts are from a scenario file, where an older version let in more than
            `refusals` does now.

    Raises DeclarationError, with file and line, for what cannot be understood or is refused.
    """
    entity_types: dict[str, EntityType] = {}
    extras: dict[str, Extra] = {}
    cards: dict[str, Extra] = {}
    markers = (*TABLE_MARKERS, *VIEW_MARKERS)
    for statement in read_statements(
        schema_sql, file=f"{folder}schema.sql", markers=markers, stored=stored
    ):
        if not stored:
            check_statement(statement)
        tree = parse_statement(statement)
        kind = tree.kind if isinstance(tree, exp.Create) else None
        _check_markers(statement, TABLE_MARKERS if kind == "TABLE" else VIEW_MARKERS)
        if kind == "TABLE":
            entity_type = _entity_type(tree, product, statement, stored=stored)
            _check_twice(entity_type.name, statement.where, entity_types, extras)
            entity_types[entity_type.name] = entity_type
        elif kind in ("INDEX", "VIEW"):
            extra = Extra(kind, tree.this.name, statement.sql, statement.where)
            if not stored:
                check_name(extra.name, extra.kind.lower(), extra.where)
            _check_twice(extra.name, extra.where, entity_types, extras)
            extras[extra.name] = extra
            shown = statement.comment.markers.get("card")
            if shown in cards:
                raise DeclarationError(f"{extra.where}: a second @card {shown}")
            if shown is not None:
                cards[shown] = extra
        else:
            raise REFUSALS["statement"].error(statement.where)
    for entity_type in entity_types.values():
        _check_references(entity_type, entity_types)
        for column, _ in entity_type.references(soft=True):
            extra_index = extras.get(f"{entity_type.name}_{column.name}")
            if extra_index and not (column.unique or stored):
                told = f"an index named {extra_index.name}, which {column.name} has by itself"
                raise REFUSALS["twice"].error(extra_index.where, told)
    found = circle(entity_types)
    if found:
        told = f"references go round in a circle: {' -> '.join(found)}"
        raise REFUSALS["circle"].error(entity_types[found[0]].where, told)
    for shown, view in cards.items():
        if shown not in entity_types or view.kind != "VIEW":
            raise DeclarationError(
                f"{view.where}: @card {shown} needs a view, and a table of that name here",
                hint=meant_by(shown, entity_types).question,
            )
        entity_types[shown] = replace(entity_types[shown], card=view.name)
    _check_aliases(entity_types)
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
        extras=tuple(extras.values()),
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
        tree = sqlglot.parse_one(_with_ends(statement.sql), read="sqlite")
    except sqlglot.errors.ParseError as error:
        where, reason = statement.where, str(error).splitlines()[0]
        for found in error.errors[:1]:  # the first one; the others follow from it
            where = statement.where_at(found["line"] or 1)
            reason = f"{found['description']:.80}, at {found['highlight']!r:.40}"
        raise DeclarationError(f"{where}: not understood: {reason}") from None
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


def _with_ends(sql: str) -> str:
    """With brackets behind each type that sqlglot does not know.

    Without them it loses the comment that follows, where no comma stands between.
    """
    made, plain = sql, blanked(sql)
    for found in reversed([*_OWN_TYPE.finditer(plain)]):
        made = f"{made[: found.end()]}(){made[found.end() :]}"
    return made


def _check_twice(name: str, where: str, *named: Mapping[str, EntityType | Extra]) -> None:
    first = next((by_name[name].where for by_name in named if name in by_name), None)
    if first:
        told = f"a second table, view or index named {name}, after {first}"
        raise REFUSALS["twice"].error(where, told)


def _entity_type(
    tree: exp.Expression, product: str, statement: Statement, *, stored: bool
) -> EntityType:
    schema = tree.this
    where = statement.where
    if not isinstance(schema, exp.Schema):
        raise DeclarationError(f"{where}: a table needs its columns in brackets")
    name = schema.this.name
    if not stored:
        check_name(name, "table", where)
    columns: dict[str, Column] = {}
    primary_keys: list[str] = []
    unique_keys: dict[tuple[str, ...], str] = {}
    checks: list[str] = []
    markers = 0
    for part in schema.expressions:
        if isinstance(part, exp.Constraint) and len(part.expressions) == 1:
            part = part.expressions[0]  # CONSTRAINT and a name, which is not needed
        named = part.this if isinstance(part, exp.ColumnDef) else part.find(exp.Identifier)
        place = statement.where_at(named.meta.get("line", 1) if named else 1)
        if isinstance(part, exp.ColumnDef):
            column, is_key, comment = read_column(
                part, f"{place}, column {part.name}", written=statement.sql, stored=stored
            )
            if not stored:
                column = checked(column, part, is_key=is_key)
            if column.name in columns:
                raise DeclarationError(f"{place}: a second column named {column.name}")
            markers += len(comment.given)
            columns[column.name] = column
            if is_key:
                primary_keys.append(column.name)
            if column.unique:
                unique_keys[(column.name,)] = place
        elif isinstance(part, exp.PrimaryKey):
            primary_keys += [key.name for key in part.expressions]
        elif isinstance(part, exp.UniqueColumnConstraint):
            if part.find(exp.CollateColumnConstraint):
                raise REFUSALS["collate"].error(place)
            unique_keys[tuple(key.name for key in part.this.expressions)] = place
        elif isinstance(part, exp.Identifier):
            raise REFUSALS["type"].error(place, f"column {part.name} has no type")
        else:
            constraint = part.find(exp.CheckColumnConstraint)
            if constraint is None:
                raise DeclarationError(
                    f"{place}: not understood: {part.sql(dialect='sqlite')}",
                    hint="Beside columns a table may have PRIMARY KEY, UNIQUE and CHECK; "
                    "REFERENCES stands on its column.",
                )
            checks.append(check_sql(constraint.this, place, stored=stored))
    _check_primary_key(primary_keys, columns, name, where)
    if EXTRA in columns:
        raise DeclarationError(
            f"{where}: the column {EXTRA} is the engine's own, for fields kept on request"
        )
    if len(columns) > MAX_COLUMNS and not stored:
        raise REFUSALS["columns"].error(where, f"{len(columns):,} columns")
    for key, place in unique_keys.items():
        unknown = sorted({*key} - columns.keys())
        if unknown or len({*key}) < len(key):
            told = f"no column: {', '.join(unknown)}" if unknown else "a column twice"
            raise DeclarationError(f"{place}: UNIQUE names {told}")
    if not stored:
        _refuse_lost_markers(statement, markers)
    columns[EXTRA] = Column(
        EXTRA, LogicalType.parse("JSON"), description="Fields that are not declared, when kept"
    )
    if not stored:
        for alias in statement.comment.words("alias"):
            check_alias(alias, where)
    _check_spellings(columns)
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
        where=where,
    )


def _check_primary_key(
    keys: list[str], columns: Mapping[str, Column], table: str, where: str
) -> None:
    if len(keys) == 1 and keys[0] in columns and columns[keys[0]].type.kind == "text":
        return
    if len(keys) > 1:
        found = f"it has one of {len(keys)} columns, {', '.join(keys)}"
    elif keys:
        column = columns.get(keys[0])
        found = f"{keys[0]} is {column.type.sql if column else 'no column of it'}"
    else:
        found = "it has none"
    needs = f"table {table} needs a primary key of one VARCHAR column, and {found}"
    raise REFUSALS["key"].error(where, needs)


def _refuse_lost_markers(statement: Statement, found: int) -> None:
    """Comments that belong to no column would be left out without a word."""
    inside = comments_of(statement.sql)
    given = [(line, m) for line, text in inside for m in markers_in(text, COLUMN_MARKERS)]
    if len(given) != found:
        lines = ", ".join(dict.fromkeys(f"@{marker} in line {line}" for line, marker in [
            (statement.line + line - 1, marker) for line, marker in given
        ]))  # fmt: skip
        raise DeclarationError(
            f"{statement.where}: of its markers one belongs to no column: {lines}",
            hint="A comment stands at the end of its column's line, or in a line above it.",
        )


def _check_spellings(columns: Mapping[str, Column]) -> None:
    taken = {name: name for name in columns}
    for column in columns.values():
        for alias in column.aliases:
            if alias in taken:
                raise DeclarationError(
                    f"{column.where}: @alias {alias} already means {taken[alias]}"
                )
            taken[alias] = column.name


def _check_aliases(entity_types: dict[str, EntityType]) -> None:
    taken = {name: name for name in entity_types}
    for name, entity_type in entity_types.items():
        for alias in entity_type.aliases:
            if taken.setdefault(alias, name) != name:
                raise DeclarationError(
                    f"{entity_type.where}: @alias {alias} of {name} already means {taken[alias]}"
                )


def _check_references(entity_type: EntityType, entity_types: dict[str, EntityType]) -> None:
    for column, reference in entity_type.references():
        parent = entity_types.get(reference.entity_type)
        told = f"REFERENCES {reference.entity_type} ({reference.column})"
        if parent is None:
            near = meant_by(reference.entity_type, entity_types).question
            error = REFUSALS["parent"].error(column.where, f"{told}, which is no table here")
            error.hint = f"{near} {error.hint}" if near else error.hint
            raise error
        if parent.primary_key != reference.column:
            told += f", of which the primary key is {parent.primary_key}"
            raise REFUSALS["parent_key"].error(column.where, told)
    for column in entity_type.columns:
        to = column.references
        if column.acyclic and (to is None or to.entity_type != entity_type.name):
            raise DeclarationError(
                f"{column.where}: it is @acyclic, but does not reference {entity_type.name}",
                hint="@acyclic is for a reference of a table to itself.",
            )


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
        check_name(name, "statistic", statement.where)
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
        check_name(name, "check", statement.where)
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
        comment = statement.comment
        name = comment.markers.get("name")
        if not name or not comment.text:
            raise DeclarationError(
                f"{statement.where}: a question needs a label and a @name",
                hint="-- Pets of more than :least kg @name heavy_pets @about Left empty, 20.",
            )
        check_name(name, "question", statement.where)
        if name in questions or name in taken:
            raise DeclarationError(
                f"{statement.where}: a second {'question' if name in questions else 'statistic'}"
                f" named {name}",
                hint="Questions and statistics of a product have names of their own.",
            )
        questions[name] = make_question(
            Question(
                name, product, comment.text, comment.markers.get("about", ""), statement.sql,
                where=statement.where,
            ),
            comment.every("param"),
            entity_types,
        )  # fmt: skip
    return list(questions.values())


def make_question(
    question: Question, markers: Iterable[str], entity_types: Collection[EntityType]
) -> Question:
    """A question with its parameters declared.

    Args:
        question: the question without them.
        markers: of each parameter whose type is declared the text behind ``@param``.
        entity_types: those that ``choice of`` may name.

    Raises DeclarationError, for the name of any of its parameters too.
    """
    check_name(question.name, "question", question.where)
    found = parameters(question.sql)
    for parameter in found:
        # Datasette's own are sql, and names that begin with _.
        if parameter == ":sql" or parameter[0] != ":" or not NAME.fullmatch(parameter[1:]):
            raise DeclarationError(
                f"{question.where}: the parameter {parameter}",
                hint="A parameter is : and a name of lower case letters, such as :least.",
            )
    names = [parameter[1:] for parameter in found]
    return replace(question, declared=read_parameters(markers, names, entity_types, question.where))
