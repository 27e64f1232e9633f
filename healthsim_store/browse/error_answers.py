"""What is refused and what went wrong, in words and with a status."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from datasette.utils.asgi import Response

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

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

# What pages need of what Datasette has at /-/. The rest is for who looks after a server: it tells
# where the files lie, and how the server is made. 1.0's pages have a menu that asks /-/jump.
_OPEN = ("/-/static/", "/-/static-plugins/", "/-/scenarios", "/-/jump")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One message for a person and a program. ``status`` is HTTP's."""

    status: int
    code: str
    message: str
    hint: str | None = None

    def to_dict(self) -> dict[str, Any]:
        told = {"code": self.code, "message": self.message, "hint": self.hint}
        return {"ok": False, "error": {k: v for k, v in told.items() if v}}


def explained(error: Exception) -> Refusal:
    """The error as an answer: the store's, SQLite's, or Datasette's own."""
    if isinstance(error, HealthsimStoreError):
        return Refusal(_status(error), error.code, error.message, error.hint)
    text = str(error)
    # Renamed or deleted between the look at the folder and the opening.
    if isinstance(error, FileNotFoundError) or "unable to open" in text:
        return Refusal(404, "scenario_not_found", "The scenario is not there any more.",
                       "The list of scenarios is current.")  # fmt: skip
    if isinstance(error, json.JSONDecodeError):
        return Refusal(400, "not_json", f"What should be JSON is not: {text}.",
                       "It stands in the address, or in a file that is damaged.")  # fmt: skip
    if not isinstance(error, sqlite3.Error):
        # 0.65 wraps some of SQLite's.
        inner = error.__context__
        return explained(inner) if isinstance(inner, sqlite3.Error) else _of_datasette(error)
    if text.startswith("no such table"):
        return Refusal(404, "not_possible", f"There is {text}.")
    if "locked" in text or "busy" in text:
        return Refusal(503, "scenario_busy", f"The scenario is being written ({text}).",
                       "Reload the page in a moment.")  # fmt: skip
    return Refusal(400, "query_error", f"The file could not answer: {text}.")


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


def _of_datasette(error: Exception) -> Refusal:
    title = getattr(error, "title", None)
    is_html = getattr(error, "message_is_html", False)
    message = getattr(error, "message", None) or (str(error.args[0]) if error.args else "")
    text = (title if is_html else message) or title or "This is not there"
    if title == "SQL Interrupted":
        return Refusal(408, "query_timeout", "The query took too long.", "Ask for less.")
    return Refusal(_http(error) or 500, "not_possible", text if text[-1] in ".?!" else f"{text}.")


def _status(error: HealthsimStoreError) -> int:
    """403 for what may not be done, 408 for what takes too long, 400 for the rest of a query."""
    statuses: list[tuple[type[HealthsimStoreError], int]] = [
        (ScenarioNotFound, 404), (ScenarioBusy, 503), (QueryRefused, 403), (QueryTimeout, 408),
        (QueryTooLarge, 413), (QueryError, 400), (InvalidArgument, 400),
    ]  # fmt: skip
    return next((status for kind, status in statuses if isinstance(error, kind)), 500)


def raw_path(scope: dict[str, Any]) -> str:
    """The path as it was sent, without the arguments."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path.decode("ascii", "replace").partition("?")[0]


def of_request(scope: dict[str, Any], *, loopback: bool) -> Response | None:
    """What `serve` does not even hand on: anything but reading, what Datasette tells about itself,
    and requests for another host.

    With the latter no web page can read along by a name that is made to lead here.
    """
    if not loopback:
        return None
    if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        return Response.text("Refused: this server only reads.\n", status=405)
    path = raw_path(scope)
    if path.startswith("/-/") and (not path.startswith(_OPEN) or "/.." in path):
        return Response.text("Not there: this server only shows scenarios.\n", status=404)
    arguments = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    if not all(text.isdecimal() for text in arguments.get("_timelimit", ())):
        return Response.text("_timelimit is a whole number of milliseconds.\n", status=400)
    headers = dict(scope.get("headers") or ())
    host = headers.get(b"host", b"localhost").decode("latin-1")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name in _LOOPBACK:
        return None
    return Response.text(
        f"Refused: this server is for this machine only, and the request is for {name[:80]!r}."
        " Open http://127.0.0.1 with the port that `healthsim-store serve` printed.\n",
        status=421,
    )
