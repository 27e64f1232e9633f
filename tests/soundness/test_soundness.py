"""Every value comes back equal, or was refused by the name of its field, by every way in."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import nasty
import pytest
import sound_product
from campaign import CAMPAIGN, tries
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from trial import Tally, Way, run
from ways import DELIMITED, JSON, OBJECTS, untyped

from healthsim_store.plugins import installed

FIELD_NAMES = [field.name for field in sound_product.FIELDS]


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tally]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(sound_product.lay(tmp_path_factory.mktemp("sound"))))
        importlib.invalidate_caches()
        installed.cache_clear()
        yield Tally()
    installed.cache_clear()


def runs(ordinary: int, campaign: int) -> settings:
    return settings(
        max_examples=tries(ordinary, campaign), deadline=None, derandomize=not CAMPAIGN,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


@st.composite
def lists(draw: st.DrawFn, values: st.SearchStrategy) -> list:
    count = draw(st.sampled_from([1, 2, 5, 20, 40]))
    return draw(st.lists(values, min_size=count, max_size=count))


@pytest.mark.parametrize("way", OBJECTS, ids=lambda way: way.name)
@runs(2, 60)
@given(values=lists(nasty.objects))
def test_objects(tally: Tally, way: Way, values: list) -> None:
    wrong = list(run(way, untyped(values, values, FIELD_NAMES), tally))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("way", DELIMITED, ids=lambda way: way.name)
@runs(2, 60)
@given(values=lists(nasty.writable_texts))
def test_delimited_text(tally: Tally, way: Way, values: list) -> None:
    # An empty cell is no value: other tools write NULL so, and with quotes or without.
    meanings = [value or None for value in values]
    wrong = list(run(way, untyped(values, meanings, FIELD_NAMES), tally))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("way", JSON, ids=lambda way: way.name)
@runs(2, 60)
@given(values=lists(nasty.json_values))
def test_json(tally: Tally, way: Way, values: list) -> None:
    meanings = [value.meaning if isinstance(value, nasty.Raw) else value for value in values]
    wrong = list(run(way, untyped(values, meanings, FIELD_NAMES), tally))
    assert not wrong, "\n".join(wrong)
