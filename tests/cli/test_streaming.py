"""`query` for a program: all rows, or an error that says that they are not all."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from conftest import Run, owner

from healthsim_store import Store

MANY = 2_500  # rows: more than a page, and than a fetch of the stream
ALL = "SELECT owner_id, born FROM owners ORDER BY rowid"
IDS = [f"o{n}" for n in range(MANY)]
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.fixture
def filled(run: Run, store: Store) -> Run:
    pets = [{"owner_id": f"o{n}", "weight": n + 1} for n in range(MANY)]
    store.persist({"owners": map(owner, range(MANY)), "pets": pets}, scenario="s")
    return run


def first_column(output: str, text: str) -> list[str]:
    if output == "json":
        return [str(next(iter(row.values()))) for row in json.loads(text)["rows"]]
    if output == "nl":
        return [str(next(iter(json.loads(line).values()))) for line in text.splitlines()]
    delimiter = "," if output == "csv" else "\t"
    return [row[0] for row in csv.reader(io.StringIO(text), delimiter=delimiter)][1:]


@pytest.mark.parametrize("output", ["json", "nl", "csv", "tsv"])
def test_a_program_gets_all_rows_or_as_many_as_it_asked_for(filled: Run, output: str) -> None:
    whole = filled("query", "s", ALL, f"--{output}")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert first_column(output, whole.stdout) == IDS
    rest = filled("query", "s", ALL, f"--{output}", "--offset", "1500")
    assert first_column(output, rest.stdout) == IDS[1500:]
    some = filled("query", "s", ALL, f"--{output}", "--limit", "5", "--offset", "998")
    assert first_column(output, some.stdout) == IDS[998:1003]
    none = filled("query", "s", f"{ALL} LIMIT 0", f"--{output}")
    assert (none.returncode, first_column(output, none.stdout)) == (0, [])
    asked = ("query", "s", "-q", "heavy_pets", "-p", "least", "0", f"--{output}")
    assert len(first_column(output, filled(*asked).stdout)) == MANY
    assert len(first_column(output, filled(*asked, "--limit", "7").stdout)) == 7


def test_more_rows_than_a_page_can_have_may_be_asked_for(filled: Run) -> None:
    crossed = "SELECT a.rowid FROM owners AS a, (SELECT 1 FROM owners LIMIT 5) ORDER BY 1"
    text = filled("query", "s", crossed, "--csv", "--limit", "12000")
    assert len(text.stdout.splitlines()) == 12_001
    assert text.stderr == "There are more rows: --offset 12000\n"
    assert filled("query", "s", crossed, "--csv", "--limit", "12500").stderr == ""


def test_the_json_of_all_rows_is_that_of_a_page(filled: Run) -> None:
    sql = "SELECT owner_id, x'00ff' AS blob, 9e999 AS much, NULL AS none, 'é' FROM owners"
    whole = json.loads(filled("query", "s", sql, "--json").stdout)
    page = json.loads(filled("query", "s", sql, "--json", "--limit", "3").stdout)
    assert page.keys() == whole.keys()
    assert (whole["columns"], whole["rows"][:3]) == (page["columns"], page["rows"])
    assert (whole["total"], whole["has_more"], whole["limit"]) == (MANY, False, None)
    assert (page["total"], page["has_more"], page["limit"]) == (MANY, True, 3)


def test_a_person_gets_a_page_and_is_told_of_how_many(filled: Run) -> None:
    page = filled("query", "s", ALL)
    assert len(page.stdout.splitlines()) == 22
    assert page.stderr == "Rows 1 to 20 of 2,500. More: --offset 20\n"


@pytest.mark.parametrize("output", ["json", "nl", "csv", "tsv"])
def test_rows_that_a_time_limit_ends_are_an_error(filled: Run, output: str) -> None:
    cut = filled("query", "s", ENDLESS, f"--{output}", "--timeout", "0.2")
    assert cut.returncode == 7
    assert "Not whole: it ends after " in cut.stderr
    assert "query_timeout" in cut.stderr
    if output == "json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(cut.stdout)


def test_a_wrong_statement_prints_nothing(filled: Run) -> None:
    for wrong, code in (("SELECT nothing FROM owners", 1), ("DELETE FROM owners", 4)):
        refused = filled("query", "s", wrong, "--csv")
        assert (refused.returncode, refused.stdout) == (code, "")
    for option in ("--limit", "--offset"):
        assert "-1" in filled("query", "s", ALL, "--csv", option, "-1").stderr


def test_a_question_s_rows_by_python(store: Store, tmp_path: Path) -> None:
    pets = [{"owner_id": f"o{n}", "weight": n + 1} for n in range(MANY)]
    store.persist({"owners": map(owner, range(MANY)), "pets": pets}, scenario="s")
    with store.question_rows("s", "heavy_pets", params={"least": 0.5}) as rows:
        assert rows.columns == ("species", "full_name", "weight")
        assert [row["weight"] for row in rows] == list(range(MANY, 0, -1))
