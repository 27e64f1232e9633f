"""A product as a plugin offers it: where its .sql files are. They are read on first use."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Declaration


@dataclass(frozen=True)
class Product:
    """A set of entity types.

    ``schema``, ``summary``, ``checks``, ``questions`` and ``migrations`` are the texts of the .sql
    files of these names; ``formats`` maps the name of a foreign format to the SQL that turns it
    into this product's entity types.
    """

    name: str
    version: str
    schema: str
    summary: str = ""
    checks: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)
    questions: str = ""
    migrations: str = ""

    @classmethod
    def from_package(
        cls, package: str, *, name: str | None = None, version: str | None = None
    ) -> Product:
        """The product whose files lie in a Python package.

        ``schema.sql`` must be there; ``summary.sql``, ``checks.sql``, ``questions.sql``,
        ``migrations.sql`` and ``formats/*.sql`` may be. The name is the package's without
        ``healthsim_store_``; the version is its distribution's.
        """
        files = importlib.resources.files(package)
        formats = files / "formats"

        def text(name: str) -> str:
            file = files / name
            return file.read_text("utf-8") if file.is_file() else ""

        return cls(
            name=name or package.removeprefix("healthsim_store_"),
            version=version or importlib.metadata.version(package.partition(".")[0]),
            schema=(files / "schema.sql").read_text("utf-8"),
            summary=text("summary.sql"),
            checks=text("checks.sql"),
            formats={
                entry.name.removesuffix(".sql"): entry.read_text("utf-8")
                for entry in (formats.iterdir() if formats.is_dir() else ())
                if entry.name.endswith(".sql")
            },
            questions=text("questions.sql"),
            migrations=text("migrations.sql"),
        )

    @functools.cached_property
    def declaration(self) -> Declaration:
        """The parsed declaration. Raises DeclarationError."""
        from .parser import read_declaration  # sqlglot is slow to import

        return read_declaration(
            self.name,
            self.version,
            self.schema,
            self.summary,
            self.checks,
            self.questions,
            self.migrations,
            folder=f"{self.name}/",
        )
