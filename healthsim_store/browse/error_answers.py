"""Errors as answers over HTTP: a message for a person, a code for a program, a status."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..base.faults import as_error
from ..errors import (
    HealthsimStoreError,
    InvalidArgument,
    PageNotFound,
    QueryError,
    QueryTimeout,
    QueryTooLarge,
    ScenarioBusy,
    ScenarioNotFound,
)
from ..exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What went wrong, for a person and for a program. ``status`` is the HTTP status."""

    status: int
    code: str
    message: str
    hint: str | None = None

    def to_dict(self) -> dict[str, Any]:
        told = {"code": self.code, "message": self.message, "hint": self.hint}
        return {"ok": False, "error": {k: v for k, v in told.items() if v}}


def explain(error: Exception) -> ErrorAnswer:
    """The error as an answer: the store's, SQLite's, or Datasette's own; or a fault, with 500."""
    if isinstance(error, HealthsimStoreError):
        return _answer(error)
    text = str(error)
    # Renamed or deleted between the look at the folder and the opening.
    if isinstance(error, FileNotFoundError) or "unable to open" in text:
        return _answer(ScenarioNotFound("The scenario is not there any more.",
                                        hint="The list of scenarios is current."))  # fmt: skip
    if isinstance(error, json.JSONDecodeError):
        return _answer(InvalidArgument(f"What should be JSON is not: {text}.",
                                       hint="It stands in the address, or in a file that is"
                                       " damaged."))  # fmt: skip
    if not isinstance(error, sqlite3.Error):
        # 0.65 wraps some of SQLite's.
        inner = error.__context__
        if isinstance(inner, sqlite3.Error):
            return explain(inner)
        return _fault(error) if _http(error) is None else _of_datasette(error)
    if text.startswith("no such table"):
        return _answer(PageNotFound(f"There is {text}."))
    if "locked" in text or "busy" in text:
        return _answer(ScenarioBusy(f"The scenario is being written ({text}).",
                                    hint="Reload the page in a moment."))  # fmt: skip
    return _answer(QueryError(f"The file could not answer: {text}."))


def is_known(error: Exception) -> bool:
    """Whether it says what is wrong; anything else is a bug, whose traceback is for the log."""
    known = HealthsimStoreError | sqlite3.Error | FileNotFoundError | json.JSONDecodeError
    return isinstance(error, known) or _http(error) is not None


def status_of(kind: type[HealthsimStoreError]) -> int:
    """The HTTP status of an error of this kind."""
    own: list[tuple[type[HealthsimStoreError], int]] = [
        (QueryTimeout, 408), (QueryTooLarge, 413),
    ]  # fmt: skip
    by_exit_code = {
        ExitCode.USAGE: 400, ExitCode.NOT_FOUND: 404, ExitCode.REFUSED: 403, ExitCode.BUSY: 503,
    }  # fmt: skip
    mistaken = 400 if issubclass(kind, InvalidArgument | QueryError) else 500
    status = next((status for error, status in own if issubclass(kind, error)), None)
    return status or by_exit_code.get(kind.exit_code, mistaken)


def _answer(error: HealthsimStoreError) -> ErrorAnswer:
    return ErrorAnswer(status_of(type(error)), error.code, error.message, error.hint)


def _fault(error: Exception) -> ErrorAnswer:
    told = as_error(error)
    return ErrorAnswer(500, told.code, told.message, "Its trace is printed where the server runs.")


def _http(error: Exception) -> int | None:
    """The status of an answer that Datasette raises; its classes differ from version to version.

    0.65 leaves a DatasetteError, as of a column to sort by that is not there, at 500.
    """
    status = getattr(error, "status", None)
    if status == 500 and hasattr(error, "error_dict"):
        return 400
    return status if isinstance(status, int) and 400 <= status < 500 else None


def _of_datasette(error: Exception) -> ErrorAnswer:
    title = getattr(error, "title", None)
    is_html = getattr(error, "message_is_html", False)
    message = getattr(error, "message", None) or (str(error.args[0]) if error.args else "")
    text = (title if is_html else message) or title or "This is not there"
    if title == "SQL Interrupted":
        return _answer(QueryTimeout("The query took too long.", hint="Ask for less."))
    status = _http(error) or 404
    code = PageNotFound.code if status == 404 else InvalidArgument.code
    return ErrorAnswer(status, code, text if text[-1] in ".?!" else f"{text}.")
