"""Errors as answers over HTTP: a message for a person, a code for a program, a status."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..errors import (
    HealthsimStoreError,
    InvalidArgument,
    QueryError,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    ScenarioBusy,
    ScenarioNotFound,
)


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
    """The error as an answer: the store's, SQLite's, or Datasette's own."""
    if isinstance(error, HealthsimStoreError):
        return ErrorAnswer(_status(error), error.code, error.message, error.hint)
    text = str(error)
    # Renamed or deleted between the look at the folder and the opening.
    if isinstance(error, FileNotFoundError) or "unable to open" in text:
        return ErrorAnswer(404, "scenario_not_found", "The scenario is not there any more.",
                       "The list of scenarios is current.")  # fmt: skip
    if isinstance(error, json.JSONDecodeError):
        return ErrorAnswer(400, "not_json", f"What should be JSON is not: {text}.",
                       "It stands in the address, or in a file that is damaged.")  # fmt: skip
    if not isinstance(error, sqlite3.Error):
        # 0.65 wraps some of SQLite's.
        inner = error.__context__
        return explain(inner) if isinstance(inner, sqlite3.Error) else _of_datasette(error)
    if text.startswith("no such table"):
        return ErrorAnswer(404, "not_possible", f"There is {text}.")
    if "locked" in text or "busy" in text:
        return ErrorAnswer(503, "scenario_busy", f"The scenario is being written ({text}).",
                       "Reload the page in a moment.")  # fmt: skip
    return ErrorAnswer(400, "query_error", f"The file could not answer: {text}.")


def is_known(error: Exception) -> bool:
    """Whether a person can be told what it means; anything else is a bug, with its traceback."""
    known = HealthsimStoreError | sqlite3.Error | FileNotFoundError | json.JSONDecodeError
    return isinstance(error, known) or _http(error) is not None


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
        return ErrorAnswer(408, "query_timeout", "The query took too long.", "Ask for less.")
    sentence = text if text[-1] in ".?!" else f"{text}."
    return ErrorAnswer(_http(error) or 500, "not_possible", sentence)


def _status(error: HealthsimStoreError) -> int:
    """403 for what may not be done, 408 for what takes too long, 400 for the rest of a query."""
    statuses: list[tuple[type[HealthsimStoreError], int]] = [
        (ScenarioNotFound, 404), (ScenarioBusy, 503), (QueryRefused, 403), (QueryTimeout, 408),
        (QueryTooLarge, 413), (QueryError, 400), (InvalidArgument, 400),
    ]  # fmt: skip
    return next((status for kind, status in statuses if isinstance(error, kind)), 500)
