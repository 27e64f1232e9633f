"""A folder that is there whole or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from healthsim_store.base.atomic import atomic_folder
from healthsim_store.errors import NotWritable, TargetExists


def ours(path: Path) -> None:
    """Anything may be replaced."""


def deliver(target: Path, text: str = "new") -> None:
    with atomic_folder(target, foreign=ours) as folder:
        (folder / "a.txt").write_text(text)


def test_the_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er" / "out"
    with atomic_folder(target, foreign=ours) as folder:
        (folder / "a.txt").write_text("new")
        assert not target.exists()
        assert folder.parent == target.parent
        assert folder.name.startswith(".out.partial-")
    assert [path.name for path in target.parent.iterdir()] == ["out"]
    assert (target / "a.txt").read_text() == "new"


def test_what_fails_leaves_nothing_and_no_folder_above(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_folder(tmp_path / "deep" / "out", foreign=ours) as folder:
            (folder / "a.txt").write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [*tmp_path.iterdir()] == []


def test_the_one_before_is_replaced_when_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out"
    deliver(target, "old")
    (target / "b.txt").write_text("only in the old one")
    with atomic_folder(target, foreign=ours) as folder:
        (folder / "a.txt").write_text("new")
        assert (target / "a.txt").read_text() == "old"
    assert [(path.name, path.read_text()) for path in target.iterdir()] == [("a.txt", "new")]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_no_loss(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with atomic_folder(tmp_path / "out", foreign=lambda path: "never asked"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_foreign_stays_and_is_told(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "diary.txt").write_text("mine")
    with (
        pytest.raises(TargetExists, match="diary"),
        atomic_folder(target, foreign=lambda path: "diary"),
    ):
        pytest.fail("nothing is written")
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(TargetExists, match="is a file"),
        atomic_folder(tmp_path / "file", foreign=ours),
    ):
        pytest.fail("nothing is written")
    assert (target / "diary.txt").read_text() == (tmp_path / "file").read_text() == "mine"


def test_what_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """The target is looked at again before it is replaced."""
    target = tmp_path / "out"

    def foreign(path: Path) -> str | None:
        return "somebody's" if (path / "diary.txt").exists() else None

    def race() -> None:
        with atomic_folder(target, foreign=foreign):
            target.mkdir()
            (target / "diary.txt").write_text("mine")

    with pytest.raises(TargetExists, match="somebody's"):
        race()
    assert (target / "diary.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out"
    deliver(target, "old")
    rename = os.rename

    def refuse(source: Path, to: Path) -> None:
        if ".partial-" in Path(source).name:
            raise PermissionError(13, "permission denied")
        rename(source, to)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(NotWritable, match="permission denied"):
        deliver(target, "new")
    assert (target / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_stays_a_link_to_the_new_folder(tmp_path: Path) -> None:
    real = tmp_path / "real"
    deliver(real, "old")
    (tmp_path / "link").symlink_to(real)
    deliver(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (real / "a.txt").read_text() == "new"


def test_leftovers_of_this_place_are_swept_once_they_are_a_day_old(tmp_path: Path) -> None:
    old = time.time() - 25 * 3600
    names = [".out.partial-1-ab", ".out.replaced-1-ab", ".out.partial-2-cd", ".other.partial-1-ab"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("left")
        if name != ".out.partial-2-cd":
            os.utime(tmp_path / name, (old, old))
    deliver(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".other.partial-1-ab", ".out.partial-2-cd", "out",
    ]  # fmt: skip
