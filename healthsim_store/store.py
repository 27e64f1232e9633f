"""A store: a folder of scenarios. Every verb is a method, which hands on to where it is done.

The methods marked `@verb` are functions of `healthsim_store` too, on the default store; the others
are for programs that show a store.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from .base.arguments import check_date, check_limit, check_texts, check_timeout
from .base.progress import Progress
from .base.sqlite import look
from .base.wording import PYTHON, at, default_folder, here
from .errors import InvalidArgument
from .exchange import imports
from .exchange.export_result import ExportResult
from .exchange.exports import export_file
from .exchange.found_files import Files as FoundFiles
from .exchange.given_rows import persist_rows
from .exchange.imports import ImportResult
from .exchange.mapping_draft import draft
from .exchange.reading_options import ReadingOptions
from .exchange.reading_options import specs as reading_specs
from .exchange.source import Source
from .generation import service
from .generation.library import Library
from .generation.profile import FOLDER as PROFILES
from .generation.service import GenerateResult, RegenerateResult
from .operations import annotate
from .operations import persist as persisting
from .operations.check import check_file, check_files, check_lone
from .operations.check_report import CheckResult
from .operations.choice import Choice
from .operations.clone_report import CloneResult
from .operations.compare import Cohort, compare_cohorts
from .operations.compare_report import LEAST_TOKENS, MAX_TOKENS, ComparisonResult
from .operations.diff import MAX_DIFF_ROWS, SECONDS, check_by, check_pair, compare
from .operations.diff_report import DiffResult
from .operations.matching import OTHER
from .operations.merge_call import MergeCall, merge_scenarios
from .operations.merge_report import MergeResult
from .operations.remove import Removal, RemoveResult, remove_from_file
from .operations.split import SplitResult, split_scenario
from .operations.subset import clone_scenario
from .operations.undo import History, UndoResult, read_history, set_history, turn_file
from .operations.update import Change, UpdateResult, update_file
from .operations.upgrade import Upgraded, UpgradeResult, upgrade_file, upgrade_files
from .plugins import installed
from .query import pages, select
from .query.pages import QueryResult
from .query.questions import fill_in, find_question, sort_out, why_nothing
from .query.reply import PersistResult
from .query.samples import LOADABLE_ROWS, choose, load
from .query.select import Attach, Parameters
from .query.statistics import Answer, make_charts, read_charts
from .query.stream import RowStream
from .query.summary import Summary, make_summary, read_summary
from .schema.model import EntityType, Question
from .schema.parameter import Parameter
from .schema.registry import Declarations, Registry
from .storage import scenario as scenario_file
from .storage.catalog import Questions, read_entity_types, read_questions
from .storage.files import Files
from .storage.info import ScenarioInfo, make_info, read_info
from .storage.joining import reachable
from .storage.names import clean_name
from .storage.rows import Row
from .storage.scenario import Batch, clean_tags
from .storage.tolerance import Tolerance
from .storage.trash import Deleted, Purge, Purged

Method = TypeVar("Method", bound=Callable[..., Any])

#: The methods that are functions of the package too, by name.
VERBS: dict[str, Callable[..., Any]] = {}


def verb(method: Method) -> Method:
    """Mark a method as a verb: a function of the package does the same, on the default store.

    What is raised in it names options of this verb, unless another door called it.
    """
    signature = inspect.signature(method)
    if "reading" in signature.parameters:
        signature = _with_reading_options(signature)
        method.__doc__ = _telling_reading_options(method.__doc__ or "")
    takes = frozenset(signature.parameters)

    @functools.wraps(method)
    def called(*arguments: Any, **options: Any) -> Any:
        if here().takes is not None:
            return method(*arguments, **options)
        with at(PYTHON, takes):
            return method(*arguments, **options)

    called.__signature__ = signature  # type: ignore[attr-defined]
    VERBS[method.__name__] = called
    return cast(Method, called)


def _with_reading_options(signature: inspect.Signature) -> inspect.Signature:
    """The signature with each reading option, in place of ``**reading``."""
    given = [one for name, one in signature.parameters.items() if name != "reading"]
    options = [
        inspect.Parameter(spec.name, inspect.Parameter.KEYWORD_ONLY, default=spec.default)
        for spec in reading_specs()
    ]
    return signature.replace(parameters=[*given, *options])


def _telling_reading_options(text: str) -> str:
    """The docstring with each reading option, in place of ``reading``."""
    # From Python 3.13 on the compiler takes the indentation away; cleandoc does so everywhere.
    before, after = inspect.cleandoc(text).split("    reading: ")
    told = "".join(f"    {spec.name}: {spec.help}\n" for spec in reading_specs())
    return before + told + "\n" + after.partition("\n\n")[2]


class Store:
    """A folder of scenarios. It is made when the first scenario is written.

    Safe for several threads and processes at once. A scenario is given by its name, its id, or
    enough of its name; every method raises ScenarioNotFound or AmbiguousScenario otherwise.

    Args:
        path: the folder; by default HEALTHSIM_STORE_DIR, else the user's data folder.
        remember: keep answers beside the files, so that an unchanged file is not read again. With
            False, reading writes nothing at all.
        isolated: read each file in a process of its own, which is ended when its time is over. So
            no statement and no file of a stranger runs on, takes all memory, or makes others wait.
            False reads in this process, where a limit of time is only looked at between the steps
            of a statement: for files and statements of your own alone.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        remember: bool = True,
        isolated: bool = True,
    ) -> None:
        self.path = Path(path) if path is not None else default_folder()
        self._files = Files(self.path, remember=remember, isolated=isolated)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files that are kept open between questions; the store stays usable."""
        self._files.close()

    # -- finding -----------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The names of all scenarios, sorted."""
        return self._files.folder.names()

    def find(self, scenario: str) -> Path:
        """The file of the scenario that is meant.

        Args:
            scenario: its name, its id, or enough of its name.
        """
        return self._files.find(scenario)

    def exists(self, name: str) -> bool:
        """Whether there is a scenario of exactly this name, as `persist` would add to it."""
        return self._files.existing(name) is not None

    def free_name(self, name: str) -> str:
        """The name, or with ``-2``, ``-3`` behind it where it is taken."""
        return self._files.folder.free(clean_name(name))

    # -- writing -----------------------------------------------------------------------------

    @verb
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
        round_decimals: bool = False,
        allow_triggers: bool = False,
        again: bool = False,
        new: bool = False,
        bad_rows: str = "error",
        orphans: str = "error",
        rejects: str | Path | None = None,
        dry_run: bool = False,
        operation: str = "persist",
        details: Mapping[str, Any] | None = None,
        **reading: Any,
    ) -> PersistResult:
        """Store a batch, all or nothing, and answer with a summary of at most 500 tokens.

        Args:
            entities: rows by entity type: dicts, dataclass instances, pydantic models, Arrow
                tables, or iterators of any size.
            scenario: the scenario to add to, or the name of a new one. Without it a new one is
                made and named from ``context``.
            context: what the data is for.
            tags: tags for the scenario, beside those that it has.
            description: of the scenario; of a new one ``context`` by default.
            on_conflict: for a row whose id or natural key is there: ``error``, ``skip`` (keep what
                is there) or ``replace`` (update the fields that are given).
            batch_id: a second call with the same one stores nothing.
            keep_unknown: keep undeclared fields as JSON in the column ``extra``.
            round_decimals: round numbers with more decimals than their type has, and count them;
                else they are refused.
            allow_triggers: let triggers run that somebody put into the scenario's file. Each may
                change or delete anything; without it, nothing is stored where one would run.
            again: store rows that are there already. Without it, a batch without a batch_id that
                is in the scenario is not stored a second time; where none is named, also one that
                any scenario has with the same context. The result is ``repeated``. This holds for
                20 rows or more, and for fewer when one has an id or a natural key.
            new: the scenario must not be there yet.
            bad_rows: ``skip`` leaves out rows that cannot be stored, and writes them to a file.
            orphans: ``skip`` leaves out rows that refer to an entity that is not there, so too.
            rejects: the file for rows that are left out, which must not be there yet; by default
                ``rejects-NAME.csv`` in the current folder, NAME being the scenario's.
            dry_run: check everything, tell what would be stored, and store nothing.
            operation: what the scenario's log calls it.
            details: what the log says of it besides, JSON-ready.
            reading: how the values are written, as for `import_data`: ``null``, ``decimal``,
                ``thousands``, ``date_format``, ``time_format``, ``whole_numbers``; and what fields
                are called or have: ``map``, ``value``, ``ignore``.

        Raises InvalidRows, UnknownEntityType, EmptyBatch, InvalidName, NotWritable, ScenarioBusy;
        then nothing has changed.
        """
        check_texts(scenario=scenario, context=context, description=description, batch_id=batch_id)
        batch = Batch(
            entities=entities,
            tags=clean_tags(tags),
            description=description,
            on_conflict=on_conflict,
            batch_id=batch_id,
            keep_unknown=keep_unknown,
            round_decimals=round_decimals,
            allow_triggers=allow_triggers,
            again=again,
            new=new,
            operation=operation,
            details={**({"context": context} if context else {}), **(details or {})},
            tolerance=Tolerance(bad_rows, orphans),
            dry_run=dry_run,
        )
        return persist_rows(
            imports.Target(batch, scenario, context, rejects),
            ReadingOptions.of(reading),
            persist=self._persist,
            registry=lambda: self._registry_of(scenario),
        )

    def _persist(self, batch: Batch, scenario: str | None, context: str | None) -> PersistResult:
        return persisting.persist(self._files, _declared, _versions, batch, scenario, context)

    @verb
    def persist_batches(
        self,
        batches: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
        *,
        scenario: str | None = None,
        context: str | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        allow_triggers: bool = False,
        again: bool = False,
        new: bool = False,
        operation: str = "persist",
        stored: Callable[[str, Mapping[str, Any]], None] = lambda scenario, details: None,
    ) -> PersistResult:
        """Store batches one after the other in one scenario, and answer once.

        Each is stored whole or not at all; those before one that fails stay. A scenario that is not
        there yet appears with the first batch.

        Args:
            batches: of each the entities, as for `persist`, and the details for the log.
            scenario: the scenario to add to, or the name of a new one, as for `persist`.
            context: what the data is for; names a new scenario.
            tags: tags for the scenario.
            description: of the scenario.
            allow_triggers: let triggers of the scenario's file run, as for `persist`.
            again: store batches that are there already, as for `persist`.
            new: the scenario must not be there yet.
            operation: what the scenario's log calls each batch.
            stored: is told the scenario and the details of each batch that is in.

        Raises as `persist` does, and EmptyBatch when there is no batch.
        """
        check_texts(scenario=scenario, context=context, description=description)
        plan = Batch(
            {},
            tags=clean_tags(tags),
            description=description,
            allow_triggers=allow_triggers,
            again=again,
            new=new,
            operation=operation,
        )
        return persisting.persist_batches(
            self._files, _declared, _versions, batches, plan, scenario, context, stored
        )

    @verb
    def save_scenario(
        self,
        name: str,
        entities: Mapping[str, Any],
        *,
        description: str | None = None,
        tags: Sequence[str] = (),
    ) -> PersistResult:
        """Store a new scenario under a name.

        Args:
            name: the new scenario's name.
            entities: rows by entity type, as for `persist`.
            description: of the scenario.
            tags: tags for it.

        Raises ScenarioExists when the name is taken, and what `persist` raises.
        """
        return self.persist(entities, scenario=name, description=description, tags=tags, new=True)

    @verb
    def update_entities(
        self,
        scenario: str,
        entity_type: str,
        values: Mapping[str, Any] | None = None,
        *,
        where: str,
        params: Parameters | None = None,
        expressions: Mapping[str, str] | None = None,
        round_decimals: bool = False,
        dry_run: bool = False,
        timeout: float = 60.0,
    ) -> UpdateResult:
        """Give entities new values; all of them or none. `undo` takes it back.

        Args:
            scenario: the scenario.
            entity_type: whose entities.
            values: the new values by field, understood and checked as those of `persist`.
            where: one SQL expression: the entities for which it holds. ``1`` means all.
            params: values for the parameters of ``where`` and ``expressions``.
            expressions: SQL expressions by field, such as ``{"weight": "weight * 1.1"}``.
            round_decimals: round numbers with too many decimals; else they are refused.
            dry_run: the same reply, and nothing is changed.
            timeout: seconds to find the entities.

        Raises InvalidRows, InvalidArgument, UnknownEntityType, and what `query_scenario` raises;
        then nothing has changed.
        """
        check_timeout(timeout)
        change = Change(
            entity_type,
            values or {},
            expressions or {},
            where,
            params,
            round_decimals,
            dry_run,
            timeout,
        )
        return update_file(self._files, self.find(scenario), change)

    @verb
    def remove_entities(
        self,
        scenario: str,
        entity_type: str | None = None,
        *,
        where: str | None = None,
        params: Parameters | None = None,
        batch: str | int | None = None,
        with_children: bool = False,
        dry_run: bool = False,
        timeout: float = 60.0,
    ) -> RemoveResult:
        """Remove entities, all of them or none. `undo` brings them back.

        Args:
            scenario: the scenario.
            entity_type: whose entities; with ``batch``, only these of it.
            where: one SQL expression: the entities for which it holds. ``1`` means all.
            params: values for the parameters of ``where``.
            batch: in place of ``where``, what one persist, import or generate put in: its number
                in `list_history`, its batch_id, or ``last``.
            with_children: remove what refers to them too, and what refers to that; else they are
                not removed where something does.
            dry_run: the same reply, and nothing is changed.
            timeout: seconds to find the entities.

        Raises RowsInUse, UnknownBatch, InvalidArgument, UnknownEntityType, and what
        `query_scenario` raises; then nothing has changed.
        """
        check_timeout(timeout)
        check_texts(entity_type=entity_type)
        removal = Removal(entity_type, where, params, batch, with_children, dry_run, timeout)
        return remove_from_file(self._files, self.find(scenario), removal)

    @verb
    def undo(self, scenario: str) -> UndoResult:
        """Take the last operation on a scenario back; once more takes back the one before.

        Rows come back in their order, and a rename, tags and a description too. `restore_scenario`
        brings a deleted scenario back.

        Args:
            scenario: the scenario.

        Raises CannotUndo, ChangedSince; then nothing has changed.
        """
        return turn_file(self._files, self.find(scenario), back=True)

    @verb
    def redo(self, scenario: str) -> UndoResult:
        """Do again what was undone last, until something else is done.

        Args:
            scenario: the scenario.

        Raises CannotUndo, ChangedSince; then nothing has changed.
        """
        return turn_file(self._files, self.find(scenario), back=False)

    @verb
    def list_history(self, scenario: str, *, limit: int = 20) -> History:
        """The operations on a scenario, the newest first, and which can be undone.

        Args:
            scenario: the scenario.
            limit: how many, at most 1,000,000.
        """
        check_limit("limit", limit, most=1_000_000)
        return read_history(self._files, self.find(scenario), limit)

    @verb
    def keep_history(
        self,
        scenario: str,
        *,
        forget: bool = False,
        rows: int | None = None,
        megabytes: int | None = None,
    ) -> History:
        """Empty what undo keeps in a scenario's file, or say how much it may be.

        It has values that were changed and removed. No clone, merge or export has it.

        Args:
            scenario: the scenario.
            forget: nothing done so far can be undone any more; what it kept is overwritten.
            rows: changed rows that the history may have; 200,000 in a new file.
            megabytes: what their values may take; 100 in a new file.
        """
        path = self.find(scenario)
        return set_history(self._files, path, forget=forget, rows=rows, megabytes=megabytes)

    @verb
    def import_data(
        self,
        source: str | Path | Sequence[str | Path],
        *,
        format: str | None = None,
        scenario: str | None = None,
        entity_type: str | None = None,
        context: str | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        on_conflict: str = "error",
        batch_id: str | None = None,
        keep_unknown: bool = False,
        round_decimals: bool = False,
        allow_triggers: bool = False,
        again: bool = False,
        options: Mapping[str, Any] | None = None,
        bad_rows: str = "error",
        orphans: str = "error",
        rejects: str | Path | None = None,
        dry_run: bool = False,
        progress: Progress = lambda _: None,
        **reading: Any,
    ) -> ImportResult:
        """Read files, folders or standard input into a scenario, in one transaction.

        A folder that `export_scenario` wrote comes back as it was, ids, tags and description
        included.

        Args:
            source: a path, or several; ``-`` is standard input.
            format: one of `list_import_formats`; by default each file's ending tells. The name of
                a format that a product maps (``synthea``) takes one folder; a standard, by its name
                or the path of its folder, takes the files of its datasets.
            scenario: the scenario to add to, or the name of a new one; by default one named after
                ``context``, else after the first file.
            entity_type: what the rows are; by default the file's name, or the keys of a JSON
                document, tell.
            context: what the data is for.
            tags: tags for the scenario.
            description: of the scenario.
            on_conflict: ``error``, ``skip`` or ``replace``, as for `persist`.
            batch_id: a second call with the same one stores nothing.
            keep_unknown: keep undeclared fields as JSON in the column ``extra``.
            round_decimals: round numbers with too many decimals, and count them, as for `persist`.
            allow_triggers: let triggers of the scenario's file run, as for `persist`.
            again: store rows that are there already, as for `persist`.
            options: values of the format's own options, by name; see `import_options`.
            bad_rows: ``skip`` leaves out rows that cannot be read or stored, as for `persist`.
            orphans: ``skip`` leaves out rows that refer to an entity that is not there.
            rejects: the file for rows that are left out, as for `persist`.
            dry_run: check everything, tell what would be stored, and store nothing.
            progress: is told how many bytes were just read.
            reading: how the files are read, by the names of `ReadingOptions`, such as
                ``delimiter=";"``; docs/import.md has them all.

        Raises SourceError, UnknownFormat, UnknownEntityType, InvalidValue for an option, and what
        `persist` raises.
        """
        sources = [source] if isinstance(source, str | Path) else source
        blank = Source("", reading=ReadingOptions.of(reading), progress=progress)
        batch = Batch(
            entities={},
            tags=clean_tags(tags),
            description=description,
            on_conflict=on_conflict,
            batch_id=batch_id,
            keep_unknown=keep_unknown,
            round_decimals=round_decimals,
            allow_triggers=allow_triggers,
            again=again,
            details={"context": context} if context else {},
            tolerance=Tolerance(bad_rows, orphans),
            dry_run=dry_run,
        )
        check_texts(scenario=scenario, context=context, description=description, batch_id=batch_id)
        return imports.import_files(
            FoundFiles(sources, format, entity_type, blank, options),
            imports.Target(batch, scenario, context, rejects),
            persist=self._persist,
            formats=installed().formats,
            registry=self._registry_of(scenario),
        )

    @verb
    def draft_mapping(
        self,
        source: str | Path | Sequence[str | Path],
        *,
        entity_type: str | None = None,
        **reading: Any,
    ) -> str:
        """Draft a mapping of files by their headers; what it is unsure of stands in comments.

        Nothing is stored. Look at each line, save it as a ``.sql`` file, and give its path as the
        ``format`` of `import_data`.

        Args:
            source: a path, or several.
            entity_type: what the rows are; by default the one that most columns are fields of.
            reading: how the files are read, as for `import_data`.

        Raises SourceError and UnknownEntityType.
        """
        sources = [source] if isinstance(source, str | Path) else source
        blank = Source("", reading=ReadingOptions.of(reading))
        files = FoundFiles(sources, None, entity_type, blank)
        plugins = installed()
        return draft(files, plugins.formats, plugins.registry)

    def _registry_of(self, scenario: str | None) -> Registry:
        """The entity types whose rows the scenario can take, also where it is a new one."""
        path = self._files.existing(scenario) if scenario is not None else None
        if path is None:
            return installed().registry
        with self._files.reading(path) as sandbox:
            return reachable(sandbox.connection, _declared())

    # -- generating --------------------------------------------------------------------------

    @verb
    def generate(
        self,
        profile: str,
        *,
        count: int | None = None,
        seed: int | None = None,
        batch: int | None = None,
        for_scenario: str | None = None,
        **options: Any,
    ) -> Iterator[dict[str, list[Row]]]:
        """Batches of a profile's entities, as `persist` takes them; nothing is stored.

        Args:
            profile: the name of a profile, or the path of its .sql file.
            count: how many of the entities that it counts; by default its own number.
            seed: the same seed makes the same; by default one is chosen.
            batch: how many counted entities are in each batch; it does not change what is made.
            for_scenario: the scenario that the profile reads, if it reads one.
            options: the profile's own options, by name.

        Raises UnknownProfile, InvalidArgument, DeclarationError.
        """
        return service.generate(
            self,
            self._library,
            profile,
            count=count,
            seed=seed,
            batch=batch,
            for_scenario=for_scenario,
            options=options,
        )

    @verb
    def generate_scenario(
        self,
        profile: str,
        *,
        count: int | None = None,
        seed: int | None = None,
        batch: int | None = None,
        options: Mapping[str, Any] | None = None,
        into: str | None = None,
        for_scenario: str | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        allow_triggers: bool = False,
        again: bool = False,
        progress: Progress = lambda _: None,
    ) -> GenerateResult:
        """Generate a profile into a scenario, batch by batch; each batch is whole or not there.

        Args:
            profile: the name of a profile, or the path of its .sql file.
            count: how many of the entities that it counts; by default its own number. Of a profile
                that reads a scenario: so many in all, for those that are there.
            seed: the same seed makes the same; by default one is chosen, or that of the run that
                is not finished. The result and the scenario's log tell it.
            batch: how many counted entities are stored at once; it does not change what is made.
            options: the profile's own options, by name.
            into: the scenario to add to, or the name of a new one; by default a new one named
                after the profile. One that has a part of the very same run gets the rest.
                A profile that reads a scenario reads this one, as it was before.
            for_scenario: the scenario to read in place of ``into``: what is made is for its
                entities, and goes into another one.
            tags: tags for the scenario.
            description: of the scenario.
            allow_triggers: let triggers of the scenario's file run, as for `persist`.
            again: also where a scenario has the very same run already. Without it, and without
                ``into``, that one is named, and nothing is stored.
            progress: is told how many counted entities were just stored.

        Raises UnknownProfile, InvalidArgument, DeclarationError, and what `persist` raises.
        """
        return service.generate_scenario(
            self,
            self._library,
            profile,
            count=count,
            seed=seed,
            batch=batch,
            options=options,
            into=into,
            for_scenario=for_scenario,
            tags=tags,
            description=description,
            allow_triggers=allow_triggers,
            again=again,
            progress=progress,
        )

    @verb
    def regenerate_scenario(
        self,
        scenario: str,
        *,
        new_name: str | None = None,
        profile: str | None = None,
        progress: Progress = lambda _: None,
    ) -> RegenerateResult:
        """Make a scenario again from the seeds and options in its log, beside the first one.

        What was added to it otherwise is not made again; the difference tells.

        Args:
            scenario: the scenario that was generated.
            new_name: of the one that is made; by default the scenario's with ``-again``.
            profile: the path of a profile that is no longer found by its name.
            progress: is told how many counted entities were just stored.

        Raises UnknownProfile, and InvalidArgument when nothing in it was generated, a profile
        has changed since, or so has a scenario that a profile read.
        """
        return service.regenerate_scenario(
            self, self._library, scenario, new_name=new_name, profile=profile, progress=progress
        )

    @verb
    def list_profiles(self) -> list[dict[str, Any]]:
        """What `generate` can make: name, title, what is counted, options; of a faulty one why."""
        return self._library.describe_all()

    def describe_profile(self, profile: str) -> dict[str, Any]:
        """The same of one profile, also by the path of its .sql file. Raises UnknownProfile."""
        return self._library.describe(profile)

    @property
    def _library(self) -> Library:
        plugins = installed()
        missing = functools.partial(plugins.missing, "profile")
        return Library(plugins.find("profiles"), self.path / PROFILES, missing)

    # -- reading -----------------------------------------------------------------------------

    @verb
    def get_summary(
        self, scenario: str, *, samples: int = 3, max_tokens: int | None = None
    ) -> Summary:
        """What a scenario holds, in about 300 tokens and 200 more per sampled entity type.

        Remembered until the file changes.

        Args:
            scenario: the scenario.
            samples: sample rows of each entity type, from 0 to 20.
            max_tokens: the budget of the text, at least 100; by default as above.
        """
        check_limit("samples", samples, least=0, most=20)
        path = self.find(scenario)
        return make_summary(path.stem, self._summary(path, samples), max_tokens=max_tokens)

    def _summary(self, path: Path, samples: int) -> Mapping[str, Any]:
        """What a summary is made of, remembered until the file changes."""
        read = functools.partial(read_summary, samples=samples)
        parts: Mapping[str, Any] = self._files.answer(path, f"summary {samples}", read)
        return parts

    def get_charts(self, scenario: str) -> list[Answer]:
        """The statistics that are for a chart only, so that a summary does not pay for them.

        Their rows have a name and a number each. Remembered until the file changes; one that fails
        is left out.
        """
        return make_charts(self._files.answer(self.find(scenario), "charts", read_charts))

    def remembers_statistics(self, scenario: str) -> bool:
        """Whether `get_summary` without samples and `get_charts` answer without the file."""
        path = self.find(scenario)
        return all(self._files.keeps(path, key) for key in ("summary 0", "charts"))

    @verb
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

        Args:
            scenario: the scenario.
            entity_type: what they are.
            count: how many, from 1 to 1,000.
            cards: as cards, the readable form that a product declares, where there is one.
            sensitive: as rows with the columns that are marked sensitive.
        """
        check_limit("count", count, most=1_000)
        with self._files.reading(self.find(scenario)) as sandbox:
            return choose(sandbox, entity_type, count, cards=cards, sensitive=sensitive)

    @verb
    def query_scenario(
        self,
        scenario: str,
        sql: str,
        *,
        params: Parameters | None = None,
        limit: int = 20,
        offset: int = 0,
        timeout: float = 5.0,
        attach: Attach = (),
        dialect: str | None = None,
    ) -> QueryResult:
        """One page of a SELECT's rows. The statement can only read, whatever it says.

        Args:
            scenario: the scenario.
            sql: one SELECT.
            params: values for its ``?`` or ``:name``.
            limit: rows on the page, from 1 to 10,000.
            offset: rows before it.
            timeout: seconds.
            attach: further scenarios: by name, then each is a schema named after it with ``_`` for
                other signs, or as ``{schema: scenario}``.
            dialect: the SQL that it is written in, to be translated: postgres, duckdb, ...

        Raises QueryRefused, QueryTimeout, QueryTooLarge, QueryError.
        """
        asked = select.prepare(
            self._files, scenario, sql, params=params, timeout=timeout, attach=attach,
            dialect=dialect,
        )  # fmt: skip
        return pages.fetch(self._files, asked, limit=limit, offset=offset)

    @verb
    def rows(
        self,
        scenario: str,
        sql: str,
        *,
        params: Parameters | None = None,
        timeout: float = 60.0,
        attach: Attach = (),
        dialect: str | None = None,
    ) -> RowStream:
        """All rows of a SELECT, in one cursor: of one moment, however many, in bounded memory.

            with store.rows("ward-7", "SELECT * FROM patients") as rows:
                for row in rows: ...                       # dicts
                for batch in rows.batches(): ...           # or Arrow record batches

        Nobody can commit to the scenario while it is open. So persist its rows into another one:
        into the same one it raises ScenarioBusy at once, before anything is stored.

        Args:
            scenario: the scenario.
            sql: one SELECT.
            params: values for its ``?`` or ``:name``.
            timeout: seconds that SQLite may take; what you do with the rows does not count.
            attach: further scenarios, as for `query_scenario`.
            dialect: the SQL that it is written in, to be translated.

        Raises QueryRefused, QueryTimeout, QueryTooLarge, QueryError, also while rows are read.
        """
        return RowStream(
            self._files,
            select.prepare(
                self._files, scenario, sql, params=params, timeout=timeout, attach=attach,
                dialect=dialect,
            ),
        )  # fmt: skip

    @verb
    def list_questions(self, scenario: str) -> Questions:
        """The questions of a scenario: those that were saved in it, then those of its products.

        A saved one has ``this scenario`` as its product. One that names a table of a product which
        is not here cannot be answered, and is not in the list. Of a file with very many questions
        the first 1,000 are; ``left_out`` of the list counts the others.

        Args:
            scenario: the scenario.
        """
        with self._files.moment(self.find(scenario)) as sandbox:
            return sort_out(sandbox, read_questions(sandbox.connection))[0]

    @verb
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
        """One page of the answer to one of `list_questions`.

        Args:
            scenario: the scenario.
            question: the question's name.
            params: values by name, as `Question.parameters` tells them; what is not given has its
                default, or leaves nothing out.
            limit: rows on the page, from 1 to 10,000.
            offset: rows before it.
            timeout: seconds.

        Raises UnknownQuestion, InvalidArgument for a value that it has no place for, InvalidValue
        for one that does not fit, and what `query_scenario` raises.
        """
        asked = self._question(scenario, question)
        bound = fill_in(asked, params)
        made = self.query_scenario(
            scenario, asked.sql, params=bound, limit=limit, offset=offset, timeout=timeout
        )
        ask = functools.partial(self.query_scenario, scenario, timeout=timeout)
        return why_nothing(made, asked, bound, ask)

    @verb
    def question_rows(
        self,
        scenario: str,
        question: str,
        *,
        params: Mapping[str, Any] | None = None,
        timeout: float = 60.0,
    ) -> RowStream:
        """All rows of the answer to one of `list_questions`, as `rows` gives them.

        Args:
            scenario: the scenario.
            question: the question's name.
            params: values for its parameters, by name; what is left out is empty.
            timeout: seconds that SQLite may take; what you do with the rows does not count.

        Raises what `ask_question` and `rows` raise.
        """
        asked = self._question(scenario, question)
        return self.rows(scenario, asked.sql, params=fill_in(asked, params), timeout=timeout)

    def _question(self, scenario: str, question: str) -> Question:
        with self._files.moment(self.find(scenario)) as sandbox:
            found = sort_out(sandbox, read_questions(sandbox.connection))
            return find_question(sandbox.path, *found, question)

    def schemas(self, scenarios: Sequence[str]) -> dict[str, str]:
        """The schema names under which `query_scenario` attaches scenarios, and their names."""
        return select.schemas(self._files, scenarios)

    def registry(self, scenario: str) -> Registry:
        """The entity types of a scenario, from what its file says."""
        with self._files.reading(self.find(scenario)) as sandbox:
            return Registry(read_entity_types(sandbox.connection))

    @verb
    def load_scenario(
        self, scenario: str, *, max_rows: int = LOADABLE_ROWS
    ) -> dict[str, list[dict[str, Any]]]:
        """All entities of a small scenario, by entity type, without empty fields.

        Args:
            scenario: the scenario.
            max_rows: entities that it may have, of all types together.

        Raises InvalidArgument when there are more.
        """
        check_limit("max_rows", max_rows, most=1_000_000)
        with self._files.reading(self.find(scenario)) as sandbox:
            return load(sandbox, max_rows)

    @verb
    def list_scenarios(
        self, *, tag: str | None = None, search: str | None = None, since: str | None = None
    ) -> list[ScenarioInfo]:
        """All scenarios, the last changed first; files that cannot be read have a ``problem``.

        Args:
            tag: only those with this tag.
            search: only those whose name, description and tags have these words.
            since: only those changed since this date, YYYY-MM-DD.
        """
        check_texts(tag=tag, search=search)
        check_date("since", since)
        infos = self._files.infos()
        chosen = [info for info in infos if info.is_wanted(tag=tag, search=search, since=since)]
        return sorted(chosen, key=lambda info: (info.changed_at, info.name), reverse=True)

    @verb
    def scenario_info(self, scenario: str, *, log_entries: int = 10) -> ScenarioInfo:
        """Everything known of one scenario.

        Args:
            scenario: the scenario.
            log_entries: how many of the newest entries of its log, from 0 to 1,000,000.
        """
        check_limit("log_entries", log_entries, least=0, most=1_000_000)
        path = self.find(scenario)
        with self._files.reading(path) as sandbox:
            facts = read_info(sandbox, log_entries=log_entries)
        return make_info(path, look(path).st_size, facts)

    @contextlib.contextmanager
    def moment(self, scenario: str, *, attach: Attach = ()) -> Iterator[None]:
        """All that this thread asks of a scenario in the block is answered of one moment.

            with store.moment("ward-7"):
                facts, summary = store.scenario_info("ward-7"), store.get_summary("ward-7")

        Nobody can commit to it meanwhile: others wait for up to 10 seconds, and this thread gets
        ScenarioBusy at once. So keep the block short. `rows` has a moment of its own.

        Args:
            scenario: the scenario.
            attach: further scenarios, as for `query_scenario`: what this thread asks of the
                scenario with the same ``attach`` is of the moment too.
        """
        attached = select.find_attached(self._files, attach)
        with self._files.moment(self.find(scenario), attached):
            yield

    @verb
    def list_entity_types(self) -> list[EntityType]:
        """The entity types that the installed products declare."""
        return list(installed().registry)

    # -- copies ------------------------------------------------------------------------------

    @verb
    def clone_scenario(
        self,
        scenario: str,
        *,
        new_name: str | None = None,
        only: str | None = None,
        only_question: str | None = None,
        params: Parameters | None = None,
        sample: int | None = None,
        seed: int | None = None,
        stratify: str | None = None,
        entity_type: str | None = None,
        timeout: float = 60.0,
        progress: Progress = lambda _: None,
    ) -> CloneResult:
        """The same scenario once more, or a part of it, with new ids; independent of its source.

        Business identifiers and ``person_id`` stay. A part is the chosen entities with all that
        belongs to them: what refers to them, also from other products, the same person's entities
        of every type, and what those refer to. The result tells what was left out.

        Args:
            scenario: the scenario.
            new_name: of the clone; by default the source's name with ``-copy``, or ``-part``.
            only: a SELECT of the ids of the chosen entities, or of their natural key: the column's
                name tells whose they are.
            only_question: in its place, one of `list_questions` whose answer names entities so.
            params: values for the parameters of either.
            sample: choose so many, of those or of all, by ``seed``.
            seed: the same seed chooses the same; by default one is drawn, and told.
            stratify: a column of the chosen entities, of whose values a sample has the same shares.
            entity_type: what is chosen; by default what the SELECT names, else the first type of
                persons, or the first to which others belong.
            timeout: seconds that the SELECT may take.
            progress: is told how many rows were just copied.

        Raises InvalidArgument where nothing, everything or an id of another type is chosen,
        UnknownQuestion, UnknownEntityType, ScenarioExists, InvalidName, CopyFailed, NotWritable,
        and what `query_scenario` raises; then there is no clone.
        """
        source = self.find(scenario)
        choice = Choice(only, only_question, params, sample, seed, stratify, entity_type, timeout)
        ask = functools.partial(self._question, source.stem)
        return clone_scenario(self._files, source, new_name, choice, ask, progress)

    @verb
    def split_scenario(
        self,
        scenario: str,
        shares: Mapping[str, float | str],
        *,
        new_name: str | None = None,
        only: str | None = None,
        only_question: str | None = None,
        params: Parameters | None = None,
        sample: int | None = None,
        seed: int | None = None,
        stratify: str | None = None,
        entity_type: str | None = None,
        timeout: float = 60.0,
        progress: Progress = lambda _: None,
    ) -> SplitResult:
        """Deal a scenario's entities out to several new ones; all of them appear, or none.

        No entity that is dealt, and nothing that belongs to it, is in two of them; together they
        have all. Only what entities of several parts need is in each of those, such as a study.
        Entities that hang together stay together.

        Args:
            scenario: the scenario.
            shares: of each part its name and how many percent it gets; together 100.
            new_name: the beginning of the parts' names; by default the scenario's name.
            only: deal only these, as for `clone_scenario`.
            only_question: deal only these, as for `clone_scenario`.
            params: values for the parameters of either.
            sample: deal only so many.
            seed: the same seed deals the same; by default one is drawn, and told.
            stratify: a column of the dealt entities, of whose values each part has the same shares.
            entity_type: what is dealt, as for `clone_scenario`.
            timeout: seconds that the SELECT may take.
            progress: is told how many rows were just copied.

        Raises InvalidArgument for shares that are not 100 together or too few entities, and what
        `clone_scenario` raises; then there is none of the parts.
        """
        source = self.find(scenario)
        choice = Choice(only, only_question, params, sample, seed, stratify, entity_type, timeout)
        ask = functools.partial(self._question, source.stem)
        return split_scenario(self._files, source, shares, new_name, choice, ask, progress)

    @verb
    def merge_scenarios(
        self,
        scenarios: Sequence[str],
        *,
        new_name: str | None = None,
        context: str | None = None,
        on_conflict: str | Mapping[str, str] = "skip",
        base: str | None = None,
        into: str | None = None,
        dry_run: bool = False,
        progress: Progress = lambda _: None,
    ) -> MergeResult:
        """Several scenarios in a new one, or in one that is there; the others stay as they are.

        Entities that go back to the same original are the same entity. An entity of a later
        scenario that is there already, or whose id or natural key is taken, is a conflict where
        its values differ. Children follow what stands for their parent. Conflicts are kept in the
        table ``_conflicts`` of a new scenario.

        Args:
            scenarios: two or more; one with ``into``.
            new_name: of the merge; by default merged, with the first word of ``context`` and the
                date.
            context: what it is for.
            on_conflict: ``skip`` (the first stays), ``overwrite`` (it gets the later one's
                values), ``rename`` (both stay: the later one gets a new id, and a suffix to a
                natural key; not with ``base`` or ``into``) or ``error``; or one of them by entity
                type, with ``*`` for the others.
            base: the scenario that all were copied of. What only one side changed, added or removed
                since then is taken, each column for itself; what both changed is a conflict. A base
                that changed since is rebuilt from its history. A scenario that is not known as a
                copy of it, and has only ids in common with it, removes nothing.
            into: the scenario to change, instead of making a new one; undo takes it back. It is
                also the base, where the others were copied of it.
            dry_run: the same reply, and nothing is written in the store.
            progress: is told how many rows were just copied.

        Raises InvalidArgument, MergeConflict, CopyFailed, ScenarioExists; then nothing is merged.
        """
        asked = MergeCall(scenarios, new_name, context, on_conflict, base, into, dry_run, progress)
        return merge_scenarios(self._files, asked, self.find)

    @verb
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

        Args:
            a: a scenario.
            b: another one.
            by: how rows find their partners: by ``id``, by ``natural-key``, by ``origin`` (a clone
                knows what each of its ids was), or ``auto``: by origin where the two are relatives
                and by id otherwise, then by natural key what that leaves over on both sides.
            rows: how many to give of each kind of change of each entity type, with all their
                values; at most 1,000.
            entity_type: compare this one alone.
            timeout: seconds.
            other: the store of ``b`` where it is another one.
            progress: is told how many rows of ``b`` were just compared.

        Raises InvalidArgument, also for a scenario against itself, UnknownEntityType, QueryTimeout.
        """
        check_by(by)
        check_limit("rows", rows, least=0, most=MAX_DIFF_ROWS)
        check_texts(entity_type=entity_type)
        check_timeout(timeout)
        path_a, path_b = check_pair(a, self.find(a), b, (other or self).find(b))
        with (
            self._files.lend(path_b) as there,
            self._files.lend(path_a, {OTHER: path_b}) as here,
        ):
            return compare(
                here, there, by=by, rows=rows, entity_type=entity_type, timeout=timeout,
                progress=progress,
            )  # fmt: skip

    @verb
    def compare_scenarios(
        self,
        a: str,
        b: str,
        *,
        max_tokens: int | None = MAX_TOKENS,
        other: Store | None = None,
    ) -> ComparisonResult:
        """Counts and statistics of two cohorts side by side, with their differences.

        They need not be relatives. The statistics are those of their products, as in `get_summary`;
        one that is 0 or empty on one side is told. `diff_scenarios` tells which entities differ.

        Args:
            a: a scenario.
            b: another one; every difference is ``b`` less ``a``.
            max_tokens: the budget of `to_markdown`, 100 or more: the largest differences come
                first. None: all of them.
            other: the store of ``b`` where it is another one.

        Raises InvalidArgument, also for a scenario against itself.
        """
        if max_tokens is not None:
            check_limit("max_tokens", max_tokens, least=LEAST_TOKENS, most=1_000_000)
        there = other or self
        path_a, path_b = check_pair(a, self.find(a), b, there.find(b))
        cohort_a = Cohort(path_a.stem, self._summary(path_a, 0))
        cohort_b = Cohort(path_b.stem, there._summary(path_b, 0))
        return compare_cohorts(cohort_a, cohort_b, max_tokens=max_tokens)

    # -- out of the store ----------------------------------------------------------------------

    @verb
    def export_scenario(
        self,
        scenario: str,
        *,
        format: str,
        to: str | os.PathLike[str] | None = None,
        force: bool = False,
        entities: Sequence[str] = (),
        drop_sensitive: bool = False,
        options: Mapping[str, Any] | None = None,
        progress: Progress = lambda _: None,
    ) -> ExportResult:
        """Write a scenario as a folder of files, one for each entity type that has rows.

        Args:
            scenario: the scenario.
            format: one of `list_export_formats`; sqlite is one file, a scenario itself.
            to: the folder to make, which appears when it is whole; by default one in the user's
                downloads.
            force: replace a folder that is there, if it is an export and holds nothing else.
            entities: the entity types to write; by default all that have rows.
            drop_sensitive: leave out the columns that are marked sensitive.
            options: values of the format's own options, by name; see `export_options`.
            progress: is told how many rows were just written.

        Raises UnknownFormat, UnknownEntityType, InvalidValue for an option, TargetExists,
        InvalidName, NotWritable, CorruptScenario, PluginFailed; then nothing is left behind.
        """
        return export_file(
            self.find(scenario),
            formats=installed().formats,
            format=format,
            to=to,
            force=force,
            entities=entities,
            drop_sensitive=drop_sensitive,
            options=options,
            progress=progress,
        )

    @verb
    def list_import_formats(self) -> list[str]:
        """The formats that `import_data` reads: those of files, and those that products map."""
        return installed().formats.readable()

    def import_options(self) -> dict[str, tuple[Parameter, ...]]:
        """The options of each format to import that has some, by its name."""
        return installed().formats.import_options()

    @verb
    def list_export_formats(self) -> list[str]:
        """The formats that `export_scenario` writes."""
        return list(installed().formats.exporters)

    def export_options(self) -> dict[str, tuple[Parameter, ...]]:
        """The options of each export format that has some, by its name."""
        return installed().formats.export_options()

    @verb
    def list_standards(self) -> list[dict[str, Any]]:
        """The standards that `export_scenario` writes: name, version, title, datasets, files."""
        return installed().standards.list()

    def describe_standard(self, standard: str) -> dict[str, Any]:
        """A standard with its options and its datasets, and what fills each of them.

        Args:
            standard: one of `list_standards`, or the path of a folder with a standard.sql.

        Raises UnknownFormat, and DeclarationError for a standard that cannot be used.
        """
        return installed().standards.describe(standard)

    # -- soundness ---------------------------------------------------------------------------

    @verb
    def check_scenario(self, scenario: str) -> CheckResult:
        """Whether a file is sound: pages, keys, declared rules, statistics, products.

        Args:
            scenario: the scenario.
        """
        found = self.find(scenario)
        folder = self._files.folder
        plugins = installed()
        return check_file(
            found, folder, plugins.declarations, self._files.open, plugins.owned("checks")
        )

    @verb
    def check_scenarios(
        self, scenarios: Sequence[str] = (), *, progress: Progress = lambda _: None
    ) -> list[CheckResult]:
        """The same for several, and which ids stand in two of the files.

        Of a whole store also what killed writers left there without a file.

        Args:
            scenarios: the scenarios; by default all of the store.
            progress: is told 1 for each scenario that was just looked at.
        """
        names = [self.find(scenario).stem for scenario in scenarios] or self.names()
        paths = [self._files.folder.file(name) for name in dict.fromkeys(names)]
        folder = self._files.folder
        plugins = installed()
        declared, checks = plugins.declarations, plugins.owned("checks")
        results = check_files(paths, folder, declared, progress, self._files.open, checks)
        return results if scenarios else [*results, *check_lone(folder)]

    @verb
    def upgrade_scenario(self, scenario: str, *, dry_run: bool = False) -> list[Upgraded]:
        """Bring a file to the installed versions of its products: their migrations, columns, rules.

        The file as it was goes to the trash, and `restore_scenario` brings it back.

        Args:
            scenario: the scenario.
            dry_run: only say what would be done; that is tried on a copy.

        Raises NewerProduct, UnknownVersion, MigrationFailed, UpgradeRefused; then the file is as it
        was.
        """
        path = self.find(scenario)
        if not dry_run:
            self._files.check_writable(path)
            self.close()
        folder, open_ = self._files.folder, self._files.open
        return upgrade_file(path, folder, installed().declarations, open_, dry_run=dry_run)

    @verb
    def upgrade_scenarios(
        self,
        scenarios: Sequence[str] = (),
        *,
        dry_run: bool = False,
        progress: Progress = lambda _: None,
    ) -> list[UpgradeResult]:
        """The same for several; one that is refused is told, and does not stop the others.

        Args:
            scenarios: the scenarios; by default all of the store.
            dry_run: only say what would be done; that is tried on copies.
            progress: is told 1 for each scenario that was just done.
        """
        names = [self.find(scenario).stem for scenario in scenarios] or self.names()
        upgrade = functools.partial(self.upgrade_scenario, dry_run=dry_run)
        return upgrade_files(list(dict.fromkeys(names)), upgrade, progress)

    # -- what a user says of a scenario --------------------------------------------------------

    @verb
    def set_description(self, scenario: str, description: str | None) -> str | None:
        """Give a scenario another description; as it is now. `undo` takes it back.

        Args:
            scenario: the scenario.
            description: what it is; None or an empty text takes it away.
        """
        check_texts(description=description)
        return annotate.describe_file(self._files, self.find(scenario), description)

    @verb
    def add_note(self, scenario: str, text: str) -> int:
        """Write a note into a scenario's log; the number of its entry.

        It changes nothing, so `undo` and `redo` pass over it, and it stays.

        Args:
            scenario: the scenario.
            text: one line of at most 1,000 characters.

        Raises InvalidArgument for another text.
        """
        return annotate.note_file(self._files, self.find(scenario), text)

    @verb
    def save_question(
        self,
        scenario: str,
        name: str,
        sql: str,
        *,
        title: str | None = None,
        description: str = "",
        parameters: Sequence[str] = (),
        replace: bool = False,
        timeout: float = 5.0,
    ) -> Question:
        """Save a SELECT in a scenario, to be asked by its name. `undo` takes it back.

        It is checked as a product's question is, and run once with nothing filled in, and once with
        an example for each parameter that is declared.

        Args:
            scenario: the scenario.
            name: lower case letters, digits and _; no question or statistic of its products.
            sql: one SELECT; a ``:name`` in it is for a value that whoever asks may give.
            title: one line; by default the name.
            description: what it answers, in one line.
            parameters: of each parameter whose type is to be checked a text as behind ``@param`` in
                questions.sql, such as ``least number from 0 to 20 = 9: the A1C in percent``.
            replace: put it in the place of one that was saved under this name.
            timeout: seconds that it may take.

        Raises InvalidArgument, and what `query_scenario` raises; then nothing has changed.
        """
        check_timeout(timeout)
        check_texts(title=title, description=description)
        draft = annotate.Draft(name, sql, title, description, parameters, replace, timeout)
        return annotate.save_question(self._files, self.find(scenario), draft)

    @verb
    def remove_question(self, scenario: str, name: str) -> str:
        """Take a question out of a scenario that was saved in it; its name. `undo` brings it back.

        Args:
            scenario: the scenario.
            name: the question's name.

        Raises UnknownQuestion, also for a question of a product.
        """
        return annotate.remove_question(self._files, self.find(scenario), name)

    # -- names, tags, trash ------------------------------------------------------------------

    @verb
    def rename_scenario(self, scenario: str, new_name: str) -> str:
        """Give a scenario another name; the name as it was cleaned.

        Args:
            scenario: the scenario.
            new_name: its new name.

        Raises InvalidName, ScenarioExists.
        """
        name = clean_name(new_name)
        return self._files.rename(self.find(scenario), name).stem

    @verb
    def add_tags(self, scenario: str, *tags: str) -> tuple[str, ...]:
        """Tag a scenario; all its tags afterwards.

        Args:
            scenario: the scenario.
            tags: one or more.
        """
        wanted = clean_tags(tags)
        if not wanted:
            raise InvalidArgument("No tag was given.", hint="Give at least one.")
        path = self.find(scenario)
        self._files.check_writable(path)
        return scenario_file.change_tags(path, add=wanted)

    @verb
    def remove_tags(self, scenario: str, *tags: str) -> tuple[str, ...]:
        """Take tags off a scenario; all its tags afterwards.

        Args:
            scenario: the scenario.
            tags: one or more.

        Raises InvalidArgument for one that it does not have.
        """
        path = self.find(scenario)
        with self._files.reading(path) as sandbox:
            wanted = scenario_file.check_tagged(sandbox, clean_tags(tags))
        self._files.check_writable(path)
        return scenario_file.change_tags(path, remove=wanted)

    @verb
    def list_tags(self) -> dict[str, int]:
        """Every tag and how many scenarios have it, the most used first."""
        counts = Counter(tag for info in self._files.infos() for tag in info.tags)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @verb
    def delete_scenario(self, scenario: str) -> str:
        """Move a scenario to the trash; its name. `restore_scenario` brings it back.

        Args:
            scenario: its whole name, or its id; a part of a name is not enough.

        Raises ScenarioNotFound, which offers the name that is meant.
        """
        path = self._files.whole(scenario)
        self._files.delete(path)
        return path.stem

    @verb
    def list_deleted(self) -> list[Deleted]:
        """What is in the trash, the last deleted first: also what an upgrade replaced."""
        return self._files.trash.list()

    @verb
    def restore_scenario(
        self, scenario: str | None = None, *, number: int | None = None, new_name: str | None = None
    ) -> str:
        """Bring a deleted scenario back, the last deleted of a name; the name that it has now.

        Args:
            scenario: the name that it had, or enough of it.
            number: in place of the name, its number in `list_deleted`.
            new_name: the name that it gets; by default the one that it had.

        Raises ScenarioNotFound, ScenarioExists when the name is taken by now.
        """
        return self._files.trash.restore(scenario, number, new_name).stem

    @verb
    def purge_deleted(
        self,
        scenario: str | None = None,
        *,
        older_than: float | None = None,
        everything: bool = False,
        dry_run: bool = False,
        confirm: Callable[[Purged], bool] = lambda purged: True,
    ) -> Purged:
        """Take scenarios out of the trash for good. Nothing brings them back.

        Args:
            scenario: those of this name; a part of a name is not enough.
            older_than: only what was deleted before so many days; without a name, all of that.
            everything: all of the trash.
            dry_run: only say what would go.
            confirm: is told what is about to go; where it gives False, all of it stays.

        Raises InvalidArgument, ScenarioNotFound, NotWritable.
        """
        check_texts(scenario=scenario)
        wanted = Purge(scenario, older_than, everything)
        return self._files.trash.purge(wanted, dry_run=dry_run, confirm=confirm)


def _declared() -> Declarations:
    return installed().declarations


def _versions() -> Mapping[str, str]:
    return installed().versions


@functools.cache
def _store_at(path: Path) -> Store:
    return Store(path)


def default_store() -> Store:
    """The store that the package's functions use; follows HEALTHSIM_STORE_DIR at each call."""
    return _store_at(default_folder())
