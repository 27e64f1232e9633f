"""For plugin authors: what a door needs, such as the MCP server, beside the verbs of the package.

A door is where calls come in that are not Python's. It tells where they come from (`at`), so that
hints are in its own words; it gives values their types as the command line does; whatever is raised
becomes one error of ours; and it offers the tools that other plugins bring.

    from healthsim_store.doors import MCP, as_error, at


    def call(tool, **arguments):
        with at(MCP, arguments):
            try:
                return tool(**arguments)
            except Exception as error:
                return as_error(error, tool.__name__).to_dict()
"""

from __future__ import annotations

from .additions import Tool
from .base.faults import as_error, blamed_on, in_one_line
from .base.text import shorten
from .base.wording import BROWSER, MCP, PYTHON, SHELL, at
from .exchange.reading_options import reserved as options_of_files
from .operations.strategies import STRATEGIES
from .plugins import installed
from .query.select import all_typed

__all__ = [
    "BROWSER", "MCP", "PYTHON", "SHELL", "STRATEGIES", "all_typed", "as_error", "at", "blamed_on",
    "in_one_line", "options_of_files", "shorten", "tools_of_plugins",
]  # fmt: skip


def tools_of_plugins() -> list[tuple[str, Tool]]:
    """The tools that the healthy plugins bring, each with the name of its plugin."""
    return installed().owned("tools")
