"""Which door has which verb and which of its options; where one has not, the reason.

The doors are the package's functions (every verb is one, with every option), the command line, the
tools of the MCP server, and the pages in a browser. `test_doors.py` compares this table with the
real things, so a new verb or option has to be added here.
"""

from __future__ import annotations

from dataclasses import dataclass

from healthsim_store.exchange.reading_options import Spec, specs


@dataclass(frozen=True)
class No:
    """This door has it not."""

    reason: str


Cell = str | No | None


@dataclass(frozen=True)
class Verb:
    """The commands, tools and pages that do it; of each option its name at the three doors.

    ``None`` stands where the whole verb is missing at a door.
    """

    cli: tuple[str, ...] | No
    mcp: tuple[str, ...] | No
    browser: tuple[str, ...] | No
    options: dict[str, tuple[Cell, Cell, Cell]]


def _verb(cli: str | No, mcp: str | No, browser: str | No, **options: tuple[Cell, ...]) -> Verb:
    doors = [door if isinstance(door, No) else tuple(door.split()) for door in (cli, mcp, browser)]
    cells = {name: (*given, None, None, None)[:3] for name, given in options.items()}
    return Verb(*doors, cells)  # type: ignore[arg-type]


def _flag(spec: Spec) -> str:
    return f"--{spec.name.replace('_', '-')}"


#: How far a long call is: a bar on the command line, notifications of MCP. No option turns it on.
PROGRESS = "(progress)"

_READS = No("The browser only reads.")
_LOGGED = No("The log tells which command or tool it was.")
_NEW = No("The reply says whether the scenario is new; a program that must know asks before.")
_TRIGGERS = No("A model does not judge a stranger's SQL; the user allows it on the command line.")
_INLINE = No("Rows that are given inline are few, and JSON spells values in one way.")
_PAGES = "/{database}/-/query /{database}/-/query.json"
_SCENARIO = ("SCENARIO", "scenario", "database")

#: The options by which a part of a scenario is chosen; one argument of the tool has them all.
_PART: dict[str, tuple[Cell, ...]] = {
    "only": ("--only", "part.only"),
    "only_question": ("--only-question", "part.only_question"),
    "params": ("--param", "part.values"),
    "sample": ("--sample", "part.sample"),
    "seed": ("--seed", "part.seed"),
    "stratify": ("--stratify", "part.stratify"),
    "entity_type": ("--entity-type", "part.entity_type"),
    "timeout": ("--timeout", No("A client cancels a call that takes it too long.")),
    "progress": (PROGRESS, PROGRESS),
}

