"""The form of a question: a field for each parameter, as its type wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..base.sql import replace_parameters, value_literal
from ..errors import InvalidArgument
from ..query.questions import fill_in
from ..schema.model import Question
from ..schema.parameter import ANY, Parameter

_STEPS = {"integer": "1", "number": "any"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field to fill in. ``problem`` says why what was given does not fit.

    ``type`` is that of an HTML input; with ``choices``, pairs of a value and its label, it is a
    list to choose from. ``limits`` are further attributes of the input.
    """

    name: str
    type: str
    value: str
    about: str
    problem: str = ""
    choices: Sequence[tuple[str, str]] = ()
    limits: Mapping[str, str] = field(default_factory=dict)


def make_fields(question: Question, given: Mapping[str, str]) -> list[Field]:
    """The fields with what was given, or with the defaults."""
    return [_field(parameter, given.get(parameter.name, "")) for parameter in question.parameters]


def filled_sql(question: Question, given: Mapping[str, str]) -> str:
    """The SELECT with the values of the declared parameters in it, to be changed and run.

    The page for SQL binds what is typed there, and knows no types.
    """
    names = {parameter.name for parameter in question.parameters}
    try:
        bound = fill_in(question, {name: text for name, text in given.items() if name in names})
    except InvalidArgument:
        return question.sql
    values = {one.name: value_literal(bound[one.name]) for one in question.declared}
    return replace_parameters(question.sql, values)


def _field(parameter: Parameter, given: str) -> Field:
    if parameter.type == ANY:
        return Field(parameter.name, "text", given, "")
    about = parameter.description
    value = given.strip() or parameter.written(parameter.default)
    try:
        bound = parameter.bind(given)
    except ValueError:
        # As text, for an input of another type would not show it.
        return Field(parameter.name, "text", value, about, problem=parameter.problem(given))
    if parameter.type == "choice":
        choices = [(one, parameter.label(one)) for one in parameter.values]
        if parameter.default is None:
            choices.insert(0, ("", "any"))
        return Field(parameter.name, "select", str(bound or ""), about, choices=choices)
    if parameter.type == "date":
        return Field(parameter.name, "date", str(bound or ""), about, limits=_limits(parameter))
    if parameter.type in _STEPS:
        limits = {"step": _STEPS[parameter.type]} | _limits(parameter)
        return Field(parameter.name, "number", parameter.written(bound), about, limits=limits)
    return Field(parameter.name, "text", value, about)


def _limits(parameter: Parameter) -> dict[str, str]:
    bounds = {"min": parameter.least, "max": parameter.most}
    return {name: parameter.written(bound) for name, bound in bounds.items() if bound is not None}
