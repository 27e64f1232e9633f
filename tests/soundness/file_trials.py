"""Imports of damaged files: each is refused in time, or stored as an independent reader has it.

``python file_trials.py SITE FIRST COUNT DONE`` tries some and prints a line of JSON for each; it is
a process of its own, since a reader that is written in C may end its process.
"""

from __future__ import annotations

import decimal
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import file_kinds
import file_mutators
import file_readers
import oracle
from report import table
from sound_product import FIELDS, Field

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError

MOST_SECONDS = 10.0
MOST_MEGABYTES = 1000
_STUCK = 60.0  # seconds without a word, after which a process is ended
_MESSAGE = 2000  # letters, over which nobody reads it
_ID = Field("sample_id", "text", required=True)
_COLUMNS = {field.name: field for field in FIELDS}
_OWN_LINES = ("invalid_rows",)  # errors that have a line for each problem


@dataclass
class Trial:
    """One damaged file. ``fault`` is empty where all is as it must be."""

    seed: int
    told: str  # what was done to it
    outcome: str = ""  # stored, refused
    code: str = ""  # of the error
    rows: int = 0  # that were read
    skipping: bool = False
    seconds: float = 0.0
    megabytes: int = 0
    said: str = ""  # by the error
    fault: str = ""


@dataclass
class Counts:
    """What became of the files of one kind."""

    files: int = 0
    stored: int = 0
    rows: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0
    seconds: float = 0.0

    def add(self, kind: str, trial: Trial) -> None:
        """Count one."""
        self.files += 1
        self.stored += trial.outcome == "stored"
        self.refused += trial.outcome == "refused"
        self.rows += trial.rows
        self.seconds += trial.seconds
        self.codes[trial.code] += 1
        self.slowest = max(self.slowest, trial.seconds)
        self.largest = max(self.largest, trial.megabytes)
        if trial.seconds > MOST_SECONDS:
            trial.fault += f" took {trial.seconds:.1f} s"
        if trial.megabytes > MOST_MEGABYTES:
            trial.fault += f" took {trial.megabytes} MB"
        if trial.fault:
            self.faults.append(f"{kind}, seed {trial.seed} ({trial.told}): {trial.fault}")

    def told(self) -> str:
        """The figures in one line."""
        return (
            f"{self.files:,} files, {self.stored:,} stored equal, {self.refused:,} refused,"
            f" {len(self.faults)} faults; the slowest took {self.slowest:.1f} s, the peak was"
            f" {self.largest:,} MB, all took {self.seconds:,.0f} s"
        )


# -- in the process that imports ------------------------------------------------------------------


def damaged(kind: str, seed: int) -> tuple[bytes, str]:
    """The file of a seed, and what was done to it."""
    chance = random.Random(f"{kind} {seed}")
    return file_mutators.mutate(kind, file_kinds.KINDS[kind][1](chance), chance)


def one(kind: str, seed: int, folder: Path) -> Trial:
    """Import the file of a seed, every third time without the rows that cannot be stored."""
    data, told = damaged(kind, seed)
    trial = Trial(seed, told, skipping=seed % 3 == 2)
    path = folder / file_kinds.KINDS[kind][0]
    path.write_bytes(data)
    options: dict[str, Any] = {}
    if kind.startswith("mapped"):
        (folder / "mine.sql").write_text(file_kinds.MAPPING, "utf-8")
        options["format"] = str(folder / "mine.sql")
    if trial.skipping:
        options |= {"bad_rows": "skip", "rejects": folder / "rejects.csv"}
    began = time.monotonic()
    try:
        with Store(folder / "store") as store:
            made = store.import_data(path, scenario="s", **options)
            trial.seconds = time.monotonic() - began
            trial.outcome, trial.rows = "stored", made.rows
            stored = []
            if made.persisted.inserted:
                with store.rows("s", "SELECT * FROM samples ORDER BY rowid") as rows:
                    stored = list(rows)
        trial.fault = "; ".join([*_compared(kind, data, made.to_dict(), stored, trial.skipping)])
    except HealthsimStoreError as error:
        trial.seconds = time.monotonic() - began
        trial.outcome, trial.code = "refused", error.code
        trial.said = error.in_one_line[:300]
        trial.fault = _unclear(error)
    except Exception:
        trial.fault = f"\n{traceback.format_exc(limit=-3)}"
    trial.megabytes = _peak()
    return trial


