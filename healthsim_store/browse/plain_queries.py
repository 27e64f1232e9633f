"""Questions as canned queries of any Datasette, which binds every value as text.

`serve` binds what `query.questions.fill_in` gives. Where only metadata.yml is read, the SELECT has
to make of each text what the parameter's type means, and to fail where it does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..base.sql import literal, replace_parameters, value_literal
from ..schema.model import Question
from ..schema.parameter import Parameter

_WITH = re.compile(r"with\s+(recursive\s+)?", re.IGNORECASE)
_GIVEN = "given_values"  # the common table with one row that has the values


def plain_sql(question: Question) -> str:
    """The SELECT with a common table before it that has the declared parameters as they are meant.

    A value that does not fit is an error of SQLite's that names the parameter.
    """
    if not question.declared:
        return question.sql
    values = ",\n    ".join(f"{_meant(one)} AS {one.name}" for one in question.declared)
    names = {one.name: f"(SELECT {one.name} FROM {_GIVEN})" for one in question.declared}
    select = replace_parameters(question.sql, names)
    begins = _WITH.match(select)
    recursive = "RECURSIVE " if begins and begins[1] else ""
    rest = f",\n{select[begins.end() :]}" if begins else f"\n{select}"
    return f"WITH {recursive}{_GIVEN} AS (\n  SELECT\n    {values}\n){rest}"


def _meant(parameter: Parameter) -> str:
    """The value that the SELECT is meant to get, as SQL over the text."""
    text = f"trim(coalesce(:{parameter.name}, ''))"
    fits, value = _BY_TYPE[parameter.type](parameter, text)
    bounds = {">=": parameter.least, "<=": parameter.most}
    limits = [
        f"{value} {sign} {value_literal(bound)}"
        for sign, bound in bounds.items()
        if bound is not None
    ]
    told = f"{parameter.name} must be {parameter.expected}"
    # No JSON path begins like this: SQLite refuses it, and prints it.
    refused = f"json_extract('{{}}', {literal(told)})"
    return (
        f"CASE WHEN {text} = '' THEN {value_literal(parameter.default)}"
        f" WHEN {' AND '.join([fits, *limits])} THEN {value} ELSE {refused} END"
    )


def _unsigned(text: str) -> str:
    return f"iif(substr({text}, 1, 1) IN ('+', '-'), substr({text}, 2), {text})"


def _integer(parameter: Parameter, text: str) -> tuple[str, str]:
    digits = _unsigned(text)
    return f"{digits} <> '' AND {digits} NOT GLOB '*[^0-9]*'", f"CAST({text} AS INTEGER)"


def _number(parameter: Parameter, text: str) -> tuple[str, str]:
    digits = _unsigned(text)
    wrong = " AND ".join(f"{digits} NOT GLOB '{form}'" for form in ("*[^0-9.]*", "*.*.*"))
    return f"{digits} GLOB '*[0-9]*' AND {wrong}", f"CAST({text} AS REAL)"


def _amount(parameter: Parameter, text: str) -> tuple[str, str]:
    written = f"ltrim({text}, '$ ')"
    whole = f"substr({written}, 1, instr({written} || '.', '.') - 1)"
    # A comma stands before three digits, or it is no sign of thousands.
    thousands = f"({text} NOT GLOB '*,*' OR printf('%,d', replace({whole}, ',', '')) = {whole})"
    fits, value = _number(parameter, f"replace({written}, ',', '')")
    return f"{thousands} AND {text} NOT GLOB '*.*,*' AND {fits}", value


def _date(parameter: Parameter, text: str) -> tuple[str, str]:
    return f"date({text}, '+0 days') IS {text} AND {text} >= '0001'", text


def _code(parameter: Parameter, text: str) -> tuple[str, str]:
    fits = f"{text} GLOB '[A-Za-z0-9]*' AND {text} NOT GLOB '*[^A-Za-z0-9.-]*'"
    return f"{fits} AND length({text}) <= 40", f"upper(replace({text}, '.', ''))"


def _choice(parameter: Parameter, text: str) -> tuple[str, str]:
    spellings = {value.casefold(): value for value in parameter.values}
    spellings = {s.casefold(): value for s, value in parameter.synonyms.items()} | spellings
    whens = " ".join(f"WHEN {literal(s)} THEN {literal(v)}" for s, v in spellings.items())
    value = f"CASE lower({text}) {whens} END"
    return f"lower({text}) IN ({', '.join(map(literal, spellings))})", value


def _text(parameter: Parameter, text: str) -> tuple[str, str]:
    return "1", text


_BY_TYPE: Mapping[str, Callable[[Parameter, str], tuple[str, str]]] = {
    "integer": _integer, "number": _number, "amount": _amount, "date": _date, "code": _code,
    "choice": _choice, "text": _text,
}  # fmt: skip
