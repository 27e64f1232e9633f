"""What a user says of a scenario: its description, notes in its log, questions of its own."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.sqlite import transaction
from ..base.text import did_you_mean
from ..base.wording import option, takes
from ..errors import DeclarationError, InvalidArgument, UnknownQuestion
from ..query.pages import fetch_page
from ..schema.dry_run import values_to_try
from ..schema.model import THIS_SCENARIO, Question
from ..schema.parser import make_question
from ..storage.catalog import read_entity_types, read_questions, read_statistics
from ..storage.files import Files
from ..storage.format import read_identity, upgrade, write_log
from ..storage.own_questions import (
    MAX_OWN,
    OWN,
    read_own_names,
    remove_own_question,
    write_own_question,
)
from ..storage.recording import Recorder
from ..storage.sandbox import Sandbox, check_length
from ..storage.scenario import opened

MAX_NOTE = 1_000  # characters
MAX_TITLE = 200
MAX_ABOUT = 1_000


@contextlib.contextmanager
def _changing(files: Files, path: Path) -> Iterator[sqlite3.Connection]:
    """The file in a transaction, in which what is said of the scenario changes."""
    files.check_writable(path)
    with opened(path, rows=False) as connection, transaction(connection):
        upgrade(connection)
        yield connection


def describe_file(files: Files, path: Path, description: str | None) -> str | None:
    """Give a scenario another description, or none; as it is now. One that it has is no change."""
    text = (description or "").strip() or None
    with _changing(files, path) as connection:
        if read_identity(connection).description != text:
            recorder = Recorder(connection)
            connection.execute("UPDATE _scenario SET description = ?", (text,))
            write_log(connection, "describe", details={"description": text})
            recorder.save()
    return text


def note_file(files: Files, path: Path, text: str) -> int:
    """Write a note into a scenario's log; the number of its entry."""
    note = _line("note", text, MAX_NOTE)
    with _changing(files, path) as connection:
        return write_log(connection, "note", details={"text": note})


def _line(what: str, text: Any, most: int, least: int = 1) -> str:
    """The text without blanks around it. Raises InvalidArgument for what is no line of a text."""
    if not isinstance(text, str):
        raise InvalidArgument(f"The {what} is {text!r:.60}.", hint="Give a text.")
    line = text.strip()
    if not least <= len(line) <= most or (line and not line.isprintable()):
        told = f"has {len(line):,} characters" if line.isprintable() else "has more than one line"
        raise InvalidArgument(
            f"The {what} {told if line else 'is empty'}.",
            hint=f"Give one line of {least} to {most:,} printable characters.",
        )
    return line


# -- questions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """A question as it was given; see `Store.save_question`."""

    name: str
    sql: str
    title: str | None
    description: str
    parameters: Sequence[str]
    replace: bool
    timeout: float


def save_question(files: Files, path: Path, draft: Draft) -> Question:
    """Save a question in a scenario, once it was looked at and run there.

    Raises InvalidArgument for what no product's question may be, and for a name that is taken, and
    what `Store.query_scenario` raises.
    """
    with files.moment(path) as sandbox:
        question = _checked(sandbox, draft)
        _check_free(sandbox, question.name, draft.replace)
        for values in values_to_try(question):
            fetch_page(
                sandbox, question.sql, values, limit=1, offset=0, timeout=draft.timeout
            )  # fmt: skip
    with _changing(files, path) as connection:
        if not draft.replace and question.name in read_own_names(connection):
            raise _taken(question.name)  # somebody has saved it just now
        recorder = Recorder(connection)
        write_own_question(connection, question)
        write_log(connection, "question", details={"saved": question.name})
        recorder.save()
    return question


def _checked(sandbox: Sandbox, draft: Draft) -> Question:
    if not isinstance(draft.sql, str) or not isinstance(draft.name, str):
        raise InvalidArgument("A question has a name and one SELECT, both of them text.")
    if isinstance(draft.parameters, str):
        raise InvalidArgument("parameters is a text.", hint="Give a list of texts.")
    check_length(draft.sql)
    name = draft.name.strip()
    title = name.replace("_", " ").capitalize()
    title = _line("title", draft.title, MAX_TITLE) if draft.title else title
    about = _line("description", draft.description or "", MAX_ABOUT, least=0)
    plain = Question(
        name, THIS_SCENARIO, title, about, draft.sql.strip().rstrip(";").rstrip(),
        where=f"the question {name!r:.80}",
    )  # fmt: skip
    try:
        texts = [_line("parameter", text, MAX_ABOUT) for text in draft.parameters]
        return make_question(plain, texts, read_entity_types(sandbox.connection))
    except DeclarationError as error:
        message = f"{error.message[:1].upper()}{error.message[1:].rstrip('.')}."
        raise InvalidArgument(message, hint=error.hint) from error


def _check_free(sandbox: Sandbox, name: str, replace: bool) -> None:
    """Raises InvalidArgument where a product, or the scenario, has the name."""
    connection = sandbox.connection
    for what, found in (
        ("question", read_questions(connection)),
        ("statistic", read_statistics(connection)),
    ):
        owners = [
            one.product
            for one in found
            if one.name.removeprefix(f"{one.product}.") == name and one.product != THIS_SCENARIO
        ]
        if owners:
            raise InvalidArgument(
                f"{name} is a {what} of {owners[0]} already, and would be one of"
                f" {THIS_SCENARIO} too.",
                hint="Choose another name.",
            )
    own = read_own_names(connection)
    if name in own and not replace:
        raise _taken(name)
    if name not in own and len(own) >= MAX_OWN:
        raise InvalidArgument(
            f"{THIS_SCENARIO.capitalize()} has {len(own)} questions already.",
            hint="Remove one that nobody asks any more.",
        )


def _taken(name: str) -> InvalidArgument:
    instead = f"{option('replace', True)} puts this one in its place."
    return InvalidArgument(
        f"{THIS_SCENARIO.capitalize()} has a question {name} already.",
        hint=instead if takes("replace") else "Choose another name, or remove that one first.",
    )


def remove_question(files: Files, path: Path, name: str) -> str:
    """Take a question out of a scenario that was saved there; its name.

    Raises UnknownQuestion, also for a question of a product.
    """
    plain = str(name).strip().removeprefix(f"{OWN}.")
    with files.moment(path) as sandbox:
        own = read_own_names(sandbox.connection)
        if plain not in own:
            _refuse_removing(sandbox, plain, own)
    with _changing(files, path) as connection:
        recorder = Recorder(connection)
        remove_own_question(connection, plain)
        write_log(connection, "question", details={"removed": plain})
        recorder.save()
    return plain


def _refuse_removing(sandbox: Sandbox, name: str, own: Sequence[str]) -> None:
    owners = [q.product for q in read_questions(sandbox.connection) if q.name == name]
    if owners:
        raise UnknownQuestion(
            f"{name:.60} is a question of {owners[0]}, not of {THIS_SCENARIO}: it stays.",
            hint="Only what was saved in the scenario can be removed.",
        )
    saved = f"Saved here: {', '.join(own[:12])}." if own else "None was saved here."
    raise UnknownQuestion(
        f"There is no question {name!r:.60} of {THIS_SCENARIO}.",
        hint=did_you_mean(name, own) or saved,
    )
