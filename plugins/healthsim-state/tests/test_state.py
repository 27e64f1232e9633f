"""The seed's snippet, line by line as it is printed; its `...` are filled in with rows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from healthsim_store.plugins import installed

SNIPPET = """
from healthsim.state import persist, get_summary, query_scenario

# Persist entities - returns summary, not full data
result = persist(
    entities={'patients': [...], 'encounters': [...]},
    context='diabetes cohort for training',
    tags=['diabetes', 'training']
)
# result.summary contains ~500 tokens

# Load summary only
summary = get_summary('scenario-name')
# summary.entity_counts, summary.statistics, summary.samples

# Query with pagination
results = query_scenario(
    'scenario-name',
    "SELECT * FROM patients WHERE gender = 'F'",
    limit=20
)
# results.rows, results.has_more
"""

SEED = Path(__file__).resolve().parents[4] / "shared" / "seed" / "auto-persist-examples.md"

PATIENTS = [
    {"mrn": f"P-{n}", "first_name": "A", "last_name": "B", "dob": "1960-01-01", "sex": "FM"[n % 2]}
    for n in range(100)
]
ENCOUNTERS = [{"mrn": f"P-{n}", "class": "ambulatory", "date": "x"} for n in range(100)]
for encounter in ENCOUNTERS:
    encounter["visit_date"] = encounter.pop("date").replace("x", "2024-03-01")


class FillIn(ast.NodeTransformer):
    """Puts rows where the printed snippet says `...`."""

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, ast.List):
                value.elts = [ast.Starred(ast.Name(f"{key.value.upper()}", ast.Load()), ast.Load())]
        return node


def test_the_snippet_is_the_seeds() -> None:
    if not SEED.exists():
        pytest.skip("the seed is not beside the project")
    assert SNIPPET.strip() in SEED.read_text("utf-8")


def test_the_snippet_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTHSIM_STORE_DIR", str(tmp_path))
    installed.cache_clear()
    from healthsim.state import persist

    persist({"patients": PATIENTS, "encounters": ENCOUNTERS}, scenario="scenario-name")
    tree = ast.fix_missing_locations(FillIn().visit(ast.parse(SNIPPET)))
    names: dict[str, object] = {"PATIENTS": PATIENTS, "ENCOUNTERS": ENCOUNTERS}
    exec(compile(tree, "snippet", "exec"), names)
    result, summary, results = names["result"], names["summary"], names["results"]
    assert result.scenario.startswith("diabetes-cohort-")
    assert "| Patients | 100 |" in str(result.summary)
    assert result.summary.tokens <= 500
    assert summary.entity_counts["encounters"] == 100
    assert summary.statistics["gender"].text == "50 male, 50 female"
    assert len(summary.samples["patients"]) == 3
    assert len(results.rows) == 20
    assert results.has_more is True
    assert results.total == 50
