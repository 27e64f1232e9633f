"""The doors at which somebody may give SQL: each asks one statement, and waits for its end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from healthsim_store import Store
from healthsim_store.errors import QueryError

#: Asks a statement of the scenario "shop", with a limit of so many seconds; what is told of it.
Ask = Callable[[str, float], str]


@contextlib.contextmanager
def python(folder: Path, site: Path, scratch: Path) -> Iterator[Ask]:
    with Store(folder) as store:

        def ask(sql: str, seconds: float) -> str:
            try:
                return f"{len(store.query_scenario('shop', sql, timeout=seconds).rows)} rows"
            except QueryError as error:
                return error.message

        yield ask


def environment(folder: Path, site: Path) -> dict[str, str]:
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"HEALTHSIM_STORE_DIR": str(folder), "PYTHONPATH": path}


@contextlib.contextmanager
def command_line(folder: Path, site: Path, scratch: Path) -> Iterator[Ask]:
    def ask(sql: str, seconds: float) -> str:
        command = [sys.executable, "-m", "healthsim_store", "query", "shop", sql]
        done = subprocess.run(
            [*command, "--timeout", str(seconds)], env=environment(folder, site), text=True,
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode or done.stdout
        return done.stderr or done.stdout

    yield ask


@contextlib.contextmanager
def browser(folder: Path, site: Path, scratch: Path) -> Iterator[Ask]:
    from browsing import serving

    with serving(folder, path=scratch, site=site) as served:
        served.get("/shop")

        def ask(sql: str, seconds: float) -> str:
            answer = served.get("/shop/-/query.json", sql=sql, timeout=seconds)
            assert answer.status in (200, 400, 408, 413), (answer.status, answer.text)
            return answer.text

        yield ask


@contextlib.contextmanager
def mcp(folder: Path, site: Path, scratch: Path) -> Iterator[Ask]:
    """A server over stdio. A call has the limit that the server gives it: 5 seconds."""
    with talking(folder, site) as talk:
        yield lambda sql, seconds: talk.ask(sql)


@contextlib.contextmanager
def talking(folder: Path, site: Path) -> Iterator[Talk]:
    """A session with an MCP server over stdio."""
    server = subprocess.Popen(
        [sys.executable, "-m", "healthsim_store", "mcp"], env=environment(folder, site),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    talk = Talk(server)
    try:
        talk.call("initialize", {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "bombs", "version": "1"},
        })  # fmt: skip
        talk.tell("notifications/initialized")
        yield talk
    finally:
        with contextlib.suppress(BrokenPipeError):  # it has ended
            server.stdin.close()
        server.stdout.close()
        server.wait(30)


class Talk:
    """One session: what is asked, one after the other or at once."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self.server = server
        self._number = 0
        self._lock = threading.Lock()

    def tell(self, method: str, **more: Any) -> None:
        assert self.server.stdin is not None
        self.server.stdin.write(json.dumps({"jsonrpc": "2.0", "method": method, **more}) + "\n")
        self.server.stdin.flush()

    def call(self, method: str, params: dict[str, Any]) -> Any:
        assert self.server.stdout is not None
        number = self._ask(method, params)
        while True:
            answer = json.loads(self.server.stdout.readline())
            if answer.get("id") == number:
                return answer["result"]

    def _ask(self, method: str, params: dict[str, Any]) -> int:
        """Ask without waiting, in any thread; the number of the call."""
        with self._lock:
            self._number += 1
            self.tell(method, id=self._number, params=params)
            return self._number

    def tool(self, tool: str, **arguments: Any) -> str:
        """The text of a tool's reply."""
        found = self.call("tools/call", {"name": f"scenario_{tool}", "arguments": arguments})
        return str(found["content"][0]["text"])

    def begin(self, tool: str, **arguments: Any) -> None:
        """Call a tool whose reply nobody waits for."""
        self._ask("tools/call", {"name": f"scenario_{tool}", "arguments": arguments})

    def ask(self, sql: str) -> str:
        return self.tool("query", scenario="shop", sql=sql)

    def begin_to_ask(self, sql: str) -> None:
        self.begin("query", scenario="shop", sql=sql)


DOORS = {"Python": python, "command line": command_line, "browser": browser, "MCP": mcp}
MCP_SECONDS = 5.0


@dataclass
class Tally:
    """What a campaign counted at one door. Seconds are over the limit, bytes are at most."""

    door: str
    tried: int = 0
    over: list[str] = field(default_factory=list)  # names of those that came later than a second
    slowest: float = 0.0
    memory: int = 0  # of any process that answered
    temporary: int = 0  # of all temporary files at once


class Watch:
    """Looks at the processes that answer, ten times a second. Linux alone.

    What a process has had at most is asked of the process itself: the kernel's figure for ended
    ones (`RUSAGE_CHILDREN`) is of all that this process ever started, and one that is forked
    begins with the memory of the process that forked it.

    Attributes:
        memory: the most bytes that one of them has had.
        temporary: the most bytes of temporary files that all had at once.
    """

    def __init__(self) -> None:
        self.memory = self.temporary = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            answering = list(_answering())
            self.memory = max([self.memory, *map(_peak, answering)])
            self.temporary = max(self.temporary, sum(map(_temporary, answering)))


def _answering() -> Iterator[Path]:
    """Processes of healthsim-store that this process started, or that one of these started."""
    parents = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (process / "stat").read_text()
            parents[int(process.name)] = int(told[told.rindex(")") :].split()[2])
    for one in parents:
        above = one
        while above in parents and above != os.getpid():
            above = parents[above]
        process = Path(f"/proc/{one}")
        if above == os.getpid() != one:
            with contextlib.suppress(OSError):
                if b"healthsim_store" in (process / "cmdline").read_bytes():
                    yield process


def _peak(process: Path) -> int:
    with contextlib.suppress(OSError):
        for line in (process / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _temporary(process: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(_deleted_bytes(file) for file in (process / "fd").iterdir())
    return 0


def _deleted_bytes(file: Path) -> int:
    with contextlib.suppress(OSError):
        if os.readlink(file).endswith("(deleted)"):
            return file.stat().st_size
    return 0


def measure(
    door: str, ask: Ask, bombs: dict[str, str], seconds: float, started: float = 0.0
) -> Tally:
    """Ask them all.

    Args:
        door: its name.
        ask: asks there.
        bombs: the statements, by name.
        seconds: the limit of each.
        started: seconds that the door takes for a statement that takes none.
    """
    tally = Tally(door)
    with Watch() as watch:
        for name, sql in bombs.items():
            begun = time.monotonic()
            ask(sql, seconds)
            late = time.monotonic() - begun - seconds - started
            tally.tried += 1
            tally.slowest = max(tally.slowest, late)
            if late > 1.0:
                tally.over.append(f"{name} ({late:.1f} s)")
    tally.memory, tally.temporary = watch.memory, watch.temporary
    return tally
