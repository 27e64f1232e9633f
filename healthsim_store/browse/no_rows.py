"""Why a question's page has no rows, where no row has the code that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import HealthsimStoreError, InvalidArgument
from ..query.pages import QueryResult, fetch_page
from ..query.questions import fill_in, why_nothing
from ..schema.model import Question
from ..storage.sandbox import Sandbox

_ROWS = 10
_SECONDS = 2.0


def note(question: Question, given: Mapping[str, str]) -> Callable[[Sandbox], str | None]:
    """What reads, of a file, what the other doors tell under an answer without rows.

    Args:
        question: that of the page.
        given: what was filled in.
    """
    names = {parameter.name for parameter in question.parameters}

    def read(sandbox: Sandbox) -> str | None:
        def ask(sql: str, params: Mapping[str, Any] | None = None) -> QueryResult:
            found = fetch_page(sandbox, sql, params or {}, limit=_ROWS, offset=0, timeout=_SECONDS)
            columns, rows, has_more, _ = found
            return QueryResult(columns, rows, _ROWS, 0, has_more)

        try:
            bound = fill_in(question, {name: text for name, text in given.items() if name in names})
        except InvalidArgument:  # the form tells it
            return None
        try:
            return why_nothing(QueryResult((), [], _ROWS, 0, False), question, bound, ask).note
        except HealthsimStoreError:  # it took too long, or there is none of these tables
            return None

    return read


def has_note(question: Question) -> bool:
    """Whether a parameter of a question is a code, of which there may be none."""
    return any(parameter.column for parameter in question.declared)
