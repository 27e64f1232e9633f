"""A plugin whose import does not end: it is named to whoever waits, and left out the next time.

Nothing can end a stranger's import in the middle: what it had begun in other modules would stay
half done. So a second thread watches. It names the plugin, and after a while it leaves a mark,
which goes when the import ends after all. Where the command was stopped before, by Ctrl-C or by a
kill, the mark stays, and the next commands do not wait again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ..base.locks import Locked, is_left, locked
from ..base.version import __version__
from ..errors import NotWritable
from .names import DISABLE

NAMED = 5.0  # seconds of waiting after which the plugin is named
MARKED = 20.0  # seconds after which it is left out the next time
KEPT = 3600.0  # seconds that it is left out; then it is tried again
LOOK = 0.5  # seconds between two looks


@dataclass(eq=False)
class Loaded:
    """What is being loaded: ``file`` is the plugin's only file, ``module`` what it imports."""

    name: str
    distribution: str
    version: str
    module: str = ""
    file: Path | None = None
    since: float = field(default_factory=time.monotonic)
    named: bool = False
    finished: bool = False
    released: threading.Event | None = None  # there is a mark, until the event is set

    def mark(self) -> Path:
        """The file that says that it did not end; another one once its own files have changed."""
        told = [__version__, sys.prefix, self.name, self.distribution, self.version]
        text = "\0".join([*told, str(self._changed())])
        key = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        return _folder() / key

    def _changed(self) -> int:
        """When a file of it was last changed, as the system counts; 0 where nobody can tell."""
        with contextlib.suppress(OSError, ImportError, ValueError):
            if self.file is not None:
                return self.file.stat().st_mtime_ns
            spec = importlib.machinery.PathFinder.find_spec(self.module.partition(".")[0])
            if spec is not None and spec.origin is not None:
                origin = Path(spec.origin)
                own = origin.parent.rglob("*.py") if origin.name == "__init__.py" else [origin]
                return max(path.stat().st_mtime_ns for path in own)
        return 0


def left_behind(loaded: Loaded) -> str | None:
    """Why it is not loaded this time: it did not end the last time. None where it may be tried."""
    if not _is_any():
        return None
    mark = loaded.mark()
    try:
        age = time.time() - mark.stat().st_mtime
    except OSError:
        return None
    if age > KEPT or not is_left(mark):  # another process still waits for it
        return None
    return (
        f"did not end within {MARKED:g} seconds when it was loaded {age / 60:.0f} minutes ago."
        f" It is tried again after an hour, when its files have changed, or without {mark}"
    )


def _is_any() -> bool:
    """Whether there may be marks: platformdirs, which knows, takes too long for nearly nothing."""
    roots = [os.environ.get(name) for name in ("XDG_CACHE_HOME", "LOCALAPPDATA")]
    homes = [os.path.expanduser(path) for path in ("~/.cache", "~/Library/Caches")]
    return any(
        os.path.isdir(os.path.join(root, "healthsim-store", *between, "unfinished"))
        for root in (*roots, *homes)
        if root
        for between in ((), ("Cache",))
    )


def _folder() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("healthsim-store", appauthor=False) / "unfinished"


class Watch:
    """A thread that looks how long a plugin is being loaded. Use it in a ``with`` block.

    Args:
        stream: where it tells who waits for what.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._loaded: Loaded | None = None
        self._turn = threading.Lock()  # between the end of a plugin and its mark
        self._wake = threading.Event()
        self._done = False
        self._thread = threading.Thread(target=self._run, name="plugins", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done = True
        self._wake.set()
        self._thread.join()

    @contextlib.contextmanager
    def over(self, loaded: Loaded) -> Iterator[None]:
        """In the block a plugin is loaded. Where it is interrupted, its mark stays."""
        loaded.since = time.monotonic()
        self._loaded = loaded
        try:
            yield
            loaded.finished = True
        finally:
            with self._turn:
                self._loaded = None
            if loaded.released is not None:
                self._wake.set()
                loaded.released.wait()

    def _run(self) -> None:
        while not self._done:
            self._wake.wait(LOOK)
            loaded = self._loaded
            waited = time.monotonic() - loaded.since if loaded else 0.0
            if loaded and waited >= NAMED and not loaded.named:
                loaded.named = True
                told = f"The plugin {loaded.name} is being loaded since {waited:.0f} seconds."
                print(f"{told} Ctrl-C ends this; {DISABLE}=1 loads none.", file=self._stream)
            if loaded and waited >= MARKED:
                self._hold(loaded)

    def _hold(self, loaded: Loaded) -> None:
        """Keep the mark while it is being loaded; take it away if that ends."""
        mark = loaded.mark()
        try:
            mark.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as held:
                with self._turn:
                    if self._loaded is not loaded:
                        return
                    held.enter_context(locked(mark, wait=0))
                    loaded.released = threading.Event()
                while self._loaded is loaded:
                    self._wake.wait(LOOK)
                if loaded.finished:
                    mark.unlink(missing_ok=True)
        except (Locked, NotWritable, OSError):  # another one keeps it, or there is no cache
            loaded.since = time.monotonic()
        finally:
            self._wake.clear()
            if loaded.released is not None:
                loaded.released.set()
