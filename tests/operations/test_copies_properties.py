"""Clone and merge of random scenarios: what must hold whatever they are."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import kin
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.errors import MergeConflict

pytestmark = pytest.mark.usefixtures("kin_products")

RUNS = kin.runs(10, 100)


@contextmanager
def stored(*scenarios: dict[str, Any]) -> Iterator[tuple[Store, list[Path]]]:
    folder = Path(tempfile.mkdtemp())
    try:
        with Store(folder) as store:
            for number, rows in enumerate(scenarios):
                store.persist(rows, scenario=f"s{number}")
            yield store, [store.find(f"s{number}") for number in range(len(scenarios))]
    finally:
        shutil.rmtree(folder)


def shape(rows: dict[str, list[dict[str, Any]]]) -> dict[str, Counter[Any]]:
    """A scenario without its ids: every reference as the place of what it refers to."""
    places = {
        table: {row[kin.KEYS[table]]: number for number, row in enumerate(found)}
        for table, found in rows.items()
    }
    return {
        table: Counter(
            tuple(
                (name, places.get(kin.PARENTS[table].get(name, ""), {}).get(value, value))
                for name, value in row.items()
                if name != kin.KEYS[table]
            )
            for row in found
        )
        for table, found in rows.items()
    }


@RUNS
@given(kin.scenarios(), st.integers(1, 3))
def test_a_clone_is_the_same_but_for_its_ids(rows: dict[str, Any], generations: int) -> None:
    with stored(rows) as (store, (source,)):
        before = source.read_bytes()
        clone = source
        for generation in range(generations):
            clone = store.find(store.clone_scenario(clone.stem, new_name=f"g{generation}").scenario)
        assert source.read_bytes() == before
        assert kin.faults(clone) == []
        ours, theirs = kin.dump(source), kin.dump(clone)
        for table, key in kin.KEYS.items():
            if table in ours:
                assert not {row[key] for row in ours[table]} & {row[key] for row in theirs[table]}
        # Ids of one length in one order: the places of the rows are the same on both sides.
        assert shape(ours) == shape(theirs)


def conflicts_of(path: Path) -> dict[tuple[str, str, str], str]:
    """What stands for an entity of a source, by (source, table, its id there)."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            (source, table, old): new
            for source, table, old, new in connection.execute(
                "SELECT source, entity_type, source_entity_id, entity_id FROM _conflicts"
            )
        }


@RUNS
@given(
    st.lists(kin.scenarios(), min_size=2, max_size=4),
    st.sampled_from(["skip", "overwrite", "rename"]),
)
def test_a_merge_loses_nothing_but_what_the_strategy_says(
    scenarios: list[dict[str, Any]], strategy: str
) -> None:
    with stored(*scenarios) as (store, paths):
        before = [path.read_bytes() for path in paths]
        names = [path.stem for path in paths]
        result = store.merge_scenarios(names, new_name="m", on_conflict=strategy)
        merged = store.find("m")
        assert [path.read_bytes() for path in paths] == before
        assert kin.faults(merged) == []
        sources = {path.stem: kin.dump(path) for path in paths}
        rows = kin.dump(merged)
        stands = conflicts_of(merged)
        found = Counter(table for _, table, _ in stands)
        told = Counter({t: sum(c.values()) for t, c in result.conflicts.items()})
        told.update(result.same)
        assert dict(told) == dict(found)
        for table, key in kin.KEYS.items():
            came = sum(len(source.get(table, [])) for source in sources.values())
            stayed = came if strategy == "rename" else came - found[table]
            assert len(rows.get(table, [])) == stayed == result.entity_counts.get(table, 0)
            by_id = {row[key]: row for row in rows.get(table, [])}
            kept = [
                (name, source, row)
                for name, source in sources.items()
                for row in source.get(table, [])
                if strategy == "rename" or (name, table, row[key]) not in stands
            ]
            if strategy == "overwrite":
                kept = last_words(table, sources, stands)
            for name, source, row in kept:
                check_row(name, table, row, by_id, source, stands, strategy)
        assert {new for (_, _, _), new in stands.items()} <= {
            row[kin.KEYS[table]] for table, found_rows in rows.items() for row in found_rows
        }
        trial = store.merge_scenarios(names, dry_run=True, on_conflict=strategy)
        assert trial.to_dict()["conflicts"] == result.to_dict()["conflicts"]
        assert trial.taken == result.taken


