"""A product as a plugin offers it: where its .sql files are. They are read on first use."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import DeclarationError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

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
        ``healthsim_store_``; the version is its distribution's. Raises
        DeclarationError for a file that is not UTF-8.
        """
        files = importlib.resources.files(package)
        formats = files / "formats"
        called = name or package.removeprefix("healthsim_store_")

        def text(name: str) -> str:
            file = files / name
            return _read(file, f"{called}/{name}") if file.is_file() else ""

        if not (files / "schema.sql").is_file():
            raise DeclarationError(
                f"{package} has no schema.sql",
                hint="It lies beside __init__.py, and is part of the wheel.",
            )
        return cls(
            name=called,
            version=version or importlib.metadata.version(package.partition(".")[0]),
            schema=text("schema.sql"),
            summary=text("summary.sql"),
            checks=text("checks.sql"),
            formats={
                entry.name.removesuffix(".sql"): _read(entry, f"{called}/formats/{entry.name}")
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


def _read(file: Traversable, where: str) -> str:
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig")  # some editors write a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DeclarationError(
            f"{where}, line {line}: byte 0x{data[error.start]:02X} is not UTF-8",
            hint="Save the file as UTF-8.",
        ) from None
