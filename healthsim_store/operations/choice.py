"""Which entities a subset is made of: those that a SELECT or a question names, or a sample."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..base.arguments import check_limit, check_texts, check_timeout
from ..base.sql import literal, quoted
from ..base.text import did_you_mean, listed
from ..base.wording import option
from ..errors import InvalidArgument, QueryError
from ..query.failures import explain_failure
from ..query.questions import fill_in
from ..schema.model import EntityType, Question
from ..schema.registry import Registry
from ..storage.sandbox import Sandbox
from .builder import SOURCE
from .drawing import MAX_SEED

#: The column by which products tell that a patient, a member and a subject are one human.
PERSON = "person_id"

_ROWS = 10_000  # that are fetched at once


@dataclass(frozen=True, slots=True)
class Choice:
    """What a subset is asked for; see `Store.clone_scenario`."""

    only: str | None = None
    question: str | None = None
    params: Sequence[Any] | Mapping[str, Any] | None = None
    sample: int | None = None
    seed: int | None = None
    stratify: str | None = None
    entity_type: str | None = None
    timeout: float = 60.0

    @property
    def everything(self) -> bool:
        """Whether no entity is left out."""
        return self.only is None and self.question is None and self.sample is None

    def checked(self, *, split: bool = False) -> Choice:
        """The same, with a seed where one is needed. Raises InvalidArgument.

        ``split``: the entities are dealt, so that a seed and a column have a meaning.
        """
        check_timeout(self.timeout)
        check_texts(
            only=self.only,
            only_question=self.question,
            stratify=self.stratify,
            entity_type=self.entity_type,
        )
        if self.only is not None and self.question is not None:
            raise InvalidArgument(
                f"Give {option('only')} or {option('only_question')}, not both.",
                hint="A question has a SELECT of its own.",
            )
        if self.params and self.only is None and self.question is None:
            raise InvalidArgument(
                f"{option('params')} has no use without {option('only')} or"
                f" {option('only_question')}."
            )
        drawn = self.sample is not None or split
        for name in ("seed", "stratify"):
            if getattr(self, name) is not None and not drawn:
                raise InvalidArgument(
                    f"{option(name)} has no use without {option('sample')}.",
                    hint="Only a sample or a split is drawn.",
                )
        if self.entity_type is not None and self.everything and not split:
            raise InvalidArgument(
                f"{option('entity_type')} has no use without {option('sample')} or"
                f" {option('only')}."
            )
        if self.sample is not None:
            check_limit("sample", self.sample, most=2**53)
        if self.seed is not None:
            check_limit("seed", self.seed, least=0, most=MAX_SEED)
        elif drawn:
            # Small enough to be typed again by hand.
            return replace(self, seed=secrets.randbelow(1_000_000))
        return self

    def facts(self) -> dict[str, Any]:
        """What the log of a subset says of it, JSON-ready."""
        told = {
            "only": self.only[:2_000] if self.only is not None else None,
            "only_question": self.question,
            "params": dict(self.params) if isinstance(self.params, Mapping) else self.params,
            "sample": self.sample,
            "seed": self.seed,
            "stratify": self.stratify,
        }
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The entities that were chosen: their type, how many they are of all, and how they were told.

    Their rowids are in the table ``chosen``.
    """

    entity_type: EntityType
    count: int
    of: int
    by: str = ""


def choose(
    connection: sqlite3.Connection,
    registry: Registry,
    sandbox: Sandbox,
    choice: Choice,
    ask: Callable[[str], Question],
) -> Chosen:
    """Find the entities that are meant, before any is drawn, and put them into ``chosen``.

    Args:
        connection: it has the source attached, and room for tables.
        registry: the source's entity types.
        sandbox: the source, in which the SELECT runs.
        choice: what is asked for.
        ask: gives a question of the source by its name.

    Raises InvalidArgument where nothing is chosen, or ids of another type; UnknownEntityType,
    UnknownQuestion, and what `Sandbox.run` does.
    """
    connection.execute("CREATE TABLE main.chosen (row INTEGER PRIMARY KEY)")
    given = choice.entity_type
    wanted = registry.entity_type(given) if given is not None else None
    if choice.only is None and choice.question is None:
        entity_type = wanted or _usual(connection, registry)
        connection.execute(
            f"INSERT INTO main.chosen SELECT rowid FROM {SOURCE}.{quoted(entity_type.name)}"
        )
        by = ""
    else:
        entity_type, by = _named(connection, registry, sandbox, choice, ask, wanted)
    (count,) = connection.execute("SELECT count(*) FROM main.chosen").fetchone()
    table = quoted(entity_type.name)
    (of,) = connection.execute(f"SELECT count(*) FROM {SOURCE}.{table}").fetchone()
    if not count:
        raise InvalidArgument(
            f"There are no {entity_type.name} to choose from.",
            hint=f"{option('entity_type')} names another entity type.",
        )
    return Chosen(entity_type, count, of, by)


