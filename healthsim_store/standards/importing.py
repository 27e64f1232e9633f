"""Reads the files of a standard: its layouts are the tables that they are loaded into.

The layouts are loose here: a column has no rule, and any text fits. What a row must be is said by
the entity types that its SELECTs make of it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from ..base.quoting import strict
from ..base.sql import quoted
from ..base.sqlite import connect, located
from ..errors import InvalidArgument
from ..exchange.mapping import Declared as Mapped
from ..exchange.mapping import Layout
from ..exchange.staging import FUNCTION, StagedFolder
from ..exchange.standard_files import FILES, ONLY
from ..exchange.standard_format import StandardFormat
from ..schema.dry_run import SECONDS, confine
from ..schema.model import Declaration
from ..schema.registry import Registry
from ..schema.sqlfile import Statement, blanked
from ..schema.types import Stored
from ..storage.apart import Trial, try_apart
from .model import Dataset, Declared, Head, Variable

#: How SQLite keeps the values of a column whose type is stored so; what is no number stays text.
_TYPES = {"INTEGER": "NUMERIC", "REAL": "REAL"}


def importer(head: Head, declared: Callable[[], Declared]) -> StandardFormat:
    """The format by which `import` reads a standard.

    Args:
        head: what the standard says of itself.
        declared: gives all of it; it is asked when somebody imports.
    """
    return StandardFormat(
        head.name,
        options=head.import_options,
        datasets=lambda: {
            part.name: dataset.name
            for dataset in declared().datasets
            for part in dataset.parts.values()
        },
        layout=lambda name: _layout_of(declared(), name),
        mapping=lambda registry: mapping(declared(), registry),
    )


def _layout_of(declared: Declared, name: str) -> str:
    """The layout of a dataset: its own, or the one of which it is a part; else its name.

    A part may be of a value that the layout does not name, since that list is of what is written.
    """
    if name.lower() in declared.by_file:
        return declared.by_file[name.lower()][0].name
    split = (one.name for one in declared.datasets if one.split)
    return next((one for one in split if name.lower().startswith(one.lower())), name)


def mapping(declared: Declared, registry: Registry) -> Mapped:
    """The layouts that SELECTs read, and the SELECTs whose entity types are installed.

    Args:
        declared: the standard.
        registry: the installed entity types.
    """
    reads = declared.reads
    derived = _derived(declared)
    selects = [one for one in reads.selects if _is_installed(one.comment.markers["into"], registry)]
    return Mapped(
        layouts=dict(_layouts(declared.datasets, (*selects, *reads.skips, *reads.notes), derived)),
        selects=selects,
        skips=[*reads.skips],
        notes=[*reads.notes],
        datasets=True,
    )


def _is_installed(entity_type: str, registry: Registry) -> bool:
    with contextlib.suppress(InvalidArgument):
        registry.entity_type(entity_type)
        return True
    return False


def _layouts(
    datasets: Iterable[Dataset],
    statements: Iterable[Statement],
    derived: Mapping[str, frozenset[str]],
) -> Iterator[tuple[str, Layout]]:
    """The layouts that statements read, each with the columns that those name which read it."""
    texts = [{*re.findall(r"\w+", blanked(one.sql).lower())} for one in statements]
    for dataset in datasets:
        name = dataset.name.lower()
        words = {word for text in texts if name in text for word in text}
        if words:
            yield name, replace(_layout(dataset, words), derived=derived.get(name, frozenset()))


def _derived(declared: Declared) -> dict[str, frozenset[str]]:
    """The columns that follow from others, by dataset. Raises DeclarationError."""
    found: dict[str, frozenset[str]] = {}
    with contextlib.closing(connect(":memory:")) as connection:
        for dataset in declared.datasets:
            columns = ", ".join(quoted(variable.name) for variable in dataset.variables)
            connection.execute(f"CREATE TABLE {quoted(dataset.name)} ({columns})")
        confine(connection, SECONDS)
        for statement in declared.reads.derived:
            name = statement.comment.markers["derived"].lower()
            with located(statement.where):
                cursor = connection.execute(strict(statement.sql))
            names = frozenset(column[0].casefold() for column in cursor.description)
            found[name] = found.get(name, frozenset()) | names
    return found


def _layout(dataset: Dataset, words: set[str]) -> Layout:
    """Its columns that are among the words; a file need not have those that are no key."""
    used = [variable for variable in dataset.variables if variable.name.lower() in words]
    return Layout(
        columns=tuple(variable.name for variable in used),
        required=frozenset(variable.name for variable in used if variable.key),
        types={
            variable.name: _TYPES[variable.column.type.storage]
            for variable in used
            if variable.column.type.storage in _TYPES
        },
        constants=dict(_constants(dataset.variables)),
    )


def _constants(variables: Iterable[Variable]) -> Iterator[tuple[str, str]]:
    for variable in variables:
        values = variable.column.values
        if variable.column.default is not None and values and len(values) == 1:
            yield variable.name, values[0]


def try_out(declared: Declared, products: Iterable[Declaration], *, seconds: float) -> None:
    """Run each SELECT on empty tables, and see whether its entity type takes what it gives.

    One of an entity type that is not here is known when there is one.

    Args:
        declared: the standard.
        products: whose entity types the SELECTs may make.
        seconds: of the processor, for all of it.

    Raises DeclarationError, with file and line.
    """
    if declared.reads.asked:
        registry = Registry(e for product in products for e in product.entity_types)
        with contextlib.closing(_staged(declared, registry)) as staged:
            staged.try_out(registry, seconds=seconds)


def try_in_worker(declared: Declared, products: Iterable[Declaration]) -> None:
    """Run the same statements in another process first, which can be ended.

    Raises DeclarationError for one that does not end, or takes too much memory.
    """
    if declared.reads.asked:
        registry = Registry(e for product in products for e in product.entity_types)
        with contextlib.closing(_staged(declared, registry)) as staged:
            try_apart((Trial(*told) for told in staged.statements()), [FUNCTION])


def _staged(declared: Declared, registry: Registry) -> StagedFolder:
    return StagedFolder(
        declared.head.name, mapping(declared, registry), None, _defaults(declared.head)
    )


def _defaults(head: Head) -> Mapping[str, Stored]:
    return {o.name: o.default for o in head.import_options if o.name not in (FILES, ONLY)}
