"""The command line in processes of their own, without the imports of each.

A server process imports what commands need, once for all tests; each command then runs in a fork
of it, with an environment, a folder, standard streams and an exit code of its own. That takes a
seventh of the time of a new Python. With HEALTHSIM_STORE_CAMPAIGN=1, and where there is no fork,
every command is a new Python.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from campaign import CAMPAIGN

SECONDS = 120
#: The server's: a test that starts it may have plugins of its own on the path, and the server has
#: imported what is there.
_ENVIRONMENT = dict(os.environ)
PRELOADED = (
    "healthsim_store.cli",
    "healthsim_store.store",
    "healthsim_store.schema.dry_run",
    "healthsim_store.schema.parser",
    "healthsim_store.generation.run",
    "platformdirs",
    "pyarrow.parquet",
    "sqlglot",
    "sqlite_utils",
    "tabulate",
)


def command(
    *arguments: str,
    environment: Mapping[str, str],
    input: str | None = None,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``healthsim-store`` with these arguments, in a process of its own."""
    if CAMPAIGN or not hasattr(os, "fork"):
        return subprocess.run(
            [sys.executable, "-m", "healthsim_store", *arguments],
            input=input, capture_output=True, text=True, env=environment, timeout=SECONDS,
            check=False, cwd=folder,
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        streams = [str(Path(scratch, name)) for name in ("stdin", "stdout", "stderr")]
        Path(streams[0]).write_text(input or "", "utf-8")
        code = _server().run({
            "arguments": arguments, "environment": dict(environment),
            "folder": str(folder or Path.cwd()), "streams": streams,
        })  # fmt: skip
        told = [Path(path).read_text("utf-8") for path in streams[1:]]
    return subprocess.CompletedProcess(arguments, code, *told)


def remember_declarations() -> None:
    """Parse each text of a product once in this process: what comes of it is frozen."""
    from healthsim_store.schema import parser

    if not hasattr(parser.read_declaration, "cache_info"):
        parser.read_declaration = functools.cache(parser.read_declaration)


class _Server:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_ENVIRONMENT,
        )  # fmt: skip
        atexit.register(self.close)

    def run(self, request: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "the server of forks has ended"
        return int(answer)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@functools.cache
def _server() -> _Server:
    return _Server()


def _next() -> dict[str, Any] | None:
    """In the server: None at the end. In a fork of it: the command to run."""
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        child = os.fork()
        if child == 0:
            return request
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return None


def _become(request: dict[str, Any], own_path: list[str]) -> None:
    """What a new Python would find: its streams, environment, folder, path and arguments."""
    signal.alarm(SECONDS)
    flags = (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2)
    for number, (path, flag) in enumerate(zip(request["streams"], flags, strict=True)):
        opened = os.open(path, flag, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    given = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [request["folder"], *given, *own_path]
    sys.argv[1:] = request["arguments"]
    importlib.invalidate_caches()


def _run_and_end() -> None:
    """As Python ends, but for taking every module apart, which is most of the time of a command."""
    code: object = 0
    try:
        runpy.run_module("healthsim_store", run_name="__main__", alter_sys=True)
    except SystemExit as wanted:
        code = wanted.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
    except BaseException:
        code = 1
        traceback.print_exc()
    atexit._run_exitfuncs()
    gc.collect()  # what is not closed is told
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(ValueError):  # closed
            stream.flush()
    os._exit(code if isinstance(code, int) else 1)


def _main() -> None:
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own_path = [entry for entry in sys.path[1:] if entry not in given]
    # What is imported here starts threads, which a fork does not have; Python 3.12 warns of that.
    warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
    sys.path[0] = os.getcwd()
    for name in PRELOADED:
        importlib.import_module(name)
    from healthsim_store.plugins import installed

    remember_declarations()
    _ = installed().declarations
    installed.cache_clear()
    gc.collect()
    gc.freeze()  # or each fork would copy what the collector looks at
    request = _next()
    if request:
        _become(request, own_path)
        _run_and_end()


if __name__ == "__main__":
    _main()
