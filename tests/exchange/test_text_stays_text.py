"""Text stays text: words that may mean nothing are told, blanks are no value, gaps are nothing."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SCHEMA, Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.errors import InvalidRows
from healthsim_store.storage.suspects import WORDS


@pytest.fixture
def named(toy_of: Callable[..., None], tmp_path: Path) -> Store:
    """A store whose pets have a name, in a field of text that may be empty."""
    toy_of("1.0", SCHEMA.replace("  notes JSON", "  name VARCHAR, -- Name\n  notes JSON"))
    return Store(tmp_path / "store")


def _owner(n: int, **more: Any) -> dict[str, Any]:
    return {"full_name": f"A{n}", "tax_number": f"X{n}", "born": "1970-01-01", **more}


# -- words that may mean no value ---------------------------------------------------------------

NAMES = ["NULL", "Ann", "nan", "NULL", "Nana", "N/A", "NULLA", "Nanette", "null"]
SAID = (
    "Stored as text, but it may mean no value: owners.full_name NULL (2), nan (1), N/A (1),"
    " null (1). To make it nothing: "
)


def _rows() -> list[dict[str, Any]]:
    return [_owner(n, full_name=name) for n, name in enumerate(NAMES)]


def test_words_are_told_once_with_field_and_count(store: Store, tmp_path: Path) -> None:
    said = f'{SAID}null="NULL,nan,N/A,null".'
    assert store.persist({"owners": _rows()}, scenario="s").notes == (said,)
    path = tmp_path / "owners.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["full_name", "tax_number", "born"])
        writer.writeheader()
        writer.writerows(_rows())
    assert store.import_data(path, scenario="t").persisted.notes == (said,)
    assert [row["full_name"] for row in store.load_scenario("t")["owners"]] == NAMES


def test_what_the_note_says_works(named: Store) -> None:
    pets = [{"owner_tax_number": "X0", "species": "dog", "name": name} for name in NAMES]
    store = named
    found = store.persist({"owners": [_owner(0)], "pets": pets}, scenario="s")
    (note,) = found.notes
    (words,) = re.findall(r'null="(.*)"', note)
    made = store.persist({"owners": [_owner(0)], "pets": pets}, scenario="t", null=words)
    assert made.notes == ()
    stored = [row.get("name") for row in store.load_scenario("t")["pets"]]
    assert stored == [None if name in words.split(",") else name for name in NAMES]


def test_the_command_tells_them(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"owners": _rows()}))
    for command in ("persist", "import"):
        answer = run(command, str(path), "-s", command)
        assert answer.returncode == 0, answer.stderr
        assert answer.stderr.count("may mean no value") == 1
        assert f"{SAID}--null NULL,nan,N/A,null." in answer.stderr


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*sorted(WORDS), "Ann", "", "  ", "Nan cy"]) | st.none(),
            st.sampled_from([*sorted(WORDS), "x", 7]) | st.none(),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_word_is_counted(named: Store, values: list[tuple[Any, Any]]) -> None:
    """Whatever their neighbours are: text alone, with gaps, or with numbers."""
    rows = [
        _owner(n, mentor_id=None, full_name=f"A{name}") | {"tax_number": f"{n}{number}"}
        for n, (name, number) in enumerate(values)
    ]
    pets = [
        {"owner_tax_number": f"0{values[0][1]}", "species": "dog", "name": name}
        | ({"pet_id": number and f"{number}{n}"} if number else {})
        for n, (name, number) in enumerate(values)
    ]
    result = named.persist({"owners": rows, "pets": pets}, again=True)
    told = " ".join(result.notes)
    words = [name for name, _ in values if name in WORDS]
    assert ("pets.name" in told) == bool(words)
    assert "owners" not in told
    for word in words:
        assert f"{word} ({words.count(word)})" in told


# -- blanks -------------------------------------------------------------------------------------

BLANKS = ["", " ", "   ", "\t", "\n ", "\u00a0", "\u2003\u2003", " " * 40]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("name", ["full_name", "tax_number", "owner_id"])
@pytest.mark.parametrize("gaps", [False, True])
def test_blanks_are_no_value(store: Store, name: str, blank: str, gaps: bool) -> None:
    rows = [_owner(n, owner_id=f"o{n}") for n in range(3)]
    rows[1][name] = blank
    if gaps:
        rows[2][name] = 5  # a number in text, so that the column is looked at value by value
    with pytest.raises(InvalidRows) as caught:
        store.persist({"owners": rows}, scenario="s")
    (problem,) = caught.value.problems
    assert (problem.row, problem.field, problem.expected) == (2, name, "is required")


@pytest.mark.parametrize("blank", BLANKS)
def test_blanks_are_no_new_value(store: Store, blank: str) -> None:
    store.persist({"owners": [_owner(1)]}, scenario="s")
    for name in ("full_name", "tax_number"):
        with pytest.raises(InvalidRows, match="is required"):
            store.update_entities("s", "owners", {name: blank}, where="1 = 1")


def test_blanks_elsewhere_stay(named: Store) -> None:
    store = named
    pets = [{"owner_tax_number": "X0", "species": "dog", "name": blank} for blank in BLANKS]
    store.persist({"owners": [_owner(0)], "pets": pets}, scenario="s")
    assert [row["name"] for row in store.load_scenario("s")["pets"]] == BLANKS


# -- what is missing ----------------------------------------------------------------------------


class NAType:
    """As pandas has it: neither true nor equal to anything."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


