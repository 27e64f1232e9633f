"""Every value comes back equal, or was refused by the name of its field, by every way in."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import nasty
import numpy
import pandas
import pyarrow
import pydantic
import pytest
import sound_product
import tables
from campaign import CAMPAIGN, tries
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from report import VALUES, values, write_chapter
from trial import Columns, Tally, Way, run
from ways import DELIMITED, JSON, OBJECTS, untyped

from healthsim_store.plugins import installed

FIELD_NAMES = [field.name for field in sound_product.FIELDS]
EVERY_WAY = [*OBJECTS, *DELIMITED, *JSON, *(way for way, _ in tables.WAYS)]


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tally]:
    """What was tried by all tests of this module. A campaign writes it down."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(sound_product.lay(tmp_path_factory.mktemp("sound"))))
        importlib.invalidate_caches()
        installed.cache_clear()
        counted, began = Tally(), time.monotonic()
        yield counted
    installed.cache_clear()
    names = [way.name for way in EVERY_WAY]
    if CAMPAIGN and counted.tried.keys() == set(names):
        write_chapter(
            VALUES,
            values(counted, names),
            time.monotonic() - began,
            versions={
                "pyarrow": pyarrow.__version__, "pandas": pandas.__version__,
                "numpy": numpy.__version__, "pydantic": pydantic.VERSION,
                "hypothesis": hypothesis.__version__,
            },
        )  # fmt: skip


def runs(ordinary: int, campaign: int) -> settings:
    """A campaign tries others each time. What fails is read as it is: shrinking takes long."""
    return settings(
        max_examples=tries(ordinary, campaign), deadline=None, derandomize=not CAMPAIGN,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None,
    )  # fmt: skip


def check(way: Way, columns: Columns, tally: Tally) -> None:
    wrong = list(run(way, columns, tally))
    tally.add(tally.wrong, way.name, len(wrong))
    assert not wrong, "\n".join(wrong)


@st.composite
def lists(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> list[Any]:
    count = draw(st.sampled_from([1, 2, 5, 20, 40]))
    return draw(st.lists(values, min_size=count, max_size=count))


@pytest.mark.parametrize("way", OBJECTS, ids=lambda way: way.name)
@runs(2, 36)
@given(values=lists(nasty.objects))
def test_objects(tally: Tally, way: Way, values: list[Any]) -> None:
    check(way, untyped(values, values, FIELD_NAMES), tally)


@pytest.mark.parametrize("way", DELIMITED, ids=lambda way: way.name)
@runs(2, 36)
@given(values=lists(nasty.writable_texts))
def test_delimited_text(tally: Tally, way: Way, values: list[Any]) -> None:
    # An empty cell is no value: other tools write NULL so, and with quotes or without.
    meanings = [value or None for value in values]
    check(way, untyped(values, meanings, FIELD_NAMES), tally)


@pytest.mark.parametrize("way", JSON, ids=lambda way: way.name)
@runs(2, 36)
@given(values=lists(nasty.json_values))
def test_json(tally: Tally, way: Way, values: list[Any]) -> None:
    meanings = [value.meaning if isinstance(value, nasty.Raw) else value for value in values]
    check(way, untyped(values, meanings, FIELD_NAMES), tally)


@pytest.mark.parametrize(("way", "types"), tables.WAYS, ids=[way.name for way, _ in tables.WAYS])
def test_tables(tally: Tally, way: Way, types: list[tables.Type]) -> None:
    @runs(2, 50)
    @given(columns=tables.batches(types))
    def every(columns: Columns) -> None:
        check(way, columns, tally)

    every()


EVERY_VALUE = [
    *nasty.TEXTS, *nasty.NUMBER_TEXTS, *nasty.MOMENT_TEXTS, *nasty.JSON_TEXTS, *nasty.WHOLE,
    *nasty.FLOATS, *nasty.DECIMALS, *nasty.MOMENTS, *nasty.MISSING, *nasty.DOCUMENTS, *nasty.ODD,
]  # fmt: skip


@pytest.mark.parametrize("part", range(4))
def test_each_nasty_value(tally: Tally, part: int) -> None:
    """None of them is left to chance, and each has others beside it."""
    values = EVERY_VALUE[part::4]
    check(OBJECTS[0], untyped(values, values, FIELD_NAMES), tally)


def test_a_nasty_value_alone(tally: Tally) -> None:
    """Without neighbours, each in a batch of its own; in a campaign all of them."""
    for value in EVERY_VALUE[:: tries(40, 1)]:
        check(OBJECTS[0], untyped([value], [value], FIELD_NAMES), tally)
