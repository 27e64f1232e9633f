"""Dataset-JSON: the rows that SQLite writes are, byte by byte, what Python's json would write."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from filled_output import output
from hypothesis import example, given, settings
from hypothesis import strategies as st

from healthsim_store.errors import NotConformant
from healthsim_store.standards import dataset_json, json_rows
from healthsim_store.standards.measuring import terms

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SHORT = st.integers(-(10**12) + 1, 10**12 - 1).map(lambda n: n / 1000)


def as_python(rows: Sequence[Sequence[Any]], empty: Sequence[Any]) -> list[str]:
    """The rows as Python's json writes them; what is not known is as ``empty`` has it."""
    filled = [
        [none if value is None else value for value, none in zip(row, empty, strict=True)]
        for row in rows
    ]
    return [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in filled]


def texts(path: Path, rows: Sequence[Any], **types: str) -> list[str]:
    made = output(path, rows, "json", **types)
    return [text for chunk in json_rows.row_texts(made) for text in chunk]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.text(max_size=8), st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | FLOATS, st.none() | st.text('[]",\\ é\0\x01\x1f\x7f\u2028😀', max_size=6),
            st.none() | SHORT, st.none() | st.booleans(),
        ),
        max_size=12,
    )
)  # fmt: skip
@example([("]", 1, 5e-324, "[", -0.0, True), ('"', 2, 1e22, "\b\f\n\r\t/", 1e8, None)])
@example([(None, None, None, None, None, None)])
def test_any_rows_are_as_python_writes_them(tmp_path_factory: Any, rows: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any.db"
    found = texts(
        path, rows, A="VARCHAR", B="INTEGER", C="REAL", D="VARCHAR", E="REAL", F="BOOLEAN"
    )
    # SQLite stores no negative zero.
    rows = [tuple(0.0 if value == 0 and type(value) is float else value for value in row)
            for row in rows]  # fmt: skip
    assert found == as_python(rows, ["", None, None, "", None, None])


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=3), SHORT), min_size=1, max_size=40))
def test_short_numbers_are_as_python_writes_them(tmp_path_factory: Any, rows: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "short.db"
    made = output(path, rows, "json", A="VARCHAR", B="REAL")
    assert made.filled.short == {"B"}
    rows = [(text, abs(number) if number == 0 else number) for text, number in rows]
    assert [text for chunk in json_rows.row_texts(made) for text in chunk] == as_python(
        rows, ["", None]
    )


@pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 1e-4, 1e9, 123456.7891, 5e-324])
def test_a_number_of_many_digits_keeps_them_all(tmp_path: Path, value: float) -> None:
    made = output(tmp_path / "db", [("a", 0.5), ("b", value)], "json", A="VARCHAR", B="REAL")
    assert made.filled.short == frozenset()
    assert [*json_rows.row_texts(made)] == [['["a",0.5]', f'["b",{value!r}]']]


def test_a_dataset_may_have_many_columns(tmp_path: Path) -> None:
    """A function of SQLite takes 127 values."""
    names = [f"C{number}" for number in range(450)]
    rows = [tuple(f"{number}]" for number in range(450)), (None,) * 450]
    found = texts(tmp_path / "db", rows, **dict.fromkeys(names, "VARCHAR"))
    assert found == as_python(rows, [""] * 450)


def test_rows_beyond_a_chunk(tmp_path: Path) -> None:
    rows = [(number, f"é{number}") for number in range(2_345)]
    for kind, write in (("json", dataset_json.write_json), ("ndjson", dataset_json.write_ndjson)):
        made = output(tmp_path / "db", rows, kind, A="INTEGER", B="VARCHAR")
        write(made, tmp_path / kind)
    whole = json.loads((tmp_path / "json").read_text("utf-8"))
    assert whole["rows"] == [list(row) for row in rows]
    head, *lines = (tmp_path / "ndjson").read_text("utf-8").splitlines()
    assert lines == as_python(rows, [None, ""])
    assert {**json.loads(head), "rows": whole["rows"]} == whole


def test_text_that_is_no_text_is_told(tmp_path: Path) -> None:
    made = output(tmp_path / "db", [("a",)], "json", A="VARCHAR")
    with contextlib.closing(sqlite3.connect(tmp_path / "db")) as connection, connection:
        connection.execute("INSERT INTO ONE SELECT CAST(x'C328' AS TEXT)")
    with pytest.raises(NotConformant, match=r"ONE: a text is not UTF-8"):
        dataset_json.write_json(made, tmp_path / "one.json")


def test_terms_of_several_columns(tmp_path: Path) -> None:
    rows = [("b", 2, None), ("a", 10, None), ("b", None, None)]
    made = output(tmp_path / "db", rows, A="VARCHAR", B="INTEGER", C="VARCHAR")
    many = [(f"{n:05}", n % 7, "x") for n in range(10_500)]
    with contextlib.closing(sqlite3.connect(tmp_path / "db")) as connection, connection:
        found = terms(connection, made.filled, ["A", "B", "C"], 9)
        assert found == {"A": ["a", "b"], "B": [2, 10], "C": []}
        assert terms(connection, made.filled, [], 9) == {}
        # More combinations than are looked at together.
        connection.execute("DELETE FROM ONE")
        connection.executemany("INSERT INTO ONE VALUES (?, ?, ?)", many)
        assert terms(connection, made.filled, ["A", "B"], 3) == {
            "A": ["00000", "00001", "00002"], "B": [0, 1, 2],
        }  # fmt: skip
        connection.execute("DELETE FROM ONE")
        assert terms(connection, made.filled, ["A", "B"], 3) == {"A": [], "B": []}
