"""Texts for people: known answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_store.base.text import (
    count_table,
    did_you_mean,
    for_terminal,
    nearest,
    place,
    shorten,
    shorten_apart,
    size,
)

KNOWN = ["patients", "encounters", "Observations", "a_b", "ab"]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("patient", ["patients"]),
        ("PATIENTS", ["patients"]),
        ("observation", ["Observations"]),
        ("counter", ["encounters"]),  # it is contained
        ("zzz", []),
        ("en", []),  # two letters are in too many names to help
        ("", []),
    ],
)
def test_nearest(word: str, names: list[str]) -> None:
    assert nearest(word, KNOWN) == names


def test_nearest_gives_the_best_first_and_not_too_many() -> None:
    known = [f"scenario-{n}" for n in range(9)]
    assert nearest("scenario-7", known)[0] == "scenario-7"
    assert len(nearest("scenario", known)) == 3
    assert len(nearest("scenario", known, count=5)) == 5


def test_did_you_mean() -> None:
    assert did_you_mean("patiens", KNOWN) == "Did you mean patients?"
    assert did_you_mean("abc-1", ["abc-2", "abc-3"]) == "Did you mean abc-3 or abc-2?"
    assert did_you_mean("zzz", KNOWN) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 KB"),
        (1_249, "1.2 KB"),
        (9_990, "10.0 KB"),
        (10_000, "10 KB"),
        (312_400, "312 KB"),
        (1_200_000, "1.2 MB"),
        (5_000_000_000, "5.0 GB"),
        (7_000_000_000_000, "7000 GB"),
    ],
)
def test_sizes(number: int, text: str) -> None:
    assert size(number) == text


def test_a_place_in_the_home_folder_begins_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert place(tmp_path / "a" / "b.db") == "~/a/b.db"
    assert place(tmp_path) == tmp_path.as_posix()
    assert place(tmp_path.parent / "x") == (tmp_path.parent / "x").as_posix()
    monkeypatch.setattr(Path, "home", lambda: Path(tmp_path.anchor))
    assert place(tmp_path) == tmp_path.as_posix()  # of a user whose home is /


@pytest.mark.parametrize(
    ("text", "most", "mark", "short"),
    [
        ("", 3, "…", ""),
        ("abc", 3, "…", "abc"),
        ("abcd", 3, "…", "ab…"),
        ("abcdef", 5, "...", "ab..."),
        ("abcde", 5, "...", "abcde"),
    ],
)
def test_shorten(text: str, most: int, mark: str, short: str) -> None:
    assert shorten(text, most, mark) == short


def test_a_table() -> None:
    assert count_table(["Type", "Count"], [["owners", 1200], ["pets", 7]], ["Total", 1207]) == [
        "| Type      | Count     |",
        "|-----------|-----------|",
        "| owners    | 1,200     |",
        "| pets      | 7         |",
        "| **Total** | **1,207** |",
    ]
    assert count_table(["A"], []) == ["| A |", "|---|"]


def test_for_a_terminal_tables_are_aligned_and_long_lines_wrapped() -> None:
    text = "| A | B |\n|---|---|\n| long cell | 2 |\n- one two three four\nshort"
    assert for_terminal(text, 12) == (
        "| A         | B |\n|-----------|---|\n| long cell | 2 |\n- one two\n  three four\nshort"
    )


def test_for_a_terminal_code_stays_as_it_is() -> None:
    text = "```sql\nSELECT one, two, three\n```\nnow it is wrapped"
    assert for_terminal(text, 10) == "```sql\nSELECT one, two, three\n```\nnow it is\nwrapped"


def test_a_table_with_a_bar_in_a_cell_stays_as_it_is() -> None:
    text = "| A | B |\n|---|---|\n| x|y | 2 |"
    assert for_terminal(text, 80) == text


NEUROPATHY = "Type 2 diabetes mellitus with diabetic neuropathy, unspecified"
NEPHROPATHY = "Type 2 diabetes mellitus with diabetic nephropathy, unspecified"


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["short", "short"], ["short", "short"]),
        ([NEUROPATHY, "Hypertension"], ["Type 2 diabetes mellitus with …", "Hypertension"]),
        (
            [NEUROPATHY, "Hypertension", NEPHROPATHY],
            ["Type 2 dia…neuropathy, unspec…", "Hypertension", "Type 2 dia…nephropathy, unspe…"],
        ),
    ],
)
def test_a_text_is_cut_where_it_differs_from_the_others(texts: list[str], shown: list[str]) -> None:
    assert shorten_apart(texts, 30 if len(texts) > 2 else 31) == shown


@given(
    st.lists(st.text("ab ", max_size=40).map(lambda text: "Type 2 diabetes " + text), max_size=6),
    st.integers(4, 40),
)
def test_texts_that_differ_still_differ_when_they_are_cut(texts: list[str], most: int) -> None:
    shown = shorten_apart(texts, most)
    assert len(set(shown)) == len(set(texts))
    assert all(one == text or "…" in one for one, text in zip(shown, texts, strict=True))


def test_a_table_that_is_too_wide_has_its_long_cells_on_several_lines() -> None:
    told = for_terminal("| | A |\n|---|---|\n| Long words | one two three four |\n| x | y |", 29)
    assert told.split("\n") == [
        "|            | A          |",
        "|------------|------------|",
        "| Long words | one two    |",
        "|            | three four |",
        "| x          | y          |",
    ]


def test_no_word_of_a_table_is_cut() -> None:
    assert for_terminal("| |\n|---|\n| |", 2) == "|  |\n|--|\n|  |"
    text = "| Name | B |\n|---|---|\n| incomprehensibilities of it | b |"
    told = for_terminal(text, 10)
    assert "| incomprehensibilities |" in told
    assert "| of it                 |" in told
