"""Every error that healthsim-store raises on purpose.

Each one says what was wrong and where, and its hint says what to do instead. ``code`` is stable:
programs and agents branch on it, never on the text. Anything else that escapes is a bug and keeps
its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class HealthsimStoreError(Exception):
    """The root of the tree: catch this one to catch them all."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: ``code``, ``message`` and, where there is one, ``hint``."""
        answer: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.hint:
            answer["hint"] = self.hint
        return answer


# -- what the caller gave --------------------------------------------------------------------


class InvalidArgument(HealthsimStoreError):
    code = "invalid_argument"


class InvalidName(InvalidArgument):
    code = "invalid_name"


class EmptyBatch(InvalidArgument):
    code = "empty_batch"


class UnknownEntityType(InvalidArgument):
    code = "unknown_entity_type"


class UnknownFormat(InvalidArgument):
    code = "unknown_format"


class UnknownProfile(InvalidArgument):
    code = "unknown_profile"


class UnknownQuestion(InvalidArgument):
    code = "unknown_question"


class InvalidRows(InvalidArgument):
    """Rows that cannot be stored. ``problems`` names each (bounded); nothing was stored.

    ``complete`` is false when the list was cut before the last row was looked at.
    """

    code = "invalid_rows"

    def __init__(self, problems: Sequence[Any], *, complete: bool, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        self.complete = complete
        count = len(self.problems)
        title = f"{count}{'' if complete else ' or more'} problem{'s' if count != 1 else ''}"
        lines = [f"Nothing was stored: {title}.", *(f"- {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines), hint=hint)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {
            "problems": [problem.to_dict() for problem in self.problems],
            "complete": self.complete,
        }


class SourceError(InvalidArgument):
    """A file to import that cannot be read as what it claims to be."""

    code = "invalid_source"


class TargetExists(InvalidArgument):
    """A place to write to where something is that must not be lost."""

    code = "target_exists"


# -- scenarios and their files ---------------------------------------------------------------


class ScenarioNotFound(HealthsimStoreError):
    code = "scenario_not_found"


class AmbiguousScenario(HealthsimStoreError):
    """A name that fits several scenarios; ``candidates`` lists them."""

    code = "ambiguous_scenario"

    def __init__(self, message: str, candidates: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.candidates = tuple(candidates)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"candidates": list(self.candidates)}


class ScenarioExists(HealthsimStoreError):
    code = "scenario_exists"


class ScenarioFileError(HealthsimStoreError):
    code = "scenario_file"


class NotAScenario(ScenarioFileError):
    code = "not_a_scenario"


class CorruptScenario(ScenarioFileError):
    code = "corrupt_scenario"


class NewerFormat(ScenarioFileError):
    code = "newer_format"


class ScenarioBusy(ScenarioFileError):
    code = "scenario_busy"


class NotWritable(ScenarioFileError):
    code = "not_writable"


class CopyFailed(HealthsimStoreError):
    """A clone or merge that could not be made or proven; nothing of it was kept."""

    code = "copy_failed"


class MergeConflict(CopyFailed):
    """Entities of a merge that are one already, where they may not be."""

    code = "merge_conflict"


# -- questions -------------------------------------------------------------------------------


class QueryError(HealthsimStoreError):
    code = "query_failed"


class QueryRefused(QueryError):
    """The statement would do more than read."""

    code = "query_refused"


class QueryTimeout(QueryError):
    code = "query_timeout"


class QueryTooLarge(QueryError):
    code = "query_too_large"


# -- serving ---------------------------------------------------------------------------------


class CannotServe(HealthsimStoreError):
    """Datasette is not installed, or the port is taken."""

    code = "cannot_serve"


# -- products and plugins --------------------------------------------------------------------


class DeclarationError(HealthsimStoreError):
    """A .sql file of a product that does not say what it must."""

    code = "invalid_declaration"


class NewerProduct(HealthsimStoreError):
    """A file whose product is newer than the installed one."""

    code = "newer_product"


class UpgradeRefused(HealthsimStoreError):
    """A file that cannot be brought to the installed version of a product without a loss."""

    code = "upgrade_refused"
