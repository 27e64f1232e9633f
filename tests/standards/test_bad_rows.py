"""Rows that a file cannot hold, and SELECTs on real rows that nobody can await."""

from __future__ import annotations

import json
import math
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kennel_club
import pytest
import xpt_reader
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.errors import DeclarationError, NotConformant, TargetExists
from healthsim_store.exchange import statement_clock

ALONE = (
    "-- Pets @writer datasets @files json, ndjson, xpt, csv @guide CLUB 2.1\n"
    "\n-- A weight @macro heavy(weight)\nSELECT :weight * 1.0;\n"
)
#: More and more rows from a few of them, without an end.
ENDLESS = "WITH RECURSIVE more(n) AS (SELECT 1 FROM pets UNION ALL SELECT n + 1 FROM more) "
PETS = 3


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    pets = [{"pet_id": f"p{n}", "owner_id": "o1", "species": "dog"} for n in range(PETS)]
    store.persist({"owners": [owner(1)], "pets": pets}, scenario="kennel")
    return store


def dataset(folder: Path, select: str, columns: str, head: str = ALONE) -> Path:
    """A standard of one dataset PETS with an ID, columns as they are given, and one SELECT."""
    home = folder / "pets"
    home.mkdir(exist_ok=True)
    layout = f"-- Pets\nCREATE TABLE PETS (\n  ID VARCHAR(20) PRIMARY KEY, -- Id\n{columns}\n);\n"
    (home / "standard.sql").write_text(head, "utf-8")
    (home / "pets.sql").write_text(f"{layout}\n-- @into PETS\n{select};\n", "utf-8")
    return home


def export(store: Store, folder: Path, out: Path, kind: str) -> Any:
    return store.export_scenario(
        "kennel", format=str(folder), to=out, force=True, options={"files": kind}
    )


def rows(out: Path) -> list[list[Any]]:
    found: list[list[Any]] = json.loads((out / "pets.json").read_text("utf-8"))["rows"]
    return found


# -- values ----------------------------------------------------------------------------------


def test_a_whole_number_that_xpt_would_round_is_told(filled: Store, tmp_path: Path) -> None:
    select = f"SELECT pet_id AS ID, {2**53} + (pet_id = 'p2') AS N FROM pets"
    folder = dataset(tmp_path, select, "  N INTEGER -- Number")
    with pytest.raises(NotConformant, match=f"PETS.N: {2**53 + 1} is a whole number over {2**53}"):
        export(filled, folder, tmp_path / "out", "xpt")
    assert not (tmp_path / "out").exists()
    export(filled, folder, tmp_path / "out", "json")
    assert rows(tmp_path / "out") == [["p0", 2**53], ["p1", 2**53], ["p2", 2**53 + 1]]


def test_the_least_whole_number_is_written(filled: Store, tmp_path: Path) -> None:
    """SQLite's abs() has no answer for it."""
    select = "SELECT pet_id AS ID, -9223372036854775807 - 1 AS N FROM pets"
    folder = dataset(tmp_path, select, "  N INTEGER -- Number")
    export(filled, folder, tmp_path / "out", "json")
    assert rows(tmp_path / "out")[0] == ["p0", -(2**63)]
    assert 'Length="19"' in (tmp_path / "out" / "define.xml").read_text("utf-8")


@pytest.mark.parametrize("kind", ["json", "xpt", "csv"])
def test_infinity_is_no_number(filled: Store, tmp_path: Path, kind: str) -> None:
    select = "SELECT pet_id AS ID, CASE pet_id WHEN 'p1' THEN -9e999 ELSE 1 END AS X FROM pets"
    folder = dataset(tmp_path, select, "  X REAL -- Number")
    (account,) = export(filled, folder, tmp_path / "out", kind).datasets
    assert account.refused == {"X must be a number": 1}
    assert account.examples == {"X must be a number": f"ID p1, X {-math.inf}"}


