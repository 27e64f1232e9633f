"""One SELECT: checks and translation before it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.arguments import check_timeout
from ..errors import InvalidArgument, QueryError, QueryTooLarge
from ..storage.files import Files
from ..storage.sandbox import check_length

Parameters = Sequence[Any] | Mapping[str, Any]
Attach = Mapping[str, str] | Sequence[str]

_CLASS = re.compile(r"<class '[\w.]*?(\w+)'>")
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
_FRACTION = re.compile(r"-?(0|[1-9]\d*)\.\d*[1-9]")


def typed(text: str) -> str | int | float:
    """What a person means who types a value: a number as numbers are written, else the text.

    2 and 8.5 are numbers; 02, 2.50, +2 and 1e3 stay text, as codes are. SQLite compares a number
    with a column of text by itself, but not text with what it counted: ``count(*) > '2'`` is false.
    """
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FRACTION.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text


def all_typed(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The same for values by name, of which those that are no text stay as they are."""
    return {
        name: typed(value) if isinstance(value, str) else value
        for name, value in (values or {}).items()
    }


@dataclass(frozen=True, slots=True)
class Select:
    """A statement that is ready to run.

    ``path`` is the scenario's file, ``attached`` are further files by schema name, ``timeout`` is
    in seconds.
    """

    path: Path
    sql: str
    timeout: float
    parameters: Parameters = ()
    attached: Mapping[str, Path] = field(default_factory=dict)


def prepare(
    files: Files,
    scenario: str,
    sql: str,
    *,
    params: Parameters | None,
    timeout: float,
    attach: Attach,
    dialect: str | None,
) -> Select:
    """The statement to run; see `Store.query_scenario` for the arguments.

    Raises InvalidArgument, ScenarioNotFound, AmbiguousScenario.
    """
    check_timeout(timeout)
    if not isinstance(sql, str):
        raise InvalidArgument(f"sql is {sql!r:.60}.", hint="Give one SELECT as text.")
    if dialect:
        sql = translate(sql, dialect)
    return Select(
        path=files.find(scenario),
        sql=sql,
        timeout=timeout,
        parameters=() if params is None else params,
        attached=find_attached(files, attach),
    )


def schemas(files: Files, scenarios: Sequence[str]) -> dict[str, str]:
    """The schema name of each scenario that is attached by its name alone."""
    names = [files.find(scenario).stem for scenario in scenarios]
    return {_schema_name(name): name for name in names}


def _schema_name(name: str) -> str:
    plain = "".join(sign if sign.isalnum() else "_" for sign in name)
    return f"_{plain}" if plain[0].isdigit() else plain


def find_attached(files: Files, attach: Attach) -> dict[str, Path]:
    """The files to attach, by schema. Raises InvalidArgument for a schema's name, and as `find`."""
    if isinstance(attach, str):
        attach = [attach]
    if not isinstance(attach, Mapping):
        attach = schemas(files, attach)
    for alias in attach:
        if not alias.isidentifier() or alias.lower() in ("main", "temp"):
            raise InvalidArgument(
                f"A scenario cannot be attached as {alias!r}.",
                hint="Use letters, digits and _, and neither main nor temp.",
            )
    return {alias: files.find(name) for alias, name in attach.items()}


def translate(sql: str, dialect: str) -> str:
    """The statement in SQLite's dialect.

    Raises InvalidArgument for a dialect that sqlglot does not know, QueryError for a statement that
    it cannot read or that SQLite cannot do, QueryTooLarge for one that is too long or nested too
    deeply.
    """
    import sqlglot
    from sqlglot.errors import ParseError, SqlglotError, UnsupportedError

    check_length(sql)
    try:
        sqlglot.Dialect.get_or_raise(dialect)
    except (ValueError, AttributeError) as error:
        raise InvalidArgument(
            f"Cannot translate from {str(dialect)!r:.60}: there is no such dialect.",
            hint="Dialects are sqlglot's: postgres, duckdb, spark, databricks, snowflake, ...",
        ) from error
    try:
        statements = sqlglot.transpile(
            sql, read=dialect, write="sqlite", unsupported_level=sqlglot.ErrorLevel.RAISE
        )
    except RecursionError as error:
        raise QueryTooLarge("The statement is nested too deeply.") from error
    except UnsupportedError as error:  # sqlglot would warn, and leave that part out
        reason = " ".join(str(error).split()).rstrip(".")
        raise QueryError(
            f"SQLite has no such thing as this {dialect} statement needs: {reason}.",
            hint="Leave that part out, or write the statement in SQLite's dialect.",
        ) from error
    except (SqlglotError, ValueError) as error:
        found = error.errors[:1] if isinstance(error, ParseError) else []
        where = "".join(f", line {one['line']}, column {one['col']}" for one in found)
        # The line in which sqlglot says it; below it, it shows the statement.
        reason = str(error).partition("\n")[0].partition(". Line ")[0].rstrip(".")
        reason = _CLASS.sub(r"\1", reason)
        raise QueryError(
            f"This is not understood as {dialect}{where}: {reason}.",
            hint="Correct it, or write it in SQLite's dialect.",
        ) from error
    return ";\n".join(statements)
