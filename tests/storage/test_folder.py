"""A store's folder: names, new files, and no file ever put over another."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from healthsim_store.base import sqlite
from healthsim_store.errors import InvalidName, NotWritable, ScenarioBusy, ScenarioExists
from healthsim_store.storage.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "store")
    made.prepare()
    return made


def make(folder: Folder, name: str, text: str = "") -> Path:
    path = folder.file(name)
    path.write_text(text or name)
    return path


def kept(folder: Folder) -> dict[str, str]:
    """What is in the folder's files, and that nothing unfinished is left."""
    assert [*folder.hidden.glob("new-*")] == []
    return {name: folder.file(name).read_text() for name in folder.names()}


def test_names(folder: Folder, tmp_path: Path) -> None:
    for name in ("b", "a", "C d"):
        make(folder, name)
    (folder.path / "notes.txt").touch()
    (folder.path / ".hidden.db").touch()
    assert folder.names() == ["C d", "a", "b"]
    assert Folder(tmp_path / "none").names() == []
    assert Folder(folder.path / "notes.txt").names() == []


def test_a_file_by_its_exact_name(folder: Folder) -> None:
    path = make(folder, "a")
    assert folder.exact("a") == path
    (folder.path / "folder.db").mkdir()
    for name in ("A", "b", "", ".hidden", "../store/a", "x/y", "x\\y", "x\0y", "folder", "x" * 999):
        assert folder.exact(name) is None, name


def test_the_file_to_write_to_is_found_but_for_case(folder: Folder) -> None:
    path = make(folder, "Straße")
    assert folder.existing("Straße") == path
    assert folder.existing("STRASSE") == path
    assert folder.existing("Stra") is None
    assert folder.taken("straße")
    with pytest.raises(ScenarioExists, match="'strasse' already"):
        folder.check_free("strasse")
    folder.check_free("other")


def test_a_free_name_counts_on(folder: Folder) -> None:
    assert folder.free("a") == "a"
    make(folder, "A")
    assert folder.free("a") == "a-2"
    make(folder, "a-2")
    assert folder.free("a") == "a-3"


def test_a_new_file_appears_when_it_is_whole(folder: Folder) -> None:
    def write(path: Path) -> int:
        path.write_text("whole")
        assert folder.names() == []
        assert path.parent == folder.hidden
        return 7

    assert folder.make("My scenario", str, write) == (folder.file("My-scenario"), 7)
    assert kept(folder) == {"My-scenario": "whole"}


def test_without_a_name_it_gets_the_first_free_one(folder: Folder) -> None:
    for number in (1, 2):
        folder.make(None, lambda made: f"auto-{made}", lambda path: path.write_text("12345"))
        assert len(folder.names()) == number
    assert kept(folder) == {"auto-5": "12345", "auto-5-2": "12345"}


def test_a_taken_or_bad_name_is_told_before_anything_is_written(folder: Folder) -> None:
    make(folder, "a")

    def write(path: Path) -> None:
        pytest.fail("nothing is written")

    with pytest.raises(ScenarioExists):
        folder.make("A", str, write)
    with pytest.raises(InvalidName):
        folder.make("a/b", str, write)


def test_what_fails_leaves_nothing(folder: Folder) -> None:
    def write(path: Path) -> None:
        path.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        folder.make("a", str, write)
    assert kept(folder) == {}


def test_a_name_taken_meanwhile_is_told_and_both_stay_as_they_are(folder: Folder) -> None:
    def write(path: Path) -> None:
        path.write_text("mine")
        make(folder, "a", "theirs")

    with pytest.raises(ScenarioExists, match="'a' already"):
        folder.make("a", str, write)
    assert kept(folder) == {"a": "theirs"}


def test_a_name_that_was_made_and_taken_meanwhile_becomes_the_next(folder: Folder) -> None:
    (folder.hidden / "new-x.db").write_text("mine")
    names = iter(["a", "b"])
    make(folder, "a", "theirs")
    folder.publish(folder.hidden / "new-x.db", None, lambda: next(names))
    assert kept(folder) == {"a": "theirs", "b": "mine"}


