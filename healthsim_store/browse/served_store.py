"""The store that a Datasette serves, and which of its scenarios are databases there now.

A scenario becomes a database when somebody asks for it, so that thousands of scenarios cost
nothing. Before each request the folder is looked at again: a file that was deleted or replaced is
removed from the databases, and its connections are closed.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from datasette import __version__ as _datasette_version
from datasette.utils import tilde_decode, tilde_encode

from ..errors import HealthsimStoreError, ScenarioNotFound
from ..schema.model import Question
from ..storage.processes import processes
from ..store import Store
from . import datasette_1_0
from .database import ScenarioDatabase, make_pool
from .told_cuts import telling

PLUGIN = "healthsim-store"
BEFORE_1_0 = _datasette_version.startswith("0.")

_ROOM = 16  # databases kept; each costs Datasette a little on every request
_FORMATS = ("json", "csv", "db")
_REST_SECONDS = 60.0  # one that was asked for so lately may still be in use

_served: weakref.WeakKeyDictionary[Any, ServedStore] = weakref.WeakKeyDictionary()


def make_served(datasette: Any) -> ServedStore | None:
    """The store that this Datasette is configured to serve, made at the first call; else None."""
    if datasette not in _served:
        config = datasette.plugin_config(PLUGIN)
        if not config or "store" not in config:
            return None
        processes.serve_many()
        _served[datasette] = ServedStore(
            Store(config["store"], remember=config.get("remember", True)),
            config.get("scenarios"),
            loopback=bool(config.get("loopback")),
        )
    return _served[datasette]


def find_served(datasette: Any) -> ServedStore | None:
    """The same if it was made already; without a look at the configuration.

    The hooks that Datasette calls while it reads its configuration would call themselves.
    """
    return _served.get(datasette)


class ServedStore:
    """A store in a Datasette.

    Args:
        store: the store.
        only: the names of the scenarios to show; None shows all.
        loopback: refuse requests for another host than this machine.
    """

    def __init__(
        self, store: Store, only: Sequence[str] | None = None, *, loopback: bool = False
    ) -> None:
        self.store = store
        self.loopback = loopback
        self._only = frozenset(only) if only else None
        self._lock = threading.Lock()
        self._databases: dict[str, ScenarioDatabase] = {}
        self._used: dict[str, float] = {}
        self._shown: dict[str, ScenarioDatabase] = {}
        self._configured: dict[str, dict[str, Any]] = {}
        self._pool = make_pool()

    def __contains__(self, name: object) -> bool:
        return name in self._databases

    def names(self) -> list[str]:
        """The scenarios that may be seen, sorted."""
        return [name for name in self.store.names() if self.shows(name)]

    @property
    def is_partial(self) -> bool:
        """Whether only some of the store's scenarios may be seen."""
        return self._only is not None

    def shows(self, name: str) -> bool:
        return self._only is None or name in self._only

    def path(self, name: str) -> Path:
        """The file of exactly this scenario. Raises ScenarioNotFound."""
        if self.shows(name) and name in self.store.names():
            return self.store.find(name)
        raise ScenarioNotFound(
            f"There is no scenario {name!r:.80}.",
            hint="It may have been renamed or deleted; the list of scenarios is current.",
        )

    def canonical_path(self, path: str) -> str | None:
        """The path with the scenario's name as Datasette writes it in URLs (``a~20b`` for "a b").

        None where it is written so already. ``/x.json`` stays the JSON of x where there is an x.
        """
        first, *rest = path.removeprefix("/").split("/")
        typed = unquote(first)
        if (typed == first and "." not in first) or tilde_encode(typed) == first:
            return None
        stem, _, ending = typed.rpartition(".")
        names = self.names()
        if typed not in names or (not rest and ending in _FORMATS and stem in names):
            return None
        return "/".join(["", tilde_encode(typed), *rest])

    def refresh(self, path: str) -> ScenarioDatabase | None:
        """Remove databases whose file is gone, and open or reread the one that the path asks for.

        That one is given back; None where the path asks for no scenario that can be read.
        """
        asked = tilde_decode(path.split("/")[1]) if path.count("/") else ""
        with self._lock:
            for name, database in list(self._databases.items()):
                if not (self.shows(name) and database.is_current()):
                    self._drop(name)
            if asked.rpartition(".")[0] and asked not in self._databases:
                asked = self._without_format(asked)
        # Without the lock: a file that takes long must not make the others wait.
        if asked and asked not in self._databases:
            self._add(asked)
        if asked in self._databases:
            with contextlib.suppress(HealthsimStoreError, OSError, KeyError):
                self._databases[asked].describe()
        with self._lock:
            if asked in self._databases:
                self._used[asked] = time.monotonic()
            self._make_room()
            return self._databases.get(asked)

    def _without_format(self, asked: str) -> str:
        """``name`` of ``name.json``, where there is no scenario of the whole name."""
        return asked if asked in self.store.names() else asked.rpartition(".")[0]

    def _add(self, name: str) -> None:
        with contextlib.suppress(HealthsimStoreError, OSError):
            made = ScenarioDatabase.of(self.path(name), self._pool)
            with self._lock:
                self._databases.setdefault(name, made)

    def _drop(self, name: str) -> None:
        self._databases.pop(name).retire()
        self._used.pop(name, None)

    def _make_room(self) -> None:
        rested = time.monotonic() - _REST_SECONDS
        oldest = sorted(self._databases, key=lambda name: self._used.get(name, 0.0))
        for name in oldest[: max(0, len(oldest) - _ROOM)]:
            if self._used.get(name, 0.0) < rested:
                self._drop(name)

    async def publish(self, datasette: Any) -> None:
        """Give Datasette the databases that `refresh` found; on Datasette's own thread."""
        wanted = dict(self._databases)
        changed = False
        for name, database in self._shown.items():
            if wanted.get(name) is not database and datasette.databases.get(name) is database:
                datasette.remove_database(name)
                self._configured.pop(name, None)
                if not BEFORE_1_0:
                    await datasette_1_0.remove(datasette, name)
        for name, database in wanted.items():
            if name not in datasette.databases:
                database.ds = datasette
                datasette.add_database(database, name=name)
                changed = True
        self._shown = wanted
        if BEFORE_1_0:
            return
        if changed:
            await datasette.invoke_startup()
            await datasette.refresh_schemas(force=True)
        for name, database in wanted.items():
            if self._configured.get(name) is not database.description:
                self._configured[name] = database.description
                await datasette_1_0.configure(datasette, name, database.description)

    def prepare(self, datasette: Any) -> None:
        """Switch off what a browser of scenarios does not need of Datasette, and tell its cuts."""
        if not datasette.files and "_memory" in datasette.databases:
            datasette.remove_database("_memory")
        renderer, *rest = datasette.renderers["json"]
        datasette.renderers["json"] = (telling(renderer), *rest)
        if BEFORE_1_0:
            # 0.65 copies every database's schema into one that none of its pages reads, and a file
            # that went away in between would fail them all.
            datasette.refresh_schemas = _nothing

    def descriptions(self) -> dict[str, Any]:
        """The descriptions that the files carry, as Datasette's metadata by database."""
        return {name: database.description for name, database in self._databases.items()}

    def question_sql(self, name: str, query: str) -> str:
        """The SQL of a question or statistic of the file; empty where it has none of this name."""
        described = self.descriptions().get(name, {}).get("queries", {})
        return str(described.get(query, {}).get("sql", ""))

    def question(self, name: str, query: str) -> Question | None:
        """The question that Datasette calls so, of the file; None where it has none."""
        database = self._databases.get(name)
        return database.questions.get(query) if database else None

    def question_called(self, name: str, asked: str) -> Question | None:
        """The question of a file by its own name, as `Store.ask_question` takes it."""
        database = self._databases.get(name)
        found = database.questions.values() if database else ()
        return next((question for question in found if question.name == asked), None)

    def questions_left_out(self, name: str) -> int:
        """How many questions of a file are more than are read of one."""
        database = self._databases.get(name)
        return database.questions_left_out if database else 0

    def referenced_type(self, name: str, table: str, column: str) -> str | None:
        """The entity type that a column refers to, also one of another product; else None."""
        database = self._databases.get(name)
        return database.references.get(table, {}).get(column) if database else None


async def _nothing() -> None:
    return None
