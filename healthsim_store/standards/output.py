"""What a writer is given: a filled dataset, and what is said of all of them together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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

    ``rows`` gives the rows in the order of the key, each a tuple of the variables' values as they
    are stored; ``blank_rows`` has an empty text where one is not known. ``distinct`` gives the
    values of a variable, at most so many.
    """

    filled: Filled
    variables: tuple[Variable, ...]
    package: Package
    rows: Callable[[], Iterator[tuple[Any, ...]]]
    blank_rows: Callable[[], Iterator[tuple[Any, ...]]]
    distinct: Callable[[Variable, int], list[Any]]

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


def is_number(variable: Variable) -> bool:
    """Whether the values of a variable are numbers, as they are stored."""
    return variable.column.type.storage != "TEXT"
