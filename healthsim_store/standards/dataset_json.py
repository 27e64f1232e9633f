"""Dataset-JSON 1.1, as one JSON document or as NDJSON (https://www.cdisc.org/standards/dataset-json).

An empty text is ``""`` and an unknown number null, as the standard has it. Dates are ISO 8601 text.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..base.version import __version__
from .output import DEFINE, Output, is_number

VERSION = "1.1.0"

_TYPES = {
    "text": "string", "integer": "integer", "real": "float", "decimal": "float",
    "boolean": "boolean", "date": "date", "timestamp": "datetime", "json": "string",
}  # fmt: skip
_CHUNK = 1_000  # rows that are made into text at once


def write_json(output: Output, path: Path) -> None:
    """One document, row by row."""
    head = json.dumps(_head(output), ensure_ascii=False, indent=1)
    separator = ""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(head.removesuffix("\n}") + ',\n "rows": [')
        for lines in _lines(output):
            file.write(separator + "\n  " + ",\n  ".join(lines))
            separator = ","
        file.write("\n ]\n}\n")


def write_ndjson(output: Output, path: Path) -> None:
    """A line that describes the dataset, and a line for each row."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(_head(output), ensure_ascii=False) + "\n")
        for lines in _lines(output):
            file.write("\n".join(lines) + "\n")


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


def _lines(output: Output) -> Iterator[list[str]]:
    """The rows as JSON, some at a time."""
    encode = json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
    ).encode
    texts = [not is_number(variable) for variable in output.variables]
    booleans = [
        place for place, v in enumerate(output.variables) if v.column.type.kind == "boolean"
    ]
    rows = output.rows()
    while chunk := [*itertools.islice(rows, _CHUNK)]:
        made = []
        for row in chunk:
            if None in row or booleans:
                values = [
                    "" if value is None and text else value
                    for value, text in zip(row, texts, strict=True)
                ]
                for place in booleans:
                    values[place] = None if row[place] is None else bool(row[place])
                made.append(encode(values))
            else:
                made.append(encode(row))
        yield made
