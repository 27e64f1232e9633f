"""Where SQL is wrong: known answers, and what is cut or put in at random."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_store.base.syntax import is_of_syntax, wrong_in_expression, wrong_in_query


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("city = ", 'it ends too early, after "city ="'),
        ("city = 'a' AND -- and", "it ends too early, after \"city = 'a' AND -- and\""),
        ("1 ORDER BY city", '"ORDER" cannot stand at character 3, after "1"'),
        (")", '")" cannot stand at character 1'),
        ("city IN ('a', )", '")" cannot stand at character 15, after "city IN (\'a\',"'),
        ("gender = 'F", "the quote at character 10 does not end: 'F"),
        ("gender = 'F''", "the quote at character 10 does not end: 'F''"),
        ("a != 'b' b", '"b" cannot stand at character 10, after "a != \'b\'"'),
        ("a ! b", '"!" cannot stand at character 3, after "a"'),
        ("1; SELECT 2", '";" cannot stand at character 2, after "1"'),
        ("x = 1.2.3", '"1.2.3" cannot stand at character 5, after "x ="'),
        (f"{'a' * 50} b c", f'"b" cannot stand at character 52, after "...{"a" * 40}"'),
        ("city = 'a' AND (born < '1950' OR \"a b\" IS NULL)", None),
        ("json_extract(a, '$.x') ->> '$[0]' = ?1 || :b", None),
        ("SELECT 1", None),
        ("nosuch(column) -- )", None),
        ("", None),
    ],
)
def test_an_expression(text: str, told: str | None) -> None:
    assert wrong_in_expression(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT a FROM t WHERE", 'it ends too early, after "SELECT a FROM t WHERE"'),
        ("SELECT a FROM t) x", '")" cannot stand at character 16, after "SELECT a FROM t"'),
        ("SELECT a b c FROM t", '"c" cannot stand at character 12, after "SELECT a b"'),
        ("WITH a AS (SELECT 1) SELECT * FROM nosuch", None),
        ("VALUES (1), ", 'it ends too early, after "VALUES (1),"'),
        # Whatever is no SELECT is not even prepared.
        ("PRAGMA journal_mode = ", None),
        ("DELETE FROM t WHERE", None),
    ],
)
def test_a_query(text: str, told: str | None) -> None:
    assert wrong_in_query(text) == told


RIGHT = "a = 'it''s' AND ( b || \"c_d\" <> 1.5 OR x IN ( SELECT y FROM z ) ) IS NOT NULL".split()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, len(RIGHT)))
def test_a_piece_that_nobody_expects(place: int) -> None:
    """Two operators that follow nothing, and that nothing follows."""
    text = " ".join([*RIGHT[:place], "%%%", *RIGHT[place:]])
    told = wrong_in_expression(text)
    assert told is not None
    before = len(" ".join(RIGHT[:place]))
    first = before + 1 if place else 0
    # Where a value may end one of them may stand.
    assert f"character {first + 1}" in told or f"character {first + 2}" in told


def test_what_is_of_syntax() -> None:
    assert is_of_syntax('The query failed: near ")": syntax error.')
    assert is_of_syntax("incomplete input")
    assert not is_of_syntax("no such column: incomplete")
