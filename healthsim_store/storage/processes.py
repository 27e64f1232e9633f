"""The processes that read for this one: started, asked one thing at a time, and ended."""

from __future__ import annotations

import atexit
import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import errors
from ..base.wording import here
from ..errors import ScenarioFileError
from .worker import CONSIDERATE, NICENESS, SLOW, receive, send

_IDLE = 2  # processes that wait for the next file
_LOOK_SECONDS = 0.005  # between looks at a deadline of somebody else's

_ROOT = str(Path(__file__).parents[2])
_START = (
    "import os, sys; sys.path.insert(0, sys.argv[1]);"
    f" {SLOW!r} in sys.argv and hasattr(os, 'nice') and os.nice({NICENESS});"
    " from healthsim_store.storage import worker; worker.main()"
)


class Process:
    """A worker, and one question at a time to it.

    Raises ScenarioFileError where none can be started.

    ``considerate``: what is slow leaves the processor to what is not; then the process is ``slow``,
    and no use for what others ask.

    ``slow``: so from the start, where it is considerate.
    """

    def __init__(self, *, considerate: bool = False, slow: bool = False) -> None:
        # A program that is one file, or has Python inside, would start itself once more.
        if getattr(sys, "frozen", False) or not _is_python(sys.executable):
            raise _no_worker(f"{sys.executable or 'the program'} is no Python")
        try:
            self._process = self._start(considerate, slow)
        except OSError as error:
            raise _no_worker(str(error)) from error
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self.slow = considerate and slow
        self.alive = True
        self.late: Callable[[], Any] | None = None  # asked while we wait; true: leave off

    def __del__(self) -> None:
        """Nobody has it any more, such as one that was killed while the program ended."""
        if getattr(self, "alive", False):
            self.end()

    @staticmethod
    def _start(considerate: bool, slow: bool) -> subprocess.Popen[bytes]:
        manner = [SLOW if slow else CONSIDERATE] if considerate else []
        # Ctrl-C is for us; we end it.
        group: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
        # -S: it needs nothing but this package, and starts in half the time without the others.
        return subprocess.Popen(  # noqa: S603 (no word of the command is from outside)
            [sys.executable, "-I", "-S", "-c", _START, _ROOT, *manner],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **group,
        )

    @property
    def ours(self) -> bool:
        """Whether it is this process's, and not that of one from which this was forked."""
        return self.alive and self._owner == os.getpid()

    def ask(self, name: str, seconds: float, *arguments: Any) -> Any:
        """The answer to a request. Raises what is raised there, and Ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            if not self.ours:
                raise Ended(None)
            try:
                send(self._process.stdin, (name, seconds, here().plain(), *arguments))
                if self.late is not None and os.name == "posix":  # no select() on pipes elsewhere
                    self._wait()
                gave_way, *answer = receive(self._process.stdout)
            except (EOFError, OSError):
                raise Ended(self.end()) from None
            except BaseException:  # Ctrl-C: nobody will read that answer
                self.end()
                raise
            self.slow = self.slow or gave_way
        return _raise_or_give(tuple(answer))

    def _wait(self) -> None:
        """Until there is an answer; tell it to leave off when ``late`` says so."""
        import select

        assert self._process.stdin is not None
        assert self._process.stdout is not None
        told = False
        while not select.select([self._process.stdout], [], [], _LOOK_SECONDS)[0]:
            if not told and self.late is not None and self.late():
                send(self._process.stdin, ("interrupt", 0.0))
                told = True

    def kill(self) -> None:
        """End it from another thread; the one that waits for its answer finds that out."""
        if self._owner == os.getpid():
            self._process.kill()

    def end(self) -> int | None:
        """End it now; its exit code."""
        self.alive = False
        if self._owner != os.getpid():
            return None
        self._process.kill()
        code: int = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return code


def _is_python(program: str) -> bool:
    return Path(program).stem.lower().startswith(("python", "pypy"))


def _no_worker(reason: str) -> ScenarioFileError:
    return ScenarioFileError(
        f"No process can be started that would read the file: {reason}.",
        hint="Store(isolated=False) reads in this process, for files that you trust.",
    )


class Ended(Exception):
    """The worker ended before it answered; ``code`` is its exit code, negative for a signal."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


def _raise_or_give(answer: tuple[Any, ...]) -> Any:
    kind, name, *more = answer if answer[0] != "ok" else (*answer, None)
    if kind == "ok":
        return name
    arguments, hint = more
    if kind == "ours":
        raise getattr(errors, name)(arguments, hint=hint)
    raise getattr(sqlite3 if kind == "sqlite3" else _BUILTINS, name)(*arguments)


class _BUILTINS:
    """The exceptions of Python that SQLite's module raises."""

    ValueError = ValueError
    UnicodeDecodeError = UnicodeDecodeError
    UnicodeEncodeError = UnicodeEncodeError
    OverflowError = OverflowError
    MemoryError = MemoryError
    RecursionError = RecursionError
    TypeError = TypeError


class _Processes:
    """Those that wait for the next file; they are started when they are needed, or ahead."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Process] = []
        self._lent: weakref.WeakSet[Process] = weakref.WeakSet()
        self._over = False
        self._considerate = False

    def serve_many(self) -> None:
        """Many ask this process at once: from now on what is slow lets the others go first."""
        with self._lock:
            self._considerate = True

    def take(self, *, slow: bool = False) -> Process:
        """One for a file; ``slow``: for one whose statement has just taken too long.

        Raises ScenarioFileError after `end_all`.
        """
        with self._lock:
            if self._over:
                raise ScenarioFileError("Nothing is read any more: the program ends.")
            slow = slow and self._considerate  # else any of them will do
            while self._idle and not slow:
                process = self._idle.pop()
                if process.ours:
                    self._lent.add(process)
                    return process
        process = Process(considerate=self._considerate, slow=slow)
        with self._lock:
            self._lent.add(process)
        return process

    def start_ahead(self) -> None:
        """Have one ready, so that its start is over when the first file is opened."""
        with self._lock, contextlib.suppress(ScenarioFileError):  # told when a file is opened
            if not any(process.ours for process in self._idle):
                self._idle.append(Process(considerate=self._considerate))

    def give_back(self, process: Process) -> None:
        with self._lock:
            if process.ours and not process.slow and len(self._idle) < _IDLE:
                self._idle.append(process)
                return
        process.end()

    def end(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().end()

    def end_all(self) -> None:
        """Also those that are at work, for good: a program that ends waits for no answer."""
        with self._lock:
            self._over = True
            lent = [*self._lent]
        self.end()
        for process in lent:
            process.kill()


processes = _Processes()
atexit.register(processes.end)
start_ahead = processes.start_ahead
