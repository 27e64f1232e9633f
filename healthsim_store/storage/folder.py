"""A store's folder: files by name, and new ones that get their name only when they are whole."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ..base.atomic import flush
from ..base.leftovers import FOLDER as LEFTOVERS
from ..base.leftovers import HIDDEN
from ..base.locks import Locked, is_left, locked
from ..base.sqlite import look
from ..base.wording import ENVIRONMENT, SHELL, call, here, option
from ..errors import InvalidArgument, NotWritable, ScenarioBusy, ScenarioExists, ScenarioFileError
from .moving import give, set_aside
from .names import clean_name
from .together import LISTS, finish, listed, publish_together

Made = TypeVar("Made")

_STALE_SECONDS = 24 * 3600
_SWEEP_SECONDS = 60


class Folder:
    """Where the scenario files lie. It is made when the first one is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hidden = path / HIDDEN
        self.trash = self.hidden / "trash"
        self.leftovers = self.hidden / LEFTOVERS
        self._swept = float("-inf")  # when, by the monotonic clock

    def names(self) -> list[str]:
        """The names of all scenarios, sorted."""
        self._finish()
        try:
            entries = [entry.name for entry in os.scandir(self.path)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError as error:
            raise NotWritable(f"{self.path} cannot be read: {error.strerror}.") from error
        return sorted(n.removesuffix(".db") for n in entries if n.endswith(".db") and n[0] != ".")

    def file(self, name: str) -> Path:
        """Where the scenario of this name is or would be."""
        return self.path / f"{name}.db"

    def exact(self, name: str) -> Path | None:
        """The file of exactly this name, when it is there."""
        if not name or name.startswith(".") or any(sign in name for sign in "/\\\0"):
            return None
        self._finish()
        path = self.file(name)
        with contextlib.suppress(OSError):
            return path if path.is_file() else None
        return None

    def _finish(self) -> None:
        """Have files their names that somebody was killed over who made several at once."""
        if os.path.isdir(self.hidden / LISTS):
            finish(self.hidden, self._give_again)

    def _give_again(self, file: Path, name: str) -> Path:
        target = self.file(name)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samefile(file, target):
                file.unlink()  # the kill was between the two steps of a move
                return target
        return self.give_name(file, self.free(name))

    def existing(self, name: str) -> Path | None:
        """The scenario to write to: exact but for case; never a guess."""
        direct = self.exact(name)
        if direct is not None:
            return direct
        folded = name.casefold()
        same = [other for other in self.names() if other.casefold() == folded]
        return self.file(same[0]) if same else None

    def taken(self, name: str) -> bool:
        return self.existing(name) is not None

    def check_free(self, name: str, source: Path | None = None) -> None:
        """Raises ScenarioExists when the name is taken, by another file than ``source``."""
        if self.existing(name) not in (None, source):
            raise ScenarioExists(
                f"There is a scenario {name!r} already.", hint="Choose another name."
            )

    def free(self, name: str) -> str:
        """The name, with ``-2`` and so on when it is taken."""
        candidate, number = name, 1
        while self.taken(candidate):
            number += 1
            candidate = f"{name}-{number}"
        return candidate

    def make(
        self, name: str | None, automatic: Callable[[Made], str], write: Callable[[Path], Made]
    ) -> tuple[Path, Made]:
        """A new file, which appears under its name when ``write`` has made it whole.

        Without a name it gets the first free one of ``automatic``. The path, and what ``write``
        gave. Raises InvalidName, ScenarioExists, NotWritable; then there is no file.
        """
        if name is not None:
            name = clean_name(name)
            self.check_free(name)
        with self.unfinished() as unfinished:
            made = write(unfinished)
            path = self.publish(unfinished, name, lambda: self.free(automatic(made)))
        return path, made

    def make_together(
        self, names: Sequence[str], write: Callable[[list[Path]], Made]
    ) -> tuple[list[Path], Made]:
        """New files, which appear under their names when ``write`` has made all of them whole.

        The paths, and what ``write`` gave. Raises InvalidArgument where two have one name,
        InvalidName, ScenarioExists, NotWritable; then there is none of the files.
        """
        names = [clean_name(name) for name in names]
        if len({name.casefold() for name in names}) < len(names):
            raise InvalidArgument("Two of the new scenarios would have one name.")
        for name in names:
            self.check_free(name)
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(self.unfinished()) for _ in names]
            made = write(files)
            with writing(self.path):
                for file in files:
                    flush(file)
                return publish_together(self.hidden, files, names, self.give_name), made

    @contextlib.contextmanager
    def turn(self, key: str, what: str) -> Iterator[None]:
        """One after the other, of all that make the scenario of this key; others do not wait.

        SQLite's lock of a small file ends with the process that has it, however it ends. The file
        stays for a day: another process might have to wait for it at this moment. Raises
        ScenarioBusy after some seconds, NotWritable.

        Args:
            key: what the scenario will be found by: its name, its batch.
            what: how a message calls it.
        """
        self.prepare()
        told = key.casefold().encode("utf-8", "surrogatepass")
        path = self.hidden / f"turn-{hashlib.blake2b(told, digest_size=12).hexdigest()}.lock"
        try:
            with locked(path):
                os.utime(path)  # not to be swept while it is used
                yield
        except Locked:
            raise ScenarioBusy(
                f"Another program is making {what} at this moment.",
                hint="Try again when it has finished.",
            ) from None

    @contextlib.contextmanager
    def unfinished(self) -> Iterator[Path]:
        """The path of a file to make, which nobody sees; what is left there is thrown away.

        While its lock is held, somebody makes it; who is killed leaves it to the next one's sweep.
        """
        self.prepare()
        self._sweep()
        path = self.hidden / f"new-{os.getpid()}-{secrets.token_hex(4)}.db"
        lock = path.with_suffix(".lock")
        try:
            with locked(lock):
                yield path
        finally:
            path.unlink(missing_ok=True)
            lock.unlink(missing_ok=True)

    def prepare(self) -> None:
        """Make the folder. Raises NotWritable."""
        try:
            self.hidden.mkdir(parents=True, exist_ok=True)
            if not os.access(self.hidden, os.W_OK | os.X_OK):
                raise PermissionError(13, "permission denied")
        except OSError as error:
            other = option("store") if here().kind == SHELL else "Store(path)"
            raise NotWritable(
                f"The store {self.path} cannot be written: {error.strerror}.",
                hint=f"Choose another by {other} or {ENVIRONMENT}.",
            ) from error

    def _sweep(self) -> None:
        """Throw away the unfinished files of killed writers, and locks that are a day old."""
        now = time.monotonic()
        if now - self._swept < _SWEEP_SECONDS:
            return
        self._swept = now
        self._finish()
        for lock in self.hidden.glob("new-*.lock"):
            # Whoever makes a file has its lock before; a lock alone may be of one who begins.
            made = [*self.hidden.glob(f"{lock.stem}.db*")]
            # Nobody who has ended can list it any more, so the list is looked at afterwards.
            if made and is_left(lock) and f"{lock.stem}.db" not in listed(self.hidden):
                for leftover in (*made, lock):
                    with contextlib.suppress(OSError):
                        leftover.unlink()
        # What has no lock, and what is to be kept for who may wait for it.
        for leftover in (*self.hidden.glob("new-*"), *self.hidden.glob("turn-*.lock")):
            with contextlib.suppress(OSError):
                age = dt.datetime.now().timestamp() - leftover.stat().st_mtime
                if age > _STALE_SECONDS:
                    leftover.unlink()

    def publish(self, unfinished: Path, name: str | None, make: Callable[[], str]) -> Path:
        """Give a finished file its name; without one the first free that ``make`` gives.

        Raises ScenarioExists when ``name`` is taken by now, NotWritable.
        """
        with writing(self.path):
            flush(unfinished)  # nobody else has it open
            while True:
                try:
                    return self.give_name(unfinished, name or make())
                except ScenarioExists:
                    if name:
                        raise

    def give_name(
        self,
        source: Path,
        name: str,
        *,
        before: Callable[[], None] = lambda: None,
        move: Callable[[Path, Path], None] = give,
    ) -> Path:
        """Rename, but never over a file that is there, whoever made it in the meantime.

        What lies where SQLite would look for a journal of the new name is set aside.

        Args:
            source: a file that nobody writes to.
            name: its new name.
            before: is called when the name is ours, before the file is moved.
            move: moves the file; raises FileExistsError.

        Raises ScenarioExists; then nothing was moved.
        """
        target = self.file(name)
        with self.turn(f"place {name}", name):
            self.check_free(name, source)
            if not os.path.lexists(target):
                set_aside(target, self.leftovers)
            before()
            try:
                move(source, target)
            except FileExistsError:
                if not os.path.samefile(source, target):
                    raise ScenarioExists(f"There is a scenario {name!r} already.") from None
                os.rename(source, target)  # only the case of the name changes
        return target

    # -- one file, one name ------------------------------------------------------------------

    def twins(self, path: Path) -> list[str]:
        """The other names in the store under which the same file is, sorted."""
        with contextlib.suppress(OSError):
            mine = os.stat(path)
            return [
                other
                for other in self.names()
                if self.file(other) != path and self._is(self.file(other), mine)
            ]
        return []

    def _is(self, path: Path, status: os.stat_result) -> bool:
        with contextlib.suppress(OSError):
            return os.path.samestat(os.stat(path), status)
        return False

    def check_single(self, path: Path) -> None:
        """Raises ScenarioFileError where another scenario is the same file: both would change.

        A second name in the hidden folder is of a move that was killed, which ends here.
        """
        status = look(path)
        if status.st_nlink == 1:
            return
        for other in (*self.hidden.glob("new-*.db"), *self.trash.glob("*.db")):
            if self._is(other, status):
                other.unlink(missing_ok=True)
        twins = self.twins(path)
        if twins:
            raise ScenarioFileError(
                same_file(path.stem, twins),
                hint=f"Nothing was changed. {call('delete_scenario', path)} takes one name away,"
                " or replace one of them with a copy.",
            )


def same_file(name: str, twins: Sequence[str]) -> str:
    """What is told of a file that has several names in a store."""
    names = " and ".join(f"{one}.db" for one in (name, *twins))
    return f"{names} are one file under {'two' if len(twins) == 1 else len(twins) + 1} names."


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into NotWritable."""
    try:
        yield
    except OSError as error:
        raise NotWritable(
            f"{folder} cannot be written: {error.strerror or error}.",
            hint="Check its permissions and the free space.",
        ) from error
