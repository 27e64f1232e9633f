"""Working ahead: what comes next is fetched by other threads while this one uses what came before.

SQLite and Arrow work without Python's lock, so that the cores of the machine share the work.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

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
