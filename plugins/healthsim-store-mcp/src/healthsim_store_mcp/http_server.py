"""Streamable HTTP on 127.0.0.1, behind a bearer token."""

from __future__ import annotations

import hmac
import secrets
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import click
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from healthsim_store.doors import end_reading

HOST = "127.0.0.1"
LEAST = 16  # characters of a token

_SECONDS = 1  # that open connections are given at the end
_READ = 1_000_000  # bytes of a request that is refused
_REFUSAL = b"A bearer token is required.\n"


def serve_http(server: MCPServer[Any], port: int, token: str | None) -> None:
    """Serve until SIGINT or SIGTERM; every request needs the token.

    Without one, one is made. The address, and a token that was made, are told on stderr.
    """
    import uvicorn

    if token is not None and (len(token) < LEAST or not token.isascii() or not token.isprintable()):
        raise click.UsageError(
            f"The token has {len(token)} characters. Give {LEAST} or more of ASCII, or none: then"
            " one is made."
        )
    key = token or secrets.token_urlsafe(32)
    with _listener(port) as listener:
        number = listener.getsockname()[1]
        hosts = [f"{HOST}:{number}", f"localhost:{number}"]
        # A page in a browser could be led here by its own name server: the Host header tells.
        security = TransportSecuritySettings(
            allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts]
        )
        app = server.streamable_http_app(host=HOST, transport_security=security)
        click.echo(f"http://{HOST}:{number}/mcp", err=True)
        if token is None:
            click.echo(f"Authorization: Bearer {key}", err=True)
        config = uvicorn.Config(
            Locked(app, key), log_level="warning", lifespan="on", ws="none", server_header=False,
            timeout_graceful_shutdown=_SECONDS,
        )  # fmt: skip

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                super().handle_exit(sig, frame)
                # Calls that still read would keep this process from its end. In a thread: it waits
                # for a lock, which what was interrupted here may have.
                threading.Thread(target=end_reading, daemon=True).start()

        Server(config).run(sockets=[listener])


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # before the address is told, so that nobody comes too early
    except (OSError, OverflowError) as error:
        listener.close()
        raise click.ClickException(
            f"Port {port} cannot be used: {error}. Give another, or --port 0 for a free one."
        ) from error
    return listener


class Locked:
    """An application that nobody reaches without the token, which is compared in constant time."""

    def __init__(self, app: Callable[..., Any], token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or self._opens(scope):
            await self._app(scope, receive, send)
            return
        # What was sent is read first, within reason: a client whose connection is closed while it
        # still sends sees a reset and not the answer.
        read, more = 0, scope["type"] == "http"
        while more and read < _READ:
            message = await receive()
            read += len(message.get("body", b""))
            more = message.get("more_body", False)
        headers = [
            (b"www-authenticate", b"Bearer"),
            (b"content-type", b"text/plain"),
            (b"content-length", str(len(_REFUSAL)).encode()),
        ]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": _REFUSAL})

    def _opens(self, scope: Any) -> bool:
        given = [value for name, value in scope.get("headers", ()) if name == b"authorization"]
        if scope["type"] != "http" or len(given) != 1:
            return False
        scheme, _, token = given[0].partition(b" ")
        return hmac.compare_digest(token.strip(), self._token) and scheme.lower() == b"bearer"