def _peak() -> int:
    """The most memory that this process had, in MB.

    What getrusage() says begins with what the process had that started this one.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        told = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text("utf-8"), re.MULTILINE)
        if told:
            return int(told[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _unclear(error: HealthsimStoreError) -> str:
    """What is wrong with a message: it has a line of printable letters, and not too many."""
    message = error.message
    lines = message.split("\n")
    if len(lines) > 1 and error.code not in _OWN_LINES:
        return f"a message of {len(lines)} lines: {message!r:.300}"
    if not message.strip() or not re.sub(r"[\n\t]", "", str(error)).isprintable():
        return f"a message that cannot be printed: {message!r:.300}"
    if len(str(error)) > _MESSAGE:
        return f"a message of {len(message):,} letters: {message!r:.300}"
    return ""


def _compared(
    kind: str, data: bytes, told: dict[str, Any], stored: list[dict[str, Any]], skipping: bool
) -> Iterator[str]:
    """What is not as it must be in an answer and in what was stored."""
    deep = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        found = file_readers.READERS[kind](data)
    except file_readers.Unreadable as error:
        yield f"stored {len(stored)} rows of what cannot be read ({error.__cause__!r:.200})"
        return
    finally:
        sys.setrecursionlimit(deep)
    rows, left_out = told["rows"], sum(sum(a.get("unmapped", {}).values()) for a in told["sources"])
    if rows != len(found.rows) + found.bad:
        yield f"{rows} rows are told, and there are {len(found.rows)} + {found.bad}"
    if rows != len(stored) + left_out:
        yield f"{rows} rows are told, {len(stored)} are stored and {left_out} left out"
    if found.bad and not skipping:
        yield f"{found.bad} rows that cannot be read are not refused"
    expected, refused = _expected(found.rows, mapped=kind.startswith("mapped"))
    if refused and not skipping:
        yield f"stored, and must be refused: {refused[0]}"
    if len(expected) != len(stored):
        yield f"{len(stored)} are stored, and should be {len(expected)}"
    for was, is_ in zip(expected, stored, strict=False):
        for name, value in was.items():
            if type(is_[name]) is not type(value) or is_[name] != value:
                yield f"{name} is {is_[name]!r:.100}, and should be {value!r:.100}"


def _expected(
    rows: list[dict[str, Any]], *, mapped: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows that must be stored, in their order, and why the others must not."""
    good: list[dict[str, Any]] = []
    refused: list[str] = []
    seen: set[tuple[str, Any]] = set()
    for row in rows:
        if mapped and row["title"] is None:
            continue
        try:
            made = _stored(row)
            keys = {
                (name, made[name]) for name in ("sample_id", "badge", "serial")
                if made.get(name) is not None
            }  # fmt: skip
            if keys & seen:
                raise oracle.Refused("a key that is there already")
        except oracle.Refused as error:
            refused.append(f"{error} in {row!r:.300}")
            continue
        seen |= keys
        good.append(made)
    return good, refused


