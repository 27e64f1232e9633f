"""A standard as a plugin returns it, or as a folder that a user names: the texts of its files."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DeclarationError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FOLDER = "standards"  # the name of the folder in a package
HEAD = "standard.sql"  # the file that says what a standard is
SUFFIX = ".sql"


@dataclass(frozen=True)
class Standard:
    """A standard that `export` writes and `import` reads, declared in SQL (see docs/standards.md).

    ``files`` are the texts of its .sql files, by their names. ``where`` is the folder, for errors.
    Without a file ``standard.sql`` it adds datasets, or SELECTs, to one of the same name.
    """

    name: str
    version: str
    files: Mapping[str, str]
    where: str = ""

    @property
    def adds(self) -> bool:
        """Whether it adds to a standard that somebody else declares."""
        return HEAD not in self.files

    @classmethod
    def all_from_package(cls, package: str) -> list[Standard]:
        """Every folder in ``standards`` of a Python package.

        A standard is named after its folder. Its version is that of the package's distribution.

        Args:
            package: the package's name.

        Raises DeclarationError for a file that is not UTF-8.
        """
        folder = importlib.resources.files(package) / FOLDER
        version = importlib.metadata.version(package.partition(".")[0])
        entries = [*folder.iterdir()] if folder.is_dir() else []
        found: list[Standard] = []
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir() and entry.name[0] not in "._":
                where = f"{package}/{FOLDER}/{entry.name}"
                found.append(cls(entry.name, version, _texts(entry, where), where))
        return found

    @classmethod
    def from_folder(cls, path: Path) -> Standard:
        """The standard in the folder at ``path``. Its version is a checksum of its files.

        Raises DeclarationError for a folder without ``standard.sql``, and for a file that cannot be
        read.
        """
        try:
            files = _texts(path, str(path))
        except OSError as error:
            raise DeclarationError(f"{path}: cannot be read: {error.strerror}") from error
        if HEAD not in files:
            raise DeclarationError(
                f"{path} has no {HEAD}",
                hint="A standard is a folder with a standard.sql and a file for each dataset.",
            )
        text = "\0".join(part for pair in files.items() for part in pair)
        version = hashlib.sha256(text.encode()).hexdigest()[:8]
        return cls(path.resolve().name, version, files, str(path))


def _texts(folder: Path | Traversable, where: str) -> dict[str, str]:
    """The .sql files of a folder, by name and in its order; the one that says what it is first."""
    names = sorted(
        (entry.name for entry in folder.iterdir() if entry.name.endswith(SUFFIX)),
        key=lambda name: (name != HEAD, name),
    )
    return {name: _read(folder / name, f"{where}/{name}") for name in names if name[0] not in "._"}


def _read(file: Path | Traversable, where: str) -> str:
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig")  # some editors write a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DeclarationError(
            f"{where}, line {line}: byte 0x{data[error.start]:02X} is not UTF-8",
            hint="Save the file as UTF-8.",
        ) from None
