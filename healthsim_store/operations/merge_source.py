"""What a merge reads of a scenario before it begins."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..base.sqlite import file_errors
from ..base.wording import call
from ..errors import CopyFailed
from ..schema.model import EntityType
from ..storage.catalog import StoredProduct, read_entity_types, read_products
from ..storage.format import read_identity, read_tags
from ..storage.sandbox import Sandbox
from .lineage import Lineage, read_lineage


@dataclass(frozen=True, slots=True)
class MergeSource:
    """A scenario that takes part in a merge."""

    path: Path
    scenario_id: str
    created_at: str
    tags: tuple[str, ...]
    products: Mapping[str, StoredProduct]
    entity_types: Mapping[str, EntityType]
    format: int  # an older one says less of its products
    lineage: Lineage

    @property
    def name(self) -> str:
        return self.path.stem


def read_source(path: Path) -> MergeSource:
    """Raises the errors of opening a scenario."""
    with contextlib.closing(Sandbox(path)) as sandbox, file_errors(path):
        connection = sandbox.connection
        identity = read_identity(connection)
        return MergeSource(
            path,
            identity.scenario_id,
            identity.created_at,
            read_tags(connection),
            {product.name: product for product in read_products(connection)},
            {entity_type.name: entity_type for entity_type in read_entity_types(connection)},
            sandbox.format,
            read_lineage(connection),
        )


def other_version(name: str, entity_type: str, what: str) -> CopyFailed:
    """The error for a source whose table is not as the merge needs it."""
    return CopyFailed(
        f"{name} has another version of {entity_type}: {what}.",
        hint=f"{call('upgrade_scenarios')} first: it brings all scenarios to the installed"
        " versions of their products.",
    )


def check_columns(entity_types: Mapping[str, EntityType], other: MergeSource) -> None:
    """Raises CopyFailed where a file's columns are not those of the merge."""
    for name, entity_type in other.entity_types.items():
        if name in entity_types and entity_type.by_name.keys() != entity_types[name].by_name.keys():
            differ = sorted(entity_type.by_name.keys() ^ entity_types[name].by_name.keys())
            raise other_version(other.name, name, f"{', '.join(differ)} would be lost or missing")
