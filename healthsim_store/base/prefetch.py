"""Working ahead: what comes next is fetched by other threads while this one uses what came before.

SQLite and Arrow work without Python's lock, so that the cores of the machine share the work.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from .progress import Progress

T = TypeVar("T")

_THREADS = min(3, os.cpu_count() or 1)
_DEPTH = _THREADS + 1  # how many are under way or ready; more would only cost memory


@contextlib.contextmanager
def work_ahead(tasks: Iterable[Callable[[], T]]) -> Iterator[Iterator[T]]:
    """What the tasks give, in their order, errors included.

    When the block is left no task runs any more, however far it was read.
    """
    pool = ThreadPoolExecutor(_THREADS, "healthsim-store")

    def results() -> Iterator[T]:
        pending: deque[Future[T]] = deque()
        for task in tasks:
            here = contextvars.copy_context()  # the door at which an error is told; see `wording`
            pending.append(pool.submit(here.run, task))
            if len(pending) >= _DEPTH:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    try:
        yield results()
    finally:
        pool.shutdown(cancel_futures=True)


class _Stopped(Exception):
    """Another task failed, or was interrupted."""


def work_together(tasks: Iterable[Callable[[Progress], T]], progress: Progress) -> list[T]:
    """What the tasks give, several of which run at the same time.

    Args:
        tasks: each is given a function to which it tells how far it has come.
        progress: is told the same, in this thread: whoever is told may belong to it.

    Where one fails, or ``progress`` raises, that function raises in the others.
    """
    counts: queue.SimpleQueue[int] = queue.SimpleQueue()
    stopped = False

    def tell(count: int) -> None:
        if stopped:
            raise _Stopped
        counts.put(count)

    with ThreadPoolExecutor(_THREADS, "healthsim-store") as pool:
        futures = [pool.submit(contextvars.copy_context().run, task, tell) for task in tasks]
        left = {*futures}
        try:
            while left:
                done, left = wait(left, timeout=0.1)
                for future in done:
                    future.result()
                while not counts.empty():
                    progress(counts.get())
        finally:
            stopped = True
            pool.shutdown(cancel_futures=True)
    return [future.result() for future in futures]
