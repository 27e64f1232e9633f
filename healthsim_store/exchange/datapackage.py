"""datapackage.json: the description of an export, by the Data Package standard (version 2).

https://datapackage.org/standard/data-package/ - the standard's tools can read and validate an
export with it, and `import` reads an export back with it. The property ``healthsim_store`` is not
of the standard: it marks an export as one that healthsim-store wrote.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.reading import read_text
from ..errors import SourceError
from ..schema.model import Column, EntityType

FILE = "datapackage.json"
MARK = "healthsim_store"

_PROFILE = "https://datapackage.org/profiles/2.0/{}.json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Resource:
    """A file of a package, as datapackage.json describes it.

    ``path`` is one in the folder, such as ``a.csv`` or ``notes/a.csv``. ``entity_type`` is None for
    a file of all types. ``hash`` is as `file_hash` returns it.
    """

    path: str
    entity_type: str | None
    rows: int
    bytes: int
    hash: str

    def verify(self, folder: Path) -> None:
        """Raises SourceError if the file in ``folder`` has another size or hash, or is missing."""
        file = folder / self.path
        if not file.parent.resolve().is_relative_to(folder.resolve()):
            raise SourceError(
                f"{self.path} is in {FILE}, and leads out of the folder by a link.",
                hint="Put the files themselves there.",
            )
        try:
            size = file.stat().st_size
            found = file_hash(file) if size == self.bytes else None
        except OSError as error:
            raise SourceError(
                f"{self.path} is in {FILE} but cannot be read: {error.strerror}."
            ) from error
        if size != self.bytes:
            reason = f"has {size:,} bytes, {FILE} says {self.bytes:,}"
        elif found != self.hash:
            reason = f"has the hash {found}, {FILE} says {self.hash}"
        else:
            return
        raise SourceError(
            f"{self.path} {reason}: it is not as it was exported.",
            hint=f"Export again; or, to import the files as they are, remove {FILE}.",
        )


@dataclass(frozen=True, slots=True)
class Package:
    """An export as its datapackage.json describes it."""

    scenario: str
    format: str
    description: str | None
    tags: tuple[str, ...]
    resources: tuple[Resource, ...]


# -- writing ---------------------------------------------------------------------------------


def file_hash(path: Path) -> str:
    """The SHA-256 hash of a file, as the standard writes it: ``sha256:`` and hexadecimal digits."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def slug(name: str) -> str:
    """A name as the standard recommends it: lower case, digits, ``-``, ``_`` and ``.``"""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-") or "scenario"


def describe(
    *,
    name: str,
    description: str | None,
    tags: Sequence[str],
    resources: Iterable[Mapping[str, Any]],
    mark: Mapping[str, Any],
) -> dict[str, Any]:
    """The descriptor of a package.

    Args:
        name: the scenario's name.
        description: of the scenario.
        tags: of the scenario.
        resources: the descriptors of the files, from `describe_resource`.
        mark: what the property ``healthsim_store`` has beside the scenario's name.
    """
    told: dict[str, Any] = {
        "$schema": _PROFILE.format("datapackage"),
        "name": slug(name),
        "title": name,
        "description": description,
        "created": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "keywords": list(tags),
        "resources": list(resources),
        MARK: {"scenario": name, **mark},
    }
    return {key: value for key, value in told.items() if value not in (None, [])}


def describe_resource(
    resource: Resource,
    *,
    format: str,
    mediatype: str,
    encoding: str | None = None,
    dialect: Mapping[str, Any] | None = None,
    entity_type: EntityType | None = None,
    present: Mapping[str, EntityType] | None = None,
) -> dict[str, Any]:
    """The descriptor of a file.

    Args:
        resource: the file.
        format: the name of the format.
        mediatype: of the file.
        encoding: of a text file.
        dialect: of delimited text.
        entity_type: what the rows are; with it, the file is a table with a schema.
        present: the entity types in the export, by name; foreign keys to others are left out.
    """
    told: dict[str, Any] = {
        "$schema": _PROFILE.format("dataresource"),
        "name": slug(Path(resource.path).stem),
        "path": resource.path,
        "title": entity_type.label if entity_type else None,
        "description": entity_type.description if entity_type else None,
        "type": "table" if entity_type else None,
        "format": format,
        "mediatype": mediatype,
        "encoding": encoding,
        "bytes": resource.bytes,
        "hash": resource.hash,
        "rows": resource.rows,
        "dialect": dict(dialect or {}),
        "schema": _schema(entity_type, present or {}) if entity_type else None,
    }
    return {key: value for key, value in told.items() if value not in (None, "", {})}


