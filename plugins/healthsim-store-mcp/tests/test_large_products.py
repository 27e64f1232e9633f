"""200 entity types in one product and 300 columns in one type: each reply keeps its budget.

`Talk` compares every reply with its budget.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from large_products import COLUMNS, TYPES, column, install_large, kind, many, wide


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory, stdio: Any) -> Iterator[Any]:
    site, folder = (tmp_path_factory.mktemp(name) for name in ("site", "store"))
    install_large(site)
    shared = tmp_path_factory.mktemp("shared")
    for name, batch in (("many", many()), ("wide", wide())):
        (shared / f"{name}.json").write_text(json.dumps(batch), "utf-8")
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    with stdio(folder, "--allow", str(shared), PYTHONPATH=path) as open_talk:
        open_talk("persist", file=str(shared / "many.json"), scenario="many")
        open_talk("persist", file=str(shared / "wide.json"), scenario="wide")
        yield open_talk


def test_what_there_is_is_told_within_the_budget(talk: Any) -> None:
    text, data = talk("describe")
    assert f"many: {kind(0)}, {kind(1)}" in text
    shown = data["entity_types"]["many"].count("kind_of")
    assert f" and {TYPES - shown} more (a larger max_tokens tells them)" in text
    assert "wide: wides" in text
    assert "csv" in data["export_formats"]
    whole = talk("describe", max_tokens=10_000)[1]
    assert whole["entity_types"]["many"].endswith(kind(TYPES - 1))
    for name in (kind(0), kind(TYPES - 1)):
        assert f"{name}_id" in talk("describe", entity_types=[name])[0]
    text, _ = talk("describe", entity_types=["wides"])
    assert column(0) in text
    assert re.search(r"Truncated; also: 2\d\d more \(give a larger max_tokens\)", text)
    text, data = talk("describe", entity_types=[kind(n) for n in range(TYPES)])
    assert kind(2) in text
    assert len(data["rows"]) > 10
    text, data = talk("describe", scenario="many")
    assert len(data["tables"]) == len(data["counts"]) > 5
    assert f"give entity_types for: {TYPES - len(data['tables'])} more" in text


@pytest.mark.parametrize("name", ["many", "wide"])
@pytest.mark.parametrize("budget", [100, 300, 1_000])
def test_a_scenario_is_read_within_the_budget(talk: Any, name: str, budget: int) -> None:
    first = kind(0) if name == "many" else "wides"
    talk("describe", scenario=name, log=5)
    talk("describe", scenario=name, check=True)
    talk("summary", scenario=name, max_tokens=budget)
    talk("samples", scenario=name, entity_type=first, max_tokens=budget)
    if name == "wide":
        asked = {"sql": "SELECT * FROM wides", "max_tokens": budget}
        assert "A row has 301 columns, more than" in talk.error("query", scenario=name, **asked)
        talk("query", scenario=name, sql=f"SELECT {column(0)} FROM wides", max_tokens=budget)
    else:
        talk("query", scenario=name, sql=f"SELECT * FROM {first}", max_tokens=budget)
        assert "1.5" in talk("query", scenario=name, question="above_0", max_tokens=1_000)[0]


def test_they_are_changed_copied_and_exported(talk: Any) -> None:
    for name, first in (("many", kind(0)), ("wide", "wides")):
        talk("clone", scenario=name, new_name=f"{name}-2")
        talk(
            "change",
            scenario=f"{name}-2",
            entity_type=first,
            where="1",
            set_sql={"code": "code||'x'"},
        )
        talk("diff", a=name, b=f"{name}-2")
        talk("undo", scenario=f"{name}-2")
        talk("merge", scenarios=[name, f"{name}-2"], new_name=f"{name}-3")
        talk("export", scenario=name, format="parquet")
    sql = "SELECT count(*) AS n FROM _columns WHERE entity_type = 'wides'"
    _, data = talk("query", scenario="wide", sql=sql)
    assert data["rows"] == [[COLUMNS + 1]]  # with the column extra
