"""All rows of a query on stdout, for a program: streamed, whatever their number."""

from __future__ import annotations

import csv
import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..query.stream import RowStream

_ENCODER = json.JSONEncoder(ensure_ascii=False)  # `json.dumps` would make one for each row


def echo_stream(rows: RowStream, *, output: str, limit: int | None, offset: int) -> None:
    """Print the rows after the first ``offset``, all of them or at most ``limit``.

    What ends the rows early is raised after stderr has told that they are not whole; JSON is then
    not closed, so that no program takes it for an answer.
    """
    end = None if limit is None else offset + limit
    from ..query.pages import csv_ready, json_ready  # not for `--help`

    ready = csv_ready if output in ("csv", "tsv") else json_ready
    every = ({name: ready(value) for name, value in row.items()} for row in rows)
    wanted = itertools.islice(every, offset, end)
    with _told() as counted:
        if output == "json":
            _write_json(rows.columns, counted(wanted), offset)
        elif output == "nl":
            for row in counted(wanted):
                sys.stdout.write(f"{_json(row)}\n")
        else:
            writer = csv.writer(sys.stdout, delimiter="," if output == "csv" else "\t")
            writer.writerow(rows.columns)
            writer.writerows(row.values() for row in counted(wanted))
        if limit is not None and next(every, None) is not None:
            click.echo(f"There are more rows: --offset {end}", err=True)


def _write_json(columns: tuple[str, ...], rows: Iterator[Mapping[str, Any]], offset: int) -> None:
    """The document of `QueryResult.to_dict`, a row on a line."""
    sys.stdout.write(f'{{\n  "columns": {_ENCODER.encode(columns)},\n  "rows": [')
    number = 0
    for number, row in enumerate(rows, 1):
        sys.stdout.write(f"{',' if number > 1 else ''}\n    {_json(row)}")
    end = "\n  " if number else ""
    rest = {"total": offset + number, "limit": None, "offset": offset, "has_more": False}
    sys.stdout.write(f"{end}],\n  {_ENCODER.encode(rest)[1:]}\n")


def _json(row: Mapping[str, Any]) -> str:
    return _ENCODER.encode(row)


@contextmanager
def _told() -> Iterator[Any]:
    """Count the rows that pass, and tell how many there were when an error ends them."""
    from ..errors import HealthsimStoreError

    number = 0

    def counted(rows: Iterator[Any]) -> Iterator[Any]:
        nonlocal number
        for row in rows:
            yield row
            number += 1

    try:
        yield counted
    except HealthsimStoreError:
        sys.stdout.flush()
        click.echo(f"Not whole: it ends after {number:,} rows, because of an error.", err=True)
        raise
