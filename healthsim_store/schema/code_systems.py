"""The code systems that are known, each with what other standards call it: one table for all.

It says only what is certain: an empty field is not known here, and nobody makes a URI or a
qualifier up.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

_FILE = "code_systems.csv"


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A code system, or a family of them such as the tables of HL7 version 2.

    ``name`` is what ``@codes`` says, ``aliases`` are other names of it. A ``family`` is followed by
    a space and what the member is called. ``uri`` is that of FHIR, in which ``{}`` stands for the
    member; ``oid`` is without ``urn:oid:``; ``x12`` are the qualifiers before its codes.
    ``licence`` says on which terms its codes may be used, and whose they are. What is not known is
    empty.
    """

    name: str
    aliases: tuple[str, ...] = ()
    family: bool = False
    uri: str = ""
    oid: str = ""
    x12: tuple[str, ...] = ()
    licence: str = ""


def find_code_system(name: str) -> CodeSystem | None:
    """The code system that ``@codes`` names, or the family of it; None for one that is not known.

    Args:
        name: in letters of either case, such as ``LOINC`` or ``HL7 v2 0001``.
    """
    known, text = _by_name(), " ".join(name.lower().split())
    if text in known:
        return known[text]
    while " " in text:
        text = text.rpartition(" ")[0]
        if text in known and known[text].family:
            return known[text]
    return None


@functools.cache
def code_systems() -> tuple[CodeSystem, ...]:
    """All that are known, by name."""
    text = (files(__package__) / _FILE).read_text("utf-8")
    return tuple(
        CodeSystem(
            name=row["name"],
            aliases=tuple(row["aliases"].split("|")) if row["aliases"] else (),
            family=row["family"] == "yes",
            uri=row["uri"],
            oid=row["oid"],
            x12=tuple(row["x12"].split()),
            licence=row["licence"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@functools.cache
def _by_name() -> Mapping[str, CodeSystem]:
    return {
        name.lower(): system for system in code_systems() for name in (system.name, *system.aliases)
    }
