"""Names of scenarios: known answers."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from healthsim_store.errors import AmbiguousScenario, InvalidName, ScenarioNotFound
from healthsim_store.storage.names import MAX_LENGTH, clean_name, find_name, make_name


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("diabetes", "diabetes"),
        ("  Diabetes   cohort ", "Diabetes-cohort"),
        ("a\tb\nc", "a-b-c"),
        ("v1.2_x-y", "v1.2_x-y"),
        ("what?! (now)", "what-now"),
        (".hidden.", "hidden"),
        ("-x-", "x"),
        ("Größe", "Größe"),
        ("7", "7"),
        ("concept", "concept"),  # CON is a device, and this only begins so
        ("com10", "com10"),
        ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
    ],
)
def test_what_a_name_becomes(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned
    assert clean_name(cleaned) == cleaned


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a/b", "has a path in it"),
        ("a\\b", "has a path in it"),
        ("..", "has a path in it"),
        ("a\0b", "has a path in it"),
        ("", "no letter or digit"),
        ("?!", "no letter or digit"),
        (".-.", "no letter or digit"),
        ("x" * (MAX_LENGTH + 1), "has 101 characters"),
        ("con", "means a device"),
        ("NUL.backup", "means a device"),
        ("com1", "means a device"),
        ("_internal", "Datasette keeps"),
        ("_memory", "Datasette keeps"),
        (7, "is text, not int"),
    ],
)
def test_what_is_no_name(name: str, told: str) -> None:
    with pytest.raises(InvalidName, match=re.escape(told)):
        clean_name(name)


def test_a_long_name_is_told_in_short() -> None:
    with pytest.raises(InvalidName) as error:
        clean_name("x" * 5_000)
    assert len(error.value.message) < 120


@pytest.mark.parametrize(
    ("context", "stem"),
    [
        ("Generate 100 Medicare Advantage members", "medicare-advantage"),
        ("50 patients who are over 65 years old", "patients"),
        ("Please make me a test data set", "set"),
        ("", "scenario"),
        (None, "scenario"),
        ("123 456", "scenario"),
        ("a" * 80, "a" * 60),
    ],
)
def test_a_name_from_words(context: str | None, stem: str) -> None:
    assert make_name(context, "scenario") == f"{stem}-{dt.date.today():%Y%m%d}"


NAMES = ["Diabetes-2024", "diabetes-cohort", "asthma", "asthma-adults", "heart-failure", "x1"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("asthma", "asthma"),  # exactly, though another begins so
        ("ASTHMA", "asthma"),
        ("asthma-a", "asthma-adults"),
        ("heart", "heart-failure"),
        ("failure heart", "heart-failure"),
        ("adult", "asthma-adults"),
        ("diabetes c", "diabetes-cohort"),
        (" x1 ", "x1"),
    ],
)
def test_which_scenario_is_meant(wanted: str, found: str) -> None:
    assert find_name(wanted, NAMES) == found


def test_several_that_fit_are_listed() -> None:
    with pytest.raises(AmbiguousScenario, match="fits 2 scenarios") as error:
        find_name("diabetes", NAMES)
    assert sorted(error.value.candidates) == ["Diabetes-2024", "diabetes-cohort"]
    with pytest.raises(AmbiguousScenario, match=r"11 scenarios: .* n8, \.\.\.") as error:
        find_name("n", [f"n{n}" for n in range(11)])
    assert "n9" not in error.value.message
    assert len(error.value.candidates) == 11
    with pytest.raises(AmbiguousScenario, match=r"10 scenarios: .* n9\.\n"):
        find_name("n", [f"n{n}" for n in range(10)])


@pytest.mark.parametrize(
    ("wanted", "names", "hint"),
    [
        ("asthmaa", NAMES, "Did you mean asthma or asthma-adults?"),
        ("zzz", ["b", "a"], "There are: a, b."),
        ("zzz", list("gfedcba"), "There are: a, b, c, d, e, ...."),
        ("zzz", [], "The store is empty."),
        ("", ["a"], "There are: a."),
        ("---", ["a"], "There are: a."),
    ],
)
def test_none_that_fits(wanted: str, names: list[str], hint: str) -> None:
    with pytest.raises(ScenarioNotFound) as error:
        find_name(wanted, names)
    assert error.value.hint == hint
