"""Whether the rules of a table take only as long as its rows are long.

CHECK, DEFAULT, computed columns and indexes on expressions run at each row that is written, and
what is written can have no limit of time: a large batch takes long. A rule can have no SELECT, so
it ends; but a long function on long values takes a minute. So no rule may have a call whose cost
does not follow from the length of the row.
"""

from __future__ import annotations

import re

from . import partial_moments

MAX_SQL = 200_000  # characters of one table or index
_MOST_CALLS = 50  # of the functions below in one table or index
_SHORT = 40  # characters of a text that may be searched for

# They make a value longer than any that they are given, or go through it once for each of another's
# characters.
_SLOW = (
    "printf|format|instr|replace|trim|ltrim|rtrim|zeroblob|randomblob|like|glob"
    "|jsonb?_(?:patch|set|insert|replace|remove)"
)

_TOKEN = re.compile(
    r"(?P<text>x?'(?:[^']|'')*(?:'|\Z))|(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"""|(?P<name>"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z)|\[[^\]]*(?:\]|\Z))""",
    re.DOTALL | re.IGNORECASE,
)
_WORD = re.compile(r"\w+\Z")
_MENTION = re.compile(_SLOW, re.IGNORECASE)
# The operators LIKE and GLOB are no calls; how long a pattern may be is limited where files are
# opened.
_CALL = re.compile(rf"\b(?:{_SLOW})\s*\(", re.IGNORECASE)
# What is left of a text is its length, and whether printf() makes only a little more of it.
_TEXT = r"'\d+f?'"
_GROWN = "(grown)"  # in the place of a call whose value may be longer than what it was given
_OF = rf"(?P<of>[\w.]+|{re.escape(_GROWN)})"
# Calls that go through a column a few times: searched for short texts; and a few random bytes, as
# an id has them. Those that make it longer stand in no other that does so: forty characters for
# each, of each of forty, and so on.
_SIMPLE = re.compile(
    rf"\b(?:(?P<search>instr|trim|ltrim|rtrim)\s*\(\s*{_OF}\s*(?:,\s*{_TEXT}\s*){{0,2}}\)"
    rf"|replace\s*\(\s*{_OF.replace('<of>', '<in>')}\s*,\s*'(?P<old>\d+)f?'\s*,"
    r"\s*'(?P<new>\d+)f?'\s*\)"
    r"|(?P<printed>printf|format)\s*\(\s*'\d+f'\s*(?:,[^(),']*)*\)"
    r"|(?:randomblob|zeroblob)\s*\(\s*\d{1,3}\s*\))",
    re.IGNORECASE,
)
# How the rule of a partial time may begin.
_PARTIAL = re.compile(r"""("(?:[^"]|"")+") IS NULL OR """)
_DOUBLES = re.compile(r"hex|quote", re.IGNORECASE)
_BRACKET = re.compile(r"\b(?:hex|quote|json_quote)\s*\(|[()]", re.IGNORECASE)
_MOST_DOUBLED = 3
# No width that is an argument's, nor one of four digits.
_FORMAT = re.compile(r"(?:[^%]|%[-+ 0#!,]*\d{0,3}(?:\.\d{1,3})?l{0,2}[a-z%])*", re.IGNORECASE)


def unbounded(sql: str) -> str:
    """What in the SQL of a table or an index has no bound; empty where nothing has."""
    sql = _without_partial(sql)
    if len(sql) > MAX_SQL:
        return f"{len(sql):,} characters of SQL"
    if not (
        _MENTION.search(sql) or _DOUBLES.search(sql)
    ):  # no text between quotes has other letters than it says
        return ""
    plain = _TOKEN.sub(_shortened, sql)
    if _doubled(plain) > _MOST_DOUBLED:
        return "hex() or quote() of each other"
    simple = at = 0
    while simple <= _MOST_CALLS and (found := _SIMPLE.search(plain, at)):
        value = _value(found)
        if value:
            simple += 1
            plain = f"{plain[: found.start()]}{value}{plain[found.end() :]}"
        at = 0 if value else found.end()
    if simple > _MOST_CALLS:
        return f"more than {_MOST_CALLS} calls of long functions"
    left = _CALL.search(plain)
    return f"a call of {left[0].split('(')[0].strip().lower()}()" if left else ""


def _without_partial(sql: str) -> str:
    """Without the rules of our own type for partial times, which have many calls of short texts."""
    for found in reversed([*_PARTIAL.finditer(sql)]):
        rule = partial_moments.check(found[1])
        if sql.startswith(rule, found.start()):
            sql = f"{sql[: found.start()]}1{sql[found.start() + len(rule) :]}"
    return sql


def _doubled(plain: str) -> int:
    """How many calls stand in each other that make a value twice as long."""
    most = now = 0
    inside: list[bool] = []
    for found in _BRACKET.finditer(plain):
        if found[0] != ")":
            inside.append(found[0] != "(")
            now += inside[-1]
            most = max(most, now)
        elif inside:
            now -= inside.pop()
    return most


def _value(call: re.Match[str]) -> str:
    """What stands for the value of a simple call; empty for one that may be too long."""
    if call["printed"]:
        return _GROWN
    if call["old"]:
        grows = int(call["new"]) > int(call["old"])
        if call["in"] == _GROWN:
            return "" if grows else _GROWN
        return _GROWN if grows else "value"
    return _GROWN if call["of"] == _GROWN and call["search"].lower() != "instr" else "value"


def _shortened(match: re.Match[str]) -> str:
    if match["comment"]:
        return " "
    if match["text"]:
        text = match["text"].removeprefix("x").removeprefix("X")[1:-1].replace("''", "'")
        if len(text) > _SHORT:
            return "'long'"
        return f"'{len(text)}f'" if _FORMAT.fullmatch(text) else f"'{len(text)}'"
    inside = match["name"][1:-1]
    return f" {inside} " if _WORD.match(inside) else " name "
