"""What a stranger's SQL may take is found out in a process that can be ended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import Run
from statements import LOOP

from healthsim_store import Store
from healthsim_store.errors import DeclarationError
from healthsim_store.plugins import FOLDER
from healthsim_store.storage.apart import Trial, try_apart

DOUBLED = "WITH c0 AS (SELECT 1 AS x), {} SELECT count(*) AS n FROM c22".format(
    ", ".join(f"c{n} AS (SELECT a.x FROM c{n - 1} a, c{n - 1} b)" for n in range(1, 23))
)
SUMS = "WITH c0 AS (SELECT x FROM t), {} SELECT x FROM c24".format(
    ", ".join(f"c{n} AS (SELECT x + x AS x FROM c{n - 1})" for n in range(1, 25))
)
LONG_CALL = "SELECT instr(printf('%.*c', 7900000, 'a'), printf('%.*c', 3900000, 'a') || 'b')"
TABLE = Trial("CREATE TABLE t (x)", "t.sql, line 1")


@pytest.mark.parametrize("sql", [DOUBLED, SUMS, LONG_CALL])
def test_what_would_hang_this_process_is_told(sql: str) -> None:
    begun = time.monotonic()
    with pytest.raises(DeclarationError, match=r"t\.sql, line 2: it takes more than 3 seconds or"):
        try_apart([TABLE, Trial(sql, "t.sql, line 2")])
    assert time.monotonic() - begun < 30


def test_what_is_slow_and_what_is_wrong_is_left_to_who_runs_it() -> None:
    begun = time.monotonic()
    try_apart(
        [
            TABLE,
            Trial(LOOP, "a"),  # can be stopped
            Trial(LONG_CALL, "b", prepared=True),
            Trial("SELECT nonsense", "c"),
            Trial("ATTACH 'other.db' AS other", "d"),
            Trial("SELECT :a + ours(1, 2), x FROM t", "e", {"a": 1}),
        ],
        [("ours", -1)],
    )
    assert time.monotonic() - begun < 30


def test_functions_that_are_ours_do_not_hide_what_comes_with_them() -> None:
    doubled = DOUBLED.replace("count(*)", "ours(x)")
    with pytest.raises(DeclarationError):
        try_apart([Trial(doubled, "here")], [("ours", 1)])


PROFILE = f"""-- Owners @counts owners @count 10

-- One @for count
CREATE TABLE person (
  age INTEGER -- @normal 50, 10, 20, 80
);

-- @into owners
{DOUBLED.replace("count(*) AS n", "key || x AS owner_id")}, person, run;
"""
MAPPING = f"""CREATE TABLE people (Id TEXT NOT NULL);

-- @into owners @from people
{DOUBLED.replace("count(*) AS n", "stable_id(Id) AS owner_id")}, people;
"""


def test_a_profile_that_would_hang_is_told_with_its_line(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "doubled.sql"
    path.write_text(PROFILE, "utf-8")
    with pytest.raises(DeclarationError, match=r"doubled\.sql, line 9: it takes more than"):
        store.generate_scenario(str(path))


def test_a_mapping_of_one_file_that_would_hang_is_left_out(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "hanging.sql").write_text(MAPPING, "utf-8")
    monkeypatch.setenv(FOLDER, str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for _ in range(2):
        done = run("plugins")
        assert done.returncode == 0, done.stderr
        assert "hanging.sql, line 4: it takes more than" in done.stdout + done.stderr
