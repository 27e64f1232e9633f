"""SAS transport files: numbers to the last bit, and what the format cannot hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xpt_reader
from filled_output import output
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_store.errors import NotConformant
from healthsim_store.standards import xpt

LARGEST = 16.0**63 * (1 - 2.0**-53)
SMALLEST = 16.0**-65

# SAS's own examples, of TS-140 and of its notes on numeric precision.
KNOWN = {
    0.0: "0000000000000000",
    1.0: "4110000000000000",
    -1.0: "c110000000000000",
    2.0: "4120000000000000",
    0.5: "4080000000000000",
    100.0: "4264000000000000",
    -118.625: "c276a00000000000",
    0.1: "401999999999999a",
}


@pytest.mark.parametrize("value", KNOWN)
def test_a_number_is_written_as_sas_does(value: float) -> None:
    assert xpt.ibm(value).hex() == KNOWN[value]


@given(st.floats(SMALLEST, LARGEST) | st.floats(-LARGEST, -SMALLEST) | st.integers(-(2**53), 2**53))
def test_every_number_comes_back_to_the_last_bit(value: float) -> None:
    assert xpt_reader.number(xpt.ibm(value)) == value


@pytest.mark.parametrize("value", [1e76, -1e76, 1e-80, 5e-324])
def test_a_number_that_the_format_has_not_is_refused(value: float) -> None:
    with pytest.raises(OverflowError):
        xpt.ibm(value)


def test_a_file_says_what_it_has(tmp_path: Path) -> None:
    rows = [("a", 1, 2.5), ("é", None, -0.1), (None, 0, None)]
    xpt.write(
        output(tmp_path / "db", rows, A="VARCHAR", B="INTEGER", C="REAL"), tmp_path / "one.xpt"
    )
    found = xpt_reader.read(tmp_path / "one.xpt")
    assert (found.name, found.label) == ("ONE", "One of all")
    assert found.names == ["A", "B", "C"]
    assert found.labels == ["The A", "The B", "The C"]
    assert found.rows == [["a", 1.0, 2.5], ["é", None, -0.1], ["", 0.0, None]]
    assert b"01MAR25:12:30:45" in (tmp_path / "one.xpt").read_bytes()


@settings(deadline=None)
@given(st.lists(st.tuples(st.text("aé z", max_size=9), st.integers(1, 9)), max_size=60))
def test_any_rows_come_back(tmp_path_factory: Any, rows: list[tuple[str, int]]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xpt"
    xpt.write(output(path.with_name("any.db"), rows, A="VARCHAR", B="INTEGER"), path)
    assert path.stat().st_size % 80 == 0
    assert xpt_reader.read(path).rows == [[text.rstrip(" "), float(n)] for text, n in rows]


def test_pandas_reads_it_too(tmp_path: Path) -> None:
    rows = [(f"subject {n}", n / 7) for n in range(1, 5_000)]
    xpt.write(output(tmp_path / "db", rows, NAME="VARCHAR", VALUE="REAL"), tmp_path / "one.xpt")
    frame = pd.read_sas(tmp_path / "one.xpt", format="xport", encoding="utf-8")
    assert [*frame["NAME"]] == [name for name, _ in rows]
    assert [*frame["VALUE"]] == pytest.approx([value for _, value in rows], rel=1e-15)


def test_a_number_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotConformant, match=r"ONE\.A 1e\+80 is no number of an XPT file"):
        xpt.write(output(tmp_path / "db", [(1e80,)], A="REAL"), tmp_path / "one.xpt")


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8),
            st.none() | st.text("aé日 ", max_size=5),
            st.none() | st.integers(-(2**53), 2**53),
            st.none() | st.floats(-1e70, 1e70).filter(lambda x: x == 0 or abs(x) > 1e-70),
            st.none() | st.text("a\t\n\x7f", max_size=3),
        ),
        max_size=20,
    )
)
def test_the_bytes_are_those_of_each_value(tmp_path_factory: Any, rows: Any) -> None:
    """What SQLite pads and joins is what Python would write, value by value."""
    made = output(
        tmp_path_factory.getbasetemp() / "bytes.db", rows, A="VARCHAR", B="VARCHAR", C="INTEGER",
        D="REAL", E="VARCHAR",
    )  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "bytes.xpt"
    xpt.write(made, path)
    expected = b""
    for row in rows:
        for variable, value in zip(made.variables, row, strict=True):
            if variable.name in "CD":
                expected += b"." + bytes(7) if value is None else xpt.ibm(value)
            else:
                expected += (value or "").encode().ljust(made.length(variable))
    data = path.read_bytes()
    begins = data.index(b"HEADER RECORD*******OBS ") + 80
    assert data[begins:] == expected + b" " * (-len(expected) % 80)


def test_what_would_be_rounded_or_cut_is_told(tmp_path: Path) -> None:
    rows = [(2**53 + 1, "é" * 101), (-(2**63), "a"), (5, None)]
    made = output(tmp_path / "db", rows, A="INTEGER", B="VARCHAR")
    assert [*xpt.check_values(made)] == [
        f"ONE.A: {2**63} is a whole number over {2**53}, which would be rounded",
        "ONE.B: a text has 202 bytes; at most 200",
    ]
    fits = output(tmp_path / "db", [(2**53, "é" * 100), (-(2**53), "")], A="INTEGER", B="VARCHAR")
    assert [*xpt.check_values(fits)] == []


def test_text_that_readers_would_cut_is_told(tmp_path: Path) -> None:
    made = output(tmp_path / "db", [("a\0b", 1, "c")], A="VARCHAR", B="INTEGER", C="VARCHAR")
    assert [*xpt.check_values(made)] == [
        "ONE.A: a text has the character NUL, at which readers take it to end"
    ]


def test_a_file_may_have_many_texts(tmp_path: Path) -> None:
    """A function of SQLite takes 127 values."""
    types = dict.fromkeys((f"C{number}" for number in range(260)), "VARCHAR") | {"N": "INTEGER"}
    rows = [(*(f"t{n % 7}" for n in range(260)), 1), (*[None] * 260, None)]
    xpt.write(output(tmp_path / "db", rows, **types), tmp_path / "one.xpt")
    assert xpt_reader.read(tmp_path / "one.xpt").rows == [[*rows[0][:-1], 1.0], [""] * 260 + [None]]
