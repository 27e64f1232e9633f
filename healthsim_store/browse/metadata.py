"""metadata.yml and datasette.yml: what Datasette shows of a scenario, from what products declare.

Datasette 0.65 reads descriptions, facets and canned queries from metadata.yml; 1.0 reads the
descriptions there, and facets and queries from datasette.yml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InvalidArgument, NotWritable
from ..schema.model import THIS_SCENARIO, Column, Declaration, EntityType, Question, Statistic
from ..storage.housekeeping import NAMES
from ..storage.own_questions import OWN
from .plain_queries import plain_sql

HEADER = "# Written by `healthsim-store metadata` from the installed products. Do not edit.\n"
DATABASE = "scenario"

_FACETS = 4


def write_metadata(
    folder: Path,
    declarations: Iterable[Declaration],
    *,
    databases: Sequence[str] = (DATABASE,),
    force: bool = False,
) -> list[Path]:
    """Write both files. A database is named as Datasette does: the file's name without .db.

    Raises InvalidArgument for a file that somebody else wrote, unless ``force``.
    """
    import yaml

    chosen = list(declarations)
    files = {
        folder / "metadata.yml": _metadata(chosen, databases),
        folder / "datasette.yml": _configuration(chosen, databases),
    }
    try:
        for path in files:
            if path.exists() and not force and not path.read_text("utf-8").startswith(HEADER):
                raise InvalidArgument(
                    f"{path} was not written by this command.",
                    hint="Choose another folder with --to, or give --force to overwrite it.",
                )
        for path, document in files.items():
            text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
            path.write_text(HEADER + text, "utf-8")
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written: {error.strerror}.") from error
    return [*files]


def describe_database(
    entity_types: Sequence[EntityType],
    statistics: Sequence[Statistic],
    questions: Sequence[Question] = (),
) -> dict[str, Any]:
    """Tables and canned queries as Datasette's metadata has them for one database."""
    configuration = _tables(entity_types)
    tables: dict[str, Any] = {
        entity_type.name: {
            "title": entity_type.label,
            "description": entity_type.description,
            "columns": {column.name: _told(column) for column in entity_type.columns},
            **configuration[entity_type.name],
        }
        for entity_type in entity_types
    }
    return {"tables": tables | _hidden(), "queries": _queries(questions, statistics)}


def query_name(asked: Question | Statistic) -> str:
    """What Datasette calls a question or statistic; also the end of its page's address."""
    if asked.product == THIS_SCENARIO:
        # With a capital letter, as no product and no table of one has it.
        return f"Saved_{asked.name.removeprefix(f'{OWN}.')}"
    # In a file, one whose name another product took first is called product.name.
    return f"{asked.product}_{asked.name.removeprefix(f'{asked.product}.')}"


def _metadata(declarations: list[Declaration], databases: Sequence[str]) -> dict[str, Any]:
    described = describe_database(
        _entity_types(declarations), _statistics(declarations), _plain(declarations)
    )
    return {
        "title": "Scenarios of synthetic healthcare data",
        "description": "All people in it are invented.",
        "databases": dict.fromkeys(databases, described),
    }


def _configuration(declarations: list[Declaration], databases: Sequence[str]) -> dict[str, Any]:
    tables = _tables(_entity_types(declarations)) | _hidden()
    queries = _queries(_plain(declarations), _statistics(declarations))
    return {"databases": {name: {"tables": tables, "queries": queries} for name in databases}}


def _hidden() -> dict[str, Any]:
    return {name: {"hidden": True} for name in NAMES}


def _entity_types(declarations: list[Declaration]) -> list[EntityType]:
    return [entity_type for declaration in declarations for entity_type in declaration.entity_types]


def _statistics(declarations: list[Declaration]) -> list[Statistic]:
    return [statistic for declaration in declarations for statistic in declaration.statistics]


def _plain(declarations: list[Declaration]) -> list[Question]:
    """The questions, with the SQL that needs no plugin of ours to bind what is filled in."""
    return [
        replace(question, sql=plain_sql(question), description=_described(question))
        for declaration in declarations
        for question in declaration.questions
    ]


def _described(question: Question) -> str:
    """What the question is about, and its parameters, for Datasette's form has names only."""
    parameters = "; ".join(parameter.told for parameter in question.declared)
    return " ".join(filter(None, [question.description, parameters and f"{parameters}."]))


def _tables(entity_types: Iterable[EntityType]) -> dict[str, Any]:
    """What Datasette does with each table: facets for columns with few values, and a label.

    A table is sorted by what labels it: a natural key has an index, so that also the first page of
    a million rows comes at once.
    """
    tables: dict[str, Any] = {}
    for entity_type in entity_types:
        facets = [column.name for column in entity_type.columns if column.values]
        keys = [key[0] for key in entity_type.unique_keys if len(key) == 1]
        tables[entity_type.name] = {
            **({"label_column": keys[0], "sort": keys[0]} if keys else {}),
            **({"facets": facets[:_FACETS]} if facets else {}),
        }
    return tables


def _queries(questions: Iterable[Question], statistics: Iterable[Statistic]) -> dict[str, Any]:
    """The questions, with a field for each value, then the statistics, to be run by a click."""
    queries: dict[str, Any] = {
        query_name(question): {
            "title": question.label,
            **({"description": question.description} if question.description else {}),
            "sql": question.sql,
            **(
                {"params": [one.name for one in question.parameters]} if question.parameters else {}
            ),
            "hide_sql": True,  # its fields and rows are what the reader came for
        }
        for question in questions
    }
    for statistic in statistics:
        told = {"title": f"{statistic.section}: {statistic.label}", "sql": statistic.sql}
        queries.setdefault(query_name(statistic), told)
    return queries


def _told(column: Column) -> str:
    notes = [
        f"unit {column.unit}" if column.unit else "",
        column.codes or "",
        "sensitive" if column.sensitive else "",
        f"refers to {column.references.entity_type}" if column.references else "",
    ]
    told = "; ".join(note for note in notes if note)
    return f"{column.description} ({told})" if told else column.description
