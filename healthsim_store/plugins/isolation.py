"""A stranger's code is run so that it can neither end the process nor change it for the others."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, TypeVar

from ..errors import HealthsimStoreError

T = TypeVar("T")
_LONGEST = 300  # letters of a text that a plugin gives


class Faulty(Exception):
    """What a plugin did is wrong; the text says what."""


@dataclass
class Apart:
    """How code of a plugin went: ``problem`` is why it failed, ``printed`` what it printed."""

    problem: str | None = None
    printed: str = ""
    pressed: bool = field(default=False, repr=False)  # Ctrl-C, by the user

    def run(self, work: Callable[[], T], otherwise: T) -> T:
        """What ``work`` returns; or ``otherwise`` with a ``problem``, whatever it raises.

        Only the user's own Ctrl-C goes on, also where the plugin caught it.
        """
        try:
            with _kept(self):
                return work()
        # Broad on purpose: a stranger's code may raise SystemExit, KeyboardInterrupt, anything.
        except BaseException as error:
            if not self.pressed:
                self.problem = reason(error)
        finally:
            if self.pressed:
                raise KeyboardInterrupt
        return otherwise


def reason(error: BaseException) -> str:
    """What was raised, in a line; its own text may raise again."""
    kind = type(error).__name__
    try:
        text = error.in_one_line if isinstance(error, HealthsimStoreError) else str(error)
    except BaseException:
        text = "its text cannot be had"
    text = " ".join(text.split())
    if isinstance(error, Faulty):
        return text
    return f"{kind}: {text[:_LONGEST]}" if text else kind


@contextlib.contextmanager
def _kept(apart: Apart) -> Iterator[None]:
    """What a plugin may change by being loaded is as before: streams, signals, warnings, folder."""
    streams = sys.stdout, sys.stderr
    heard = _Heard(sys.stderr)
    folder = _folder()
    sys.stdout = sys.stderr = heard
    try:
        with warnings.catch_warnings(), _signals(apart):
            yield
    finally:
        sys.stdout, sys.stderr = streams
        apart.printed = " ".join(heard.stop().split())[:_LONGEST]
        if folder is not None and folder != _folder():
            os.chdir(folder)


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


@contextlib.contextmanager
def _signals(apart: Apart) -> Iterator[None]:
    """Put back every handler of a signal; and note whether the user presses Ctrl-C.

    A KeyboardInterrupt in another thread than the main one is never the user's.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    own = before[signal.SIGINT]

    def pressed(number: int, frame: FrameType | None) -> None:
        apart.pressed = True
        if callable(own):
            own(number, frame)

    if callable(own):
        signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


class _Heard:
    """A stream that keeps the beginning of what is printed.

    After `stop` it is the stream that it stands before: a log made at import may hold on to it.
    """

    def __init__(self, behind: Any) -> None:
        self._behind = behind
        self._text: str | None = ""

    def write(self, text: str) -> int:
        if self._text is None:
            self._behind.write(text)
        elif len(self._text) < _LONGEST:
            self._text += str(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def stop(self) -> str:
        text, self._text = self._text or "", None
        return text

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)
