"""Every shape in which rows come, as chunks."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import types
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from healthsim_store.errors import InvalidArgument
from healthsim_store.storage import rows as module
from healthsim_store.storage.rows import Rows, chunks, grouped_chunks


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three rows."""
    monkeypatch.setattr(module, "CHUNK", 3)


@dataclasses.dataclass
class Pet:
    name: str
    legs: int


class Model:
    """As pydantic's models are."""

    def model_dump(self) -> dict[str, Any]:
        return {"name": "Rex", "legs": 4}


REX = {"name": "Rex", "legs": 4}


@pytest.mark.parametrize(
    "source",
    [
        REX, [REX], (REX,), iter([REX]), Pet("Rex", 4), [Pet("Rex", 4)], Model(), [Model()],
        types.MappingProxyType(REX), [collections.ChainMap({"name": "Rex"}, {"legs": 4})],
        Rows(("name", "legs"), [("Rex", 4)]), pa.table({"name": ["Rex"], "legs": [4]}),
    ],
    ids=lambda source: type(source).__name__,
)  # fmt: skip
def test_one_row_in_every_shape(source: Any) -> None:
    assert list(chunks("pets", source)) == [[REX]]


def test_the_same_rows_grouped() -> None:
    rows = [{"a": 1}, {"a": 2}, {"b": 3}, {"a": 4}, {"a": 5, "b": 6}]
    assert list(grouped_chunks("t", rows)) == [
        [Rows(("a",), [(1,), (2,)]), Rows(("b",), [(3,)])],
        [Rows(("a",), [(4,)]), Rows(("a", "b"), [(5, 6)])],
    ]


@pytest.mark.parametrize(
    ("count", "lengths"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])]
)
def test_chunks_have_a_most(count: int, lengths: list[int]) -> None:
    numbers = list(range(count))
    listed = [{"n": number} for number in numbers]
    assert [len(chunk) for chunk in chunks("t", listed)] == lengths
    for source in (listed, Rows(("n",), [(n,) for n in numbers]), pa.table({"n": numbers})):
        found = [rows for groups in grouped_chunks("t", source) for rows in groups]
        assert [len(rows) for rows in found] == lengths
        assert [row["n"] for rows in found for row in rows] == numbers


def test_an_iterator_is_not_read_ahead() -> None:
    read = []

    def source() -> Any:
        for number in range(9):
            read.append(number)
            yield {"n": number}

    next(chunks("t", source()))
    assert read == [0, 1, 2]


def test_what_is_stored_as_text_comes_from_arrow_as_text() -> None:
    table = pa.table({
        "day": [dt.date(2024, 2, 29), None],
        "price": [decimal.Decimal("1.50"), None],
        "at": [dt.datetime(2024, 2, 29, 8, 30), None],
    })  # fmt: skip
    assert list(chunks("t", table)) == [[
        {"day": "2024-02-29", "price": "1.50", "at": dt.datetime(2024, 2, 29, 8, 30)},
        {"day": None, "price": None, "at": None},
    ]]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("text", "t: expected rows, got str 'text'."),
        (b"bytes", "t: expected rows, got bytes b'bytes'."),
        (7, "t: expected rows, got int 7."),
        (None, "t: expected rows, got NoneType None."),
        (Pet, "t: expected rows, got type"),
        (..., "t: expected rows, got `...`."),
        ([REX, 7], "t row 2: expected a dict, got int 7."),
        ([REX, Pet], "t row 2: expected a dict, got type"),
        ([REX] * 4 + ["x"], "t row 5: expected a dict, got str 'x'."),  # in the second chunk
        ([REX, ...], "t row 2: expected a dict, got `...`."),
    ],
)
def test_what_are_no_rows_is_told(source: Any, told: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        list(chunks("t", source))
    assert error.value.message.startswith(told)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (pa.table({"name": pa.array([b"\xff"]).view(pa.string())}), "t, name: the table"),
        (pa.table({"long": pa.array([2**62], pa.duration("s"))}), "t, long: the table"),
        (pd.DataFrame({"name": pd.Categorical(["x", 1])}), "failed for column name"),
    ],
    ids=["not UTF-8", "too long", "mixed"],
)
def test_a_column_that_cannot_be_read_is_told(table: Any, told: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        list(chunks("t", table))
    assert told in error.value.message


def test_the_objects_of_a_frame_stay_what_they_are() -> None:
    """Arrow has one type for all of a column: it would refuse the first, and fill up the others."""
    values = {"mixed": [1, "x"], "doc": [{"a": 1}, {"b": 2}],
              "price": [decimal.Decimal("1.5"), decimal.Decimal("1.25")]}  # fmt: skip
    frame = pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in values.items()})
    frame["n"] = [1, 2]
    expected = [dict(zip([*values, "n"], row, strict=True))
                for row in zip(*values.values(), [1, 2], strict=True)]  # fmt: skip
    assert list(chunks("t", frame)) == [expected]
    named = frame.set_index(pd.Index(["a", "b"], name="key"))
    assert list(chunks("t", named)) == [
        [{"key": key} | row for key, row in zip("ab", expected, strict=True)]
    ]


def test_a_moment_of_arrow_is_the_same_beside_any_other() -> None:
    moments = ["2024-02-29T08:30:00", "2024-02-29T08:30:00.123456789"]
    table = pa.table({"at": pa.array(moments).cast(pa.timestamp("ns"))})
    assert [row["at"] for row in next(iter(chunks("t", table)))] == [
        dt.datetime(2024, 2, 29, 8, 30), "2024-02-29T08:30:00.123456789"
    ]  # fmt: skip
    far = pa.table({"at": pa.array([0, 10**12], pa.timestamp("s"))})
    first, second = (row["at"] for row in next(iter(chunks("t", far))))
    assert first == dt.datetime(1970, 1, 1)
    assert isinstance(second, module.Unstorable)


def test_dots_for_rows_have_a_hint_of_their_own() -> None:
    with pytest.raises(InvalidArgument) as error:
        list(chunks("t", [...]))
    assert "put the rows there" in str(error.value.hint)
