"""Processes that end without a word, as by SIGKILL: at their end, or at a place in their way."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def fork(act: Callable[[], object]) -> int:
    """The id of a new process that does something and ends: with 0, or 1 after an exception."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        act()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """How a process ended, once it has: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die(act: Callable[[], object]) -> None:
    """Do something in a process that is killed right after, with what ``act`` gives still open."""

    def act_and_die() -> None:
        _kept = act()
        os.kill(os.getpid(), signal.SIGKILL)

    assert ended(fork(act_and_die)) == -signal.SIGKILL


def die_after(act: Callable[[], object], function: str, times: int = 1) -> bool:
    """Do something in a process that is killed when a function of this name has returned.

    One that is written in C may be given with its module, as ``posix.replace``. Whether it was
    killed: False where it came to its end first.
    """
    left = times

    def watch(frame: Any, event: str, argument: Any) -> None:
        nonlocal left
        ends = event == "return" and frame.f_code.co_name == function
        if event == "c_return":
            module = getattr(argument, "__module__", None)
            ends = function in (argument.__name__, f"{module}.{argument.__name__}")
        if ends:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    def watched() -> None:
        sys.setprofile(watch)
        act()

    return ended(fork(watched)) == -signal.SIGKILL


def die_at(act: Callable[[], object], at: int) -> bool:
    """Do something in a process that is killed at its ``at``-th function call or return."""
    count = 0

    def watch(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched() -> None:
        sys.setprofile(watch)
        act()

    return ended(fork(watched)) == -signal.SIGKILL


def killed_at_a_moment(act: Callable[[], object], seconds: float) -> bool:
    """Do something in a process that is killed after so many seconds; whether it was."""
    child = fork(act)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return ended(child) == -signal.SIGKILL


def count_calls(act: Callable[[], object]) -> int:
    """How many function calls and returns it takes, as `die_at` counts them."""
    count = 0

    def watch(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += 1

    sys.setprofile(watch)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def wait_for(path: Path) -> None:
    """Wait until another process has made a file."""
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.005)


def wait_until_open(process: subprocess.Popen[str], path: Path) -> None:
    """Wait until a command, or a process that it has started, reads a file in a long statement.

    Its start is over by then, however long that took. Where the system does not tell what a
    process has open, the command is given some seconds.
    """
    if not Path("/proc/self/fd").exists():
        time.sleep(5)
        return
    end = time.monotonic() + 60
    while not _has_open(process.pid, path):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, f"{path.name} was not opened"
        time.sleep(0.02)
    wait_until_busy(process.pid, 0.2)  # from the opening to the statement


def wait_until_busy(number: int, seconds: float) -> None:
    """Wait until a process, with those that it has started, has computed for so long from now.

    So it is in the statement without end that it was given, however busy the machine is. Where the
    system does not tell, it is given that time, and two seconds for a start.
    """
    if not Path("/proc/self/stat").exists():
        time.sleep(seconds + 2)
        return
    enough = processor_seconds(number) + seconds
    end = time.monotonic() + 90
    while processor_seconds(number) < enough:
        assert time.monotonic() < end, "it does not compute"
        time.sleep(0.02)


def processor_seconds(number: int) -> float:
    """The time that a process and those that it has started have computed; 0 of one that ended."""
    of_process = Path(f"/proc/{number}")
    with contextlib.suppress(OSError):
        told = (of_process / "stat").read_text().rpartition(") ")[2].split()
        own = sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")  # also of ended children
        return own + sum(map(processor_seconds, _children(of_process)))
    return 0.0


def _children(of_process: Path) -> list[int]:
    told = [each.read_text() for each in of_process.glob("task/*/children")]
    return [int(child) for child in " ".join(told).split()]


def _has_open(number: int, path: Path) -> bool:
    """Whether a process has a file open, or one that it has started."""
    of_process = Path(f"/proc/{number}")
    with contextlib.suppress(OSError):  # it, or what it had open, is gone
        for link in (of_process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if os.path.samefile(link, path):
                    return True
        return any(_has_open(child, path) for child in _children(of_process))
    return False
