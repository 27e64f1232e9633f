"""The command line as its user has it: a process, its output, its exit code."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, owner

BATCH = json.dumps({"owners": [owner(n) for n in range(30)], "pets": [{"owner_id": "o1"}]})


@pytest.fixture
def filled(run: Run) -> Run:
    answer = run("persist", "--context", "pet owners", "--tag", "training", input=BATCH)
    assert answer.returncode == 0, answer.stderr
    assert 'Saved "pet-owners-' in answer.stdout
    assert "| Owners | 30 |" in answer.stdout
    return run


def test_the_whole_round(filled: Run) -> None:
    assert "pet-owners-" in filled("list").stdout
    assert "| Pets | 1 |" in filled("summary", "pet").stdout
    assert "full_name" in filled("samples", "pet", "owners").stdout
    assert "training, x" in filled("tag", "pet", "x").stdout
    assert "| training | 1 scenario" in filled("tags").stdout
    assert "New name: q4" in filled("rename", "pet", "q4").stdout
    assert "training" in filled("untag", "q4", "x").stdout
    assert "rename" in filled("info", "q4").stdout
    assert "restore q4" in filled("delete", "q4").stdout
    assert "q4" in filled("restore").stdout
    assert 'Restored "q4"' in filled("restore", "q4").stdout
    assert filled("summary", "q4").returncode == 0


def test_json_of_what_changes_a_scenario(filled: Run) -> None:
    """An agent reads the outcome, and not a sentence."""

    def told(*arguments: str) -> Any:
        done = filled(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    assert told("rename", "pet", "q4")["new"] == "q4"
    assert told("tag", "q4", "x") == {"scenario": "q4", "tags": ["training", "x"]}
    assert told("untag", "q4", "x", "training") == {"scenario": "q4", "tags": []}
    assert told("delete", "q4") == {"deleted": "q4"}
    (deleted,) = told("restore")
    assert deleted["name"] == "q4"
    assert told("restore", "q4", "--as", "q5") == {"restored": "q5"}
    assert told("restore") == []
    assert [result["ok"] for result in told("check")] == [True]


def test_as_much_of_the_log_as_is_wanted(filled: Run) -> None:
    for number in range(12):
        filled("tag", "pet", f"t{number}")

    def log(*arguments: str) -> list[str]:
        entries = json.loads(filled("info", "pet", "--json", *arguments).stdout).get("log", [])
        return [entry["operation"] for entry in entries]

    assert log() == ["tag"] * 10
    assert log("--log", "100") == ["tag"] * 12 + ["import"]
    assert log("--log", "0") == []
    text = filled("info", "pet", "--log", "1").stdout
    assert "tags: t11" in text
    assert "tags: t10" not in text
    assert "When" not in filled("info", "pet", "--log", "0").stdout
    wrong = filled("info", "pet", "--log", "-1")
    assert (wrong.returncode, "log_entries is -1" in wrong.stderr) == (2, True)


def test_query_formats_and_paging(filled: Run) -> None:
    sql = "SELECT owner_id, full_name FROM owners ORDER BY rowid"
    table = filled("query", "pet", sql, "--limit", "2")
    assert table.stdout.splitlines()[2] == "| o0         | Owner 0     |"
    assert table.stderr == "Rows 1 to 2 of 30. More: --offset 2\n"
    answer = json.loads(filled("query", "pet", sql, "--limit", "2", "--json").stdout)
    assert (answer["total"], answer["has_more"], len(answer["rows"])) == (30, True, 2)
    lines = filled("query", "pet", sql, "--nl", "--limit", "3").stdout.splitlines()
    assert [json.loads(line)["owner_id"] for line in lines] == ["o0", "o1", "o2"]
    text = filled("query", "pet", sql, "--csv", "--offset", "29").stdout
    assert list(csv.reader(io.StringIO(text))) == [["owner_id", "full_name"], ["o29", "Owner 29"]]
    named = filled("query", "pet", "SELECT :x AS x", "-p", "x", "it's", "--tsv")
    assert named.stdout.splitlines() == ["x", "it's"]
    assert "───" in filled("query", "pet", "SELECT 1", "--fmt", "rounded_grid").stdout


def test_a_mailed_file_is_read_where_it_lies(filled: Run, tmp_path: Path) -> None:
    (source,) = (tmp_path / "store").glob("*.db")
    (tmp_path / "mail").mkdir()
    target = tmp_path / "mail" / "gift.db"
    target.write_bytes(source.read_bytes())
    assert "**gift**" in filled("summary", str(target)).stdout
    assert [path.name for path in target.parent.iterdir()] == ["gift.db"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["summary", "nothing"], 3, "scenario_not_found"),
        (["query", "pet", "DELETE FROM owners"], 4, "query_refused"),
        (["query", "pet", "SELECT 1", "--limit", "0"], 2, "limit is 0"),
        (["query", "pet", "SELECT 1", "--fmt", "nice"], 2, "Unknown table format"),
        (["samples", "pet", "ownrs"], 3, "Did you mean owners"),
        (["rename", "pet", "a/b"], 2, "invalid_name"),
        (["import", "nothing.csv"], 1, "There is no file nothing.csv"),
        (["import", "--format", "csvv", "."], 3, "Did you mean csv"),
        (["persist", "--on-conflict", "skip"], 1, "not JSON"),
    ],
)
def test_errors_are_one_message_and_an_exit_code(
    filled: Run, arguments: list[str], code: int, said: str
) -> None:
    answer = filled(*arguments, input="")
    assert answer.returncode == code
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_wrong_usage_is_exit_2_with_the_nearest_command(run: Run) -> None:
    answer = run("sumary", "x")
    assert answer.returncode == 2
    assert "Did you mean summary" in answer.stderr


def test_schema_and_plugins(run: Run) -> None:
    assert "| owners" in run("schema").stdout
    assert "medical" not in run("schema", "owner").stdout
    assert 'CREATE TABLE "pets"' in run("schema", "pets", "--sql").stdout
    plugins = {p["name"]: p for p in json.loads(run("plugins", "--json").stdout)}
    assert plugins["toysim"]["products"] == ["toy"]
    formats = ["csv", "tsv", "json", "ndjson", "parquet", "sqlite"]
    assert plugins["core"]["exports"] == formats
    assert plugins["core"]["formats"] == [
        "csv", "tsv", "psv", "json", "ndjson", "parquet", "xlsx", "xpt",
    ]  # fmt: skip


def test_help_loads_no_heavy_module(toy_folder: Path) -> None:
    code = (
        "import sys\nfrom healthsim_store.cli import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'sqlglot', 'pyarrow', 'sqlite_utils', 'tabulate',"
        " 'adbc_driver_manager', 'platformdirs', 'datasette', 'uvicorn', 'httpx',"
        " 'packaging'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.splitlines()[-1] == "[]"
