"""Rows that are left out, counted and written to a file; dry runs; accounts that add up."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.base.tokens import estimate_tokens
from healthsim_store.errors import EmptyBatch, InvalidArgument, InvalidRows, SourceError
from healthsim_store.exchange.account import Account, add_up
from healthsim_store.storage.stored import Stored

OWNERS = [owner(n) for n in range(50)]
BAD = {4: "1903-13-15", 20: "x", 21: "x"}  # birth dates, by the number of the row


def write_owners(path: Path) -> Path:
    """A file with a name of two lines, so that rows and lines have other numbers."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(OWNERS[0]))
        writer.writeheader()
        for number, row in enumerate(OWNERS, 1):
            name = "Two\nLines" if number == 1 else row["full_name"]
            writer.writerow(row | {"full_name": name, "born": BAD.get(number, row["born"])})
    return path


def rejected(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_errors_name_the_line_and_are_grouped(store: Store, tmp_path: Path) -> None:
    path = write_owners(tmp_path / "owners.csv")
    with pytest.raises(InvalidRows) as caught:
        store.import_data(path, scenario="s")
    lines = caught.value.message.splitlines()
    assert len(lines) == 2
    assert "'1903-13-15' (1 row), 'x' (2 rows); the first: (owners.csv, line 6)" in lines[1]
    assert [problem.line for problem in caught.value.problems] == [6, 22, 23]
    assert 'bad_rows="skip"' in str(caught.value)


def test_bad_rows_are_left_out_and_written(store: Store, tmp_path: Path) -> None:
    path = write_owners(tmp_path / "owners.csv")
    with path.open("a") as file:
        file.write("only,two\n")
    rejects = tmp_path / "rejects.csv"
    result = store.import_data(path, scenario="s", bad_rows="skip", rejects=rejects)
    assert result.persisted.inserted == {"owners": 47}
    assert result.persisted.left_out == {"owners": 3}
    (account,) = result.sources
    assert (account.rows, account.sum, account.mapped) == (51, 51, {"owners": 47})
    assert [(one["line"], one["field"], one["value"]) for one in rejected(rejects)[1:]] == [
        ("6", "born", "1903-13-15"), ("22", "born", "x"), ("23", "born", "x"),
    ]  # fmt: skip
    assert rejected(rejects)[0] == {
        "file": "owners.csv", "line": "53", "entity_type": "", "field": "",
        "value": "['only', 'two']", "reason": "2 cells, but the header has 5",
    }  # fmt: skip
    with pytest.raises(InvalidArgument, match="is there already"):
        store.import_data(path, scenario="t", bad_rows="skip", rejects=rejects)


def test_orphans_are_left_out_and_counted(store: Store, tmp_path: Path) -> None:
    pets = [{"owner_tax_number": n, "species": "dog"} for n in ("T1", "T9999", "T2")]
    entities = {"owners": OWNERS, "pets": pets}
    with pytest.raises(InvalidRows):
        store.persist(entities, scenario="s", bad_rows="skip", rejects=tmp_path / "a.csv")
    assert store.names() == []
    result = store.persist(entities, scenario="s", orphans="skip", rejects=tmp_path / "b.csv")
    assert (result.inserted, result.left_out) == ({"owners": 50, "pets": 2}, {"pets": 1})
    (told,) = rejected(tmp_path / "b.csv")
    assert (told["line"], told["field"], told["value"]) == ("2", "owner_tax_number", "T9999")


def test_nothing_is_stored_where_every_row_is_bad(store: Store, tmp_path: Path) -> None:
    rows = [row | {"born": "x"} for row in OWNERS]
    with pytest.raises(EmptyBatch):
        store.persist({"owners": rows}, scenario="s", bad_rows="skip", rejects=tmp_path / "r.csv")
    assert store.names() == []


def test_a_missing_file_is_told_first(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "pets.csv"
    rows = "".join(f"T{n},dog\n" for n in range(100))
    path.write_text(f"owner_tax_number,species\n{rows}")
    with pytest.raises(InvalidRows) as caught:
        store.import_data(path, scenario="s")
    first = caught.value.message.splitlines()[0]
    assert first == "No file of owners was given, and pets.csv refers to it."
    assert estimate_tokens(str(caught.value)) < 300


@pytest.mark.parametrize("into", ["new", "old"])
def test_a_dry_run_stores_nothing(store: Store, tmp_path: Path, into: str) -> None:
    store.persist({"owners": [owner(900)]}, scenario="old")
    before = (store.names(), store.load_scenario("old"))
    path = tmp_path / "owners.csv"
    write_owners(path)
    with pytest.raises(InvalidRows):
        store.import_data(path, scenario=into, dry_run=True)
    result = store.persist({"owners": OWNERS}, scenario=into, dry_run=True)
    assert (result.dry_run, result.scenario, result.inserted) == (True, into, {"owners": 50})
    assert result.created == (into == "new")
    assert (store.names(), store.load_scenario("old")) == before


def test_the_command(run: Run, tmp_path: Path) -> None:
    path = write_owners(tmp_path / "owners.csv")
    rejects = str(tmp_path / "r.csv")
    answer = run("import", str(path), "-s", "s", "--bad-rows", "skip", "--rejects", rejects)
    assert answer.returncode == 0, answer.stderr
    assert "47 owners; 3 rows left out" in answer.stdout
    assert rejects in answer.stderr
    tried = run("import", str(path), "-s", "t", "--bad-rows", "skip", "--dry-run")
    assert tried.stdout.startswith("Nothing was stored. It would be 47 owners")
    assert run("list").stdout.count("| toy ") == 1


def test_a_file_that_changes_while_it_is_read(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    rows = "".join(f"A,X{n},1970-01-01\n" for n in range(60_000))
    path.write_text(f"full_name,tax_number,born\n{rows}")

    def grow(_: int) -> None:
        with path.open("a") as file:
            file.write("B,Y,1970-01-01\n")
        os.utime(path, (1, 1))

    with pytest.raises(SourceError, match="was changed while it was read"):
        store.import_data(path, scenario="s", progress=lambda n: grow(n) if grown() else None)
    assert store.names() == []


_times: list[int] = []


def grown() -> bool:
    _times.append(1)
    return len(_times) == 1


ACCOUNTS: list[tuple[Account, dict[str, Stored]]] = [
    (Account("a", 2, {"pets": 4}), {"pets": Stored(4)}),
    (Account("a", 4, {"pets": 2}, {"no id": 1}), {"pets": Stored(2)}),
    (Account("a", 4, {"pets": 4}), {"pets": Stored(3)}),
]


@pytest.mark.parametrize(("account", "stored"), ACCOUNTS)
def test_an_account_that_does_not_add_up(account: Account, stored: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match="accounted for"):
        add_up([account], stored)
    add_up([Account("a", 4, {"pets": 3}, {"no id": 1})], {"pets": Stored(2, 1)})


# -- what an error offers -----------------------------------------------------------------------


def test_what_is_given_already_is_not_offered(store: Store, tmp_path: Path) -> None:
    """A column that is no field, or a field that none is: no row can be left out for it."""
    path = tmp_path / "owners.csv"
    path.write_text("Her Name,tax_number,born\nA,T1,1970-01-01\nB,T2,1970-01-01\n")
    for options in ({}, {"bad_rows": "skip"}):
        with pytest.raises(InvalidRows) as caught:
            store.import_data(path, scenario="s", **options)
        assert "bad_rows" not in str(caught.value)
        assert 'map="Her Name=FIELD"' in str(caught.value)
        assert 'ignore="Her Name"' in str(caught.value)
    rows = [{"Her Name": "A", "tax_number": "T1", "born": "1970-01-01"}]
    with pytest.raises(InvalidRows, match='map="Her Name=FIELD"'):
        store.persist({"owners": rows}, scenario="s")
    made = store.import_data(path, scenario="s", map="Her Name=full_name")
    assert made.persisted.inserted == {"owners": 2}


def test_all_rows_bad(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text("full_name,tax_number,born\nA,T1,x\nB,T2,y\n")
    with pytest.raises(EmptyBatch, match="No row is left: all 2 were left out") as caught:
        store.import_data(path, scenario="s", bad_rows="skip")
    assert "2 rows left out, born: must be a date" in str(caught.value.hint)
    assert "bad_rows" not in str(caught.value)
    path.write_text("full_name,tax_number\nA,T1\nB,T2\n")
    with pytest.raises(
        InvalidRows, match=r"born: is required: \(2 rows\)|born: is required"
    ) as two:
        store.import_data(path, scenario="s", bad_rows="skip")
    assert 'value="born=TEXT"' in str(two.value)


def test_rows_that_lack_a_field_which_others_have(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "owners.ndjson"
    path.write_text(
        '{"full_name": "A", "tax_number": "T1", "born": "1970-01-01"}\n'
        '{"full_name": "B", "tax_number": "T2"}\n'
    )
    made = store.import_data(path, scenario="s", bad_rows="skip", rejects=tmp_path / "r.csv")
    assert made.persisted.inserted == {"owners": 1}
    (told,) = rejected(tmp_path / "r.csv")
    assert (told["line"], told["field"], told["reason"]) == ("2", "born", "is required")


def test_a_bad_row_that_is_an_orphan_too_is_a_bad_row(store: Store, tmp_path: Path) -> None:
    pets = [
        {"owner_tax_number": "T1", "species": "dog"},
        {"owner_tax_number": "T9999", "species": "cow"},
    ]
    made = store.persist(
        {"owners": OWNERS, "pets": pets}, scenario="s", bad_rows="skip", rejects=tmp_path / "r.csv"
    )
    assert made.left_out == {"pets": 1}


def test_each_option_that_lacks_is_offered(store: Store) -> None:
    pets = [
        {"owner_tax_number": "T9999", "species": "dog"},
        {"owner_tax_number": "T1", "species": "cow"},
    ]
    for given, offered in [
        ({}, 'bad_rows="skip", orphans="skip"'), ({"bad_rows": "skip"}, ': orphans="skip"'),
        ({"orphans": "skip"}, ': bad_rows="skip"'),
    ]:  # fmt: skip
        with pytest.raises(InvalidRows) as caught:
            store.persist({"owners": OWNERS, "pets": pets}, scenario="s", **given)
        assert offered in str(caught.value.hint)
