"""The questions in a scenario file: which of them it can answer, and their parameters."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..base.text import did_you_mean
from ..errors import InvalidArgument, QueryError, UnknownQuestion
from ..schema.model import Question
from ..storage.sandbox import Sandbox

_NONE = "This scenario comes with none; healthsim-store upgrade brings those of its products."
SECONDS = 5.0  # to prepare all questions of a file


def sort_out(
    sandbox: Sandbox, questions: Iterable[Question]
) -> tuple[list[Question], dict[str, str]]:
    """The questions that the file can answer, and why it cannot answer the others, by name.

    Each is prepared by SQLite but not run. The usual reason is that a table of another product is
    missing.
    """
    able: list[Question] = []
    reasons: dict[str, str] = {}
    deadline = time.monotonic() + SECONDS
    for question in questions:
        left = max(0.01, deadline - time.monotonic())
        try:
            explain = f"EXPLAIN {question.sql}"
            with sandbox.run(explain, fill_in(question), timeout=left, written=True):
                able.append(question)
        except QueryError as error:
            reasons[question.name] = error.message
    return able, reasons


def find_question(questions: Sequence[Question], reasons: Mapping[str, str], name: str) -> Question:
    """The question of this name.

    Args:
        questions: those that can be asked, from `sort_out`.
        reasons: why the others cannot be asked, from `sort_out`.
        name: the question's name.

    Raises UnknownQuestion, with the names that there are.
    """
    found = {question.name: question for question in questions}
    if name in reasons:
        raise UnknownQuestion(
            f"{name} cannot be asked of this scenario: {reasons[name].rstrip('.')}.",
            hint=f"It can answer {', '.join(found)}." if found else None,
        )
    if name not in found:
        raise UnknownQuestion(
            f"There is no question {name!r:.60}.",
            hint=did_you_mean(str(name), found)
            or (f"Known: {', '.join(found)}." if found else _NONE),
        )
    return found[name]


def fill_in(question: Question, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A value for each parameter of the question; the empty text if ``values`` has none.

    Raises InvalidArgument for a name in ``values`` that is not a parameter.
    """
    given = dict(values or {})
    for name in given:
        if name not in question.parameters:
            known = ", ".join(question.parameters)
            raise InvalidArgument(
                f"The question {question.name} has no value {name!r:.60}.",
                hint=did_you_mean(str(name), question.parameters)
                or (f"It has {known}." if known else "It has none."),
            )
    return dict.fromkeys(question.parameters, "") | given
