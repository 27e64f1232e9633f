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
    from .base.tokens import estimate_tokens
    from .errors import HealthsimStoreError
    from .exchange.exports import ExportResult
    from .exchange.imports import ImportResult
    from .exchange.readers import Importer
    from .exchange.writers import Exporter
    from .generate.profile import Profile
    from .generate.service import GenerateResult, RegenerateResult
    from .hookspecs import hookimpl
    from .operations.check import CheckResult
    from .operations.clone import CloneResult
    from .operations.diff_report import DiffResult
    from .operations.merge import MergeResult
    from .query.pages import QueryResult
    from .query.summary import Summary
    from .schema.product import Product
    from .storage.scenario import ScenarioInfo
    from .store import PersistResult, Store

_HOMES = {
    "CheckResult": "operations.check",
    "CloneResult": "operations.clone",
    "DiffResult": "operations.diff_report",
    "ExportResult": "exchange.exports",
    "Exporter": "exchange.writers",
    "GenerateResult": "generate.service",
    "HealthsimStoreError": "errors",
    "ImportResult": "exchange.imports",
    "Importer": "exchange.readers",
    "MergeResult": "operations.merge",
    "PersistResult": "store",
    "Product": "schema.product",
    "Profile": "generate.profile",
    "QueryResult": "query.pages",
    "RegenerateResult": "generate.service",
    "ScenarioInfo": "storage.scenario",
    "Store": "store",
    "Summary": "query.summary",
    "add_tags": "api",
    "ask_question": "api",
    "check_scenario": "api",
    "clone_scenario": "api",
    "delete_scenario": "api",
    "diff_scenarios": "api",
    "estimate_tokens": "base.tokens",
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
