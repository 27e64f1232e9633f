"""What happens after the commit is no error: a retry would store the rows twice."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import BatchDiffers, QueryTimeout, ScenarioBusy, ScenarioExists
from healthsim_store.operations import persist as persisting


@pytest.mark.parametrize("error", [ScenarioBusy("busy"), QueryTimeout("Stopped after 5 seconds.")])
def test_a_reply_that_cannot_be_made_says_that_the_rows_are_in(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(persisting, "read_reply", fails)
        made = store.persist({"owners": [owner(1)]}, scenario="s")
        more = store.persist_batches([({"owners": [owner(2)]}, {})], scenario="s")
    assert (made.scenario, made.created, dict(made.inserted)) == ("s", True, {"owners": 1})
    assert dict(more.inserted) == {"owners": 1}
    for result in (made, more):
        assert "it is stored, but could not be read again" in result.summary.to_markdown()
        assert str(error.args[0] if error.args else "") in result.summary.to_markdown()
        assert result.to_dict()["summary"]["scenario"] == "s"
    assert len(store.load_scenario("s")["owners"]) == 2


STORE = """
import sys
from healthsim_store import Store
folder, number = sys.argv[1], int(sys.argv[2])
rows = [
    {"owner_id": f"o{number}-{n}", "tax_number": f"T{number}-{n}", "full_name": "N",
     "born": "1990-01-15"}
    for n in range(50)
]
Store(folder).persist({"owners": rows}, scenario="same")
"""


def test_of_many_that_name_one_new_scenario_each_is_stored(
    tmp_path: Path, toy: None, toy_folder: Path
) -> None:
    path = os.pathsep.join([str(toy_folder), os.environ.get("PYTHONPATH", "")])
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", STORE, str(tmp_path / "store"), str(number)],
            env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.PIPE, text=True,
        )
        for number in range(6)
    ]  # fmt: skip
    told = [writer.communicate(timeout=120)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 6, told
    with Store(tmp_path / "store") as store:
        assert store.names() == ["same"]
        (answer,) = store.query_scenario("same", "SELECT count(*) AS n FROM owners").rows
        assert answer == {"n": 300}
        assert store.check_scenario("same").ok


@pytest.mark.parametrize("again", [
    {"owners": [owner(1), owner(2)]},
    {"people": [{**owner(1), "name": "Owner 1"}, owner(2)]},
    {"owners": [dict(reversed(owner(1).items())), owner(2)]},
    {"owners": iter([owner(1), owner(2)])},
])  # fmt: skip
def test_a_retry_is_known_by_its_rows(store: Store, again: dict[str, Any]) -> None:
    if "people" in again:
        again["people"][0].pop("full_name", None)
    store.persist({"owners": [owner(1), owner(2)]}, scenario="s", batch_id="b")
    assert store.persist(again, scenario="s", batch_id="b").repeated
    assert len(store.load_scenario("s")["owners"]) == 2


@pytest.mark.parametrize("other", [
    {"owners": [owner(1)]},
    {"owners": [owner(2), owner(1)]},
    {"owners": [owner(1), owner(2, full_name="Another")]},
    {"owners": [owner(1), owner(2)], "pets": [{"owner_id": "o1"}]},
])  # fmt: skip
def test_other_rows_under_a_batch_id_that_was_used_are_an_error(
    store: Store, other: dict[str, Any]
) -> None:
    store.persist({"owners": [owner(1), owner(2)]}, scenario="s", batch_id="b")
    before = store.find("s").read_bytes()
    for scenario in ("s", None):
        with pytest.raises(BatchDiffers) as refused:
            store.persist(other, scenario=scenario, batch_id="b")
        assert "other rows" in refused.value.message
        assert refused.value.code == "batch_differs"
    assert store.find("s").read_bytes() == before


def test_a_batch_of_an_older_version_is_known_by_its_id_alone(store: Store) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s", batch_id="b")
    with contextlib.closing(sqlite3.connect(store.find("s"))) as file:
        file.execute("UPDATE _log SET fingerprint = NULL")
        file.commit()
    assert store.persist({"owners": [owner(2)]}, scenario="s", batch_id="b").repeated


def test_a_new_scenario_must_not_be_there_yet(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    before = store.find("s").read_bytes()
    for save in (
        lambda: store.persist({"owners": [owner(2)]}, scenario="s", new=True),
        lambda: store.save_scenario("s", {"owners": [owner(2)]}),
        lambda: store.persist_batches([({"owners": [owner(2)]}, {})], scenario="s", new=True),
    ):
        with pytest.raises(ScenarioExists, match="already"):
            save()
    # Also where another program made it after the first look.
    looks = iter([None, store.find("s")])
    monkeypatch.setattr(store._files, "existing", lambda name: next(looks))
    with pytest.raises(ScenarioExists):
        store.save_scenario("s", {"owners": [owner(2)]})
    assert store.find("s").read_bytes() == before
