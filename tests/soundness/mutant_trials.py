"""What damaged files do to a store: every verb gives an answer or an error of ours, in time.

And nothing is lost: what reads leaves the file as it is, what fails to write too, and the other
scenarios of the store stay and answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import meadow
from damaged_verbs import GOOD, NAME, WRITES, Call, reads
from mutants import damage
from report import table

from healthsim_store import HealthsimStoreError, Store

MOST_SECONDS = 20.0  # of one call
CLEAN = ("-journal", "-wal", "-shm")


@dataclass
class Counts:
    """What a campaign found. ``faults`` are told with the damage and the verb."""

    mutants: int = 0
    calls: int = 0
    answered: int = 0
    refused: int = 0
    tracebacks: int = 0
    lost: int = 0
    wrong: int = 0  # answers that plain sqlite3 contradicts
    over_the_limit: int = 0
    slowest: float = 0.0  # seconds of the slowest call
    seconds: float = 0.0  # of all
    faults: list[str] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    slow: list[str] = field(default_factory=list)  # calls of over 5 seconds
    unclear: Counter[str] = field(default_factory=Counter)  # messages of more lines, or not ours

    def told(self) -> str:
        """The figures in one line."""
        return (
            f"{self.mutants:,} mutants, {self.calls:,} calls: {self.answered:,} answered,"
            f" {self.refused:,} refused, {self.tracebacks} tracebacks, {self.lost} lost,"
            f" {self.wrong} wrong, {self.over_the_limit} over {MOST_SECONDS:g} s; the slowest took"
            f" {self.slowest:.1f} s, all {self.seconds:,.0f} s"
        )

    def lines(self) -> list[str]:
        """The chapter about it, in Markdown."""
        return [
            "Files of every kind (of this format and of each older one, a clone, a merge, three"
            " products at once) are damaged: bytes, pages and names overwritten; every"
            " housekeeping table and entity type with values of another type, without rows or"
            " columns, with other columns, or replaced by something else; the schema; what lies"
            " beside the file. Each then goes through every verb, beside a good scenario. An answer"
            " is compared with what plain sqlite3 counts; what reads leaves the file as it is, and"
            " after what writes every row is still there.",
            "",
            *table(
                ["what", "count"],
                [
                    ("damaged files", [self.mutants]),
                    ("calls of a verb", [self.calls]),
                    ("answered", [self.answered]),
                    ("refused with an error of ours, in one line", [self.refused]),
                    ("tracebacks", [self.tracebacks]),
                    ("files or rows lost or changed", [self.lost]),
                    ("wrong answers", [self.wrong]),
                    (f"over {MOST_SECONDS:g} s", [self.over_the_limit]),
                    ("seconds of the slowest call", [f"{self.slowest:.1f}"]),
                ],
            ),
            "",
            f"A call of over 5 seconds, of which there were {len(self.slow)}, waits for SQLite's"
            " lock, as long as it may, where rubbish lies beside the file.",
        ]


class _TooLong(BaseException):
    """A call that does not end."""


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def end(*_: Any) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _mark(path: Path) -> bytes:
    return hashlib.blake2b(path.read_bytes()).digest() if path.is_file() else b""


def _rows(path: Path) -> Counter[Any] | None:
    """Every row of a file's entity types, as plain sqlite3 reads them; None where it cannot."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.text_factory = bytes
            found: Counter[Any] = Counter()
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '[_s]*'"
            ).fetchall():
                table = name.decode().replace('"', '""')
                key = connection.execute(f'SELECT * FROM "{table}" LIMIT 0').description[0][0]
                found.update(
                    (name, *row) for row in connection.execute(f'SELECT "{key}" FROM "{table}"')
                )
            return found
    except (sqlite3.Error, UnicodeDecodeError):
        return None


