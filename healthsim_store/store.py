"""A store: a folder of scenario files, found by name, with a trash and a memory of answers."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .base.sqlite import file_errors
from .errors import (
    EmptyBatch,
    HealthsimStoreError,
    InvalidArgument,
    ScenarioExists,
    ScenarioFileError,
    ScenarioNotFound,
)
from .exchange.exports import ExportResult, export_file
from .operations.builder import Progress
from .operations.check import CheckResult, check_file, shared_ids
from .operations.clone import CloneResult, clone_file
from .operations.diff import MAX_DIFF_ROWS, SECONDS, check_by, compare
from .operations.diff_report import DiffResult
from .operations.matching import OTHER
from .operations.merge import MergeResult, Strategies, merge_files
from .operations.upgrade import Upgraded, upgrade_file
from .plugins import installed
from .query.pages import (
    Parameters,
    QueryResult,
    check_limit,
    count_rows,
    fetch_page,
    translate,
)
from .query.questions import fill, find, sort_out
from .query.samples import sample, sample_cards
from .query.statistics import Answer, compute
from .query.summary import Summary, make_summary, read_summary
from .schema.model import EXTRA, Question
from .schema.registry import Registry
from .storage import scenario as files
from .storage.cache import Memory, fingerprint
from .storage.catalog import read_entity_types, read_questions, read_statistics
from .storage.folder import Folder, writing
from .storage.names import clean_name, find_name, make_name
from .storage.sandbox import Sandbox
from .storage.scenario import Batch, ScenarioInfo, clean_tags
from .storage.writer import Stored

ENVIRONMENT = "HEALTHSIM_STORE_DIR"
LOADABLE_ROWS = 1_000

_REPLY_TOKENS = 500
# Up to so many rows, the reply to a persist has the statistics; over it they are a question of
# their own, so that a small batch into a huge scenario stays quick.
_QUICK_ROWS = 20_000
_IDLE = 8  # open sandboxes kept for the next question


@dataclass(frozen=True)
class PersistResult:
    """The reply to a persist: O(entity types) whatever the batch.

    ``inserted``, ``skipped`` and ``replaced`` count rows by entity type. ``repeated`` is true when
    the batch_id was known, so that nothing was stored again.
    """

    scenario: str
    scenario_id: str
    created: bool
    inserted: Mapping[str, int]
    skipped: Mapping[str, int]
    replaced: Mapping[str, int]
    summary: Summary
    repeated: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "scenario_id": self.scenario_id,
            "created": self.created,
            "inserted": dict(self.inserted),
            "skipped": dict(self.skipped),
            "replaced": dict(self.replaced),
            "repeated": self.repeated,
            "summary": self.summary.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Deleted:
    """A scenario in the trash."""

    name: str
    deleted_at: str
    path: Path

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "deleted_at": self.deleted_at, "path": str(self.path)}


def default_folder() -> Path:
    """HEALTHSIM_STORE_DIR, else the platform's folder for a user's data."""
    configured = os.environ.get(ENVIRONMENT)
    if configured:
        return Path(configured).expanduser()
    import platformdirs

    return platformdirs.user_data_path("healthsim-store", appauthor=False)


class Store:
    """A folder of scenarios. It is made when the first scenario is written.

    Safe for several threads and processes at once. A scenario is given by its name, its id, or
    enough of its name; every method raises ScenarioNotFound or AmbiguousScenario otherwise.
    """

    def __init__(
        self, path: str | os.PathLike[str] | None = None, *, remember: bool = True
    ) -> None:
        """``remember=False`` keeps no answers beside the files, so that reading writes nothing."""
        self.path = Path(path) if path is not None else default_folder()
        self._folder = Folder(self.path)
        self._memory = Memory(self._folder.hidden / "memory.db" if remember else None)
        self._lock = threading.Lock()
        self._idle: list[tuple[tuple[Any, ...], Sandbox]] = []
        # Also at the end of the process, so that no connection is left for the collector.
        weakref.finalize(self, _close, self._idle, self._lock, self._memory)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files that are kept open between questions; the store stays usable."""
        _close(self._idle, self._lock, self._memory)

    # -- finding -----------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The names of all scenarios, sorted."""
        return self._folder.names()

    def find(self, scenario: str) -> Path:
        """The file of the scenario that is meant."""
        if not isinstance(scenario, str):
            raise InvalidArgument(f"A scenario is given by its name, not {scenario!r:.60}.")
        direct = self._folder.exact(scenario)
        if direct is not None:
            return direct
        if any(sign in scenario for sign in "/\\\0"):
            raise ScenarioNotFound(
                f"{scenario!r:.80} is a path, not a scenario's name.",
                hint=f"Scenarios are in {self.path}; open another folder as a store of its own.",
            )
        names = self.names()
        try:
            return self._folder.file(find_name(scenario, names))
        except ScenarioNotFound:
            for info in self.list_scenarios():
                if info.scenario_id == scenario.strip().casefold():
                    return info.path
            raise

    def exists(self, name: str) -> bool:
        """Whether there is a scenario of exactly this name, as `persist` would add to it."""
        return bool(self._folder.existing(name) or self._folder.existing(clean_name(name)))

    def free_name(self, name: str) -> str:
        """The name, or with ``-2``, ``-3`` behind it where it is taken."""
        return self._folder.free(clean_name(name))

    # -- writing -----------------------------------------------------------------------------

    def persist(
        self,
        entities: Mapping[str, Any],
        *,
        scenario: str | None = None,
        context: str | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        on_conflict: str = "error",
        batch_id: str | None = None,
        keep_unknown: bool = False,
        operation: str = "persist",
        details: Mapping[str, Any] | None = None,
    ) -> PersistResult:
        """Store a batch, all or nothing, and answer with a summary of at most 500 tokens.

        ``entities`` maps entity types to rows: dicts, dataclass instances, pydantic models, Arrow
        tables, or iterators of any size. Without ``scenario`` a new one is made and named from
        ``context``; with the name of one that exists the batch is added to it. ``on_conflict`` is
        ``error``, ``skip`` (keep what is there) or ``replace`` (update the given fields of the row
        with the same id or natural key). A second call with the same ``batch_id`` stores nothing.
        ``keep_unknown`` keeps undeclared fields as JSON in the column ``extra``. ``operation`` and
        ``details`` (JSON-ready) go into the scenario's log.

        Raises InvalidRows, UnknownEntityType, EmptyBatch, InvalidName, NotWritable, ScenarioBusy;
        then nothing has changed.
        """
        _check_texts(scenario=scenario, context=context, description=description, batch_id=batch_id)
        batch = Batch(
            entities=entities,
            tags=clean_tags(tags),
            description=description,
            on_conflict=on_conflict,
            batch_id=batch_id,
            keep_unknown=keep_unknown,
            operation=operation,
            details={**({"context": context} if context else {}), **(details or {})},
        )
        path, stored, created, repeated = self._put(batch, scenario, context)
        return self._reply(path, stored, created=created, repeated=repeated)

    def persist_batches(
        self,
        batches: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
        *,
        scenario: str | None = None,
        context: str | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        operation: str = "persist",
        stored: Callable[[str, Mapping[str, Any]], None] = lambda scenario, details: None,
    ) -> PersistResult:
        """Store batches one after the other in one scenario, and answer once.

        ``batches`` gives the entities of each, as for `persist`, and the details for the log. Each
        is stored whole or not at all; those before one that fails stay. A scenario that is not
        there yet appears with the first batch. ``stored`` is told the scenario and the details of
        each batch that is in.

        Raises as `persist` does, and EmptyBatch when there is no batch.
        """
        _check_texts(scenario=scenario, context=context, description=description)
        cleaned = clean_tags(tags)
        path: Path | None = None
        total: dict[str, Stored] = {}
        was_created = False
        for entities, details in batches:
            first = path is None
            batch = Batch(
                entities=entities,
                tags=cleaned if first else (),
                description=description if first else None,
                operation=operation,
                details=details,
            )
            if path is None:
                path, added, created, _ = self._put(batch, scenario, context)
            elif path.exists():
                added, created = files.append(path, batch)[0], False
            else:  # renamed or deleted: the rest must not become a scenario of its own
                raise ScenarioNotFound(f"{path.stem} is no longer there, after some batches.")
            was_created = was_created or created
            for name, counts in added.items():
                total[name] = total.get(name, Stored()) + counts
            stored(path.stem, details)
        if path is None:
            raise EmptyBatch("There is no batch.", hint="Give at least one.")
        return self._reply(path, total, created=was_created, repeated=False)

    def _put(
        self, batch: Batch, scenario: str | None, context: str | None
    ) -> tuple[Path, dict[str, Stored], bool, bool]:
        """The file, what was stored, whether the scenario is new, whether the batch is not."""
        path = None
        if scenario is not None:
            path = self._folder.existing(scenario) or self._folder.existing(clean_name(scenario))
        elif batch.batch_id is not None:
            path = self._holding(batch.batch_id)
        if path is None:
            path, stored = self._create(batch, scenario, context)
            return path, stored, True, False
        stored, repeated = files.append(path, batch)
        return path, stored, False, repeated

    def _create(
        self, batch: Batch, scenario: str | None, context: str | None
    ) -> tuple[Path, dict[str, Stored]]:
        name = clean_name(scenario) if scenario is not None else None
        # Only of a new scenario: what a further batch is for does not describe all of it.
        batch = replace(batch, description=batch.description or context)
        with self._folder.unborn() as unborn:
            stored = files.create(unborn, batch)
            first = next(iter(stored))
            path = self._folder.bear(
                unborn, name, lambda: self._folder.free(make_name(context, first))
            )
        return path, stored

    def _holding(self, batch_id: str) -> Path | None:
        """The scenario that has this batch; the newest files first."""
        paths = [self._folder.file(name) for name in self.names()]
        for path in sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True):
            with contextlib.suppress(ScenarioFileError), self._sandbox(path) as sandbox:
                if files.find_batch(sandbox.connection, batch_id) is not None:
                    return path
        return None

    def _reply(
        self, path: Path, stored: Mapping[str, Stored], *, created: bool, repeated: bool
    ) -> PersistResult:
        with self._sandbox(path) as sandbox:
            quick = _rows_at_most(sandbox) <= _QUICK_ROWS
            parts = read_summary(sandbox, samples=0, statistics=quick)
        if not quick:
            parts["omitted"].append("statistics (ask for the summary)")
        summary = make_summary(path.stem, parts, max_tokens=_REPLY_TOKENS)
        return PersistResult(
            scenario=path.stem,
            scenario_id=summary.scenario_id,
            created=created,
            inserted={name: counts.inserted for name, counts in stored.items()},
            skipped={name: counts.skipped for name, counts in stored.items() if counts.skipped},
            replaced={name: counts.replaced for name, counts in stored.items() if counts.replaced},
            summary=summary,
            repeated=repeated,
        )

    def save_scenario(
        self,
        name: str,
        entities: Mapping[str, Any],
        *,
        description: str | None = None,
        tags: Sequence[str] = (),
    ) -> PersistResult:
        """Store a new scenario under a name. Raises ScenarioExists when it is taken."""
        if self._folder.existing(clean_name(name)):
            raise ScenarioExists(
                f"There is a scenario {clean_name(name)!r} already.",
                hint="Use persist to add to it, or choose another name.",
            )
        return self.persist(entities, scenario=name, description=description, tags=tags)

    # -- reading -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _sandbox(self, path: Path, attached: Mapping[str, Path] | None = None) -> Iterator[Sandbox]:
        """A sandbox for this thread alone, kept open for the next question."""
        paths = [path, *(attached or {}).values()]
        try:
            inodes = [(status.st_dev, status.st_ino) for status in map(os.stat, paths)]
        except FileNotFoundError:
            raise ScenarioNotFound(f"There is no scenario {path.stem!r}.") from None
        key = (*paths, *(attached or {}), *inodes)
        with self._lock:
            at = next((i for i, (other, _) in enumerate(self._idle) if other == key), None)
            sandbox = self._idle.pop(at)[1] if at is not None else None
        if sandbox is None:
            sandbox = Sandbox(path, attached=attached)
        try:
            with file_errors(path):
                yield sandbox
        except HealthsimStoreError:
            self._keep(key, sandbox)
            raise
        except BaseException:
            sandbox.close()
            raise
        self._keep(key, sandbox)

    def _keep(self, key: tuple[Any, ...], sandbox: Sandbox) -> None:
        with self._lock:
            self._idle.append((key, sandbox))
            dropped = self._idle.pop(0)[1] if len(self._idle) > _IDLE else None
        if dropped:
            dropped.close()

    def get_summary(
        self, scenario: str, *, samples: int = 3, max_tokens: int | None = None
    ) -> Summary:
        """What the scenario holds, in about 300 tokens and 200 more per sampled entity type.

        Remembered until the file changes. ``samples`` may be 0.
        """
        check_limit("samples", samples, least=0, most=20)
        path = self.find(scenario)
        mark = _mark(path)
        key = f"summary {samples}"
        parts = self._memory.get(path.name, mark, key)
        if parts is None:
            with self._sandbox(path) as sandbox:
                parts = read_summary(sandbox, samples=samples)
            if path.exists() and mark == _mark(path):
                self._memory.put(key, {(path.name, mark): parts})
        return make_summary(path.stem, parts, max_tokens=max_tokens)

    def get_charts(self, scenario: str) -> list[Answer]:
        """The statistics that are for a chart only, so that a summary does not pay for them.

        Their rows have a name and a number each. Remembered until the file changes; one that fails
        is left out.
        """
        path = self.find(scenario)
        mark = _mark(path)
        drawn = self._memory.get(path.name, mark, "charts")
        if drawn is None:
            with self._sandbox(path) as sandbox:
                asked = [s for s in read_statistics(sandbox.connection) if not s.show]
                answers, _ = compute(sandbox, asked)
            drawn = [(a.name, a.section, a.label, a.rows) for a in answers]
            if path.exists() and mark == _mark(path):
                self._memory.put("charts", {(path.name, mark): drawn})
        return [
            Answer(name, section, label, "", tuple(rows)) for name, section, label, rows in drawn
        ]

    def remembers_statistics(self, scenario: str) -> bool:
        """Whether `get_summary` without samples and `get_charts` answer without the file."""
        path = self.find(scenario)
        mark = _mark(path)
        keys = ("summary 0", "charts")
        return all(self._memory.get(path.name, mark, key) is not None for key in keys)

    def get_samples(
        self,
        scenario: str,
        entity_type: str,
        *,
        count: int = 3,
        cards: bool = True,
        sensitive: bool = False,
    ) -> list[dict[str, Any]]:
        """A few entities, spread over the data, without empty fields.

        As cards, the readable form that a product declares; as rows where there is none, with
        ``cards=False``, or with ``sensitive=True``, which adds the columns that are marked so.
        """
        check_limit("count", count, most=1_000)
        with self._sandbox(self.find(scenario)) as sandbox:
            registry = Registry(read_entity_types(sandbox.connection))
            found = registry.entity_type(entity_type)
            if found.card and cards and not sensitive:
                return sample_cards(sandbox, found, count)
            return sample(sandbox, found, count, sensitive=sensitive)

    def query_scenario(
        self,
        scenario: str,
        sql: str,
        *,
        params: Parameters | None = None,
        limit: int = 20,
        offset: int = 0,
        timeout: float = 5.0,
        attach: Mapping[str, str] | Sequence[str] = (),
        dialect: str | None = None,
    ) -> QueryResult:
        """One page of a SELECT's rows. The statement can only read, whatever it says.

        ``attach`` brings in further scenarios: by name, then each is a schema named after it with
        ``_`` for signs, or as ``{schema: scenario}``. ``dialect`` translates from another SQL.

        Raises QueryRefused, QueryTimeout, QueryTooLarge, QueryError.
        """
        check_limit("limit", limit)
        check_limit("offset", offset, least=0, most=2**63 - 1)
        _check_timeout(timeout)
        if not isinstance(sql, str):
            raise InvalidArgument(f"sql is {sql!r:.60}.", hint="Give one SELECT as text.")
        if dialect:
            sql = translate(sql, dialect)
        path = self.find(scenario)
        attached = self._attached(attach)
        parameters = () if params is None else params
        with self._sandbox(path, attached) as sandbox:
            columns, rows, has_more, note = fetch_page(
                sandbox, sql, parameters, limit=limit, offset=offset, timeout=timeout
            )

        def count() -> int | None:
            with self._sandbox(path, attached) as sandbox:
                return count_rows(sandbox, sql, parameters, timeout=timeout)

        return QueryResult(columns, rows, limit, offset, has_more, note, count)

    def list_questions(self, scenario: str) -> list[Question]:
        """The questions that its products come with, as far as this scenario can answer them.

        One that names a table of a product which is not here is left out.
        """
        with self._sandbox(self.find(scenario)) as sandbox:
            return sort_out(sandbox, read_questions(sandbox.connection))[0]

    def ask_question(
        self,
        scenario: str,
        question: str,
        *,
        params: Mapping[str, Any] | None = None,
        limit: int = 20,
        offset: int = 0,
        timeout: float = 5.0,
    ) -> QueryResult:
        """One page of the answer to one of `list_questions`, by its name.

        What ``params`` does not give is left empty, which every question has a meaning for. Raises
        UnknownQuestion, InvalidArgument for a value that it has no place for, and what
        `query_scenario` raises.
        """
        with self._sandbox(self.find(scenario)) as sandbox:
            asked = find(*sort_out(sandbox, read_questions(sandbox.connection)), question)
        return self.query_scenario(
            scenario, asked.sql, params=fill(asked, params), limit=limit, offset=offset,
            timeout=timeout,
        )  # fmt: skip

    def _attached(self, attach: Mapping[str, str] | Sequence[str]) -> dict[str, Path]:
        if isinstance(attach, str):
            attach = [attach]
        if not isinstance(attach, Mapping):
            attach = self.schemas(attach)
        for alias in attach:
            if not alias.isidentifier() or alias.lower() in ("main", "temp"):
                raise InvalidArgument(
                    f"A scenario cannot be attached as {alias!r}.",
                    hint="Use letters, digits and _, and neither main nor temp.",
                )
        return {alias: self.find(name) for alias, name in attach.items()}

    def schemas(self, scenarios: Sequence[str]) -> dict[str, str]:
        """The schema names under which `query_scenario` attaches scenarios, and their names."""
        names = [self.find(scenario).stem for scenario in scenarios]
        return {_schema_name(name): name for name in names}

    def registry(self, scenario: str) -> Registry:
        """The entity types of a scenario, from what its file says."""
        with self._sandbox(self.find(scenario)) as sandbox:
            return Registry(read_entity_types(sandbox.connection))

    def load_scenario(
        self, scenario: str, *, max_rows: int = LOADABLE_ROWS
    ) -> dict[str, list[dict[str, Any]]]:
        """All entities of a small scenario, by entity type, without empty fields.

        Raises InvalidArgument when there are more than ``max_rows``.
        """
        check_limit("max_rows", max_rows, most=1_000_000)
        with self._sandbox(self.find(scenario)) as sandbox:
            entity_types = read_entity_types(sandbox.connection)
            bound = _rows_at_most(sandbox)
            if bound > max_rows:
                raise InvalidArgument(
                    f"{sandbox.path.stem} has more than {max_rows:,} entities.",
                    hint="Use get_summary or query_scenario, or raise max_rows.",
                )
            loaded = {
                entity_type.name: sample(sandbox, entity_type, max_rows, sensitive=True)
                for entity_type in entity_types
                if EXTRA in entity_type.by_name
            }
        return {name: rows for name, rows in loaded.items() if rows}

    def list_scenarios(
        self, *, tag: str | None = None, search: str | None = None, since: str | None = None
    ) -> list[ScenarioInfo]:
        """All scenarios, the last changed first; files that cannot be read have a ``problem``.

        ``search`` looks in names, descriptions and tags; ``since`` is a date, YYYY-MM-DD.
        """
        _check_texts(tag=tag, search=search)
        if since is not None:
            try:
                dt.date.fromisoformat(since)
            except (TypeError, ValueError):
                raise InvalidArgument(f"since is {since!r}.", hint="Give YYYY-MM-DD.") from None
        remembered = self._memory.all("info")
        fresh: dict[tuple[str, str | None], Any] = {}
        infos = []
        for name in self.names():
            path = self._folder.file(name)
            try:
                size = path.stat().st_size
                mark = fingerprint(path)
                facts = remembered.get((path.name, mark)) if mark else None
                if facts is None:
                    with contextlib.closing(Sandbox(path)) as sandbox, file_errors(path):
                        facts = files.read_info(sandbox)
                    fresh[(path.name, mark)] = facts
            except FileNotFoundError:
                continue  # deleted while we looked
            except HealthsimStoreError as error:
                infos.append(ScenarioInfo(name, path, size, problem=error.message))
                continue
            infos.append(_info(name, path, size, facts))
        self._memory.put("info", fresh)
        chosen = [info for info in infos if _is_wanted(info, tag, search, since)]
        return sorted(chosen, key=lambda info: (info.changed_at, info.name), reverse=True)

    def scenario_info(self, scenario: str, *, log_entries: int = 10) -> ScenarioInfo:
        """Everything known of one scenario, with the newest entries of its log."""
        path = self.find(scenario)
        with self._sandbox(path) as sandbox:
            facts = files.read_info(sandbox, log_entries=log_entries)
        return _info(path.stem, path, path.stat().st_size, facts)

    # -- copies ------------------------------------------------------------------------------

    def clone_scenario(
        self,
        scenario: str,
        *,
        new_name: str | None = None,
        progress: Progress = lambda _: None,
    ) -> CloneResult:
        """The same scenario once more, with new ids; independent of its source.

        Without ``new_name`` it is called after the source, with ``-copy``. Business identifiers and
        ``person_id`` stay. ``progress`` is told how many rows were just copied.

        Raises ScenarioExists, InvalidName, CopyFailed, NotWritable; then there is no clone.
        """
        source = self.find(scenario)
        name = clean_name(new_name) if new_name is not None else None
        if name is not None:
            self._folder.check_free(name)
        with self._folder.unborn() as unborn:
            result = clone_file(source, unborn, progress)
            path = self._folder.bear(unborn, name, lambda: self._folder.free(f"{source.stem}-copy"))
        return replace(result, scenario=path.stem)

    def merge_scenarios(
        self,
        scenarios: Sequence[str],
        *,
        new_name: str | None = None,
        context: str | None = None,
        on_conflict: str | Mapping[str, str] = "skip",
        dry_run: bool = False,
        progress: Progress = lambda _: None,
    ) -> MergeResult:
        """Several scenarios in a new one; the sources stay as they are.

        An entity of a later scenario whose id or natural key is taken is a conflict.
        ``on_conflict`` is ``skip`` (the first stays), ``overwrite`` (it gets the later one's
        values), ``rename`` (both stay: the later one gets a new id, and a suffix to a natural key)
        or ``error``; or a strategy by entity type, with ``*`` for the others. Children follow what
        stands for their parent. Conflicts are kept in the table ``_conflicts``.

        Without ``new_name`` it is called merged, with the first word of ``context``. With
        ``dry_run`` the reply is the same, and nothing is written in the store.

        Raises InvalidArgument, MergeConflict, CopyFailed, ScenarioExists; then there is no merge.
        """
        paths = self._several(scenarios)
        strategies = Strategies(on_conflict)
        _check_texts(context=context)
        name = clean_name(new_name) if new_name is not None else None
        if name is not None:
            self._folder.check_free(name)
        description = f"Merged from {', '.join(path.stem for path in paths)}"
        if dry_run:
            with tempfile.TemporaryDirectory(prefix="healthsim-store-") as scratch:
                trial = Path(scratch) / "trial.db"
                result = merge_files(
                    paths, trial, strategies, description=description, progress=progress
                )
            return replace(result, scenario=None)
        with self._folder.unborn() as unborn:
            result = merge_files(
                paths, unborn, strategies, description=description, progress=progress
            )
            automatic = make_name(f"merged {context or ''}", "merged")
            path = self._folder.bear(unborn, name, lambda: self._folder.free(automatic))
        return replace(result, scenario=path.stem)

    def _several(self, scenarios: Sequence[str]) -> list[Path]:
        if isinstance(scenarios, str) or not isinstance(scenarios, Sequence):
            raise InvalidArgument(
                f"scenarios is {scenarios!r:.60}.", hint="Give a list of two names or more."
            )
        paths = [self.find(scenario) for scenario in scenarios]
        if len(paths) < 2:
            raise InvalidArgument(
                f"A merge needs two scenarios, not {len(paths)}.",
                hint="clone makes a copy of one.",
            )
        for path in paths:
            if paths.count(path) > 1:
                raise InvalidArgument(
                    f"{path.stem} cannot be merged with itself.",
                    hint="Give each scenario once; clone makes a copy with new ids.",
                )
        return paths

    def diff_scenarios(
        self,
        a: str,
        b: str,
        *,
        by: str = "auto",
        rows: int = 0,
        entity_type: str | None = None,
        timeout: float = SECONDS,
        other: Store | None = None,
        progress: Progress = lambda _: None,
    ) -> DiffResult:
        """What is added, removed and changed from ``a`` to ``b``; a clone equals its source.

        ``by`` says how rows find their partners: by ``id``, by ``natural-key``, by ``origin`` (a
        clone knows what each of its ids was), or ``auto``: by origin where the two are relatives
        and by id otherwise, then by natural key what that leaves over on both sides. ``rows`` asks
        for so many of each kind of change of each entity type, with all their values. ``other`` is
        the store of ``b`` where it is another one. ``progress`` is told how many rows of ``b``
        were just compared.

        Raises InvalidArgument, also for a scenario against itself, UnknownEntityType, QueryTimeout.
        """
        check_by(by)
        check_limit("rows", rows, least=0, most=MAX_DIFF_ROWS)
        _check_texts(entity_type=entity_type)
        _check_timeout(timeout)
        path_a, path_b = self.find(a), (other or self).find(b)
        if os.path.samefile(path_a, path_b):
            # No difference would be true, and taken for an answer about two scenarios.
            raise InvalidArgument(
                f"{a!r} and {b!r} are the same scenario, {path_a.stem}.", hint="Give two."
            )
        with self._sandbox(path_b) as there, self._sandbox(path_a, {OTHER: path_b}) as here:
            return compare(
                here, there, by=by, rows=rows, entity_type=entity_type, timeout=timeout,
                progress=progress,
            )  # fmt: skip

    # -- out of the store ----------------------------------------------------------------------

    def export_scenario(
        self,
        scenario: str,
        *,
        format: str,
        to: str | os.PathLike[str] | None = None,
        force: bool = False,
        entities: Sequence[str] = (),
        drop_sensitive: bool = False,
        progress: Progress = lambda _: None,
    ) -> ExportResult:
        """Write a scenario as a folder of files, one for each entity type that has rows.

        ``format`` is csv, tsv, json, ndjson, parquet, sqlite (one file, a scenario itself), or what
        a plugin brings. The folder ``to``, by default one in the user's downloads, appears when it
        is whole; one that is there is only replaced with ``force``, and only if it is an export.
        ``entities`` names the entity types to write. ``drop_sensitive`` leaves the columns out that
        are marked sensitive. ``progress`` is told how many rows were
        just written.

        Raises UnknownFormat, UnknownEntityType, TargetExists, InvalidName, NotWritable,
        CorruptScenario; then nothing is left behind.
        """
        return export_file(
            self.find(scenario),
            format=format,
            to=to,
            force=force,
            entities=entities,
            drop_sensitive=drop_sensitive,
            progress=progress,
        )

    # -- soundness ---------------------------------------------------------------------------

    def check_scenario(self, scenario: str) -> CheckResult:
        """Whether a file is sound: pages, keys, declared rules, statistics, products."""
        return check_file(self.find(scenario), installed().declarations)

    def check_scenarios(self, scenarios: Sequence[str] = ()) -> list[CheckResult]:
        """The same for several, all of them by default, and which ids stand in two files."""
        names = [self.find(scenario).stem for scenario in scenarios] or self.names()
        paths = [self._folder.file(name) for name in dict.fromkeys(names)]
        shared = shared_ids(paths) if len(paths) > 1 else {}
        results = (check_file(path, installed().declarations) for path in paths)
        return [
            replace(result, findings=(*result.findings, *shared.get(result.scenario, ())))
            for result in results
        ]

    def upgrade_scenario(self, scenario: str) -> list[Upgraded]:
        """Bring a file to the installed versions of its products: new columns, views, rules.

        Raises NewerProduct, UpgradeRefused; then the file is as it was.
        """
        path = self.find(scenario)
        self.close()
        return upgrade_file(path, installed().declarations)

    # -- names, tags, trash ------------------------------------------------------------------

    def rename_scenario(self, scenario: str, new_name: str) -> str:
        """The new name, cleaned. Raises InvalidName, ScenarioExists."""
        name = clean_name(new_name)
        path = self.find(scenario)
        if path.stem == name:
            return name
        existing = self._folder.existing(name)
        if existing not in (None, path):
            raise ScenarioExists(
                f"There is a scenario {name!r} already.", hint="Choose another name."
            )
        self.close()
        files.log_rename(path, path.stem, name)
        with writing(self.path):
            return self._folder.give_name(path, name).stem

    def add_tags(self, scenario: str, *tags: str) -> tuple[str, ...]:
        """All tags of the scenario afterwards."""
        wanted = clean_tags(tags)
        if not wanted:
            raise InvalidArgument("No tag was given.", hint="Give at least one.")
        return files.change_tags(self.find(scenario), add=wanted)

    def remove_tags(self, scenario: str, *tags: str) -> tuple[str, ...]:
        """All tags of the scenario afterwards. Raises InvalidArgument for one it does not have."""
        path = self.find(scenario)
        with self._sandbox(path) as sandbox:
            present = files.read_info(sandbox)["tags"]
        missing = [tag for tag in clean_tags(tags) if tag not in present]
        if missing or not tags:
            raise InvalidArgument(
                f"{path.stem} is not tagged {', '.join(missing) or '(no tag was given)'}.",
                hint=f"Its tags: {', '.join(present) or 'none'}.",
            )
        return files.change_tags(path, remove=clean_tags(tags))

    def list_tags(self) -> dict[str, int]:
        """Every tag and how many scenarios have it, the most used first."""
        counts: dict[str, int] = {}
        for info in self.list_scenarios():
            for tag in info.tags:
                counts[tag] = counts.get(tag, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def delete_scenario(self, scenario: str) -> str:
        """Move a scenario to the trash; its name. `restore_scenario` brings it back."""
        path = self.find(scenario)
        trash = self._folder.hidden / "trash"
        self.close()
        with contextlib.suppress(ScenarioFileError), files.opened(path) as connection:
            # Wait for a writer, and let SQLite undo what a killed one left half-done.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        with writing(self.path):
            trash.mkdir(parents=True, exist_ok=True)
            stamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S.%fZ}"
            os.rename(path, trash / f"{path.stem}~{stamp}.db")
        return path.stem

    def list_deleted(self) -> list[Deleted]:
        """What is in the trash, the last deleted first."""
        found = []
        for path in (self._folder.hidden / "trash").glob("*~*.db"):
            name, _, stamp = path.stem.rpartition("~")
            moment = dt.datetime.strptime(stamp, "%Y%m%dT%H%M%S.%fZ")
            found.append(Deleted(name, f"{moment:%Y-%m-%dT%H:%M:%SZ}", path))
        return sorted(found, key=lambda deleted: deleted.path.stem.rpartition("~")[2], reverse=True)

    def restore_scenario(self, scenario: str, *, new_name: str | None = None) -> str:
        """Bring the last deleted scenario of a name back; the name it has now.

        Raises ScenarioNotFound, ScenarioExists when the name is taken by now.
        """
        deleted = self.list_deleted()
        names = {entry.name for entry in deleted}
        if not names:
            raise ScenarioNotFound(f"There is no {scenario!r} to restore: the trash is empty.")
        name = find_name(scenario, names)
        entry = next(entry for entry in deleted if entry.name == name)
        target = clean_name(new_name) if new_name is not None else name
        with writing(self.path):
            try:
                return self._folder.give_name(entry.path, target).stem
            except ScenarioExists as error:
                error.hint = "Give a new name for the restored one."
                raise


