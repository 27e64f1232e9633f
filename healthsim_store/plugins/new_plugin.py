"""A new plugin: a folder with all that it needs, written from templates, whose tests pass."""

from __future__ import annotations

import keyword
import re
import shutil
import string
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..base.text import did_you_mean
from ..base.version import __version__
from ..errors import InvalidArgument, InvalidName, NotWritable, TargetExists
from ..exchange.readers import READERS
from ..exchange.writers import WRITERS
from .names import COMMANDS, CORE

PREFIX = "healthsim-store-"  # of a plugin's name; what it brings is called without it
_SUFFIX = ".template"  # no tool takes the files for code of the package
_LONGEST = 60  # letters of a name
_NAME = re.compile(r"[A-Za-z]([A-Za-z0-9._-]*[A-Za-z0-9])?")  # as PEP 508 has it, a letter first

#: What a new plugin may be, and how it is used. A folder of `templates` has the files of each.
KINDS: Mapping[str, str] = {
    "product": "healthsim-store schema",
    "exporter": "healthsim-store export SCENARIO --format ${short} --to FOLDER",
    "importer": "healthsim-store import devices${suffix}",
    "profile": "healthsim-store generate ${short} --count 100",
    "standard": "healthsim-store export SCENARIO --format ${short} --to FOLDER",
    "command": "healthsim-store ${short} SCENARIO",
}
_ABOUT: Mapping[str, str] = {
    "product": "Entity types for healthsim-store",
    "exporter": "An export format for healthsim-store",
    "importer": "An import format for healthsim-store",
    "profile": "A profile for healthsim-store",
    "standard": "A standard for healthsim-store",
    "command": "A command for healthsim-store",
}
_WHAT: Mapping[str, str] = {"exporter": "export format", "importer": "format"}


@dataclass(frozen=True, slots=True)
class NewPlugin:
    """A plugin that was just made. ``files`` are relative to ``folder``."""

    name: str
    kind: str
    folder: Path
    files: tuple[str, ...]


def new_plugin(name: str, *, kind: str, parent: Path | None = None) -> NewPlugin:
    """Make a folder with a plugin whose tests pass. It appears whole or not at all.

    Raises InvalidName, InvalidArgument for an unknown kind, TargetExists where the folder is there,
    and NotWritable.

    Args:
        name: what the distribution and the folder are called, such as ``my-product``.
        kind: one of `KINDS`.
        parent: where to make the folder; by default the current folder.
    """
    texts = plugin_files(name, kind=kind)
    folder = (parent or Path.cwd()) / name
    if folder.exists() or folder.is_symlink():
        raise TargetExists(
            f"{folder} is there already.", hint="Nothing was changed. Give another name."
        )
    making = folder.with_name(f".{name}.new")
    try:
        making.mkdir(parents=True)
    except FileExistsError:
        raise TargetExists(
            f"{making} is there already, of a run that was killed or still goes on.",
            hint="Delete it, and try again.",
        ) from None
    except OSError as error:
        raise NotWritable(f"{folder} cannot be made: {error.strerror}.") from error
    try:
        for file, text in texts.items():
            (making / file).parent.mkdir(parents=True, exist_ok=True)
            (making / file).write_text(text, "utf-8")
        making.rename(folder)
    except OSError as error:
        raise NotWritable(f"{folder} cannot be made: {error.strerror}.") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return NewPlugin(name, kind, folder, tuple(texts))


def plugin_files(name: str, *, kind: str) -> dict[str, str]:
    """The texts of the files of a new plugin, by path. Raises as `new_plugin` does.

    Args:
        name: what the distribution is called.
        kind: one of `KINDS`.
    """
    package = _package(name)
    if kind not in KINDS:
        near = did_you_mean(str(kind), KINDS)
        known = f"Known: {', '.join(KINDS)}."
        raise InvalidArgument(f"There is no kind {kind!r:.60} of plugin.", hint=near or known)
    short = re.sub(r"[-_.]+", "-", name.lower()).removeprefix(PREFIX)
    if short in _taken(kind):
        raise InvalidName(
            f"healthsim-store itself has the {_WHAT.get(kind, kind)} {short}.",
            hint=f"Name the plugin otherwise, such as my-{short}.",
        )
    words = {
        "name": name,
        "package": package,
        "product": package.removeprefix("healthsim_store_"),
        "short": short,
        "suffix": f".{short}",
        "title": short.replace("-", " ").capitalize(),
        "class_name": "".join(map(str.capitalize, package.split("_"))),
        "description": _ABOUT[kind],
        "dependencies": ", ".join(f'"{one}"' for one in _dependencies(kind)),
    }
    words["usage"] = "Then:\n\n    " + string.Template(KINDS[kind]).substitute(words) + "\n"
    texts: dict[str, str] = {}
    root = files(__package__) / "templates"
    for template in (kind, "every"):
        for path, text in _templates(root / template):
            file = path.replace("PACKAGE", package).replace("SHORT", short)
            # What is no name in braces stays: a workflow has such braces of its own.
            texts[file.removesuffix(_SUFFIX)] = string.Template(text).safe_substitute(words)
    return texts


def _package(name: str) -> str:
    """The Python package of a distribution. Raises InvalidName."""
    if not isinstance(name, str) or not re.fullmatch(
        r"[A-Za-z]([A-Za-z0-9._-]*[A-Za-z0-9])?", name
    ):
        raise InvalidName(
            f"{name!r:.80} is no name for a plugin.",
            hint="Letters, digits, '-', '_' and '.', with a letter first, such as my-product.",
        )
    if len(name) > _LONGEST:
        raise InvalidName(f"{name!r:.80} is too long.", hint=f"At most {_LONGEST} letters.")
    package = re.sub(r"[-_.]+", "_", name.lower())
    taken = package in sys.stdlib_module_names or package in (CORE, "healthsim_store", "test")
    if taken or keyword.iskeyword(package):
        raise InvalidName(
            f"The package of {name} would be called {package}, which is Python's or the core's.",
            hint=f"Name it otherwise, such as my-{name}.",
        )
    return package


def _taken(kind: str) -> Iterable[str]:
    """The names of this kind that are the core's: a plugin that claims one is left out."""
    core: Mapping[str, Iterable[str]] = {
        "command": COMMANDS,
        "exporter": [exporter.name for exporter in WRITERS],
        "importer": [importer.name for importer in READERS],
        "standard": [exporter.name for exporter in WRITERS],
    }
    return core.get(kind, ())


def _dependencies(kind: str) -> list[str]:
    major, minor = __version__.split(".")[:2]
    own = f"healthsim-store>={major}.{minor}"
    return ["click", own] if kind == "command" else [own]


def _templates(folder: Traversable, path: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{path}{entry.name}"
        if entry.is_dir():
            yield from _templates(entry, f"{name}/")
        elif name.endswith(_SUFFIX):
            yield name, entry.read_text("utf-8")
