"""What a writer is given: a filled dataset, and what is said of all of them together."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import connect
from ..errors import NotConformant
from .chunks import chunks
from .filling import Filled
from .model import Head, Variable

DEFINE = "define.xml"


@dataclass(frozen=True, slots=True)
class Study:
    """What the data is of, as the standard's @study tells it."""

    name: str
    description: str = ""
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """What all files of one export say. ``kind`` is the kind of its files."""

    head: Head
    study: Study
    kind: str
    created: dt.datetime

    @property
    def moment(self) -> str:
        """When it was written, as ISO 8601."""
        return self.created.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def version_oid(self) -> str:
        """The id of the description of the data, in define.xml and in each dataset."""
        return f"MDV.{self.study.name}.{self.head.name}"


@dataclass(frozen=True)
class Output:
    """A dataset to be written. ``variables`` are those that the files have.

    ``database`` is the filled one, which any thread may read. ``told`` is called with how many rows
    were read just now. ``terms`` are the values of columns with a code list, in order, where
    somebody asked for them.
    """

    filled: Filled
    variables: tuple[Variable, ...]
    package: Package
    database: Path
    told: Progress = lambda _: None
    terms: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.filled.dataset.name

    @property
    def label(self) -> str:
        return self.filled.dataset.label

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name.lower()}.{self.package.kind}"

    @property
    def oid(self) -> str:
        return f"IG.{self.name}"

    def item_oid(self, variable: Variable) -> str:
        """The id of a variable, in define.xml and in the dataset."""
        return f"IT.{self.name}.{variable.name}"

    def length(self, variable: Variable) -> int:
        """How many bytes a text of the variable takes, at least 1."""
        return max(1, self.filled.lengths[variable.name])

    def has_values(self, variable: Variable) -> bool:
        """Whether a row has a value of the variable."""
        return bool(self.filled.values[variable.name])

    def select(
        self, expressions: Sequence[str], at_once: int
    ) -> Iterator[Sequence[tuple[Any, ...]]]:
        """The rows in the order of the key, some at a time, as SQL over the columns gives them.

        What a writer can leave to SQLite is quicker there than row by row in Python.

        Args:
            expressions: SQL, one for each value of a row.
            at_once: rows.

        Raises NotConformant for text that is none.
        """
        order = ", ".join(map(quoted, self.filled.dataset.key)) or "rowid"
        sql = f"SELECT {', '.join(expressions)} FROM {self.filled.source} ORDER BY {order}"
        with contextlib.closing(connect(self.database, mode="ro")) as connection:
            try:
                for rows in chunks(connection.execute(sql), at_once):
                    yield rows
                    self.told(len(rows))
            except connection.OperationalError as error:
                if "decode" not in str(error):
                    raise
                raise NotConformant(
                    f"{self.name}: a text is not UTF-8.",
                    hint="A SELECT of the standard makes it, or it is in the scenario.",
                ) from error


def is_number(variable: Variable) -> bool:
    """Whether the values of a variable are numbers, as they are stored."""
    return variable.column.type.storage != "TEXT"
