"""A profile as a plugin returns it, or as a file in a folder: the texts of its files."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.resources
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..base.reading import read_text
from ..errors import DeclarationError

FOLDER = "profiles"  # the name of the folder in a package, and in a store
SUFFIX = ".sql"

_ENCODING = "utf-8-sig"  # some editors and spreadsheets write a byte order mark


@dataclass(frozen=True)
class Profile:
    """A recipe by which entities are generated, declared in SQL (see docs/profiles.md).

    ``sql`` is the text of its file. ``read(name)`` returns the text of another file that the
    profile names by @include or @csv, or raises FileNotFoundError.
    """

    name: str
    version: str
    sql: str
    read: Callable[[str], str] = field(repr=False, compare=False)
    where: str = ""  # the file, for errors

    @classmethod
    def all_from_package(cls, package: str) -> list[Profile]:
        """Every ``profiles/*.sql`` of a Python package.

        A profile is named after its file. Its version is that of the package's distribution. Files
        whose names begin with ``_`` are only for @include. A file of another package is included
        as ``package/file``.

        Args:
            package: the package's name.
        """
        folder = importlib.resources.files(package) / FOLDER
        version = importlib.metadata.version(package.partition(".")[0])
        return [
            cls(
                name=entry.name.removesuffix(SUFFIX),
                version=version,
                sql=entry.read_text(_ENCODING),
                read=functools.partial(_read_part, package),
                where=f"{package}/{FOLDER}/{entry.name}",
            )
            for entry in sorted(
                folder.iterdir() if folder.is_dir() else (), key=lambda entry: entry.name
            )
            if entry.name.endswith(SUFFIX) and not entry.name.startswith("_")
        ]

    @classmethod
    def from_file(cls, path: Path) -> Profile:
        """The profile in the file at ``path``. Raises DeclarationError if it cannot be read."""

        def read(name: str) -> str:
            # The profile may come from somebody else: only files beside it, and those of plugins.
            if "/" in name:
                return _read_part("", name)
            if name != path.parent.joinpath(name).name:
                raise FileNotFoundError(name)
            return read_text(path.parent / name, _ENCODING)

        try:
            sql = read_text(path, _ENCODING)
        except (OSError, UnicodeDecodeError) as error:
            raise DeclarationError(f"{path}: cannot be read: {error}") from error
        version = hashlib.sha256(sql.encode()).hexdigest()[:8]
        return cls(name=path.stem, version=version, sql=sql, read=read, where=str(path))


def _read_part(package: str, name: str) -> str:
    """A file in the folder profiles of the package, or of another one: ``other_package/file``."""
    other, _, file = name.rpartition("/")
    package = other or package
    # Only packages that are loaded: a name in a file must not make Python import a package.
    loaded = hasattr(sys.modules.get(package), "__path__")
    if not loaded or "\\" in file or file in ("", ".", ".."):
        raise FileNotFoundError(name)
    return (importlib.resources.files(package) / FOLDER / file).read_text(_ENCODING)


def profile_files(folder: Path) -> dict[str, Path]:
    """The profiles in a folder, by name; the files are not read."""
    files = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    return {path.stem: path for path in files if path.name[0] not in "._"}
