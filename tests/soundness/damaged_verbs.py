"""Every verb of a store, called on a scenario whose file is damaged.

``READS`` leave its file as it is, byte by byte. ``WRITES`` may change it, or leave it as it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from healthsim_store import Store

Call = Callable[[Store, Path], Any]

NAME = "mutant"
GOOD = "good"  # an undamaged scenario of the same kind, with other ids


def _rows(store: Store, out: Path) -> int:
    with store.rows(NAME, f"SELECT * FROM {_some_type(store)}") as rows:
        return sum(1 for _ in rows)


def _some_type(store: Store) -> str:
    """An entity type that the good one has."""
    return next(iter(store.scenario_info(GOOD).entity_counts))


def _export(format: str) -> Call:
    def call(store: Store, out: Path) -> Any:
        try:
            return store.export_scenario(NAME, format=format, to=out / f"as-{format}", force=True)
        finally:
            for made in out.glob("as-*"):
                shutil.rmtree(made) if made.is_dir() else made.unlink()

    return call


def _without(made: str, call: Callable[[Store], Any]) -> Call:
    """The call makes a scenario of this name, which is taken away again."""

    def calling(store: Store, out: Path) -> Any:
        try:
            return call(store)
        finally:
            (store.path / f"{made}.db").unlink(missing_ok=True)

    return calling


def _merge(*names: str, **options: Any) -> Call:
    return _without("merged", lambda s: s.merge_scenarios(names, new_name="merged", **options))


def _split(store: Store, out: Path) -> Any:
    try:
        return store.split_scenario(NAME, {"a": 50, "b": 50}, new_name="split", seed=1)
    finally:
        for made in ("split-a", "split-b"):
            (store.path / f"{made}.db").unlink(missing_ok=True)


def _moment(store: Store, out: Path) -> Any:
    with store.moment(NAME):
        return store.scenario_info(NAME), store.get_summary(NAME, samples=1)


def _questions(ask: str) -> Call:
    def call(store: Store, out: Path) -> Any:
        found = [question.name for question in store.list_questions(GOOD)][:2]
        if ask == "rows":
            with store.question_rows(NAME, found[0]) as rows:
                return [*rows]
        return [store.ask_question(NAME, name) for name in found]

    return call


def _update(store: Store) -> Any:
    """Every entity of a type is given what it has."""
    entity_type = store.registry(GOOD).entity_type(_some_type(store))
    name = entity_type.columns[-1].name
    return store.update_entities(NAME, entity_type.name, where="1", expressions={name: name})


READS: Mapping[str, Call] = {
    "list_scenarios": lambda s, o: s.list_scenarios(search="o"),
    "list_tags": lambda s, o: s.list_tags(),
    "find": lambda s, o: s.find("muta"),
    "find by id": lambda s, o: s.find(s.scenario_info(GOOD).scenario_id),
    "scenario_info": lambda s, o: (
        lambda found: (found.to_dict(), found.log_rows(), found.total)
    )(s.scenario_info(NAME)),
    "get_summary": lambda s, o: (lambda found: (found.to_markdown(), found.to_dict()))(
        s.get_summary(NAME, samples=2)
    ),
    "get_charts": lambda s, o: s.get_charts(NAME),
    "get_samples": lambda s, o: s.get_samples(NAME, _some_type(s)),
    "get_samples, rows": lambda s, o: s.get_samples(
        NAME, _some_type(s), cards=False, sensitive=True
    ),
    "load_scenario": lambda s, o: s.load_scenario(NAME),
    "query_scenario": lambda s, o: s.query_scenario(NAME, "SELECT count(*) AS n FROM _columns"),
    "query_scenario, attached": lambda s, o: s.query_scenario(
        GOOD, "SELECT count(*) AS n FROM mutant._columns", attach=[NAME]
    ),
    "query_scenario, a typing error": lambda s, o: s.query_scenario(
        NAME, f"SELECT nowhere FROM {_some_type(s)}x"
    ),
    "query_scenario, translated": lambda s, o: s.query_scenario(
        NAME, f"SELECT * FROM {_some_type(s)} ORDER BY 1 LIMIT 2", dialect="postgres"
    ),
    "rows": _rows,
    "list_questions": lambda s, o: [question.to_dict() for question in s.list_questions(NAME)],
    "ask_question": _questions("ask"),
    "question_rows": _questions("rows"),
    "moment": _moment,
    "registry": lambda s, o: len(s.registry(NAME)),
    "schemas": lambda s, o: s.schemas([NAME]),
    "check_scenario": lambda s, o: s.check_scenario(NAME).to_dict(),
    "check_scenarios": lambda s, o: s.check_scenarios([GOOD, NAME]),
    "clone_scenario": _without("cloned", lambda s: s.clone_scenario(NAME, new_name="cloned")),
    "clone_scenario, a part": _without(
        "cloned",
        lambda s: s.clone_scenario(
            NAME, new_name="cloned", only=f"SELECT * FROM {_some_type(s)} LIMIT 1"
        ),
    ),
    "split_scenario": _split,
    "merge_scenarios, first": _merge(NAME, GOOD),
    "merge_scenarios, second": _merge(GOOD, NAME, on_conflict="rename"),
    "merge_scenarios, overwriting": _merge(GOOD, NAME, on_conflict="overwrite"),
    "merge_scenarios, of a base": _merge(NAME, GOOD, base=GOOD),
    "merge_scenarios, with it as base": _merge(GOOD, NAME, base=NAME),
    "merge_scenarios, into another, tried": lambda s, o: s.merge_scenarios(
        [NAME], into=GOOD, on_conflict="overwrite", dry_run=True
    ),
    "merge_scenarios, into another with it as base, tried": lambda s, o: s.merge_scenarios(
        [NAME], into=GOOD, base=NAME, dry_run=True
    ),
    "merge_scenarios, into it as its own base, tried": lambda s, o: s.merge_scenarios(
        [GOOD], into=NAME, base=NAME, dry_run=True
    ),
    "merge_scenarios, tried": _merge(NAME, GOOD, dry_run=True, on_conflict="error"),
    "diff_scenarios, first": lambda s, o: s.diff_scenarios(NAME, GOOD, rows=2).to_markdown(),
    "diff_scenarios, second": lambda s, o: s.diff_scenarios(
        GOOD, NAME, by="natural-key"
    ).to_dict(),
    "compare_scenarios, first": lambda s, o: s.compare_scenarios(NAME, GOOD).to_markdown(),
    "compare_scenarios, second": lambda s, o: s.compare_scenarios(GOOD, NAME).to_dict(),
    "diff_scenarios, by origin": lambda s, o: s.diff_scenarios(GOOD, NAME, by="origin"),
    "list_history": lambda s, o: s.list_history(NAME).to_dict(),
    "persist, the same": _without(
        "persisted", lambda s: s.persist(s.load_scenario(GOOD), context="persisted", batch_id="b9")
    ),
}  # fmt: skip

WRITES: Mapping[str, Call] = {
    "persist": lambda s, o: s.persist(
        {_some_type(s): s.load_scenario(GOOD)[_some_type(s)]}, scenario=NAME, tags=["new"],
        description="new",
    ),
    "persist, replacing": lambda s, o: s.persist(
        s.load_scenario(GOOD), scenario=NAME, on_conflict="replace", batch_id="b1"
    ),
    "persist, known": lambda s, o: s.persist(
        s.load_scenario(GOOD), scenario=NAME, batch_id="first"
    ),
    "persist_batches": lambda s, o: s.persist_batches(
        [(s.load_scenario(GOOD), {"n": 1})], scenario=NAME
    ),
    "save_scenario": lambda s, o: s.save_scenario(NAME, s.load_scenario(GOOD)),
    "import_data": lambda s, o: s.import_data(
        o / "rows.json", scenario=NAME, entity_type=_some_type(s), on_conflict="skip"
    ),
    "add_tags": lambda s, o: s.add_tags(NAME, "a", "b"),
    "remove_tags": lambda s, o: s.remove_tags(NAME, "kept"),
    "update_entities": lambda s, o: _update(s),
    "remove_entities": lambda s, o: s.remove_entities(
        NAME, _some_type(s), where="1", with_children=True
    ),
    "remove_entities, a batch": lambda s, o: s.remove_entities(NAME, batch="last"),
    "merge_scenarios, into": lambda s, o: s.merge_scenarios(
        [GOOD], into=NAME, on_conflict="overwrite"
    ),
    "merge_scenarios, into and undone": lambda s, o: (
        s.merge_scenarios([GOOD], into=NAME), s.undo(NAME)
    ),
    "undo": lambda s, o: (s.remove_tags(NAME, "kept"), s.undo(NAME)),
    "redo": lambda s, o: (_update(s), s.undo(NAME), s.redo(NAME)),
    "keep_history": lambda s, o: s.keep_history(NAME, forget=True, rows=10),
    "set_description": lambda s, o: (s.set_description(NAME, "other"), s.undo(NAME)),
    "add_note": lambda s, o: s.add_note(NAME, "looked at"),
    "save_question": lambda s, o: (
        s.save_question(NAME, "mine", f"SELECT count(*) FROM {_some_type(s)}"),
        s.ask_question(NAME, "mine"),
    ),
    "remove_question": lambda s, o: s.remove_question(NAME, "saved_before"),
    "upgrade_scenario": lambda s, o: s.upgrade_scenario(NAME),
    "upgrade_scenarios": lambda s, o: s.upgrade_scenarios(),
    "regenerate_scenario": lambda s, o: s.regenerate_scenario(NAME, new_name="regenerated"),
    "rename_scenario": lambda s, o: s.rename_scenario(NAME, "renamed"),
    "delete_scenario": lambda s, o: (s.delete_scenario(NAME), s.list_deleted()),
    "restore_scenario": lambda s, o: (
        s.delete_scenario(NAME), s.restore_scenario(NAME, new_name="restored")
    ),
    "purge_deleted": lambda s, o: (s.delete_scenario(NAME), s.purge_deleted(NAME, dry_run=True)),
}  # fmt: skip

#: Verbs that ask no file, or write no file that is there.
ASK_NO_FILE = {
    "generate", "generate_scenario", "list_entity_types", "list_export_formats",
    "list_import_formats", "list_profiles", "list_deleted", "list_standards", "export_scenario",
    "draft_mapping",
}  # fmt: skip


def reads(store: Store) -> dict[str, Call]:
    """With the exports of every format."""
    exports = {f"export_scenario, {f}": _export(f) for f in store.list_export_formats()}
    return {**READS, **exports}
