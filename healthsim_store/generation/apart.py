"""A profile's statements, tried in a worker before they run in this process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ..base.quoting import strict
from ..base.sql import quoted
from ..schema.sqlfile import Statement
from ..storage.apart import Trial, try_apart
from .recipe import OPTIONS, RUN, Recipe

_NAME = r"""(?:"(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|\w+)"""
_FILLED = re.compile(rf"\s*CREATE\s+TABLE\s+({_NAME})\s+AS\b(.*)", re.IGNORECASE | re.DOTALL)


_tried: set[tuple[str, str]] = set()  # fingerprints, and the columns that are read


def try_recipe(
    recipe: Recipe, functions: Iterable[tuple[str, int]], read: Mapping[str, Iterable[str]]
) -> None:
    """See whether SQLite can make a plan for each statement; done once for each profile.

    Args:
        recipe: the profile.
        functions: those that it may call beside SQLite's, with their numbers of arguments.
        read: the columns of each entity type that it reads of a scenario.

    Raises DeclarationError, with file and line.
    """
    tables = {name: [*columns] for name, columns in read.items()}
    known = recipe.fingerprint, repr(tables)
    if known not in _tried:
        try_apart(_trials(recipe, tables), functions)
        _tried.add(known)


def _trials(recipe: Recipe, read: Mapping[str, list[str]]) -> Iterator[Trial]:
    for name, columns in read.items():
        yield _table(name, columns, recipe.where)
    wanted = ["wanted"] if recipe.reads else []
    yield _table(RUN, ["key", "seed", "count", "first", "last", *wanted], recipe.where)
    if recipe.options:
        yield _table(OPTIONS, [option.name for option in recipe.options], recipe.where)
    for sampled in recipe.sampled:
        if sampled.select is None:
            names = [*sampled.keys, *(name for name, *_ in sampled.columns)]
            yield _table(sampled.name, names, sampled.where)
    for reference in recipe.references:
        if isinstance(reference, Statement):
            yield from _of(reference)
        else:
            yield _table(reference.name, [name for name, _ in reference.columns], reference.where)
    for sampled in recipe.sampled:
        if sampled.select is not None:
            rows = f"SELECT 1 AS n, * FROM ({strict(sampled.select)})"
            yield Trial(rows, sampled.where, prepared=True)
            yield Trial(
                f"CREATE TABLE {quoted(sampled.name)} AS SELECT * FROM ({rows}) LIMIT 0",
                sampled.where,
            )
    for statement in (*recipe.steps.values(), *recipe.selects.values()):
        yield from _of(statement)


def _of(statement: Statement) -> Iterator[Trial]:
    sql, where = strict(statement.sql), statement.where
    yield Trial(sql, where, prepared=True)
    filled = _FILLED.fullmatch(sql)
    if filled:  # by its columns alone
        name, select = filled.groups()
        yield Trial(f"CREATE TABLE {name} AS SELECT * FROM ({select}) LIMIT 0", where)
    elif sql.lstrip().upper().startswith("CREATE"):
        yield Trial(sql, where)


def _table(name: str, columns: Iterable[str], where: str) -> Trial:
    return Trial(f"CREATE TABLE {quoted(name)} ({', '.join(map(quoted, columns))})", where)