VERBS: dict[str, Verb] = {
    "persist": _verb(
        "persist", "scenario_persist", _READS,
        entities=("FILE", "entities"),
        scenario=("--scenario", "scenario"),
        context=("--context", "context"),
        tags=("--tag", "tags"),
        description=("--description", No("The context describes a new scenario.")),
        on_conflict=("--on-conflict", "on_conflict"),
        batch_id=("--batch-id", "batch_id"),
        keep_unknown=("--keep-unknown", No("An unknown field is refused with the nearest name.")),
        round_decimals=("--round-decimals", "round_decimals"),
        allow_triggers=("--allow-triggers", _TRIGGERS),
        again=("--again", "again"),
        new=(_NEW, _NEW),
        bad_rows=("--bad-rows", _INLINE),
        orphans=("--orphans", _INLINE),
        rejects=("--rejects", _INLINE),
        dry_run=("--dry-run", "dry_run"),
        operation=(_LOGGED, _LOGGED),
        details=(_LOGGED, _LOGGED),
        **{spec.name: (_flag(spec), _INLINE) for spec in specs()},
    ),
    "persist_batches": _verb(
        No("import and generate make their batches themselves."),
        No("A call is one batch; a profile makes its batches itself."),
        _READS,
        batches=(), scenario=(), context=(), tags=(), description=(), allow_triggers=(), again=(),
        new=(), operation=(),
        stored=(),
    ),
    "save_scenario": _verb(
        No("persist --scenario makes a scenario of this name, or says that it added to one."),
        No("scenario_persist makes a scenario of this name, or says that it added to one."),
        _READS,
        name=(), entities=(), description=(), tags=(),
    ),
    "import_data": _verb(
        "import persist", "scenario_persist", _READS,
        source=("SOURCES", "file"),
        format=("--format", "format"),
        scenario=("--scenario", "scenario"),
        entity_type=("--entity-type", "entity_type"),
        context=("--context", "context"),
        tags=("--tag", "tags"),
        description=("--description", No("The context describes a new scenario.")),
        on_conflict=("--on-conflict", "on_conflict"),
        batch_id=("--batch-id", "batch_id"),
        keep_unknown=("--keep-unknown", No("An unknown field is refused with the nearest name.")),
        round_decimals=("--round-decimals", "round_decimals"),
        allow_triggers=("--allow-triggers", _TRIGGERS),
        again=("--again", "again"),
        options=("--set", "options"),
        bad_rows=("--bad-rows", "options"),
        orphans=("--orphans", "options"),
        rejects=("--rejects", No("The tool chooses a file that may be written, and tells it.")),
        dry_run=("--dry-run", "dry_run"),
        progress=(PROGRESS, PROGRESS),
        **{spec.name: (_flag(spec), "options") for spec in specs()},
    ),
    "draft_mapping": _verb(
        "map", No("A model that can read the file writes the mapping itself."), _READS,
        source=("SOURCES", None),
        entity_type=("--entity-type", None),
        **{spec.name: (_flag(spec), None) for spec in specs()},
    ),
    "update_entities": _verb(
        "update", "scenario_change", _READS,
        scenario=("SCENARIO", "scenario"),
        entity_type=("ENTITY_TYPE", "entity_type"),
        values=("--set", "set"),
        where=("--where", "where"),
        params=("--param", "values"),
        expressions=("--set-sql", "set_sql"),
        round_decimals=("--round-decimals", No("A value is rounded in SQL: round(x, 2).")),
        dry_run=("--dry-run", "dry_run"),
        timeout=("--timeout", No("A client cancels a call that takes it too long.")),
    ),
    "remove_entities": _verb(
        "remove", "scenario_change", _READS,
        scenario=("SCENARIO", "scenario"),
        entity_type=("ENTITY_TYPE", "entity_type"),
        where=("--where", "where"),
        params=("--param", "values"),
        batch=("--batch", "batch"),
        with_children=("--with-children", "with_children"),
        dry_run=("--dry-run", "dry_run"),
        timeout=("--timeout", No("A client cancels a call that takes it too long.")),
    ),
    "undo": _verb("undo", "scenario_undo", _READS, scenario=("SCENARIO", "scenario")),
    "redo": _verb("redo", "scenario_undo", _READS, scenario=("SCENARIO", "scenario")),
    "list_history": _verb(
        "history", "scenario_describe", "/{database}",
        scenario=_SCENARIO,
        limit=("--limit", "log", No("The page has the newest 20 entries of the log.")),
    ),
    "keep_history": _verb(
        "history", No("What a file keeps is for its user to decide, on the command line."), _READS,
        scenario=("SCENARIO",), forget=("--forget",), rows=("--keep-rows",),
        megabytes=("--keep-mb",),
    ),
    "generate": _verb(
        No("The command generate stores what it makes; export writes it to files."),
        No("What is made goes into a scenario, so that no row goes through the context."),
        _READS,
        profile=(), count=(), seed=(), batch=(), for_scenario=(), options=(),
    ),
    "generate_scenario": _verb(
        "generate", "scenario_persist", _READS,
        profile=("PROFILE", "profile"),
        count=("--count", "count"),
        seed=("--seed", "seed"),
        batch=("--batch", No("It changes nothing of what is made; the tool chooses one.")),
        options=("--set", "options"),
        into=("--into", "scenario"),
        for_scenario=("--for", "for_scenario"),
        tags=("--tag", "tags"),
        description=("--description", "context"),
        allow_triggers=("--allow-triggers", _TRIGGERS),
        again=("--again", "again"),
        progress=(PROGRESS, PROGRESS),
    ),
    "regenerate_scenario": _verb(
        "regenerate",
        No("The log tells the profile, count and seed, and scenario_persist makes it again."),
        _READS,
        scenario=("SCENARIO",), new_name=("--name",), profile=("--profile",), progress=(PROGRESS,),
    ),
    "list_profiles": _verb(
        "profiles", "scenario_describe", No("It shows what is stored, not what could be made.")
    ),
    "get_summary": _verb(
        "summary", "scenario_summary",
        "/{database}/-/summary.json /{database} /{database}/-/statistics",
        scenario=_SCENARIO,
        samples=("--samples", "samples", "samples"),
        max_tokens=("--max-tokens", "max_tokens", No("A page is read by people.")),
    ),
    "get_samples": _verb(
        "samples", "scenario_samples", "/{database}",
        scenario=_SCENARIO,
        entity_type=("ENTITY_TYPE", "entity_type", No("The page shows all that have a card.")),
        count=("--count", "count", No("The page shows three of each; the tables show all.")),
        cards=("--rows", No("scenario_query gives rows."), No("The tables show rows.")),
        sensitive=(
            "--sensitive",
            No("Sensitive columns come into a context only by scenario_query, which names them."),
            No("The tables show all columns."),
        ),
    ),
    "query_scenario": _verb(
        "query", "scenario_query", _PAGES,
        scenario=_SCENARIO,
        sql=("SQL", "sql", "sql"),
        params=("--param", "values", No("Every further argument is a value of its name.")),
        limit=("--limit", "limit", "limit"),
        offset=("--offset", "offset", "offset"),
        timeout=(
            "--timeout", No("What takes long is for scenario_export, which has more time."),
            "timeout",
        ),
        attach=("--with", "attach", "with"),
        dialect=(
            "--dialect", No("A model writes SQLite's dialect, as the tool asks."),
            No("Rare: query --dialect translates."),
        ),
    ),
    "rows": _verb(
        "query", "scenario_export scenario_persist", "/{database}/-/query.csv",
        scenario=("SCENARIO", "source", "database"),
        sql=("SQL", "query", "sql"),
        params=(
            "--param", No("Values are written into the statement."),
            No("Every further argument is a value of its name."),
        ),
        timeout=(
            "--timeout", No("A minute of SQLite's time; a client cancels earlier."),
            "timeout",
        ),
        attach=(
            "--with", No("Rare: the scenarios are merged first, or asked page by page."), "with"
        ),
        dialect=(
            "--dialect", No("A model writes SQLite's dialect, as the tool asks."),
            No("Rare: query --dialect translates."),
        ),
    ),
    "list_questions": _verb(
        "query", "scenario_describe", "/{database}", scenario=_SCENARIO
    ),
    "ask_question": _verb(
        "query", "scenario_query",
        No("Each question is a page of Datasette's own, to which the scenario's page links."),
        scenario=("SCENARIO", "scenario"),
        question=("--question", "question"),
        params=("--param", "values"),
        limit=("--limit", "limit"),
        offset=("--offset", "offset"),
        timeout=("--timeout", No("What takes long is for the command line.")),
    ),
    "question_rows": _verb(
        "query",
        No("scenario_query tells them page by page."),
        "/{database}/-/questions/{question}.csv",
        scenario=("SCENARIO", None, "database"),
        question=("--question", None, "question"),
        params=("--param", None, No("Every further argument is a value of its name.")),
        timeout=("--timeout", None, No("Five seconds of SQLite's time.")),
    ),
    "load_scenario": _verb(
        No("export --format json writes all entities to files."),
        No("All entities do not fit into a context; scenario_export writes them to files."),
        No("The tables show all entities, page by page."),
        scenario=(), max_rows=(),
    ),
    "list_scenarios": _verb(
        "list", "scenario_list", "/ /-/scenarios.json",
        tag=("--tag", "tag", "tag"),
        search=("--search", "search", "q"),
        since=(
            "--since", No("The list tells when each was changed, the last one first."),
            No("The list tells when each was changed, the last one first."),
        ),
    ),
    "scenario_info": _verb(
        "info", "scenario_describe", "/{database}/-/info.json /{database}",
        scenario=_SCENARIO,
        log_entries=("--log", "log", No("The page and its JSON have the newest 20 entries.")),
    ),
    "list_entity_types": _verb(
        "schema", "scenario_describe", No("It shows what is stored, not what could be.")
    ),
    "clone_scenario": _verb(
        "clone", "scenario_clone", _READS,
        scenario=("SCENARIO", "scenario"),
        new_name=("NEW_NAME", "new_name"),
        **_PART,
    ),
    "split_scenario": _verb(
        "clone", "scenario_clone", _READS,
        scenario=("SCENARIO", "scenario"),
        shares=("--split", "part.split"),
        new_name=("NEW_NAME", "new_name"),
        **_PART,
    ),
    "merge_scenarios": _verb(
        "merge", "scenario_merge", _READS,
        scenarios=("SCENARIOS", "scenarios"),
        new_name=("--name", "new_name"),
        context=("--context", "context"),
        on_conflict=("--on-conflict", "on_conflict"),
        base=("--base", "base"),
        into=("--into", "into"),
        dry_run=("--dry-run", "dry_run"),
        progress=(PROGRESS, PROGRESS),
    ),
    "diff_scenarios": _verb(
        "diff", "scenario_diff",
        No("A comparison may take minutes, and a page should be there at once."),
        a=("A", "a"),
        b=("B", "b"),
        by=("--by", No("auto finds partners in every way that fits.")),
        rows=("--rows", "rows"),
        entity_type=("--entity", "entity_type"),
        timeout=("--timeout", No("A client cancels a call that takes it too long.")),
        other=(No("B may be the path of a .db file anywhere."), No("A server has one store.")),
        progress=(PROGRESS, PROGRESS),
    ),
    "compare_scenarios": _verb(
        "compare", "scenario_compare",
        No("Its pages come later; the command and the tool answer in a few hundred tokens."),
        a=("A", "a"),
        b=("B", "b"),
        max_tokens=("--all", "max_tokens"),
        other=(No("B may be the path of a .db file anywhere."), No("A server has one store.")),
    ),
    "export_scenario": _verb(
        "export", "scenario_export",
        No("Files are written where the server's user says; Datasette has CSV of each table."),
        scenario=("SCENARIO", "scenario"),
        format=("--format", "format"),
        to=("--to", "to"),
        force=("--force", "force"),
        entities=("--entity", No("query writes the rows of one table.")),
        drop_sensitive=("--drop-sensitive", "drop_sensitive"),
        options=("--set", "options"),
        progress=(PROGRESS, PROGRESS),
    ),
    "list_standards": _verb("standards", "scenario_describe", _READS),
    "list_import_formats": _verb("plugins", "scenario_describe", _READS),
    "list_export_formats": _verb("plugins", "scenario_describe", _READS),
    "check_scenario": _verb(
        "check", "scenario_describe",
        No("A check reads the whole file, and a page should be there at once."),
        scenario=("SCENARIOS", "scenario"),
    ),
    "check_scenarios": _verb(
        "check",
        No("scenario_describe checks one; a whole store takes longer than a call should."),
        No("A check reads whole files, and a page should be there at once."),
        scenarios=("SCENARIOS",), progress=(PROGRESS,),
    ),
    "upgrade_scenario": _verb(
        "upgrade",
        No("It follows an installation, and whoever installs has the command line."),
        _READS,
        scenario=("SCENARIO",), dry_run=("--dry-run",),
    ),
    "upgrade_scenarios": _verb(
        "upgrade",
        No("It follows an installation, and whoever installs has the command line."),
        _READS,
        scenarios=("--all",), dry_run=("--dry-run",), progress=(PROGRESS,),
    ),
    "rename_scenario": _verb(
        "rename", "scenario_rename", _READS,
        scenario=("SCENARIO", "scenario"), new_name=("NEW_NAME", "new_name"),
    ),
    "add_tags": _verb(
        "tag", "scenario_annotate", _READS, scenario=("SCENARIO", "scenario"), tags=("TAGS", "add")
    ),
    "remove_tags": _verb(
        "untag", "scenario_annotate", _READS,
        scenario=("SCENARIO", "scenario"), tags=("TAGS", "remove"),
    ),
    "list_tags": _verb("tags", "scenario_list", "/"),
    "set_description": _verb(
        "description", "scenario_annotate", _READS,
        scenario=("SCENARIO", "scenario"), description=("TEXT", "description"),
    ),
    "add_note": _verb(
        "note", "scenario_annotate", _READS,
        scenario=("SCENARIO", "scenario"), text=("TEXT", "note"),
    ),
    "save_question": _verb(
        "question", "scenario_annotate", _READS,
        scenario=("SCENARIO", "scenario"),
        name=("NAME", "question"),
        sql=("SQL", "sql"),
        title=("--title", No("Its name says it.")),
        description=("--description", No("Its name says it.")),
        parameters=("--parameter", No("Rare: a value without a type goes into any :name.")),
        replace=("--replace", No("A saved one of this name is replaced; undo brings it back.")),
        timeout=("--timeout", No("A question that takes long is the user's to save.")),
    ),
    "remove_question": _verb(
        "question", "scenario_annotate", _READS,
        scenario=("SCENARIO", "scenario"), name=("NAME", "question"),
    ),
    "delete_scenario": _verb(
        "delete", "scenario_delete", _READS, scenario=("SCENARIO", "scenario")
    ),
    "list_deleted": _verb(
        "restore", "scenario_restore", No("The trash is for whoever can restore from it.")
    ),
    "restore_scenario": _verb(
        "restore", "scenario_restore", _READS,
        scenario=("SCENARIO", "scenario"), number=("--number", "number"),
        new_name=("--as", "new_name"),
    ),
    "purge_deleted": _verb(
        "purge", No("What goes for good is the user's to say, on the command line."), _READS,
        scenario=("SCENARIO",), older_than=("--older-than",), everything=("--all",),
        dry_run=("--dry-run",), confirm=("--yes",),
    ),
}  # fmt: skip

