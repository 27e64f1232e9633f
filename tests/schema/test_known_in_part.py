"""Days and times that are known in part, through every door: written, read, compared, described."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kennel_club
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SCHEMA, owner

from healthsim_store import Store
from healthsim_store.browse import timeline
from healthsim_store.errors import HealthsimStoreError, InvalidArgument, InvalidRows

PARTIAL = SCHEMA.replace("seen_at TIMESTAMP", "seen_at PARTIAL_TIMESTAMP").replace(
    "born DATE", "born PARTIAL_TIMESTAMP"
)
SEEN = ["2003", "2003-12", "2003---15", "2003-12-15T07:15+02:00", None, "2003-12-15"]
ODM = "{http://www.cdisc.org/ns/odm/v1.3}"


def pets(*seen: Any) -> dict[str, Any]:
    return {"pets": [
        {"pet_id": f"p{n}", "owner_id": "o1", "species": "dog", "seen_at": value}
        for n, value in enumerate(seen)
    ]}  # fmt: skip


@pytest.fixture
def store(toy_of: Callable[..., None], tmp_path: Path) -> Iterator[Store]:
    toy_of("1.0", PARTIAL)
    with Store(tmp_path / "store") as made:
        made.persist({"owners": [owner(1)]} | pets(*SEEN), scenario="s")
        yield made


def seen(store: Store, name: str = "s") -> list[Any]:
    rows = store.query_scenario(name, "SELECT seen_at FROM pets ORDER BY pet_id").rows
    return [row["seen_at"] for row in rows]


def test_rows_come_as_they_were_given(store: Store) -> None:
    assert seen(store) == SEEN
    assert store.check_scenario("s").ok
    moments = [pd.Timestamp("2003-12-15 07:15", tz="UTC"), pd.NaT]
    frame = pd.DataFrame({"pet_id": ["q1", "q2"], "species": "dog", "seen_at": moments})
    frame["owner_id"] = "o1"
    store.persist({"pets": frame}, scenario="s")
    assert seen(store)[6:] == ["2003-12-15T07:15:00+00:00", None]


def test_a_day_that_there_is_not_is_told_with_what_is_allowed(store: Store) -> None:
    for wrong in ("2003-02-30", "2003-13", "2003-12-", "12/2003"):
        with pytest.raises(InvalidRows) as refused:
            store.persist({"pets": [{"owner_id": "o1", "seen_at": wrong}]}, scenario="s")
        assert "YYYY, YYYY-MM, YYYY-MM-DD" in str(refused.value)
        assert "one - stands for an unknown part" in str(refused.value)
        assert wrong in str(refused.value)
    with pytest.raises(HealthsimStoreError):
        store.update_entities("s", "pets", where="pet_id = 'p0'", values={"seen_at": "2003-00"})
    assert seen(store) == SEEN
    store.update_entities("s", "pets", where="pet_id = 'p0'", values={"seen_at": "2003-11"})
    assert seen(store)[0] == "2003-11"


def test_every_format_has_them_as_text_and_gives_them_back(store: Store, tmp_path: Path) -> None:
    for format in ("csv", "tsv", "json", "ndjson", "parquet"):
        out = store.export_scenario("s", format=format, to=tmp_path / format).location
        store.import_data(out, scenario=format)
        assert seen(store, format) == SEEN, format
        assert store.diff_scenarios("s", format).empty, format
    with (tmp_path / "csv" / "pets.csv").open(newline="") as file:
        assert [row["seen_at"] for row in csv.DictReader(file)] == [one or "" for one in SEEN]
    table = pq.read_table(tmp_path / "parquet" / "pets.parquet")
    assert str(table.schema.field("seen_at").type) == "string"
    assert table.column("seen_at").to_pylist() == SEEN
    package = json.loads((tmp_path / "csv" / "datapackage.json").read_text("utf-8"))
    (resource,) = (one for one in package["resources"] if one["name"] == "pets")
    (field,) = (one for one in resource["schema"]["fields"] if one["name"] == "seen_at")
    assert (field["type"], field["sqlType"]) == ("string", "PARTIAL_TIMESTAMP")
    assert "[0-9]{4}" in field["constraints"]["pattern"]


def test_days_and_times_of_arrow_come_as_text(store: Store, tmp_path: Path) -> None:
    moment = pa.scalar(1_071_472_530_000_000, pa.timestamp("us"))  # by date -ud @1071472530
    for name, seen_at, expected in (
        ("day", pa.array([moment.as_py().date()], pa.date32()), "2003-12-15"),
        ("time", pa.array([moment.as_py()], pa.timestamp("us")), "2003-12-15T07:15:30"),
        ("nano", pa.array([moment.value * 1000 + 1], pa.timestamp("ns")),
         "2003-12-15T07:15:30.000000001"),
        ("zone", pa.array([moment.value], pa.timestamp("us", "UTC")), "2003-12-15T07:15:30+00:00"),
        ("year", pa.array([2003], pa.int64()), "2003"),
    ):  # fmt: skip
        table = pa.table({"pet_id": [name], "owner_id": ["o1"], "species": ["dog"],
                          "seen_at": seen_at})  # fmt: skip
        pq.write_table(table, tmp_path / "pets.parquet")
        store.import_data(tmp_path / "pets.parquet", scenario="s")
        sql = f"SELECT seen_at FROM pets WHERE pet_id = '{name}'"
        assert store.query_scenario("s", sql).rows == [{"seen_at": expected}]


def test_any_difference_of_precision_is_a_difference(store: Store) -> None:
    store.clone_scenario("s", new_name="t")
    store.update_entities(
        "t", "pets", where="seen_at = '2003-12'", values={"seen_at": "2003-12-01"}
    )
    assert store.diff_scenarios("s", "t").entity_types["pets"].changed == 1


@pytest.mark.parametrize(("told", "expected"), [
    ("15.12.2003", "2003-12-15"), ("12/2003", "2003-12"), ("2003", "2003"), ("Dec 2003", "2003-12"),
    ("2003---15", "2003---15"), ("15.12.2003 07:15", "2003-12-15T07:15"), ("", None),
    ("15.12.2003 07:15:30", "2003-12-15T07:15:30"), ("Xyz 2003", "refused"), ("13/2003", "refused"),
    ("31.02.2003", "refused"),
])  # fmt: skip
def test_a_file_as_the_formats_say(
    store: Store, tmp_path: Path, told: str, expected: str | None
) -> None:
    path = tmp_path / "pets.csv"
    path.write_text(f"pet_id,owner_id,species,seen_at\np9,o1,dog,{told}\n")
    options: dict[str, Any] = {
        "date_format": ["DD.MM.YYYY", "MM/YYYY", "MMM YYYY"],
        "time_format": ["DD.MM.YYYY hh:mm", "DD.MM.YYYY hh:mm:ss"],
    }
    if expected == "refused":
        with pytest.raises(InvalidRows):
            store.import_data(path, scenario="s", **options)
    else:
        store.import_data(path, scenario="s", **options)
        assert seen(store)[-1] == expected


def test_numbers_of_a_sheet_are_years_and_days(store: Store) -> None:
    rows = pets(2008, "2008", 37970, 37970.5, "1998")["pets"]
    store.persist({"pets": [row | {"pet_id": f"x{n}"} for n, row in enumerate(rows)]}, scenario="s",
                  date_format="excel")  # fmt: skip
    assert seen(store)[6:] == ["2008", "2008", "2003-12-15", "2003-12-15T12:00:00", "1998"]


def test_a_format_without_a_day_is_none_of_a_whole_date(
    toy_of: Callable[..., None], tmp_path: Path
) -> None:
    toy_of("1.0")
    with Store(tmp_path / "store") as store:
        for text in ("MM/YYYY", "YYYY"):
            with pytest.raises(InvalidArgument, match="has no day, and born is a whole date"):
                store.persist({"owners": [owner(1)]}, date_format=[f"born={text}"])
            store.persist({"owners": [owner(1)]}, scenario=text[:2], date_format=[text])
        for text in ("DD/YYYY", "MM", "YYYY hh"):
            with pytest.raises(InvalidArgument, match="no format of a date"):
                store.persist({"owners": [owner(1)]}, date_format=[text])


def test_a_hint_says_how_a_month_is_read(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "pets.csv"
    path.write_text("pet_id,owner_id,species,seen_at\np9,o1,dog,12/2003\n")
    with pytest.raises(InvalidRows) as refused:
        store.import_data(path, scenario="s")
    assert "MM/YYYY" in str(refused.value)


@pytest.mark.parametrize("old", ["DATE", "TIMESTAMP"])
def test_whole_days_and_times_need_no_migration(
    toy_of: Callable[..., None], tmp_path: Path, old: str
) -> None:
    toy_of("1.0", SCHEMA.replace("seen_at TIMESTAMP", f"seen_at {old}"))
    values = ["2003-12-15", "0001-01-01", None, "9999-12-31", "2024-02-29"]
    if old == "TIMESTAMP":
        values = [value and f"{value}T07:15:30" for value in values]
        values += ["2003-12-15T00:00:00.500000"]
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1)]} | pets(*values), scenario="s")
        toy_of("2.0", PARTIAL)
    with Store(tmp_path / "store") as store:
        (upgraded,) = store.upgrade_scenario("s")
        assert (upgraded.before, upgraded.after) == ("1.0", "2.0")
        assert seen(store) == values
        assert store.check_scenario("s").ok
        store.persist(pets("2003-12") | {"owners": [owner(2, born="1971")]}, scenario="s",
                      on_conflict="replace")  # fmt: skip
        assert seen(store)[0] == "2003-12"


def test_a_timeline_has_the_days_as_far_as_they_are_known() -> None:
    def of(at: str) -> timeline.Event:
        return timeline.Event(at, "Pets", "dog", "/")

    assert [(of(at).day, of(at).clock) for at in (
        "2003", "2003-12-15T07:15:30", "2003-12--T07:15", "-----T07:15", "2003-12-15T-:15",
    )] == [
        ("2003", ""), ("2003-12-15", "07:15"), ("2003-12--", "07:15"), ("", "07:15"),
        ("2003-12-15", "-:15"),
    ]  # fmt: skip


DEFINED = {
    "date": ["2003-12-15", None],
    "partialDate": ["2003-12-15", "2003-12"],
    "datetime": ["2003-12-15T07:15:30", "2003-12-15T07:15:30.5Z"],
    "partialDatetime": ["2003-12-15T07:15"],
    "incompleteDatetime": ["2003-12-15", "2003---15"],
}


@pytest.mark.parametrize(("defined", "values"), [
    *DEFINED.items(), ("partialDatetime", ["2003-12-15", "2003-12-15T07:15:30"]),
    ("partialDatetime", ["2003-12-15T07:15-05:00"]), ("incompleteDatetime", ["2003-12-15T-:15"]),
    ("partialDatetime", [None]),
])  # fmt: skip
def test_a_standard_has_them_as_text_of_the_narrowest_type(
    store: Store, tmp_path: Path, defined: str, values: list[str | None]
) -> None:
    """Dataset-JSON has text; define.xml says what text, by Define-XML's list of types."""
    store.persist({"owners": [owner(1)]} | pets(*values), scenario="kennel")
    dogs = kennel_club.replaced("dogs", "SEEN TIMESTAMP", "SEEN PARTIAL_TIMESTAMP")
    folder = kennel_club.write(tmp_path, **dogs)
    out = tmp_path / "out"
    store.export_scenario("kennel", format=str(folder), to=out)
    document = json.loads((out / "dogs.json").read_text("utf-8"))
    (place,) = (n for n, one in enumerate(document["columns"]) if one["name"] == "SEEN")
    assert document["columns"][place]["dataType"] == "string"
    assert "targetDataType" not in document["columns"][place]
    assert [row[place] for row in document["rows"]] == [value or "" for value in values]
    items = ET.parse(out / "define.xml").getroot().iter(f"{ODM}ItemDef")
    (item,) = (item for item in items if item.get("OID") == "IT.DOGS.SEEN")
    assert (item.get("DataType"), item.get("Length")) == (defined, None)
