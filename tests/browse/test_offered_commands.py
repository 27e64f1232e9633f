"""The commands that the pages show, to be copied or as a hint, are run as they are shown."""

from __future__ import annotations

import html
import os
import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import offered
import pytest
from browsing import serving
from conftest import owner
from forks import command

from healthsim_store import Store


@pytest.mark.parametrize("name", ["store", "a store"])
def test_the_commands_of_the_pages(
    name: str, tmp_path: Path, toy_folder: Path, toy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Store(tmp_path / name) as store:
        store.persist({"owners": [owner(n) for n in range(3)]}, scenario="pet owners")
        store.persist({"owners": [owner(1)]}, scenario="silent")
        path, silent = store.find("pet-owners"), store.find("silent")
    with closing(sqlite3.connect(silent)) as file, file:
        file.execute("DELETE FROM _questions")
    with serving(store.path, path=tmp_path, site=toy_folder) as served:
        page = served.get(f"/{path.stem}").text
        shown = [
            html.unescape(one) for one in re.findall(r"<code>(healthsim-store .*?)</code>", page)
        ]
        told = [
            served.get(f"/{path.stem}.csv").text,
            served.get("/silent/-/questions/heavy_pets.csv").text,
        ]
    assert [line.split()[1] for line in shown] == ["summary", "query", "export", "export"]
    hints = [line for text in told for line in offered.commands(html.unescape(text))]
    assert ["healthsim-store", "export", path.stem] in [line[:3] for line in hints]
    # Somebody types it in a shell of theirs, where another store is the default one.
    environment = os.environ | {
        "HEALTHSIM_STORE_DIR": str(tmp_path / "theirs"),
        "XDG_DOWNLOAD_DIR": str(tmp_path),
        "HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(toy_folder), os.environ.get("PYTHONPATH", "")]),
    }
    for words in map(shlex.split, shown):
        done = command(*words[1:], environment=environment)
        assert done.returncode == 0, (words, done.stderr)
    for words in hints:
        assert "--store" not in words or str(store.path) in words
        environment["HEALTHSIM_STORE_DIR"] = str(store.path)  # that of the server
        done = command(*words[1:], "--force", environment=environment)
        assert done.returncode == 0, (words, done.stderr)