def _usual(connection: sqlite3.Connection, registry: Registry) -> EntityType:
    """What a scenario is about: persons, else what other entities belong to."""
    with_rows = [
        entity_type
        for entity_type in registry
        if connection.execute(
            f"SELECT 1 FROM {SOURCE}.{quoted(entity_type.name)} LIMIT 1"
        ).fetchone()
    ]
    parents = {to.entity_type for child in registry for _, to in child.references()}
    persons = [entity_type for entity_type in with_rows if PERSON in entity_type.by_name]
    owners = [entity_type for entity_type in with_rows if entity_type.name in parents]
    for found in (persons, owners, with_rows):
        if found:
            return found[0]
    raise InvalidArgument("There is nothing to choose from: the scenario has no entities.")


def _named(
    connection: sqlite3.Connection,
    registry: Registry,
    sandbox: Sandbox,
    choice: Choice,
    ask: Callable[[str], Question],
    wanted: EntityType | None,
) -> tuple[EntityType, str]:
    """The type of the entities that a SELECT names, and the column that it did it by."""
    if choice.question is not None:
        question = ask(choice.question)
        given = choice.params
        if not isinstance(given, Mapping | None):
            raise InvalidArgument("A question takes its params by name.")
        sql, params = question.sql, fill_in(question, given)
        what = f"the question {question.name}"
    else:
        sql, params = choice.only or "", choice.params or ()  # type: ignore[assignment]
        what = option("only")
    with _running(sandbox, sql, params, choice.timeout) as cursor:
        names = [column[0] for column in cursor.description]
        place, keys = _column(names, registry, wanted, what)
        count = _read_values(connection, cursor, place, _greatest(connection, registry))
    if not count:
        raise InvalidArgument(
            f"Nothing is chosen: {what} gives no {names[place]}.",
            hint="Loosen its conditions; the same SELECT as a query shows what it finds.",
        )
    for entity_type, key in keys:
        if _found(connection, entity_type, key) == count:
            connection.execute(
                "INSERT OR IGNORE INTO main.chosen SELECT s.rowid FROM main.named AS n"
                f" CROSS JOIN {SOURCE}.{quoted(entity_type.name)} AS s ON s.{quoted(key)} = n.value"
            )
            return entity_type, names[place]
    raise _others(connection, registry, keys, count, what)


def _greatest(connection: sqlite3.Connection, registry: Registry) -> int:
    """How many rows the entity type has that has most."""
    counts = [
        connection.execute(f"SELECT count(*) FROM {SOURCE}.{quoted(one.name)}").fetchone()[0]
        for one in registry
    ]
    return max(counts, default=0)


def _read_values(connection: sqlite3.Connection, cursor: Any, place: int, most: int) -> int:
    """Put the values of a column into the table ``named``; how many different ones.

    Of more than ``most`` some are no ids, whatever follows: a SELECT may give rows without end.
    """
    connection.execute("CREATE TABLE main.named (value PRIMARY KEY)")
    count = 0
    while count <= most and (rows := cursor.fetchmany(_ROWS)):
        values = [(row[place],) for row in rows if row[place] is not None]
        count += connection.executemany(
            "INSERT OR IGNORE INTO main.named VALUES (?)", values
        ).rowcount
    return count


