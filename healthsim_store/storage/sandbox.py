"""The only way to run untrusted SQL: the SQLite engine itself lets it do nothing but read.

Whatever the SQL says, from a person, a model or a stranger's file: the file is opened read-only, an
authorizer lets SELECT and known functions through and nothing else, values and statements have a
length limit, time has a deadline, and only one statement runs. No word in the text is looked at.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.quoting import misread_name, strict, told
from ..base.sql import permits, quoted
from ..base.sqlite import MAX_BYTES, MAX_PATTERN, connect, file_errors, recover, uri
from ..base.wording import option, takes
from ..errors import (
    InvalidArgument,
    NotWritable,
    QueryError,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    ScenarioFileError,
)
from .format import leave_history, verify

MAX_SQL = 100_000  # characters
TOO_LONG = f"A value is over {MAX_BYTES // 1_000_000} MB."
MAX_ATTACHED = 9  # SQLite's own limit is 10

_BROWSED_KB = 32_768  # pages kept: a count the second time reads the index from memory

# The PRAGMAs by which Datasette asks for a table's shape. All of them only read, except for
# recursive_triggers, which 1.0 sets and which changes nothing for a reader.
_SHAPE = frozenset(
    "table_info table_xinfo table_list foreign_key_list index_list index_info index_xinfo"
    " database_list schema_version recursive_triggers".split()
)

_STEPS = 10_000  # virtual machine steps between looks at the clock: about a millisecond

# Between statements and words; one at a time, so that no text takes more than one way through it.
_BETWEEN = re.compile(r"[\s;]+|--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_VERB = re.compile(
    r"[a-z]+(?:\s+(?:temp\s+|unique\s+|virtual\s+)?(?:table|index|view|trigger|into|from)\b)?",
    re.IGNORECASE,
)
_FUNCTION = re.compile(r"the function (\w+)\(\)")
_PRAGMA_TABLE = re.compile(r"\bpragma_\w+", re.IGNORECASE)
# Names of what the authorizer may be asked, for the explanation of a refusal.
_ACTIONS = {
    getattr(sqlite3, name): name.removeprefix("SQLITE_").replace("_", " ")
    for name in dir(sqlite3)
    if name.startswith(
        ("SQLITE_CREATE_", "SQLITE_DROP_", "SQLITE_ALTER_", "SQLITE_INSERT", "SQLITE_DELETE")
    )
    or name
    in ("SQLITE_UPDATE", "SQLITE_PRAGMA", "SQLITE_ATTACH", "SQLITE_DETACH", "SQLITE_ANALYZE",
        "SQLITE_REINDEX", "SQLITE_TRANSACTION", "SQLITE_SAVEPOINT")
}  # fmt: skip


def check_length(sql: str) -> None:
    """Raises QueryTooLarge for a statement of more than MAX_SQL characters."""
    if len(sql) > MAX_SQL:
        raise QueryTooLarge(
            f"The statement has {len(sql):,} characters.", hint=f"At most {MAX_SQL:,}."
        )


def too_late(seconds: float) -> QueryTimeout:
    """The error for a statement that did not end in its time."""
    longer = f", or give it longer: {option('timeout')}." if takes("timeout") else "."
    return QueryTimeout(
        f"Stopped after {seconds:g} seconds.", hint=f"Ask for less (WHERE, LIMIT){longer}"
    )


def limit(connection: sqlite3.Connection, *, attached: int = 0) -> None:
    """Bound what any statement of a stranger's may ask of a connection, whatever else it may do.

    Args:
        connection: with all its files attached, and without an authorizer.
        attached: how many they are.
    """
    # Table-valued functions are made on first use, which an authorizer would refuse.
    connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchone()
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, attached)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, MAX_SQL + len("EXPLAIN "))
    connection.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_PATTERN)


class Sandbox:
    """A read-only connection to one scenario file, with others attached by the store.

    ``format`` is the version of the file's format. Not for two threads at once. Raises
    NotAScenario, CorruptScenario, NewerFormat, ScenarioBusy when the file cannot be read.

    Args:
        path: the file.
        attached: further files, by schema name.
        browsed: for Datasette, which asks for a table's shape by PRAGMA, and shows text that is
            not UTF-8 as well as it can. No SQL of a visitor runs on such a connection.
        hidden: tables and columns of them, in lower case, that are read as NULL.
    """

    def __init__(
        self,
        path: Path,
        *,
        attached: Mapping[str, Path] | None = None,
        browsed: bool = False,
        hidden: Collection[tuple[str, str]] = (),
    ) -> None:
        self.path = path
        self._hidden = frozenset(hidden)
        self._pragmas = _SHAPE if browsed else frozenset()
        self.attached = tuple(attached or ())
        self._deadline = float("inf")
        self._denied: str | None = None
        # Opened in one thread and used in another, one after the other: the store keeps a pool.
        with file_errors(path):
            self.connection = connect(path, mode="ro", any_thread=True)
        try:
            self._prepare(attached or {})
            if browsed:
                self._browse()
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self, attached: Mapping[str, Path]) -> None:
        connection = self.connection
        with file_errors(self.path):
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            recover(self.path)
            # Reads the whole schema, so that a damaged one is found here.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self.format = verify(connection, self.path)
        if len(attached) > MAX_ATTACHED:
            raise InvalidArgument(
                f"{len(attached)} further scenarios are too many for one query.",
                hint=f"SQLite takes {MAX_ATTACHED}; merge some of them first.",
            )
        for alias, other in attached.items():
            with file_errors(other):
                recover(other)
                connect(other, mode="ro").close()  # ATTACH reads at once: also a WAL of another
                connection.execute(f"ATTACH ? AS {quoted(alias)}", (uri(other, "ro"),))
                sql = f"SELECT count(*) FROM {quoted(alias)}.sqlite_master"
                connection.execute(sql).fetchone()
        limit(connection, attached=len(attached))
        self.guard()

    def _browse(self) -> None:
        self.connection.row_factory = sqlite3.Row
        self.connection.text_factory = _text
        self.connection.set_authorizer(None)
        self.connection.execute(f"PRAGMA cache_size = -{_BROWSED_KB}")
        self.guard()

    def guard(self) -> None:
        """Put the authorizer and the deadline in place.

        They are from the start; a program that sets its own on the connection takes them away.
        """
        self.connection.set_progress_handler(self.is_late, _STEPS)
        self.connection.set_authorizer(self._authorize)

    def is_late(self) -> bool:
        """Whether the deadline is over."""
        return time.monotonic() > self._deadline

    def _authorize(
        self, action: int, first: str | None, second: str | None, *context: str | None
    ) -> int:
        if self._hidden and action == sqlite3.SQLITE_READ:
            column = (str(first).lower(), str(second).lower())
            return sqlite3.SQLITE_IGNORE if column in self._hidden else sqlite3.SQLITE_OK
        if permits(action, second):
            return sqlite3.SQLITE_OK
        # schema_version with a value would set it; the others have the name of a table there.
        sets = first == "schema_version" and second is not None
        if action == sqlite3.SQLITE_PRAGMA and str(first).lower() in self._pragmas and not sets:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            self._denied = f"the function {second}()"
        else:
            name = _ACTIONS.get(action, "this kind of statement")
            self._denied = f"{name} {first}" if action == sqlite3.SQLITE_PRAGMA else name
        return sqlite3.SQLITE_DENY

    @contextlib.contextmanager
    def run(
        self,
        sql: str,
        parameters: Sequence[Any] | Mapping[str, Any] = (),
        *,
        timeout: float,
        written: bool = False,
    ) -> Iterator[sqlite3.Cursor]:
        """Run one SELECT; the cursor is good inside the block, all of it within ``timeout`` s.

        ``written``: somebody wrote it, so a ``"name"`` that SQLite would read as text is an error.

        Raises QueryRefused, QueryTimeout, QueryTooLarge, QueryError, also while rows are fetched.
        """
        check_length(sql)
        self._denied = None
        self._deadline = time.monotonic() + timeout
        cursor = self.connection.cursor()
        try:
            with self._explaining(sql, timeout):
                if written:
                    self._refuse_misread(sql, parameters)
                # Of ours, all names in quotes are names; a file may lack a column that it declares.
                cursor.execute(sql if written else strict(sql), parameters)
                if cursor.description is None:
                    # No columns: a comment, nothing, or a statement that reads no rows.
                    raise QueryRefused("The statement gives no rows.", hint="Give one SELECT.")
                yield cursor
        finally:
            self._deadline = float("inf")
            cursor.close()

    @contextlib.contextmanager
    def _explaining(self, sql: str, timeout: float) -> Iterator[None]:
        """Turn what SQLite and its module say of a stranger's statement into our errors."""
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._explained(error, sql, timeout) from error
        except UnicodeDecodeError as error:
            raise QueryError(f"A value is not text: {error.reason}.") from error
        except (ValueError, OverflowError) as error:
            raise QueryError(f"The statement or a parameter cannot be used: {error}.") from error
        except RecursionError as error:
            raise QueryTooLarge("The statement is nested too deeply.") from error
        except MemoryError as error:
            raise QueryTooLarge(
                "The statement needs too much memory.", hint="Ask for less (WHERE, LIMIT)."
            ) from error

    def rest(self) -> None:
        """Nobody reads for a while: no statement stays open, which would keep writers waiting."""

    @property
    def usable(self) -> bool:
        """Whether it can still be asked."""
        return True

    def _refuse_misread(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any]) -> None:
        name = misread_name(self.connection, sql, parameters)
        self._denied = None  # what is denied is told of the statement itself
        if name is not None:
            raise QueryError(f"The query failed: {told(name)}.")

    def extend(self, seconds: float) -> None:
        """Inside `run`: the statement may take so many seconds from now on."""
        self._deadline = time.monotonic() + seconds

    def inspect(self, pragma: str, *, timeout: float) -> list[tuple[Any, ...]]:
        """The answer of integrity_check or foreign_key_check, which no query may give itself.

        Raises QueryTimeout, and CorruptScenario where the file cannot even be inspected.
        """
        if pragma not in ("integrity_check", "foreign_key_check"):
            raise InvalidArgument(f"{pragma} is no inspection.")
        return self._pragma(pragma, timeout)

    def table_info(self, table: str, *, timeout: float) -> list[tuple[Any, ...]]:
        """``PRAGMA table_info``: position, name, type, NOT NULL, default, primary key."""
        return self._pragma(f"table_info({quoted(table)})", timeout)

    def _pragma(self, pragma: str, timeout: float) -> list[tuple[Any, ...]]:
        self._deadline = time.monotonic() + timeout
        self.connection.set_authorizer(None)
        try:
            # SQLite 3.40 refuses json_valid() in a CHECK otherwise, and integrity_check runs them.
            self.connection.execute("PRAGMA trusted_schema = ON")
            with file_errors(self.path):
                return self.connection.execute(f"PRAGMA {pragma}").fetchall()
        except ScenarioFileError as error:
            if "interrupted" in error.message:
                interrupted = sqlite3.OperationalError("interrupted")
                raise self._explained(interrupted, pragma, timeout) from error
            raise
        finally:
            self._deadline = float("inf")
            self.connection.execute("PRAGMA trusted_schema = OFF")
            self.connection.set_authorizer(self._authorize)

    def blob_size(self, schema: str, table: str, column: str, rowid: int) -> int:
        """The bytes of a value, also of one that is too long to be read."""
        with self.connection.blobopen(table, column, rowid, readonly=True, name=schema) as value:
            return len(value)

    @contextlib.contextmanager
    def moment(self) -> Iterator[None]:
        """One read transaction: all that is read in the block is of one moment, attached files too.

        A block inside another one is of the outer one's moment. A writer cannot commit meanwhile,
        so it waits until the block ends.
        """
        if self.connection.in_transaction:
            yield
            return
        self._unguarded("BEGIN")
        try:
            # BEGIN alone takes no lock: the first read does, of each file.
            with file_errors(self.path):
                for schema in map(quoted, ("main", *self.attached)):
                    self.connection.execute(f"SELECT 1 FROM {schema}.sqlite_master").fetchone()
            yield
        finally:
            if self.connection.in_transaction:
                self._unguarded("ROLLBACK")

    def _unguarded(self, statement: str) -> None:
        """Run a statement of our own that the authorizer would refuse."""
        self.connection.set_authorizer(None)
        try:
            with file_errors(self.path):
                self.connection.execute(statement)
        finally:
            self.connection.set_authorizer(self._authorize)

    def copy_to(self, target: Path, *, history: bool = False) -> None:
        """Copy the whole file, as it is at one moment, into a new one that nobody else has open.

        Without what undo keeps, unless with its ``history``. Writers wait while the bytes are
        copied and no longer. Raises NotWritable for the target.
        """
        with self.moment():
            copy_file(self.connection, self.path, target, history=history)

    def _explained(self, error: Exception, sql: str, timeout: float) -> QueryError:
        text = " ".join(str(error).split())
        if self._denied is not None and ("authoriz" in text or "prohibited" in text):
            return _refused(sql, self._denied)
        if text == "interrupted":
            return too_late(timeout)
        if "one statement at a time" in text:
            return QueryRefused(
                "Refused: more than one statement.", hint="Give one SELECT at a time."
            )
        if getattr(error, "sqlite_errorname", "") in ("SQLITE_IOERR_WRITE", "SQLITE_FULL"):
            return QueryTooLarge(
                "The statement needs more room for temporary files than there is.",
                hint="Ask for less (WHERE, LIMIT), or sort and group fewer rows.",
            )
        if "too big" in text or isinstance(error, sqlite3.DataError):
            return QueryTooLarge(TOO_LONG, hint="Select fewer or shorter values.")
        if "expression tree is too large" in text.lower() or "stack overflow" in text:
            return QueryTooLarge(
                "The statement is nested too deeply.", hint="Write it with fewer brackets."
            )
        if "readonly" in text or "read-only" in text:
            return QueryRefused("Refused: a query may only read.", hint="Write one SELECT.")
        return QueryError(f"The query failed: {text}.")

    def close(self) -> None:
        self.connection.close()


