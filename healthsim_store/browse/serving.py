"""A Datasette on loopback, over one store."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from datasette.app import Datasette
from datasette.plugins import pm

from ..errors import CannotServe
from ..storage.processes import processes
from .served_store import BEFORE_1_0, PLUGIN

HOST = "127.0.0.1"
_SECONDS = 1  # that requests have when it ends

_SETTINGS: dict[str, Any] = {
    # A visitor's SQL never runs on Datasette's own connections, and no file can be downloaded.
    "default_allow_sql": False,
    "allow_download": False,
    "sql_time_limit_ms": 2_000,
    "max_returned_rows": 1_000,
    "max_csv_mb": 0,  # no end, at which the CSV of a table would be cut
    # Facets are declared. To suggest more, Datasette would group a table by every column.
    "suggest_facets": False,
    "facet_time_limit_ms": 2_000,
    # A browser that kept a page would show a scenario that has changed, or is gone, meanwhile.
    "default_cache_ttl": 0,
    "num_sql_threads": 16,  # pages that take long must leave some for others
}


def make_datasette(
    folder: Path, *, scenarios: Sequence[str] = (), remember: bool = True
) -> Datasette:
    """A Datasette whose databases are the scenarios of a store, or those that are named."""
    plugins = {
        PLUGIN: {
            "store": str(folder),
            "scenarios": list(scenarios),
            "remember": remember,
            "loopback": True,
        }
    }
    described = {
        "title": "Scenarios of synthetic healthcare data",
        "description": "All people in it are invented.",
    }
    _register()
    if BEFORE_1_0:
        return Datasette([], metadata={**described, "plugins": plugins}, settings=_SETTINGS)
    return Datasette(
        [], metadata=described, config={"plugins": plugins}, settings=_SETTINGS, default_deny=False
    )


def _register() -> None:
    """Register the plugin where Datasette has not found it by its entry point."""
    from . import hooks

    if not pm.is_registered(hooks):
        pm.register(hooks, PLUGIN)


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes a free one. Raises CannotServe where it is taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
    except (OSError, OverflowError) as error:
        made.close()
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise CannotServe(
            f"Port {port} cannot be used: {reason}.",
            hint="Choose another with --port, or --port 0 for a free one.",
        ) from error
    return made


def serve(datasette: Datasette, listening: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; ``ready`` is told the address once requests are answered."""
    import uvicorn

    address = f"http://{HOST}:{listening.getsockname()[1]}/"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                ready(address)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            super().handle_exit(sig, frame)
            # What still runs for a page would keep this process from its end. In a thread: it waits
            # for a lock, which what was interrupted here may have.
            threading.Thread(target=processes.end_all, daemon=True).start()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await super().shutdown(sockets=sockets)
            processes.end_all()

    configuration = uvicorn.Config(
        datasette.app(),
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=_SECONDS,
    )
    Server(configuration).run(sockets=[listening])