@contextlib.contextmanager
def _running(
    sandbox: Sandbox, sql: str, params: Sequence[Any] | Mapping[str, Any], timeout: float
) -> Iterator[Any]:
    try:
        with sandbox.run(sql, params, timeout=timeout, written=True) as cursor:
            yield cursor
    except QueryError as error:
        explained = explain_failure(error, sandbox, sql)
        explained.corrected = None
        raise explained from error


Key = tuple[EntityType, str]  # an entity type and a column that tells its entities apart


def _keys(entity_type: EntityType) -> list[str]:
    single = [columns[0] for columns in entity_type.unique_keys if len(columns) == 1]
    return list(dict.fromkeys([entity_type.primary_key, *single]))


def _column(
    names: Sequence[str], registry: Registry, wanted: EntityType | None, what: str
) -> tuple[int, list[Key]]:
    """Which column of a SELECT has the ids, and of which types they may be.

    The first that is called as a primary key, else as a natural key; a column that stands alone
    may have any name.
    """
    types = [wanted] if wanted is not None else [*registry]
    primary = [(entity_type, entity_type.primary_key) for entity_type in types]
    natural = [(entity_type, key) for entity_type in types for key in _keys(entity_type)[1:]]
    for keys in (primary, natural):
        for place, name in enumerate(names):
            found = [key for key in keys if key[1].lower() == name.lower()]
            if found:
                return place, found
    if len(names) == 1:
        return 0, primary
    known = list(dict.fromkeys(key for _, key in primary))
    raise InvalidArgument(
        f"{what} gives {', '.join(names[:6])}{', ...' if len(names) > 6 else ''}: none is the id of"
        f" {wanted.name if wanted is not None else 'an entity type'}.",
        hint=did_you_mean(names[0], known) or f"Select one of {listed(known[:8])}.",
    )


def _found(connection: sqlite3.Connection, entity_type: EntityType, key: str) -> int:
    """How many of the named values are there."""
    (count,) = connection.execute(
        "SELECT count(*) FROM main.named AS n WHERE EXISTS (SELECT 1 FROM"
        f" {SOURCE}.{quoted(entity_type.name)} AS s WHERE s.{quoted(key)} = n.value)"
    ).fetchone()
    return int(count)


def _others(
    connection: sqlite3.Connection,
    registry: Registry,
    keys: Sequence[Key],
    count: int,
    what: str,
) -> InvalidArgument:
    """The error for values that are no ids of the type that is meant; it says whose they are."""
    entity_type, key = max(keys, key=lambda one: _found(connection, *one))
    here = _found(connection, entity_type, key)
    table = f"{SOURCE}.{quoted(entity_type.name)}"
    (example,) = connection.execute(
        f"SELECT value FROM main.named AS n WHERE NOT EXISTS (SELECT 1 FROM {table} AS s"
        f" WHERE s.{quoted(key)} = n.value) ORDER BY 1 LIMIT 1"
    ).fetchone()
    others = [
        (other, name)
        for other in registry
        for name in _keys(other)
        if (other.name, name) != (entity_type.name, key)
        and connection.execute(
            f"SELECT 1 FROM {SOURCE}.{quoted(other.name)} WHERE {quoted(name)} = ?", (example,)
        ).fetchone()
    ]
    if len(keys) == 1 or here:
        told = f"{count - here:,} of the {count:,} values of {what} are no {key} of"
        told += f" {entity_type.name}, such as {example!r:.60}."
    else:
        told = f"The values of {what} are ids of no entity type, such as {example!r:.60}."
    hint = f"Select {entity_type.primary_key} from {entity_type.name}."
    if others:
        names = listed(dict.fromkeys(f"{name} of {other.name}" for other, name in others))
        hint = f"It is the {names}: select the ids that are meant, under their own name."
    return InvalidArgument(told, hint=hint)


def strata(entity_type: EntityType, column: str | None) -> str:
    """SQL for the stratum of a row ``s``. Raises InvalidArgument for a column that is not there."""
    if column is None:
        return literal("")
    names = {name.lower(): name for name in entity_type.by_name}
    found = names.get(column.lower())
    if found is None:
        raise InvalidArgument(
            f"{entity_type.name} has no column {column!r:.60} to stratify by.",
            hint=did_you_mean(column, entity_type.by_name)
            or f"It has {', '.join(entity_type.by_name)}.",
        )
    return f"s.{quoted(found)}"
