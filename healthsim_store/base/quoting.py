"""Double quotes in SQL: a "name" that is no name, and names put in place of others.

SQLite takes ``"cod"`` for the text ``'cod'`` where no column is named so, and the answer is wrong
without a word. It does not do that to a name in backticks. So the same statement with backticks is
prepared, not run: what SQLite then does not find is such a name. No parser of ours decides, so
whatever SQLite understands is let through. Views of a file are not looked into: they stay what
their maker meant.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

# What SQLite reads as one piece. An open quote goes on to the end, as there; a doubled quote is
# two pieces, which only matters between double quotes. $a(x) is a parameter, whatever is in it.
_PIECE = re.compile(
    r"""
    '[^']*(?:'|\Z) | `[^`]*(?:`|\Z) | \[[^\]]*(?:\]|\Z)
    | --[^\n]* | /\*.*?(?:\*/|\Z) | [$@:#](?:[\w$]|::)+\([^\s)]*\)
    | "(?P<name>(?:[^"]|"")*+)" | ".*
    """,
    re.DOTALL | re.VERBOSE,
)
# A word that is no parameter, or any of the pieces.
_WORD = re.compile(
    rf"(?<![:@$#\w])(?P<word>[^\W\d][\w$]*)|{_PIECE.pattern}", re.DOTALL | re.VERBOSE
)
_SPACE = re.compile(r"(?:[\s;]+|--[^\n]*|/\*.*?(?:\*/|\Z))*+", re.DOTALL)
_NO_COLUMN = "no such column: "


def quoted_names(sql: str) -> list[str]:
    """What stands in double quotes in a statement, each once; nothing of texts and comments."""
    found = (match["name"] for match in _PIECE.finditer(sql))
    return list(dict.fromkeys(name.replace('""', '"') for name in found if name is not None))


def pieces_removed(sql: str) -> str:
    """The SQL without its texts, quoted names and comments, each of which leaves a space."""
    return _PIECE.sub(" ", sql)


def strict(sql: str) -> str:
    """The same SQL with ``"names"`` in backticks, so that SQLite takes none of them for text.

    For SQL that is run and not kept. A column of the result that has no name of its own is called
    by its text, and so in backticks too.
    """
    return _PIECE.sub(_with_backticks, sql) if '"' in sql else sql


def misread_name(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> str | None:
    """The first ``"name"`` in a statement that SQLite would read as text; None when there is none.

    Nothing is run. A statement that is wrong otherwise gives None: running it tells what is wrong.
    Statements without a double quote cost nothing.

    Args:
        connection: an open connection to the data that the statement asks.
        sql: one statement.
        parameters: its values, as for running it.
    """
    asked = strict(sql)
    if asked == sql:
        return None
    space = _SPACE.match(asked)
    begins = space.end() if space else 0
    explain = "" if asked[begins : begins + 7].upper() == "EXPLAIN" else "EXPLAIN "
    cursor = connection.cursor()
    try:
        cursor.execute(f"{asked[:begins]}{explain}{asked[begins:]}", parameters)
    except sqlite3.OperationalError as error:
        _, found, name = str(error).partition(_NO_COLUMN)
        return name if found and name in quoted_names(sql) else None
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, RecursionError):
        return None
    finally:
        cursor.close()
    return None


def renamed(sql: str, old: str, new: str) -> str:
    """The statement with the name ``new`` wherever ``old`` is a name, quoted or not.

    Nothing is changed in texts and comments.
    """

    def put(match: re.Match[str]) -> str:
        word = match["name"].replace('""', '"') if match["name"] is not None else match["word"]
        if word is None or word.casefold() != old.casefold():
            return match[0]
        return new if new.isidentifier() else '"' + new.replace('"', '""') + '"'

    return _WORD.sub(put, sql)


def told(name: str) -> str:
    """What to say of a name that `misread_name` found."""
    text = "'" + name.replace("'", "''") + "'"
    return f'no such column: {name} ("..." is a name, a text is written {text})'


def _with_backticks(match: re.Match[str]) -> str:
    name = match["name"]
    if name is None:
        return match[0]
    return "`" + name.replace('""', '"').replace("`", "``") + "`"
