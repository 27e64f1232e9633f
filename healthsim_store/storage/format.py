"""The scenario file: one SQLite file that says what it is.

Housekeeping tables begin with ``_``. ``application_id`` marks the file as ours, ``user_version`` is
the format's version, and the format grows by migrations, which any `sqlite-utils` can list.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import file_errors
from ..errors import CorruptScenario, NewerFormat, NotAScenario
from .housekeeping import FORMAT_VERSION, NAMES, statements
from .records import Record, damaged, read_records, understood

APPLICATION_ID = 0x48535353  # "HSSS" in the header, bytes 68-71

# No vowels, no look-alikes: an id never spells a word and survives being read aloud.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"

_ID_LENGTH = 60  # characters, at the most
_MOST_IDS = 10**17

_ABOUT = (
    "A scenario of synthetic healthcare data, written by healthsim-store. _entity_types and "
    "_columns describe every table; _statistics holds the SELECTs of its summary, _questions and "
    "_own_questions those that a reader may want; _log says what was done to it. Tables whose "
    "names begin with _ are housekeeping."
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A scenario file's first facts."""

    scenario_id: str
    description: str | None
    created_at: str


def now() -> str:
    """The time as the housekeeping tables write it: UTC, to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def create(connection: sqlite3.Connection, *, description: str | None) -> Identity:
    """Make an empty database a scenario file; inside the caller's transaction."""
    _migrate(connection)
    identity = Identity("".join(secrets.choice(_ALPHABET) for _ in range(6)), description, now())
    connection.execute(
        "INSERT INTO _scenario (one, scenario_id, description, created_at, about)"
        " VALUES (1, ?, ?, ?, ?)",
        (identity.scenario_id, description, identity.created_at, _ABOUT),
    )
    return identity


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the format up to date: a new file, or one from an older version."""
    from sqlite_utils import Database, Migrations  # slow to import, and seldom needed

    migrations = Migrations("healthsim_store")

    for version in range(1, FORMAT_VERSION + 1):
        migrations(name=f"format_{version}")(_migration(version))

    try:
        migrations.apply(Database(connection, execute_plugins=False, recursive_triggers=False))
    except KeyError as error:  # sqlite-utils reads its own table by the names of its columns
        raise damaged(f"its table _sqlite_migrations lacks the column {error.args[0]}.") from error
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def _migration(version: int) -> Callable[[Any], None]:
    def migrate(db: Any) -> None:
        # Not by executescript(), which would commit the caller's transaction.
        for statement in statements(version):
            db.conn.execute(statement)

    return migrate


def upgrade(connection: sqlite3.Connection) -> None:
    """Migrate a file of an older format; inside the caller's transaction. Else does nothing.

    Raises CorruptScenario where the table of the migrations is not as they left it.
    """
    if connection.execute("PRAGMA user_version").fetchone()[0] < FORMAT_VERSION:
        _check_migrations(connection)
        _migrate(connection)


def _check_migrations(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("SELECT migration_set, name, applied_at FROM _sqlite_migrations")
    except sqlite3.OperationalError as error:
        if not str(error).startswith("no such "):
            raise
        raise damaged(f"its table _sqlite_migrations is another one: {error}.") from error


def verify(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the format of an open file that is a scenario which we understand.

    Raises NotAScenario, NewerFormat, or CorruptScenario where a view or a computed column stands
    for what the file says that it stores: that would run a stranger's SQL, and without an end,
    wherever we read it.
    """
    with file_errors(path):
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        raise NotAScenario(
            f"{path.name} is an SQLite file, but not a healthsim-store scenario.",
            hint="Scenarios are made by persist or import.",
        )
    if version > FORMAT_VERSION:
        raise NewerFormat(
            f"{path.name} was written by a newer healthsim-store (format {version}; "
            f"this one knows {FORMAT_VERSION}).",
            hint="Install a newer healthsim-store: pip install --upgrade healthsim-store",
        )
    with file_errors(path):
        odd = _no_table(connection, NAMES) or _not_stored(connection)
    if odd:
        raise CorruptScenario(
            f"{path.name} was tampered with: {odd}.",
            hint="Take it from a backup, or from whoever has it as it was.",
        )
    return int(version)


def _no_table(connection: sqlite3.Connection, names: Iterable[str]) -> str:
    """What is wrong where a view, or a table that stores nothing, has one of the names."""
    views = connection.execute(
        "SELECT name FROM sqlite_master"
        " WHERE type = 'view' OR (type = 'table' AND coalesce(rootpage, 0) = 0)"
    )
    taken = {name.lower(): name for (name,) in views}
    found = [taken[name.lower()] for name in names if name.lower() in taken]
    return f"{found[0]} is no table in it" if found else ""


def _not_stored(connection: sqlite3.Connection) -> str:
    """The same of entity types, and of computed columns of any table that we read."""
    computed = connection.execute(
        "SELECT m.name, x.name FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS x"
        " WHERE m.type = 'table' AND x.hidden IN (2, 3)"
    ).fetchall()
    ours = [pair for pair in computed if pair[0].lower() in NAMES]
    if ours:
        return f"{'.'.join(ours[0])} is computed"
    if missing_tables(connection, ["_entity_types", "_columns"]):
        return ""  # told by whoever reads them
    try:
        return _not_stored_types(connection, computed)
    except sqlite3.OperationalError as error:
        if not str(error).startswith("no such column"):
            raise
        return ""  # the same


