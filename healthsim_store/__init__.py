"""healthsim-store: scenarios of synthetic healthcare data, each one self-contained SQLite file.

    >>> from healthsim_store import persist, get_summary, query_scenario

The functions are the verbs of `Store`, on the default store: the folder HEALTHSIM_STORE_DIR, else
one among the user's data, looked up at each call. What is listed here is all that plugins and
programs may rely on.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .base.version import __version__ as __version__

if TYPE_CHECKING:
    from .additions import Check as Check
    from .additions import Page as Page
    from .additions import Tool as Tool
    from .base.tokens import estimate_tokens as estimate_tokens
    from .errors import HealthsimStoreError as HealthsimStoreError
    from .exchange.account import Account as Account
    from .exchange.export_result import DatasetAccount as DatasetAccount
    from .exchange.export_result import ExportedFile as ExportedFile
    from .exchange.export_result import ExportResult as ExportResult
    from .exchange.export_result import LeftOut as LeftOut
    from .exchange.formats import Exporter as Exporter
    from .exchange.formats import Importer as Importer
    from .exchange.formats import WrittenFile as WrittenFile
    from .exchange.imports import ImportResult as ImportResult
    from .exchange.reading_options import ReadingOptions as ReadingOptions
    from .exchange.scenario_tables import ScenarioTables as ScenarioTables
    from .exchange.scenario_tables import SelectedRows as SelectedRows
    from .exchange.source import Source as Source
    from .exchange.source import SourceFolder as SourceFolder
    from .exchange.table import Table as Table
    from .generation.profile import Profile as Profile
    from .generation.service import GenerateResult as GenerateResult
    from .generation.service import RegenerateResult as RegenerateResult
    from .hookspecs import hookimpl as hookimpl
    from .operations.check_report import CheckResult as CheckResult
    from .operations.check_report import Finding as Finding
    from .operations.clone_report import CloneResult as CloneResult
    from .operations.compare_report import ComparedCount as ComparedCount
    from .operations.compare_report import ComparedStatistic as ComparedStatistic
    from .operations.compare_report import ComparisonResult as ComparisonResult
    from .operations.diff_report import DiffResult as DiffResult
    from .operations.diff_report import EntityDiff as EntityDiff
    from .operations.merge_report import MergeResult as MergeResult
    from .operations.remove import RemoveResult as RemoveResult
    from .operations.split import SplitResult as SplitResult
    from .operations.undo import History as History
    from .operations.undo import UndoResult as UndoResult
    from .operations.update import UpdateResult as UpdateResult
    from .operations.upgrade import Upgraded as Upgraded
    from .operations.upgrade import UpgradeResult as UpgradeResult
    from .query.pages import QueryResult as QueryResult
    from .query.reply import PersistResult as PersistResult
    from .query.statistics import Answer as Answer
    from .query.stream import RowStream as RowStream
    from .query.summary import Summary as Summary
    from .schema.model import Column as Column
    from .schema.model import EntityType as EntityType
    from .schema.model import Question as Question
    from .schema.model import Reference as Reference
    from .schema.parameter import Parameter as Parameter
    from .schema.product import Product as Product
    from .schema.registry import Registry as Registry
    from .schema.types import LogicalType as LogicalType
    from .standards.standard import Standard as Standard
    from .storage.catalog import Questions as Questions
    from .storage.history import Operation as Operation
    from .storage.info import ScenarioInfo as ScenarioInfo
    from .storage.recording import Kept as Kept
    from .storage.trash import Deleted as Deleted
    from .storage.trash import Purged as Purged
    from .store import Store as Store

    # At run time `__getattr__` makes the same of each method that is marked as a verb.
    _default = Store()
    add_note = _default.add_note
    add_tags = _default.add_tags
    ask_question = _default.ask_question
    check_scenario = _default.check_scenario
    check_scenarios = _default.check_scenarios
    clone_scenario = _default.clone_scenario
    compare_scenarios = _default.compare_scenarios
    delete_scenario = _default.delete_scenario
    diff_scenarios = _default.diff_scenarios
    draft_mapping = _default.draft_mapping
    export_scenario = _default.export_scenario
    generate = _default.generate
    generate_scenario = _default.generate_scenario
    get_samples = _default.get_samples
    get_summary = _default.get_summary
    import_data = _default.import_data
    keep_history = _default.keep_history
    list_deleted = _default.list_deleted
    list_entity_types = _default.list_entity_types
    list_export_formats = _default.list_export_formats
    list_history = _default.list_history
    list_import_formats = _default.list_import_formats
    list_profiles = _default.list_profiles
    list_questions = _default.list_questions
    list_scenarios = _default.list_scenarios
    list_standards = _default.list_standards
    list_tags = _default.list_tags
    load_scenario = _default.load_scenario
    merge_scenarios = _default.merge_scenarios
    persist = _default.persist
    persist_batches = _default.persist_batches
    purge_deleted = _default.purge_deleted
    query_scenario = _default.query_scenario
    question_rows = _default.question_rows
    redo = _default.redo
    regenerate_scenario = _default.regenerate_scenario
    remove_entities = _default.remove_entities
    remove_question = _default.remove_question
    remove_tags = _default.remove_tags
    rename_scenario = _default.rename_scenario
    restore_scenario = _default.restore_scenario
    rows = _default.rows
    save_question = _default.save_question
    save_scenario = _default.save_scenario
    scenario_info = _default.scenario_info
    set_description = _default.set_description
    split_scenario = _default.split_scenario
    undo = _default.undo
    update_entities = _default.update_entities
    upgrade_scenario = _default.upgrade_scenario
    upgrade_scenarios = _default.upgrade_scenarios

# Where the other names are. A test compares this list with the one above.
_HOMES = {
    "additions": "Check Page Tool",
    "base.tokens": "estimate_tokens",
    "errors": "HealthsimStoreError",
    "exchange.export_result": "DatasetAccount ExportedFile ExportResult LeftOut",
    "exchange.formats": "Exporter Importer WrittenFile",
    "exchange.imports": "ImportResult",
    "exchange.reading_options": "ReadingOptions",
    "exchange.scenario_tables": "ScenarioTables SelectedRows",
    "exchange.source": "Source SourceFolder",
    "exchange.account": "Account",
    "exchange.table": "Table",
    "generation.profile": "Profile",
    "generation.service": "GenerateResult RegenerateResult",
    "hookspecs": "hookimpl",
    "operations.check_report": "CheckResult Finding",
    "operations.clone_report": "CloneResult",
    "operations.compare_report": "ComparedCount ComparedStatistic ComparisonResult",
    "operations.diff_report": "DiffResult EntityDiff",
    "operations.merge_report": "MergeResult",
    "operations.remove": "RemoveResult",
    "operations.split": "SplitResult",
    "operations.undo": "History UndoResult",
    "operations.update": "UpdateResult",
    "operations.upgrade": "UpgradeResult Upgraded",
    "query.pages": "QueryResult",
    "query.reply": "PersistResult",
    "query.statistics": "Answer",
    "query.stream": "RowStream",
    "query.summary": "Summary",
    "schema.model": "Column EntityType Question Reference",
    "schema.parameter": "Parameter",
    "schema.product": "Product",
    "schema.registry": "Registry",
    "schema.types": "LogicalType",
    "standards.standard": "Standard",
    "storage.catalog": "Questions",
    "storage.history": "Operation",
    "storage.info": "ScenarioInfo",
    "storage.recording": "Kept",
    "storage.trash": "Deleted Purged",
    "store": "Store",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import healthsim_store` and `--help` stay quick."""
    found: Any
    if name in _HOME:
        found = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    elif name == "__all__":
        return sorted([*_HOME, *_store().VERBS])
    elif _is_module(name) or name not in _store().VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        found = _forwarder(name, _store().VERBS[name])
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})


def _is_module(name: str) -> bool:
    """Python asks here before it imports a module of the package; no verb begins with ``_``."""
    import importlib.util  # slow to import, and `--help` does not need it

    return name.startswith("_") or importlib.util.find_spec(f"{__name__}.{name}") is not None


def _store() -> Any:
    return importlib.import_module(".store", __name__)


def _forwarder(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """A function that calls the method of the store that is the default one at that moment."""
    import functools
    import inspect  # slow to import, and `--help` does not need it

    @functools.wraps(method)
    def function(*arguments: Any, **options: Any) -> Any:
        return getattr(_store().default_store(), name)(*arguments, **options)

    _self, *parameters = inspect.signature(method).parameters.values()
    function.__signature__ = inspect.signature(method).replace(parameters=parameters)  # type: ignore[attr-defined]
    function.__module__, function.__qualname__ = __name__, name
    return function
