"""Export: a scenario as a folder of files, which appears only when it is complete."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.atomic import atomic_folder
from ..base.faults import blamed_on
from ..base.progress import Progress
from ..base.sqlite import connect, file_errors
from ..base.text import place
from ..base.wording import option
from ..errors import InvalidArgument, SourceError
from ..schema.model import EntityType
from ..storage.rules import refuse_unbounded
from . import datapackage
from .export_result import ExportResult, LeftOut
from .export_work import COPY, ExportWork, check_file_name
from .format_options import bind_options
from .formats import Exporter, Formats
from .sensitive import forget_sensitive, sensitive_columns, without_sensitive
from .snapshot import Snapshot


def export_file(
    path: Path,
    *,
    formats: Formats,
    format: str,
    to: str | os.PathLike[str] | None = None,
    force: bool = False,
    entities: Sequence[str] = (),
    drop_sensitive: bool = False,
    options: Mapping[str, Any] | None = None,
    progress: Progress = lambda _: None,
) -> ExportResult:
    """Write the scenario file at ``path`` as a folder of files.

    Args:
        path: the scenario's file.
        formats: the installed formats.
        format, to, force, entities, drop_sensitive, options, progress: see
            `Store.export_scenario`.
    """
    exporter = formats.exporter(format)
    plugin = formats.plugin_of(exporter)
    values = bind_options(exporter, options)
    entities = [entities] if isinstance(entities, str) else list(entities)
    if entities and exporter.copy:
        raise InvalidArgument(
            f"{exporter.name} exports the whole file, not some entity types.",
            hint=f"Leave them out, or export to {formats.by_entity_type()}.",
        )
    if entities and exporter.whole:
        raise InvalidArgument(
            f"{exporter.name} is made of the whole scenario, not of some entity types.",
            hint=f"Leave them out, or {exporter.whole}.",
        )
    check_file_name(path.stem, "The scenario")
    target = Path(to) if to is not None else _default_target(path.stem, exporter)

    def foreign(folder: Path) -> str | None:
        if not force:
            replaces = f"{option('force', True)} replaces an export."
            return f"{place(folder)} exists and is not empty. {replaces}"
        return _foreign(folder)

    with atomic_folder(target, foreign=foreign) as folder:
        snapshot = Snapshot.take(path, folder / COPY)
        chosen = [snapshot.registry.entity_type(name) for name in dict.fromkeys(entities)]
        with blamed_on(plugin, f"format {exporter.name}, choosing what it takes of {path.stem}"):
            taken, left_out = _taken(exporter, snapshot, chosen)
        work = ExportWork(
            exporter,
            snapshot,
            folder,
            [without_sensitive(one) for one in taken] if drop_sensitive else taken,
            values,
            left_out,
            progress,
            plugin=plugin,
            hidden=sensitive_columns(snapshot) if drop_sensitive else (),
        )
        if exporter.copy:
            _refuse_unbounded(snapshot)
            if drop_sensitive:
                forget_sensitive(snapshot, formats)
            work.copy()
        elif exporter.write_all:
            work.write_all()
        else:
            work.write()
        (folder / COPY).unlink()
        datapackage.write(folder, work.descriptor())
        location = target.expanduser().resolve()
        loading = work.loading(place(location))
    return ExportResult(
        scenario=path.stem,
        format=exporter.name,
        title=exporter.title,
        location=location,
        files=tuple(work.files),
        csv_bytes=round(work.csv_bytes) if exporter.against_csv else None,
        csv_exact=work.csv_exact,
        loading=loading,
        left_out=left_out,
        datasets=work.datasets,
        unwritten=work.unwritten,
    )


def _taken(
    exporter: Exporter, snapshot: Snapshot, chosen: Sequence[EntityType]
) -> tuple[list[EntityType], tuple[LeftOut, ...]]:
    """What the exporter takes of the entity types that are wanted, and what is left out.

    Raises InvalidArgument for one that was asked for by name and is not taken, and where nothing is
    left.
    """
    names = {one.name for one in chosen}
    wanted = [
        one
        for one in snapshot.registry
        if (one.name in names if names else snapshot.counts[one.name])
    ]
    accepted = {one.name: exporter.accepts(one) for one in wanted}
    refused = [one.name for one in wanted if not accepted[one.name]]
    if refused and (names or len(refused) == len(wanted)):
        takes = [one.name for one in snapshot.registry if exporter.accepts(one)]
        raise InvalidArgument(
            f"The format {exporter.name} does not take {', '.join(refused)}.",
            hint=f"Of this scenario it takes {', '.join(takes) or 'nothing'}.",
        )
    reason = f"the format {exporter.name} does not take it"
    left_out = [LeftOut(name, snapshot.counts[name], reason) for name in refused]
    return [one for one in wanted if accepted[one.name]], tuple(left_out)


def _refuse_unbounded(snapshot: Snapshot) -> None:
    """Raises CorruptScenario where the copy's indexes would take without end to be made."""
    with contextlib.closing(connect(snapshot.path)) as connection, file_errors(snapshot.path):
        refuse_unbounded(connection, snapshot.source)


# -- names and places ------------------------------------------------------------------------


def _default_target(scenario: str, exporter: Exporter) -> Path:
    import platformdirs

    name = scenario if exporter.name == "csv" else f"{scenario}-{exporter.name}"
    return platformdirs.user_downloads_path() / name


def _foreign(folder: Path) -> str | None:
    """Why a folder must not be replaced; None if it is an export and has nothing else."""
    try:
        package = datapackage.read(folder)
    except SourceError:
        package = None
    if package is None:
        return f"{place(folder)} is no export of healthsim-store, so it is not replaced."
    ours = {datapackage.FILE, *(resource.path for resource in package.resources)}
    folders = {parent.as_posix() for path in ours for parent in Path(path).parents}
    other = []
    for entry in folder.rglob("*"):
        name = entry.relative_to(folder).as_posix()
        is_folder = entry.is_dir() and not entry.is_symlink()
        if name not in (folders if is_folder else ours):
            other.append(name)
    other.sort()
    if other:
        return f"{place(folder)} has {other[0]}, which no export wrote, so it is not replaced."
    return None
