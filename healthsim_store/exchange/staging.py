"""Foreign formats: a folder of CSV files that a product's SELECTs turn into entities.

The files are loaded into a temporary SQLite database (staging tables), as text, in the layout that
the mapping declares. A SELECT for each entity type makes rows of them. Every row that was read is
accounted for.
"""

from __future__ import annotations

import base64
import bisect
import contextlib
import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.quoting import strict
from ..base.sql import quoted
from ..base.sqlite import connect, located
from ..errors import DeclarationError, SourceError
from ..schema import dry_run
from ..schema.model import Declaration
from ..schema.registry import Registry
from ..schema.sqlfile import Statement
from ..schema.types import Stored
from ..storage.rows import Rows, Table
from . import mapping_trial, staged_files, staged_keys
from .account import Account
from .mapping import ROW, ROWS, Declared, read_mappings
from .origins import Place
from .part_files import pattern_of
from .readers import is_delimited
from .source import Source
from .staged_lines import RowNumbers, SelectedRows
from .statement_clock import StatementClock

_NO_RULE = "the mapping has no rule for them"
_KNOWN = "they were not looked at again, since the batch_id is known"

_NO_VALUES: Mapping[str, Stored] = {}

Refusing = Callable[[Source, Account], Source]


FUNCTION = ("stable_id", -1)  # of ours, and how many arguments it takes: any


