"""Which files an import reads, and by which importer: paths, folders, archives, standard input."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.wording import choice
from ..errors import InvalidArgument, SourceError
from . import compressed, hints, part_files
from .account import Account
from .datapackage import FILE as PACKAGE_FILE
from .format_options import bind_options
from .formats import Formats, Importer
from .package import instead_of_import
from .readers import DELIMITED
from .source import Source, SourceFolder

STDIN = "-"
UNPACKED = "healthsim-store-"  # begins the name of the folder that archives are unpacked in
_NAMED = 5  # archives or folders that were not read
_DEEP = 8  # folders in each other that are looked into


@dataclass(frozen=True, slots=True)
class Files:
    """What an import reads.

    ``sources``, ``format``, ``entity_type`` and ``options`` are as in `Store.import_data`.
    ``blank`` is a source without a name. It has the settings that all sources share.
    """

    sources: Sequence[str | Path]
    format: str | None
    entity_type: str | None
    blank: Source
    options: Mapping[str, Any] | None = None

    def settings(self, importer: Importer) -> Source:
        """``blank`` for what an importer reads, with the values of its options.

        Raises InvalidValue.
        """
        return replace(self.blank, options=bind_options(importer, self.options))


@dataclass(frozen=True, slots=True)
class Found:
    """A file or folder, and who reads it.

    ``names`` are what may tell its entity type, the nearest first. ``empty``: it has not one byte.
    """

    source: Source | SourceFolder
    importer: Importer
    names: tuple[str, ...] = ()
    empty: bool = False


class Finder:
    """Finds the files that a user named.

    Args:
        formats: the installed formats.
        files: what the user named, and with which settings.
    """

    def __init__(self, formats: Formats, files: Files) -> None:
        self._formats = formats
        self._files = files
        self._unread: dict[str, tuple[list[str], list[str]]] = {}  # archives, folders, by folder

    def unread(self) -> list[Account]:
        """What folders have that was not read, as accounts without rows."""
        return [
            Account(name, notes=tuple(_told(*found)))
            for name, found in self._unread.items()
            if any(found)
        ]

    def in_folder(self, path: Path, importer: Importer) -> list[Found]:
        """The files of a folder that an importer reads; none where there is none."""
        return list(self._files_of(path, importer))

    def find(self, path: Path, importer: Importer | None) -> Iterator[Found]:
        """The files of a path, which may be a folder.

        Args:
            path: as the user gave it; ``-`` is standard input.
            importer: the one that the user named.

        Raises SourceError, and InvalidArgument where nothing tells the format.
        """
        if importer and importer.read is None and not path.is_dir():
            raise SourceError(
                f"The format {importer.name} is a folder of files, not {path}.",
                hint="Give the folder's path.",
            )
        if str(path) == STDIN:
            yield self._standard_input(importer)
        elif path.is_dir() and importer and importer.read_folder:
            blank = self._files.settings(importer)
            yield Found(SourceFolder(path.name, path, blank, self._own(importer)), importer)
        elif path.is_dir():
            yield from self._in_folder(path, importer)
        elif not path.exists():
            raise SourceError(f"There is no file {path}.", hint="Check the path.")
        elif not path.is_file():
            raise SourceError(f"{path} is no file.", hint="Give a file or a folder.")
        else:
            yield self._alone(path, importer)

    def _standard_input(self, importer: Importer | None) -> Found:
        if importer is None:
            raise InvalidArgument(
                "Standard input has no ending that tells its format.",
                hint=f"Give {choice('format', [*self._formats.importers])}.",
            )
        blank = self._files.settings(importer)
        source = replace(blank, name="standard input", stream=sys.stdin.buffer)
        return Found(source, importer)

    def _alone(self, path: Path, importer: Importer | None) -> Found:
        inner = compressed.inner_name(path.name)
        known = [importer] if importer else self._formats.reading(inner)
        if not known and path.suffix == ".db":
            raise SourceError(
                f"{path.name} may be a scenario itself, which needs no import.",
                hint=instead_of_import(),
            )
        if not known and compressed.is_archive(path.name):
            raise SourceError(
                f"{path.name} is packed in a way that is not read.",
                hint="Unpack it yourself, or pack it as .zip, .gz or .zst.",
            )
        if not known:
            raise SourceError(
                f"{path.name}: the ending tells no format.",
                hint=f"Give {choice('format', self._formats.readable())}.",
            )
        if len(known) > 1:
            raise self._formats.several(path.name, known)
        self._refuse_other(path, known[0])
        return self._found(path, path.name, known[0], ())

    def _refuse_other(self, path: Path, importer: Importer) -> None:
        """Raise SourceError for a file that is no text, where an importer reads text."""
        if importer.name not in (*DELIMITED, "json", "ndjson"):
            return
        with contextlib.suppress(OSError), path.open("rb") as file:
            what = hints.binary(file.read(16))
            if what and self._files.blank.reading.compression != "zip":
                raise SourceError(
                    f"{path.name} is no {importer.name}: it looks like {what}.",
                    hint="Give it the ending that it should have, or name its format.",
                )

    def _found(
        self,
        path: Path,
        name: str,
        importer: Importer,
        above: tuple[str, ...],
        given: tuple[tuple[str, str | None], ...] = (),
    ) -> Found:
        source = replace(self._files.settings(importer), name=name, path=path, given=given)
        inner = compressed.inner_name(path.name)
        with contextlib.suppress(OSError):
            empty = path.stat().st_size == 0
            return Found(source, importer, (Path(inner).stem, *above), empty)
        raise SourceError(f"{name} cannot be read.", hint="Check the path.")

    def _own(self, importer: Importer) -> Callable[[str], bool]:
        """Whether a file of a folder, by its name, is one for the importer."""
        if not importer.suffixes:
            return lambda name: True
        return lambda name: importer in self._formats.claiming(compressed.inner_name(name))

    def _importer_of(self, name: str, importer: Importer | None) -> Importer | None:
        inner = compressed.inner_name(name)
        known = self._formats.reading(inner)
        if importer is not None:
            known = [importer] if importer in self._formats.claiming(inner) else []
        if len(known) > 1:
            raise self._formats.several(name, known)
        return known[0] if known else None

    def _in_folder(self, path: Path, importer: Importer | None) -> Iterator[Found]:
        found = False
        for one in self._files_of(path, importer):
            found = True
            yield one
        if not found:
            endings = importer.suffixes if importer else self._formats.endings()
            besides = [note for one in self.unread() for note in one.notes]
            given = str(path) in map(str, self._files.sources)  # and no folder of an archive
            raise SourceError(
                f"{path if given else path.name} has no file of a known format.",
                hint=". ".join([f"Endings: {', '.join(endings)}", *besides]) + ".",
            )

    def _files_of(
        self, path: Path, importer: Importer | None, inside: tuple[str, ...] = ()
    ) -> Iterator[Found]:
        """The files of a folder that are read one by one, each with its importer.

        Folders in it are looked into where it has nothing else that is read.

        Args:
            path: the folder.
            importer: the one that the user named.
            inside: the folders that it is in, and itself, below the one that the user named.
        """

        def is_data(name: str) -> bool:
            return self._importer_of(name, importer) is not None

        found = False
        if part_files.is_table(path, is_data) and any(
            entry.is_dir() or entry.name.lower().startswith("part-") for entry in path.iterdir()
        ):
            for one in self._parts(path, importer, inside[:-1]):
                found = True
                yield one
        archives: list[str] = []
        folders: list[Path] = []
        for entry in sorted(path.iterdir()) if not found else ():
            if entry.name == PACKAGE_FILE or entry.name.startswith((".", part_files.LOCK)):
                continue  # datapackage.json describes the other files, ._patients.csv is of macOS
            if entry.is_dir():
                if part_files.is_hidden(entry.name):
                    continue
                if part_files.is_table(entry, is_data):
                    found = True
                    yield from self._parts(entry, importer, inside)
                else:
                    folders.append(entry)
                continue
            reader = self._importer_of(entry.name, importer)
            if reader is not None:
                if entry.exists() and not entry.is_file():
                    raise SourceError(f"{entry} is no file.", hint="Take it out of the folder.")
                found = True
                name = "/".join([*inside, entry.name])
                yield self._found(entry, name, reader, inside[-1:])
            elif compressed.is_archive(entry.name):
                archives.append(entry.name)
        if not found and len(inside) < _DEEP:
            for folder in folders:
                if not folder.is_symlink():  # which may lead to a folder that it is in
                    yield from self._files_of(folder, importer, (*inside, folder.name))
            folders = []
        names = [folder.name for folder in folders]
        told = self._unread.setdefault("/".join(inside) or path.name, ([], []))
        told[0].extend(archives)
        told[1].extend(names)

    def _parts(
        self, folder: Path, importer: Importer | None, above: tuple[str, ...]
    ) -> Iterator[Found]:
        """The parts of a table that is a folder; the folder's name tells what they are."""
        name = Path(compressed.inner_name(folder.name))
        stem = name.stem if self._importer_of(folder.name, None) else name.name
        for path, given in part_files.parts(folder):
            reader = self._importer_of(path.name, importer)
            if reader is not None:
                within = path.relative_to(folder).as_posix()
                one = self._found(path, "/".join([*above, folder.name, within]), reader, (), given)
                named = one.names if given else ()  # year=2024/patients.csv in a folder of any name
                yield replace(one, names=(stem, *named))