def test_what_is_no_number_is_empty(filled: Store, tmp_path: Path) -> None:
    """In SQLite, infinity less infinity is NULL."""
    folder = dataset(tmp_path, "SELECT pet_id AS ID, 9e999 - 9e999 AS X, -0.0 AS Z FROM pets",
                     "  X REAL, -- Number\n  Z REAL -- Zero")  # fmt: skip
    export(filled, folder, tmp_path / "out", "json")
    assert rows(tmp_path / "out")[0] == ["p0", None, 0.0]
    export(filled, folder, tmp_path / "xpt", "xpt")
    assert xpt_reader.read(tmp_path / "xpt" / "pets.xpt").rows[0] == ["p0", None, 0.0]


def test_days_of_all_times_are_text_in_xpt(filled: Store, tmp_path: Path) -> None:
    """So nothing depends on 1960, where SAS begins to count."""
    select = """SELECT pet_id AS ID, CASE pet_id WHEN 'p0' THEN '0001-01-01'
      WHEN 'p1' THEN '1959-12-31' ELSE '9999-12-31' END AS D FROM pets"""
    export(filled, dataset(tmp_path, select, "  D DATE -- Day"), tmp_path / "out", "xpt")
    found = [row[1] for row in xpt_reader.read(tmp_path / "out" / "pets.xpt").rows]
    assert found == ["0001-01-01", "1959-12-31", "9999-12-31"]


def test_a_nul_is_told_for_xpt_and_kept_in_json(filled: Store, tmp_path: Path) -> None:
    folder = dataset(tmp_path, "SELECT pet_id AS ID, 'a' || char(0) || 'b' AS T FROM pets",
                     "  T VARCHAR -- Text")  # fmt: skip
    with pytest.raises(NotConformant, match=r"PETS\.T: a text has the character NUL"):
        export(filled, folder, tmp_path / "out", "xpt")
    assert not (tmp_path / "out").exists()
    export(filled, folder, tmp_path / "out", "json")
    assert rows(tmp_path / "out")[0] == ["p0", "a\0b"]


@pytest.mark.parametrize("kind", ["json", "ndjson", "xpt", "csv"])
def test_text_that_is_no_utf_8_is_told(filled: Store, tmp_path: Path, kind: str) -> None:
    folder = dataset(tmp_path, "SELECT pet_id AS ID, CAST(x'C328' AS VARCHAR) AS T FROM pets",
                     "  T VARCHAR -- Text")  # fmt: skip
    with pytest.raises(NotConformant, match="PETS: a text is not UTF-8"):
        export(filled, folder, tmp_path / "out", kind)
    assert not (tmp_path / "out").exists()


def test_a_long_name_that_may_be_left_out_is_told_where_it_is_not(
    filled: Store, tmp_path: Path
) -> None:
    """Which is known only when the rows are there."""
    columns = "  TELEPHONE VARCHAR(20) -- Telephone @optional"
    select = "SELECT pet_id AS ID, {} AS TELEPHONE FROM pets"
    folder = dataset(tmp_path, select.format("nullif(species, 'dog')"), columns)
    export(filled, folder, tmp_path / "none", "xpt")
    assert xpt_reader.read(tmp_path / "none" / "pets.xpt").names == ["ID"]
    folder = dataset(tmp_path, select.format("species"), columns)
    with pytest.raises(NotConformant, match=r"PETS\.TELEPHONE: its name has 9 letters; at most 8"):
        export(filled, folder, tmp_path / "out", "xpt")
    assert not (tmp_path / "out").exists()


def test_a_code_list_is_listed_whole_or_not_at_all(filled: Store, tmp_path: Path) -> None:
    for most in (999, 1_000):
        select = (
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {most})"
            " SELECT 'p' || i AS ID, 't' || i AS T FROM n, pets WHERE pet_id = 'p0'"
        )
        folder = dataset(tmp_path, select, "  T VARCHAR -- Term @codes Terms (C1)")
        export(filled, folder, tmp_path / "out", "json")
        text = (tmp_path / "out" / "define.xml").read_text("utf-8")
        assert text.count("<EnumeratedItem") == (1_000 if most == 999 else 0)
        assert text.count("<CodeListRef") == (most == 999)


