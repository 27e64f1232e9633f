"""A filled dataset without a scenario: what a writer is given."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from healthsim_store.schema.model import Column, EntityType
from healthsim_store.schema.types import LogicalType
from healthsim_store.standards.filling import Filled
from healthsim_store.standards.measuring import measure
from healthsim_store.standards.model import Dataset, Head, Variable
from healthsim_store.standards.output import Output, Package, Study


def output(path: Path, rows: Sequence[tuple[Any, ...]], kind: str = "xpt", **types: str) -> Output:
    """A dataset ONE in a database, filled with rows and measured.

    Args:
        path: of the database; a table that is there is replaced.
        rows: a value for each column.
        kind: of the files.
        types: of the columns, by name, in order.
    """
    variables = tuple(
        Variable(Column(name, LogicalType.parse(type_), description=f"The {name}"))
        for name, type_ in types.items()
    )
    columns = tuple(variable.column for variable in variables)
    dataset = Dataset("ONE", "One of all", variables, EntityType("ONE", "x", columns, ""), "")
    filled = Filled(dataset, frozenset(types), len(rows), len(rows))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE IF EXISTS ONE")
        stored = ", ".join(f"{one.name} {one.type.storage}" for one in columns)
        connection.execute(f"CREATE TABLE ONE ({stored}) STRICT")
        connection.executemany(f"INSERT INTO ONE VALUES ({', '.join('?' * len(types))})", rows)
        measure(connection, filled, ends=True)
    moment = dt.datetime(2025, 3, 1, 12, 30, 45, tzinfo=dt.UTC)
    head = Head("x", "1", "X", "datasets", (kind,))
    return Output(filled, variables, Package(head, Study("S"), kind, moment), path)
