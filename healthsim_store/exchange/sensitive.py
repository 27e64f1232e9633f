"""Columns that are marked sensitive, and an export without them."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace

from ..base.sql import quoted
from ..base.sqlite import connect_writable, file_errors, transaction
from ..errors import InvalidArgument
from ..schema.model import EntityType
from ..storage.format import has_table
from ..storage.triggers import refused
from .formats import Formats
from .snapshot import Snapshot


def without_sensitive(entity_type: EntityType) -> EntityType:
    columns = tuple(column for column in entity_type.columns if not column.sensitive)
    if not columns:
        raise InvalidArgument(
            f"Every column of {entity_type.name} is sensitive.", hint="Leave it out."
        )
    return replace(entity_type, columns=columns)


def sensitive_columns(snapshot: Snapshot) -> set[tuple[str, str]]:
    """The columns that must not be read, each with its table."""
    found = {
        (entity_type.name, column.name)
        for entity_type in snapshot.registry
        for column in entity_type.columns
        if column.sensitive
    }
    # What a merge did not keep of a row is there with all its values.
    return found | {("_conflicts", "lost")} if found else found


def forget_sensitive(snapshot: Snapshot, formats: Formats) -> None:
    """Set the sensitive columns of the copy to NULL.

    Raises InvalidArgument if a constraint of the table, such as NOT NULL, forbids it.
    """
    connection = connect_writable(snapshot.path)
    with (
        contextlib.closing(connection),
        file_errors(snapshot.path),
        refused(connection, snapshot.source),
        transaction(connection),
    ):
        if sensitive_columns(snapshot) and has_table(connection, "_conflicts"):
            connection.execute("UPDATE _conflicts SET lost = NULL")
        for entity_type in snapshot.registry:
            names = [column.name for column in entity_type.columns if column.sensitive]
            if not names or not snapshot.counts[entity_type.name]:
                continue
            nulls = ", ".join(f"{quoted(name)} = NULL" for name in names)
            try:
                connection.execute(f"UPDATE {quoted(entity_type.name)} SET {nulls}")
            except sqlite3.IntegrityError as error:
                raise InvalidArgument(
                    f"{entity_type.name} must have what is sensitive in it: {error}.",
                    hint=f"Export to {formats.by_entity_type()}, where the column is left out.",
                ) from error
