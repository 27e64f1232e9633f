"""Distributions: what they draw, against numbers worked out by hand, and what they refuse."""

from __future__ import annotations

import datetime as dt
import random
import statistics
from collections import Counter

import pytest

from healthsim_store.errors import DeclarationError
from healthsim_store.generation.distributions import FORMS, pick, read_distribution
from healthsim_store.schema.types import LogicalType

MANY = 40_000


def draws(marker: str, written: str, declared: str, uniforms: list[float] | None = None) -> list:
    source = random.Random(1)
    uniforms = uniforms or [source.random() for _ in range(MANY)]
    type_ = LogicalType.parse(declared)
    return read_distribution(marker, written, type_, where="x.sql, line 1").draw(uniforms)


def test_a_choice_follows_its_weights() -> None:
    found = Counter(draws("choice", "HMO=40, PPO=35, PFFS=25", "VARCHAR"))
    assert found.keys() == {"HMO", "PPO", "PFFS"}
    # Four standard errors of a share p of 40,000 are at most 0.01.
    for plan, share in (("HMO", 0.40), ("PPO", 0.35), ("PFFS", 0.25)):
        assert abs(found[plan] / MANY - share) < 0.01
    assert draws("choice", "a=1, b=3", "VARCHAR", [0.0, 0.2499, 0.25, 0.9999]) == list("aabb")
    assert draws("choice", "10, 20", "INTEGER", [0.1, 0.9]) == [10, 20]


def test_a_chance_is_one_or_nothing() -> None:
    assert draws("chance", "0.25", "BOOLEAN", [0.2499, 0.25, 0.9]) == [1, 0, 0]
    assert set(draws("chance", "0", "INTEGER")) == {0}
    assert set(draws("chance", "1", "INTEGER")) == {1}


def test_uniform_reaches_both_ends_of_whole_numbers_and_days() -> None:
    assert draws("uniform", "1, 6", "INTEGER", [0.0, 0.5, 0.999999]) == [1, 4, 6]
    assert draws("uniform", "0, 10", "DECIMAL(6,2)", [0.0, 0.12345]) == [0.0, 1.23]
    for type_ in ("DATE", "PARTIAL_TIMESTAMP"):
        days = draws("uniform", "2024-02-27, 2024-03-01", type_)
        assert set(days) == {"2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"}
        assert all(dt.date.fromisoformat(day) for day in set(days))


def test_normal_has_its_mean_and_spread_and_keeps_its_limits() -> None:
    found = draws("normal", "74, 6", "REAL")
    assert abs(statistics.fmean(found) - 74) < 4 * 6 / MANY**0.5
    assert abs(statistics.stdev(found) - 6) < 0.1
    found = draws("normal", "74, 6, 65, 80", "REAL")
    assert 65 <= min(found) < 65.1
    assert 79.9 < max(found) <= 80
    # The mean of a normal cut at a and b: mean + sd * (pdf(a) - pdf(b)) / (cdf(b) - cdf(a)).
    bell = statistics.NormalDist()
    a, b = (65 - 74) / 6, (80 - 74) / 6
    mean = 74 + 6 * (bell.pdf(a) - bell.pdf(b)) / (bell.cdf(b) - bell.cdf(a))
    assert abs(statistics.fmean(found) - mean) < 4 * 6 / MANY**0.5
    assert all(isinstance(value, int) for value in draws("normal", "74, 6", "INTEGER"))
    # The numbers that random() may give are in [0, 1): none has an infinite quantile.
    assert all(abs(x) < 10 for x in draws("normal", "0, 1", "REAL", [0.0, 1 - 2**-53]))


def test_lognormal_has_its_median() -> None:
    found = draws("lognormal", "900, 0.8", "REAL")
    assert abs(statistics.median(found) / 900 - 1) < 0.03
    found = draws("lognormal", "900, 0.8, 100, 5000", "REAL")
    assert min(found) >= 100
    assert max(found) <= 5000.0001


def test_a_pick_follows_the_weights_of_the_table() -> None:
    assert pick([1, 0, 3])([0.0, 0.2499, 0.25, 0.9999]) == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("marker", "written", "declared", "told"),
    [
        ("choice", "F=52, M=x", "VARCHAR", "x is not a number"),
        ("choice", "F=52, M=0", "VARCHAR", "the weight of M is 0"),
        ("choice", "F=52, M", "VARCHAR", "some values have a weight and some have none"),
        ("choice", "F, F", "VARCHAR", "a value stands there twice"),
        ("choice", "", "VARCHAR", "a value is missing"),
        ("choice", "one, two", "INTEGER", "one is not a whole number"),
        ("chance", "1.5", "BOOLEAN", "1.5 is no probability"),
        ("chance", "0.5", "VARCHAR", "a VARCHAR is no yes or no"),
        ("uniform", "5", "INTEGER", "2 numbers are needed, not 1"),
        ("uniform", "6, 1", "INTEGER", "the least is above the greatest"),
        ("uniform", "0.5, 6", "INTEGER", "the limits of an INTEGER are whole numbers"),
        ("uniform", "2024-02-30, 2024-03-01", "DATE", "day is out of range for month"),
        ("uniform", "1, 2", "VARCHAR", "a VARCHAR is no number"),
        ("normal", "74, 0", "REAL", "a spread of 0: it must be above 0"),
        ("normal", "74, 6, 65", "REAL", "2 or 4 numbers are needed, not 3"),
        ("normal", "74, nan", "REAL", "nan is not a number"),
        ("normal", "0, 1, 90, 99", "REAL", "next to nothing lies between the limits"),
        ("lognormal", "0, 1", "REAL", "0 has no logarithm: it must be above 0"),
        ("pick", "places", "VARCHAR", "it gives the number of a row, so the column is an INTEGER"),
        ("pick", "a b", "INTEGER", "a table's name is needed, or TABLE.COLUMN"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_allowed(
    marker: str, written: str, declared: str, told: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        draws(marker, written, declared)
    assert caught.value.message.startswith(f"x.sql, line 1: @{marker} {written}")
    assert told in caught.value.message
    assert caught.value.hint == FORMS[marker] + "."
