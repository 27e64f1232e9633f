"""The .sql files of a product: statements, the comment above each, and markers in comments."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ..base.spelling import meant_by
from ..errors import DeclarationError

_MARKER = re.compile(r"(?:^|\s)@([a-z_]+)")
# Markers that need no word behind them, and markers that may be repeated; the others need one
# value, where a second one would be added to the first without a word.
_FLAGS = ("acyclic", "chart", "many", "sensitive")
_LISTS = ("alias", "import", "include", "param", "synonym")
_PAIRS = ("synonym",)  # of which commas stand between the values
_VALUES = (
    *_LISTS, "about", "card", "codes", "derived", "file", "from", "into", "json", "label", "name",
    "note", "references", "section", "show", "skip", "unit",
)  # fmt: skip

# A quoted piece or a comment goes on to the end of the text where nobody closes it.
_PIECE = re.compile(
    r"""'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[^\]]*(?:\]|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)|;""",
    re.DOTALL,
)
_CLOSED_BY = {"'": "'", '"': '"', "`": "`", "[": "]", "/": "*/"}
# What may stand between two statements: a line without one, or the rest of a line.
_BETWEEN = re.compile(r"[^\S\n]*(?:--(?P<comment>[^\n]*))?(?:\n|\Z)")
_TABLE = re.compile(r"\s*CREATE\s+TABLE\b", re.IGNORECASE)


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

    def where_at(self, line: int) -> str:
        """The place of a line of the statement, whose own first line is 1."""
        return f"{self.file}, line {self.line + line - 1}"


def read_comment(
    text: str, *, allowed: Collection[str], where: str, stored: bool = False
) -> Comment:
    """Split a comment into text and markers.

    Args:
        text: the comment, without its dashes.
        allowed: the markers that may be there.
        where: file and line, for messages.
        stored: it is from a scenario file, where an older version let in more.

    Raises DeclarationError for a marker that is not ``allowed``, is given twice, or lacks a value.
    """
    parts = _MARKER.split(text)
    markers: dict[str, str] = {}
    given: list[tuple[str, str]] = []
    for marker, value in zip(parts[1::2], parts[2::2], strict=True):
        if marker not in allowed:
            listed = f"Allowed here: {', '.join('@' + name for name in sorted(allowed))}."
            near = meant_by(marker, allowed).names
            raise DeclarationError(
                f"{where}: unknown marker @{marker}",
                hint=f"Did you mean @{near[0]}? {listed}" if near else listed,
            )
        value = " ".join(value.split())
        if not stored:
            _check_value(marker, value, marker in markers, where)
        given.append((marker, value))
        between = ", " if marker in _PAIRS else " "
        markers[marker] = f"{markers[marker]}{between}{value}" if marker in markers else value
    return Comment(" ".join(parts[0].split()), markers, tuple(given))


def head_comment(sql: str, *, allowed: Collection[str], where: str) -> Comment:
    """The first comment of a file, up to an empty line; an empty one where it has none.

    Args:
        sql: the text of the file.
        allowed: the markers that may be there.
        where: the file, for messages.

    Raises DeclarationError.
    """
    lines: list[str] = []
    if "\0" in sql:
        raise DeclarationError(f"{where}: there is a NUL in it")
    for line in sql.splitlines():
        if not line.startswith("--"):
            if not line.strip():
                break
            lines = []  # this comment belongs to a statement
            break
        lines.append(line.removeprefix("--").strip())
    return read_comment(" ".join(lines), allowed=allowed, where=f"{where}, line 1")


def joined_comments(comments: Iterable[str]) -> str:
    """Several comments of one thing as one: their texts, then their markers."""
    found = [(text, _MARKER.search(text)) for text in comments]
    texts = [text[: marker.start()] if marker else text for text, marker in found]
    return " ".join([*texts, *(text[marker.start() :] for text, marker in found if marker)])


def _check_value(marker: str, value: str, repeated: bool, where: str) -> None:
    if repeated and marker not in _LISTS:
        raise DeclarationError(
            f"{where}: a second @{marker}",
            hint=f"Only {', '.join('@' + name for name in _LISTS)} may be repeated.",
        )
    if marker in _FLAGS and value:
        raise DeclarationError(
            f"{where}: @{marker} {value}",
            hint=f"@{marker} has no value; a description stands before the markers.",
        )
    if marker in _VALUES and not value:
        raise DeclarationError(f"{where}: @{marker} has no value")


