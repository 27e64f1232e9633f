"""Plugins of one file each, in a folder that the user names; in no other folder is anything run.

A ``.py`` file implements hooks, as a package does. A ``.sql`` file is a profile, or, where a SELECT
has @from, the mapping of a foreign format. Each is called by its file. A folder with a standard.sql
is a standard.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ..base.reading import check_file
from ..standards.standard import HEAD
from .answers import STANDARD
from .isolation import Faulty
from .names import FOLDER
from .plugin import Plugin

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_MAPS = re.compile(r"^\s*--.*@from\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PythonFile:
    """A ``.py`` file, which is loaded as an entry point is."""

    path: Path

    @property
    def name(self) -> str:
        """What the plugin is called."""
        return self.path.stem

    def load(self) -> ModuleType:
        """Run the file. Its module is called so that it hides no other. Raises Faulty."""
        import importlib.util  # slow to import, and most commands have no such file

        _check_name(self.path)
        called = f"healthsim_store_file_{self.path.stem.replace('-', '_')}"
        spec = importlib.util.spec_from_file_location(called, self.path)
        if spec is None or spec.loader is None:
            raise Faulty("is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[called] = module  # dataclasses look their module up
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[called]
            raise
        return module


def found_files() -> Iterator[PythonFile | Plugin]:
    """The plugins in the folder of HEALTHSIM_STORE_PLUGINS_DIR, which ``--plugins-dir`` sets.

    A file whose name begins with ``_`` or ``.`` is none. What cannot be read is a faulty plugin.
    """
    named = os.environ.get(FOLDER, "")
    if not named:
        return
    folder = Path(named)
    try:
        files = sorted(path for path in folder.iterdir() if _is_plugin(path))
    except OSError as error:
        yield Plugin(FOLDER, str(folder), "?", problem=f"cannot be read: {error.strerror}")
        return
    for path in files:
        if path.name[0] in "._":
            continue
        if (path / HEAD).is_file():
            yield _of_folder(path)
        else:
            yield PythonFile(path) if path.suffix == ".py" else _of_sql(path)


def told(path: Path) -> tuple[str, str]:
    """What stands in place of a distribution and its version: the file, and its checksum."""
    import hashlib

    try:
        check_file(path)
        return str(path), hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    except OSError:
        return str(path), "?"


def _of_sql(path: Path) -> Plugin:
    from ..errors import DeclarationError
    from ..generation.profile import Profile

    name, (file, version) = path.stem, told(path)
    try:
        _check_name(path)
        profile = Profile.from_file(path)
    except (DeclarationError, Faulty) as error:
        return Plugin(name, file, version, problem=str(error), file=path)
    if _MAPS.search(profile.sql):
        return Plugin(name, file, version, mappings={name: profile.sql}, file=path)
    return Plugin(name, file, version, profiles=(profile,), file=path)


def _is_plugin(path: Path) -> bool:
    return path.suffix in (".py", ".sql") or (path / HEAD).is_file()


def _of_folder(path: Path) -> Plugin:
    """The plugin that is the folder of a standard."""
    from ..errors import DeclarationError
    from ..standards.standard import Standard

    try:
        if not STANDARD.fullmatch(path.name):
            raise Faulty("its name may have only small letters, digits, '-' and '_'")
        found = Standard.from_folder(path)
    except (DeclarationError, Faulty) as error:
        return Plugin(path.name, str(path), "?", problem=str(error), file=path)
    return Plugin(path.name, str(path), found.version, standards=(found,), file=path)


def _check_name(path: Path) -> None:
    if not path.is_file():
        raise Faulty("is no file")
    if not _NAME.fullmatch(path.stem):
        raise Faulty("its name may have only letters, digits, '-' and '_', with a letter first")
