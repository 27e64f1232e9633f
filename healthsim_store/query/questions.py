"""The questions in a scenario file: which of them it can answer, and their parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.text import did_you_mean, listed
from ..base.wording import call
from ..errors import InvalidArgument, InvalidValue, QueryError, UnknownQuestion
from ..schema.model import Question
from ..schema.parameter import ANY
from ..storage.catalog import Questions
from ..storage.sandbox import Sandbox
from .pages import QueryResult
from .select import typed

#: Asks a scenario one SELECT.
Ask = Callable[..., QueryResult]

SECONDS = 5.0  # to prepare all questions of a file


def sort_out(sandbox: Sandbox, questions: Iterable[Question]) -> tuple[Questions, dict[str, str]]:
    """The questions that the file can answer, and why it cannot answer the others, by name.

    Each is prepared by SQLite but not run. The usual reason is that a table of another product is
    missing.
    """
    able = Questions()
    able.left_out = questions.left_out if isinstance(questions, Questions) else 0
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


def find_question(
    path: Path, questions: Sequence[Question], reasons: Mapping[str, str], name: str
) -> Question:
    """The question of this name.

    Args:
        path: the scenario's file.
        questions: those that can be asked, from `sort_out`.
        reasons: why the others cannot be asked, from `sort_out`.
        name: the question's name.

    Raises UnknownQuestion, with the names that there are.
    """
    found = {question.name: question for question in questions}
    upgrade = call("upgrade_scenario", path)
    none = f"This scenario comes with none; {upgrade} brings those of its products."
    if name in reasons:
        raise UnknownQuestion(
            f"{name} cannot be asked of this scenario: {reasons[name].rstrip('.')}.",
            hint=f"It can answer {', '.join(found)}." if found else None,
        )
    several = [full for full in (*found, *reasons) if full.endswith(f".{name}")]
    if name not in found and len(several) > 1:
        raise UnknownQuestion(
            f"{name!r:.60} is a question of several products.",
            hint=f"Say {listed(several)}.",
        )
    if name not in found:
        raise UnknownQuestion(
            f"There is no question {name!r:.60}.",
            hint=did_you_mean(str(name), found)
            or (f"Known: {', '.join(found)}." if found else none),
        )
    return found[name]


def fill_in(question: Question, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the SELECT of the question gets for each of its parameters.

    One that is declared gets its default, or NULL, where ``values`` has none or a blank one. One
    that is not declared gets the empty text, or what a person means who types the value.

    Raises InvalidArgument for a name in ``values`` that is not a parameter, and InvalidValue for
    values that do not fit; it names each of them.
    """
    if not isinstance(values, Mapping | None):
        raise InvalidArgument(f"params is {values!r:.60}.", hint="Give values by name.")
    given = dict(values or {})
    known = {parameter.name: parameter for parameter in question.parameters}
    for name in given:
        if name not in known:
            raise InvalidArgument(
                f"The question {question.name} has no value {name!r:.60}.",
                hint=did_you_mean(str(name), known)
                or (f"It has {', '.join(known)}." if known else "It has none."),
            )
    bound: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, parameter in known.items():
        value = given.get(name, "")
        if parameter.type == ANY:
            bound[name] = typed(value) if isinstance(value, str) else value
            continue
        try:
            bound[name] = parameter.bind(value)
        except ValueError:
            problems[name] = parameter.problem(value)
    if problems:
        raise InvalidValue("\n".join(problems.values()), [*problems])
    return bound


def why_nothing(
    made: QueryResult, question: Question, bound: Mapping[str, Any], ask: Ask
) -> QueryResult:
    """The answer; of one without a row, with a note where no row has the code that was asked for.

    Args:
        made: the answer.
        question: the question that was asked.
        bound: what its SELECT got for its parameters.
        ask: asks the scenario a SELECT, by ``params`` with parameters.
    """
    if made.rows or made.offset or made.note:
        return made
    for parameter in question.declared:
        value = bound.get(parameter.name)
        if not parameter.column or value is None:
            continue
        table, column = parameter.column.split(".")
        code = f"replace({quoted(column)}, '.', '')"
        try:
            found = ask(
                f"SELECT 1 FROM {quoted(table)} WHERE {code} GLOB :code || '*' LIMIT 1",
                params={"code": value},
            )
            if not found.rows:
                return replace(made, note=_other_codes(table, column, str(value), ask))
        except QueryError:  # of another product, which is not in the file
            continue
    return made


def _other_codes(table: str, column: str, code: str, ask: Ask) -> str:
    told = f"No {column} of {table} begins with {code}."
    common = f"FROM {quoted(table)} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 3"
    codes = ask(f"SELECT {quoted(column)} AS said {common}").rows
    if not codes:
        return f"{told} There are no {table}."
    told += f" Most often there: {', '.join(str(row['said']) for row in codes)}"
    try:
        systems = ask(f"SELECT {quoted(f'{column}_system')} AS said {common}").rows
    except QueryError:  # the codes are of one system only
        return f"{told}."
    return f"{told} ({', '.join(str(row['said']) for row in systems)})."
