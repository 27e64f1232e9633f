"""What schema.sql may not have, why, and what to write instead.

SQLite would take most of it, and a scenario would fail later: when rows come, when scenarios are
merged, or for whoever asks. So it is refused when the product is loaded, with file and line. All of
it stands in `REFUSALS`, of which docs/plugins.md prints a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import DeclarationError
from .sqlfile import Statement, blanked
from .types import TYPE_NAMES

#: Of a table. Merge and diff compare all of them in one expression, which SQLite limits to 1,000.
MAX_COLUMNS = 500

#: What a table, column, view, index, statistic, check or question may be called.
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
#: Words that SQLite does not read as a name, unless they are quoted.
RESERVED = frozenset(
    """
    add all alter and as autoincrement between case cast check collate commit constraint create
    current_date current_time current_timestamp default deferrable delete distinct drop else escape
    except exists foreign from group having in index insert intersect into is isnull join limit not
    nothing notnull null on or order primary raise references returning select set table then to
    transaction union unique update using values when where
    """.split()
)
ROWID = ("rowid", "oid", "_rowid_")  # SQLite's own names for the number of a row

#: SQL whose result depends on today's date.
CLOCK = re.compile(
    r"'(?:now|localtime)'|\bcurrent_(?:date|time|timestamp)\b"
    r"|\b(?:date|time|datetime|julianday|unixepoch)\s*\(\s*\)",
    re.IGNORECASE,
)
_CHANCE = re.compile(r"\brandom(?:blob)?\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of thing that is not allowed. ``instead`` is what to do, as a hint says it."""

    what: str
    why: str
    instead: str

    def error(self, where: str, what: str | None = None) -> DeclarationError:
        """The error for one that was found.

        Args:
            where: file and line.
            what: how it is called there, where ``what`` is too general.
        """
        return DeclarationError(f"{where}: {what or self.what}: {self.why}", hint=self.instead)