def last_words(
    table: str, sources: dict[str, Any], stands: dict[tuple[str, str, str], str]
) -> list[tuple[str, Any, dict[str, Any]]]:
    """The row of the last source for each entity, where that source has one row only for it."""
    last: dict[str, list[tuple[str, Any, dict[str, Any]]]] = {}
    for name, source in sources.items():
        words: dict[str, list[tuple[str, Any, dict[str, Any]]]] = {}
        for row in source.get(table, []):
            own = row[kin.KEYS[table]]
            words.setdefault(stands.get((name, table, own), own), []).append((name, source, row))
        last |= words
    return [words[0] for words in last.values() if len(words) == 1]


def check_row(
    source: str,
    table: str,
    row: dict[str, Any],
    by_id: dict[str, dict[str, Any]],
    everything: dict[str, list[dict[str, Any]]],
    stands: dict[tuple[str, str, str], str],
    strategy: str,
) -> None:
    """A row of a source is in the merge with its values, and what stands for its parents."""
    own = row[kin.KEYS[table]]
    here = by_id[stands.get((source, table, own), own)]
    for name, value in row.items():
        parent = kin.PARENTS[table].get(name)
        if parent and value in {p[kin.KEYS[parent]] for p in everything.get(parent, [])}:
            assert here[name] == stands.get((source, parent, value), value)
        elif strategy == "rename" and name in kin.UNIQUE.get(table, ()) and here[name] != value:
            assert str(here[name]).startswith(f"{value}~")
        elif name != kin.KEYS[table]:
            assert here[name] == value


@RUNS
@given(kin.scenarios(), kin.scenarios())
def test_merging_again_changes_nothing(one: dict[str, Any], other: dict[str, Any]) -> None:
    with stored(one, other) as (store, _):
        store.merge_scenarios(["s0", "s1"], new_name="m")
        store.merge_scenarios(["m", "s0"], new_name="again")
        assert kin.dump(store.find("again")) == kin.dump(store.find("m"))


@RUNS
@given(kin.scenarios(), kin.scenarios())
def test_error_is_for_any_key_in_common(one: dict[str, Any], other: dict[str, Any]) -> None:
    def keys(rows: dict[str, Any]) -> set[Any]:
        ids = {(table, row[key]) for table, key in kin.KEYS.items() for row in rows[table]}
        natural = {
            (table, names, tuple(row[name] for name in names))
            for table, names in kin.UNIQUE.items()
            for row in rows[table]
            if None not in [row[name] for name in names]
        }
        return ids | natural

    with stored(one, other) as (store, _):
        if keys(one) & keys(other):
            with pytest.raises(MergeConflict, match="in the merge already"):
                store.merge_scenarios(["s0", "s1"], new_name="m", on_conflict="error")
            assert store.names() == ["s0", "s1"]
        else:
            result = store.merge_scenarios(["s0", "s1"], new_name="m", on_conflict="error")
            assert result.conflicts == {}


@RUNS
@given(kin.scenarios(), st.sampled_from(["csv", "tsv", "json", "ndjson", "parquet"]))
def test_what_is_exported_comes_back(rows: dict[str, Any], format: str) -> None:
    with stored(rows) as (store, (source,)):
        folder = store.export_scenario("s0", format=format, to=store.path / "out").location
        store.import_data([folder], scenario="back")
        # Entity types without rows have no file, and come back with their product alone.
        ours, theirs = kin.dump(source), kin.dump(store.find("back"))
        assert {t: r for t, r in theirs.items() if r} == {t: r for t, r in ours.items() if r}
        assert store.diff_scenarios("s0", "back").empty
        # Exported again it is the same to the byte.
        again = store.export_scenario("back", format=format, to=store.path / "again").location
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        for path in again.iterdir():
            if path.name != "datapackage.json":
                assert path.read_bytes() == files[path.name]