def test_a_dictionary_is_named_and_not_listed(filled: Store, tmp_path: Path) -> None:
    columns = "  PT VARCHAR, -- Preferred term @codes meddra\n  L VARCHAR -- Test @codes LOINC"
    select = "SELECT pet_id AS ID, 'Rash' AS PT, '4548-4' AS L FROM pets"
    export(filled, dataset(tmp_path, select, columns), tmp_path / "out", "json")
    text = (tmp_path / "out" / "define.xml").read_text("utf-8")
    for name in ("MedDRA", "LOINC"):
        assert f'<ExternalCodeList Dictionary="{name}" />' in text
    assert "EnumeratedItem" not in text


def test_rows_that_refer_to_rows_of_their_own(store: Store, tmp_path: Path) -> None:
    """In any order, also across what is put in at once; whoever is above an orphan is none."""
    count = 4_500  # p0 is above p1, and so on; they come from the last to the first
    pets = [{"pet_id": f"p{n:04}", "owner_id": "o1", "species": "dog"} for n in range(count)]
    store.persist({"owners": [owner(1)], "pets": pets}, scenario="kennel")
    above = "printf('p%04d', CAST(substr(pet_id, 2) AS INTEGER) - 1)"
    columns = "  ABOVE VARCHAR(20) REFERENCES PETS (ID), -- Above\n  N INTEGER CHECK (N > 0) -- N"

    def written(select: str) -> tuple[int, dict[str, int], dict[str, str]]:
        folder = dataset(tmp_path, select + " FROM pets ORDER BY pet_id DESC", columns)
        (account,) = export(store, folder, tmp_path / "out", "json").datasets
        assert account.given == account.rows + sum(account.refused.values()) == count
        assert len(rows(tmp_path / "out")) == account.rows
        return account.rows, dict(account.refused), dict(account.examples)

    whole = f"SELECT pet_id AS ID, CASE WHEN pet_id > 'p0000' THEN {above} END AS ABOVE"
    assert written(whole) == (count, {}, {})
    # One is refused, and so the rows are put in some at a time; two more hang on it.
    assert written(f"{whole}, pet_id <> 'p4497' AS N") == (
        count - 3,
        {"N: N > 0": 1, "ABOVE is not in PETS": 2},
        {"N: N > 0": "ID p4497, N 0", "ABOVE is not in PETS": "ID p4498"},
    )


# -- SELECTs that do not end, where there are rows -------------------------------------------


def test_a_million_rows_of_three_are_told(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_clock, "_FREE_ROWS", 1_000)  # and one for each byte
    folder = dataset(tmp_path, f"{ENDLESS} SELECT 'p' || n AS ID FROM more", "  N INTEGER -- N")
    with pytest.raises(DeclarationError, match=r"pets\.sql, line 8: it gives over [0-9,]+ rows"):
        export(filled, folder, tmp_path / "out", "json")
    # One by one too: the first row that is refused leads there.
    select = f"{ENDLESS} SELECT 'p' || n AS ID, CASE n WHEN 1 THEN 'x' END AS N FROM more"
    folder = dataset(tmp_path, select, "  N VARCHAR CHECK (N IN ('y')) -- N")
    with pytest.raises(DeclarationError) as error:
        export(filled, folder, tmp_path / "out", "json")
    assert error.value.hint == "Does a join lack its ON, or does a WITH RECURSIVE never end?"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("where", ["the SELECT", "a macro"])