REFUSALS: Mapping[str, Refusal] = {
    # -- statements
    "statement": Refusal(
        "INSERT, CREATE TRIGGER or any other statement",
        "only CREATE TABLE, CREATE INDEX and CREATE VIEW belong here",
        "Rows come by persist or by a profile; a rule between rows belongs in checks.sql.",
    ),
    "temporary": Refusal(
        "TEMP or VIRTUAL",
        "it would not be in the scenario's file, or not be readable by every SQLite",
        "Write CREATE TABLE or CREATE VIEW.",
    ),
    "if_not_exists": Refusal(
        "IF NOT EXISTS",
        "another one of that name would be taken for this one",
        "Leave it out: a product's tables are made once in each file.",
    ),
    "qualified": Refusal(
        "a name with the name of a database, such as main.pets",
        "a scenario is one file",
        "Write the name alone.",
    ),
    "as_select": Refusal(
        "CREATE TABLE ... AS SELECT",
        "its columns would have no declared types",
        "Write a table with its columns in brackets, or CREATE VIEW ... AS SELECT.",
    ),
    "options": Refusal(
        "WITHOUT ROWID, STRICT or another option behind the columns",
        "all tables are made alike: STRICT, and with the numbers of rows that SQLite gives",
        "Leave it out.",
    ),
    "unique_index": Refusal(
        "CREATE UNIQUE INDEX",
        "merge, on_conflict and links know only the natural keys that the table declares",
        "Write UNIQUE (a, b) in the table, or a rule in checks.sql for a part of the rows.",
    ),
    # -- tables and keys
    "key": Refusal(
        "a table without a primary key of one VARCHAR column",
        "clone and merge give each row a new id, and references follow it",
        "For example patient_id VARCHAR PRIMARY KEY; where a row has no id, one is made. A key of "
        "several columns is a natural key: UNIQUE (a, b).",
    ),
    "foreign_key": Refusal(
        "FOREIGN KEY (a) REFERENCES b (c) of a table",
        "REFERENCES stands on its column",
        "Write b_id VARCHAR REFERENCES b (b_id).",
    ),
    "columns": Refusal(
        f"more than {MAX_COLUMNS:,} columns",
        "merge and diff could not compare so many",
        "Make several tables of it, or one with a row for each value.",
    ),
    # -- columns
    "type": Refusal(
        "a type that is not known, such as BLOB",
        "it would be stored, exported and compared by guess",
        f"Known: {TYPE_NAMES}. DECIMAL needs a precision of at most 15.",
    ),
    "default": Refusal(
        "DEFAULT CURRENT_TIMESTAMP or another expression",
        "the same rows would not make the same scenario",
        "A default is a number, a text, TRUE, FALSE or NULL.",
    ),
    "default_key": Refusal(
        "a DEFAULT of a primary key or UNIQUE column",
        "the second row without a value would be refused",
        "Leave the default out: a missing id is made.",
    ),
    "default_value": Refusal(
        "a DEFAULT that the column itself does not allow",
        "a row without a value would be refused",
        "Correct the default or the CHECK.",
    ),
    "values": Refusal(
        "CHECK (x IN (...)) with a value that the type does not allow",
        "no row could have it",
        "Write values of the type: a DATE as '2024-01-31', a code of two letters for VARCHAR(2).",
    ),
    "autoincrement": Refusal(
        "AUTOINCREMENT",
        "ids are text, so that those of two scenarios can be told apart",
        "Leave it out: where a row has no id, one is made.",
    ),
    "generated": Refusal(
        "a generated column",
        "it cannot be given, and so not be copied, imported or compared",
        "Compute it in a view.",
    ),
    "collate": Refusal(
        "COLLATE",
        "values that are equal in the file would differ for merge, diff and links",
        "Leave it out; spellings are normalised by @synonym.",
    ),
    "on_conflict": Refusal(
        "ON CONFLICT",
        "a row would be lost or replaced without being counted",
        "Leave it out; persist has on_conflict.",
    ),
    "check": Refusal(
        "CHECK with a SELECT",
        "SQLite does not allow it",
        "Rules between rows or tables belong in checks.sql.",
    ),
    "clock": Refusal(
        "CHECK or CREATE INDEX with today's date or with random()",
        "what was right yesterday would be wrong today",
        "Compare with a column or a fixed day, or write a rule in checks.sql.",
    ),
    # -- references
    "action": Refusal(
        "ON DELETE, ON UPDATE, MATCH or DEFERRABLE",
        "rows are removed and changed only with what belongs to them",
        "Leave it out.",
    ),
    "parent": Refusal(
        "REFERENCES to a table that is not here",
        "SQLite would refuse each row",
        "For a table of another product, write @references parent(parent_id) in the comment.",
    ),
    "parent_key": Refusal(
        "REFERENCES to a column that is no primary key, or by a column that is no VARCHAR",
        "ids are text, and only they are made anew in copies",
        "Write parent_id VARCHAR REFERENCES parent (parent_id).",
    ),
    "circle": Refusal(
        "references that go round in a circle",
        "no table could be filled first",
        "Write @references parent(parent_id) in the comment of one of them, in place of REFERENCES."
        " A table may refer to itself.",
    ),
    # -- names
    "name": Refusal(
        "a name with capitals, spaces or other letters, or that begins with _ or a digit",
        "the same name must do in SQL, Python, JSON and file names, on every system",
        "Names are lower case letters, digits and _, begin with a letter, and have at most 63. "
        "Other spellings are for @alias and @label.",
    ),
    "reserved": Refusal(
        "a name that is a word of SQL, such as order or group",
        "every query would have to quote it",
        "Choose another name, and say @alias for the fields that are called so.",
    ),
    "rowid": Refusal(
        "a column named rowid or oid",
        "it would hide SQLite's own number of the row, by which rows are found",
        "Choose another name.",
    ),
    "sqlite": Refusal(
        "a name that begins with sqlite_", "SQLite keeps it for itself", "Choose another name."
    ),
    "twice": Refusal(
        "two tables, views or indexes of one name",
        "they share one list of names",
        "Rename one of them. The index of a reference, table_column, is made by itself.",
    ),
}  # fmt: skip