def _schema(entity_type: EntityType, present: Mapping[str, EntityType]) -> dict[str, Any]:
    columns = entity_type.by_name
    told: dict[str, Any] = {
        "$schema": _PROFILE.format("tableschema"),
        "fields": [_field(entity_type, column) for column in entity_type.columns],
        "missingValues": [""],
    }
    if entity_type.primary_key in columns:
        told["primaryKey"] = [entity_type.primary_key]
    unique = [[*key] for key in entity_type.unique_keys if len(key) > 1 and set(key) <= {*columns}]
    if unique:
        told["uniqueKeys"] = unique
    keys = []
    for column, reference in entity_type.references():
        parent = present.get(reference.entity_type)
        if parent and reference.column in parent.by_name:
            to: dict[str, Any] = {"fields": [reference.column]}
            # By the standard, a reference of a table to itself has no name of a resource.
            if parent.name != entity_type.name:
                to = {"resource": slug(parent.name)} | to
            keys.append({"fields": [column.name], "reference": to})
    if keys:
        told["foreignKeys"] = keys
    return told


def _field(entity_type: EntityType, column: Column) -> dict[str, Any]:
    number = column.type.storage != "TEXT"
    constraints = {
        "required": column.required or column.name == entity_type.primary_key,
        "unique": column.unique,
        "enum": [json.loads(value) if number else value for value in column.values],
        "pattern": column.type.pattern,
        "maxLength": column.type.size if column.type.kind == "text" else None,
    }
    constraints = {key: value for key, value in constraints.items() if value}
    told = {
        "name": column.name,
        "type": column.type.package,
        "description": column.description,
        "constraints": constraints,
        "unit": column.unit,
        "codes": column.codes,
        "sensitive": column.sensitive,
        "sqlType": column.type.sql,
    }
    return {key: value for key, value in told.items() if value}


def write(folder: Path, descriptor: Mapping[str, Any]) -> None:
    text = json.dumps(descriptor, indent=2, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", "utf-8")


# -- reading ---------------------------------------------------------------------------------


def read(folder: Path) -> Package | None:
    """The package in a folder; None if there is none, or one that healthsim-store did not write.

    Raises SourceError for a datapackage.json that cannot be read or is incomplete.
    """
    try:
        descriptor = json.loads(read_text(folder / FILE))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"{folder / FILE} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{folder / FILE} is not JSON.",
            hint=f"Export again; or, to import the files as they are, remove {FILE}.",
        ) from error
    if not isinstance(descriptor, dict) or not isinstance(descriptor.get(MARK), dict):
        return None
    try:
        return Package(
            scenario=str(descriptor[MARK]["scenario"]),
            format=str(descriptor[MARK]["format"]),
            description=descriptor.get("description"),
            tags=tuple(map(str, descriptor.get("keywords", []))),
            resources=tuple(map(_resource, descriptor["resources"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(
            f"{folder / FILE} has not what an export's has: {error}.",
            hint=f"Export again; or, to import the files as they are, remove {FILE}.",
        ) from error


def _resource(told: Mapping[str, Any]) -> Resource:
    path = str(told["path"])
    if "\\" in path or {"", ".", ".."} & {*path.split("/")} or Path(path).is_absolute():
        raise ValueError(f"{path!r} is not the path of a file in the folder")
    return Resource(
        path=path,
        entity_type=Path(path).stem if "schema" in told else None,
        rows=int(told["rows"]),
        bytes=int(told["bytes"]),
        hash=str(told["hash"]),
    )
