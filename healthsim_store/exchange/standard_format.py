"""A standard as a format that `import` reads, as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..schema.parameter import Parameter
from ..schema.registry import Registry
from .mapping import Declared


@dataclass(frozen=True, slots=True)
class StandardFormat:
    """A standard as a format that `import` reads.

    ``options`` are those that a user may choose. ``datasets()`` are the names of its datasets, each
    with the name of its layout, which several may share; ``layout(name)`` is that of a dataset.
    ``mapping(registry)`` is what makes entities of their rows, of the types that are installed.
    """

    name: str
    options: Sequence[Parameter]
    datasets: Callable[[], Mapping[str, str]]
    layout: Callable[[str], str]
    mapping: Callable[[Registry], Declared]
