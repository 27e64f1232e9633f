"""The import line of the auto-persist examples, on top of healthsim-store."""

from __future__ import annotations

from healthsim_store import (
    add_tags,
    clone_scenario,
    delete_scenario,
    diff_scenarios,
    export_scenario,
    get_samples,
    get_summary,
    list_scenarios,
    list_tags,
    load_scenario,
    merge_scenarios,
    persist,
    query_scenario,
    remove_tags,
    rename_scenario,
    restore_scenario,
    save_scenario,
    scenario_info,
)

__all__ = [
    "add_tags",
    "clone_scenario",
    "delete_scenario",
    "diff_scenarios",
    "export_scenario",
    "get_samples",
    "get_summary",
    "list_scenarios",
    "list_tags",
    "load_scenario",
    "merge_scenarios",
    "persist",
    "query_scenario",
    "remove_tags",
    "rename_scenario",
    "restore_scenario",
    "save_scenario",
    "scenario_info",
]
