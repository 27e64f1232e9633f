"""The .sql files of a product: statements, the comment above each, and markers in comments."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field

from ..errors import DeclarationError

_MARKER = re.compile(r"(?:^|\s)@([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment's text, and its markers: ``-- Weight @unit kg`` is ``Weight``, ``{unit: kg}``."""

    text: str = ""
    markers: dict[str, str] = field(default_factory=dict)
    # Every marker in its order, also one that is repeated.
    given: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def every(self, marker: str) -> tuple[str, ...]:
        """What stands behind each one of a marker that may be repeated."""
        return tuple(text for name, text in self.given if name == marker)

    def words(self, marker: str) -> tuple[str, ...]:
        return tuple(self.markers.get(marker, "").split())

    def pairs(self, marker: str) -> dict[str, str]:
        """``@synonym female=F, male=M`` as a dict."""
        pairs = (pair.partition("=") for pair in self.markers.get(marker, "").split(","))
        return {key.strip(): value.strip() for key, equals, value in pairs if equals}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as written, the comment block above it, and where it stands."""

    sql: str
    comment: Comment
    file: str
    line: int

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}"


def read_comment(text: str, *, allowed: Collection[str], where: str) -> Comment:
    """Split a comment into text and markers.

    Raises DeclarationError for a marker that is not ``allowed``.
    """
    parts = _MARKER.split(text)
    markers: dict[str, str] = {}
    given: list[tuple[str, str]] = []
    for marker, value in zip(parts[1::2], parts[2::2], strict=True):
        if marker not in allowed:
            raise DeclarationError(
                f"{where}: unknown marker @{marker}",
                hint=f"Allowed here: {', '.join('@' + name for name in sorted(allowed))}.",
            )
        value = " ".join(value.split())
        given.append((marker, value))
        markers[marker] = f"{markers[marker]} {value}" if marker in markers else value
    return Comment(" ".join(parts[0].split()), markers, tuple(given))


def read_statements(text: str, *, file: str, markers: Collection[str]) -> list[Statement]:
    """The statements of a .sql file.

    A comment belongs to the statement below it; one followed by an empty line belongs to the file.
    Raises DeclarationError for an unknown marker or a last statement without its semicolon.
    """
    statements: list[Statement] = []
    comment: list[str] = []
    body: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not body:
            if stripped.startswith("--"):
                comment.append(stripped.removeprefix("--").strip())
                continue
            if not stripped:
                comment.clear()
                continue
            start = number
        body.append(line)
        sql = "\n".join(body)
        if sqlite3.complete_statement(sql):
            where = f"{file}, line {start}"
            above = read_comment(" ".join(comment), allowed=markers, where=where)
            statements.append(Statement(sql.strip().rstrip(";"), above, file, start))
            comment, body = [], []
    if body:
        raise DeclarationError(
            f"{file}, line {start}: the statement has no end",
            hint="Close the quote or bracket, and end the statement with a semicolon.",
        )
    return statements