class Trials:
    """Mutants of the files of `meadow`, one after the other, in one store beside good ones."""

    def __init__(self, folder: Path, *, real: bool = True) -> None:
        self.counts = Counts()
        self._out = folder / "out"
        self._out.mkdir()
        self._home = folder / "store"
        made = Store(folder / "made", remember=False)
        with made:
            self._sources = {
                name: path.read_bytes() for name, path in meadow.scenarios(made, real=real).items()
            }
            self._good = {
                kind: (made.path / f"{kind}good.db").read_bytes()
                for kind in ("", "real-")
                if (made.path / f"{kind}good.db").exists()
            }
            shutil.copytree(made.path / "profiles", self._home / "profiles")
            (self._out / "rows.json").write_text(
                '[{"owner_id": "o77", "tax_number": "T77", "full_name": "X", "born": "2000-01-01"}]'
            )
        # As Python has it, and as the doors have it: each file in a process of its own.
        self._stores = [Store(self._home, isolated=isolated) for isolated in (False, True)]
        self._store = self._stores[0]
        self._file = self._home / f"{NAME}.db"

    def close(self) -> None:
        for store in self._stores:
            store.close()

    def run(self, seed: int, calls: int | None = None) -> None:
        """One mutant through every verb, or through some.

        Args:
            seed: of all chance: the same one gives the same mutant.
            calls: how many verbs; by default all.
        """
        began = time.monotonic()
        chance = random.Random(seed)
        self._store = self._stores[seed % 8 == 7]
        kind = chance.choice([*self._sources])
        scratch = self._out / "made.db"
        scratch.write_bytes(self._sources[kind])
        told = f"seed {seed}, {kind}: {damage(scratch, chance)}"
        damaged = scratch.read_bytes()
        beside = [Path(f"{scratch}{ending}") for ending in CLEAN]
        self._good_file = self._home / f"{GOOD}.db"
        company = self._good["real-" if kind == "real" else ""]
        _put(self._good_file, company)
        self._kept = _mark(self._good_file)
        self.counts.mutants += 1
        chosen = [*reads(self._store).items()]
        for name, call in chance.sample(chosen, calls) if calls else chosen:
            self._lay(damaged, beside)
            self._read(f"{told}: {name}", call)
        for name, call in chance.sample([*WRITES.items()], calls // 3) if calls else WRITES.items():
            self._clear()  # what a verb wrote may be in a WAL, beside a file that is as it was
            self._lay(damaged, beside)
            self._write(f"{told}: {name}", call)
        for path in [scratch, *beside]:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        self._clear()
        self.counts.seconds += time.monotonic() - began

    def _lay(self, damaged: bytes, beside: list[Path]) -> None:
        """The mutant as it was made, unless it is so."""
        if not self._file.exists() or self._file.read_bytes() != damaged:
            self._clear()
            _put(self._file, damaged)
        for path in beside:
            target = Path(str(self._file) + path.name.removeprefix("made.db"))
            if path.is_dir():
                target.mkdir(exist_ok=True)
            elif path.exists() and not target.exists():
                shutil.copy(path, target)

    def _clear(self) -> None:
        for path in self._home.iterdir():
            if path.name in ("profiles", ".healthsim-store", self._good_file.name):
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.rmtree(self._home / ".healthsim-store" / "trash", ignore_errors=True)

    def _call(self, told: str, call: Call) -> tuple[bool, Any]:
        """Whether it was answered, and the answer."""
        counts = self.counts
        counts.calls += 1
        began = time.monotonic()
        try:
            with _limited():
                answer = call(self._store, self._out)
            counts.answered += 1
            return True, answer
        except HealthsimStoreError as error:
            counts.refused += 1
            counts.codes[error.code] += 1
            if not error.message or (
                "\n" in error.message.strip() and error.code != "invalid_rows"
            ):
                counts.unclear[f"{told}: {error.message[:300]}"] += 1
            return False, None
        except _TooLong:
            counts.over_the_limit += 1
            counts.faults.append(f"{told}: over {MOST_SECONDS:g} s")
            return False, None
        except Exception:
            counts.tracebacks += 1
            counts.faults.append(f"{told}\n{traceback.format_exc()}")
            self._store.close()
            return False, None
        finally:
            took = time.monotonic() - began
            counts.slowest = max(counts.slowest, took)
            if took > 5:
                counts.slow.append(f"{told}: {took:.1f} s")

    def _compare(self, told: str, answer: Any) -> None:
        """That the numbers in an answer are those that plain sqlite3 counts in the file."""
        name = told.rpartition(": ")[2]
        if name == "scenario_info":
            counted = answer[0].get("entity_counts", {})
            asked = "SELECT count(*)"
        elif name == "load_scenario":
            counted = {kind: len(rows) for kind, rows in answer.items()}
            asked = "SELECT *"
        else:
            return
        with contextlib.suppress(sqlite3.Error):
            file = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)
            with contextlib.closing(file):
                file.text_factory = bytes
                for kind, count in counted.items():
                    rows = file.execute(f'{asked} FROM "{kind}"').fetchall()
                    found = rows[0][0] if asked.endswith(")") else len(rows)
                    if found != count:
                        self.counts.wrong += 1
                        self.counts.faults.append(f"{told}: {count} of {kind}, and not {found}")

    def _lose(self, told: str) -> None:
        self.counts.lost += 1
        self.counts.faults.append(told)

    def _read(self, told: str, call: Call) -> None:
        before = _mark(self._file)
        done, answer = self._call(told, call)
        if done:
            self._compare(told, answer)
        if _mark(self._file) != before:
            self._lose(f"{told}: it changed the file that it reads")
        self._look_at_good(told)

    def _write(self, told: str, call: Call) -> None:
        before, mark = _rows(self._file), _mark(self._file)
        done, _ = self._call(told, call)
        if not done and self._file.exists() and _mark(self._file) == mark:
            pass
        elif done and told.rpartition(": ")[2].startswith("remove_entities"):
            pass  # that is what it is for
        elif before is not None:
            self._look_at_rows(told, before)
        self._look_at_good(told)

    def _look_at_rows(self, told: str, before: Counter[Any]) -> None:
        """That every row is somewhere: in the file, under its new name, or in the trash."""
        for path in (*self._home.glob("*.db"), *self._home.glob(".healthsim-store/trash/*.db")):
            if path != self._good_file:
                after = _rows(path)
                if after is not None and not before - after:
                    return
        self._lose(f"{told}: rows are gone")

    def _look_at_good(self, told: str) -> None:
        if _mark(self._good_file) != self._kept:
            self._lose(f"{told}: it changed another scenario")
            _put(self._good_file, self._good[""])

    def answers(self) -> bool:
        """Whether the good one still does."""
        found = self._store.query_scenario(GOOD, "SELECT count(*) AS n FROM _entity_types")
        return found.rows[0]["n"] > 0


def _put(path: Path, content: bytes) -> None:
    """A new file of this name: whoever has the old one open keeps it."""
    made = path.with_name(f"{path.name}.tmp")
    made.write_bytes(content)
    os.replace(made, path)
