"""Reading ahead: what an iterator gives is fetched in a thread of its own.

SQLite, Arrow and the writers of files all work without Python's lock, so two cores share the work.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")

_DEPTH = 2  # how many are held ready; more would only cost memory


@contextlib.contextmanager
def read_ahead(source: Iterator[T]) -> Iterator[Iterator[T]]:
    """The same things in the same order, errors included; ``source`` runs in one thread only.

    When the block is left the thread has ended and ``source`` is closed, however far it was read.
    """
    ready: queue.Queue[T | BaseException | None] = queue.Queue(_DEPTH)
    stopped = threading.Event()

    def fetch() -> None:
        last: BaseException | None = None
        try:
            # Also where it is left half-way, so that the source closes its files in this thread.
            with contextlib.closing(source) as items:  # type: ignore[type-var]
                for item in items:
                    ready.put(item)
                    if stopped.is_set():
                        return
        except BaseException as error:
            last = error
        ready.put(last)

    def items() -> Iterator[T]:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=fetch, name="healthsim-store reader", daemon=True)
    thread.start()
    try:
        yield items()
    finally:
        stopped.set()
        while thread.is_alive():
            with contextlib.suppress(queue.Empty):
                ready.get(timeout=0.05)  # room, for a thread that waits to put
        thread.join()
