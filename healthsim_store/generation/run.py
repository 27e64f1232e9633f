"""One run of a profile: the values that determine its result, and its batches."""

from __future__ import annotations

import contextlib
import functools
import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from ..base.aside import Aside
from ..base.sql import authorize_reading, quoted
from ..base.sqlite import connect
from ..base.text import did_you_mean
from ..errors import DeclarationError, InvalidArgument
from ..schema.types import Stored
from . import faker_names
from .base import Base
from .engine import ALGORITHM, MAX_VALUE, Engine, Entities
from .functions import text_id
from .recipe import MAX_COUNT, Recipe

MAX_BATCH = 100_000
MAX_SEED = 2**63 - 1
_JUDGE_SECONDS = 2.0  # for the expression of an option
_OUR_SELECTS = 2  # around an expression, at most


def default_batch(count: int) -> int:
    """The batch size for a count: a twentieth, from 50 to 2,000, which bounds the memory."""
    return min(2_000, max(50, count // 20))


class Generation:
    """A run of a profile.

    Args:
        recipe: the profile.
        count: how many counted entities; by default the profile's number. Of a profile that reads
            a scenario: how many entities to make in all; by default as many as it says itself.
        seed: from 0 to 2**63 - 1; by default a random one below 1,000,000.
        options: the profile's options, by name; the others have their defaults.
        base: what a profile reads that reads a scenario. It is for one call of `batches`, which
            closes it; else `close` does.

    ``wanted`` is the count as it was given. Raises InvalidArgument.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        count: int | None = None,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        base: Base | None = None,
    ) -> None:
        self.recipe = recipe
        self.wanted = None if count is None else _whole("count", count, 1, MAX_COUNT)
        if count is not None and not recipe.takes_count:
            raise InvalidArgument(
                f"{recipe.name} takes no count.",
                hint=f"It makes {recipe.counts} for all {recipe.needs[0]} that it reads.",
            )
        self._base = base
        self.seed = _whole("seed", secrets.randbelow(10**6) if seed is None else seed, 0, MAX_SEED)
        self.options = _read_options(recipe, options or {})

    @functools.cached_property
    def count(self) -> int:
        """How many counted entities the run goes through."""
        if self.recipe.reads:
            return self._engine.count
        return self.recipe.count if self.wanted is None else self.wanted

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this run from others of the same profile."""
        return {
            "profile": self.recipe.name,
            "seed": self.seed,
            "count": self.wanted if self.recipe.reads else self.count,
            "options": self.options,
        }

    @property
    def key(self) -> str:
        """Five letters and digits that differ between runs, so that ids of two runs differ."""
        count = self.identity["count"]
        told = [self.recipe.name, self.seed, count, sorted(self.options.items())]
        return text_id(json.dumps(told))[:5]

    @functools.cached_property
    def _engine(self) -> Engine:
        return Engine(
            self.recipe,
            count=self.identity["count"],
            seed=self.seed,
            key=self.key,
            options=self.options,
            base=self._base,
        )

    def told(self, last: int) -> str:
        """How far the run has come, as the subject of a sentence, with its verb."""
        if self.recipe.reads:
            return f"{self.recipe.counts} for {last:,} of {self.count:,} {self.recipe.needs[0]} are"
        return f"{last:,} of {self.count:,} {self.recipe.counts} are"

    def close(self) -> None:
        """Free what was read of a scenario, where no batch is asked for."""
        if self._base is not None:
            self._base.close()

    def facts(self) -> dict[str, Any]:
        """All that is needed to make the same result again; JSON-ready, for a scenario's log."""
        identity = self.identity
        facts: dict[str, Any] = {
            "profile": identity.pop("profile"),
            "version": self.recipe.version,
            "fingerprint": self.recipe.fingerprint,
            "algorithm": ALGORITHM,
            **identity,
        }
        if self._base is not None:
            facts["base"] = self._base.facts() | {"entities": self.count}
        pools = [
            faker_names.pool(provider, where=where) for provider, where in self.recipe.providers
        ]
        return facts | ({"names": faker_names.digest(pools)} if pools else {})

    def batches(
        self, batch: int | None = None, *, start: int = 1, stop: int | None = None
    ) -> Iterator[tuple[int, int, Entities]]:
        """Of each batch: the numbers of its first and last counted entity, and its entities.

        A batch without entities is joined to the next one.

        Args:
            batch: counted entities in each batch, from 1 to MAX_BATCH; by default `default_batch`.
            start: the number of the first counted entity.
            stop: the number of the last counted entity; by default that of the run.

        Raises DeclarationError if the profile's SQL fails.
        """
        size = _whole("batch", default_batch(self.count) if batch is None else batch, 1, MAX_BATCH)
        return self._batches(size, start, self.count if stop is None else stop)

    def _batches(self, size: int, start: int, stop: int) -> Iterator[tuple[int, int, Entities]]:
        engine = self._engine
        del self._engine  # the next call has one of its own
        with contextlib.closing(engine):
            begun = start
            for first in range(start, stop + 1, size):
                last = min(first + size - 1, stop)
                entities = engine.entities(first, last)
                if entities:
                    yield begun, last, entities
                    begun = last + 1


def _whole(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidArgument(
            f"{name} is {value!r:.40}.", hint=f"Give a whole number from {least} to {most:,}."
        )
    return value


def _read_options(recipe: Recipe, given: Mapping[str, Any]) -> dict[str, Stored]:
    """The options as stored, with defaults. Each must satisfy its own CHECK, which SQLite runs."""
    known = {option.name: option for option in recipe.options}
    for name in given:
        if name not in known:
            listed = f"It has: {', '.join(known)}." if known else "It has no options."
            raise InvalidArgument(
                f"{recipe.name} has no option {name!r:.60}.",
                hint=" ".join(filter(None, (did_you_mean(str(name), known), listed))),
            )
    told: dict[str, Stored] = {}
    with contextlib.closing(_Judge()) as judge:
        for name, option in known.items():
            wrong = InvalidArgument(
                f"The option {name} of {recipe.name} is {given.get(name)!r:.60}.",
                hint=f"It must be {option.expected}.",
            )
            try:
                value = given[name] if name in given else judge.ask(option.default or "NULL")
                told[name] = option.coerce(value)
                broken = [
                    check
                    for check in option.checks
                    if judge.ask(f"{check} FROM (SELECT ? AS {quoted(name)})", told[name]) == 0
                ]
            except (sqlite3.Error, TimeoutError) as error:
                told_error = str(error) or f"it takes longer than {_JUDGE_SECONDS:g} seconds"
                raise DeclarationError(
                    f"{recipe.where}: the option {name}: {told_error}",
                    hint="A DEFAULT is a literal, and a CHECK is about its own option.",
                ) from error
            except ValueError:
                raise wrong from None
            if broken:
                wrong.hint = f"It must hold that {broken[0]}."
                raise wrong
            if told[name] is None and option.required:
                raise InvalidArgument(
                    f"{recipe.name} needs the option {name}: {option.description}.",
                    hint=f"It must be {option.expected}.",
                )
    return told


class _Judge:
    """Says what the expressions of an option give. They read nothing, so they have no SELECT."""

    def __init__(self) -> None:
        self._connection = connect(":memory:", any_thread=True)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
        self._connection.set_authorizer(self._authorize)
        self._aside = Aside(self._connection)
        self._selects = 0

    def _authorize(
        self, action: int, first: str | None, second: str | None, *context: str | None
    ) -> int:
        self._selects += action == sqlite3.SQLITE_SELECT
        if self._selects > _OUR_SELECTS or action == sqlite3.SQLITE_RECURSIVE:
            return sqlite3.SQLITE_DENY
        return authorize_reading(action, first, second, *context)

    def ask(self, expression: str, *parameters: Any) -> Any:
        """The value. Raises sqlite3.Error, TimeoutError."""
        self._selects = _OUR_SELECTS - 1 - len(parameters)

        def act() -> Any:
            return self._connection.execute(f"SELECT {expression}", parameters).fetchone()[0]

        return self._aside.run(act, _JUDGE_SECONDS)

    def close(self) -> None:
        self._aside.close()
