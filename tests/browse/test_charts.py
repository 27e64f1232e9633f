"""Charts: which statistics are drawn, and that two bars never have the same label."""

from __future__ import annotations

from typing import Any

from healthsim_store.browse.charts import chart
from healthsim_store.query.statistics import Answer

LONG = "Type 2 diabetes mellitus with diabetic"


def answer(*rows: dict[str, Any], text: str = "told") -> Answer:
    return Answer("a", "Section", "Label", text, rows)


def test_labels_that_differ_are_drawn_differently() -> None:
    drawn = chart(answer({"d": f"{LONG} neuropathy", "n": 2}, {"d": f"{LONG} nephropathy", "n": 1}))
    assert drawn is not None
    assert ">Type …neuropathy<" in drawn
    assert ">Type …nephropathy<" in drawn
    assert f"<title>{LONG} neuropathy: 2</title>" in drawn


def test_what_is_unknown_is_not_drawn_as_nothing() -> None:
    assert chart(answer({"d": "a", "n": None}, {"d": "b", "n": 1})) is None
