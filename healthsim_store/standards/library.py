"""The standards that can be used: those of plugins, and any in a folder that a user names."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.text import did_you_mean
from ..errors import DeclarationError, UnknownFormat
from ..exchange.formats import Exporter
from ..exchange.standard_format import StandardFormat
from ..schema import dry_run
from ..schema.model import Declaration
from .model import Dataset, Declared, Head
from .reading import dataset_of, read_head, read_standard
from .standard import HEAD, Standard

Owned = tuple[tuple[str, Standard], ...]  # each with the name of its plugin


@dataclass(frozen=True)
class Standards:
    """The standards that can be used.

    ``brought`` are those of plugins, ``checked()`` those of them that were tried out.
    ``products()`` are the installed products. ``missing`` says why one that a plugin has cannot be
    used, None where none has it.
    """

    brought: Owned
    checked: Callable[[], Owned]
    products: Callable[[], Sequence[Declaration]]
    missing: Callable[[str], str | None] = lambda _: None

    def exporters(self) -> dict[str, Exporter]:
        """A format to export for each, by name; those that cannot be read are left out."""
        from .export import exporter

        return {
            head.name: exporter(head, functools.partial(self.declared, head.name))
            for head in self._heads()
        }

    def importers(self) -> dict[str, StandardFormat]:
        """A format to import for each, by name; those that cannot be read are left out."""
        from .importing import importer

        return {
            head.name: importer(head, functools.cache(functools.partial(self.declared, head.name)))
            for head in self._heads()
        }

    def _heads(self) -> Iterator[Head]:
        for _, standard in self.brought:
            if not standard.adds:
                with contextlib.suppress(DeclarationError):  # `missing` tells it
                    yield read_head(standard)

    def at(self, path: str) -> Exporter | None:
        """The format to export of the standard in a folder; None for a text that is no path.

        It is tried out at once. Raises DeclarationError, with file and line.
        """
        from .export import exporter

        if not _is_path(path):
            return None
        declared = self._tried(Path(path))
        return exporter(declared.head, lambda: declared)

    def importer_at(self, path: str) -> StandardFormat | None:
        """The format to import of the standard in a folder; None for a text that is no path.

        It is tried out at once. Raises DeclarationError, with file and line.
        """
        from .importing import importer

        if not _is_path(path):
            return None
        declared = self._tried(Path(path))
        return importer(declared.head, lambda: declared)

    def find(self, standard: str) -> Declared:
        """The standard of this name, or in this folder. Raises UnknownFormat, DeclarationError."""
        return self._tried(Path(standard)) if _is_path(standard) else self.declared(standard)

    def _tried(self, folder: Path) -> Declared:
        from .trial import try_in_worker, try_out

        declared = read_standard([Standard.from_folder(folder)])
        products = self.products()
        try_in_worker(declared, products)
        try_out(declared, products, seconds=dry_run.SECONDS)
        return declared

    def declared(self, name: str) -> Declared:
        """The whole standard of this name, with what others add to it.

        Raises UnknownFormat, and DeclarationError for what is added and does not fit.
        """
        parts = [standard for _, standard in self.checked() if standard.name == name]
        if all(part.adds for part in parts):
            known = [one.name for _, one in self.checked() if not one.adds]
            listed = f"Known: {', '.join(known)}." if known else "No plugin brings one."
            raise UnknownFormat(
                f"There is no standard {name!r:.60}.",
                hint=self.missing(name)
                or f"{did_you_mean(name, known) or listed} Or give the path of a folder with a"
                f" {HEAD}.",
            )
        return read_standard(parts)

    def list(self) -> list[dict[str, Any]]:
        """Name, version, title, plugin and kinds of files of each; JSON-ready."""
        found = []
        for plugin, standard in self.checked():
            if not standard.adds:
                head = read_head(standard)
                files = dict.fromkeys(dataset_of(name) for name in standard.files if name != HEAD)
                found.append({
                    "name": head.name, "version": head.version, "title": head.title,
                    "plugin": plugin, "files": [*head.kinds], "datasets": [*files],
                })  # fmt: skip
        return found

    def describe(self, standard: str) -> dict[str, Any]:
        """A standard with its options and datasets, and what fills each; JSON-ready.

        Args:
            standard: its name, or the path of its folder.

        Raises UnknownFormat, DeclarationError.
        """
        declared = self.find(standard)
        head = declared.head
        return {
            "name": head.name,
            "version": head.version,
            "title": head.title,
            "files": [*head.kinds],
            "options": [option.to_dict() for option in head.options],
            "import_options": [option.to_dict() for option in head.import_options],
            "datasets": [*_datasets(declared, self.products())],
            "never": [never.text for never in declared.nevers],
        }


def _datasets(declared: Declared, products: Sequence[Declaration]) -> Iterator[dict[str, Any]]:
    owners = {e.name.lower(): p.product for p in products for e in p.entity_types}
    own = {table.layout.name.lower() for table in declared.tables}
    given = _given(declared, products)
    for dataset in declared.datasets:
        reads = dict.fromkeys(table for select in dataset.selects for table in select.reads)
        filled = given[dataset.name]
        yield {
            "name": dataset.name,
            "label": dataset.label,
            "key": [*dataset.key],
            "written_as": [part.name for part in dataset.parts.values()] if dataset.split else [],
            "filled": [v.name for v in dataset.variables if v.name in filled],
            "not_filled": [v.name for v in dataset.variables if v.name not in filled],
            "reads": {table: owners.get(table, "") for table in reads if table not in own},
            "makes": [*_made_of(declared, dataset)],
        }


def _made_of(declared: Declared, dataset: Dataset) -> dict[str, None]:
    """The entity types that an import makes of the dataset's rows."""
    markers = (one.comment.markers for one in declared.reads.selects)
    return dict.fromkeys(m["into"] for m in markers if m["from"].lower() == dataset.name.lower())


def _given(declared: Declared, products: Sequence[Declaration]) -> Mapping[str, set[str]]:
    """The columns that any SELECT gives, by dataset; of those that can be run here."""
    from .trial import columns_given

    found: dict[str, set[str]] = {}
    for dataset, names in columns_given(declared, products):
        found.setdefault(dataset.name, set()).update(names)
    for dataset in declared.datasets:
        found.setdefault(dataset.name, set()).update(_defaults(dataset))
    return found


def _defaults(dataset: Dataset) -> Iterator[str]:
    return (v.name for v in dataset.variables if v.column.default is not None)


def _is_path(text: str) -> bool:
    """Whether a text is meant as the path of a folder, as ``./a`` and ``/a`` are."""
    return os.sep in text or "/" in text or text in (".", "..")
