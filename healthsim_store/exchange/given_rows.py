"""Rows that a program has, stored with the same options as those of files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..base.wording import option
from ..errors import InvalidArgument, InvalidRows
from ..query.reply import PersistResult
from ..schema.registry import Registry
from ..storage.joining import check_entities
from ..storage.scenario import Batch
from ..storage.stored import Stored
from . import conversions, origins, single_entities
from .imports import Persist, Target
from .reading_options import OF_VALUES, ReadingOptions
from .rejects import Rejects
from .renaming import Renaming


def persist_rows(
    target: Target, options: ReadingOptions, *, persist: Persist, registry: Callable[[], Registry]
) -> PersistResult:
    """Store rows; see `Store.persist`.

    Args:
        target: the batch, and where it is stored.
        options: how the values are written.
        persist: stores a batch.
        registry: returns the entity types, where they are needed.
    """
    others = [name for name in options.given() if name not in OF_VALUES]
    if others:
        raise InvalidArgument(
            f"{option(others[0])} is for files.", hint="Rows that are given have no such thing."
        )
    conversions.check(options)
    check_entities(target.batch.entities)
    batch, whole = target.batch, dict[str, int]()
    if single_entities.has_single(batch.entities):
        rows_of_lists = single_entities.with_parents(registry(), batch.entities)
        batch = replace(batch, entities=rows_of_lists)
    if options.map or options.value or options.ignore:
        batch, options = _renamed(batch, options, registry())
    if conversions.is_needed(options):
        batch = replace(batch, entities=_converted(batch, options, registry(), whole))
    words = batch.tolerance
    try:
        return _stored(replace(target, batch=batch), persist, whole)
    except InvalidRows as error:
        error.hint = error.hint or origins.way_on(error.problems, words, of_files=False)
        raise


def _stored(target: Target, persist: Persist, whole: dict[str, int]) -> PersistResult:
    """Store the batch, and write the file of the rows that are left out."""
    batch, words = target.batch, target.batch.tolerance
    if not words.any:
        return conversions.told(persist(batch, target.scenario, target.context), whole)
    with contextlib.closing(Rejects(target.rejects)) as rejects:
        tolerance = origins.tolerance(
            words.bad_rows, words.orphans, lambda entity_type, row: None, rejects
        )
        batch = replace(batch, tolerance=tolerance)
        made = conversions.told(persist(batch, target.scenario, target.context), whole)
        return rejects.told(made)


def _renamed(
    batch: Batch, options: ReadingOptions, registry: Registry
) -> tuple[Batch, ReadingOptions]:
    renaming = Renaming(options, registry)
    entities = {
        name: renaming.rows(registry.entity_type(name).name, rows)
        for name, rows in batch.entities.items()
    }
    verify = batch.verify

    def checked(stored: Mapping[str, Stored]) -> None:
        if any(counts.rows for counts in stored.values()):
            renaming.check()
        verify(stored)

    return replace(batch, entities=entities, verify=checked), renaming.formats(options)


def _converted(
    batch: Batch, options: ReadingOptions, registry: Registry, whole: dict[str, int]
) -> Mapping[str, Iterator[dict[str, Any]]]:
    found = {}
    for name, rows in batch.entities.items():
        entity_type = registry.entity_type(name).name
        found[name] = conversions.converted(options, registry, entity_type, rows, whole)
    return found
