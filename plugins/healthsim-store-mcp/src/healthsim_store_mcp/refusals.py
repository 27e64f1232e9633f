"""Errors that tools raise themselves, with the codes that the store's own have."""

from __future__ import annotations

from mcp.server.mcpserver.exceptions import ToolError

from healthsim_store import errors


def invalid(text: str) -> ToolError:
    """An argument that cannot be used as given."""
    return ToolError(f"{errors.InvalidArgument.code}: {text}")


def unreadable(text: str) -> ToolError:
    """A file that cannot be read."""
    return ToolError(f"{errors.SourceError.code}: {text}")
