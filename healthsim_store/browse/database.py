"""A scenario as a database of Datasette's: read through the sandbox, and gone when its file is."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from datasette.database import Database

from ..base.sql import greatest_rowid, quoted
from ..errors import CorruptScenario, NotWritable, ScenarioNotFound
from ..query.questions import sort_out
from ..schema.model import Question
from ..storage.catalog import read_entity_types, read_questions, read_statistics
from ..storage.sandbox import Sandbox
from .metadata import describe_database

_IDLE = 4  # open connections kept between requests
_FACETED_ROWS = 200_000
_CACHE_KB = 32_768  # of each, so that an index is counted again without reading it again

# What Datasette asks of a table's shape. All of them only tell (but for recursive_triggers, which
# 1.0 sets, and which means nothing to a reader); the file is open read-only anyway.
_SHAPE = frozenset(
    "table_info table_xinfo table_list foreign_key_list index_list index_info index_xinfo"
    " database_list schema_version recursive_triggers".split()
)


class _Browsed(Sandbox):
    """The sandbox, with the questions about a table's shape that Datasette puts by PRAGMA.

    No SQL of a visitor gets here: it goes to ``/-/query``, which is the plain sandbox.
    """

    def guard(self) -> None:
        """Put the authorizer in place; 1.0 sets one of its own now and then, and takes it away."""
        self.connection.set_authorizer(self._authorize)

    def _authorize(
        self, action: int, first: str | None, second: str | None, *context: str | None
    ) -> int:
        # schema_version with a value would set it; the others have the name of a table there.
        sets = first == "schema_version" and second is not None
        if action == sqlite3.SQLITE_PRAGMA and str(first).lower() in _SHAPE and not sets:
            return sqlite3.SQLITE_OK
        return super()._authorize(action, first, second, *context)


class ScenarioDatabase(Database):
    """Opened as one file; when another one has its name, `is_current` is false for good."""

    def __init__(self, path: Path, inode: tuple[int, int]) -> None:
        super().__init__(None, path=str(path), is_mutable=True)
        self.description: dict[str, Any] = {}
        self.references: dict[str, dict[str, str]] = {}  # of each table: column, and whither
        self._file = path
        self._inode = inode
        self._described: tuple[int, int] | None = None
        self._idle: list[_Browsed] = []
        self._lock = threading.Lock()
        self._retired = False

    @classmethod
    def of(cls, path: Path) -> ScenarioDatabase:
        """Raises FileNotFoundError, and what Sandbox raises when the file cannot be read."""
        database = cls(path, _inode(path))
        database.describe()
        return database

    def is_current(self) -> bool:
        try:
            return _inode(self._file) == self._inode
        except OSError:
            return False

    def describe(self) -> None:
        """Read what the file says about itself, when it has changed since."""
        status = self._file.stat()
        state = (status.st_mtime_ns, status.st_size)
        if state != self._described:
            with self._connection() as sandbox:
                types = read_entity_types(sandbox.connection)
                questions: list[Question] = []
                with contextlib.suppress(CorruptScenario):  # the tables are shown all the same
                    questions, _ = sort_out(sandbox, read_questions(sandbox.connection))
                self.description = describe_database(
                    types, read_statistics(sandbox.connection), questions
                )
                self._spare_large_tables(sandbox.connection)
            there = {entity_type.name for entity_type in types}
            self.references = {
                entity_type.name: {
                    column.name: to.entity_type
                    for column, to in entity_type.references(soft=True)
                    if to.entity_type in there
                }
                for entity_type in types
            }
            self._described = state

    def _spare_large_tables(self, connection: sqlite3.Connection) -> None:
        """Of a table too large to be counted in a moment, facets are for who asks for them."""
        for name, table in self.description["tables"].items():
            if "facets" in table:
                (last,) = connection.execute(f"SELECT {greatest_rowid(quoted(name))}").fetchone()
                if (last or 0) > _FACETED_ROWS:
                    del table["facets"]

    def retire(self) -> None:
        """Close what is open; a connection in use is closed when it is given back."""
        with self._lock:
            self._retired = True
            idle, self._idle = self._idle, []
        for sandbox in idle:
            sandbox.close()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[_Browsed]:
        with self._lock:
            sandbox = self._idle.pop() if self._idle else None
        if sandbox is None:
            if not self.is_current():
                raise ScenarioNotFound(f"There is no scenario {self._file.stem!r} any more.")
            sandbox = _Browsed(self._file)
            sandbox.connection.row_factory = sqlite3.Row
            sandbox.connection.text_factory = _text
            sandbox.connection.set_authorizer(None)
            sandbox.connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
            sandbox.guard()
        try:
            yield sandbox
        finally:
            with self._lock:
                kept = not self._retired and len(self._idle) < _IDLE
                if kept:
                    self._idle.append(sandbox)
            if not kept:
                sandbox.close()

    def _run(self, function: Callable[[sqlite3.Connection], Any]) -> Any:
        with self._connection() as sandbox:
            sandbox.guard()
            return function(sandbox.connection)

    # Datasette keeps a connection for each thread and name, which would outlive the file. 0.65
    # comes in by the first of these, 1.0 by the second.
    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, self._run, fn)

    _execute_fn = execute_fn

    async def execute_write_fn(self, fn: Any, *arguments: Any, **options: Any) -> Any:
        self.connect(write=True)

    def connect(self, write: bool = False) -> Any:
        """Refused: a connection of Datasette's own, whatever for, would not be guarded."""
        raise NotWritable(
            f"{self._file.stem} is only looked at here.",
            hint="Write with healthsim-store persist, tag, rename, ...",
        )


def _inode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