def _stored(row: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in row.items():
        field_name = _field(name)
        if field_name in given:
            raise oracle.Refused(f"{field_name} twice")
        given[field_name] = _meaning(value)
    made = {}
    for name, column in _COLUMNS.items():
        try:
            made[name] = oracle.stored(column, given.get(name))
        except oracle.Refused:
            raise oracle.Refused(f"{name} {given.get(name)!r:.80}") from None
    if "sample_id" in given:  # else one is made
        made["sample_id"] = oracle.stored(_ID, given["sample_id"])
    return made


def _meaning(value: Any) -> Any:
    """What Arrow gives for a decimal is its text."""
    return str(value) if isinstance(value, decimal.Decimal) else value


def _field(name: str) -> str:
    """The column of a spelling: in any case, with any signs between, with samples before it."""
    short = re.sub(r"[\W_]+", "", name).casefold()
    known = {re.sub("_", "", column): column for column in (*_COLUMNS, "sample_id")}
    for spelling in (short, short.removeprefix("samples").removesuffix("samples"),
                     short.removeprefix("sample").removesuffix("sample")):  # fmt: skip
        if spelling == "id":
            return "sample_id"
        if spelling in known:
            return known[spelling]
    raise oracle.Refused(f"no column {name!r:.60}")


def main(site: str, first: int, count: int, done: int) -> None:
    """Try files of every kind, each in a folder of its own; ``done`` were tried before."""
    sys.path.insert(0, site)
    if sys.platform == "linux":
        most = 4_000_000_000  # bytes: what wants more shall not take the machine
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    for kind, seed in _work(first, count)[done:]:
        folder = Path(tempfile.mkdtemp(prefix="files-"))
        try:
            print(json.dumps(asdict(one(kind, seed, folder))), flush=True)
        finally:
            shutil.rmtree(folder)


def _work(first: int, count: int) -> list[tuple[str, int]]:
    return [(kind, seed) for kind in file_kinds.KINDS for seed in range(first, first + count)]


# -- in the process that watches ------------------------------------------------------------------


def run(first: int, count: int, site: Path) -> dict[str, Counts]:
    """Try files of every kind; what ends its process, or does not end, is a fault.

    Args:
        first: the first seed.
        count: how many of each kind.
        site: a folder with `sound_product` as a distribution.
    """
    work, found, done = _work(first, count), {kind: Counts() for kind in file_kinds.KINDS}, 0
    while done < len(work):
        words = [sys.executable, __file__, str(site), *map(str, (first, count, done))]
        with (
            tempfile.TemporaryDirectory() as scratch,  # a process that ends cleans up nothing
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=said, text=True,
                env=os.environ | {"TMPDIR": scratch},
            ) as process,
        ):  # fmt: skip
            assert process.stdout is not None
            watch = _Watch(process)
            for line in process.stdout:
                kind, _ = work[done]
                trial = Trial(**json.loads(line))
                found[kind].add(kind, trial)
                done += 1
                watch.again()
                if trial.megabytes > MOST_MEGABYTES:  # the peak stays, so the next need a new one
                    process.kill()
                    break
            else:
                if process.wait() or done < len(work):
                    said.seek(0)
                    how = "did not end" if watch.ended else f"ended its process: {said.read(2000)}"
                    kind, seed = work[done]
                    found[kind].add(kind, Trial(seed, damaged(kind, seed)[1], fault=how))
                    done += 1
            watch.stop()
    return found


class _Watch:
    """Ends a process that says nothing for too long."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ended = False
        self.again()

    def again(self) -> None:
        self.stop()
        self._timer = threading.Timer(_STUCK, self._end)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        if hasattr(self, "_timer"):
            self._timer.cancel()

    def _end(self) -> None:
        self.ended = True
        self._process.kill()


def lines(found: dict[str, Counts]) -> list[str]:
    """The chapter about it, in Markdown."""
    return [
        "Good files of every kind, with a column of each logical type, are damaged by one to three"
        " of these: bytes flipped, overwritten, cut, doubled; lines swapped, doubled, dropped;"
        " quotes, control characters, byte order marks and NULs put in; other encodings and line"
        " ends; numbers and texts that have been trouble; in JSON deep nesting, keys twice, other"
        " values and wrappings; the XML of a workbook, its parts and their names; the index of"
        " Parquet; what is behind the end of a .gz; the names in a .zip. Each is imported, every"
        " third one without its bad rows. What is stored is compared with what readers have that"
        " share no code with healthsim-store (`tests/soundness/file_readers.py`; Parquet is read by"
        " DuckDB, or at once by Arrow where DuckDB refuses an index that Arrow has no need of)"
        " and the oracle of values; the rows that are told are those that are stored and"
        " those that are left out.",
        "",
        *table(
            ["kind", "files", "stored equal", "refused", "faults", "slowest, s",
             "peak, MB"],
            [
                (kind, [c.files, c.stored, c.refused, len(c.faults),
                        f"{c.slowest:.1f}", c.largest])
                for kind, c in found.items()
            ],
        ),
        "",
        "A fault would be a traceback, a message of more lines than one (but for a list of rows),"
        f" an account that does not add up, another value, over {MOST_SECONDS:g} s or over"
        f" {MOST_MEGABYTES:,} MB.",
    ]  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