class StagedFolder:
    """One folder in staging tables, and the SELECTs of all products that map its format.

    Args:
        format: the format's name, for messages.
        declared: the mappings of the format, by product or path of a .sql file; or what they
            declare.
        scratch: a folder for the temporary database; None keeps it in memory.
        values: of the parameters that the SELECTs have.
    """

    def __init__(
        self,
        format: str,
        declared: Mapping[str, str] | Declared,
        scratch: Path | None,
        values: Mapping[str, Stored] = _NO_VALUES,
    ) -> None:
        self._format = format
        self._values = values
        # Of a product's format, folders need not have all tables; who writes a mapping has them.
        self._is_own = not isinstance(declared, Declared) and any(
            product.endswith(".sql") for product in declared
        )
        self._connection = connect(scratch / "staged.db" if scratch else ":memory:")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.create_function(*FUNCTION, stable_id, deterministic=True)
        self._clock: StatementClock | None = None  # once the files are loaded
        self._read = False
        self._parts: dict[str, list[tuple[int, Source]]] = {}  # by table, with their first rowids
        self._given: dict[str, list[tuple[int, Statement]]] = {}  # by entity type, first numbers
        self._numbers: dict[tuple[str, int], RowNumbers] = {}  # by entity type, first number
        self._selected: dict[tuple[str, int], SelectedRows] = {}  # of those that tell no number
        self.accounts: dict[str, Account] = {}
        try:
            self.declared = (
                declared if isinstance(declared, Declared) else read_mappings(format, declared)
            )
        except BaseException:
            self.close()
            raise

    def stage(
        self,
        sources: Mapping[str, Sequence[Source]],
        refusing: Refusing = lambda source, account: source,
    ) -> None:
        """Load the files.

        Args:
            sources: the files, by their names in lower case without the ending; several where they
                are parts of one.
            refusing: gives the source that counts rows which cannot be read in an account.

        Raises SourceError if no mapping knows any of them, or a header lacks a required column.
        """
        grouped: dict[str, list[Source]] = {}
        for name, files in sources.items():
            tables = self.declared.tables_of(name, alone=len(sources) == 1)
            for table in tables or [name]:
                grouped.setdefault(table, []).extend(files)
        if not grouped.keys() & self.declared.layouts.keys():
            raise SourceError(
                f"No file of the format {self._format} is there.",
                hint=f"Expected: {self.declared.expected()}.",
            )
        self._make_tables()
        self._connection.execute("BEGIN")
        for name, files in grouped.items():
            self._stage(name, files, refusing, alone=len(sources) == 1)
        self._connection.execute("COMMIT")
        if self._is_own:
            for name in self.declared.layouts.keys() - grouped.keys():
                self.accounts[name] = Account(name, notes=("no file of this table was given",))
        self._clock = StatementClock(self._connection)
        self._make_views()

    def _running(self, where: str) -> contextlib.AbstractContextManager[None]:
        """In the block a statement runs: on real rows no longer than it may."""
        return self._clock.running(where) if self._clock else located(where)

    def _stage(
        self, name: str, files: Sequence[Source], refusing: Refusing, *, alone: bool
    ) -> None:
        told = files[0].name
        if len(files) > 1:
            told = f"{pattern_of(told)} ({len(files):,} files)"
        layout = self.declared.layouts.get(name)
        if layout and layout.json:
            told = f"{told}, {layout.json}"
        account = self.accounts[name] = Account(told)
        for file in files:
            source = refusing(replace(file), account)  # of a file in several tables, each its own
            may_be_empty = not alone and (is_delimited(source) or not self.declared.datasets)
            if source.path and source.path.stat().st_size == 0 and may_be_empty:
                account.notes += (f"{source.name} is empty",)
                continue
            if layout is None:
                account.rows += staged_files.count(source, datasets=self.declared.datasets)
            else:
                staged = account.rows - sum(account.unmapped.values())
                self._parts.setdefault(name, []).append((staged + 1, source))
                staged_files.load(
                    self._connection, name, layout, account, source, self._format,
                    datasets=self.declared.datasets,
                )  # fmt: skip
            source.check_unchanged()
            account.notes += tuple(source.notes)
        if layout is None and account.rows:
            reason = "no installed product maps this file"
            if self.declared.datasets:
                reason = f"{self._format} makes nothing of {name} for the installed products"
            account.unmapped[reason] = account.rows
        if layout and layout.key:
            staged_keys.settle(
                self._connection, name, layout, account, functools.partial(self._place, name)
            )

    def _make_tables(self) -> None:
        for sql in self._layout_statements():
            self._connection.execute(sql)

    def _layout_statements(self) -> Iterator[str]:
        for name, layout in self.declared.layouts.items():
            columns = ", ".join(
                f"{quoted(column)} {layout.types.get(column, 'TEXT')}" for column in layout.columns
            )
            yield f"CREATE TABLE {quoted(name)} ({columns})"

    def _make_views(self) -> None:
        for view in self.declared.views:
            with located(view.where):
                self._connection.execute(strict(view.sql))

    def try_out(self, registry: Registry, *, seconds: float) -> None:
        """Run each statement on empty tables, and see whether persist would take what it gives.

        Args:
            registry: the entity types that it may give.
            seconds: of the processor, for all of it.

        Raises DeclarationError, with file and line.
        """
        self._make_tables()
        self._make_views()
        # Their tables appear with their first use, which a confined connection refuses.
        self._connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchone()
        dry_run.confine(self._connection, seconds)
        for statement in self.declared.selects:
            mapping_trial.check_source(statement, "from", self.declared)
            with located(statement.where):
                cursor = self._connection.execute(strict(statement.sql), self._values)
                cursor.fetchall()
            names = [description[0] for description in cursor.description]
            mapping_trial.check_fields(statement, names, registry)
        for marker, statement in self.declared.counted():
            mapping_trial.check_source(statement, marker, self.declared)
            self._count(statement, marker)

    def statements(self) -> Iterator[tuple[str, str, Mapping[str, Stored]]]:
        """Every statement that `try_out` runs, with its place in the mapping, and its values."""
        for sql in self._layout_statements():
            yield sql, "", {}
        declared = self.declared
        counted = (statement for _, statement in declared.counted())
        for statement in (*declared.views, *declared.selects, *counted):
            yield strict(statement.sql), statement.where, self._values

    def entities(self) -> dict[str, Table]:
        """Rows by entity type; each row is counted in the account of its source when it is read."""
        chained: dict[str, list[Statement]] = {}
        for statement in self.declared.selects:
            chained.setdefault(statement.comment.markers["into"], []).append(statement)
        return {into: Table(self._rows(into, statements)) for into, statements in chained.items()}

    def _rows(self, into: str, statements: list[Statement]) -> Iterator[Rows]:
        self._read = True
        number = 1
        for statement in statements:
            self._given.setdefault(into, []).append((number, statement))
            source = statement.comment.markers["from"].lower()
            account = self.accounts.setdefault(source, Account(self.declared.file_of(source)))
            assert self._clock is not None
            names, batches = self._clock.rows(strict(statement.sql), statement.where, self._values)
            many = self._begin_numbers(into, number, names, statement)
            kept = [at for at, name in enumerate(names) if name not in (ROW, ROWS)]
            fields = tuple(names[at] for at in kept)
            for found in batches:
                count = len(found)
                if len(kept) < len(names):
                    count = 0
                    for values in found:
                        rows = values[names.index(ROWS)] if ROWS in names else 1
                        count += rows if many is None else many.add(values[names.index(ROW)], rows)
                made = [tuple([values[at] for at in kept]) for values in found]
                account.mapped[into] = account.mapped.get(into, 0) + count
                account.made[into] = account.made.get(into, 0) + len(made)
                number += len(made)
                yield Rows(fields, made)
                self._refuse_doubles(into, account)  # a join without its ON may go on for hours
        for source in {one.comment.markers["from"].lower() for one in statements}:
            self._refuse_doubles(into, self.accounts[source])

    def _begin_numbers(
        self, into: str, first: int, names: Sequence[str], statement: Statement
    ) -> RowNumbers | None:
        """What notes the source rows of a SELECT that tells them; None where it does not."""
        if ROW not in names:
            return None
        numbers = RowNumbers(statement, many="many" in statement.comment.markers)
        self._numbers[into, first] = numbers
        return numbers

    def _refuse_doubles(self, into: str, account: Account) -> None:
        """Raise SourceError where more entities were made than there were rows for them."""
        left_out = sum(account.unmapped.values())
        if account.mapped.get(into, 0) + left_out <= account.rows:
            return
        twice = [text for name in self._parts if (text := self._twice(name))]
        raise SourceError(
            f"{account.name} has {account.rows:,} rows, but they gave"
            f" {account.mapped.get(into, 0):,} {into}"
            + (f", and {left_out:,} were left out." if left_out else "."),
            hint="; ".join(twice[:3]) + "." if twice else "A file joined to it has an id twice.",
        )

    def _twice(self, name: str) -> str | None:
        """Which id a file has twice, with the lines; None where it has none."""
        columns = self.declared.layouts[name].columns
        key = tuple(column for column in columns if column.lower() == "id")
        return staged_keys.twice(self._connection, name, key, functools.partial(self._place, name))

    def _place(self, name: str, rowid: int) -> tuple[str, int | None, int | None]:
        """The file of a staged row, and its line or item."""
        parts = self._parts[name]
        begin, part = parts[bisect.bisect_right([begin for begin, _ in parts], rowid) - 1]
        return part.name, *part.place(rowid - begin)

    def lacking(self, entity_type: str) -> str | None:
        """Which files are not in the folder that would give an entity type; None if one is."""
        files = {
            statement.comment.markers["from"].lower()
            for statement in self.declared.selects
            if statement.comment.markers["into"] == entity_type
        }
        if not files or files & self._parts.keys():
            return None
        names = " and ".join(self.declared.file_of(name) for name in sorted(files))
        return f"{names} {'is' if len(files) == 1 else 'are'} not in the folder"

    def locate(self, into: str, row: int) -> Place | None:
        """Of a row of an entity type, from 1: the account of its file, the file, and its line.

        The line is not known where a SELECT joins, groups or unites so that none is its own.
        """
        given = self._given.get(into, [])
        at = bisect.bisect_right([first for first, _ in given], row) - 1
        if at < 0:
            return None
        first, statement = given[at]
        source = statement.comment.markers["from"].lower()
        account = self.accounts[source]
        numbers = self._numbers.get((into, first))
        if numbers:
            rowid = numbers.of(row - first)
        else:
            rowid, key = None, (into, first)
            if key not in self._selected:
                self._selected[key] = SelectedRows(
                    self._connection, statement.sql, source, self._values
                )
            with contextlib.suppress(DeclarationError), self._running(statement.where):
                rowid = self._selected[key].of(row - first)
        if rowid is None:
            return account, account.name, None, None
        return account, *self._place(source, rowid)

    def count_skipped(self) -> None:
        """Count the rows that the mapping leaves out with a reason, or tells something of.

        Before anything is stored: an error after that would ask for an import that stores all of it
        again. Raises DeclarationError.
        """
        for marker, statement in self.declared.counted():
            account = self.accounts.get(statement.comment.markers[marker].lower())
            count, text = self._count(statement, marker) if account else 0, statement.comment.text
            if account and count and marker == "skip":
                account.unmapped[text] = count
            elif account and count:
                account.notes += (f"{text}: {count:,} {'row' if count == 1 else 'rows'}",)

    def _count(self, statement: Statement, marker: str) -> int:
        with self._running(statement.where):
            row = self._connection.execute(strict(statement.sql), self._values).fetchone()
        if row is None or len(row) != 1 or not isinstance(row[0], int):
            raise DeclarationError(
                f"{statement.where}: @{marker} needs one row with one number",
                hint="Count the rows that are meant: SELECT count(*) FROM ... WHERE ...",
            )
        count: int = row[0]
        return count

    def settle(self) -> list[Account]:
        """The accounts, after the rows were read. Rows that no entity was made of have a reason."""
        for account in self.accounts.values():
            told = sum(account.mapped.values()) + sum(account.unmapped.values())
            account.shared = max(0, told - account.rows)
            if told < account.rows:
                account.unmapped[_NO_RULE if self._read else _KNOWN] = account.rows - told
        return [
            account
            for name, account in self.accounts.items()
            if account.rows or account.notes or name in self._parts
        ]

    def close(self) -> None:
        self._connection.close()


