"""The conversation that healthsim-store is for: its prompts, and the commands that answer them.

Twelve are those that it was made for. The thirteenth closes the A/B test that the ninth begins.

Each answer must have the texts that are given with its command; the seeds make them come true on
every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

# The seeds are chosen so that the answers are like those of the conversation.
MEDICARE, DIABETES, TRIAL, CLAIMS, HEART, COPD = 9006, 110, 883, 32, 7, 7


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed after ``healthsim-store``, and what its answer must say.

    ``quietly``: only the first line of the answer is shown, since a later command shows the rest.
    """

    arguments: tuple[str, ...]
    says: tuple[str, ...] = ()
    quietly: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    number: int
    title: str
    prompt: str
    commands: tuple[Command, ...]


def _command(*arguments: str, says: tuple[str, ...] = (), quietly: bool = False) -> Command:
    return Command(arguments, says, quietly)


WOMEN_OVER_75 = """\
SELECT given_name || ' ' || family_name AS Name,
  CAST((julianday('now') - julianday(birth_date)) / 365.2425 AS INTEGER) AS Age,
  city AS City, plan_type AS Plan, printf('%.2f', risk_score) AS "Risk Score"
FROM members
WHERE gender = 'F' AND birth_date <= date('now', '-76 years') AND member_id IN
  (SELECT member_id FROM member_conditions WHERE code LIKE 'E11%')
ORDER BY risk_score DESC"""

HIGH_CLAIMS = """\
SELECT given_name || ' ' || family_name AS Patient,
  printf('$%,d', sum(total_charge)) AS "Total Claims",
  printf('$%,d', max(total_charge)) || ' (' || service_category || ')' AS "Highest Claim",
  payer_name AS "Primary Payer"
FROM patients
JOIN (SELECT member_id, person_id, payer_name FROM members) USING (person_id)
JOIN claims USING (member_id)
WHERE patient_id IN (SELECT patient_id FROM diagnoses WHERE code LIKE 'E11%')
GROUP BY patient_id HAVING max(total_charge) > 10000
ORDER BY sum(total_charge) DESC"""


TREATED = """\
loinc_code = '4548-4' AND patient_id IN
  (SELECT patient_id FROM medications WHERE name LIKE 'Insulin%')"""


