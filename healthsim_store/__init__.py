"""healthsim-store: scenarios of synthetic healthcare data, each one self-contained SQLite file.

    >>> from healthsim_store import persist, get_summary, query_scenario

The functions work on the default store; `Store(path)` has the same as methods. This list is all
that plugins and programs may rely on.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import (
        add_tags,
        ask_question,
        check_scenario,
        clone_scenario,
        delete_scenario,
        diff_scenarios,
        export_scenario,
        generate,
        generate_scenario,
        get_samples,
        get_summary,
        import_data,
        list_entity_types,
        list_export_formats,
        list_profiles,
        list_questions,
        list_scenarios,
        list_tags,
        load_scenario,
        merge_scenarios,
        persist,
        query_scenario,
        regenerate_scenario,
        remove_tags,
        rename_scenario,
        restore_scenario,
        save_scenario,
        scenario_info,
        upgrade_scenario,
    )
    from .check import CheckResult
    from .copying import CloneResult
    from .difference import DiffResult
    from .errors import HealthsimStoreError
    from .exporters import Exporter
    from .exporting import ExportResult
    from .generating import GenerateResult, RegenerateResult
    from .hookspecs import hookimpl
    from .importers import Importer
    from .importing import ImportResult
    from .merging import MergeResult
    from .product import Product
    from .profile import Profile
    from .query import QueryResult
    from .scenario import ScenarioInfo
    from .store import PersistResult, Store
    from .summary import Summary
    from .tokens import estimate_tokens

_HOMES = {
    "CheckResult": "check",
    "CloneResult": "copying",
    "DiffResult": "difference",
    "ExportResult": "exporting",
    "Exporter": "exporters",
    "GenerateResult": "generating",
    "HealthsimStoreError": "errors",
    "ImportResult": "importing",
    "Importer": "importers",
    "MergeResult": "merging",
    "PersistResult": "store",
    "Product": "product",
    "Profile": "profile",
    "QueryResult": "query",
    "RegenerateResult": "generating",
    "ScenarioInfo": "scenario",
    "Store": "store",
    "Summary": "summary",
    "add_tags": "api",
    "ask_question": "api",
    "check_scenario": "api",
    "clone_scenario": "api",
    "delete_scenario": "api",
    "diff_scenarios": "api",
    "estimate_tokens": "tokens",
    "export_scenario": "api",
    "generate": "api",
    "generate_scenario": "api",
    "get_samples": "api",
    "get_summary": "api",
    "hookimpl": "hookspecs",
    "import_data": "api",
    "list_entity_types": "api",
    "list_export_formats": "api",
    "list_profiles": "api",
    "list_questions": "api",
    "list_scenarios": "api",
    "list_tags": "api",
    "load_scenario": "api",
    "merge_scenarios": "api",
    "persist": "api",
    "query_scenario": "api",
    "regenerate_scenario": "api",
    "remove_tags": "api",
    "rename_scenario": "api",
    "restore_scenario": "api",
    "save_scenario": "api",
    "scenario_info": "api",
    "upgrade_scenario": "api",
}

__version__ = "0.1.0"

__all__ = [
    "CheckResult",
    "CloneResult",
    "DiffResult",
    "ExportResult",
    "Exporter",
    "GenerateResult",
    "HealthsimStoreError",
    "ImportResult",
    "Importer",
    "MergeResult",
    "PersistResult",
    "Product",
    "Profile",
    "QueryResult",
    "RegenerateResult",
    "ScenarioInfo",
    "Store",
    "Summary",
    "add_tags",
    "ask_question",
    "check_scenario",
    "clone_scenario",
    "delete_scenario",
    "diff_scenarios",
    "estimate_tokens",
    "export_scenario",
    "generate",
    "generate_scenario",
    "get_samples",
    "get_summary",
    "hookimpl",
    "import_data",
    "list_entity_types",
    "list_export_formats",
    "list_profiles",
    "list_questions",
    "list_scenarios",
    "list_tags",
    "load_scenario",
    "merge_scenarios",
    "persist",
    "query_scenario",
    "regenerate_scenario",
    "remove_tags",
    "rename_scenario",
    "restore_scenario",
    "save_scenario",
    "scenario_info",
    "upgrade_scenario",
]


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import healthsim_store` and `--help` stay quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
