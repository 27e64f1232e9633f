"""migrations.sql: the steps by which files of a product's older versions follow it.

A step begins with the marker ``@migration`` in the comment above its first statement, and has all
statements up to the next one. The SQL is plain; what ALTER TABLE cannot do is done by whoever runs
the steps: afterwards each table is made as schema.sql declares it.
"""

from __future__ import annotations

import re

from ..errors import DeclarationError
from .model import Migration
from .sqlfile import Statement, read_statements
from .versions import base_version, compare_versions, is_version

MARKERS = ("migration", "since", "drops_rows", "adds_rows")

_EXAMPLE = "-- @migration rename_dob to 1.1: birth_date was called dob"
_HEAD = re.compile(r"(?P<name>\S+) to (?P<version>[^\s:]+)\s*:\s*(?P<about>\S.*)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MARKED = re.compile(r"\s*--.*(?:^|\s)@migration\b", re.MULTILINE)
_DOES = re.compile(
    r"(?:(?:ALTER|CREATE|DROP)\s+TABLE|CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX"
    r"|INSERT|REPLACE|UPDATE|DELETE|WITH)\b",
    re.IGNORECASE,
)


def read_migrations(
    product: str, version: str, text: str, *, file: str
) -> tuple[str, tuple[Migration, ...]]:
    """The oldest version whose files the steps know, and the steps in their order.

    Args:
        product: the product's name.
        version: its version.
        text: what is in the file; empty where there is none.
        file: how errors call it.

    Raises DeclarationError, with file and line.
    """
    oldest = ""
    steps: dict[str, Migration] = {}
    last: list[Statement] = []
    for statement in read_statements(text, file=file, markers=MARKERS):
        if not _DOES.match(statement.sql):
            raise DeclarationError(
                f"{statement.where}: {statement.sql:.40} does not belong here",
                hint="A migration has ALTER, CREATE and DROP TABLE or INDEX, INSERT, UPDATE and"
                " DELETE. Views, checks and what else is declared are brought by the upgrade.",
            )
        if "migration" in statement.comment.markers:
            last = [statement]
            step = _read_step(product, statement)
            _check_step(step, steps, version)
            oldest = oldest or _read_since(statement, step)
        else:
            _check_further(statement, last)
            last.append(statement)
        steps[step.name] = _with_statements(step, last)
    marked = len(_MARKED.findall(text))
    if marked != len(steps):
        raise DeclarationError(
            f"{file}: {marked} lines have @migration, but {len(steps)} are above a statement",
            hint="Put the comment directly above the first statement of its migration, without an"
            " empty line between them.",
        )
    return oldest, tuple(steps.values())


def _read_step(product: str, statement: Statement) -> Migration:
    (head, *more) = statement.comment.every("migration")
    found = _HEAD.fullmatch(head)
    if found is None or more or not _NAME.fullmatch(found["name"]):
        raise DeclarationError(
            f"{statement.where}: @migration {head} is not understood",
            hint=f"A name in lower case, a version, and what it does, as in {_EXAMPLE}",
        )
    if not is_version(found["version"]):
        raise DeclarationError(
            f"{statement.where}: @migration {found['name']} to {found['version']}, which is no"
            " version",
            hint="A version is like 2.0, as PEP 440 says.",
        )
    return Migration(
        name=found["name"],
        product=product,
        version=found["version"],
        description=found["about"],
        drops_rows=statement.comment.words("drops_rows"),
        adds_rows=statement.comment.words("adds_rows"),
        where=statement.where,
    )


def _check_step(step: Migration, before: dict[str, Migration], version: str) -> None:
    if step.name in before:
        raise DeclarationError(f"{step.where}: a second migration named {step.name}")
    if compare_versions(step.version, base_version(version)) > 0:
        raise DeclarationError(
            f"{step.where}: {step.name} is to {step.version}, but the product is {version}",
            hint=f"Raise the version of {step.product}, or correct that of the migration.",
        )
    previous = [*before.values()][-1] if before else None
    if previous and compare_versions(step.version, previous.version) < 0:
        raise DeclarationError(
            f"{step.where}: {step.name} is to {step.version}, and stands after {previous.name},"
            f" which is to {previous.version}",
            hint="Migrations stand in the order of their versions, the oldest first.",
        )


def _read_since(statement: Statement, step: Migration) -> str:
    since = statement.comment.markers.get("since", "")
    if not is_version(since) or compare_versions(since, step.version) >= 0:
        raise DeclarationError(
            f"{statement.where}: the first migration needs @since and a version before"
            f" {step.version}",
            hint="@since 1.0 says that files of 1.0 and later can follow; older ones are refused.",
        )
    return since


def _check_further(statement: Statement, before: list[Statement]) -> None:
    if not before:
        raise DeclarationError(
            f"{statement.where}: a statement before the first @migration",
            hint=f"Begin with a comment such as {_EXAMPLE} @since 1.0",
        )
    if statement.comment.markers:
        (marker, *_) = statement.comment.markers
        raise DeclarationError(
            f"{statement.where}: @{marker} belongs to the comment with @migration, above the first"
            " statement"
        )


def _with_statements(step: Migration, statements: list[Statement]) -> Migration:
    return Migration(
        step.name,
        step.product,
        step.version,
        step.description,
        tuple((statement.sql, statement.where) for statement in statements),
        step.drops_rows,
        step.adds_rows,
        step.where,
    )
