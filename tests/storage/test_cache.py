"""The cache of answers: kept while a file stays as it is, and never a reason to fail."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from healthsim_store.errors import ScenarioNotFound
from healthsim_store.storage.cache import Cache, file_mark


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that has been as it is for ten seconds: the clock is ahead by that."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10_000_000_000)
    path = tmp_path / "s.db"
    path.write_text("one")
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "hidden" / "cache.db")


def counting(values: list[object]) -> Callable[[], object]:
    """Gives one value after the other."""
    return lambda: values.pop(0)


def test_a_fingerprint_stays_while_the_file_does(file: Path) -> None:
    mark = file_mark(file)
    assert mark is not None
    assert file_mark(file) == mark
    file.write_text("two")
    assert file_mark(file) not in (None, mark)


def test_a_file_put_in_the_place_of_another_is_another(file: Path, tmp_path: Path) -> None:
    mark = file_mark(file)
    times = file.stat()
    other = tmp_path / "other.db"
    other.write_text("two")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    os.replace(other, file)
    assert file_mark(file) not in (None, mark)


@pytest.mark.parametrize("end", ["-journal", "-wal"])
def test_a_file_with_a_journal_has_no_fingerprint(file: Path, end: str) -> None:
    beside = file.with_name(file.name + end)
    beside.touch()
    assert file_mark(file) is None
    beside.unlink()
    assert file_mark(file) is not None


def test_a_file_written_just_now_has_no_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_text("one")
    os.utime(path)
    assert file_mark(path) is None


def test_on_a_file_system_of_whole_seconds_a_file_settles_later(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = file.stat().st_mtime_ns // 1_000_000_000 * 1_000_000_000
    os.utime(file, ns=(second, second))
    changed = file.stat().st_ctime_ns
    monkeypatch.setattr(time, "time_ns", lambda: changed + 1_000_000_000)
    assert file_mark(file) is None
    monkeypatch.setattr(time, "time_ns", lambda: changed + 3_000_000_000)
    assert file_mark(file) is not None


def test_a_missing_file_is_told(tmp_path: Path, cache: Cache) -> None:
    with pytest.raises(ScenarioNotFound):
        cache.answer(tmp_path / "none.db", "k", lambda: 1)


def test_an_answer_is_computed_once(file: Path, cache: Cache) -> None:
    compute = counting([{"a": [1, None]}, "later"])
    assert cache.answer(file, "k", compute) == {"a": [1, None]}
    assert cache.answer(file, "k", compute) == {"a": [1, None]}
    assert cache.answer(file, "other", compute) == "later"


def test_another_process_finds_the_answer(file: Path, tmp_path: Path, cache: Cache) -> None:
    cache.answer(file, "k", lambda: 1)
    cache.close()
    assert Cache(tmp_path / "hidden" / "cache.db").answer(file, "k", lambda: 2) == 1


def test_a_changed_file_is_asked_again(file: Path, cache: Cache) -> None:
    assert cache.answer(file, "k", lambda: 1) == 1
    file.write_text("two")
    assert cache.answer(file, "k", lambda: 2) == 2
    assert cache.answer(file, "k", lambda: 3) == 2


def test_what_changed_while_it_was_computed_is_not_kept(file: Path, cache: Cache) -> None:
    def compute() -> int:
        file.write_text("two")
        return 1

    mark = file_mark(file)
    assert cache.answer(file, "k", compute) == 1
    assert cache.get(file.name, mark, "k") is None
    assert cache.answer(file, "k", lambda: 2) == 2


def test_what_went_while_it_was_computed_is_answered(file: Path, cache: Cache) -> None:
    def compute() -> int:
        file.unlink()
        return 1

    assert cache.answer(file, "k", compute) == 1


def test_what_fails_is_not_kept(file: Path, cache: Cache) -> None:
    with pytest.raises(ZeroDivisionError):
        cache.answer(file, "k", lambda: 1 // 0)
    assert cache.answer(file, "k", lambda: 2) == 2


def test_all_answers_of_one_key(cache: Cache) -> None:
    assert cache.all("k") == {}
    cache.put("k", {("a.db", "m"): 1, ("b.db", None): 2})
    cache.put("k", {("c.db", "m"): [3]})
    cache.put("other", {("a.db", "m"): 4})
    assert cache.all("k") == {("a.db", "m"): 1, ("c.db", "m"): [3]}
    cache.put("k", {("a.db", "n"): 5})  # the file is another now
    assert cache.all("k") == {("a.db", "n"): 5, ("c.db", "m"): [3]}


def test_nothing_is_made_for_what_is_only_asked(tmp_path: Path, cache: Cache) -> None:
    assert cache.get("a.db", "m", "k") is None
    cache.put("k", {("a.db", None): 1})
    assert [*tmp_path.iterdir()] == []


def test_without_a_path_nothing_is_kept(file: Path) -> None:
    cache, compute = Cache(None), counting([1, 2])
    assert [cache.answer(file, "k", compute) for _ in range(2)] == [1, 2]
    cache.close()


def test_a_damaged_cache_is_made_again(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "hidden" / "cache.db"
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    cache = Cache(path)
    compute = counting([1, 2, 3])
    answers = [cache.answer(file, "k", compute) for _ in range(3)]
    assert answers[0] == 1
    assert answers[1] == answers[2]  # made again by then


def test_a_cache_of_another_version_is_emptied(file: Path, tmp_path: Path, cache: Cache) -> None:
    cache.answer(file, "k", lambda: 1)
    cache.close()
    with closing(sqlite3.connect(tmp_path / "hidden" / "cache.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert cache.answer(file, "k", lambda: 2) == 2


def test_a_cache_deleted_meanwhile_is_made_again(file: Path, tmp_path: Path, cache: Cache) -> None:
    cache.answer(file, "k", lambda: 1)
    (tmp_path / "hidden" / "cache.db").unlink()
    compute = counting([2, 3])
    assert [cache.answer(file, "k", compute) for _ in range(2)] == [2, 2]


def test_a_cache_that_another_process_writes_stays(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "hidden" / "cache.db"
    first = Cache(path)
    first.put("k", {("a.db", "m"): 1})
    first.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        busy = Cache(path)
        assert busy.answer(file, "other", lambda: 2) == 2
        busy.close()
        writer.execute("ROLLBACK")
    assert Cache(path).all("k") == {("a.db", "m"): 1}


def test_where_no_folder_can_be_made_the_answers_come_all_the_same(
    file: Path, tmp_path: Path
) -> None:
    (tmp_path / "hidden").write_text("a file where the folder should be")
    cache, compute = Cache(tmp_path / "hidden" / "cache.db"), counting([1, 2])
    assert [cache.answer(file, "k", compute) for _ in range(2)] == [1, 2]
