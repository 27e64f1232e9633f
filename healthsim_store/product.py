"""A product as a plugin offers it: where its .sql files are. They are read on first use."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .schema import Declaration


@dataclass(frozen=True)
class Product:
    """A set of entity types.

    ``schema`` and ``summary`` are the texts of schema.sql and summary.sql; ``formats`` maps the
    name of a foreign format to the SQL that turns it into this product's entity types.
    """

    name: str
    version: str
    schema: str
    summary: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_package(
        cls, package: str, *, name: str | None = None, version: str | None = None
    ) -> Product:
        """The product whose files lie in a Python package.

        ``schema.sql`` must be there; ``summary.sql`` and ``formats/*.sql`` may be. The name is the
        package's without ``healthsim_store_``; the version is its distribution's.
        """
        files = importlib.resources.files(package)
        summary = files / "summary.sql"
        formats = files / "formats"
        return cls(
            name=name or package.removeprefix("healthsim_store_"),
            version=version or importlib.metadata.version(package.partition(".")[0]),
            schema=(files / "schema.sql").read_text("utf-8"),
            summary=summary.read_text("utf-8") if summary.is_file() else "",
            formats={
                entry.name.removesuffix(".sql"): entry.read_text("utf-8")
                for entry in (formats.iterdir() if formats.is_dir() else ())
                if entry.name.endswith(".sql")
            },
        )

    @functools.cached_property
    def declaration(self) -> Declaration:
        """The parsed declaration. Raises DeclarationError."""
        from .declaration import read_declaration  # sqlglot is slow to import

        return read_declaration(
            self.name, self.version, self.schema, self.summary, file=f"{self.name}/schema.sql"
        )
