"""Parts of random scenarios: whole, sound, disjoint; judged by a closure written in Python."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import kin
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.errors import InvalidArgument

pytestmark = pytest.mark.usefixtures("kin_products")

RUNS = kin.runs(15, 300)

Row = tuple[str, str]  # a table and an id
Rows = dict[str, list[dict[str, Any]]]


@contextmanager
def stored(rows: Rows) -> Iterator[tuple[Store, Path]]:
    folder = Path(tempfile.mkdtemp())
    try:
        with Store(folder, isolated=False) as store:
            store.persist(rows, scenario="s")
            yield store, store.find("s")
    finally:
        shutil.rmtree(folder)


class Model:
    """The rows of a scenario and what belongs to what, one row after the other."""

    def __init__(self, rows: Rows) -> None:
        self.rows = {
            (table, row[kin.KEYS[table]]): row for table, found in rows.items() for row in found
        }
        self.parents: dict[Row, set[Row]] = {
            (table, key): {
                (parent, row[column])
                for column, parent in kin.PARENTS[table].items()
                if (parent, row[column]) in self.rows
            }
            for (table, key), row in self.rows.items()
        }
        self.children: dict[Row, set[Row]] = {one: set() for one in self.rows}
        for child, parents in self.parents.items():
            for parent in parents:
                self.children[parent].add(child)
        self.same: dict[Row, set[Row]] = {
            one: {
                other
                for other, found in self.rows.items()
                if row.get("person_id") and found.get("person_id") == row["person_id"]
            }
            for one, row in self.rows.items()
        }

    def down(self, rows: set[Row]) -> set[Row]:
        return self._closed(rows, lambda row: self.children[row] | self.same[row])

    def part(self, rows: set[Row]) -> set[Row]:
        return self._closed(self.down(rows), self.parents.__getitem__)

    def groups(self, table: str) -> int:
        """How many groups the entities of a type make that nothing connects."""
        linked: list[set[Row]] = []
        for one in self.rows:
            if one[0] == table:
                mine = self.down({one})
                touching = [group for group in linked if group & mine]
                linked = [group for group in linked if not group & mine]
                linked.append(mine.union(*touching))
        return len(linked)

    def _closed(self, rows: set[Row], more: Any) -> set[Row]:
        found, waiting = set(rows), [*rows]
        while waiting:
            new = more(waiting.pop()) - found
            found |= new
            waiting += new
        return found


def original(value: str) -> str:
    """The id in the source of one in its clone."""
    return value.rpartition(".")[2]


def taken(path: Path, source: Model) -> set[Row]:
    """Which rows of the source a part has; each must have its values and its references."""
    found = set()
    for table, rows in kin.dump(path).items():
        here = {parent: {row[kin.KEYS[parent]] for row in kin.dump(path).get(parent, [])}
                for parent in kin.KEYS}  # fmt: skip
        for row in rows:
            key = original(row[kin.KEYS[table]])
            was = source.rows[table, key]
            for column, value in row.items():
                parent = kin.PARENTS[table].get(column)
                if column == kin.KEYS[table]:
                    assert value != was[column]
                elif parent and (parent, was[column]) in source.rows:
                    assert original(value) == was[column]
                    assert value in here[parent]
                else:
                    assert value == was[column]
            found.add((table, key))
    return found


@RUNS
@given(kin.scenarios(), st.data())
def test_a_part_is_what_belongs_to_the_chosen(rows: Rows, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from([name for name in kin.KEYS if rows[name]]))
    key = kin.KEYS[table]
    ids = [row[key] for row in rows[table]]
    chosen = data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
    with stored(rows) as (store, source):
        before = source.read_bytes()
        model = Model(kin.dump(source))
        only = f"SELECT {key} FROM {table} WHERE {key} IN ({', '.join(map(repr, chosen))})"
        if model.part({(table, one) for one in chosen}) == {*model.rows}:
            with pytest.raises(InvalidArgument, match="Everything is chosen"):
                store.clone_scenario("s", new_name="part", only=only)
            assert (store.names(), source.read_bytes()) == (["s"], before)
            return
        result = store.clone_scenario("s", new_name="part", only=only)
        path = store.find("part")
        assert source.read_bytes() == before
        assert kin.faults(path) == []
        assert store.check_scenario("part").ok
        expected = model.part({(table, one) for one in chosen})
        assert taken(path, model) == expected
        counts = Counter(name for name, _ in expected)
        assert {name: n for name, n in result.copied.items() if n} == counts
        total = Counter(name for name, _ in model.rows)
        assert Counter(result.copied) + Counter(result.not_taken) == total
        assert result.chosen == {table: len(chosen)}
        # A part knows its parent, so what is in both is told apart from what was left out.
        difference = store.diff_scenarios("s", "part", by="origin").entity_types
        removed = {name: found.removed for name, found in difference.items() if found.removed}
        assert removed == result.not_taken
        assert not any(found.added or found.changed for found in difference.values())


def min_groups(shares: dict[str, int]) -> int:
    """How many groups there must be, so that each part gets one by rounding its share."""

    def given(groups: int) -> list[int]:
        left, whole, parts = groups, 100, []
        for share in shares.values():
            parts.append((2 * left * share + whole) // (2 * whole))
            left, whole = left - parts[-1], whole - share
        return parts

    return next(groups for groups in range(1, 99) if all(given(groups)))


@RUNS
@given(kin.scenarios(), st.data())
def test_parts_of_a_split_are_disjoint_and_together_all(rows: Rows, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from([name for name in kin.KEYS if rows[name]]))
    shares = data.draw(st.sampled_from([{"a": 50, "b": 50}, {"a": 20, "b": 30, "c": 50}]))
    seed = data.draw(st.integers(0, 2**63 - 1))
    with stored(rows) as (store, source):
        before = source.read_bytes()
        model = Model(kin.dump(source))
        result = None
        with suppress(InvalidArgument):  # some are too few, or hang together in too few groups
            result = store.split_scenario("s", shares, entity_type=table, seed=seed)
        assert source.read_bytes() == before
        groups = model.groups(table)
        assert (result is not None) == (min_groups(shares) <= groups), groups
        if result is None:
            assert store.names() == ["s"]
            return
        assert store.names() == sorted(["s", *(f"s-{name}" for name in shares)])
        parts = [taken(store.find(name), model) for name in result.scenarios]
        assert all(kin.faults(store.find(name)) == [] for name in result.scenarios)
        often = Counter(row for part in parts for row in part)
        assert {*often} == {*model.rows}
        owned = model.down({one for one in model.rows if one[0] == table})
        assert all(often[one] == 1 for one in owned)
        for part in parts:
            for one in part:
                assert model.parents[one] <= part
                if often[one] == 1:
                    assert model.children[one] | model.same[one] <= part
        several = Counter(name for (name, _), n in often.items() if n > 1)
        assert result.in_several == several
        assert result.not_taken == {}
        dealt = [sum(name == table for name, _ in part) for part in parts]
        assert dealt == [part.chosen[table] for part in result.parts.values()]


@RUNS
@given(kin.scenarios(), st.integers(1, 4), st.integers(0, 2**63 - 1))
def test_a_sample_has_what_belongs_to_so_many(rows: Rows, count: int, seed: int) -> None:
    with stored(rows) as (store, source):
        model = Model(kin.dump(source))
        if count > len(rows["people"]):
            with pytest.raises(InvalidArgument, match="cannot be drawn"):
                store.clone_scenario("s", sample=count, seed=seed)
            return
        store.clone_scenario("s", new_name="one", sample=count, seed=seed)
        again = store.clone_scenario("s", new_name="two", sample=count, seed=seed)
        found = taken(store.find("one"), model)
        assert found == taken(store.find("two"), model)
        assert again.chosen == {"people": count}
        people = {one for one in found if one[0] == "people"}
        assert len(people) >= count
        assert model.part(people) == found
