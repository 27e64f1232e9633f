"""The trash: what is in it, what comes back by number, what is purged, and who is asked before."""

from __future__ import annotations

import datetime as dt
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, owner

from healthsim_store import Purged, Store
from healthsim_store.errors import AmbiguousScenario, InvalidArgument, ScenarioNotFound


@pytest.fixture
def kept(store: Store) -> Store:
    """Three in the trash, of which two had one name; and two scenarios."""
    for name, number in (("asthma-cohort", 1), ("gout", 2), ("asthma-cohort", 3)):
        store.persist({"owners": [owner(number)]}, scenario=name)
        store.delete_scenario(name)
    for name in ("asthma-cohort", "stroke"):
        store.persist({"owners": [owner(9)]}, scenario=name)
    return store


def listed(store: Store) -> list[tuple[int, str]]:
    return [(deleted.number, deleted.name) for deleted in store.list_deleted()]


def days_ago(store: Store, number: int, days: float) -> None:
    """Make an entry of the trash older than it is."""
    (entry,) = [e for e in store.list_deleted() if e.number == number]
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    entry.path.rename(entry.path.with_name(f"{entry.name}~{then:%Y%m%dT%H%M%S.%fZ}.db"))


def owners(store: Store, scenario: str) -> list[str]:
    return [row["owner_id"] for row in store.load_scenario(scenario)["owners"]]


# -- delete ----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["asthma", "asthm", "cohort", "ASTHMA-"])
def test_a_part_of_a_name_deletes_nothing(kept: Store, part: str) -> None:
    with pytest.raises(ScenarioNotFound, match="a part of a name is not enough") as refused:
        kept.delete_scenario(part)
    assert 'Did you mean asthma-cohort? delete_scenario("asthma-cohort")' in str(refused.value)
    assert kept.names() == ["asthma-cohort", "stroke"]


def test_a_whole_name_and_an_id_delete(kept: Store) -> None:
    scenario_id = kept.scenario_info("stroke").scenario_id
    assert kept.delete_scenario("Asthma-Cohort") == "asthma-cohort"
    assert kept.delete_scenario(scenario_id) == "stroke"
    assert kept.names() == []


def test_an_id_that_begins_a_name_is_the_id(kept: Store) -> None:
    scenario_id = kept.scenario_info("stroke").scenario_id
    kept.persist({"owners": [owner(5)]}, scenario=f"{scenario_id}-notes")
    assert kept.delete_scenario(scenario_id) == "stroke"


# -- restore ---------------------------------------------------------------------------------


def test_the_list_has_numbers_and_sizes(kept: Store) -> None:
    assert listed(kept) == [(3, "asthma-cohort"), (2, "gout"), (1, "asthma-cohort")]
    for entry in kept.list_deleted():
        assert entry.size == entry.path.stat().st_size
    kept.delete_scenario("stroke")  # what comes later does not change a number
    assert listed(kept)[1:] == [(3, "asthma-cohort"), (2, "gout"), (1, "asthma-cohort")]


def test_an_older_one_comes_back_by_its_number(kept: Store) -> None:
    assert kept.restore_scenario(number=1, new_name="older") == "older"
    assert owners(kept, "older") == ["o1"]
    assert kept.restore_scenario("asthma", new_name="newer") == "newer"
    assert owners(kept, "newer") == ["o3"]
    with pytest.raises(ScenarioNotFound, match="no number 9 in the trash"):
        kept.restore_scenario(number=9)
    for wrong in ({}, {"scenario": "gout", "number": 1}):
        with pytest.raises(InvalidArgument, match="by its name or by its number"):
            kept.restore_scenario(**wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="number is True"):
        kept.restore_scenario(number=True)


def test_what_an_upgrade_replaced_is_there_too(toy_of: Callable[..., None], tmp_path: Path) -> None:
    toy_of("1.0")
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1)]}, scenario="s")
        toy_of("1.1", summary_sql="")
        store.upgrade_scenario("s")
        assert listed(store) == [(1, "s")]
        assert store.purge_deleted("s").bytes > 0
        assert listed(store) == []
        assert owners(store, "s") == ["o1"]


# -- purge -----------------------------------------------------------------------------------


def test_purge_by_name(kept: Store) -> None:
    sizes = {entry.number: entry.size for entry in kept.list_deleted()}
    tried = kept.purge_deleted("asthma-cohort", dry_run=True)
    assert (tried.done, tried.bytes, len(listed(kept))) == (False, sizes[1] + sizes[3], 3)
    done = kept.purge_deleted("asthma-cohort")
    assert (done.done, done.bytes, [e.number for e in done.scenarios]) == (
        True, sizes[1] + sizes[3], [3, 1],
    )  # fmt: skip
    assert listed(kept) == [(1, "gout")]
    assert kept.names() == ["asthma-cohort", "stroke"]  # only what was deleted


def test_purge_of_what_is_older(kept: Store) -> None:
    days_ago(kept, 1, 40)
    days_ago(kept, 2, 20)
    assert [e.name for e in kept.purge_deleted(older_than=30).scenarios] == ["asthma-cohort"]
    assert listed(kept) == [(2, "asthma-cohort"), (1, "gout")]
    assert kept.purge_deleted("asthma-cohort", older_than=10).scenarios == ()
    assert kept.purge_deleted("gout", older_than=10.5).done
    assert listed(kept) == [(1, "asthma-cohort")]


