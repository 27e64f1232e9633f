"""Which requests `serve` refuses before Datasette sees them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from datasette.utils.asgi import Response

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

# What our pages need of Datasette's own pages below /-/. The others tell where the files are and
# how the server is set up. The menu on the pages of Datasette 1.0 asks /-/jump.
_OPEN = ("/-/static/", "/-/static-plugins/", "/-/scenarios", "/-/pages/", "/-/jump")


def raw_path(scope: dict[str, Any]) -> str:
    """The path as it was sent, without the arguments."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path.decode("ascii", "replace").partition("?")[0]


def refuse(scope: dict[str, Any], *, loopback: bool) -> Response | None:
    """The answer to a request that `serve` refuses; None for one that may pass.

    Refused are: anything but reading, Datasette's pages about itself, and requests for another
    host. Without the last check, a web page elsewhere could read the scenarios in the visitor's
    browser, by a host name that its owner points to this machine.
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
