"""The twelve prompts of a user, answered by calls; what they cost; and their transcript.

`transcript.md` is what this test saw. HEALTHSIM_STORE_TRANSCRIPT=1 writes it anew.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FILE = Path(__file__).parents[1] / "transcript.md"

# Ages are meant on the day of the profile, so that the answer is the same every day.
WOMEN = """\
SELECT given_name || ' ' || family_name AS name,
  CAST((julianday('2025-12-31') - julianday(birth_date)) / 365.2425 AS INTEGER) AS age,
  city, plan_type, risk_score
FROM members JOIN member_conditions USING (member_id)
WHERE gender = 'F' AND age > 75 AND code LIKE 'E11%'
GROUP BY member_id ORDER BY risk_score DESC"""

CLAIMS = """\
SELECT given_name || ' ' || family_name AS patient, sum(total_charge) AS total,
  max(total_charge) AS highest, service_category, payer_name
FROM patients
JOIN (SELECT member_id, person_id, payer_name FROM members) USING (person_id)
JOIN claims USING (member_id)
GROUP BY patient_id HAVING highest > 10000 ORDER BY total DESC"""


class Example(NamedTuple):
    prompt: str
    calls: list[tuple[str, dict[str, Any]]]
    says: list[str]  # what the last answer must have


EXAMPLES = [
    Example(
        "Generate 100 Medicare Advantage members over 65 years old in California",
        [
            ("describe", {}),
            ("persist", {"profile": "medicare-advantage", "count": 100, "seed": 9006,
                         "tags": ["california"]}),
        ],
        ["| Members | 100 |", "- Plan types: HMO (", "- States: CA (100)"],
    ),
    Example(
        "From my medicare scenario, show female members over 75 with diabetes",
        [
            ("describe", {"scenario": "medicare"}),
            ("query", {"scenario": "medicare", "sql": WOMEN, "limit": 5}),
        ],
        ["name,age,city,plan_type,risk_score\n", "Rows 1 to 5 of 1", "More: offset=5"],
    ),
    Example(
        "Load my diabetes cohort from yesterday",
        [("summary", {"scenario": "diabetes"})],
        ["| Patients | 150 |", "| Encounters | 425 |", "| Lab Results | 890 |",
         "| Medications | 320 |", "- Average A1C: ", "- With complications: ", "- On insulin: "],
    ),
    Example(
        "Show me a few example patients from that cohort",
        [("samples", {"scenario": "diabetes-cohort", "entity_type": "patients"})],
        ["MRN: ", "Diagnosis: E11", "Latest A1C: ", "Medications: ", "Last Visit: "],
    ),
    Example(
        "Generate a complete clinical trial scenario with 200 subjects",
        [("persist", {"profile": "oncology-phase3", "count": 200, "seed": 883})],
        ["phase 3, NSCLC: 8 sites, 200 subjects", "- Scheduled visits: 2,400 (12 per subject)",
         "Active (Drug A + SOC) 100 (50%), Control (SOC only) 100 (50%)"],
    ),
    Example(
        "For my diabetes cohort, show patients who also have claims over $10,000",
        [
            ("describe", {"scenario": "cohort-with-claims",
                          "entity_types": ["patients", "members", "claims"]}),
            ("query", {"scenario": "cohort-with-claims", "sql": CLAIMS, "limit": 5}),
        ],
        ["patient,total,highest,service_category,payer_name\n", "Rows 1 to 5 of 23"],
    ),
    Example(
        'Rename my medicare scenario to "ca-medicare-q4-2024" and tag it with "training", '
        '"california", "medicare-advantage"',
        [
            ("rename", {"scenario": "medicare", "new_name": "ca-medicare-q4-2024"}),
            ("annotate", {"scenario": "ca-medicare-q4-2024",
                     "add": ["training", "california", "medicare-advantage"]}),
        ],
        ["ca-medicare-q4-2024: california, medicare-advantage, training"],
    ),
    Example(
        "What tags do I have across my scenarios?",
        [("list", {})],
        ["Tags: training 4, ", "california 1"],
    ),
    Example(
        "Clone my diabetes-cohort scenario so I can test a different cohort definition",
        [("clone", {"scenario": "diabetes-cohort"})],
        ['"diabetes-cohort-copy"', "| Patients", "2,536 entities", "new unique ids"],
    ),
    Example(
        "Merge my diabetes, heart-failure, and copd scenarios into a combined training dataset",
        [("merge", {"scenarios": ["diabetes-cohort", "heart-failure", "copd"],
                    "context": "training dataset"})],
        ["345", "1,015", "2,060", "- Conflicts resolved: 0", "- Tags inherited: "],
    ),
    Example(
        "Export my merged training dataset to CSV for analysis in Python",
        [("export", {"scenario": "merged-training", "format": "csv"})],
        ["| patients.csv | 345 |", "**Location**", "pd.read_csv("],
    ),
    Example(
        "Export as Parquet for loading into Databricks",
        [("export", {"scenario": "merged-training", "format": "parquet"})],
        ["| patients.parquet | 345 |", "smaller than CSV!)", "spark.read.parquet("],
    ),
]  # fmt: skip

# What the user has from before.
BEFORE = [
    {"profile": "diabetes-cohort", "count": 150, "seed": 110, "scenario": "diabetes-cohort",
     "tags": ["training", "diabetes"]},
    {"profile": "insured-diabetes-cohort", "count": 150, "seed": 32,
     "scenario": "cohort-with-claims"},
    {"profile": "heart-failure", "count": 120, "seed": 7, "scenario": "heart-failure-cohort",
     "tags": ["training", "validated"]},
    {"profile": "copd", "count": 75, "seed": 7, "scenario": "copd-training", "tags": ["training"]},
]  # fmt: skip


class Heard(NamedTuple):
    example: Example
    replies: list[str]


@pytest.fixture(scope="module")
def conversation(
    stdio: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Heard], dict[str, int], Path]:
    store = tmp_path_factory.mktemp("conversation") / "store"
    heard = []
    with stdio(store) as talk:
        for arguments in BEFORE:
            talk("persist", **arguments)
        talk.tokens = dict.fromkeys(talk.tokens, 0)
        for example in EXAMPLES:
            replies = [talk(tool, **arguments)[0] for tool, arguments in example.calls]
            heard.append(Heard(example, replies))
        tokens = talk.tokens
    return heard, tokens, store


@pytest.mark.parametrize("number", range(1, 13))
def test_each_example_is_answered(conversation: Any, number: int) -> None:
    heard, _, _ = conversation
    example, replies = heard[number - 1]
    for text in example.says:
        assert text in replies[-1]


def test_all_twelve_cost_less_than_12000_tokens(conversation: Any) -> None:
    _, tokens, _ = conversation
    assert tokens["calls"] + tokens["texts"] <= 12_000
    # A client that shows its model the structure instead pays no more; nor one that shows both.
    assert tokens["calls"] + tokens["structures"] <= 12_000
    assert sum(tokens.values()) <= 12_000, tokens


def test_the_transcript_is_what_was_said(conversation: Any) -> None:
    heard, tokens, store = conversation
    told = transcript(heard, tokens, store)
    if os.environ.get("HEALTHSIM_STORE_TRANSCRIPT"):
        FILE.write_text(told, "utf-8")
    written = FILE.read_text("utf-8")
    assert without_chance(told) == without_chance(written), (
        "transcript.md is not what the server says: run with HEALTHSIM_STORE_TRANSCRIPT=1"
    )


def transcript(heard: list[Heard], tokens: dict[str, int], store: Path) -> str:
    lines = [
        "# The conversation, as calls",
        "",
        "What a user asks, the calls that a model makes, and what the server answers; written by",
        "`tests/test_conversation.py`. The scenarios of patients were there before.",
        "",
    ]
    for number, (example, replies) in enumerate(heard, 1):
        lines += [f"## {number}. {example.prompt}", ""]
        for (tool, arguments), reply in zip(example.calls, replies, strict=True):
            lines += ["~~~", f"scenario_{tool}({called(arguments)})", "~~~", ""]
            lines += ["~~~", *reply.replace(str(store), "~/store").split("\n"), "~~~", ""]
    total = round(tokens["calls"] + tokens["texts"], -2)
    lines += [f"Calls and replies together: about {total:,} tokens.", ""]
    return "\n".join(line.rstrip() for line in lines)


def called(arguments: dict[str, Any]) -> str:
    told = []
    for name, value in arguments.items():
        multiline = isinstance(value, str) and "\n" in value
        text = f'"""\n{value}\n"""' if multiline else json.dumps(value, ensure_ascii=False)
        told.append(f"{name}={text}")
    return ", ".join(told)


def without_chance(text: str) -> str:
    """Without what another day, machine or version may say: dates, ids, ages, sizes, tokens."""
    text = re.sub(r"\b20\d{6}\b|\b20\d\d-\d\d-\d\d\b", "DATE", text)
    text = re.sub(r"\((\w{6}); ", "(ID; ", text)
    text = re.sub(r"[Aa]ge range: \d+-\d+|\(((?:Fem|M)ale), \d+\)", "AGE", text)
    text = re.sub(r"\d+(\.\d)? [KM]B|\d+% smaller|about [\d,]+ tokens", "SIZE", text)
    text = re.sub(r"patientsim [\d.]+|membersim [\d.]+|trialsim [\d.]+", "VERSION", text)
    text = re.sub(r"file://\S*?/store", "file://~/store", text)
    # How many of these fit the budget depends on the length of the folder's name.
    text = re.sub(r"\n\w+ = pd\.read_parquet\(.*", "", text)
    # Scenarios that were changed within the same second come in any order.
    groups = itertools.groupby(text.split("\n"), key=lambda line: ",DATE," in line)
    return "\n".join(
        line for dated, lines in groups for line in (sorted(lines) if dated else lines)
    )
