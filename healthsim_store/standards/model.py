"""What a standard declares, as plain values. `reading` reads them from its .sql files."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..schema.model import Column, EntityType
from ..schema.parameter import Parameter
from ..schema.sqlfile import Statement


@dataclass(frozen=True)
class Variable:
    """A column of a dataset. ``column`` has its name, type and rules; the description is its label.

    ``role`` and ``origin`` are words of the standard. ``key`` is its place in the key that orders
    the rows, from 1; 0 where it has none. One that is ``optional`` is left out of the files where
    no row has a value in it, unless they have its ``companion``, the name of another one.
    ``codes`` is the name of its code list, ``codes_id`` the code of that.
    """

    column: Column
    role: str = ""
    origin: str = ""
    key: int = 0
    optional: bool = False
    companion: str = ""
    codes: str = ""
    codes_id: str = ""

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def label(self) -> str:
        return self.column.description

    @property
    def required(self) -> bool:
        """Whether every row has a value in it; an empty text, the default of some, is none."""
        return self.column.required and not self.may_be_empty

    @property
    def may_be_empty(self) -> bool:
        """Whether an empty text stands where there is no value, as a column of a key needs it."""
        return self.column.default == "''"


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT that fills a dataset. ``reads`` are the tables that it names."""

    sql: str
    where: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Never:
    """A SELECT that finds no row in what is written. ``text`` says what it would mean if it did."""

    text: str
    sql: str
    where: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A SELECT that finds rows of a dataset, by its key, that are left out; ``text`` says why."""

    text: str
    dataset: str
    sql: str
    where: str


@dataclass(frozen=True)
class Dataset:
    """A layout and what fills it.

    ``table`` is the layout as a table of SQLite's: its rules are the first check of what is
    written. ``kind`` is what the standard counts it among, ``structure`` what a row of it is.
    ``reference`` is true of one that describes the study, and not what happened in it. ``split`` is
    the column by whose values its rows are written as several datasets; empty where they are not.
    ``part`` is the value that made one of these.
    """

    name: str
    label: str
    variables: tuple[Variable, ...]
    table: EntityType
    where: str
    kind: str = ""
    structure: str = ""
    reference: bool = False
    split: str = ""
    part: str = ""
    selects: tuple[Select, ...] = ()

    @functools.cached_property
    def by_name(self) -> dict[str, Variable]:
        """The variables, by their names in small letters: SQL knows no others."""
        return {variable.name.lower(): variable for variable in self.variables}

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that order the rows."""
        keys = sorted((v.key, v.name) for v in self.variables if v.key)
        return tuple(name for _, name in keys)

    @functools.cached_property
    def parts(self) -> Mapping[str, Dataset]:
        """The datasets that it is written as, by the value that their rows have in common.

        Where it is not split, it is itself the only one, by an empty text.
        """
        if not self.split:
            return {"": self}
        return {
            value: self._part(value) for value in self.by_name[self.split.lower()].column.values
        }

    def _part(self, value: str) -> Dataset:
        """One of them: in its label and structure the value stands for the name of the column."""
        variables = tuple(
            replace(variable, column=replace(variable.column, values=(value,)))
            if variable.name == self.split
            else variable
            for variable in self.variables
        )
        return replace(
            self,
            name=f"{self.name}{value}",
            label=self.label.replace(self.split, value),
            structure=self.structure.replace(self.split, value),
            variables=variables,
            split="",
            part=value,
        )

    def is_of(self, table: FileTable) -> bool:
        """Whether one of its SELECTs reads the table."""
        return any(table.layout.name.lower() in select.reads for select in self.selects)

    @property
    def needs(self) -> set[str]:
        """The datasets that it refers to, without itself, in small letters."""
        names = {reference.entity_type.lower() for _, reference in self.table.references()}
        return names - {self.name.lower()}


@dataclass(frozen=True, slots=True)
class FileTable:
    """A table that SELECTs read, with the rows of a CSV file of the user's own.

    ``option`` is the option that has the path; without one the table is empty. ``layout`` has the
    columns: those that are required are in each file, the others may be missing.
    """

    option: str
    layout: Dataset


@dataclass(frozen=True, slots=True)
class Guide:
    """The document that a standard follows: ``name`` and ``version`` as define.xml has them."""

    name: str
    version: str


@dataclass(frozen=True)
class Head:
    """What standard.sql says above its statements; quick to read.

    ``kinds`` are the files that it can be written as, the first one unless somebody asks for
    another. ``guide`` is given where a define.xml belongs to it; ``terminology`` has the name and
    the version of the code lists. ``options`` are those of an export, ``import_options`` those of
    an import.
    """

    name: str
    version: str
    title: str
    writer: str
    kinds: tuple[str, ...]
    guide: Guide | None = None
    terminology: Guide | None = None
    options: tuple[Parameter, ...] = ()
    import_options: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class Reads:
    """The SELECTs of a standard that read its files, each with what its comment says.

    ``selects`` make entities of the rows of datasets, ``skips`` count rows that they leave out,
    ``notes`` rows of which something is not carried over. ``derived`` have columns that an export
    makes anew of others.
    """

    selects: tuple[Statement, ...] = ()
    skips: tuple[Statement, ...] = ()
    notes: tuple[Statement, ...] = ()
    derived: tuple[Statement, ...] = ()

    @property
    def asked(self) -> tuple[Statement, ...]:
        """Those that are asked of the files."""
        return (*self.selects, *self.skips, *self.notes)


@dataclass(frozen=True)
class Declared:
    """A whole standard, ready to be filled and read.

    ``study`` gives one row that describes the data, ``reads`` is what an import asks.
    """

    head: Head
    datasets: tuple[Dataset, ...]
    nevers: tuple[Never, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    tables: tuple[FileTable, ...] = ()
    study: Select | None = None
    reads: Reads = Reads()

    @functools.cached_property
    def by_name(self) -> Mapping[str, Dataset]:
        """The datasets, by their names in small letters."""
        return {dataset.name.lower(): dataset for dataset in self.datasets}

    @functools.cached_property
    def by_file(self) -> Mapping[str, tuple[Dataset, str]]:
        """The layout of each dataset that is written, by the dataset's name in small letters.

        With it comes the value that all of its rows have in the layout's ``split``.
        """
        return {
            part.name.lower(): (dataset, value)
            for dataset in self.datasets
            for value, part in dataset.parts.items()
        }

    def read_tables(self) -> set[str]:
        """The tables of a scenario that any of its SELECTs names, in small letters."""
        return {
            table.lower()
            for dataset in self.datasets
            for select in dataset.selects
            for table in select.reads
        }
