"""What is exported comes back the same: compared row by row, by plain sqlite3."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import odd
import pytest
from campaign import tries
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.exchange import snapshot
from healthsim_store.plugins import installed

TYPED = ["csv", "tsv", "json", "ndjson", "parquet"]
SYNTHEA = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea-a"


def same_moments(tables: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """A moment is the same with .5 and with .500000, which is what Parquet's type gives back."""

    def plain(value: Any) -> Any:
        if isinstance(value, str) and len(value) > 19 and value[19] == ".":
            return dt.datetime.fromisoformat(value).isoformat()
        return value

    return {name: [tuple(map(plain, row)) for row in rows] for name, rows in tables.items()}


def round_trip(store: Store, name: str, format: str, folder: Path) -> None:
    """Export and import, then compare everything that both files hold."""
    source = store.find(name)
    before = source.read_bytes()
    exported = store.export_scenario(name, format=format, to=folder)
    result = store.import_data([folder], scenario=f"{name}-{format}")
    found, expected = odd.tables(store.find(f"{name}-{format}")), odd.tables(source)
    if format == "parquet":
        found, expected = same_moments(found), same_moments(expected)
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        # repr() tells 0.0 from -0.0, and shows every digit.
        assert [*map(repr, found[table])] == [*map(repr, rows)], table
    assert result.rows == exported.rows == sum(len(rows) - 1 for rows in expected.values())
    assert source.read_bytes() == before


@pytest.mark.parametrize("format", TYPED)
def test_odd_values_come_back(odd_store: Store, tmp_path: Path, format: str) -> None:
    odd_store.persist({"things": odd.things(), "parts": odd.parts()}, scenario="odd")
    odd_store.add_tags("odd", "a tag", "zwei")
    with contextlib.closing(sqlite3.connect(odd_store.find("odd"))) as connection:
        connection.execute("UPDATE _scenario SET description = 'What it is for'")
        connection.execute("UPDATE things SET extra = '{\"k\": \"v\"}' WHERE thing_id = 't00004'")
        connection.commit()
    round_trip(odd_store, "odd", format, tmp_path / "out")
    info = odd_store.scenario_info(f"odd-{format}")
    assert (info.description, info.tags) == ("What it is for", ("a tag", "zwei"))
    assert odd_store.check_scenario(f"odd-{format}").ok


@pytest.mark.parametrize("format", ["csv", "parquet"])
@pytest.mark.parametrize("gap", [1, 3, 10**12])
def test_tables_are_read_in_pieces(
    odd_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, gap: int
) -> None:
    """In the order of the rows, also where rowids have large gaps, and negative ones."""
    monkeypatch.setattr(snapshot, "BATCH_ROWS", 16)
    odd_store.persist({"things": odd.things(500)}, scenario="s")
    with contextlib.closing(sqlite3.connect(odd_store.find("s"))) as connection:
        connection.execute("UPDATE things SET rowid = -rowid * ?", (gap,))
        connection.execute("DELETE FROM things WHERE parent_id IS NULL AND n = 7")
        connection.commit()
        ids = [i for (i,) in connection.execute("SELECT thing_id FROM things ORDER BY rowid")]
    odd_store.export_scenario("s", format=format, to=tmp_path / "out")
    if format == "csv":
        import csv

        with (tmp_path / "out" / "things.csv").open(newline="") as file:
            assert [row["thing_id"] for row in csv.DictReader(file)] == ids
    else:
        import pyarrow.parquet as pq

        table = pq.read_table(tmp_path / "out" / "things.parquet", columns=["thing_id"])
        assert table["thing_id"].to_pylist() == ids


@pytest.mark.parametrize("format", TYPED)
def test_synthea_comes_back(tmp_path: Path, format: str) -> None:
    if not SYNTHEA.is_dir():
        pytest.skip(f"there is no Synthea sample at {SYNTHEA}")
    installed.cache_clear()
    if not {"patientsim", "membersim"} <= installed().declarations.keys():
        pytest.skip("PatientSim and MemberSim are not both installed")
    with Store(tmp_path / "store") as store:
        store.import_data([SYNTHEA], format="synthea", scenario="syn")
        round_trip(store, "syn", format, tmp_path / "out")


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
rows = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "note": text,
            "short": text.map(lambda t: t[:5]),
            "amount": st.decimals(-(10**10) + 1, 10**10 - 1, places=2),
            "ratio": st.floats(allow_nan=False, allow_infinity=False),
            "n": st.integers(-(2**63), 2**63 - 1),
            "flag": st.booleans(),
            "day": st.dates(),
            "at": st.datetimes(),
            "doc": st.lists(st.none() | st.booleans() | text | st.lists(text), max_size=3),
            "parent": st.integers(0, 9),
        },
    ),
    min_size=1,
    max_size=10,
)


@settings(
    max_examples=tries(20, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=rows, format=st.sampled_from(TYPED))
def test_whatever_is_stored_comes_back(
    odd_store: Store, tmp_path: Path, rows: list[dict[str, Any]], format: str
) -> None:
    made = []
    for number, row in enumerate(rows):
        parent = row.pop("parent", None)
        made.append(row | {"thing_id": f"t{number}", "code": f"c{number}"})
        if parent is not None:
            made[-1]["parent_id"] = f"t{parent % len(rows)}"
    for name in odd_store.names():
        odd_store.find(name).unlink()
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    odd_store.persist({"things": made}, scenario="s")
    round_trip(odd_store, "s", format, tmp_path / "out")
