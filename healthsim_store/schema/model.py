"""What a product declares: entity types and their columns, statistics, rules, migrations.

These are plain values. `schema.parser` reads them from a product's .sql files, `storage.catalog`
from what a scenario file says about itself; everybody else only looks at them.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..base.sql import parameters
from .parameter import Parameter
from .types import LogicalType, Stored
from .values import Usual, unwrapped

if TYPE_CHECKING:
    import pyarrow as pa


EXTRA = "extra"  # the column that the engine gives every entity type, for fields kept on request


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: the parent entity type and its primary key column.

    ``enforced`` is false for one into another product, which a file may lack.
    """

    entity_type: str
    column: str
    enforced: bool = True


@dataclass(frozen=True)
class Column:
    """A field of an entity type. ``values`` are the allowed ones, in order, when it has a list."""

    name: str
    type: LogicalType
    required: bool = False
    unique: bool = False
    default: str | None = None  # an SQL literal
    values: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    references: Reference | None = None
    acyclic: bool = False  # following it never comes back
    description: str = ""
    unit: str | None = None
    codes: str | None = None
    sensitive: bool = False
    checks: tuple[str, ...] = field(default=(), compare=False)
    where: str = field(default="", compare=False)  # file and line

    @functools.cached_property
    def _spellings(self) -> dict[str, str]:
        meant = (*self.values, *self.synonyms.values())
        return {value.casefold(): value for value in meant} | {
            spelling.casefold(): value for spelling, value in self.synonyms.items()
        }

    @functools.cached_property
    def usual(self) -> Usual | None:
        """What gives the stored form of text in its usual spelling at once; None without."""
        return None if self.values or self.synonyms else self.type.usual()

    @property
    def expected(self) -> str:
        """What a value must be, for an error message."""
        return f"one of {', '.join(self.values)}" if self.values else self.type.expected

    def coerce(self, value: Any, *, rounding: bool = False) -> Stored:
        """The stored form of a value: declared synonyms first, then the type.

        Raises ValueError when there is none, as `LogicalType.coerce` does.
        """
        if self._spellings:
            value = unwrapped(value)
            if isinstance(value, str) and value not in self.values:
                value = self._spellings.get(value.strip().casefold(), value)
        stored = self.type.coerce(value, rounding=rounding)
        if self.values and stored is not None and not self._allows(stored):
            raise ValueError(value)
        return stored

    def _allows(self, stored: Stored) -> bool:
        if isinstance(stored, str):
            return stored in self.values
        return any(float(value) == stored for value in self.values)  # 1.50 is 1.5


@dataclass(frozen=True)
class EntityType:
    """One table. ``unique_keys`` are the natural keys, each a tuple of column names."""

    name: str
    product: str
    columns: tuple[Column, ...]
    primary_key: str
    unique_keys: tuple[tuple[str, ...], ...] = ()
    aliases: tuple[str, ...] = ()
    label: str = ""  # the name as a heading
    card: str | None = None  # the view that shows one of these to a reader
    description: str = ""
    checks: tuple[str, ...] = field(default=(), compare=False)
    where: str = field(default="", compare=False)  # file and line

    def needs(self, name: str) -> bool:
        """Whether no row can do without a value in a column; blanks are none."""
        return name == self.primary_key or self.by_name[name].required

    @functools.cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def references(self, *, soft: bool = False) -> Iterator[tuple[Column, Reference]]:
        """The foreign keys; with ``soft`` those into other products too."""
        for column in self.columns:
            if column.references and (soft or column.references.enforced):
                yield column, column.references

    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema: types, nullability, and descriptions and units as metadata."""
        import pyarrow as pa

        def metadata(column: Column) -> dict[str, str]:
            told = {"description": column.description, "unit": column.unit, "codes": column.codes}
            return {key: text for key, text in told.items() if text}

        return pa.schema(
            [
                pa.field(
                    column.name,
                    column.type.arrow(),
                    nullable=not (column.required or column.name == self.primary_key),
                    metadata=metadata(column),
                )
                for column in self.columns
            ],
            metadata={"description": self.description, "primary_key": self.primary_key},
        )


@dataclass(frozen=True, slots=True)
class Statistic:
    """A named SELECT of summary.sql. ``show`` says how one of its rows reads.

    It is empty where the rows are for a chart only, which costs a summary nothing.
    """

    name: str
    product: str
    label: str
    section: str
    show: str
    sql: str
    where: str = field(default="", compare=False)  # file and line


@dataclass(frozen=True, slots=True)
class Rule:
    """A named SELECT of checks.sql: what `check` must find no row of."""

    name: str
    product: str
    label: str
    sql: str
    where: str = field(default="", compare=False)


#: What a question that somebody saved in a scenario has for a product. No product is called so.
THIS_SCENARIO = "this scenario"


@dataclass(frozen=True, slots=True)
class Question:
    """A named SELECT: what a person asks of a scenario.

    It is of a product's questions.sql, or of the scenario itself: then ``product`` is
    `THIS_SCENARIO`.

    It may name tables of other products. A ``:name`` in it is for a value that whoever asks may
    give. ``declared`` has those whose type is declared: where nothing is given, they are bound to
    their default or NULL, and the others to the empty text.
    """

    name: str
    product: str
    label: str
    description: str
    sql: str
    declared: tuple[Parameter, ...] = ()
    where: str = field(default="", compare=False)

    @property
    def is_own(self) -> bool:
        """Whether somebody saved it in the scenario."""
        return self.product == THIS_SCENARIO

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every ``:name``: those that are declared, then the others as the SELECT has them."""
        names = [name[1:] for name in parameters(self.sql)]
        declared = [one for one in self.declared if one.name in names]
        known = {one.name for one in declared}
        return (*declared, *(Parameter(name) for name in names if name not in known))

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "product": self.product,
            "label": self.label,
            "description": self.description,
            "parameters": [parameter.to_dict() for parameter in self.parameters],
            "sql": self.sql,
        }


@dataclass(frozen=True, slots=True)
class Extra:
    """An index or view of schema.sql, as written."""

    kind: str  # INDEX or VIEW
    name: str
    sql: str
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Migration:
    """A step of migrations.sql, for files of versions before ``version``.

    ``statements`` are pairs of SQL and its place. A table may have fewer rows afterwards only if it
    is one of ``drops_rows``, and more only if it is one of ``adds_rows``, or new.
    """

    name: str
    product: str
    version: str
    description: str
    statements: tuple[tuple[str, str], ...] = ()
    drops_rows: tuple[str, ...] = ()
    adds_rows: tuple[str, ...] = ()
    where: str = field(default="", compare=False)

    @property
    def digest(self) -> str:
        """What its SQL is known by, however it is laid out."""
        texts = [" ".join(sql.split()) for sql, _ in self.statements]
        return hashlib.sha256("\n".join(texts).encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Declaration:
    """A whole product as read from its .sql files.

    ``oldest`` is the oldest version whose files its migrations know; empty without migrations.
    """

    product: str
    version: str
    entity_types: tuple[EntityType, ...]
    statistics: tuple[Statistic, ...] = ()
    rules: tuple[Rule, ...] = ()
    questions: tuple[Question, ...] = ()
    extras: tuple[Extra, ...] = ()
    migrations: tuple[Migration, ...] = ()
    oldest: str = ""
    schema_sql: str = ""
    summary_sql: str = ""
    checks_sql: str = ""
    questions_sql: str = ""
