"""No reference without its parent: what a three-way merge decides of rows that others refer to.

What comes needs its parents, and what goes may be needed by something that stays. Where the
source's word counts, parents come back, and what was added here to something that goes, goes too.
Then whatever would still refer to nothing does not come, and whatever is still needed stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..base.sql import quoted
from ..schema.model import Column, EntityType, Reference
from .deltas import flag
from .three_way import KEEP, ThreeWay


class Parents:
    """Settles the tables ``coming``, ``going`` and ``pending`` of a merge."""

    def __init__(self, merge: ThreeWay) -> None:
        self._merge = merge

    def settle(self) -> None:
        """Change them until every reference has its parent."""
        self._bring_parents()
        self._leave_orphans()
        self._let_children_go()
        self._keep_parents()

    def _links(self, entity_type: EntityType) -> Iterator[tuple[Column, Reference]]:
        merge = self._merge
        for column, to in entity_type.references():
            if to.entity_type in merge.number:
                yield column, to

    def _missing(self, column: Column, to: Reference) -> str:
        """SQL: whether a row ``s`` of the source refers to what is not here, and does not come."""
        merge = self._merge
        stored, parent = f"s.{quoted(column.name)}", to.entity_type
        coming = merge.table("coming", parent)
        return (
            f"{stored} IS NOT NULL AND {stored} NOT IN (SELECT s FROM {coming})"
            f" AND NOT EXISTS (SELECT 1 FROM {merge.main_table(parent)} AS m"
            f" WHERE m.{merge.key(parent)} = {merge.followed(parent, stored)})"
        )

    def _bring_parents(self) -> None:
        """Where the source's word counts, what it needs comes back that was removed here."""
        merge = self._merge
        for entity_type in reversed(merge.order):
            if not merge.strategies[entity_type.name].replaces:
                continue
            name = entity_type.name
            source = merge.source_key(name)
            for column, to in self._links(entity_type):
                parent, stored = to.entity_type, f"s.{quoted(column.name)}"
                bring = f"INSERT OR IGNORE INTO {merge.table('coming', parent)}"
                missing = self._missing(column, to)
                rows = (
                    f"SELECT {stored} AS needed FROM {merge.table('coming', name)} AS k"
                    f" CROSS JOIN {source} = k.s WHERE {missing}"
                    f" UNION SELECT {stored} FROM {merge.table('pending', name)} AS k"
                    f" CROSS JOIN {source} = k.s WHERE"
                    f" k.{merge.taken(entity_type, column.name)} AND {missing}"
                )
                while True:
                    merge.dispute(parent, merge.followed(parent, "needed"),
                                  f"removed here, needed there by {name}", f"FROM ({rows})",
                                  taken=True)  # fmt: skip
                    if not merge.run(f"{bring} {rows}"):
                        break

    def _leave_orphans(self) -> None:
        """What refers to something that was removed here does not come."""
        merge = self._merge
        for entity_type in merge.order:
            name = entity_type.name
            source = merge.source_key(name)
            coming, pending = merge.table("coming", name), merge.table("pending", name)
            for column, to in self._links(entity_type):
                orphans = f"FROM {coming} AS k CROSS JOIN {source} = k.s WHERE" + (
                    f" {self._missing(column, to)}"
                )
                told = f"added there, its {column.name} removed here"
                while True:
                    merge.dispute(name, f"s.{merge.key(name)}", told, orphans, taken=False)
                    if not merge.run(f"DELETE FROM {coming} WHERE s IN (SELECT k.s {orphans})"):
                        break
                changed = (
                    f"FROM {pending} AS k CROSS JOIN {source} = k.s WHERE"
                    f" k.{merge.taken(entity_type, column.name)} AND {self._missing(column, to)}"
                )
                merge.dispute(name, "k.m", f"changed there, its {column.name} removed here",
                              changed, taken=False)  # fmt: skip
                merge.run(
                    f"UPDATE {pending} SET {flag(column.name)} = {KEEP}"
                    f" WHERE row IN (SELECT k.row {changed})"
                )

    def _let_children_go(self) -> None:
        """Where the source's word counts, what was added here to something that goes, goes too."""
        merge = self._merge
        for parent in merge.order:
            if not merge.strategies[parent.name].replaces:
                continue
            for entity_type in merge.order:
                name, own = entity_type.name, merge.key(entity_type.name)
                for column, to in self._links(entity_type):
                    if to.entity_type != parent.name or not merge.ours.some("added", name):
                        continue
                    rows = (
                        f"FROM {merge.table('going', parent.name)} AS g"
                        f" CROSS JOIN {merge.main_table(name)} AS m"
                        f" ON m.{quoted(column.name)} = g.m"
                        f" WHERE m.{own} IN (SELECT x FROM {merge.ours.table('added', name)})"
                        f" AND m.{own} NOT IN (SELECT m FROM {merge.table('both', name)})"
                        f" AND m.rowid NOT IN (SELECT row FROM {merge.table('going', name)})"
                    )
                    told = f"added here, its {column.name} removed there"
                    while True:
                        merge.dispute(name, f"m.{own}", told, rows, taken=True)
                        going = merge.table("going", name)
                        if not merge.run(f"INSERT INTO {going} SELECT m.rowid, m.{own} {rows}"):
                            break

    def _keep_parents(self) -> None:
        """What something that stays refers to stays."""
        merge = self._merge
        for parent in reversed(merge.order):
            going = merge.table("going", parent.name)
            links = [
                (entity_type, column)
                for entity_type in merge.all_types
                for column, to in self._links(entity_type)
                if to.entity_type == parent.name
            ]
            again = True
            while again:
                again = False
                for entity_type, column in links:
                    kept = self._kept(entity_type, column, going)
                    merge.dispute(parent.name, "k.m",
                                  f"removed there, needed here by {entity_type.name}", kept,
                                  taken=False)  # fmt: skip
                    gone = merge.run(f"DELETE FROM {going} WHERE row IN (SELECT k.row {kept})")
                    again = again or bool(gone and entity_type is parent)

    def _kept(self, entity_type: EntityType, column: Column, going: str) -> str:
        """Rows ``k`` of those that go to which a row that stays refers."""
        merge = self._merge
        name = entity_type.name
        refer = (
            f"FROM {going} AS k WHERE EXISTS (SELECT 1 FROM {merge.main_table(name)} AS c"
            f" WHERE c.{quoted(column.name)} = k.m"
        )
        if name not in merge.number:  # the source has no such type
            return f"{refer})"
        pending = merge.table("pending", name)
        return (
            f"{refer} AND c.rowid NOT IN (SELECT row FROM {merge.table('going', name)})"
            f" AND c.rowid NOT IN (SELECT p.row FROM {pending} AS p WHERE"
            f" {merge.taken(entity_type, column.name, 'p.')}))"
        )
