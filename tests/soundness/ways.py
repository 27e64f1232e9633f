"""The ways in: each stores columns of values as a user of that way would."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic
from nasty import Raw
from trial import Column, Columns, Way

from healthsim_store import Store


def rows_of(columns: Columns) -> list[dict[str, Any]]:
    count = len(columns["sample_id"].values)
    return [{name: c.values[i] for name, c in columns.items()} for i in range(count)]


# -- objects of Python ---------------------------------------------------------------------------


def _dicts(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
    store.persist({"samples": rows_of(columns)}, scenario=scenario)


def _dataclasses(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
    made = dataclasses.make_dataclass("Sample", list(columns))
    store.persist({"samples": [made(**row) for row in rows_of(columns)]}, scenario=scenario)


def _models(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
    fields: dict[str, Any] = dict.fromkeys(columns, (Any, ...))
    made = pydantic.create_model("Sample", **fields)
    store.persist({"samples": [made(**row) for row in rows_of(columns)]}, scenario=scenario)


# -- files of text -------------------------------------------------------------------------------


def _delimited(delimiter: str, suffix: str) -> Callable[[Store, str, Columns, Path], None]:
    def give(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        writer.writerows(zip(*(column.values for column in columns.values()), strict=True))
        path = folder / f"samples{suffix}"
        path.write_bytes(text.getvalue().encode())
        store.import_data(path, scenario=scenario)

    return give


def _json_value(value: Any) -> str:
    return value.text if isinstance(value, Raw) else json.dumps(value)


def _objects(columns: Columns) -> list[str]:
    names = [json.dumps(name) for name in columns]
    return [
        "{" + ", ".join(f"{n}: {_json_value(v)}" for n, v in zip(names, row, strict=True)) + "}"
        for row in zip(*(column.values for column in columns.values()), strict=True)
    ]


def _json(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
    path = folder / "samples.json"
    path.write_text(f"[{', '.join(_objects(columns))}]", "utf-8")
    store.import_data(path, scenario=scenario)


def _lines(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
    path = folder / "samples.ndjson"
    path.write_text("".join(f"{line}\n" for line in _objects(columns)), "utf-8")
    store.import_data(path, scenario=scenario)


OBJECTS = (Way("dict", _dicts), Way("dataclass", _dataclasses), Way("pydantic", _models))
DELIMITED = (Way("CSV", _delimited(",", ".csv")), Way("TSV", _delimited("\t", ".tsv")))
JSON = (Way("JSON", _json), Way("NDJSON", _lines))


def untyped(values: list[Any], meanings: list[Any], names: list[str]) -> Columns:
    """All values in every column, in each beside others."""
    columns = {}
    for shift, name in enumerate(names):
        at = [(place + 7 * shift) % len(values) for place in range(len(values))]
        columns[name] = Column([values[i] for i in at], [meanings[i] for i in at])
    return columns
