"""A profile's statements end within their time whatever they call, and at once by Ctrl-C."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from healthsim_store import Store
from healthsim_store.errors import DeclarationError
from healthsim_store.generation import engine, run

SLACK = 4.0  # for a machine that does other things too

# Each takes about a second, and there is no step between them at which SQLite would look.
LONG_CALLS = " + ".join(
    f"instr(printf('%.*c', 199000 + n, 'a'), printf('%.*c', {99000 + n}, 'a') || 'b')"
    for n in range(6)
)
ENDLESS = "WITH RECURSIVE up(x) AS (SELECT n FROM person UNION ALL SELECT x + 1 FROM up)"

PROFILE = """-- Owners @counts owners @count 10

-- What can be chosen
CREATE TABLE options (size INTEGER DEFAULT {default} {check});

-- One @for count
CREATE TABLE person (age INTEGER {draw});

{step}

-- @into owners
{select};
"""
PLAIN = {
    "default": "5",
    "check": "",
    "draw": "-- @normal 50, 10, 20, 80\n",
    "step": "",
    "select": "SELECT key || n AS owner_id, key || n AS tax_number, 'A' AS full_name,"
    " '1980-01-05' AS born FROM person, run",
}

#: On empty tables each of them ends at once, so none is found before the profile runs.
UNENDING = {
    "a loop": {
        "step": "-- Of each batch @batch\n"
        f"CREATE TABLE e AS {ENDLESS} SELECT count(*) AS n FROM up;"
    },
    "long calls": {
        "step": f"-- Of each batch @batch\nCREATE TABLE e AS SELECT {LONG_CALLS} AS n FROM person;"
    },
    "a view of long calls": {
        "step": f"CREATE VIEW e AS SELECT {LONG_CALLS} AS m, n FROM person;",
        "select": PLAIN["select"].replace("person", "person JOIN e USING (n)").replace("'A'", "m"),
    },
    "a count": {"select": PLAIN["select"] + f" WHERE ({ENDLESS} SELECT count(*) FROM up) > 0"},
}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_SECONDS", 0.5)
    monkeypatch.setattr(run, "_JUDGE_SECONDS", 0.5)


def made(tmp_path: Path, **parts: str) -> str:
    path = tmp_path / "endless.sql"
    path.write_text(PROFILE.format(**PLAIN | parts), "utf-8")
    return str(path)


def test_the_profile_makes_owners_when_nothing_is_wrong_with_it(
    store: Store, tmp_path: Path
) -> None:
    assert store.generate_scenario(made(tmp_path), seed=1).inserted == {"owners": 10}


@pytest.mark.parametrize("kind", UNENDING)
@pytest.mark.usefixtures("short")
def test_a_statement_ends_within_its_time(store: Store, tmp_path: Path, kind: str) -> None:
    profile = made(tmp_path, **UNENDING[kind])
    with pytest.raises(DeclarationError, match="took longer than") as told:
        store.generate_scenario(profile, seed=1)  # tries it on empty tables, which takes its time
    assert "endless.sql, line" in told.value.message
    begun = time.monotonic()
    with pytest.raises(DeclarationError, match="took longer than"):
        store.generate_scenario(profile, seed=1)
    assert time.monotonic() - begun < 0.5 + 1.0 + SLACK
    assert store.names() == []


@pytest.mark.parametrize("kind", ["a loop", "long calls"])
def test_ctrl_c_ends_a_statement_at_once(store: Store, tmp_path: Path, kind: str) -> None:
    profile = made(tmp_path, **UNENDING[kind])
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_SECONDS", 0.1)
        with pytest.raises(DeclarationError):
            store.generate_scenario(profile, seed=1)
    timer = threading.Timer(1.0, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        store.generate_scenario(profile, seed=1)
    assert time.monotonic() - pressed[0] < 1.0 + SLACK
    timer.join()
    assert store.names() == []


def test_rows_without_end_are_refused_before_memory_is(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_MAX_BYTES", 1_000_000)
    profile = made(tmp_path, select=f"{ENDLESS} SELECT x AS owner_id, 'A' AS full_name FROM up")
    with pytest.raises(DeclarationError, match=r"line 13: it gives more than 1 MB for one batch"):
        store.generate_scenario(profile, seed=1)


@pytest.mark.parametrize("part", [
    {"default": f"({ENDLESS.replace('SELECT n FROM person', 'SELECT 1')} SELECT max(x) FROM up)"},
    {"default": f"({LONG_CALLS.replace(' n,', ' 0,')})"},
    {"check": f"CHECK (size < {LONG_CALLS.replace('+ n', '+ size')})"},
    {"check": "CHECK (size IN (SELECT 5))"},
    {"default": "(printf('%.*c', 2000000000, 'x'))"},
])  # fmt: skip
@pytest.mark.usefixtures("short")
def test_an_option_is_judged_within_its_time(
    store: Store, tmp_path: Path, part: dict[str, str]
) -> None:
    begun = time.monotonic()
    with pytest.raises(DeclarationError, match=r"endless\.sql"):
        store.generate_scenario(made(tmp_path, **part), seed=1)
    assert time.monotonic() - begun < 0.5 + 1.0 + SLACK
