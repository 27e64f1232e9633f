"""The functions of the front door: thin calls on the default store (see `Store` for each)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .exchange.exports import ExportResult
from .exchange.imports import ImportResult
from .exchange.imports import import_data as _import_data
from .generate.service import GenerateResult, RegenerateResult
from .generate.service import generate as _generate
from .generate.service import generate_scenario as _generate_scenario
from .generate.service import list_profiles as _list_profiles
from .generate.service import regenerate_scenario as _regenerate_scenario
from .operations.builder import Progress
from .operations.check import CheckResult
from .operations.clone import CloneResult
from .operations.diff import SECONDS
from .operations.diff_report import DiffResult
from .operations.merge import MergeResult
from .operations.upgrade import Upgraded
from .plugins import installed
from .query.pages import Parameters, QueryResult
from .query.summary import Summary
from .schema.model import EntityType, Question
from .storage.rows import Row
from .storage.scenario import ScenarioInfo
from .store import LOADABLE_ROWS, PersistResult, default_store


def persist(
    entities: Mapping[str, Any],
    *,
    scenario: str | None = None,
    context: str | None = None,
    tags: Sequence[str] = (),
    description: str | None = None,
    on_conflict: str = "error",
    batch_id: str | None = None,
    keep_unknown: bool = False,
) -> PersistResult:
    """Store a batch, all or nothing, and answer with a summary. See `Store.persist`."""
    return default_store().persist(
        entities,
        scenario=scenario,
        context=context,
        tags=tags,
        description=description,
        on_conflict=on_conflict,
        batch_id=batch_id,
        keep_unknown=keep_unknown,
    )


def save_scenario(
    name: str,
    entities: Mapping[str, Any],
    *,
    description: str | None = None,
    tags: Sequence[str] = (),
) -> PersistResult:
    """Store a new scenario under a name. See `Store.save_scenario`."""
    return default_store().save_scenario(name, entities, description=description, tags=tags)


def load_scenario(
    scenario: str, *, max_rows: int = LOADABLE_ROWS
) -> dict[str, list[dict[str, Any]]]:
    """All entities of a small scenario. See `Store.load_scenario`."""
    return default_store().load_scenario(scenario, max_rows=max_rows)


def get_summary(scenario: str, *, samples: int = 3, max_tokens: int | None = None) -> Summary:
    """What a scenario holds, in a few hundred tokens. See `Store.get_summary`."""
    return default_store().get_summary(scenario, samples=samples, max_tokens=max_tokens)


def get_samples(
    scenario: str,
    entity_type: str,
    *,
    count: int = 3,
    cards: bool = True,
    sensitive: bool = False,
) -> list[dict[str, Any]]:
    """A few entities, spread over the data. See `Store.get_samples`."""
    return default_store().get_samples(
        scenario, entity_type, count=count, cards=cards, sensitive=sensitive
    )


def query_scenario(
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
    """One page of a SELECT's rows; nothing but reading. See `Store.query_scenario`."""
    return default_store().query_scenario(
        scenario,
        sql,
        params=params,
        limit=limit,
        offset=offset,
        timeout=timeout,
        attach=attach,
        dialect=dialect,
    )


def list_questions(scenario: str) -> list[Question]:
    """The questions that a scenario comes with. See `Store.list_questions`."""
    return default_store().list_questions(scenario)


def ask_question(
    scenario: str,
    question: str,
    *,
    params: Mapping[str, Any] | None = None,
    limit: int = 20,
    offset: int = 0,
    timeout: float = 5.0,
) -> QueryResult:
    """One page of the answer to a question, by its name. See `Store.ask_question`."""
    return default_store().ask_question(
        scenario, question, params=params, limit=limit, offset=offset, timeout=timeout
    )


def list_scenarios(
    *, tag: str | None = None, search: str | None = None, since: str | None = None
) -> list[ScenarioInfo]:
    """All scenarios, the last changed first. See `Store.list_scenarios`."""
    return default_store().list_scenarios(tag=tag, search=search, since=since)


def scenario_info(scenario: str) -> ScenarioInfo:
    """Everything known of one scenario. See `Store.scenario_info`."""
    return default_store().scenario_info(scenario)


def clone_scenario(scenario: str, *, new_name: str | None = None) -> CloneResult:
    """The same scenario once more, with new ids. See `Store.clone_scenario`."""
    return default_store().clone_scenario(scenario, new_name=new_name)


def merge_scenarios(
    scenarios: Sequence[str],
    *,
    new_name: str | None = None,
    context: str | None = None,
    on_conflict: str | Mapping[str, str] = "skip",
    dry_run: bool = False,
) -> MergeResult:
    """Several scenarios in a new one. See `Store.merge_scenarios`."""
    return default_store().merge_scenarios(
        scenarios, new_name=new_name, context=context, on_conflict=on_conflict, dry_run=dry_run
    )


