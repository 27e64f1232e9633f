"""Reading an export back: its files are verified, and every value comes back as it was stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.wording import SHELL, here
from ..errors import SourceError
from ..schema.model import EntityType
from ..schema.registry import Registry
from ..storage.rows import Rows, Table, chunks
from .account import Account
from .datapackage import FILE, Package, Resource
from .foreign import tables
from .formats import Formats
from .readers import arrow_rows, parquet_batches
from .source import Source

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 24  # bytes of delimited text per read; a row cannot be longer

Checked = Callable[[Source, Account, str, Any], Iterator[Any]]


def contents(
    folder: Path,
    package: Package,
    blank: Source,
    checked: Checked,
    *,
    formats: Formats,
    registry: Registry,
) -> tuple[list[Account], dict[str, Table]]:
    """The contents of an export: an account for each file, and the rows by entity type.

    All files are compared with datapackage.json before the first row is read.

    Args:
        folder: the export.
        package: its datapackage.json.
        blank: the settings that all sources share (encoding, progress).
        checked: counts rows in an account and checks that the entity type knows their fields.
        formats: the installed formats.
        registry: the installed entity types.

    Raises SourceError, also while rows are read: a file may have fewer or more rows than
    datapackage.json says.
    """
    _check_files(folder, package, formats)
    accounts: list[Account] = []
    entities: dict[str, Table] = {}
    for resource in package.resources:
        entity_type = registry.entity_type(str(resource.entity_type))
        source = replace(blank, name=resource.path, path=folder / resource.path)
        account = Account(resource.path)
        accounts.append(account)
        rows = checked(
            source, account, entity_type.name, _rows(package, source, entity_type, formats)
        )
        entities[entity_type.name] = Table(_all(rows, source, resource, account))
    return accounts, entities


def _check_files(folder: Path, package: Package, formats: Formats) -> None:
    whole = next((r for r in package.resources if r.entity_type is None), None)
    exporter = formats.exporters.get(package.format)
    if whole and not (exporter and exporter.copy):
        raise SourceError(
            f"{whole.path} is of an export to {package.format}, which is not for import.",
            hint=f"{FILE} says what its files are. Give the format that reads them, if there is"
            " one.",
        )
    if whole:
        raise SourceError(
            f"{whole.path} is itself a scenario, with everything in it.",
            hint=instead_of_import(),
        )
    for resource in package.resources:
        resource.verify(folder)
    listed = {resource.path for resource in package.resources}
    endings = {Path(path).suffix for path in listed}
    for file in sorted(folder.iterdir()):
        if file.suffix in endings and file.name not in {*listed, FILE} and file.name[0] != ".":
            raise SourceError(
                f"{file.name} is not in {FILE}: it is no part of the export.",
                hint=f"Take it away; or, to import the files as they are, remove {FILE}.",
            )


def _all(
    rows: Iterator[Rows], source: Source, resource: Resource, account: Account
) -> Iterator[Rows]:
    yield from rows
    account.leave_out(source.skipped)
    if account.rows != resource.rows:
        raise SourceError(
            f"{resource.path} has {account.rows:,} rows, {FILE} says {resource.rows:,}.",
            hint="Export again.",
        )


def _rows(package: Package, source: Source, entity_type: EntityType, formats: Formats) -> Any:
    if package.format in ("csv", "tsv"):
        delimiter = "," if package.format == "csv" else "\t"
        return arrow_rows(source, "CSV", lambda: _delimited(source, entity_type, delimiter))
    if package.format == "parquet":
        return arrow_rows(source, "Parquet", lambda: map(_doubles, parquet_batches(source)))
    read = tables(formats, formats.importer(package.format), source)
    return (row for _, rows in read for chunk in chunks(entity_type.name, rows) for row in chunk)


def _doubles(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with decimals as the nearest doubles, as they are stored."""
    import pyarrow as pa

    arrays = [
        # By way of text: a direct cast from decimal to double may be wrong in the last bit.
        column.cast(pa.string()).cast(pa.float64()) if pa.types.is_decimal(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _delimited(source: Source, entity_type: EntityType, delimiter: str) -> Iterator[pa.RecordBatch]:
    """The rows of delimited text, read by Arrow.

    An empty field is NULL, and ``""`` is the empty text. Python's csv module cannot tell them
    apart.
    """
    from pyarrow import csv

    types = {
        # The types as stored, except booleans, which are true and false in the file.
        c.name: c.type.arrow() if c.type.kind == "boolean" else c.type.stored_arrow()
        for c in entity_type.columns
    }
    return iter(
        csv.open_csv(
            source.open(),
            read_options=csv.ReadOptions(block_size=_BLOCK),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["true"],
                false_values=["false"],
            ),
        )
    )


def instead_of_import() -> str:
    """What to do with a file that is a scenario itself."""
    given = ", or give its path in place of a scenario's name" if here().kind == SHELL else ""
    return f"Copy it into the store's folder{given}."
