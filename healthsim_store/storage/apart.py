"""Statements of strangers, tried in a worker before they run in this process.

A profile, a product's declarations or a mapping run here, where a deadline is looked at between
steps only: nothing ends a statement while SQLite makes a plan for it, which may take minutes and
gigabytes, nor a function that takes long. What a worker has done on empty tables, within its time
and memory, this process can do too.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import DeclarationError, ScenarioFileError
from .processes import Ended, Process, processes
from .worker import HEAP_BYTES, TRIAL_SECONDS

_SECONDS = 60.0  # for an answer, on a busy machine


@dataclass(frozen=True, slots=True)
class Trial:
    """A statement to try, in order: some make what later ones read.

    ``where`` is its place in a file; ``values`` are those of its parameters. ``prepared`` alone:
    it is not run.
    """

    sql: str
    where: str
    values: Mapping[str, Any] = field(default_factory=dict)
    prepared: bool = False


def try_apart(trials: Iterable[Trial], functions: Iterable[tuple[str, int]] = ()) -> None:
    """Run the statements on an empty database, in a worker.

    Whatever SQLite says of one is left to the process that runs it for good. Where no worker can
    be started nothing is tried.

    Args:
        trials: the statements.
        functions: those that this process adds to SQLite's, with their numbers of arguments.

    Raises DeclarationError for one that does not end, or takes too much memory.
    """
    try:
        process = processes.take()
    except ScenarioFileError:
        return
    try:
        process.ask("begin_trials", _SECONDS, [*functions])
        for trial in trials:
            _try(process, trial)
        process.ask("end_trials", _SECONDS)
    except BaseException:
        process.end()
        raise
    processes.give_back(process)


def _try(process: Process, trial: Trial) -> None:
    sql = f"EXPLAIN {trial.sql}" if trial.prepared else trial.sql
    ended = False
    try:
        # Values that cannot be sent are no plain ones, and SQLite's module would not take them.
        with contextlib.suppress(sqlite3.Error, ValueError, OverflowError, TypeError):
            process.ask("try", _SECONDS, sql, dict(trial.values))
    except MemoryError:
        ended = True
    except Ended as failure:
        if failure.code is None:
            raise
        ended = True
    if ended:
        raise DeclarationError(
            f"{trial.where}: it takes more than {TRIAL_SECONDS:g} seconds or"
            f" {HEAP_BYTES // 10**6} MB on empty tables",
            hint="A view or a WITH that is read twice, by one that is read twice, and so on, takes"
            " twice as long with each.",
        ) from sqlite3.OperationalError("interrupted")
