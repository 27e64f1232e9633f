"""Dataset-JSON 1.1, as one JSON document or as NDJSON (https://www.cdisc.org/standards/dataset-json).

An empty text is ``""`` and an unknown number null, as the standard has it. Dates are ISO 8601 text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..base.version import __version__
from .json_rows import row_texts
from .output import DEFINE, Output

VERSION = "1.1.0"

_TYPES = {
    "text": "string", "integer": "integer", "real": "float", "decimal": "float",
    "boolean": "boolean", "date": "date", "timestamp": "datetime", "partial": "string",
    "json": "string",
}  # fmt: skip


def write_json(output: Output, path: Path) -> None:
    """One document, row by row."""
    head = json.dumps(_head(output), ensure_ascii=False, indent=1)
    separator = "\n"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(head.removesuffix("\n}") + ',\n "rows": [')
        for rows in row_texts(output):
            file.write(separator + ",".join(rows))
            separator = ",\n"
        file.write("\n ]\n}\n")


def write_ndjson(output: Output, path: Path) -> None:
    """A line that describes the dataset, and a line for each row."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(_head(output), ensure_ascii=False) + "\n")
        for rows in row_texts(output):
            file.write("\n".join(rows) + "\n")


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
