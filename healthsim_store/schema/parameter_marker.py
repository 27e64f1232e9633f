"""Reads ``@param``, by which a question of questions.sql declares one of its parameters.

    @param youngest integer from 0 to 150 = 18: the least age, in years
    @param gender choice of patients.gender: the administrative gender
    @param serious choice yes=Y, no=N
    @param code code of diagnoses.code = E11: where a diagnosis begins

After the name comes the type, after `` = `` the default, and after the first colon what the value
is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ..base.text import did_you_mean
from ..errors import DeclarationError
from .model import EntityType
from .parameter import ANY, FILE, KINDS, Parameter, check

_BOUNDS = re.compile(r"(?:from (\S+))?(?: ?to (\S+))?")
_COLUMN = re.compile(r"of (\w+)\.(\w+)")
_HINT = "For example: @param least number from 0 to 20 = 9: the A1C in percent."


def read_parameters(
    markers: Iterable[str], undeclared: Iterable[str], entity_types: Iterable[EntityType],
    where: str, *, files: bool = False,
) -> tuple[Parameter, ...]:  # fmt: skip
    """The declared parameters of a question.

    Args:
        markers: the texts behind each ``@param``.
        undeclared: the names of the parameters that its SELECT has.
        entity_types: those of the product, whose columns ``choice of`` names.
        where: file and line, for messages.
        files: one may be the path of a file.

    Raises DeclarationError.
    """
    names = [*undeclared]
    by_name = {entity_type.name: entity_type for entity_type in entity_types}
    found: dict[str, Parameter] = {}
    for text in markers:
        parameter = _read(text, by_name, where, files=files)
        if parameter.name not in names:
            raise DeclarationError(
                f"{where}: @param {parameter.name}, but the SELECT has no :{parameter.name}",
                hint=did_you_mean(parameter.name, names),
            )
        if parameter.name in found:
            raise DeclarationError(f"{where}: a second @param {parameter.name}")
        found[parameter.name] = parameter
    return tuple(found.values())


def _read(text: str, entity_types: dict[str, EntityType], where: str, *, files: bool) -> Parameter:
    declared, _, description = text.partition(": ")
    typed, has_default, default = declared.removesuffix(":").partition(" = ")
    name, _, typed = typed.partition(" ")
    kind, _, rest = typed.partition(" ")
    known = [each for each in KINDS if files or each != FILE]
    if kind not in known:
        raise DeclarationError(
            f"{where}: @param {name} has the unknown type {kind or '(none)'}",
            hint=did_you_mean(kind, known) or f"Known: {', '.join(known)}. {_HINT}",
        )
    parameter = Parameter(name, kind, description=description.strip())
    if kind == "choice":
        parameter = _with_choices(parameter, rest, entity_types, where)
    elif kind == "code" and rest.startswith("of "):
        parameter = _with_column(parameter, rest, entity_types, where)
    elif rest:
        parameter = _with_bounds(parameter, rest, where)
    if has_default:
        try:
            # A default that is blank would be none.
            parameter = replace(parameter, default=parameter.bind(default.strip() or ANY))
        except ValueError:
            raise DeclarationError(
                f"{where}: the default of @param {name}: {parameter.problem(default.strip())}"
            ) from None
    try:
        check(parameter)
    except ValueError as error:
        raise DeclarationError(f"{where}: @param {name}: {error}", hint=_HINT) from None
    return parameter


def _with_bounds(parameter: Parameter, rest: str, where: str) -> Parameter:
    match, kind = _BOUNDS.fullmatch(rest), KINDS[parameter.type]
    try:
        if match is None or not kind.ordered:
            raise ValueError(rest)
        bounds = [kind.coerce(bound) if bound else None for bound in match.groups()]
    except ValueError:
        raise DeclarationError(
            f"{where}: @param {parameter.name} {parameter.type} {rest}: {rest} is not understood",
            hint=_HINT,
        ) from None
    return replace(parameter, least=bounds[0], most=bounds[1])


def _with_column(
    parameter: Parameter, rest: str, entity_types: dict[str, EntityType], where: str
) -> Parameter:
    """With the column that it is a code of; a table of another product is not known here."""
    match = _COLUMN.fullmatch(rest)
    if match is None or (
        match[1] in entity_types and match[2] not in entity_types[match[1]].by_name
    ):
        raise DeclarationError(
            f"{where}: @param {parameter.name} is a code {rest}, which is no column",
            hint="Write code of TABLE.COLUMN: @param code code of diagnoses.code.",
        )
    return replace(parameter, column=f"{match[1]}.{match[2]}")


def _with_choices(
    parameter: Parameter, rest: str, entity_types: dict[str, EntityType], where: str
) -> Parameter:
    """With the words that are listed, or the allowed values of a column and their synonyms."""
    if not rest.startswith("of "):
        pairs = [pair.rpartition("=") for pair in rest.split(",") if pair.strip()]
        values = tuple(dict.fromkeys(value.strip() for _, _, value in pairs))
        synonyms = {key.strip(): value.strip() for key, equals, value in pairs if equals}
        return replace(parameter, values=values, synonyms=synonyms)
    match = _COLUMN.fullmatch(rest)
    column = None
    if match and match[1] in entity_types:
        column = entity_types[match[1]].by_name.get(match[2])
    if column is None or not column.values:
        raise DeclarationError(
            f"{where}: @param {parameter.name} is a choice {rest}, which is no column here with a "
            "list of allowed values",
            hint="Write choice of TABLE.COLUMN, of a table of this product whose column has "
            "CHECK (COLUMN IN (...)); or list the values: choice yes=Y, no=N.",
        )
    return replace(parameter, values=column.values, synonyms=dict(column.synonyms))
