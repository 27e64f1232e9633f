"""How far a long call is, told to the client; and its end when the client wants it no more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import anyio.from_thread
from mcp.server.mcpserver import Context

#: Is told how many rows were just done.
Rows = Callable[[int], None]

_SECONDS = 0.25  # between two notifications


class Progress:
    """What the store tells how many rows it has just done. Tools run in worker threads."""

    def __init__(self, context: Context[Any, Any], total: int | None = None) -> None:
        self._context = context
        self._total = total
        self._done = 0
        self._told = float("-inf")

    def __call__(self, more: int) -> None:
        # Raises where the call was cancelled; the store then leaves nothing half done.
        anyio.from_thread.check_cancelled()
        self._done += more
        if time.monotonic() - self._told >= _SECONDS:
            self._told = time.monotonic()
            anyio.from_thread.run(self._context.report_progress, self._done, self._total)
