"""`healthsim-store mcp`: the server over stdio, or on loopback over HTTP."""

from __future__ import annotations

import os
from pathlib import Path

import click

TOKEN = "HEALTHSIM_STORE_MCP_TOKEN"  # noqa: S105 - the variable's name, not a token


@click.command()
@click.option(
    "--store",
    "folder",
    metavar="FOLDER",
    help="Folder of the scenarios  [default: HEALTHSIM_STORE_DIR, else your user data folder]",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False),
    help="A folder that tools may read and write beside the store; may be repeated. Exports go"
    " into the first.",
)
@click.option("--read-only", is_flag=True, help="Only the tools that read.")
@click.option("--http", is_flag=True, help="Streamable HTTP on 127.0.0.1 instead of stdio.")
@click.option(
    "--port", default=8764, show_default=True, type=click.IntRange(0, 65535),
    help="With --http; 0 takes a free one.",
)  # fmt: skip
def mcp(
    folder: str | None, allowed: tuple[str, ...], read_only: bool, http: bool, port: int
) -> None:
    """Serve the scenarios to a language model as MCP tools.

    Over stdio a client starts it. Over HTTP every request needs the bearer token of
    HEALTHSIM_STORE_MCP_TOKEN; without that variable one is made and told on stderr.
    """
    from .interrupts import end_on_interrupt
    from .server import build

    store = Path(folder).expanduser().absolute() if folder else None
    server = build(store, allowed=[Path(each) for each in allowed], read_only=read_only)
    if http:
        from .http_server import serve_http

        serve_http(server, port, os.environ.get(TOKEN))
    else:
        end_on_interrupt()
        server.run("stdio")