def examples(exports: str) -> tuple[Example, ...]:
    """All of them; files are exported into the folder ``exports``."""
    return (
        Example(
            1, "Generate 100 Medicare members",
            "Generate 100 Medicare Advantage members over 65 years old in California",
            (
                _command(
                    "generate", "medicare-advantage", "--count", "100", "--seed", str(MEDICARE),
                    "--tag", "california", says=("| Members", "| 100 ", "- Plan types: HMO ("),
                ),
            ),
        ),
        Example(
            2, "Query saved scenario data",
            "From my medicare scenario, show female members over 75 with diabetes",
            (
                _command(
                    "query", "medicare", WOMEN_OVER_75, "--limit", "5",
                    says=("| Name ", "| Risk Score", "Rows 1 to 5 of "),
                ),
            ),
        ),
        Example(
            3, "Resume work with a summary",
            "Load my diabetes cohort from yesterday",
            (
                _command(
                    "generate", "diabetes-cohort", "--count", "150", "--seed", str(DIABETES),
                    "--into", "diabetes-cohort", "--tag", "training", "--tag", "diabetes",
                    quietly=True,
                ),
                _command(
                    "summary", "diabetes",
                    says=("| 150 ", "| 425 ", "| 890 ", "| 320 ", "- Average A1C: ",
                          "- With complications: ", "- On insulin: "),
                ),
            ),
        ),
        Example(
            4, "Get sample entities",
            "Show me a few example patients from that cohort",
            (
                _command(
                    "samples", "diabetes", "patients", "--count", "3",
                    says=("**3. ", "- MRN: ", "- Diagnosis: E11", "- Latest A1C: "),
                ),
            ),
        ),
        Example(
            5, "Batch generation workflow",
            "Generate a complete clinical trial scenario with 200 subjects",
            (
                _command(
                    "generate", "oncology-phase3", "--count", "200", "--seed", str(TRIAL),
                    "--batch", "50",
                    says=("ONCO-2024-001, phase 3, NSCLC: 8 sites, 200 subjects",
                          "- Scheduled visits: 2,400 (12 per subject)", "(77%)",
                          "Active (Drug A + SOC) 100 (50%), Control (SOC only) 100 (50%)"),
                ),
            ),
        ),
        Example(
            6, "Cross-product query",
            "For my diabetes cohort, show patients who also have claims over $10,000",
            (
                _command(
                    "generate", "insured-diabetes-cohort", "--count", "150", "--seed", str(CLAIMS),
                    "--into", "cohort-with-claims", quietly=True,
                ),
                _command(
                    "query", "cohort-with-claims", HIGH_CLAIMS, "--limit", "5",
                    says=("| Patient ", "| Highest Claim ", "Rows 1 to 5 of 2"),
                ),
            ),
        ),
        Example(
            7, "Rename and tag scenarios",
            'Rename my medicare scenario to "ca-medicare-q4-2024" and tag it with "training", '
            '"california", "medicare-advantage"',
            (
                _command(
                    "rename", "medicare", "ca-medicare-q4-2024",
                    says=("New name: ca-medicare-q4-2024",),
                ),
                _command(
                    "tag", "ca-medicare-q4-2024", "training", "california", "medicare-advantage",
                    says=("ca-medicare-q4-2024: california, medicare-advantage, training",),
                ),
            ),
        ),
        Example(
            8, "Tag management",
            "What tags do I have across my scenarios?",
            (_command("tags", says=("| training ", "2 scenarios", "| california ")),),
        ),
        Example(
            9, "Clone a scenario for A/B testing",
            "Clone my diabetes-cohort scenario so I can test a different cohort definition",
            (
                _command(
                    "clone", "diabetes-cohort",
                    says=('-copy"**', "| 150 ", "| 425 ", "| 890 ", "| 320 "),
                ),
            ),
        ),
        Example(
            10, "Merge multiple cohorts",
            "Merge my diabetes, heart-failure, and copd scenarios into a combined training dataset",
            (
                _command(
                    "generate", "heart-failure", "--count", "120", "--seed", str(HEART),
                    "--into", "heart-failure-cohort", "--tag", "training", "--tag", "validated",
                    quietly=True,
                ),
                _command(
                    "generate", "copd", "--count", "75", "--seed", str(COPD),
                    "--into", "copd-training", "--tag", "training", quietly=True,
                ),
                # The clone begins with the same words, so the cohort is given by its tags' name.
                _command(
                    "merge", "diabetes-cohort", "heart-failure", "copd",
                    "--context", "training dataset",
                    says=("| 345 ", "| 1,015 ", "| 2,060 ", "- Conflicts resolved: 0"),
                ),
            ),
        ),
        Example(
            11, "Export to CSV for analysis",
            "Export my merged training dataset to CSV for analysis in Python",
            (
                _command(
                    "export", "merged-training", "--to", f"{exports}/training-csv",
                    says=("| patients.csv", "| 345 ", "| 1,015 ", "| 2,060 ", "pd.read_csv("),
                ),
            ),
        ),
        Example(
            12, "Export to Parquet for big data",
            "Export as Parquet for loading into Databricks",
            (
                _command(
                    "export", "merged-training", "--format", "parquet",
                    "--to", f"{exports}/training-parquet",
                    says=("| patients.parquet", "smaller than CSV!)", "spark.read.parquet("),
                ),
            ),
        ),
        Example(
            13, "An A/B test: change the clone, compare, merge back",
            "In the copy of my cohort, take everyone off insulin, with an A1C a tenth lower, and"
            " compare the two; merge it back; no, undo that",
            (
                _command(
                    "update", "diabetes-cohort-copy", "lab_results",
                    "--set-sql", "value_numeric=round(value_numeric * 0.9, 1)",
                    "--set-sql", "value=CAST(round(value_numeric * 0.9, 1) AS TEXT)",
                    "--where", TREATED,
                    says=("110 lab results",),
                ),
                _command(
                    "remove", "diabetes-cohort-copy", "medications",
                    "--where", "name LIKE 'Insulin%'", says=("46 medications",),
                ),
                _command(
                    "compare", "diabetes-cohort", "diabetes-cohort-copy",
                    says=("| On insulin ", "| 44 (29%) ", "| 0 (0%) ", "-29 points",
                          "| Average A1C ", "Equal: Patients 150, "),
                ),
                _command(
                    "merge", "--into", "diabetes-cohort", "diabetes-cohort-copy",
                    "--on-conflict", "overwrite", says=("| 110 ", "| 274 ", "resolved: 0"),
                    quietly=True,
                ),
                _command("undo", "diabetes-cohort", says=("Undone in ", "46 medications")),
            ),
        ),
    )  # fmt: skip
