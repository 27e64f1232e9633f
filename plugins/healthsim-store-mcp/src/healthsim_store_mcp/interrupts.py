"""Ctrl-C ends the server, also while it reads: from its input, or from a file."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

from healthsim_store.doors import end_reading

INTERRUPTED = 130  # the exit code, as of every command

_SECONDS = 0.5  # for calls to end by themselves


def end_on_interrupt() -> None:
    """From now on Ctrl-C ends this process within a second.

    By itself it would wait for the thread that reads standard input, so until the client leaves,
    and for every call that runs. What is written to a scenario meanwhile is undone.
    """
    signal.signal(signal.SIGINT, _begin_to_end)


def _begin_to_end(number: int, frame: FrameType | None) -> None:
    # In a thread: ending waits for locks, which what was interrupted here may have.
    threading.Thread(target=_end, daemon=True).start()


def _end() -> None:
    ending = threading.Thread(target=end_reading, daemon=True)
    ending.start()
    ending.join(_SECONDS)
    os._exit(INTERRUPTED)