class _NotATime(dt.datetime):
    """As NaT of pandas: a datetime that is not equal to itself."""

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = dt.datetime.__hash__


MISSING: dict[str, Any] = {
    "None": None,
    "nan": math.nan,
    "numpy nan": np.float64("nan"),
    "numpy float32 nan": np.float32("nan"),
    "numpy NaT": np.datetime64("NaT", "ns"),
    "Decimal NaN": decimal.Decimal("NaN"),
    "NA": NAType(),
    "NaT": _NotATime(1, 1, 1),
}


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_what_is_missing_is_nothing(named: Store, missing: Any) -> None:
    """In fields of each kind, alone and beside other values, and in a field that is kept."""
    pet = {"owner_tax_number": "X0", "species": "dog"}
    fields = ("name", "weight", "price", "legs", "chipped", "seen_at", "notes", "other")
    pets = [pet | dict.fromkeys(fields, missing), pet | {**dict.fromkeys(fields), "name": "A"}]
    named.persist({"owners": [_owner(0)], "pets": pets}, scenario="s", keep_unknown=True)
    found = named.query_scenario("s", "SELECT * FROM pets ORDER BY name").rows
    for row, name in zip(found, (None, "A"), strict=True):
        assert [row[one] for one in (*fields[:-1], "extra")] == [name, *[None] * 7]


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_what_is_missing_is_required(store: Store, missing: Any) -> None:
    with pytest.raises(InvalidRows, match=r"full_name.*is required"):
        store.persist({"owners": [_owner(0, full_name=missing)]}, scenario="s")


# -- numbers in text, as DataFrames have them ---------------------------------------------------


def test_a_frame_with_a_gap_is_refused_with_a_way_on(store: Store) -> None:
    """A column of whole numbers with a gap is one of floats: 2134.0 may have been 02134."""
    rows = [_owner(n) | {"tax_number": number} for n, number in enumerate([2134.0, 2135.0])]
    with pytest.raises(InvalidRows, match=r"2134\.0.*") as caught:
        store.persist({"owners": rows}, scenario="s")
    assert "whole_numbers=True" in str(caught.value)
    made = store.persist({"owners": rows}, scenario="s", whole_numbers=True)
    assert "tax_number (2)" in " ".join(made.notes)
    assert [row["tax_number"] for row in store.load_scenario("s")["owners"]] == ["2134", "2135"]


def test_frames_of_pandas(named: Store) -> None:
    """A frame, and its records: of both a gap and NaT are nothing."""
    store = named
    pd = pytest.importorskip("pandas")
    pet = {"owner_tax_number": "X0", "species": "dog"}
    pets = pd.DataFrame([
        pet | {"name": 7, "seen_at": pd.Timestamp("2020-01-01")},
        pet | {"name": None},
    ])  # fmt: skip
    for name, rows in (("a", pets), ("b", pets.to_dict("records"))):
        entities = {"owners": [_owner(0)], "pets": rows}
        with pytest.raises(InvalidRows, match="whole_numbers=True"):
            store.persist(entities, scenario=name)
        store.persist(entities, scenario=name, whole_numbers=True)
        found = store.query_scenario(name, "SELECT name, seen_at FROM pets").rows
        assert [tuple(row.values()) for row in found] == [
            ("7", "2020-01-01T00:00:00"), (None, None),
        ]  # fmt: skip
