"""The pool of open files: who gets which sandbox, and what happens to it afterwards."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import CorruptScenario, NotAScenario, QueryRefused, ScenarioNotFound
from healthsim_store.storage.pool import Pool
from healthsim_store.storage.sandbox import Sandbox


class Counted(Sandbox):
    """One that knows whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True
        super().close()


def open_(path: Path, attached: Mapping[str, Path]) -> Counted:
    return Counted(path, attached=attached)


@pytest.fixture
def pool() -> Iterator[Pool[Counted]]:
    made = Pool(open_, idle=2)
    yield made
    made.close()


@pytest.fixture
def file(toy: None, tmp_path: Path) -> Path:
    return make(tmp_path, "s", 1)


def make(folder: Path, name: str, owners: int) -> Path:
    with Store(folder) as store:
        store.persist({"owners": [owner(n) for n in range(owners)]}, scenario=name)
    return folder / f"{name}.db"


def count(sandbox: Sandbox) -> int:
    (number,) = sandbox.connection.execute("SELECT count(*) FROM owners").fetchone()
    return int(number)


def test_the_same_one_is_lent_again(pool: Pool[Counted], file: Path) -> None:
    with pool.lend(file) as first:
        pass
    with pool.lend(file) as second:
        assert second is first


def test_the_one_given_back_last_is_lent_first(pool: Pool[Counted], file: Path) -> None:
    with pool.lend(file) as outer, pool.lend(file) as inner:
        assert outer is not inner
    with pool.lend(file) as again:
        assert again is outer  # the inner block ended before the outer one


def test_it_is_lent_to_one_thread_at_a_time(pool: Pool[Counted], file: Path) -> None:
    together = threading.Barrier(4)
    lent: list[Counted] = []

    def borrow() -> None:
        with pool.lend(file) as sandbox:
            lent.append(sandbox)
            together.wait(timeout=10)  # all four have one at this moment
            assert count(sandbox) == 1

    threads = [threading.Thread(target=borrow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in lent}) == 4
    assert sorted(one.closed for one in lent) == [False, False, True, True]  # two are kept


def test_at_most_so_many_are_kept_and_the_oldest_goes(
    pool: Pool[Counted], toy: None, tmp_path: Path
) -> None:
    lent = []
    for name in "abc":
        with pool.lend(make(tmp_path, name, 1)) as sandbox:
            lent.append(sandbox)
    assert [one.closed for one in lent] == [True, False, False]


def test_one_with_a_file_attached_is_another_one(
    pool: Pool[Counted], file: Path, tmp_path: Path
) -> None:
    other = make(tmp_path, "other", 3)
    with pool.lend(file) as plain:
        pass
    with pool.lend(file, {"o": other}) as joined:
        assert joined is not plain
        rows = joined.connection.execute("SELECT count(*) FROM o.owners").fetchone()
        assert rows == (3,)
    with pool.lend(file, {"p": other}) as renamed:
        assert renamed is not joined


def test_another_file_under_the_name_is_another_file(
    pool: Pool[Counted], file: Path, tmp_path: Path
) -> None:
    with pool.lend(file) as old:
        assert count(old) == 1
    make(tmp_path, "new", 5).replace(file)
    with pool.lend(file) as new:
        assert new is not old
        assert count(new) == 5
    file.unlink()
    with pytest.raises(ScenarioNotFound, match="There is no scenario 's'"), pool.lend(file):
        pass


def test_an_error_of_ours_keeps_it(pool: Pool[Counted], file: Path) -> None:
    with pytest.raises(QueryRefused), pool.lend(file) as first:
        raise QueryRefused("no")
    assert not first.closed
    with pool.lend(file) as second:
        assert second is first


def test_any_other_exception_closes_it(pool: Pool[Counted], file: Path) -> None:
    with pytest.raises(ZeroDivisionError), pool.lend(file) as first:
        raise ZeroDivisionError
    assert first.closed
    with pool.lend(file) as second:
        assert second is not first


def test_sqlite_s_errors_become_ours(pool: Pool[Counted], file: Path) -> None:
    with pytest.raises(CorruptScenario, match=r"s\.db is damaged"), pool.lend(file):
        raise sqlite3.DatabaseError("database disk image is malformed")


def test_close_while_one_is_lent(pool: Pool[Counted], file: Path) -> None:
    with pool.lend(file) as waiting:
        pass
    with pool.lend(file) as lent:
        assert lent is waiting
        pool.close()
        assert not lent.closed
        assert count(lent) == 1  # it works until it is given back
    assert lent.closed
    with pool.lend(file) as fresh:  # and the pool works on, and keeps again
        assert fresh is not lent
    assert not fresh.closed


def test_a_file_that_cannot_be_opened_leaves_nothing(pool: Pool[Counted], tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(NotAScenario), pool.lend(broken):
            pass
