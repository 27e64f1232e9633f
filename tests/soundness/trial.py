"""One trial: a batch that comes in by one way, and whether each value is stored or refused."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import oracle
from sound_product import FIELDS, NAMES, Field

from healthsim_store import Store
from healthsim_store.errors import InvalidRows

FORMATS = ("csv", "tsv", "json", "ndjson", "parquet")
_REFUSED = object()
_AT_ONCE = 18  # problems in one batch; a message has at most 20


@dataclass(frozen=True)
class Column:
    """A column of a batch. ``meanings`` are what its values are to the oracle.

    ``type`` is the one type of all its values, where the way in has such.
    """

    values: list[Any]
    meanings: list[Any]
    type: Any = None

    def but(self, changes: Mapping[int, Any]) -> Column:
        """The column with other values at some places."""
        return replace(self, values=[changes.get(i, v) for i, v in enumerate(self.values)])


Columns = dict[str, Column]


@dataclass(frozen=True)
class Way:
    """A way in. ``give(store, scenario, columns, folder)`` stores a batch or raises.

    ``folder`` is for files.
    """

    name: str
    give: Callable[[Store, str, Columns, Path], object]


@dataclass
class Tally:
    """What was tried, by way in, and what became of it."""

    tried: dict[str, int] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)  # neither, or changed on a way out
    came_back: dict[str, int] = field(default_factory=dict)  # values, by way out

    def add(self, counts: dict[str, int], name: str, number: int) -> None:
        counts[name] = counts.get(name, 0) + number


def _expected(column: Field, meanings: Sequence[Any]) -> list[Any]:
    found = []
    for meaning in meanings:
        try:
            found.append(oracle.stored(column, meaning))
        except oracle.Refused:
            found.append(_REFUSED)
    return found


@dataclass(frozen=True)
class Prepared:
    """A batch that must be stored, what must be found then, and the values that must not be."""

    columns: Columns
    expected: dict[str, list[Any]]
    refused: list[tuple[str, int]]
    originals: Columns


def prepare(columns: Columns) -> Prepared:
    """Ask the oracle. What must be refused is replaced by nothing, or by what a column needs."""
    good: Columns = {}
    expected: dict[str, list[Any]] = {}
    refused: list[tuple[str, int]] = []
    originals: Columns = {}
    count = len(next(iter(columns.values())).values)
    for wanted in FIELDS:
        column = columns[wanted.name]
        found = _expected(wanted, column.meanings)
        accepted = [i for i, value in enumerate(found) if value not in (_REFUSED, None)]
        filler, filled = None, wanted.default
        if wanted.required:
            if column.type is None:
                filler = wanted.filler
            elif accepted:
                filler = column.values[accepted[0]]
            else:  # nothing of this type can stand where a value has to
                column = Column([wanted.filler] * count, [wanted.filler] * count, None)
                found = _expected(wanted, column.meanings)
                filler = wanted.filler
            filled = oracle.stored(wanted, filler if column.type is None
                                   else column.meanings[accepted[0]])  # fmt: skip
        changes = {}
        seen: set[Any] = set()
        for place, value in enumerate(found):
            twice = wanted.unique and value is not None and value in seen
            if value is _REFUSED:
                refused.append((wanted.name, place))
            elif not twice:
                seen.add(value)
                continue
            changes[place] = filler
            found[place] = filled
        originals[wanted.name] = column
        good[wanted.name] = column.but(changes)
        expected[wanted.name] = found
    ids = [f"s{place:03}" for place in range(count)]
    good["sample_id"] = Column(ids, ids)
    expected["sample_id"] = ids
    return Prepared({name: good[name] for name in NAMES}, expected, refused, originals)


def same(found: Any, expected: Any) -> bool:
    return type(found) is type(expected) and found == expected


def dump(store: Store, scenario: str) -> list[dict[str, Any]]:
    """All samples, by a query, in the order of their ids."""
    with store.rows(scenario, "SELECT * FROM samples ORDER BY sample_id") as rows:
        return list(rows)


def run(way: Way, columns: Columns, tally: Tally) -> Iterator[str]:
    """Try a batch by one way in. Each thing that is not as it must be is a line."""
    folder = Path(tempfile.mkdtemp())
    try:
        with Store(folder / "store") as store:
            yield from _run(store, way, prepare(columns), tally, folder)
    finally:
        shutil.rmtree(folder)


def _run(store: Store, way: Way, batch: Prepared, tally: Tally, folder: Path) -> Iterator[str]:
    tried = sum(len(column.values) for column in batch.originals.values())
    tally.add(tally.tried, way.name, tried)
    try:
        way.give(store, "good", batch.columns, folder)
    except InvalidRows as error:
        yield f"{way.name}: refused, and should not be: {error}"
        return
    rows = dump(store, "good")
    equal = 0
    for name, values in batch.expected.items():
        given = batch.columns[name]
        for row, value, told in zip(rows, values, given.values, strict=True):
            if same(row[name], value):
                equal += name != "sample_id"
            else:
                yield (f"{way.name}: {name} {told!r:.80} as {given.type} is stored as "
                       f"{row[name]!r:.80}, not {value!r:.80}")  # fmt: skip
    # What stands where a value was refused is not counted.
    tally.add(tally.stored, way.name, equal - len(batch.refused))
    for at in range(0, len(batch.refused), _AT_ONCE):
        part = batch.refused[at : at + _AT_ONCE]
        wrong = list(_refusals(store, way, batch, part, folder))
        tally.add(tally.refused, way.name, len(part) if not wrong else 0)
        yield from wrong
    yield from _ways_out(store, rows, tally, folder)


def _refusals(
    store: Store, way: Way, batch: Prepared, part: list[tuple[str, int]], folder: Path
) -> Iterator[str]:
    """The same batch with some of the values that must be refused: those are, and no others."""
    columns = dict(batch.columns)
    for name, place in part:
        original = batch.originals[name]
        columns[name] = columns[name].but({place: original.values[place]})
    told = {(name, place): batch.originals[name].values[place] for name, place in part}
    try:
        way.give(store, "bad", columns, folder)
    except InvalidRows as error:
        found = {(problem.field, problem.row - 1) for problem in error.problems}
        for name, place in set(part) - found:
            yield f"{way.name}: {name} {told[name, place]!r:.80} is not refused: {error}"
        for name, place in found - set(part):
            yield f"{way.name}: {name} row {place} is refused without a reason: {error}"
        unnamed = sorted({name for name, _ in part} - set(_named(error)))
        if len(unnamed) > _only_counted(error):
            yield f"{way.name}: the message does not name {unnamed} and where they are: {error}"
    else:
        found_rows = dump(store, "bad")
        for (name, place), value in told.items():
            yield (f"{way.name}: {name} {value!r:.80} is stored as "
                   f"{found_rows[place][name]!r:.80}, not refused")  # fmt: skip
        store.delete_scenario("bad", confirm=True)
    if store.exists("bad"):
        yield f"{way.name}: refused, and stored all the same"


def _named(error: InvalidRows) -> Iterator[str]:
    """The fields that the message names, each with the place of one of its values.

    Values of a field with the same fault are told together.
    """
    lines = str(error).splitlines()
    for problem in error.problems:
        field = re.compile(rf", {problem.field}[: ]")
        if any(field.search(line) and problem.place in line for line in lines):
            yield str(problem.field)


def _only_counted(error: InvalidRows) -> int:
    """How many kinds of problems the message counts, because it has no room for their names."""
    found = re.search(r"\n- also: .*; and ([\d,]+) more\.", str(error))
    return int(found[1].replace(",", "")) if found else 0


def _ways_out(
    store: Store, rows: list[dict[str, Any]], tally: Tally, folder: Path
) -> Iterator[str]:
    """Every export and its import, a clone and a merge have the same values."""

    def compared(others: list[dict[str, Any]], what: str) -> list[str]:
        wrong = list(_compare(rows, others, what))
        tally.add(tally.came_back, what, len(rows) * len(FIELDS) - len(wrong))
        return wrong

    for format in FORMATS:
        out = store.export_scenario("good", format=format, to=folder / f"as-{format}").location
        store.import_data(out, scenario=f"from-{format}")
        yield from compared(dump(store, f"from-{format}"), f"export to {format} and import")
    store.clone_scenario("good", new_name="clone")
    with store.rows("clone", "SELECT * FROM samples ORDER BY rowid") as found:
        twins = [row | {"sample_id": was["sample_id"]} for row, was in
                 zip(found, rows, strict=True)]  # fmt: skip
    yield from compared(twins, "clone")
    other = {column.name: column.filler for column in FIELDS if column.required}
    store.persist({"samples": [{"sample_id": "t", **other}]}, scenario="other")
    store.merge_scenarios(["other", "good"], new_name="merged")
    found_rows = [row for row in dump(store, "merged") if row["sample_id"] != "t"]
    yield from compared(found_rows, "merge")


def _compare(rows: list[dict[str, Any]], others: list[dict[str, Any]], what: str) -> Iterator[str]:
    if len(rows) != len(others):
        yield f"{what}: {len(others)} rows of {len(rows)}"
        return
    for row, other in zip(rows, others, strict=True):
        for name, value in row.items():
            if not same(other[name], value):
                yield f"{what}: {name} {value!r:.80} comes back as {other[name]!r:.80}"
