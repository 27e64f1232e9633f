"""A profile as a plugin offers it, or as it lies in a folder: the texts of its files."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.resources
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DeclarationError

FOLDER = "profiles"  # of a package, and of a store
SUFFIX = ".sql"

_ENCODING = "utf-8-sig"  # an editor or a spreadsheet may have put a mark in front


@dataclass(frozen=True)
class Profile:
    """A recipe by which entities are generated, declared in SQL (see docs/profiles.md).

    ``read`` gives the text of a further file, which the profile names: an @include or a @csv. It
    raises FileNotFoundError.
    """

    name: str
    version: str
    sql: str
    read: Callable[[str], str] = field(repr=False, compare=False)
    where: str = ""  # the file, for errors

    @classmethod
    def all_from_package(cls, package: str) -> list[Profile]:
        """Every ``profiles/*.sql`` of a Python package; those that begin with ``_`` are parts.

        A profile is named after its file; its version is that of the package's distribution. A
        part of another package is read as ``package/part``.
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
        """The profile in a file. Raises DeclarationError when it cannot be read."""

        def read(name: str) -> str:
            # A stranger's profile may read what lies beside it, and the parts of plugins.
            if "/" in name:
                return _read_part("", name)
            if name != path.parent.joinpath(name).name:
                raise FileNotFoundError(name)
            return (path.parent / name).read_text(_ENCODING)

        try:
            sql = path.read_text(_ENCODING)
        except (OSError, UnicodeDecodeError) as error:
            raise DeclarationError(f"{path}: cannot be read: {error}") from error
        version = hashlib.sha256(sql.encode()).hexdigest()[:8]
        return cls(name=path.stem, version=version, sql=sql, read=read, where=str(path))


def _read_part(package: str, name: str) -> str:
    """A file of a package's folder profiles; ``other_package/file`` is one of another package."""
    other, _, file = name.rpartition("/")
    package = other or package
    # A name in a file must not make Python import something: plugins are loaded already.
    loaded = hasattr(sys.modules.get(package), "__path__")
    if not loaded or "\\" in file or file in ("", ".", ".."):
        raise FileNotFoundError(name)
    return (importlib.resources.files(package) / FOLDER / file).read_text(_ENCODING)


def profile_files(folder: Path) -> dict[str, Path]:
    """The files of a folder that are profiles, by name; none of them is read."""
    files = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    return {path.stem: path for path in files if path.name[0] not in "._"}
