"""Files whose names tell no entity type: what their rows may be, and how else they are read."""

from __future__ import annotations

import re
from pathlib import Path

from ..base.wording import call, choice, option_of_import
from ..errors import AmbiguousEntityType, UnknownEntityType
from ..schema.registry import Registry
from .formats import Formats
from .found_files import UNPACKED
from .source import Source, SourceFolder

_NEAR = re.compile(r"Did you mean (\w+)\?")


def explain(
    error: UnknownEntityType | AmbiguousEntityType,
    source: Source | SourceFolder,
    key: str | None,
    formats: Formats,
    registry: Registry,
) -> None:
    """Tell the file in an error, and what to do.

    Args:
        error: what the registry says of the name.
        source: the file.
        key: of a JSON document, whose rows they would be.
        formats: the installed formats, of which one may have a file of this name.
        registry: the entity types.
    """
    error.message = f"{source.name}: {error.message}"
    stem = Path(source.name).name.partition(".")[0].lower()
    format = next((one for one in formats.mapped if _is_table_of(one, stem, formats)), None)
    if format and not key:
        way = choice("format", [format])
        error.hint = f"A file of {format} is called so. Import its folder with {way}."
        return
    hint = error.hint or ""
    if key and Path(source.name).suffix == ".json":
        hint += f" Are the rows in {key}? {option_of_import('at', key)}."
    near = _NEAR.search(hint)
    first = near[1] if near else next((one.name for one in registry), "TYPE")
    hint += f" Or tell what the rows are, as by {option_of_import('entity_type', first)}."
    path = source.path
    if path is not None and not key and not any(part.startswith(UNPACKED) for part in path.parts):
        draft = call("draft_mapping", str(path))
        hint += f" For other columns {draft} drafts a mapping."
    error.hint = hint.lstrip()


def _is_table_of(format: str, name: str, formats: Formats) -> bool:
    """Whether a folder of a format that products map has a file of this name."""
    table = re.compile(rf'CREATE TABLE "?{re.escape(name)}"?\b', re.IGNORECASE)
    return any(table.search(sql) for sql in formats.mappings(format).values())
