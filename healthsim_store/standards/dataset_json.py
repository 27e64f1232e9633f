"""Dataset-JSON 1.1, as one JSON document or as NDJSON (https://www.cdisc.org/standards/dataset-json).

An empty text is ``""`` and an unknown number null, as the standard has it. Dates are ISO 8601 text.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..base.version import __version__
from .output import DEFINE, Output

VERSION = "1.1.0"

_TYPES = {
    "text": "string", "integer": "integer", "real": "float", "decimal": "float",
    "boolean": "boolean", "date": "date", "timestamp": "datetime", "partial": "string",
    "json": "string",
}  # fmt: skip
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode
_CHUNK = 1_000  # rows that are made into text at once


def write_json(output: Output, path: Path) -> None:
    """One document, row by row."""
    head = json.dumps(_head(output), ensure_ascii=False, indent=1)
    separator = "\n"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(head.removesuffix("\n}") + ',\n "rows": [')
        for rows in _chunks(output):
            file.write(separator + _encode(rows)[1:-1])  # without the brackets of the chunk
            separator = ",\n"
        file.write("\n ]\n}\n")


def write_ndjson(output: Output, path: Path) -> None:
    """A line that describes the dataset, and a line for each row."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(_head(output), ensure_ascii=False) + "\n")
        for rows in _chunks(output):
            file.writelines(f"{_encode(row)}\n" for row in rows)


def _head(output: Output) -> dict[str, Any]:
    package = output.package
    described: dict[str, Any] = {}
    if package.head.guide:
        described = {"metaDataVersionOID": package.version_oid, "metaDataRef": DEFINE}
    return {
        "datasetJSONCreationDateTime": package.moment,
        "datasetJSONVersion": VERSION,
        "fileOID": f"{package.study.name}.{output.name}",
        "originator": "healthsim-store",
        "sourceSystem": {"name": "healthsim-store", "version": __version__},
        "studyOID": package.study.name,
        **described,
        "itemGroupOID": output.oid,
        "records": output.filled.rows,
        "name": output.name,
        "label": output.label,
        "columns": [*_columns(output)],
    }


def _columns(output: Output) -> Iterator[dict[str, Any]]:
    for variable in output.variables:
        type_ = _TYPES[variable.column.type.kind]
        told: dict[str, Any] = {
            "itemOID": output.item_oid(variable),
            "name": variable.name,
            "label": variable.label,
            "dataType": type_,
        }
        if type_ == "string":
            told["length"] = output.length(variable)
        if variable.key:
            told["keySequence"] = variable.key
        yield told


def _chunks(output: Output) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows, some at a time."""
    booleans = [
        place for place, v in enumerate(output.variables) if v.column.type.kind == "boolean"
    ]
    rows = output.blank_rows()
    while chunk := [*itertools.islice(rows, _CHUNK)]:
        yield [*map(_with_booleans(booleans), chunk)] if booleans else chunk


def _with_booleans(places: Sequence[int]) -> Callable[[tuple[Any, ...]], list[Any]]:
    def call(row: tuple[Any, ...]) -> list[Any]:
        values = [*row]
        for place in places:
            values[place] = None if row[place] is None else bool(row[place])
        return values

    return call