def try_out_mapping(
    declaration: Declaration, format: str, sql: str, *, seconds: float | None = None
) -> None:
    """Try a product's mapping of a format out, before anybody relies on it.

    Args:
        declaration: what the product declares.
        format: the format's name.
        sql: the text of its file.
        seconds: of the processor, for all of it; None is as long as a product may take.

    Raises DeclarationError, with file and line.
    """
    mapping = StagedFolder(format, {declaration.product: sql}, None)
    with contextlib.closing(mapping):
        mapping.try_out(Registry(declaration.entity_types), seconds=seconds or dry_run.SECONDS)


@contextlib.contextmanager
def staged(
    format: str,
    declared: Mapping[str, str] | Declared,
    sources: Mapping[str, Sequence[Source]],
    refusing: Refusing = lambda source, account: source,
    values: Mapping[str, Stored] = _NO_VALUES,
) -> Iterator[StagedFolder]:
    """The folder in staging tables; the temporary database is deleted at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="healthsim-store-") as scratch:
        mapping = StagedFolder(format, declared, Path(scratch), values)
        with contextlib.closing(mapping):
            mapping.stage(sources, refusing)
            yield mapping


def stable_id(*values: Any) -> str:
    """12 characters, always the same for the same values: an id for rows that have none."""
    text = "\x1f".join("\x00" if value is None else str(value) for value in values)
    digest = hashlib.blake2b(text.encode(), digest_size=10).digest()
    return base64.b32encode(digest).decode().lower()[:12]
