"""For plugin authors: what a door needs, such as the MCP server, beside the verbs of the package.

A door is where calls come in that are not Python's. It tells where they come from (`at`), so that
hints are in its own words; it gives values their types as the command line does; whatever is raised
becomes one error of ours; it offers the tools that other plugins bring; and where it is a server it
says that many ask at once (`serve_many`), and ends what still reads when it ends (`end_reading`).

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
from .storage.processes import processes

__all__ = [
    "BROWSER", "MCP", "PYTHON", "SHELL", "STRATEGIES", "all_typed", "as_error", "at", "blamed_on",
    "end_reading", "in_one_line", "options_of_files", "serve_many", "shorten", "tools_of_plugins",
]  # fmt: skip


def tools_of_plugins() -> list[tuple[str, Tool]]:
    """The tools that the healthy plugins bring, each with the name of its plugin."""
    return installed().owned("tools")


def serve_many() -> None:
    """Many ask this program at once: from now on what is slow lets the others go first."""
    processes.serve_many()


def end_reading() -> None:
    """End all that this program reads from files, for good; it may wait for what begins just now.

    Call it where the program ends. Whoever still waits for an answer gets an error.
    """
    processes.end_all()
