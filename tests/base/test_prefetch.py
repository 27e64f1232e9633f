"""Working ahead: order, errors, and nothing left running."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from healthsim_store.base import prefetch
from healthsim_store.base.prefetch import work_ahead, work_together
from healthsim_store.base.progress import Progress


def test_results_come_in_the_order_of_the_tasks() -> None:
    def task(number: int) -> Callable[[], int]:
        def work() -> int:
            time.sleep(0.002 if number % 3 == 0 else 0)  # later ones are done sooner
            return number

        return work

    with work_ahead(task(number) for number in range(20)) as results:
        assert list(results) == list(range(20))


def test_no_tasks_no_results() -> None:
    with work_ahead([]) as results:
        assert list(results) == []


def test_an_error_comes_in_its_place() -> None:
    def fail() -> int:
        raise ZeroDivisionError

    with work_ahead([lambda: 1, fail, lambda: 3]) as results:
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_only_a_few_tasks_are_taken_ahead() -> None:
    taken = []

    def tasks() -> Iterator[Callable[[], int]]:
        for number in range(100):
            taken.append(number)
            yield lambda: 0

    with work_ahead(tasks()) as results:
        next(results)
        assert len(taken) == prefetch._DEPTH


def test_when_the_block_is_left_no_task_runs_any_more() -> None:
    started, ended = threading.Event(), threading.Event()

    def slow() -> None:
        started.set()
        time.sleep(0.05)
        ended.set()

    with work_ahead([lambda: None, slow, *[lambda: None] * 20]) as results:
        next(results)
        started.wait(5)
    assert ended.is_set()
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("healthsim-store")]


# -- together ------------------------------------------------------------------------------------


def test_what_tasks_tell_is_told_in_the_callers_thread() -> None:
    told: list[tuple[int, int]] = []

    def task(name: str, tell: Progress) -> str:
        tell(1)
        tell(2)
        return name

    found = work_together(
        [functools.partial(task, name) for name in "abcd"],
        lambda count: told.append((count, threading.get_ident())),
    )
    assert found == ["a", "b", "c", "d"]
    assert sorted(told) == [(count, threading.get_ident()) for count in (1, 1, 1, 1, 2, 2, 2, 2)]


@pytest.mark.parametrize("where", ["a task", "progress"])
def test_one_that_fails_stops_the_others(where: str) -> None:
    told = threading.Event()

    def endless(tell: Progress) -> None:
        while True:
            tell(1)
            told.set()
            time.sleep(0.001)

    def failing(tell: Progress) -> None:
        told.wait()
        raise ValueError("a task")

    def progress(count: int) -> None:
        if where == "progress":
            raise ValueError(where)

    tasks = [endless, failing if where == "a task" else endless]
    with pytest.raises(ValueError, match=where):
        work_together(tasks, progress)