# -- give_name: never over a file that is there ---------------------------------------------------


def test_a_file_gets_another_name(folder: Folder) -> None:
    assert folder.give_name(make(folder, "a"), "b") == folder.file("b")
    assert kept(folder) == {"b": "a"}


def test_a_name_that_differs_only_in_case_is_taken(folder: Folder) -> None:
    """On a file system that tells the two apart, only this guard keeps them from both being."""
    make(folder, "Cohort", "theirs")
    source = make(folder, "other", "mine")
    with pytest.raises(ScenarioExists, match="'cohort' already"):
        folder.give_name(source, "cohort")
    assert kept(folder) == {"Cohort": "theirs", "other": "mine"}


def test_only_the_case_of_a_name_changes(folder: Folder) -> None:
    folder.give_name(make(folder, "cohort", "mine"), "Cohort")
    assert kept(folder) == {"Cohort": "mine"}


class Raced(Folder):
    """A folder in which somebody takes a name after it was looked up."""

    def existing(self, name: str) -> Path | None:
        found = super().existing(name)
        if found is None:
            self.file(name).write_text("theirs")
        return found


def test_a_name_taken_after_it_was_looked_up_is_not_written_over(tmp_path: Path) -> None:
    folder = Raced(tmp_path / "store")
    folder.prepare()
    source = make(folder, "a", "mine")
    with pytest.raises(ScenarioExists, match="'b' already"):
        folder.give_name(source, "b")
    assert kept(folder) == {"a": "mine", "b": "theirs"}


def test_a_file_system_without_hard_links(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(1, "operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr("healthsim_store.storage.moving.rename_if_free", lambda *_: False)
    folder.give_name(make(folder, "a", "mine"), "b")
    make(folder, "C", "theirs")
    with pytest.raises(ScenarioExists):
        folder.give_name(folder.file("b"), "c")
    assert kept(folder) == {"C": "theirs", "b": "mine"}


# -- what cannot be written, and what killed writers left -----------------------------------------


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(NotWritable, match="cannot be written"):
        Folder(tmp_path / "file" / "store").prepare()


def test_only_unfinished_files_of_a_day_ago_are_thrown_away(folder: Folder) -> None:
    old, younger = time.time() - 25 * 3600, time.time() - 23 * 3600
    for name, age in (("new-1.db", old), ("new-2.db", younger), ("cache.db", old)):
        (folder.hidden / name).touch()
        os.utime(folder.hidden / name, (age, age))
    with folder.unfinished():
        pass
    assert sorted(path.name for path in folder.hidden.iterdir()) == ["cache.db", "new-2.db"]


def test_one_name_waits_and_other_names_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite.connect
    monkeypatch.setattr(
        "healthsim_store.base.locks.connect",
        lambda path, mode, timeout: connect(path, mode=mode, timeout=min(timeout, 0.05)),
    )
    folder = Folder(tmp_path)
    with folder.turn("ward", "ward"):
        for number in range(40):
            with folder.turn(f"ward-{number}", f"ward-{number}"):
                pass
        with pytest.raises(ScenarioBusy, match="making Ward"), folder.turn("Ward", "Ward"):
            pytest.fail("two have it")
    with folder.turn("ward", "ward"):
        pass


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.turn("ward", "ward"):
        pass
    (lock,) = folder.hidden.glob("turn-*.lock")
    lock.unlink()
    lock.mkdir()
    with pytest.raises(NotWritable, match="cannot be written"), folder.turn("ward", "ward"):
        pytest.fail("there is no lock")


def test_locks_of_names_go_after_a_day(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.turn("old", "old"), folder.turn("new", "new"):
        pass
    old, _new = sorted(folder.hidden.glob("turn-*.lock"))
    os.utime(old, (time.time() - 90_000,) * 2)
    with folder.unfinished():
        pass
    assert len([*folder.hidden.glob("turn-*.lock")]) == 1