def diff_scenarios(
    a: str,
    b: str,
    *,
    by: str = "auto",
    rows: int = 0,
    entity_type: str | None = None,
    timeout: float = SECONDS,
) -> DiffResult:
    """What is added, removed and changed from a to b. See `Store.diff_scenarios`."""
    return default_store().diff_scenarios(
        a, b, by=by, rows=rows, entity_type=entity_type, timeout=timeout
    )


def check_scenario(scenario: str) -> CheckResult:
    """Whether a file is sound. See `Store.check_scenario`."""
    return default_store().check_scenario(scenario)


def upgrade_scenario(scenario: str) -> list[Upgraded]:
    """Bring a file to the installed versions of its products. See `Store.upgrade_scenario`."""
    return default_store().upgrade_scenario(scenario)


def export_scenario(
    scenario: str,
    *,
    format: str,
    to: str | os.PathLike[str] | None = None,
    force: bool = False,
    entities: Sequence[str] = (),
    drop_sensitive: bool = False,
) -> ExportResult:
    """Write a scenario as a folder of files. See `Store.export_scenario`."""
    return default_store().export_scenario(
        scenario,
        format=format,
        to=to,
        force=force,
        entities=entities,
        drop_sensitive=drop_sensitive,
    )


def generate(
    profile: str,
    *,
    count: int | None = None,
    seed: int | None = None,
    batch: int | None = None,
    **options: Any,
) -> Iterator[dict[str, list[Row]]]:
    """Batches of a profile's entities, for `persist`. See `generate.service`."""
    return _generate(default_store(), profile, count=count, seed=seed, batch=batch, **options)


def generate_scenario(
    profile: str,
    *,
    count: int | None = None,
    seed: int | None = None,
    batch: int | None = None,
    options: Mapping[str, Any] | None = None,
    into: str | None = None,
    tags: Sequence[str] = (),
    description: str | None = None,
    progress: Progress = lambda _: None,
) -> GenerateResult:
    """Generate a profile into a scenario. See `generate.service`."""
    return _generate_scenario(
        default_store(),
        profile,
        count=count,
        seed=seed,
        batch=batch,
        options=options,
        into=into,
        tags=tags,
        description=description,
        progress=progress,
    )


def list_profiles() -> list[dict[str, Any]]:
    """What `generate` can make: name, title, what is counted, options. A faulty one says why."""
    return _list_profiles(default_store())


def list_entity_types() -> list[EntityType]:
    """The entity types that the installed products declare."""
    return list(installed().registry)


def list_export_formats() -> list[str]:
    """The formats that `export_scenario` writes."""
    return list(installed().find("exporters"))


def regenerate_scenario(
    scenario: str, *, new_name: str | None = None, profile: str | None = None
) -> RegenerateResult:
    """Make a scenario again from its log. See `generate.service`."""
    return _regenerate_scenario(default_store(), scenario, new_name=new_name, profile=profile)


def rename_scenario(scenario: str, new_name: str) -> str:
    """The new name. See `Store.rename_scenario`."""
    return default_store().rename_scenario(scenario, new_name)


def delete_scenario(scenario: str) -> str:
    """Move a scenario to the trash. See `Store.delete_scenario`."""
    return default_store().delete_scenario(scenario)


def restore_scenario(scenario: str, *, new_name: str | None = None) -> str:
    """Bring a deleted scenario back. See `Store.restore_scenario`."""
    return default_store().restore_scenario(scenario, new_name=new_name)


def add_tags(scenario: str, *tags: str) -> tuple[str, ...]:
    """All tags of the scenario afterwards. See `Store.add_tags`."""
    return default_store().add_tags(scenario, *tags)


def remove_tags(scenario: str, *tags: str) -> tuple[str, ...]:
    """All tags of the scenario afterwards. See `Store.remove_tags`."""
    return default_store().remove_tags(scenario, *tags)


def list_tags() -> dict[str, int]:
    """Every tag and how many scenarios have it. See `Store.list_tags`."""
    return default_store().list_tags()


def import_data(
    source: str,
    *,
    format: str | None = None,
    scenario: str | None = None,
    entity_type: str | None = None,
    **options: Any,
) -> ImportResult:
    """Read files into a scenario. See `healthsim_store.exchange.imports.import_data`."""
    return _import_data(
        default_store(),
        [source],
        format=format,
        scenario=scenario,
        entity_type=entity_type,
        **options,
    )
