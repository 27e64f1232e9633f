"""Files that are parts of one table: numbered ones, and the folders of Spark and Hive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

_NUMBER = re.compile(r"(?:[ ._-]*(?:part[ ._-]*)?(?:\(\d+\)|\d+))+$", re.IGNORECASE)
_PARTITION = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_PART = re.compile(r"part-\d", re.IGNORECASE)
LOCK = "~$"  # begins the name of a file that Excel has while a workbook is open
_NOTHING = "__HIVE_DEFAULT_PARTITION__"


def without_number(stem: str) -> str:
    """``encounters-001``, ``encounters (1)`` and ``encounters_1`` are ``encounters``."""
    return _NUMBER.sub("", stem) or stem


def pattern_of(name: str) -> str:
    """A name with a star for its numbers, for files that differ in nothing else."""
    return re.sub(r"\d+", "*", Path(name).name)


def is_hidden(name: str) -> bool:
    """Whether programs leave a file or folder there for themselves: ``_SUCCESS``, ``.crc``."""
    return name.startswith((".", "_", LOCK))


def partition(folder: str) -> tuple[str, str | None] | None:
    """The column and value that the name of a folder gives its rows: ``gender=F``."""
    match = _PARTITION.fullmatch(folder)
    if match is None:
        return None
    value = unquote(match[2])
    return unquote(match[1]), None if value in (_NOTHING, "") else value


def is_table(folder: Path, is_data: Callable[[str], bool]) -> bool:
    """Whether a folder is one table, whose files are its parts.

    Args:
        folder: the folder.
        is_data: whether a name is that of a file that can be read.
    """
    if is_data(folder.name):
        return True  # patients.parquet, as Spark writes it
    names = [entry.name for entry in folder.iterdir() if not is_hidden(entry.name)]
    return bool(names) and all(
        partition(name) if (folder / name).is_dir() else _PART.match(name) and is_data(name)
        for name in names
    )


def parts(folder: Path) -> Iterator[tuple[Path, tuple[tuple[str, str | None], ...]]]:
    """The files of a table that is a folder, each with the values that its folders' names give."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if not path.is_file() or any(map(is_hidden, inside)):
            continue
        found = [partition(name) for name in inside[:-1]]
        yield path, tuple(pair for pair in found if pair)
