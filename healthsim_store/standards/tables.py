"""The table of a layout in SQLite, which is the first conformance check of its rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ..schema.ddl import create_table
from ..schema.model import Column
from ..schema.types import LogicalType
from .model import Dataset


def layout_table(dataset: Dataset, given: Collection[str] | None = None) -> str:
    """The CREATE TABLE of a layout. Its rows lie in the order of the key.

    What refers to rows of its own is not checked by it: a row may come before that one.

    Args:
        dataset: the layout.
        given: the columns that get values; the others have no rules, since SQLite would ask them
            of every row. None is all.
    """
    columns = [
        # It may be empty, and as a part of the key it is never NULL.
        replace(column, required=False)
        if dataset.by_name[column.name.lower()].may_be_empty
        else column
        if given is None or column.name in given or column.required or column.default is not None
        else _without_rules(column)
        for column in dataset.table.columns
    ]
    columns = [
        replace(column, references=None)
        if column.references and column.references.entity_type.lower() == dataset.name.lower()
        else column
        for column in columns
    ]
    key = dataset.key
    if len(key) == 1:  # its primary key is the index that UNIQUE would make again
        columns = [replace(c, unique=c.unique and c.name != key[0]) for c in columns]
    others = tuple(names for names in dataset.table.unique_keys if names != key)
    table = replace(dataset.table, columns=tuple(columns), unique_keys=others)
    return create_table(table, key=key)


def _without_rules(column: Column) -> Column:
    plain = {"TEXT": "VARCHAR", "INTEGER": "INTEGER", "REAL": "REAL"}[column.type.storage]
    return Column(column.name, LogicalType.parse(plain), unique=column.unique)