def copy_file(
    connection: sqlite3.Connection, path: Path, target: Path, *, history: bool = False
) -> None:
    """Copy what a connection has open into a new file. Raises NotWritable for ``target``.

    A read transaction must be open on the file: without its lock, backup() would wait for a
    writer for ever.
    """
    try:
        with contextlib.closing(connect(target)) as copy:
            # A copy that fails is thrown away whole, so it needs no journal.
            copy.execute("PRAGMA journal_mode = OFF")
            copy.execute("PRAGMA synchronous = OFF")
            connection.backup(copy)
            if not history:
                leave_history(copy)
            # The copy of a file in WAL mode would have files beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        # What is wrong with the source was told before, or is found when the copy is read.
        raise NotWritable(
            f"{target.parent} cannot hold a copy of {path.name}: {error}.",
            hint="Check its permissions and the free space.",
        ) from error


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _refused(sql: str, denied: str) -> QueryRefused:
    verb, function = _verb(sql), _FUNCTION.fullmatch(denied)
    if verb is None and function and function[1].lower() in ("random", "randomblob"):
        return QueryRefused(
            f"Refused: {denied}. Each page of the rows would be of other rows.",
            hint="Rows spread over the data are what the samples of a scenario are; or order by a"
            " column.",
        )
    if verb is None and function:
        return QueryRefused(
            f"Refused: {denied}. A query may only read.",
            hint="Use another function: those that compute, and those of JSON, are there.",
        )
    # To make its virtual table, SQLite asks whether the schema may be changed.
    made = _PRAGMA_TABLE.search(sql) if verb is None else None
    return QueryRefused(
        f"Refused: {verb or (made and made[0]) or denied}. A query may only read.",
        hint="Write one SELECT; what tables and columns there are is in _columns.",
    )


def _verb(sql: str) -> str | None:
    """What a statement does by its own words, such as DROP TABLE; None for one that may read.

    The authorizer is asked about steps: DROP TABLE deletes a row of the schema, VACUUM attaches.
    """
    at = 0
    while between := _BETWEEN.match(sql, at):
        at = between.end()
    found = _VERB.match(sql, at)
    words = " ".join(found[0].upper().split()) if found else ""
    return None if words in ("", "SELECT", "WITH", "VALUES", "EXPLAIN", "PRAGMA") else words
