"""The MCP server of healthsim-store: scenarios as tools of a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_store import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def healthsim_store_commands() -> list[click.Command]:
    from .command import mcp

    return [mcp]
