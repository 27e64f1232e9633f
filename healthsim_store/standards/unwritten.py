"""Which columns of a scenario have values, and are in no dataset of a standard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..base.sql import quoted
from ..schema.model import EXTRA, Column, EntityType
from ..schema.sqlfile import blanked
from .model import Dataset

if TYPE_CHECKING:
    from ..exchange.scenario_tables import ScenarioTables


def tell_unwritten(datasets: Sequence[Dataset], scenario: ScenarioTables) -> None:
    """Have the reply say which columns have values that no dataset is made of.

    Ids and references are left aside: they are ways to other rows.

    Args:
        datasets: what is written.
        scenario: what is exported.
    """
    for name, entity_type in scenario.entity_types.items():
        words = _words_beside(name, datasets)
        unread = [
            column.name
            for column in entity_type.columns
            if _is_data(entity_type, column) and column.name not in words
        ]
        if not words or not unread:
            continue  # a whole table that is not read is told as such
        found = ", ".join(
            f"EXISTS (SELECT 1 FROM {quoted(name)} WHERE {quoted(column)} IS NOT NULL)"
            for column in unread
        )
        (has,) = scenario.select(f"SELECT {found}")
        left = [column for column, some in zip(unread, has, strict=True) if some]
        if left:
            scenario.leave(name, left)


def _is_data(entity_type: EntityType, column: Column) -> bool:
    return column.name not in (entity_type.primary_key, EXTRA) and column.references is None


def _words_beside(table: str, datasets: Iterable[Dataset]) -> set[str]:
    """The words of all SELECTs that read a table: a column that is none of them is not used.

    One of the same name in another table of a SELECT counts as used, so not all may be found.
    """
    return {
        word.lower()
        for dataset in datasets
        for select in dataset.selects
        if table in select.reads
        for word in re.findall(r"\w+", blanked(select.sql))
    }