def test_purge_of_everything(kept: Store) -> None:
    (beside,) = [e.path.with_name(f"{e.path.name}-journal") for e in kept.list_deleted()[:1]]
    beside.write_bytes(b"left")
    total = sum(entry.size for entry in kept.list_deleted())
    assert kept.purge_deleted(everything=True).bytes == total
    assert listed(kept) == []
    assert not any((kept.path / ".healthsim-store" / "trash").iterdir())
    assert kept.names() == ["asthma-cohort", "stroke"]
    assert not kept.purge_deleted(everything=True).done


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "not said what to purge"),
        ({"everything": True, "scenario": "gout"}, "stands alone"),
        ({"everything": True, "older_than": 3}, "stands alone"),
        ({"older_than": -1}, "older_than is -1"),
        ({"older_than": float("nan")}, "older_than is nan"),
        ({"older_than": "3"}, "older_than is '3'"),
        ({"older_than": 1e9}, "older_than is"),
    ],
)
def test_what_cannot_be_purged(kept: Store, given: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidArgument, match=told):
        kept.purge_deleted(**given)
    assert len(listed(kept)) == 3


def test_a_part_of_a_name_purges_nothing(kept: Store) -> None:
    with pytest.raises(ScenarioNotFound, match=r'Did you mean gout\? purge_deleted\("gout"\)'):
        kept.purge_deleted("gou")
    with pytest.raises(ScenarioNotFound, match="no scenario 'stroke'"):
        kept.purge_deleted("stroke")  # it was not deleted
    kept.delete_scenario("stroke")
    kept.persist({"owners": [owner(1)]}, scenario="stroke-2")
    kept.delete_scenario("stroke-2")
    with pytest.raises(AmbiguousScenario):
        kept.purge_deleted("str")
    assert len(listed(kept)) == 5


def test_who_is_asked_may_keep_all(kept: Store) -> None:
    asked: list[Purged] = []

    def no(purged: Purged) -> bool:
        asked.append(purged)
        return False

    assert not kept.purge_deleted(everything=True, confirm=no).done
    assert [e.number for e in asked[0].scenarios] == [3, 2, 1]
    assert len(listed(kept)) == 3

    def later(purged: Purged) -> bool:
        """Somebody deletes another one while the question stands there."""
        kept.delete_scenario("stroke")
        return True

    assert kept.purge_deleted(everything=True, confirm=later).done
    assert [name for _, name in listed(kept)] == ["stroke"]


# -- the command line ------------------------------------------------------------------------


def test_without_a_terminal_a_part_of_a_name_is_refused(kept: Store, run: Run) -> None:
    for arguments in (["delete", "asthm"], ["delete", "asthm", "--json"]):
        done = run(*arguments)
        assert done.returncode == 3
        assert "healthsim-store delete asthma-cohort" in done.stderr + done.stdout
        assert "asthma-cohort" in kept.names()
    assert run("delete", "asthm", "--yes").returncode == 0
    assert run("delete", "stroke").stdout.startswith('Deleted "stroke".')
    assert kept.names() == []


def test_without_a_terminal_purge_needs_yes(kept: Store, run: Run) -> None:
    for arguments in (["gout"], ["--all"], ["--older-than", "0", "--json"]):
        done = run("purge", *arguments)
        told = done.stderr + done.stdout
        assert (done.returncode, len(listed(kept))) == (2, 3)
        assert "Nobody can be asked here" in told
        words = [one for one in arguments if one != "--json"]
        assert f"healthsim-store purge {' '.join(words).replace(' 0', ' 0.0')} --yes" in told
    assert "healthsim-store purge gout" in run("purge", "gou", "--yes").stderr
    assert run("purge", "--all", "--dry-run").stdout.startswith("Would be purged: 3 files")
    told = json.loads(run("purge", "gout", "--yes", "--json").stdout)
    assert (told["done"], [e["name"] for e in told["purged"]]) == (True, ["gout"])
    assert run("purge", "--all", "--yes").stdout.startswith("Purged: 2 files")
    assert run("restore").stderr == "0 in the trash, 0 bytes\n"


def test_the_trash_is_listed_and_restored_by_number(kept: Store, run: Run) -> None:
    table = run("restore").stdout.splitlines()
    assert [cell.strip() for cell in table[0].strip("|").split("|")] == [
        "Number", "Name", "Deleted", "Size",
    ]  # fmt: skip
    assert [line.split("|")[1].strip() for line in table[2:5]] == ["3", "2", "1"]
    assert run("restore", "--number", "1", "--as", "old").stdout == 'Restored "old".\n'
    assert owners(kept, "old") == ["o1"]


def at_a_terminal(store: Store, answer: str, *arguments: str) -> tuple[int, str]:
    """The exit code of a command that a person answers, and what the terminal shows."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"HEALTHSIM_STORE_DIR": str(store.path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "healthsim_store", *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the terminal is closed
        pass
    os.close(ours)
    return process.wait(timeout=60), shown.decode()


def test_at_a_terminal_delete_asks_for_a_part_of_a_name(kept: Store) -> None:
    code, shown = at_a_terminal(kept, "n\n", "delete", "asthm")
    assert 'Delete "asthma-cohort"?' in shown
    assert code != 0
    assert "asthma-cohort" in kept.names()
    code, shown = at_a_terminal(kept, "y\n", "delete", "asthm")
    assert (code, "asthma-cohort" in kept.names()) == (0, False)
    code, shown = at_a_terminal(kept, "", "delete", "stroke")  # a whole name goes through
    assert (code, kept.names()) == (0, [])


def test_at_a_terminal_purge_asks(kept: Store) -> None:
    code, shown = at_a_terminal(kept, "n\n", "purge", "--all")
    assert "Would be purged: 3 files" in shown
    assert code != 0
    assert len(listed(kept)) == 3
    code, shown = at_a_terminal(kept, "y\n", "purge", "gout")
    assert (code, len(listed(kept))) == (0, 2)