def markers_in(text: str, known: Collection[str]) -> list[str]:
    """The known markers that a piece of text has."""
    return [marker for marker in _MARKER.findall(text) if marker in known]


def comments_of(sql: str) -> list[tuple[int, str]]:
    """Each comment inside of SQL, as written, and its line; the first line is 1."""
    return [
        (sql.count("\n", 0, found.start()) + 1, found[0])
        for found in _PIECE.finditer(sql)
        if found[0].startswith(("--", "/*"))
    ]


def blanked(sql: str) -> str:
    """The SQL, as long as it is, without what is in comments and texts; a quoted name is xxxx."""

    def blank(found: re.Match[str]) -> str:
        piece = found[0]
        letter = "x" if piece[0] in '"`[' else ";" if piece == ";" else " "
        return re.sub(r"[^\n]", letter, piece)

    return _PIECE.sub(blank, sql)


def read_statements(
    text: str,
    *,
    file: str,
    markers: Collection[str],
    head: Collection[str] = (),
    stored: bool = False,
) -> list[Statement]:
    """The statements of a .sql file.

    A comment belongs to the statement below it; one followed by an empty line belongs to the file.

    Args:
        text: what is in the file.
        file: how messages call it.
        markers: those that may stand in the comment above a statement.
        head: those that may stand in a comment of the file.
        stored: the text is from a scenario file, where an older version let in more.

    Raises DeclarationError for an unknown marker, a marker at a wrong place, a last statement
    without its semicolon, and a NUL.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DeclarationError(f"{file}, line {line}: there is a NUL in it", hint="Remove it.")
    lost = () if stored else [marker for marker in markers if marker not in head]
    statements: list[Statement] = []
    comment: list[tuple[int, str]] = []
    at, line = 0, 1
    while at < len(text):
        between = _BETWEEN.match(text, at)
        if between is not None:
            begins_line = at == 0 or text[at - 1] == "\n"
            if between["comment"] is None and begins_line:
                _refuse_lost(file, comment, lost, "an empty line parts it from its statement")
                comment.clear()
            elif between["comment"] is not None and begins_line:
                comment.append((line, between["comment"].strip()))
            elif between["comment"] is not None:
                place = [(line, between["comment"])]
                _refuse_lost(file, place, lost, "it belongs above the statement, not behind it")
            at, line = between.end(), line + 1
            continue
        begin = at + len(text[at:]) - len(text[at:].lstrip())
        end = _end(text, begin, f"{file}, line {line}", line)
        sql = text[begin : end - 1]
        where = f"{file}, line {line}"
        above = " ".join(words for _, words in comment)
        found = read_comment(above, allowed=markers, where=where, stored=stored)
        if not _TABLE.match(sql):  # the comments of a table's columns have markers
            inside = [(line + below - 1, words) for below, words in comments_of(sql)]
            _refuse_lost(file, inside, lost, "it belongs above the statement, not into it")
        if sql.strip():
            statements.append(Statement(sql, found, file, line))
        comment = []
        at, line = end, line + text.count("\n", begin, end)
    _refuse_lost(file, comment, lost, "no statement follows")
    return statements


def _refuse_lost(
    file: str, comments: Sequence[tuple[int, str]], markers: Collection[str], why: str
) -> None:
    for line, words in comments:
        for marker in markers_in(words, markers):
            raise DeclarationError(f"{file}, line {line}: @{marker} belongs to nothing: {why}")


def _end(text: str, begin: int, where: str, line: int) -> int:
    """Where the statement ends that begins there, behind its semicolon."""
    last = None
    for last in _PIECE.finditer(text, begin):
        # The semicolons inside of a trigger end no statement.
        if last[0] == ";" and sqlite3.complete_statement(text[begin : last.end()]):
            return last.end()
    told = ""
    closing = _CLOSED_BY.get(last[0][0]) if last else None
    if last and closing and not (last[0].endswith(closing) and len(last[0]) > len(closing)):
        place = line + text.count("\n", begin, last.start())
        told = f": the {last[0][0] if closing != '*/' else '/*'} in line {place} is not closed"
    raise DeclarationError(
        f"{where}: the statement has no end{told}",
        hint="Close the quote or bracket, and end the statement with a semicolon.",
    )