def _close(
    idle: list[tuple[tuple[Any, ...], Sandbox]], lock: threading.Lock, memory: Memory
) -> None:
    with lock:
        while idle:
            idle.pop()[1].close()
    memory.close()


def _mark(path: Path) -> str | None:
    """The file's fingerprint. Raises ScenarioNotFound when it was renamed or deleted meanwhile."""
    try:
        return fingerprint(path)
    except FileNotFoundError:
        raise ScenarioNotFound(f"There is no scenario {path.stem!r}.") from None


def _check_texts(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None and not isinstance(value, str):
            raise InvalidArgument(f"{name} is {value!r:.60}.", hint="Give text.")


def _check_timeout(timeout: Any) -> None:
    if not isinstance(timeout, int | float) or not 0 < timeout <= 3600:
        raise InvalidArgument(f"timeout is {timeout!r}.", hint="Seconds, from 0 to 3600.")


def _schema_name(name: str) -> str:
    plain = "".join(sign if sign.isalnum() else "_" for sign in name)
    return f"_{plain}" if plain[0].isdigit() else plain


def _rows_at_most(sandbox: Sandbox) -> int:
    """An upper bound of the rows in the file, at the cost of a look at each table's end."""
    tables = [entity_type.name for entity_type in read_entity_types(sandbox.connection)]
    if not tables:
        return 0
    ends = " + ".join(f'coalesce((SELECT max(rowid) FROM "{name}"), 0)' for name in tables)
    with sandbox.run(f"SELECT {ends}", timeout=5.0) as cursor:
        return int(cursor.fetchone()[0])


def _info(name: str, path: Path, size: int, facts: Mapping[str, Any]) -> ScenarioInfo:
    listed = {key: tuple(facts[key]) for key in ("tags", "parents", "log")}
    return ScenarioInfo(name=name, path=path, size=size, **{**facts, **listed})


def _is_wanted(info: ScenarioInfo, tag: str | None, search: str | None, since: str | None) -> bool:
    if tag is not None and tag not in info.tags:
        return False
    if since is not None and info.changed_at < since:
        return False
    if search is not None:
        text = " ".join([info.name, info.description or "", *info.tags]).casefold()
        return all(word in text for word in search.casefold().split())
    return True


@functools.cache
def _store_at(path: Path) -> Store:
    return Store(path)


def default_store() -> Store:
    """The store that the module's functions use; follows HEALTHSIM_STORE_DIR."""
    return _store_at(default_folder())
