"""How many rows a scenario has: counted, or bounded at the cost of a look at each table's end."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.sql import greatest_rowid, quoted
from .catalog import read_entity_types
from .sandbox import Sandbox

_COUNT_SECONDS = 30.0
_LOOK_SECONDS = 5.0


def count_entities(sandbox: Sandbox, names: Sequence[str]) -> dict[str, int]:
    """The number of rows of each table; all in one statement."""
    if not names:
        return {}
    counts = ", ".join(f"(SELECT count(*) FROM {quoted(name)})" for name in names)
    with sandbox.run(f"SELECT {counts}", timeout=_COUNT_SECONDS) as cursor:
        return dict(zip(names, cursor.fetchone(), strict=True))


def rows_at_most(sandbox: Sandbox) -> int:
    """An upper bound of the rows of all entity types together."""
    tables = [entity_type.name for entity_type in read_entity_types(sandbox.connection)]
    if not tables:
        return 0
    # Columns, and no sum of them: each + is a level, of which SQLite has few.
    ends = ", ".join(f"coalesce({greatest_rowid(quoted(name))}, 0)" for name in tables)
    with sandbox.run(f"SELECT {ends}", timeout=_LOOK_SECONDS) as cursor:
        return sum(map(int, cursor.fetchone()))
