"""Writes a scenario as a standard: fills the layouts, checks them, and calls the writer.

All that can be wrong is told before the first file is written.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.prefetch import work_together
from ..base.progress import Progress
from ..base.sqlite import connect
from ..base.text import did_you_mean
from ..base.wording import option
from ..errors import DeclarationError, InvalidValue, NotConformant
from ..exchange.export_result import DatasetAccount
from ..exchange.formats import Exporter, WrittenFile
from ..exchange.standard_files import FILES, ONLY
from . import csv_files, dataset_json, define_xml, file_tables, xpt
from .checking import check
from .filling import Filled, Filling
from .measuring import terms
from .model import Dataset, Declared, FileTable, Head, Select, Variable
from .output import DEFINE, Output, Package, Study
from .unwritten import tell_unwritten

if TYPE_CHECKING:
    from ..exchange.scenario_tables import ScenarioTables

DATABASE = ".standard.db"

_STUDY = ("name", "description", "protocol")

WRITE: Mapping[str, Callable[[Output, Path], None]] = {
    "json": dataset_json.write_json,
    "ndjson": dataset_json.write_ndjson,
    "xpt": xpt.write,
    **dict.fromkeys(csv_files.DELIMITERS, csv_files.write),
}
_MEDIA = {
    "json": "application/json", "ndjson": "application/x-ndjson",
    "xpt": "application/x-sas-xport", "csv": "text/csv",
    "tsv": "text/tab-separated-values", "psv": "text/plain",
}  # fmt: skip


def exporter(head: Head, declared: Callable[[], Declared]) -> Exporter:
    """The format by which `export` writes a standard.

    Args:
        head: what the standard says of itself.
        declared: gives all of it; it is asked when somebody exports.
    """

    declared = functools.cache(declared)  # it takes a while to read, and is asked of each table

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
    not_given = [table for table in declared.tables if not scenario.options[table.option]]
    tell_unwritten(chosen, scenario)
    path = folder / DATABASE
    with contextlib.closing(Filling(path)) as filling:
        names = (part for dataset in chosen for part in dataset.parts.values())
        _refuse(kind, (xpt.check_names(_output(Filled(d), package, path)) for d in names))
        filling.fill(chosen, scenario, values)
        filling.refuse(declared.refusals, declared.datasets)
    every = [filling.filled[dataset.name.lower()] for dataset in chosen]
    parts = check(path, every, declared.nevers, ends=kind == "xpt")
    for filled in filling.filled.values():  # each after those that it refers to
        scenario.tell(_account(filled, not_given))
    outputs = [_output(part, package, path) for part in parts]
    if not outputs:
        raise _nothing(declared, every, scenario)
    # The names again: a column that may be left out is known now to have values.
    _refuse(kind, ([*xpt.check_names(one), *xpt.check_values(one)] for one in outputs))
    described = declared.head.guide is not None and kind not in csv_files.DELIMITERS
    with_terms = _write_files(outputs, folder, described=described)
    for output in outputs:
        yield WrittenFile(output.file, output.filled.rows, mediatype=_MEDIA[kind])
    if described:
        define_xml.write(with_terms, package, folder / DEFINE)
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


def _output(filled: Filled, package: Package, database: Path) -> Output:
    variables = tuple(
        variable for variable in filled.dataset.variables if _written(filled, variable)
    )
    return Output(filled=filled, variables=variables, package=package, database=database)


def _write_files(outputs: Sequence[Output], folder: Path, *, described: bool) -> list[Output]:
    """Write all datasets, several at the same time; then they know the terms of their code lists.

    Args:
        outputs: what to write.
        folder: where.
        described: whether a define.xml will list the terms.
    """

    def written(output: Output, told: Progress) -> None:
        WRITE[output.package.kind](replace(output, told=told), folder / output.file)

    def with_terms(output: Output, told: Progress) -> Output:
        with contextlib.closing(connect(output.database, mode="ro")) as connection:
            names = define_xml.listed(output)
            found = terms(connection, output.filled, names, define_xml.MOST_TERMS + 1)
        return replace(output, terms=found)

    # The largest first, so that no thread begins with it when the others have nothing left to do.
    largest_first = sorted(outputs, key=lambda output: -output.filled.rows)
    writing = [functools.partial(written, output) for output in largest_first]
    asking = [functools.partial(with_terms, output) for output in outputs if described]
    tasks: list[Callable[[Progress], Output | None]] = [*writing, *asking]
    done = work_together(tasks, lambda _: None)
    return [output for output in done if output is not None]


def _account(filled: Filled, not_given: Sequence[FileTable]) -> DatasetAccount:
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
        files=tuple(table.option for table in not_given if filled.dataset.is_of(table)),
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


def _nothing(
    declared: Declared, every: Sequence[Filled], scenario: ScenarioTables
) -> NotConformant:
    told = []
    for filled in every:
        why = [*filled.refused, *filled.unread.values()] or ["no row"]
        told.append(f"{filled.dataset.name}: {why[0]}")
    return NotConformant(
        f"The scenario {scenario.name} has nothing that {declared.head.name} could hold.",
        hint="; ".join(told[:6]) + ".",
    )
