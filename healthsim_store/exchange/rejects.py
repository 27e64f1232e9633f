"""Rows that are left out because their caller said so: counted, and written to a file."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.text import shorten
from ..errors import InvalidArgument
from ..query.reply import PersistResult
from .account import Account
from .source import Source

_HEADER = ("file", "line", "entity_type", "field", "value", "reason")
_IN_MEMORY = 1_000_000  # bytes; more are kept in a temporary file
_TRIES = 1_000


class Rejects:
    """The rows that one call leaves out.

    Args:
        path: the file that they are written to; None is ``rejects-NAME.csv`` in the current folder.

    Raises InvalidArgument if the file is there already.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._written = 0
        if self._path is not None and self._path.exists():
            raise InvalidArgument(
                f"{self._path} is there already.", hint="Name a file for rejects that is not there."
            )
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (closed by close)
            _IN_MEMORY, "w+", encoding="utf-8", errors="backslashreplace", newline=""
        )
        self._csv = csv.writer(self._file)

    def add(
        self,
        file: str | None,
        line: int | None,
        entity_type: str | None,
        field: str | None,
        value: Any,
        reason: str,
    ) -> None:
        """One thing that is wrong with a row.

        Args:
            file: where the row is from.
            line: that it begins in; of rows that are in no file, its number.
            entity_type: what it should have become.
            field: the one that is wrong.
            value: what is in it.
            reason: what is wrong.
        """
        text = "" if value is None else value if isinstance(value, str) else repr(value)
        self._csv.writerow(
            [file or "", line or "", entity_type or "", field or "", shorten(text, 2000), reason]
        )
        self._written += 1

    def refusing(self, source: Source, account: Account) -> Source:
        """The source, whose rows that cannot be read are counted in the account, and left out."""

        def refuse(line: int | None, field: str | None, value: Any, reason: str) -> None:
            account.leave_out({reason: 1})
            self.add(source.name, line, None, field, value, reason)

        return replace(source, refuse=refuse)

    def told(self, made: PersistResult) -> PersistResult:
        """Write the file, if there is anything to write, and tell its path in the reply.

        Args:
            made: what became of the other rows. They are stored by now, so that a file which cannot
                be written is a note: an error would ask for storing them again.
        """
        if made.dry_run:
            return made
        path, failed = self._write(made.scenario)
        return replace(made, rejects=path, notes=made.notes + ((failed,) if failed else ()))

    def _write(self, scenario: str) -> tuple[str | None, str | None]:
        """The path; and, where the file could not be written, why."""
        if not self._written:
            return None, None
        paths = [self._path] if self._path else _free_names(scenario)
        self._file.seek(0)
        for path in paths:
            try:
                with path.open("x", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerow(_HEADER)
                    while text := self._file.read(1 << 20):
                        file.write(text)
                return str(path), None
            except FileExistsError:
                why = f"{path} is there already"
            except OSError as error:
                return None, f"The rejected rows could not be written: {path}: {error.strerror}."
        return None, f"The rejected rows could not be written: {why}."

    def close(self) -> None:
        """Forget them."""
        self._file.close()


def _free_names(scenario: str) -> list[Path]:
    stem = f"rejects-{scenario}"
    return [Path(f"{stem}.csv"), *(Path(f"{stem}-{n}.csv") for n in range(2, _TRIES))]
