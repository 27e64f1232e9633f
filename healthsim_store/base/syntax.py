"""Where SQL is wrong: the first piece that cannot follow what stands before it.

SQLite tells the piece, not its place, and of an expression within a statement of ours it may tell a
piece that nobody wrote. So beginnings of the text are prepared, not run, without any data: one that
is right so far is only incomplete.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3

from .sqlite import connect
from .text import shorten

# A text, a name in quotes, a comment, a word or number, an operator, or one character.
_TOKEN = re.compile(
    r"'(?:[^']|'')*+'? | \"(?:[^\"]|\"\")*+\"? | `[^`]*`? | \[[^\]]*\]?"
    r" | --[^\n]* | /\*.*?(?:\*/|\Z) | [\w$.:@?]+ | \|\| | << | >> | [<>!=]= | <> | ->>? | \S",
    re.DOTALL | re.VERBOSE,
)
_QUERY = re.compile(r"\s*(SELECT|WITH|VALUES)\b", re.IGNORECASE)
_SYNTAX = re.compile(
    r'(near ".*": syntax error|unrecognized token: .*|incomplete input)\.?\Z', re.DOTALL
)
_INCOMPLETE = "incomplete input"
_SHOWN = 40  # characters on each side of the place


def is_of_syntax(message: str) -> bool:
    """Whether SQLite says that a statement is no SQL, and not that it means what is not there."""
    return _SYNTAX.search(message) is not None


def wrong_in_expression(text: str) -> str | None:
    """What is wrong in an expression, with its place; None where its grammar is right."""
    return _told(text, "EXPLAIN SELECT 1 WHERE (", "\n)")


def wrong_in_query(text: str) -> str | None:
    """The same of a statement that gives rows; None also where it is no SELECT."""
    return _told(text, "EXPLAIN ", "") if _QUERY.match(text) else None


def _told(text: str, before: str, after: str) -> str | None:
    pieces = [match.span() for match in _TOKEN.finditer(text)]
    with contextlib.closing(connect(":memory:")) as connection:

        def wrong(sql: str) -> str | None:
            try:
                connection.execute(sql).close()
            except sqlite3.Error as error:
                return str(error) if is_of_syntax(str(error)) else None
            except (sqlite3.Warning, ValueError) as error:  # two statements; a NUL
                return str(error)
            return None

        def wrong_until(count: int) -> str | None:
            told = wrong(before + text[: pieces[count - 1][1]])
            return None if told == _INCOMPLETE else told

        if not pieces or wrong(before + text + after) is None:
            return None
        if wrong_until(len(pieces)) is None:
            return f"it ends too early, after {_end(text)}"
        # Once it is wrong it stays so, whatever follows.
        least, most = 1, len(pieces)
        while least < most:
            middle = (least + most) // 2
            least, most = (middle + 1, most) if wrong_until(middle) is None else (least, middle)
        told = wrong_until(least) or ""
    first, last = pieces[least - 1]
    piece = shorten(text[first:last], _SHOWN, "...")
    if told.startswith("unrecognized") and piece[0] in "'\"`[":
        return f"the quote at character {first + 1} does not end: {piece}"
    told = f'"{piece}" cannot stand at character {first + 1}'
    return f"{told}, after {_end(text[:first])}" if text[:first].strip() else told


def _end(text: str) -> str:
    text = " ".join(text.split())
    return f'"{text}"' if len(text) <= _SHOWN else f'"...{text[-_SHOWN:]}"'
