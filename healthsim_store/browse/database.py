"""A scenario as a database of Datasette's, which is read through the sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from datasette.database import Database

from ..base.sql import greatest_rowid, quoted
from ..errors import CorruptScenario, NotWritable, ScenarioNotFound
from ..query.questions import fill_in, sort_out
from ..schema.model import Question
from ..storage.catalog import read_entity_types, read_questions, read_statistics
from ..storage.pool import Pool
from ..storage.sandbox import Sandbox
from . import request_moment
from .metadata import describe_database, query_name

T = TypeVar("T")

_IDLE = 4  # open connections kept between requests
_FACETED_ROWS = 200_000
_CACHE_KB = 32_768  # of each connection: a count the second time reads the index from memory

# The PRAGMAs by which Datasette asks for a table's shape. All of them only read, except for
# recursive_triggers, which 1.0 sets and which changes nothing for a reader.
_SHAPE = frozenset(
    "table_info table_xinfo table_list foreign_key_list index_list index_info index_xinfo"
    " database_list schema_version recursive_triggers".split()
)


class _Browsed(Sandbox):
    """The sandbox, with the questions about a table's shape that Datasette asks by PRAGMA.

    No SQL of a visitor runs here: it goes to ``/-/query``, which uses the plain sandbox.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.connection.row_factory = sqlite3.Row
        self.connection.text_factory = _text
        self.connection.set_authorizer(None)
        self.connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        self.guard()

    def _authorize(
        self, action: int, first: str | None, second: str | None, *context: str | None
    ) -> int:
        # schema_version with a value would set it; the others have the name of a table there.
        sets = first == "schema_version" and second is not None
        if action == sqlite3.SQLITE_PRAGMA and str(first).lower() in _SHAPE and not sets:
            return sqlite3.SQLITE_OK
        return super()._authorize(action, first, second, *context)


class ScenarioDatabase(Database):
    """A scenario's file as a database; when another file has its name, a new one is needed.

    Args:
        path: the file.
        inode: its device and inode, by which it is known.
    """

    def __init__(self, path: Path, inode: tuple[int, int]) -> None:
        super().__init__(None, path=str(path), is_mutable=True)
        self.description: dict[str, Any] = {}
        self.questions: dict[str, Question] = {}  # by the name that Datasette calls it
        self.references: dict[str, dict[str, str]] = {}  # by table and column: to which table
        self._file = path
        self._inode = inode
        self._described: tuple[int, int] | None = None
        self._pool = Pool(self._open, idle=_IDLE)

    @classmethod
    def of(cls, path: Path) -> ScenarioDatabase:
        """Raises FileNotFoundError, and what Sandbox raises when the file cannot be read."""
        database = cls(path, _inode(path))
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
        status = self._file.stat()
        state = (status.st_mtime_ns, status.st_size)
        if state != self._described:
            with self.lend() as sandbox, sandbox.moment():
                types = read_entity_types(sandbox.connection)
                questions: list[Question] = []
                with contextlib.suppress(CorruptScenario):  # the tables are shown all the same
                    questions, _ = sort_out(sandbox, read_questions(sandbox.connection))
                self.description = describe_database(
                    types, read_statistics(sandbox.connection), questions
                )
                self.questions = {query_name(question): question for question in questions}
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
        self._pool.close(for_good=True)

    def lend(self) -> contextlib.AbstractContextManager[_Browsed]:
        """A guarded connection for one thread at a time. Raises what a Sandbox raises."""
        return self._pool.lend(self._file)

    def _open(self, path: Path, attached: Mapping[str, Path]) -> _Browsed:
        if not self.is_current():
            raise ScenarioNotFound(f"There is no scenario {self._file.stem!r} any more.")
        return _Browsed(path)

    async def read(self, function: Callable[[Sandbox], T]) -> T:
        """What ``function`` reads, in one of Datasette's threads, in the request's moment."""
        moment = request_moment.of(self)
        run = self.read_at_once if moment is None else moment.read
        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, run, function)

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


def _inode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
