"""Released versions of a product, kept with its tests: ``released/1.0/schema.sql`` and rows.

A file of each can be made again, whatever is installed, to see that it follows.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..schema.model import Declaration
from ..schema.registry import Declarations
from ..schema.versions import compare_versions
from .product_versions import changed_in
from .scenario import Batch, create

SCHEMA, MIGRATIONS, ROWS = "schema.sql", "migrations.json", "rows.json"

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Release:
    """A version as it was released. ``migrations`` has the digest of each that it knew, by name."""

    version: str
    schema_sql: str
    migrations: Mapping[str, str]
    rows: Rows

    def changes(self, declaration: Declaration) -> list[str]:
        """What the product, as it is now, has changed of what was released; sentences."""
        told = []
        if compare_versions(self.version, declaration.version) == 0:
            told += [
                f"{name} is not as it was released in {self.version}: raise the version"
                for name in changed_in(self.schema_sql, declaration)
            ]
        now = {step.name: step.digest for step in declaration.migrations}
        told += [
            f"the migration {name} is not as it was released in {self.version}: put it back, and"
            " write a further one"
            for name, digest in self.migrations.items()
            if now.get(name, digest) != digest
        ]
        return told

    def make_file(self, path: Path, product: str) -> None:
        """Write a scenario of this version, with its rows. Raises DeclarationError, InvalidRows."""
        from ..schema.parser import read_declaration  # sqlglot is slow to import

        declaration = read_declaration(
            product, self.version, self.schema_sql, folder=f"released/{self.version}/"
        )
        create(path, Batch(self.rows), lambda: Declarations({product: declaration}))


def read_releases(folder: Path) -> list[Release]:
    """Those in a folder, the oldest first; none where it is not there."""
    found = [
        Release(
            entry.name,
            (entry / SCHEMA).read_text("utf-8"),
            _read_json(entry / MIGRATIONS),
            _read_json(entry / ROWS),
        )
        for entry in (folder.iterdir() if folder.is_dir() else ())
        if (entry / SCHEMA).is_file()
    ]
    order = functools.cmp_to_key(compare_versions)
    return sorted(found, key=lambda release: order(release.version))


def record_release(folder: Path, declaration: Declaration, rows: Rows) -> None:
    """Keep the present version; what was released of the same version before is left as it was.

    Args:
        folder: where released versions are kept.
        declaration: the product.
        rows: rows by entity type, as a scenario of the product has them.
    """
    place = folder / declaration.version
    if (place / SCHEMA).exists():
        return
    place.mkdir(parents=True)
    digests = {step.name: step.digest for step in declaration.migrations}
    _write_json(place / ROWS, rows)
    _write_json(place / MIGRATIONS, digests)
    # At the end: without it, there is no release.
    (place / SCHEMA).write_text(declaration.schema_sql, "utf-8")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False, default=str)
    path.write_text(f"{text}\n", "utf-8")
