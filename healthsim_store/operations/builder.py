"""A new scenario file built from the tables of others, set by set, and proven before it is kept.

The file has no name yet and nobody sees it, so it needs no journal; whoever builds throws it away
when anything fails. Its rows were judged by the same rules where they come from, so CHECKs are left
out where no value that they look at changes; what copying could break is looked at in the end.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..base.atomic import flush
from ..base.prefetch import work_ahead
from ..base.progress import Progress
from ..base.sql import literal, quoted
from ..base.sqlite import connect, connect_writable, file_errors, uri
from ..base.wording import call
from ..errors import CopyFailed, NotWritable
from ..schema.model import EntityType, Reference
from ..storage import format as fileformat
from ..storage.records import check_records, damaged
from ..storage.row_numbers import RowNumbers
from ..storage.rules import refuse_unbounded
from ..storage.sandbox import Sandbox

T = TypeVar("T")

SOURCE = "source"  # the schema under which the file is attached whose rows are read
CHOSEN = "chosen"  # and the one whose tables name the rows that are to be copied, if not all

# Ends of the names of tables in which SQLite's virtual tables keep what they have: FTS, R*Tree.
_MAX_MADE = 5_000  # SQLite goes through all that is there for each view that it makes
_OF_VIRTUAL = frozenset(
    "data idx content docsize config segments segdir stat node parent rowid".split()
)

_ROWS = 100_000  # between two calls of progress, and between two chances to interrupt


class Building:
    """The file while it is built. Raises CopyFailed for what cannot be built or proven."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path = path
        self.connection = connect_writable(path, mode="rwc")
        self._progress = progress
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "foreign_keys = OFF",  # asked for all at once in the end
            "cache_size = -65536",
        ):
            self.connection.execute(f"PRAGMA {pragma}")

    def create(self, *, description: str | None = None) -> str:
        """Make the empty file a scenario; its id. Before anything is attached."""
        with self.writing():
            return fileformat.create(self.connection, description=description).scenario_id

    def close(self) -> None:
        self.connection.close()

    @contextlib.contextmanager
    def reading(self, source: Path, chosen: Path | None = None) -> Iterator[None]:
        """One source as it is at this moment: attached read-only, all of it in one transaction.

        ``chosen``: a file of ours with tables of rowids, attached as `CHOSEN`.
        """
        check_source(source)
        connection = self.connection
        with file_errors(source):
            connection.execute(f"ATTACH ? AS {SOURCE}", (uri(source, "ro"),))
            # Rows of a part lie here and there: most pages are needed more than once.
            connection.execute(f"PRAGMA {SOURCE}.cache_size = -65536")
            if chosen is not None:
                connection.execute(f"ATTACH ? AS {CHOSEN}", (uri(chosen, "ro"),))
                connection.execute(f"PRAGMA {CHOSEN}.cache_size = -65536")
            try:
                connection.execute("BEGIN")
                yield
                connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                # The source is only read, so this is about the new file.
                if "full" in str(error) or "disk I/O" in str(error):
                    raise NotWritable(
                        f"There is no room for the copy in {self._path.parent}: {error}.",
                        hint="Free some space. Nothing was kept.",
                    ) from error
                raise
            except sqlite3.IntegrityError as error:
                raise CopyFailed(
                    f"{source.stem} could not be copied: {error}.",
                    hint=f"{call('check_scenario', source)} says whether the file is sound.",
                ) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.execute(f"DETACH {SOURCE}")
                if chosen is not None:
                    connection.execute(f"DETACH {CHOSEN}")

    def check_tables(self, source: Path, names: Sequence[str], *, all_: bool = False) -> None:
        """Raises CopyFailed unless all that is declared are tables of the source.

        Raises CorruptScenario where a rule of one, or of any with ``all_``, has no bound; with
        ``all_`` also CopyFailed where there is too much to make in a new file.
        """
        check_tables(self.connection, source, names, all_=all_)
        if all_:
            self._refuse_many(source)

    def _refuse_many(self, source: Path) -> None:
        (count,) = self.connection.execute(
            f"SELECT count(*) FROM {SOURCE}.sqlite_master WHERE sql IS NOT NULL"
        ).fetchone()
        if count > _MAX_MADE:
            shows = call("query_scenario", source, "SELECT type, name FROM sqlite_master")
            raise CopyFailed(
                f"{source.stem} has {count:,} tables, indexes, views and triggers; at most"
                f" {_MAX_MADE:,} are copied.",
                hint=f"{shows} lists them. Any SQLite tool can drop what is not needed.",
            )

    def check_keys(self, entity_types: Iterable[EntityType]) -> None:
        """Raises CorruptScenario unless the ids of the source are texts."""
        check_keys(self.connection, entity_types, SOURCE)

    def tables(self) -> dict[str, str]:
        """The source's tables, and of each whether it is a table, virtual, or a virtual one's own.

        Not by PRAGMA table_list, which goes through all that the views would read.
        """
        rows = self.connection.execute(
            f"SELECT name, coalesce(rootpage, 0) FROM {SOURCE}.sqlite_master WHERE type = 'table'"
            " AND substr(name, 1, 7) <> 'sqlite_'"
        ).fetchall()
        virtual = {name for name, page in rows if not page}
        return {
            name: "virtual"
            if not page
            else "shadow"
            if name.rpartition("_")[0] in virtual and name.rpartition("_")[2] in _OF_VIRTUAL
            else "table"
            for name, page in rows
        }

    def table_sql(self, name: str) -> str:
        """The source's CREATE TABLE."""
        (sql,) = self.connection.execute(
            f"SELECT sql FROM {SOURCE}.sqlite_master WHERE name = ? AND type = 'table'", (name,)
        ).fetchone()
        return str(sql)

    def copy(
        self,
        name: str,
        values: Mapping[str, str],
        *,
        where: str = "",
        changed: Sequence[str] = (),
        checked: bool = False,
        chosen: str | None = None,
    ) -> int:
        """INSERT the source's rows of a table, in their order; how many.

        ``values`` are columns and the SQL of each, over the table as ``s``. CHECKs are skipped
        unless one looks at a ``changed`` column, or ``checked``. Of ``chosen``, a table, each
        ``row`` is the rowid of one to copy.
        """
        table = quoted(name)
        connection = self.connection
        rows, key = f"{SOURCE}.{table} AS s", "s.rowid"
        numbers = RowNumbers(connection, f"{SOURCE}.{table}", "rowid")
        if chosen is not None:
            rows, key = f"{chosen} AS k CROSS JOIN {rows} ON s.rowid = k.row", "k.row"
            numbers = RowNumbers(connection, chosen, "row")
        checked = checked or self._checks_look_at(name, changed)
        connection.execute(f"PRAGMA ignore_check_constraints = {'OFF' if checked else 'ON'}")
        copied = 0
        sql = (
            f"INSERT INTO main.{table} ({', '.join(map(quoted, values))})"
            f" SELECT {', '.join(values.values())} FROM {rows}"
            f" WHERE {key} BETWEEN ? AND ?{f' AND {where}' if where else ''} ORDER BY {key}"
        )
        for first, last in numbers.blocks(_ROWS):
            count = connection.execute(sql, (first, last)).rowcount
            self._progress(count)
            copied += count
        connection.execute("PRAGMA ignore_check_constraints = OFF")
        return copied

    def _checks_look_at(self, name: str, changed: Sequence[str]) -> bool:
        harmless = {f"{quoted(column)} <> ''" for column in changed}
        (sql,) = self.connection.execute(
            "SELECT sql FROM main.sqlite_master WHERE name = ? AND type = 'table'", (name,)
        ).fetchone()
        return any(
            column in check for check in _checks(sql) if check not in harmless for column in changed
        )

    def copy_indexes(self, name: str) -> None:
        """Make a table's indexes, once its rows are in: at once it is faster than row by row."""
        for (sql,) in self.connection.execute(
            f"SELECT sql FROM {SOURCE}.sqlite_master"
            " WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY rowid",
            (name,),
        ).fetchall():
            self.connection.execute(sql)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, outside of `reading`."""
        self.connection.execute("BEGIN")
        yield
        self.connection.execute("COMMIT")

    def ask(self, questions: Iterable[Callable[[sqlite3.Connection], T]]) -> list[T]:
        """What the file answers, outside of any transaction; several questions at once."""

        # A reader for each thread: of hundreds of tables, each new one would read the schema.
        own = threading.local()
        with contextlib.ExitStack() as readers:

            def asked(question: Callable[[sqlite3.Connection], T]) -> T:
                if not hasattr(own, "reader"):
                    own.reader = connect(self._path, mode="ro", any_thread=True)
                    readers.callback(own.reader.close)
                return question(own.reader)

            tasks = (functools.partial(asked, question) for question in questions)
            with work_ahead(tasks) as answers:
                return list(answers)

    def _flush(self, reader: sqlite3.Connection) -> None:
        flush(self._path)

    def prove_references(self, entity_types: Iterable[EntityType]) -> None:
        """Raises CopyFailed when a row refers to another that is not there."""
        # Beside it, what was written so far goes to the disk.
        questions: list[Callable[[sqlite3.Connection], Any]] = [self._flush]
        declared = set()
        for entity_type in entity_types:
            declared.add(entity_type.name)
            for column, to in entity_type.references():
                sql = _dangling(entity_type.name, column.name, to)
                questions.append(functools.partial(_first, sql))
        questions += [
            functools.partial(_first, f"PRAGMA foreign_key_check({quoted(name)})")
            for (name,) in self.connection.execute(
                "SELECT name FROM main.sqlite_master WHERE type = 'table'"
            )
            if name not in declared
        ]
        for dangling in self.ask(questions):
            if dangling:
                table, rowid, parent, *_ = dangling
                raise CopyFailed(
                    f"Nothing was kept: {table} (rowid {rowid}) would refer to {parent} that are"
                    " not there.",
                    hint="A check of the source says whether it has such a row already.",
                )


@functools.lru_cache(maxsize=500)
def _checks(sql: str) -> tuple[str, ...]:
    """The CHECKs of a CREATE TABLE; to find them takes as long as to copy some 10,000 rows."""
    from sqlite_utils.create_table_parser import parse_checks  # the package is slow to import

    return tuple(check.check for check in parse_checks(sql))


def check_source(source: Path) -> None:
    """That a file is a scenario, whole, of a format that we know, and what it says of itself."""
    with contextlib.closing(Sandbox(source)) as sandbox, file_errors(source):
        check_records(sandbox.connection)


@contextlib.contextmanager
def attached(connection: sqlite3.Connection, source: Path, schema: str) -> Iterator[None]:
    """A source as another schema, read-only; outside of any transaction."""
    check_source(source)
    with file_errors(source):
        connection.execute(f"ATTACH ? AS {schema}", (uri(source, "ro"),))
    try:
        yield
    finally:
        if not connection.in_transaction:
            connection.execute(f"DETACH {schema}")


def check_tables(
    connection: sqlite3.Connection,
    source: Path,
    names: Sequence[str],
    schema: str = SOURCE,
    *,
    all_: bool = False,
) -> None:
    """Raises CopyFailed unless all that is declared are tables of a source.

    Raises CorruptScenario where a rule of one, or of any with ``all_``, has no bound.
    """
    missing = fileformat.missing_tables(connection, names, schema)
    if missing:
        raise CopyFailed(
            f"{source.stem}: {missing[0]} is declared, but is no table there.",
            hint=f"{call('check_scenario', source)} says more.",
        )
    refuse_unbounded(connection, source, schema=schema, tables=None if all_ else names)


def check_keys(
    connection: sqlite3.Connection, entity_types: Iterable[EntityType], schema: str
) -> None:
    """Raises CorruptScenario unless the ids of an attached file are texts.

    SQLite sorts numbers before texts, and blobs after them: the ends tell of all.
    """
    for entity_type in entity_types:
        table, key = quoted(entity_type.name), quoted(entity_type.primary_key)
        for end in ("min", "max"):
            sql = f"SELECT typeof({end}({key})) FROM {schema}.{table}"
            (type_,) = connection.execute(sql).fetchone()
            if type_ not in ("text", "null"):
                raise damaged(
                    f"its table {entity_type.name} has a {entity_type.primary_key} that is no"
                    f" text ({type_})."
                )


def _first(sql: str, connection: sqlite3.Connection) -> Any:
    return connection.execute(sql).fetchone()


def _dangling(table: str, column: str, to: Reference) -> str:
    """What foreign_key_check gives, for one reference.

    It asks once for each parent, in the order of the index, and not once for each child.
    """
    child, name = quoted(table), quoted(column)
    return (
        f"SELECT {literal(table)}, (SELECT min(rowid) FROM {child} WHERE {name} = parent),"
        f" {literal(to.entity_type)}"
        f" FROM (SELECT DISTINCT {name} AS parent FROM {child} WHERE {name} IS NOT NULL)"
        f" WHERE parent NOT IN (SELECT {quoted(to.column)} FROM {quoted(to.entity_type)}) LIMIT 1"
    )


def counts(
    connection: sqlite3.Connection,
    schema: str,
    entity_type: EntityType,
    here: Collection[str],
    chosen: str | None = None,
) -> dict[str, int]:
    """How many rows of a type, and how many of each reference, there are: what a copy must keep.

    Enforced references count where they are given. One into another product counts where its
    entity is ``here``, for it may be in a scenario of its own. Of ``chosen``, a table, each ``row``
    is the rowid of one that counts; without it all do.
    """
    asked = {entity_type.name: "count(*)"}
    for column, to in entity_type.references(soft=True):
        name = quoted(column.name)
        if to.enforced:
            counted = f"count({name})"
        elif to.entity_type in here:
            parent = f"{schema}.{quoted(to.entity_type)}"
            counted = (
                f"count(CASE WHEN EXISTS (SELECT 1 FROM {parent} AS p"
                f" WHERE p.{quoted(to.column)} = t.{name}) THEN 1 END)"
            )
        else:
            continue
        asked[f"{entity_type.name}.{column.name}"] = counted
    rows = f"{schema}.{quoted(entity_type.name)} AS t"
    if chosen is not None:
        rows = f"{chosen} AS k CROSS JOIN {rows} ON t.rowid = k.row"
    row = connection.execute(f"SELECT {', '.join(asked.values())} FROM {rows}").fetchone()
    return dict(zip(asked, row, strict=True))
