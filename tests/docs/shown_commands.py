"""The commands of a page: what it prints in shell and Python blocks, to be run one by one."""

from __future__ import annotations

import itertools
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What a line of a shell block begins with.
PROGRAMS = frozenset(
    {".", "claude", "curl", "datasette", "export", "frictionless", "healthsim-store", "npx",
     "pip", "pipx", "python3", "uv"}
)  # fmt: skip
# What the first line of a block begins with that shows an answer, or a command with its answer.
ANSWERS = ("$ ", "**", "Nothing was stored")


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed or run; ``language`` is that of its block: bash, python or sql."""

    language: str
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)


def read_commands(page: Path) -> Iterator[Command]:
    """What a Markdown page prints, in its order. Raises ValueError for a block of no known kind."""
    for language, block in _blocks(page.read_text("utf-8")):
        if language in ("python", "sql"):
            yield Command(language, block)
        elif language == "bash" or (not language and _program(block) in PROGRAMS):
            yield from (Command("bash", line) for line in split(block))
        elif not language and not block.startswith(ANSWERS):
            raise ValueError(f"{page.name}: is this a command or an answer?\n{block}")


def read_answers(page: Path) -> list[str]:
    """What a page prints in fenced blocks of no language: answers, as they are on the screen."""
    return [block for language, block in _blocks(page.read_text("utf-8")) if language == "text"]


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Fenced blocks with their language ("text" if none), and indented ones, with none."""
    lines = iter([*text.splitlines(), ""])
    indented: list[str] = []
    for line in lines:
        # A line between two indented ones may be empty.
        if line.startswith("    ") or (indented and not line):
            indented.append(line)
            continue
        if indented:
            yield "", textwrap.dedent("\n".join(indented)).strip("\n")
            indented = []
        if line.startswith("```"):
            fenced = itertools.takewhile(lambda inner: inner != "```", lines)
            yield line.removeprefix("```") or "text", "\n".join(fenced) + "\n"
    if any(indented):
        yield "", textwrap.dedent("\n".join(indented)).strip("\n")


def _program(block: str) -> str:
    return block.split(maxsplit=1)[0] if block.strip() else ""


def split(block: str) -> Iterator[str]:
    """The commands of a shell block: a line each, or more with a backslash or an open quote."""
    pending = ""
    for line in block.splitlines():
        pending += line
        if not pending.strip() or pending.lstrip().startswith("#"):
            pending = ""
            continue
        if pending.endswith("\\") or not _closed(pending):
            pending += "\n"
            continue
        yield pending
        pending = ""
    if pending:
        raise ValueError(f"This command does not end: {pending}")


def _closed(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return True
