"""Every error that healthsim-store raises on purpose.

Each one says what was wrong and where, and its hint says what to do instead. ``code`` is stable:
programs and agents branch on it, never on the text. Anything else that escapes is a bug: Python
raises it as it is, and the command line, the browser and MCP tell it as an `InternalError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .exit_codes import ExitCode
from .printable import printable


class HealthsimStoreError(Exception):
    """Every error that is raised on purpose; catch this one to catch them all."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.ERROR

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message, self.hint = message, hint
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What is wrong, and where. What it quotes is shown so that it can be printed."""
        return self._message

    @message.setter
    def message(self, text: str) -> None:
        self._message = printable(text)

    @property
    def hint(self) -> str | None:
        """What to do instead."""
        return self._hint

    @hint.setter
    def hint(self, text: str | None) -> None:
        self._hint = text and printable(text)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    @property
    def in_one_line(self) -> str:
        """The message and the hint, without the point at the end."""
        told = [text.removesuffix(".") for text in (self.message, self.hint) if text]
        return ". ".join(told)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: ``code``, ``message`` and, where there is one, ``hint``."""
        answer: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.hint:
            answer["hint"] = self.hint
        return answer


def every(kind: type[HealthsimStoreError] = HealthsimStoreError) -> list[type[HealthsimStoreError]]:
    """This kind of error and all kinds of it that are in this module, each after its parent."""
    kinds = [kind]
    for below in kind.__subclasses__():
        kinds += every(below) if below.__module__ == __name__ else []
    return kinds


# -- what the caller gave --------------------------------------------------------------------


class InvalidArgument(HealthsimStoreError):
    """An argument that cannot be used as given."""

    code = "invalid_argument"
    exit_code = ExitCode.USAGE


class InvalidName(InvalidArgument):
    """A name that cannot be the name of a scenario or of a file."""

    code = "invalid_name"


class BatchDiffers(InvalidArgument):
    """A batch_id was used before, for other rows."""

    code = "batch_differs"
    exit_code = ExitCode.REFUSED


class EmptyBatch(InvalidArgument):
    """There is nothing to store."""

    code = "empty_batch"
    exit_code = ExitCode.ERROR


class UnknownEntityType(InvalidArgument):
    """No installed product, or not this scenario, has an entity type of this name."""

    code = "unknown_entity_type"
    exit_code = ExitCode.NOT_FOUND


class AmbiguousEntityType(InvalidArgument):
    """Two entity types have this alias; give the name of one."""

    code = "ambiguous_entity_type"
    exit_code = ExitCode.NOT_FOUND


class UnknownFormat(InvalidArgument):
    """No importer or exporter has this name."""

    code = "unknown_format"
    exit_code = ExitCode.NOT_FOUND


class UnknownProfile(InvalidArgument):
    """No profile has this name."""

    code = "unknown_profile"
    exit_code = ExitCode.NOT_FOUND


class UnknownQuestion(InvalidArgument):
    """The scenario has no question of this name, or cannot answer it."""

    code = "unknown_question"
    exit_code = ExitCode.NOT_FOUND


class InvalidValue(InvalidArgument):
    """A value does not fit a question's parameter, or a format's option; ``fields`` names them."""

    code = "invalid_value"

    def __init__(self, message: str, fields: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.fields = tuple(fields)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"fields": list(self.fields)}


class InvalidRows(InvalidArgument):
    """Rows cannot be stored, so nothing was.

    ``problems`` are the first ones; the ``count`` of each tells how many rows have it, of all that
    were given where ``complete``. ``total`` is how many there are. ``nothing``: stored or changed.
    """

    code = "invalid_rows"
    exit_code = ExitCode.ERROR

    def __init__(
        self, problems: Sequence[Any], told: str, *, complete: bool, total: int,
        nothing: str = "stored", hint: str | None = None,
    ) -> None:  # fmt: skip
        self.problems, self.nothing = tuple(problems), nothing
        self.complete, self.total = complete, total
        title = f"{total:,}{'' if complete else ' or more'} problem{'' if total == 1 else 's'}"
        super().__init__(f"Nothing was {nothing}: {title}.{told}", hint=hint)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {
            "problems": [problem.to_dict() for problem in self.problems],
            "complete": self.complete,
            "total": self.total,
        }


class UnknownBatch(InvalidArgument):
    """The scenario's log has no such batch, or does not know its rows."""

    code = "unknown_batch"
    exit_code = ExitCode.NOT_FOUND


class RowsInUse(InvalidArgument):
    """Other rows refer to those that were to be removed. ``counts`` tells how many of each type."""

    code = "rows_in_use"
    exit_code = ExitCode.REFUSED

    def __init__(self, message: str, counts: Mapping[str, int], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.counts = dict(counts)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"counts": self.counts}


class SourceError(InvalidArgument):
    """A file to import cannot be read, or is not in the format that it should be."""

    code = "invalid_source"
    exit_code = ExitCode.ERROR


class TargetExists(InvalidArgument):
    """The place to write to holds something that would be lost."""

    code = "target_exists"
    exit_code = ExitCode.REFUSED


class UsageError(InvalidArgument):
    """A command line that is not as the help says."""

    code = "usage"


# -- scenarios and their files ---------------------------------------------------------------


class ScenarioNotFound(HealthsimStoreError):
    """No scenario has this name, id or beginning of a name."""

    code = "scenario_not_found"
    exit_code = ExitCode.NOT_FOUND


