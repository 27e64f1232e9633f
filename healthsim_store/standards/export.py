"""Writes a scenario as a standard: fills the layouts, checks them, and calls the writer.

All that can be wrong is told before the first file is written.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.quoting import strict
from ..base.sqlite import located
from ..base.text import did_you_mean
from ..base.wording import option
from ..errors import DeclarationError, InvalidValue, NotConformant
from ..exchange.export_result import DatasetAccount
from ..exchange.formats import Exporter, WrittenFile
from ..exchange.standard_files import FILES, ONLY
from ..schema import dry_run
from . import csv_files, dataset_json, define_xml, file_tables, xpt
from .filling import CHECK_SECONDS, Filled, Filling
from .model import Dataset, Declared, Head, Never, Select, Variable
from .output import DEFINE, Output, Package, Study

if TYPE_CHECKING:
    from ..exchange.scenario_tables import ScenarioTables

DATABASE = ".standard.db"

_STUDY = ("name", "description", "protocol")

WRITE: Mapping[str, Callable[[Output, Path], None]] = {
    "json": dataset_json.write_json,
    "ndjson": dataset_json.write_ndjson,
    "xpt": xpt.write,
    "csv": csv_files.write,
}
_MEDIA = {
    "json": "application/json", "ndjson": "application/x-ndjson",
    "xpt": "application/x-sas-xport", "csv": "text/csv",
}  # fmt: skip


def exporter(head: Head, declared: Callable[[], Declared]) -> Exporter:
    """The format by which `export` writes a standard.

    Args:
        head: what the standard says of itself.
        declared: gives all of it; it is asked when somebody exports.
    """

    def write_all(scenario: ScenarioTables, folder: Path) -> Iterator[WrittenFile]:
        yield from write(declared(), scenario, folder)

    return Exporter(
        head.name,
        write_all=write_all,
        title=head.title,
        takes=lambda entity_type: entity_type.name in declared().read_tables(),
        options=head.options,
        whole=f"choose datasets by the option {ONLY}",
    )


def write(declared: Declared, scenario: ScenarioTables, folder: Path) -> Iterator[WrittenFile]:
    """Fill and write the datasets, and tell what became of the rows.

    Args:
        declared: the standard.
        scenario: what is exported, with the values of the options.
        folder: where the files are made.

    Raises DeclarationError, InvalidValue for a dataset that is not there, NotConformant.
    """
    kind = str(scenario.options[FILES])
    chosen = choose(declared, str(scenario.options[ONLY] or ""))
    values = {n: v for n, v in scenario.options.items() if n not in (FILES, ONLY)}
    package = Package(
        declared.head, _study(declared.study, scenario, values), kind, dt.datetime.now(dt.UTC)
    )
    file_tables.make(declared.tables, scenario)
    path = folder / DATABASE
    with contextlib.closing(Filling(path)) as filling:
        names = (part for dataset in chosen for part in dataset.parts.values())
        _refuse(kind, (xpt.check_names(_output(filling, Filled(d), package)) for d in names))
        filling.fill(chosen, scenario, values)
        filling.refuse(declared.refusals, declared.datasets)
        for filled in filling.filled.values():
            scenario.tell(_account(filled))
        _check_nevers(declared.nevers, filling)
        outputs = [
            _output(filling, part, package)
            for dataset in chosen
            for part in filling.parts(filling.filled[dataset.name.lower()])
        ]
        if not outputs:
            raise _nothing(declared, chosen, filling, scenario)
        _refuse(kind, map(xpt.check_texts, outputs))
        for output in outputs:
            WRITE[kind](output, folder / output.file)
            yield WrittenFile(output.file, output.filled.rows, mediatype=_MEDIA[kind])
        if declared.head.guide and kind != "csv":
            define_xml.write(outputs, package, folder / DEFINE)
            yield WrittenFile(DEFINE, 0, mediatype="application/xml")
    path.unlink()


def choose(declared: Declared, only: str) -> list[Dataset]:
    """The datasets of these names, or all; in the order of the standard.

    Args:
        declared: the standard.
        only: names with commas between; empty for all.

    Raises InvalidValue for a name that is none, and for a dataset without those that it refers to.
    """
    names = [name.strip().lower() for name in only.split(",") if name.strip()]
    every = [dataset.name for dataset in declared.datasets]
    for name in names:
        if name not in declared.by_name:
            if name in declared.by_file:
                whole = declared.by_file[name][0].name
                near = f"{name.upper()} is written with {whole}: {_chosen(ONLY, whole.lower())}."
            else:
                near = did_you_mean(name, every) or f"It has {', '.join(every)}."
            raise InvalidValue(
                f"{declared.head.name} has no dataset {name!r:.60}.", [ONLY],
                hint=near,
            )  # fmt: skip
    chosen = [d for d in declared.datasets if not names or d.name.lower() in names]
    for dataset in chosen:
        needs = [n for n in sorted(dataset.needs) if n not in names]
        missing = [declared.by_name[name].name for name in needs]
        if names and missing:
            whole = ",".join([*(name.lower() for name in missing), *names])
            raise InvalidValue(
                f"{dataset.name} refers to {' and '.join(missing)}, which would be missing.",
                [ONLY], hint=f"Write them together: {_chosen(ONLY, whole)}.",
            )  # fmt: skip
    return chosen


def _chosen(name: str, value: str) -> str:
    """An option of a standard with a value, as it is given where this is read."""
    return option("options", {name: value}, verb="export_scenario")


def _study(select: Select | None, scenario: ScenarioTables, values: Mapping[str, Any]) -> Study:
    if select is None:
        return Study(scenario.name, scenario.description or "")
    try:
        found = scenario.select(select.sql, values)
        rows = [dict(zip(found.columns, row, strict=True)) for row in found]
    except ValueError as error:
        raise DeclarationError(f"{select.where}: {error}") from error
    if len(rows) != 1:
        told = ", ".join(str(row.get("name")) for row in rows[:3])
        raise NotConformant(
            f"The scenario {scenario.name} has {len(rows):,} studies{f': {told}' if told else ''}.",
            hint="These files are of one study each; clone a part that has only one.",
        )
    texts = {name: " ".join(str(rows[0].get(name) or "").split()) for name in _STUDY}
    return Study(**texts | {"name": texts["name"] or scenario.name})


def _written(filled: Filled, variable: Variable) -> bool:
    """Whether the files have a column, which may be left out where no row has a value in it."""
    if not variable.optional or filled.values.get(variable.name):
        return True
    companion = filled.dataset.by_name.get(variable.companion.lower())
    return companion is not None and _written(filled, companion)


def _output(filling: Filling, filled: Filled, package: Package) -> Output:
    variables = tuple(
        variable for variable in filled.dataset.variables if _written(filled, variable)
    )
    names = [variable.name for variable in variables]
    return Output(
        filled=filled,
        variables=variables,
        package=package,
        rows=functools.partial(filling.rows, filled, names),
        blank_rows=functools.partial(filling.rows, filled, names, blank=True),
        distinct=lambda variable, most: filling.distinct(filled, variable.name, most),
    )


def _account(filled: Filled) -> DatasetAccount:
    empty = filled.empty if filled.rows else ()
    return DatasetAccount(
        name=filled.dataset.name,
        given=filled.given,
        rows=filled.rows,
        refused=dict(filled.refused),
        examples=dict(filled.examples),
        empty=empty,
        dropped=tuple(
            name for name in empty if not _written(filled, filled.dataset.by_name[name.lower()])
        ),
        unread=tuple(dict.fromkeys(filled.unread.values())),
    )


def _refuse(kind: str, found: Iterable[Iterable[str]]) -> None:
    """Raises NotConformant with what files of this kind cannot hold."""
    problems = [text for texts in found for text in texts] if kind == "xpt" else []
    if problems:
        more = f"\nand {len(problems) - 10} more" if len(problems) > 10 else ""
        raise NotConformant(
            "XPT files cannot hold this:\n" + "\n".join(problems[:10]) + more,
            hint=f"Nothing is cut. Write another kind of files: {_chosen(FILES, 'json')}.",
        )


def _check_nevers(nevers: Sequence[Never], filling: Filling) -> None:
    """Raises NotConformant where a SELECT that should find no row finds one."""
    dry_run.confine(filling.connection, CHECK_SECONDS)
    try:
        for never in nevers:
            with located(never.where):
                row = _first(filling, never)
            if row is not None:
                shown = ", ".join("empty" if value is None else str(value) for value in row[:6])
                raise NotConformant(
                    f"{never.text}: {shown}.",
                    hint=f"The standard lets no such row be written ({never.where}).",
                )
    finally:
        dry_run.release(filling.connection)


def _first(filling: Filling, never: Never) -> Sequence[Any] | None:
    import sqlite3

    try:
        found: Sequence[Any] | None = filling.connection.execute(strict(never.sql)).fetchone()
        return found
    except sqlite3.OperationalError as error:
        if str(error).startswith("no such table: "):
            return None  # a dataset that was not chosen
        raise


def _nothing(
    declared: Declared, chosen: Sequence[Dataset], filling: Filling, scenario: ScenarioTables
) -> NotConformant:
    told = []
    for dataset in chosen:
        filled = filling.filled[dataset.name.lower()]
        why = [*filled.refused, *filled.unread.values()] or ["no row"]
        told.append(f"{dataset.name}: {why[0]}")
    return NotConformant(
        f"The scenario {scenario.name} has nothing that {declared.head.name} could hold.",
        hint="; ".join(told[:6]) + ".",
    )
