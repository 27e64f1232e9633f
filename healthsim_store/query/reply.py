"""The reply to a persist: what was stored, and a short summary of the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import HealthsimStoreError
from ..storage.counts import rows_at_most
from ..storage.sandbox import Sandbox
from ..storage.stored import Stored
from .summary import Summary, make_summary, read_summary

MAX_TOKENS = 500
#: Statistics of so many rows take less than a tenth of a second, and stand in a reply or a page at
#: once; those of more, of which two million took 2 to 8 s, only where they are remembered.
QUICK_ROWS = 50_000


@dataclass(frozen=True)
class PersistResult:
    """The reply to a persist. Its size depends on the number of entity types, not of rows.

    ``created`` is true if the scenario is new. ``inserted``, ``skipped`` and ``replaced`` count
    rows by entity type; ``rounded`` counts values that lost decimals, as the caller asked for.
    ``left_out`` counts rows that could not be stored, as the caller asked for.
    ``rejects`` is the path of the file that has them. With ``dry_run`` nothing was stored.
    ``repeated`` is true if the batch was there already, so that nothing was stored; then the counts
    are of the first time. ``notes`` say in words what else there is to know of it.
    """

    scenario: str
    scenario_id: str
    created: bool
    inserted: Mapping[str, int]
    skipped: Mapping[str, int]
    replaced: Mapping[str, int]
    summary: Summary
    repeated: bool = False
    rounded: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    rejects: str | None = None
    dry_run: bool = False

    @property
    def account(self) -> str:
        """What became of the rows, in a line; the numbers add up to the rows that were given."""
        told = tell_account(self.inserted, self.skipped, self.replaced, self.rounded)
        rows = sum(self.left_out.values())
        return f"{told}; {rows:,} row{'' if rows == 1 else 's'} left out" if rows else told

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "scenario": self.scenario,
            "scenario_id": self.scenario_id,
            "created": self.created,
            "inserted": dict(self.inserted),
            "skipped": dict(self.skipped),
            "replaced": dict(self.replaced),
            "repeated": self.repeated,
            "summary": self.summary.to_dict(),
        }
        more = {
            "rounded": dict(self.rounded), "left_out": dict(self.left_out),
            "rejects": self.rejects, "dry_run": self.dry_run, "notes": list(self.notes),
        }  # fmt: skip
        return told | {key: value for key, value in more.items() if value}


def tell_account(
    inserted: Mapping[str, int],
    skipped: Mapping[str, int] = MappingProxyType({}),
    replaced: Mapping[str, int] = MappingProxyType({}),
    rounded: Mapping[str, int] = MappingProxyType({}),
) -> str:
    """Counts by entity type as a text: ``40 patients; 3 patients skipped, 1 value rounded``."""
    told = [
        f"{_listed(counts)} {what}"
        for counts, what in ((skipped, "skipped"), (replaced, "replaced"))
        if any(counts.values())
    ]
    values = sum(rounded.values())
    if values:
        told.append(f"{values:,} value{'' if values == 1 else 's'} rounded")
    new = _listed(inserted) or "nothing new"
    return f"{new}; {', '.join(told)}" if told else new


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts.items() if n)


def reply_after_commit(
    path: Path,
    stored: Mapping[str, Stored],
    read: Callable[[], PersistResult],
    *,
    created: bool,
    repeated: bool,
) -> PersistResult:
    """What ``read`` answers; or, where that fails, that the rows are in, and why no more is said.

    The rows cannot be taken back by then. An error would ask for a retry, which stores them twice.
    """
    try:
        return read()
    except HealthsimStoreError as error:
        reason = f"everything else: it is stored, but could not be read again ({error.message})"
    return _result(_bare(path.stem, reason), stored, created=created, repeated=repeated)


def tried_reply(
    scenario: str, stored: Mapping[str, Stored], *, created: bool, repeated: bool = False
) -> PersistResult:
    """The reply to a dry run: what would have been stored, and in which scenario."""
    summary = _bare(scenario, "the summary: nothing was stored")
    return replace(_result(summary, stored, created=created, repeated=repeated), dry_run=True)


def nothing_stored(scenario: str | None) -> PersistResult:
    """The reply where no file has a row."""
    summary = _bare(scenario or "", "the summary: there was no row, and nothing was stored")
    return _result(summary, {}, created=False, repeated=False)


def _bare(scenario: str, omitted: str) -> Summary:
    return Summary(
        scenario=scenario, scenario_id="", description=None, created_at="", tags=(), products={},
        entity_counts={}, statistics={}, samples={}, omitted=(omitted,), max_tokens=MAX_TOKENS,
    )  # fmt: skip


def read_reply(
    sandbox: Sandbox, stored: Mapping[str, Stored], *, created: bool, repeated: bool
) -> PersistResult:
    """The reply, after the rows were stored.

    Args:
        sandbox: the scenario's file.
        stored: counts by entity type.
        created: whether the scenario is new.
        repeated: whether the batch was there already.
    """
    with sandbox.moment():
        quick = rows_at_most(sandbox) <= QUICK_ROWS
        parts = read_summary(sandbox, samples=0, statistics=quick)
    if not quick:
        parts["omitted"].append("statistics (ask for the summary)")
    summary = make_summary(sandbox.path.stem, parts, max_tokens=MAX_TOKENS)
    return _result(summary, stored, created=created, repeated=repeated)


def _result(
    summary: Summary, stored: Mapping[str, Stored], *, created: bool, repeated: bool
) -> PersistResult:
    return PersistResult(
        scenario=summary.scenario,
        scenario_id=summary.scenario_id,
        created=created,
        inserted={name: counts.inserted for name, counts in stored.items()},
        skipped={name: counts.skipped for name, counts in stored.items() if counts.skipped},
        replaced={name: counts.replaced for name, counts in stored.items() if counts.replaced},
        summary=summary,
        repeated=repeated,
        rounded={name: counts.rounded for name, counts in stored.items() if counts.rounded},
        left_out={name: counts.left_out for name, counts in stored.items() if counts.left_out},
    )
