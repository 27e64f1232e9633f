"""Macros and shared steps: SQL that is written once and put where it is used.

A macro is an expression with a name and parameters. A shared step is a CREATE VIEW, which becomes a
WITH in front of each SELECT that uses it: the scenario, which is only read, gets no view.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..base.sql import parameters, replace_parameters
from ..errors import DeclarationError
from ..schema.sqlfile import Statement, blanked

_DECLARED = re.compile(r"(?P<name>[a-z][a-z0-9_]*) ?\((?P<parameters>[a-z0-9_, ]*)\)")
_SELECT = re.compile(r"SELECT\b", re.IGNORECASE)
_WITH = re.compile(r"WITH\s+(?:RECURSIVE\s+)?", re.IGNORECASE)
_VIEW = re.compile(
    r"CREATE\s+VIEW\s+(?P<name>\w+)\s*(?P<columns>\([^)]*\))?\s*AS\b(?P<body>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_COMMENT = re.compile(r"('[^']*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\])|--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Macro:
    """``name(a, b)`` stands for ``expression``, in which ``:a`` and ``:b`` are what was given."""

    name: str
    parameters: tuple[str, ...]
    expression: str
    where: str


def read_macro(statement: Statement, known: Mapping[str, Macro]) -> Macro:
    """The macro that a statement with ``@macro name(a, b)`` declares.

    Args:
        statement: a SELECT of one expression.
        known: macros that it may use.

    Raises DeclarationError.
    """
    written = statement.comment.markers["macro"]
    found = _DECLARED.fullmatch(written)
    text = _in_one_line(statement.sql).strip()
    if found is None or not _SELECT.match(text):
        raise DeclarationError(
            f"{statement.where}: @macro {written}",
            hint="For example: -- @macro day(moment), and below it SELECT substr(:moment, 1, 10);",
        )
    names = tuple(name.strip() for name in found["parameters"].split(",") if name.strip())
    used = {name[1:] for name in parameters(text)}
    if used != {*names} or len({*names}) < len(names):
        raise DeclarationError(
            f"{statement.where}: @macro {written}, but the SELECT has"
            f" {', '.join(f':{name}' for name in sorted(used)) or 'no parameter'}",
            hint="Each parameter stands once behind the name, and in the SELECT with a colon.",
        )
    if found["name"] in known:
        raise DeclarationError(
            f"{statement.where}: a second macro {found['name']}, after {known[found['name']].where}"
        )
    expression = expanded(_SELECT.sub("", text, count=1), known, statement.where)
    return Macro(found["name"], names, expression.strip(), statement.where)


def expanded(sql: str, macros: Mapping[str, Macro], where: str) -> str:
    """The SQL with the macros' expressions in place of their calls; no line of it moves.

    Args:
        sql: a statement.
        macros: by name.
        where: file and line, for messages.

    Raises DeclarationError for a call with too few or too many values.
    """
    if not macros:
        return sql
    call = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, macros))})\s*\(", re.IGNORECASE)
    plain = blanked(sql)
    made, at = "", 0
    while found := call.search(plain, at):
        macro = macros[found[1].lower()]
        cuts, end = _arguments(plain, found.end())
        if end is None:
            raise DeclarationError(f"{where}: {macro.name}( has no end")
        given = [expanded(sql[a:b].strip(), macros, where) for a, b in cuts]
        given = [] if given == [""] else given
        if len(given) != len(macro.parameters):
            raise DeclarationError(
                f"{where}: {macro.name}() with {len(given)} values",
                hint=f"It is {macro.name}({', '.join(macro.parameters)}), of {macro.where}.",
            )
        values = {n: f"({v})" for n, v in zip(macro.parameters, given, strict=True)}
        lines = "\n" * sql.count("\n", found.start(), end)
        expression = replace_parameters(macro.expression, {n: f"\0{n}\0" for n in values})
        for name, value in values.items():
            expression = expression.replace(f"\0{name}\0", _in_one_line(value))
        made += f"{sql[at : found.start()]}({expression}){lines}"
        at = end
    return made + sql[at:]


def _arguments(plain: str, begin: int) -> tuple[list[tuple[int, int]], int | None]:
    """Where the arguments of a call are, and where it ends; None where it does not."""
    cuts: list[tuple[int, int]] = []
    depth, start = 0, begin
    for at in range(begin, len(plain)):
        letter = plain[at]
        if letter == "(":
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
        elif letter == ")":
            return [*cuts, (start, at)], at + 1
        elif letter == "," and not depth:
            cuts.append((start, at))
            start = at + 1
    return cuts, None


def _in_one_line(sql: str) -> str:
    """The SQL without comments and line ends, except for those in texts and quoted names."""
    without = _COMMENT.sub(lambda found: found[1] or " ", sql)
    pieces = _COMMENT.split(without)
    return "".join(
        piece if number % 2 else re.sub(r"\s*\n\s*", " ", piece or "")
        for number, piece in enumerate(pieces)
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A CREATE VIEW: a WITH of the SELECTs that use it."""

    name: str
    columns: str
    body: str
    where: str


def read_step(statement: Statement, sql: str) -> Step:
    """The shared step that a CREATE VIEW declares. Raises DeclarationError.

    Args:
        statement: the CREATE VIEW.
        sql: its text with macros expanded.
    """
    found = _VIEW.match(sql.strip())
    if found is None:
        raise DeclarationError(
            f"{statement.where}: not understood: {statement.sql:.40}...",
            hint="A step that several SELECTs share is CREATE VIEW name AS SELECT ...;",
        )
    return Step(found["name"], found["columns"] or "", found["body"], statement.where)


def with_steps(sql: str, steps: Sequence[Step]) -> str:
    """The SELECT with the steps in front of it that it uses, each after those that it needs."""
    wanted = _used([sql], steps)
    if not wanted:
        return sql
    parts = [f"{step.name}{step.columns} AS ({step.body}\n)" for step in steps if step in wanted]
    # The keyword changes nothing for a step that does not read itself.
    begins = _WITH.match(sql.strip())
    rest = f", {sql.strip()[begins.end() :]}" if begins else f" {sql.strip()}"
    return f"WITH RECURSIVE {', '.join(parts)}{rest}"


def _used(texts: Iterable[str], steps: Sequence[Step]) -> set[Step]:
    found: set[Step] = set()
    waiting = [*texts]
    while waiting:
        words = {word.lower() for word in re.findall(r"\w+", blanked(waiting.pop()))}
        new = {step for step in steps if step.name.lower() in words} - found
        found |= new
        waiting += [step.body for step in new]
    return found
