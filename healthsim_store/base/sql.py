"""SQL as text: identifiers, literals, parameters, names of columns, and what may only read."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping

# A quoted text, a quoted name, a comment: what is in them is no parameter.
_QUOTED = r"""'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/"""
_PARAMETER = re.compile(rf"{_QUOTED}|(?<!\w)([:@$?]\w*)", re.DOTALL)

# Every documented function that only computes. Left out: load_extension, fts3_tokenizer (a raw
# pointer), zeroblob, randomblob and random (paging must give the same rows again), sqlite_offset.
_FUNCTIONS = frozenset(
    """
    abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling changes char coalesce concat
    concat_ws cos cosh count cume_dist current_date current_time current_timestamp date datetime
    degrees dense_rank exp first_value floor format glob group_concat hex if ifnull iif instr
    julianday lag last_insert_rowid last_value lead length like likelihood likely ln log log10
    log2 lower ltrim max median min mod nth_value ntile nullif octet_length percent_rank
    percentile percentile_cont percentile_disc pi pow power printf quote radians rank replace
    round row_number rtrim sign sin sinh soundex sqlite_source_id sqlite_version sqrt strftime
    string_agg substr substring subtype sum tan tanh timediff time total total_changes trim
    trunc typeof unhex unicode unixepoch unistr unistr_quote unlikely upper json json_array
    json_array_length json_each json_error_position json_extract json_group_array
    json_group_object json_insert json_object json_patch json_pretty json_quote json_remove
    json_replace json_set json_tree json_type json_valid -> ->> jsonb jsonb_array jsonb_extract
    jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove
    jsonb_replace jsonb_set
    """.split()
)


def quoted(name: str) -> str:
    """An SQL identifier, whatever is in the name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def value_literal(value: str | int | float | None) -> str:
    """The literal of a value that is bound."""
    return "NULL" if value is None else literal(value) if isinstance(value, str) else repr(value)


def greatest_rowid(table: str) -> str:
    """A subquery: the last rowid of a table, whose name is quoted already; NULL without rows."""
    return f"(SELECT max(rowid) FROM {table})"


def rowid_ends(table: str) -> str:
    """A SELECT of the first and the last rowid of such a table.

    Two subqueries: SQLite looks one of min and max up in the index, but scans for both.
    """
    return f"SELECT (SELECT min(rowid) FROM {table}), {greatest_rowid(table)}"


def parameters(sql: str) -> tuple[str, ...]:
    """The parameters of a statement as they stand there, such as ``:least``; each one once."""
    return tuple(dict.fromkeys(match[1] for match in _PARAMETER.finditer(sql) if match[1]))


def replace_parameters(sql: str, by_name: Mapping[str, str]) -> str:
    """The statement with SQL in place of the parameters of these names, given without the ``:``."""

    def replaced(match: re.Match[str]) -> str:
        return by_name.get(match[1][1:], match[0]) if match[1] else match[0]

    return _PARAMETER.sub(replaced, sql)


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Column names without doubles, so that no value of a row is lost: ``id``, ``id_2``."""
    taken: dict[str, None] = {}
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken[candidate] = None
    return tuple(taken)


def permits(action: int, function: str | None) -> bool:
    """Whether a statement that may only read may do this; for ``sqlite3.set_authorizer``."""
    if action == sqlite3.SQLITE_FUNCTION:
        return bool(function) and str(function).lower() in _FUNCTIONS
    return action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE)


def authorize_reading(
    action: int, first: str | None, second: str | None, *context: str | None
) -> int:
    """An authorizer, for ``sqlite3.set_authorizer``, that lets through what `permits` does."""
    return sqlite3.SQLITE_OK if permits(action, second) else sqlite3.SQLITE_DENY