#: What a door has beside the verbs, and what for: a command, tool or page, or one of its options
#: (``command option``), or an option of any (``* option``).
BESIDE: dict[str, dict[str, str]] = {
    "cli": {
        "* --store": "Which store; in Python Store(path).",
        "* --json": "How the reply is printed.",
        "* --nl": "How the reply is printed.",
        "* --csv": "How the reply is printed.",
        "* --tsv": "How the reply is printed.",
        "* --fmt": "How the reply is printed.",
        "profiles PROFILE": "All about one profile, as Store.describe_profile.",
        "standards STANDARD": "All about one standard, as Store.describe_standard.",
        "export --only": "The option only of a standard, as it is typed most.",
        "schema ENTITY_TYPE": "The fields of one entity type.",
        "schema --scenario": "The entity types of a scenario, as Store.registry.",
        "schema --sql": "The entity types as CREATE TABLE.",
        "delete --yes": "Answers what a terminal is asked: which scenario a part of a name means.",
        "metadata": "Writes Datasette's configuration of the installed products.",
        "serve": "Opens the door of the browser.",
    },
    "mcp": {
        "* max_tokens": "The budget of a reply.",
        "scenario_describe entity_types": "The fields of some entity types.",
        "scenario_describe profile": "All about one profile, as Store.describe_profile.",
        "scenario_change remove": "Tells remove_entities from update_entities.",
        "scenario_undo redo": "Tells redo from undo.",
        "scenario_describe check": "Asks for check_scenario.",
        "scenario_persist select": "The SELECTs of rows whose entities are stored.",
    },
    "browser": {
        "/{database} sql": "Leads a link of Datasette's to the query page.",
        "/{database}.csv": "Says that there is no CSV of a whole scenario.",
        "/{database}/-/query.csv limit": "A part of the rows.",
        "/{database}/-/query.csv offset": "A part of the rows.",
        "/-/pages/{page}": "A page that a plugin brings.",
        "/-/scenarios/state.json": "Tells an open page that the store has changed.",
        "/-/scenarios.json size": "The list in pages.",
        "/-/scenarios.json offset": "The list in pages.",
    },
}