class PageNotFound(HealthsimStoreError):
    """In the browser: a scenario has no such page, table or row."""

    code = "page_not_found"
    exit_code = ExitCode.NOT_FOUND


class AmbiguousScenario(HealthsimStoreError):
    """A name that fits several scenarios; ``candidates`` lists them."""

    code = "ambiguous_scenario"
    exit_code = ExitCode.NOT_FOUND

    def __init__(self, message: str, candidates: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.candidates = tuple(candidates)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"candidates": list(self.candidates)}


class ScenarioExists(HealthsimStoreError):
    """The name of the new scenario is taken."""

    code = "scenario_exists"
    exit_code = ExitCode.REFUSED


class ScenarioFileError(HealthsimStoreError):
    """A scenario file that cannot be used."""

    code = "scenario_file"
    exit_code = ExitCode.DAMAGED


class NotAScenario(ScenarioFileError):
    """The file is not a scenario."""

    code = "not_a_scenario"


class CorruptScenario(ScenarioFileError):
    """The file is damaged, or was changed in a way that makes it unsafe to read."""

    code = "corrupt_scenario"
    named = True  # the message has the file's name; `file_errors` puts it there otherwise


class TriggersRefused(ScenarioFileError):
    """A trigger that somebody put into the file would run, and was not allowed."""

    code = "triggers_refused"
    exit_code = ExitCode.REFUSED


class NewerFormat(ScenarioFileError):
    """The file was written by a newer version of healthsim-store."""

    code = "newer_format"


class ScenarioBusy(ScenarioFileError):
    """Another process is writing to the file."""

    code = "scenario_busy"
    exit_code = ExitCode.BUSY


class NotWritable(ScenarioFileError):
    """The file or folder cannot be written: permissions, disk space or a missing folder."""

    code = "not_writable"
    exit_code = ExitCode.ERROR


class CopyFailed(HealthsimStoreError):
    """A clone or merge could not be made, or failed its final checks; nothing of it was kept."""

    code = "copy_failed"


class MergeConflict(CopyFailed):
    """Two sources of a merge have the same entity, and ``on_conflict`` is ``error``."""

    code = "merge_conflict"
    exit_code = ExitCode.REFUSED


class CannotUndo(HealthsimStoreError):
    """There is nothing to undo or redo, or the history does not have what it takes."""

    code = "cannot_undo"
    exit_code = ExitCode.REFUSED


class ChangedSince(CannotUndo):
    """Another program has changed what would be undone or redone; nothing was changed."""

    code = "changed_since"


# -- questions -------------------------------------------------------------------------------


class QueryError(HealthsimStoreError):
    """The statement failed; the message is that of SQLite, made clearer where possible.

    ``corrected`` is the statement with the name that was meant, where a name was wrong and it is
    sure which one was.
    """

    code = "query_failed"
    corrected: str | None = None


class QueryRefused(QueryError):
    """The statement would do more than read."""

    code = "query_refused"
    exit_code = ExitCode.REFUSED


class QueryTimeout(QueryError):
    """The statement took longer than its timeout."""

    code = "query_timeout"
    exit_code = ExitCode.LIMIT


class QueryTooLarge(QueryError):
    """A value or a row of the answer is larger than the limit."""

    code = "query_too_large"
    exit_code = ExitCode.LIMIT


# -- serving, products, standards and plugins ------------------------------------------------


class CannotServe(HealthsimStoreError):
    """Datasette is not installed, or the port is taken."""

    code = "cannot_serve"


class DeclarationError(HealthsimStoreError):
    """A .sql file of a product, profile or standard is wrong; told with its file and line."""

    code = "invalid_declaration"


class NotConformant(HealthsimStoreError):
    """What would be written breaks a rule of the standard or of its files; nothing was written."""

    code = "not_conformant"


class NewerProduct(HealthsimStoreError):
    """The file was written by a newer version of a product than the installed one."""

    code = "newer_product"
    exit_code = ExitCode.DAMAGED


class UpgradeRefused(HealthsimStoreError):
    """The file cannot be brought to the installed version of a product without losing data."""

    code = "upgrade_refused"
    exit_code = ExitCode.REFUSED


class UnknownVersion(UpgradeRefused):
    """The file was written by a version of a product that no migration of the installed knows."""

    code = "unknown_version"


class MigrationFailed(UpgradeRefused):
    """A migration of a product failed, lost rows, did not end, or was changed after it ran."""

    code = "migration_failed"


class PluginFailed(HealthsimStoreError):
    """The plugin of the name ``plugin`` raised what it should not have: the ``__cause__``."""

    code = "plugin_failed"
    exit_code = ExitCode.FAULT

    def __init__(self, message: str, plugin: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.plugin = plugin

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"plugin": self.plugin}


# -- what Python raises as it is, told by the command line, the browser and MCP ----------------


class SystemFailure(HealthsimStoreError):
    """The machine refuses: permissions, a full disk, too little memory. In Python: OSError."""

    code = "system_failure"


class InternalError(HealthsimStoreError):
    """A fault of healthsim-store. In Python it is what was raised, with its traceback."""

    code = "internal_error"
    exit_code = ExitCode.FAULT


class Interrupted(HealthsimStoreError):
    """Ctrl-C on the command line. In Python it is KeyboardInterrupt."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED
