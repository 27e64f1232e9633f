"""Compressed files: what they hold, as long as it is no bomb and stays in its folder."""

from __future__ import annotations

import gzip
import io
import lzma
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from ..base.text import shorten
from ..errors import SourceError

#: What is read may be so many times larger than its file, once it is over `FREE` bytes.
RATIO = 200
FREE = 16_000_000
#: And never larger than this.
MOST = 100_000_000_000
_DEEP = 2  # archives in each other, besides the first one
_ENTRIES = 100_000  # files in one archive

#: What Python raises for an archive that is damaged, encrypted, or packed in a way of its own.
BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError,
    ValueError,
)  # fmt: skip

_SIGNS = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip"}
_ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z", ".rar", ".bz2", ".xz", ".lz4", ".br")
_ENDINGS = (".gz", ".gzip", ".zst", ".zstd")


def kind_of(head: bytes) -> str | None:
    """How a file is compressed that begins with these bytes: gz, zst, zip, or not at all."""
    return next((kind for sign, kind in _SIGNS.items() if head.startswith(sign)), None)


def inner_name(name: str) -> str:
    """The name of the file without the ending of its compression: ``patients.csv``."""
    lower = name.lower()
    ending = next((ending for ending in _ENDINGS if lower.endswith(ending)), "")
    return name[: -len(ending)] if ending and len(ending) < len(name) else name


def is_archive(name: str) -> bool:
    """Whether a name is that of an archive, or is compressed in a way that is not read."""
    return inner_name(name).lower().endswith(_ARCHIVES)


def is_zip(path: Path, told: str | None) -> bool:
    """Whether a path is an archive of files; a workbook is none, though it is a .zip inside."""
    if told is not None:
        return told == "zip"
    return path.suffix.lower() == ".zip"


def decompressed(raw: BinaryIO, kind: str, name: str) -> BinaryIO:
    """What a compressed stream holds.

    Args:
        raw: the stream.
        kind: gz or zst.
        name: of the file, for messages.

    Reading raises SourceError where it is damaged, ends too early, or is a bomb.
    """
    counted = _Counted(raw)
    inner: Any
    if kind == "gz":
        inner = gzip.GzipFile(fileobj=counted, mode="rb")
    else:
        import pyarrow as pa

        inner = pa.CompressedInputStream(pa.PythonFile(counted, mode="r"), "zstd")
    return io.BufferedReader(_Watched(inner, counted, name, kind), 1 << 18)


class _Counted(io.RawIOBase):
    """A stream that knows how many bytes were read of it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self.read_bytes += len(data)
        return len(data)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Watched(io.RawIOBase):
    """What a compressed stream holds; no more of it than is believable."""

    def __init__(self, inner: Any, counted: _Counted, name: str, kind: str) -> None:
        self._inner = inner
        self._counted = counted
        self._name = name
        self._kind = kind
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._inner.read(len(buffer))
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise SourceError(
                f"{self._name} is not a whole .{self._kind} file: {shorten(str(error), 200)}.",
                hint="It may have been cut off: copy it again.",
            ) from error
        self._size += len(data)
        refuse_bomb(self._name, self._counted.read_bytes, self._size)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            self._counted.close()
        super().close()


def refuse_bomb(name: str, packed: int, size: int) -> None:
    """Raise SourceError where ``size`` bytes out of ``packed`` are more than data ever is."""
    if size > MOST or (size > FREE and size > RATIO * max(packed, 1)):
        raise SourceError(
            f"{name} holds {size:,} bytes or more in {packed:,}: it may be made to fill a machine.",
            hint="Decompress it yourself, if you know where it comes from.",
        )


def unpacked(path: Path, folder: Path) -> Iterator[Path]:
    """Write the files of a .zip into a folder, and yield their paths.

    Raises SourceError for what is no .zip, is encrypted, is damaged, leads out of the folder, is
    a bomb, or has no room on the disk.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # Not is_dir(), which fails on a name of no letters.
            entries = [info for info in archive.infolist() if not info.filename.endswith("/")]
            _check_entries(path, entries, folder)
            total = 0
            for info in entries:
                target = folder / PurePosixPath(info.filename)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("xb") as file:
                    while data := source.read(1 << 20):
                        total += len(data)
                        refuse_bomb(path.name, path.stat().st_size, total)
                        file.write(data)
                yield target
    except BROKEN as error:
        raise SourceError(
            f"{path.name} is not a whole .zip file: {shorten(str(error), 200)}.",
            hint="It may have been cut off: copy it again.",
        ) from error
    except OSError as error:
        raise SourceError(f"{path.name} cannot be unpacked: {error.strerror}.") from error


def unpack_inner(path: Path, folder: Path, archives: Callable[[Path], list[Path]]) -> None:
    """Unpack what is in a folder of archives, in place of them, and what is in those.

    Args:
        path: the archive that everything came out of.
        folder: what was unpacked.
        archives: finds those that are left to unpack.

    Raises SourceError as `unpacked` does, and where archives are in each other too deeply.
    """
    for deep in range(_DEEP + 1):
        found = archives(folder)
        if not found:
            return
        if deep == _DEEP:
            break
        for archive in found:
            target = archive.with_name(f"{archive.name}.unpacked")
            target.mkdir()
            for _ in unpacked(archive, target):
                size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
                refuse_bomb(path.name, path.stat().st_size, size)
            archive.unlink()
            target.rename(archive.with_suffix(""))
    raise SourceError(
        f"{path.name} has archives in archives in archives.",
        hint="Unpack it yourself, and import the folder.",
    )


def _check_entries(path: Path, entries: list[zipfile.ZipInfo], folder: Path) -> None:
    """Before the first of them is written."""
    if len(entries) > _ENTRIES:
        raise SourceError(f"{path.name} has {len(entries):,} files, over {_ENTRIES:,}.")
    seen: set[str] = set()
    for info in entries:
        name = info.filename
        parts = PurePosixPath(name).parts
        escapes = name.startswith("/") or ".." in parts or "\\" in name or ":" in name
        link = stat.S_ISLNK(info.external_attr >> 16)
        if escapes or link or "\0" in name:
            raise SourceError(
                f"{path.name}: {name!r:.80} {'is a link' if link else 'leads out of its folder'}.",
                hint="Nothing of it was unpacked. An archive of data has plain files.",
            )
        if not parts:
            raise SourceError(
                f"{path.name}: a file in it has no name.",
                hint="It may be damaged. Unpack it yourself, and import the folder.",
            )
        if not name.isprintable():
            raise SourceError(
                f"{path.name}: a file in it is called {name!r:.80}.",
                hint="Unpack it yourself, and give the file a name that can be printed.",
            )
        if info.flag_bits & 1:
            raise SourceError(
                f"{path.name} is encrypted.", hint="Unpack it yourself, and import the folder."
            )
        if name.casefold() in seen:
            raise SourceError(f"{path.name} has {name!r:.80} twice.")
        seen.add(name.casefold())
    size = sum(info.file_size for info in entries)
    refuse_bomb(path.name, path.stat().st_size, size)
    if size > shutil.disk_usage(folder).free // 2:
        raise SourceError(f"{path.name} holds {size:,} bytes, for which the disk has no room.")
