"""Macros and shared steps: what SQL becomes of them, and that it means the same."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_store.errors import DeclarationError
from healthsim_store.schema.sqlfile import read_statements
from healthsim_store.standards.macros import Macro, expanded, read_macro, read_step, with_steps

MACROS = """
-- @macro twice(value)
SELECT 2 * :value;

-- @macro between(value, low, high)
SELECT CASE WHEN :value < :low THEN :low -- a comment, with (brackets)
  WHEN :value > :high THEN ':high'
  ELSE twice(:value) / 2 END;

-- @macro answer()
SELECT 42;
"""


def macros(sql: str = MACROS) -> dict[str, Macro]:
    found: dict[str, Macro] = {}
    for statement in read_statements(sql, file="m.sql", markers=("macro",)):
        macro = read_macro(statement, found)
        found[macro.name] = macro
    return found


def value(sql: str) -> object:
    ((found,),) = sqlite3.connect(":memory:").execute(f"SELECT {expanded(sql, macros(), 'x')}")
    return found


KNOWN = {
    "twice(3 + 1)": 8,  # and not 2 * 3 + 1
    "twice(twice(5))": 20,
    "TWICE (5)": 10,
    "twice(max(1, 7, 3))": 14,
    "twice((SELECT count(*) FROM (SELECT 1 UNION ALL SELECT 2)))": 4,
    "answer() + answer ( )": 84,
    "between(5, 1, 9)": 5,
    "between(-3, 1, 9)": 1,
    "between(10, 1, 9)": ":high",  # what stands in a text stays
    "'twice(3)' || 1": "twice(3)1",
    '(SELECT "twice(1)" FROM (SELECT 7 AS "twice(1)"))': 7,
    "'a,b)' || twice(1)": "a,b)2",
    "instr('x)y,z', twice(1) || ',') + twice(length('),('))": 6,
}


@pytest.mark.parametrize("sql", KNOWN)
def test_a_macro_is_its_expression(sql: str) -> None:
    assert value(sql) == KNOWN[sql]


@given(st.recursive(
    st.integers(0, 9).map(lambda n: (str(n), n)),
    lambda inner: st.tuples(inner, inner).map(
        lambda two: (f"({two[0][0]} - twice({two[1][0]}))", two[0][1] - 2 * two[1][1])
    ),
))  # fmt: skip
def test_calls_in_calls_mean_what_they_say(made: tuple[str, int]) -> None:
    assert value(made[0]) == made[1]


def test_no_line_moves() -> None:
    sql = "SELECT\n  twice(\n    1,\n  2)\nFROM nothing"
    one = {"twice": Macro("twice", ("a", "b"), ":a + :b", "")}
    assert expanded(sql, one, "").count("\n") == sql.count("\n")
    assert expanded(sql, one, "").splitlines()[-1] == "FROM nothing"


def test_a_name_with_another_before_it_is_no_call() -> None:
    assert expanded("t.twice(1), nottwice(1)", macros(), "") == "t.twice(1), nottwice(1)"


def test_a_call_of_another_number_of_values_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"here: twice\(\) with 2 values") as error:
        expanded("SELECT twice(1, 2)", macros(), "here")
    assert error.value.hint == "It is twice(value), of m.sql, line 3."


STEPS = """
CREATE VIEW one AS SELECT 1 AS n;
CREATE VIEW two (n) AS SELECT n + 1 FROM one;
CREATE VIEW unused AS SELECT 1 / 0;
"""


@pytest.mark.parametrize(
    "sql", ["SELECT n FROM two", "WITH three AS (SELECT n FROM two) SELECT n FROM three",
            "with recursive c(n) AS (SELECT 2 UNION SELECT n FROM two) SELECT n FROM c"]
)  # fmt: skip
def test_a_step_stands_before_the_select_that_uses_it(sql: str) -> None:
    statements = read_statements(STEPS, file="s.sql", markers=())
    steps = [read_step(statement, statement.sql) for statement in statements]
    made = with_steps(sql, steps)
    assert "unused" not in made
    assert sqlite3.connect(":memory:").execute(made).fetchall() == [(2,)]
    assert with_steps("SELECT 'one' AS two_", steps) == "SELECT 'one' AS two_"