def _told(archives: Sequence[str], folders: Sequence[str]) -> Iterator[str]:
    """What is told of archives and folders inside of a folder."""
    for names, one, many in (
        (archives, "archive", "archives"), (folders, "folder", "folders"),
    ):  # fmt: skip
        if names:
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            what = f"1 {one} in it was" if len(names) == 1 else f"{len(names):,} {many} in it were"
            yield f"{what} not read: {', '.join(names[:_NAMED])}{more}"


@contextlib.contextmanager
def unpacked(path: Path, told: str | None, is_data: Callable[[str], bool]) -> Iterator[Path]:
    """The path; of an archive the folder that it was unpacked to, as long as the block lasts.

    So is that of a folder of archives, which has nothing else that can be read.

    Args:
        path: a file or folder, or ``-``.
        told: the compression that the user named.
        is_data: whether a name is that of a file that can be read.
    """
    is_archive = str(path) != STDIN and path.is_file() and compressed.is_zip(path, told)
    if not is_archive and not (str(path) != STDIN and _zips(path, is_data)):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix=UNPACKED) as scratch:
        folder = Path(scratch) / (path.stem or "archive" if is_archive else path.resolve().name)
        folder.mkdir()
        archives = [path] if is_archive else _zips(path, is_data)
        for archive in archives:
            target = folder if is_archive else folder / archive.stem
            target.mkdir(exist_ok=True)
            for _ in compressed.unpacked(archive, target):
                pass
            compressed.unpack_inner(archive, target, lambda inside: _zips(inside, is_data))
        entries = _shown(folder)
        while (
            len(entries) == 1 and entries[0].is_dir() and not part_files.partition(entries[0].name)
        ):
            folder, entries = entries[0], _shown(entries[0])
        yield folder


def _shown(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if not part_files.is_hidden(one.name)]


def _zips(folder: Path, is_data: Callable[[str], bool]) -> list[Path]:
    """The archives of a folder, and of those in it, where nothing else of it can be read."""
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.rglob("*")):
        if any(map(part_files.is_hidden, path.relative_to(folder).parts)):
            continue
        if is_data(path.name):
            return []
        if path.is_file() and compressed.is_zip(path, None):
            found.append(path)
    return found