def test_a_select_without_an_end_is_ended(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(statement_clock, "SECONDS", 0.3)
    monkeypatch.setattr(statement_clock, "SECONDS_PER_MB", 0.0)
    endless = f"({ENDLESS} SELECT max(n) FROM more)"
    head = ALONE
    if where == "a macro":
        head += f"\n-- @macro greatest(weight)\nSELECT {endless} + :weight;\n"
        endless = "greatest(1)"
    folder = dataset(tmp_path, f"SELECT pet_id AS ID, {endless} AS N FROM pets",
                     "  N INTEGER -- N", head)  # fmt: skip
    with pytest.raises(DeclarationError, match="it takes more than 0 seconds of the processor"):
        export(filled, folder, tmp_path / "out", "json")
    assert not (tmp_path / "out").exists()


def test_a_never_does_no_more_than_a_select(filled: Store, tmp_path: Path) -> None:
    never = ALONE + "\n-- Never @never\nSELECT ID FROM PETS WHERE length(randomblob(9)) > 99;\n"
    folder = dataset(tmp_path, "SELECT pet_id AS ID FROM pets", "  N INTEGER -- N", never)
    with pytest.raises(DeclarationError, match=r"standard\.sql, line 7: not authorized to use"):
        export(filled, folder, tmp_path / "out", "json")
    large = "SELECT ID FROM PETS WHERE length(replace(printf('%.7000000c', 'a'), 'a', ID)) > 0;\n"
    folder = dataset(tmp_path, "SELECT pet_id AS ID FROM pets", "  N INTEGER -- N",
                     f"{ALONE}\n-- Never @never\n{large}")  # fmt: skip
    with pytest.raises(DeclarationError, match=r"standard\.sql, line 7: string or blob too big"):
        export(filled, folder, tmp_path / "out", "json")


# Python tells of a signal that comes while SQLite asks for the time, and SQLite ends all the same.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("where", ["the SELECT", "a @never"])
def test_ctrl_c_leaves_nothing(filled: Store, tmp_path: Path, where: str) -> None:
    endless, head = f"({ENDLESS} SELECT max(n) FROM more)", ALONE
    select = f"SELECT pet_id AS ID, {endless} AS N FROM pets"
    if where == "a @never":
        select = "SELECT pet_id AS ID FROM pets"
        endless = endless.replace("pets", "PETS WHERE ID > ''")
        head += f"\n-- Never @never\nSELECT ID FROM PETS WHERE {endless} < 0;\n"
    folder = dataset(tmp_path, select, "  N INTEGER -- N", head)
    timer = threading.Timer(6.0, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        export(filled, folder, tmp_path / "out", "json")
    timer.join()
    assert not (tmp_path / "out").exists()
    left = {path.name for path in tmp_path.iterdir()} - {"pets", "store"}
    assert not left, left


# -- where it is written ---------------------------------------------------------------------


def test_what_is_there_stays(filled: Store, tmp_path: Path) -> None:
    folder = dataset(tmp_path, "SELECT pet_id AS ID FROM pets", "  N INTEGER -- N")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(TargetExists):
            filled.export_scenario("kennel", format=str(folder), to=tmp_path / "out", force=force)
    assert os.listdir(tmp_path / "out") == ["mine.txt"]


def test_an_option_that_is_given_twice_is_told(run: Run, filled: Store, tmp_path: Path) -> None:
    folder = dataset(tmp_path, "SELECT pet_id AS ID FROM pets", "  N INTEGER -- N")
    words = ["export", "kennel", "--format", str(folder), "--to", str(tmp_path / "out")]
    twice = ["--set", "files=xpt", "--set", "files=json"]
    done = run(*words, *twice, "--store", str(filled.path))
    assert done.returncode != 0
    assert "--set files=json: files is given twice." in done.stderr
    assert not (tmp_path / "out").exists()


def test_kinds_of_files_are_named(filled: Store, tmp_path: Path) -> None:
    folder = kennel_club.write(tmp_path)
    with pytest.raises(Exception, match="files: give one of json, ndjson, xpt, csv"):
        export(filled, folder, tmp_path / "out", "sas")