def _not_stored_types(connection: sqlite3.Connection, computed: Iterable[tuple[str, str]]) -> str:
    sql = "SELECT 1 FROM _columns WHERE lower(entity_type || '.' || column_name) = ?"
    for pair in computed:
        if connection.execute(sql, (".".join(pair).lower(),)).fetchone():
            return f"{'.'.join(pair)} is computed"
    types = connection.execute("SELECT entity_type FROM _entity_types")
    return _no_table(connection, [str(name) for (name,) in types])


def has_table(connection: sqlite3.Connection, table: str, schema: str = "main") -> bool:
    """Whether a file, or one attached as ``schema``, has a table that older formats lack.

    A view of that name is none: it would run whatever a stranger wrote.
    """
    return not missing_tables(connection, [table], schema)


def has_column(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether a table of ours, which is there, has a column that older formats lack."""
    described = connection.execute(f"SELECT * FROM {quoted(table)} LIMIT 0").description
    return column in {name for name, *_ in described}


def missing_tables(
    connection: sqlite3.Connection, names: Iterable[str], schema: str = "main"
) -> list[str]:
    """Those of the names that are no tables in a file, or in one attached as ``schema``.

    Whoever reads tables that a file declares asks this first. A view or a virtual table of such a
    name, which has no page of its own, would run whatever a stranger wrote.
    """
    tables = connection.execute(
        f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND rootpage > 0"
    )
    there = {name for (name,) in tables}
    return [name for name in names if name not in there]


def read_identity(connection: sqlite3.Connection, schema: str = "main") -> Identity:
    """What a file, or one attached as ``schema``, is. Raises CorruptScenario."""
    row = read_scenario(connection, schema)
    return Identity(row["scenario_id"], row["description"], row["created_at"])


def read_last_number(connection: sqlite3.Connection, schema: str = "main") -> int:
    """The number in the last generated entity id. Raises CorruptScenario."""
    return int(read_scenario(connection, schema)["last_number"])


def read_scenario(connection: sqlite3.Connection, schema: str = "main") -> Record:
    """The one row that says what the file is. Raises CorruptScenario."""
    rows = read_records(connection, "_scenario", schema=schema)
    if len(rows) != 1:
        raise damaged(f"its table _scenario has {len(rows) or 'no'} rows, and must have one.")
    understood("_scenario", rows[0], "scenario_id", check_id)
    understood("_scenario", rows[0], "last_number", check_number)
    return rows[0]


def check_id(text: str) -> str:
    """A scenario's id. Raises ValueError for what cannot be one."""
    if not 0 < len(text) <= _ID_LENGTH or not (text.isascii() and text.isalnum()):
        raise ValueError("an id has letters and digits only")
    return text


def check_number(number: int) -> int:
    """The number of a generated entity id. Raises ValueError for what cannot be one."""
    if not 0 <= number < _MOST_IDS:
        raise ValueError(f"it is from 0 to {_MOST_IDS}")
    return number


def leave_history(connection: sqlite3.Connection) -> None:
    """Take out of a copy what undo keeps: it has values that somebody changed or removed."""
    if missing_tables(connection, ["_history", "_history_rows"]):
        return
    connection.execute("PRAGMA secure_delete = ON")  # nor are they to stay in free pages
    connection.execute("DELETE FROM _history_rows")
    connection.execute("DELETE FROM _history")


def read_tags(connection: sqlite3.Connection) -> tuple[str, ...]:
    """A scenario's tags, sorted. Raises CorruptScenario."""
    rows = read_records(connection, "_tags", names=("tag",), rest="ORDER BY tag")
    return tuple(dict.fromkeys(row["tag"] for row in rows))


def write_log(
    connection: sqlite3.Connection,
    operation: str,
    *,
    batch_id: str | None = None,
    entities: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    fingerprint: str | None = None,
    call: int | None = None,
) -> int:
    """Add one entry; inside the caller's transaction, with the operation that it tells of.

    Its number. ``call`` is that of the first batch, where one call stores several.
    """
    upgrade(connection)
    counts, told = json.dumps(entities or {}), json.dumps(details or {})
    cursor = connection.execute(
        "INSERT INTO _log (at, operation, batch_id, entities, details, fingerprint, call)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (now(), operation, batch_id, counts, told, fingerprint, call),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def number_text(number: int) -> str:
    """A number with the count of its digits as a letter before it, so that text sorts as numbers.

    c123 for 123.
    """
    return f"{chr(96 + len(str(number)))}{number}"


class EntityIds:
    """Generated primary keys: short, unique in the file and between scenarios, in sorted order.

    ``k3f9xz-c123`` is the scenario's id, the number of digits as a letter, and the number: sorted
    as text they come in the order in which they were made. One count serves all tables, so that an
    id is never right in the wrong table.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._prefix = read_identity(connection).scenario_id
        self._last = read_last_number(connection)
        self._saved = self._last

    def __iter__(self) -> Iterator[tuple[str]]:
        return self

    def __next__(self) -> tuple[str]:
        self._last += 1
        return (f"{self._prefix}-{number_text(self._last)}",)

    def save(self) -> None:
        """Remember the last number; inside the caller's transaction."""
        if self._last != self._saved:
            self._connection.execute("UPDATE _scenario SET last_number = ?", (self._last,))
            self._saved = self._last
