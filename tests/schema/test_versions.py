"""What a plugin offers: versions, as PEP 440 orders them."""

from __future__ import annotations

import itertools

import pytest

from healthsim_store.schema.versions import compare_versions

# From the oldest to the newest; PEP 440's own example of an order, and a few more.
ORDER = (
    "0", "0.9", "1.0.dev1", "1.0a1", "1.0a2.dev1", "1.0a2", "1.0b1", "1.0rc1", "1.0", "1.0+local",
    "1.0.post1", "1.1.dev1", "1.1", "1.9", "1.10", "2024.3", "1!0.1",
)  # fmt: skip


def test_versions_are_ordered_as_pep_440_says() -> None:
    for older, newer in itertools.combinations(ORDER, 2):
        assert compare_versions(older, newer) < 0, (older, newer)
        assert compare_versions(newer, older) > 0, (newer, older)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.0", "1"), ("1.0", "1.0.0"), ("v2.1", "2.1"), ("1.0RC1", "1.0.rc.1"), (" 3 ", "3.0")],
)
def test_two_spellings_of_one_version_are_equal(one: str, other: str) -> None:
    assert compare_versions(one, other) == 0


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("1.2-custom build", "1.2"), ("v3.x", "3"), ("", "0"), ("unknown", "0"), ("?", "0"),
        ("\u0663.1", "0"), ("1..2", "1"), ("1.0\x00", "1.0"), ("9" * 5_000, "9" * 18),
    ],
)  # fmt: skip
def test_what_is_no_version_counts_as_the_numbers_it_begins_with(text: str, means: str) -> None:
    assert compare_versions(text, means) == 0
    assert compare_versions(text, "1!0") < 0
    assert compare_versions("1!0", text) > 0