_STATEMENT = re.compile(
    r"\s*CREATE\s+(?P<how>(?:TEMP|TEMPORARY|VIRTUAL|UNIQUE)\s+)?(?P<kind>TABLE|INDEX|VIEW)\s+"
    r"(?P<exists>IF\s+NOT\s+EXISTS\s+)?\w+(?P<qualified>\s*\.)?",
    re.IGNORECASE,
)
_OF_TABLES = {
    "check": re.compile(r"\(\s*(?:SELECT|WITH)\b", re.IGNORECASE),
    "autoincrement": re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE),
    "generated": re.compile(r"\bGENERATED\s+ALWAYS\b|\bAS\s*\(", re.IGNORECASE),
    "on_conflict": re.compile(r"\bON\s+CONFLICT\b", re.IGNORECASE),
    "action": re.compile(
        r"\bON\s+(?:DELETE|UPDATE)\b|\bMATCH\s+(?:FULL|PARTIAL|SIMPLE)\b"
        r"|\b(?:NOT\s+)?DEFERRABLE\b|\bINITIALLY\s+\w+",
        re.IGNORECASE,
    ),
    "foreign_key": re.compile(r"\bFOREIGN\s+KEY\b", re.IGNORECASE),
}
_AS_SELECT = re.compile(r"\s*CREATE\s+TABLE\s+\w+\s+AS\b", re.IGNORECASE)


def check_statement(statement: Statement) -> None:
    """Look at a statement of schema.sql as it is written. Raises DeclarationError.

    Here is told what an SQL parser would not understand, or forget.
    """
    sql = blanked(statement.sql)
    begins = _STATEMENT.match(sql)
    if begins is None:
        words = " ".join(sql.split()[:2])
        raise REFUSALS["statement"].error(statement.where, words if len(words) < 40 else None)
    kind, how = begins["kind"].upper(), (begins["how"] or "").upper().strip()
    if how == "UNIQUE":
        raise REFUSALS["unique_index"].error(statement.where)
    if how:
        raise REFUSALS["temporary"].error(statement.where, how)
    if begins["exists"]:
        raise REFUSALS["if_not_exists"].error(statement.where)
    if begins["qualified"]:
        written = " ".join(begins[0].split()[2:]) + "..."
        raise REFUSALS["qualified"].error(statement.where, written)
    if kind == "INDEX":
        check_clock(statement.sql, statement.where)
    if kind == "TABLE":
        _check_table(sql, statement)


def _check_table(sql: str, statement: Statement) -> None:
    if _AS_SELECT.match(sql):
        raise REFUSALS["as_select"].error(statement.where)
    for key, pattern in _OF_TABLES.items():
        found = pattern.search(sql)
        if found:
            place = statement.where_at(sql.count("\n", 0, found.start()) + 1)
            general = key in ("check", "generated")
            raise REFUSALS[key].error(place, None if general else " ".join(found[0].split()))
    behind = sql[sql.rfind(")") + 1 :].strip()
    if behind and ")" in sql:
        place = statement.where_at(sql.count("\n", 0, len(sql.rstrip())) + 1)
        raise REFUSALS["options"].error(place, " ".join(behind.split()))


def check_clock(sql: str, where: str) -> None:
    """Raises DeclarationError for SQL whose result is another one tomorrow."""
    if CLOCK.search(sql) or _CHANCE.search(sql):
        raise REFUSALS["clock"].error(where)


def check_name(name: str, what: str, where: str) -> None:
    """Raises DeclarationError for what cannot be a name.

    Args:
        name: the name as written, without quotes.
        what: table, column, view, ...
        where: file and line, for messages.
    """
    told = f"{what} name {name!r:.80}"
    if what == "column" and name.lower() in ROWID:
        raise REFUSALS["rowid"].error(where, told)
    if name.lower().startswith("sqlite_"):
        raise REFUSALS["sqlite"].error(where, told)
    if not NAME.fullmatch(name):
        raise REFUSALS["name"].error(where, told)
    if name in RESERVED:
        raise REFUSALS["reserved"].error(where, told)
