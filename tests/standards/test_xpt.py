"""SAS transport files: numbers to the last bit, and what the format cannot hold."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xpt_reader
from hypothesis import given
from hypothesis import strategies as st

from healthsim_store.errors import NotConformant
from healthsim_store.schema.model import Column, EntityType
from healthsim_store.schema.types import LogicalType
from healthsim_store.standards import xpt
from healthsim_store.standards.filling import Filled
from healthsim_store.standards.model import Dataset, Head, Variable
from healthsim_store.standards.output import Output, Package, Study

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


def output(rows: list[tuple[Any, ...]], **types: str) -> Output:
    variables = tuple(
        Variable(Column(name, LogicalType.parse(type_), description=f"The {name}"))
        for name, type_ in types.items()
    )
    columns = tuple(variable.column for variable in variables)
    dataset = Dataset("ONE", "One of all", variables, EntityType("ONE", "x", columns, ""), "")
    lengths = {
        name: max((len(str(row[at]).encode()) for row in rows if row[at] is not None), default=0)
        for at, name in enumerate(types)
    }
    head = Head("x", "1", "X", "datasets", ("xpt",))
    moment = dt.datetime(2025, 3, 1, 12, 30, 45, tzinfo=dt.UTC)
    return Output(
        Filled(dataset, len(rows), len(rows), lengths=lengths),
        variables,
        Package(head, Study("S"), "xpt", moment),
        lambda: iter(rows),
        lambda: iter(rows),
        lambda variable, most: [],
    )


def test_a_file_says_what_it_has(tmp_path: Path) -> None:
    rows = [("a", 1, 2.5), ("é", None, -0.1), (None, 0, None)]
    xpt.write(output(rows, A="VARCHAR", B="INTEGER", C="REAL"), tmp_path / "one.xpt")
    found = xpt_reader.read(tmp_path / "one.xpt")
    assert (found.name, found.label) == ("ONE", "One of all")
    assert found.names == ["A", "B", "C"]
    assert found.labels == ["The A", "The B", "The C"]
    assert found.rows == [["a", 1.0, 2.5], ["é", None, -0.1], ["", 0.0, None]]
    assert b"01MAR25:12:30:45" in (tmp_path / "one.xpt").read_bytes()


@given(st.lists(st.tuples(st.text("aé z", max_size=9), st.integers(1, 9)), max_size=60))
def test_any_rows_come_back(tmp_path_factory: Any, rows: list[tuple[str, int]]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xpt"
    xpt.write(output(rows, A="VARCHAR", B="INTEGER"), path)
    assert path.stat().st_size % 80 == 0
    assert xpt_reader.read(path).rows == [[text.rstrip(" "), float(n)] for text, n in rows]


def test_pandas_reads_it_too(tmp_path: Path) -> None:
    rows = [(f"subject {n}", n / 7) for n in range(1, 5_000)]
    xpt.write(output(rows, NAME="VARCHAR", VALUE="REAL"), tmp_path / "one.xpt")
    frame = pd.read_sas(tmp_path / "one.xpt", format="xport", encoding="utf-8")
    assert [*frame["NAME"]] == [name for name, _ in rows]
    assert [*frame["VALUE"]] == pytest.approx([value for _, value in rows], rel=1e-15)


def test_a_number_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotConformant, match=r"ONE\.A 1e\+80 is no number of an XPT file"):
        xpt.write(output([(1e80,)], A="REAL"), tmp_path / "one.xpt")
