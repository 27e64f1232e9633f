"""Whether the rules of a table take only as long as its rows are long.

CHECK, DEFAULT, computed columns and indexes on expressions run at each row that is written, and
what is written can have no limit of time: a large batch takes long. A rule can have no SELECT, so
it ends; but a long function on long values takes a minute. So no rule may have a call whose cost
does not follow from the length of the row.
"""

from __future__ import annotations

import re

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
# One of them over a column, searched for short texts: goes through the value a few times. And a
# few random bytes, as an id has them.
_SIMPLE = re.compile(
    r"\b(?:instr|replace|trim|ltrim|rtrim)\s*\(\s*[\w.]+\s*(?:,\s*'short'\s*){0,2}\)"
    r"|\b(?:randomblob|zeroblob)\s*\(\s*\d{1,3}\s*\)",
    re.IGNORECASE,
)


def unbounded(sql: str) -> str:
    """What in the SQL of a table or an index has no bound; empty where nothing has."""
    if len(sql) > MAX_SQL:
        return f"{len(sql):,} characters of SQL"
    if not _MENTION.search(sql):  # no text between quotes has other letters than it says
        return ""
    plain = _TOKEN.sub(_shortened, sql)
    simple = 0
    while simple <= _MOST_CALLS and (found := _SIMPLE.search(plain)):
        simple += 1
        plain = f"{plain[: found.start()]}value{plain[found.end() :]}"
    if simple > _MOST_CALLS:
        return f"more than {_MOST_CALLS} calls of long functions"
    left = _CALL.search(plain)
    return f"a call of {left[0].split('(')[0].strip().lower()}()" if left else ""


def _shortened(match: re.Match[str]) -> str:
    if match["comment"]:
        return " "
    if match["text"]:
        return "'short'" if len(match["text"]) <= _SHORT else "'long'"
    inside = match["name"][1:-1]
    return f" {inside} " if _WORD.match(inside) else " name "
