"""Which entities a WHERE means: judged by the sandbox, under the limits of any query."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..base.quoting import pieces_removed
from ..base.sql import quoted
from ..base.syntax import is_of_syntax, wrong_in_expression
from ..base.wording import option
from ..errors import InvalidArgument, QueryError
from ..query.failures import explain_failure
from ..schema.model import EntityType
from ..storage.sandbox import Sandbox

_BRACKET = re.compile(r"[()]")


def check_expression(what: str, text: Any) -> str:
    """One SQL expression, as far as its brackets tell; SQLite judges the rest.

    Raises InvalidArgument for what is no text, is empty, or closes a bracket that it did not open.
    """
    if not isinstance(text, str) or not text.strip():
        raise InvalidArgument(
            f"{what} is {text!r:.60}.", hint=f"Give one SQL expression, such as {_EXAMPLE}."
        )
    depth = 0
    for bracket in _BRACKET.findall(pieces_removed(text)):
        depth += 1 if bracket == "(" else -1
        if depth < 0:
            break
    if depth:
        raise InvalidArgument(
            f"{what} is no expression: its brackets do not match: {text:.200}",
            hint=f"Give one SQL expression, such as {_EXAMPLE}.",
        )
    return text


_EXAMPLE = "gender = 'F' AND birth_date < '1950-01-01'"


def select_rows(
    sandbox: Sandbox,
    entity_type: EntityType,
    where: str,
    params: Sequence[Any] | Mapping[str, Any] | None,
    *,
    expressions: Mapping[str, str] | None = None,
    timeout: float,
) -> list[tuple[Any, ...]]:
    """The rows that a WHERE means: of each the rowid, and the values of expressions.

    ``expressions`` are by the column that each is for. Raises what `Sandbox.run` does, with the
    names that may be meant, or the place where an expression is wrong.
    """
    written = {f"the expression for {column}": text for column, text in (expressions or {}).items()}
    told = "".join(f", ({check_expression(what, text)}\n)" for what, text in written.items())
    written[option("where")] = check_expression(option("where"), where)
    sql = f"SELECT rowid{told} FROM {quoted(entity_type.name)} WHERE ({where}\n) ORDER BY rowid"
    try:
        with sandbox.run(sql, params or (), timeout=timeout, written=True) as cursor:
            return cursor.fetchall()
    except QueryError as error:
        if is_of_syntax(error.message):
            # The statement is ours: SQLite may name a piece of it that nobody wrote.
            for what, text in written.items():
                place = wrong_in_expression(text)
                if place:
                    raise QueryError(f"{what} is no SQL expression: {place}.") from error
        explained = explain_failure(error, sandbox, sql)
        explained.corrected = None
        raise explained from error
