"""A scenario as a database of Datasette's, which is read through the sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import itertools
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from datasette.database import Database

from ..base.sql import greatest_rowid, quoted
from ..errors import CorruptScenario, NotWritable, QueryError, QueryTooLarge, ScenarioNotFound
from ..query.questions import fill_in, sort_out
from ..schema.model import Question
from ..storage.catalog import Questions, read_entity_types, read_questions, read_statistics
from ..storage.isolated import IsolatedSandbox
from ..storage.long_values import LongValue, find_long_values, told
from ..storage.pool import Pool
from ..storage.sandbox import TOO_LONG, Sandbox
from . import request_moment
from .metadata import describe_database, query_name

T = TypeVar("T")

_IDLE = 4  # open connections kept between requests
_SEARCH_SECONDS = 5.0  # for a value that is too long
_FACETED_ROWS = 200_000


def make_pool() -> Pool[Sandbox]:
    """A pool for databases of Datasette's."""
    return Pool(_open, idle=_IDLE)


def _open(path: Path, attached: Mapping[str, Path]) -> Sandbox:
    return IsolatedSandbox(path, attached=attached, browsed=True)


class ScenarioDatabase(Database):
    """A scenario's file as a database; when another file has its name, a new one is needed.

    Args:
        path: the file.
        inode: its device and inode, by which it is known.
        pool: what is open of all databases together, since each takes a process.
    """

    def __init__(
        self, path: Path, inode: tuple[int, int], pool: Pool[Sandbox] | None = None
    ) -> None:
        super().__init__(None, path=str(path), is_mutable=True)
        self.description: dict[str, Any] = {}
        self.questions: dict[str, Question] = {}  # by the name that Datasette calls it
        self.questions_left_out = 0
        self.references: dict[str, dict[str, str]] = {}  # by table and column: to which table
        self._file = path
        self._inode = inode
        self._described: tuple[int, int] | None = None
        self._describing = threading.Lock()
        self._pool = pool or make_pool()

    @classmethod
    def of(cls, path: Path, pool: Pool[Sandbox] | None = None) -> ScenarioDatabase:
        """Raises FileNotFoundError, and what Sandbox raises when the file cannot be read."""
        database = cls(path, _inode(path), pool)
        database.describe()
        return database

    def is_current(self) -> bool:
        """Whether the file is still there; once false, it stays so."""
        try:
            return _inode(self._file) == self._inode
        except OSError:
            return False

    def describe(self) -> None:
        """Read the description that the file carries, when it has changed since the last time."""
        with self._describing:
            self._describe()

    def _describe(self) -> None:
        status = self._file.stat()
        state = (status.st_mtime_ns, status.st_size)
        if state != self._described:
            with self.lend() as sandbox, sandbox.moment():
                types = read_entity_types(sandbox.connection)
                questions = Questions()
                with contextlib.suppress(CorruptScenario):  # the tables are shown all the same
                    questions, _ = sort_out(sandbox, read_questions(sandbox.connection))
                self.description = describe_database(
                    types, read_statistics(sandbox.connection), questions
                )
                self.questions = {query_name(question): question for question in questions}
                self.questions_left_out = questions.left_out
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
        """Leave out the facets of large tables; a visitor can still ask for them."""
        for name, table in self.description["tables"].items():
            if "facets" in table:
                (last,) = connection.execute(f"SELECT {greatest_rowid(quoted(name))}").fetchone()
                if (last or 0) > _FACETED_ROWS:
                    del table["facets"]

    def retire(self) -> None:
        """Close what is open; a connection in use is closed when it is given back."""
        self._pool.close()

    def lend(self) -> contextlib.AbstractContextManager[Sandbox]:
        """A guarded connection for one thread at a time. Raises what a Sandbox raises."""
        if not self.is_current():
            raise ScenarioNotFound(f"There is no scenario {self._file.stem!r} any more.")
        return self._pool.lend(self._file)

    async def read(self, function: Callable[[Sandbox], T]) -> T:
        """What ``function`` reads, in one of Datasette's threads, in the request's moment."""
        moment = request_moment.of(self)
        run = self.read_at_once if moment is None else moment.read
        loop, executor = asyncio.get_running_loop(), self.ds.executor
        try:
            here = contextvars.copy_context()  # an executor's thread has one of its own
            return await loop.run_in_executor(executor, here.run, run, function)
        except sqlite3.DataError as error:
            # In the same transaction: a second one would wait for a writer that waits for its end.
            raise await loop.run_in_executor(executor, run, _explain_long_value) from error

    def read_at_once(self, function: Callable[[Sandbox], T]) -> T:
        """What ``function`` reads, on a connection of its own."""
        with self.lend() as sandbox:
            sandbox.guard()
            try:
                return function(sandbox)
            except Exception as error:
                failed = error
        # Raised out here, so that Datasette sees the error as it is, and the connection with its
        # cache is kept: Datasette's time limits interrupt queries as a matter of course.
        raise failed

    async def execute(self, sql: str, params: Any = None, *arguments: Any, **options: Any) -> Any:
        """Datasette's, which has text for every value: a question's are bound as their types.

        Raises what `fill_in` raises.
        """
        asked = (one for one in self.questions.values() if one.sql.strip() == sql.strip())
        question = next(asked, None)
        if question is not None:
            # Names that begin with _ are Datasette's own arguments.
            given = {name: params[name] for name in params or () if not name.startswith("_")}
            params = fill_in(question, given)
        return await super().execute(sql, params, *arguments, **options)

    # Datasette keeps a connection for each thread and name, which would outlive the file. 0.65
    # calls the first of these, 1.0 the second.
    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        return await self.read(lambda sandbox: fn(sandbox.connection))

    _execute_fn = execute_fn

    async def execute_write_fn(self, fn: Any, *arguments: Any, **options: Any) -> Any:
        self.connect(write=True)

    def connect(self, write: bool = False) -> Any:
        """Refused: a connection that Datasette makes itself would not be guarded."""
        raise NotWritable(
            f"{self._file.stem} can only be read here.",
            hint="Write with healthsim-store persist, tag, rename, ...",
        )


def _explain_long_value(sandbox: Sandbox) -> QueryTooLarge:
    """The error for a page that needs a value which is too long to be read."""
    found: list[LongValue] = []
    with contextlib.suppress(QueryError):
        found += itertools.islice(find_long_values(sandbox, timeout=_SEARCH_SECONDS), 3)
    hidden = urlencode([("_nocol", value.column) for value in found]) or "_nocol=COLUMN"
    return QueryTooLarge(
        told(found) if found else TOO_LONG,
        hint=f"A table's page without the column: ?{hidden} at the end of its address.",
    )


def _inode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
