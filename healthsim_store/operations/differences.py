"""In what the paired rows of two files differ, as SQL over `Pairing`: what diff and merge both ask.

The rows of the first file are ``a``, those of the second ``b``, as in `matching`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..base.sql import quoted
from ..schema.model import Column
from .matching import Pairing, Shared

Ask = Callable[[str, str], list[tuple[Any, ...]]]  # an entity type and a SELECT about it


class Differences:
    """How the rows of two files belong together, and in what they differ.

    Args:
        shared: the entity types that both have, parents before children.
        pairing: how their rows find each other.
        ask: gives all rows of a SELECT.
    """

    def __init__(self, shared: Mapping[str, Shared], pairing: Pairing, ask: Ask) -> None:
        self._shared = shared
        self._pairing = pairing
        self._ask = ask

    def pair(self, name: str, most: int, *, by_key: bool = True) -> tuple[int, int]:
        """Decide how rows of a type find their partners: the pairs by id, and those by key.

        ``most`` is how many rows the smaller side has.
        """
        left = most
        by_id = self._pairing.by_id(name)
        ids = int(self._ask(name, f"SELECT count(*) {by_id}")[0][0]) if by_id and left else 0
        left -= ids
        keys = 0
        for key in self._shared[name].keys if by_key else ():
            if left <= 0 or not self._pairing.use(name, key):
                continue
            found = self._ask(
                name,
                f"{self._pairing.with_([name])}SELECT count(*), count(DISTINCT a),"
                f" count(DISTINCT b) FROM {self._pairing.pairs(name, key)}",
            )
            count, in_a, in_b = found[0]
            # A key that is not unique, in a file that somebody else changed, pairs nothing.
            if count and count == in_a == in_b:
                keys += count
                left -= count
            else:
                self._pairing.drop(name, key)
        return ids, keys

    def sources(self, name: str, ids: int, keys: int) -> Iterator[str]:
        """The FROM clauses of the pairs: those by id, and those by natural key."""
        by_id = self._pairing.by_id(name)
        if by_id and ids:
            yield by_id
        if keys:
            yield self._pairing.by_key(name)

    def with_(self, name: str) -> str:
        """The pairs by key of the type and of all that it refers to directly."""
        shared = self._shared[name]
        references = (
            shared.reference(column) for column, (a, b) in shared.columns.items() if a and b
        )
        parents = {reference.entity_type for reference in references if reference}
        return self._pairing.with_([n for n in self._shared if n == name or n in parents])

    def flags(self, name: str) -> dict[str, str]:
        """SQL by column that is true where two paired rows differ in it; none where unknowable."""
        shared = self._shared[name]
        flags = {
            column: self._flag(shared, column, mine, yours)
            for column, (mine, yours) in shared.columns.items()
        }
        return {column: flag for column, flag in flags.items() if flag}

    def _flag(
        self, shared: Shared, name: str, mine: Column | None, yours: Column | None
    ) -> str | None:
        a, b = f"a.{quoted(name)}", f"b.{quoted(name)}"
        if mine is None or yours is None:
            return f"{b if mine is None else a} IS NOT NULL"
        reference = shared.reference(name)
        parent = self._shared.get(reference.entity_type) if reference else None
        if reference and parent:
            return self._reference_flag(parent, a, b, enforced=reference.enforced)
        return mine.type.unlike(yours.type, a, b)

    def _reference_flag(self, parent: Shared, a: str, b: str, *, enforced: bool) -> str | None:
        """References are the same when what they refer to is a pair."""
        to_a = self._pairing.to_a
        cases = [f"WHEN {a} IS NULL OR {b} IS NULL THEN {a} IS NOT {b}"]
        if to_a:
            cases.append(f"WHEN {a} = {to_a(b)} THEN 0")
        by_key = self._pairing.in_pairs(parent.name, b=b, a=a)
        if by_key:
            cases.append(f"WHEN {by_key} THEN 0")
        if not to_a and not by_key and enforced:
            return None
        if not enforced:
            # Into another product. Of what is not in both files there is only the text.
            (table_a, table_b), (key_a, key_b) = parent.tables, parent.ids
            cases.append(
                f"WHEN {a} = {b} AND NOT (EXISTS (SELECT 1 FROM {table_a} AS x"
                f" WHERE x{key_a[1:]} = {a}) AND EXISTS (SELECT 1 FROM {table_b} AS x"
                f" WHERE x{key_b[1:]} = {b})) THEN 0"
            )
        return f"CASE {' '.join(cases)} ELSE 1 END"


def any_of(conditions: Sequence[str]) -> str:
    """OR, as a balanced tree: a row of them would be nested as deep as it is long."""
    if len(conditions) <= 8:
        return " OR ".join(conditions) or "FALSE"
    half = len(conditions) // 2
    return f"({any_of(conditions[:half])}) OR ({any_of(conditions[half:])})"
