"""Versions of products: their order, as PEP 440 has it, whatever text a file may have as one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version


def compare_versions(one: str, other: str) -> int:
    """Below, equal to or above 0 as the first version is older, equal or newer.

    As PEP 440 orders them: 1.0rc1 is before 1.0, and 1.0 is 1.0.0. A text that is no such version
    counts as the numbers that it begins with, and as 0 where there are none.
    """
    if one == other:
        return 0
    first, second = _read(one), _read(other)
    return (first > second) - (first < second)


def is_version(text: str) -> bool:
    """Whether a text is a version as PEP 440 writes them."""
    from packaging.version import Version

    try:
        Version(text)
    except ValueError:
        return False
    return True


def base_version(text: str) -> str:
    """The version that a development or pre-release leads to: 2.0 of 2.0.dev1 and of 2.0rc1."""
    return _read(text).base_version


def _read(version: str) -> Version:
    from packaging.version import Version  # only where versions differ is it needed

    try:
        return Version(version)
    except ValueError:  # InvalidVersion is one; so is that of a number of 5,000 digits
        numbers = re.match(r"\s*v?([0-9]{1,18}(?:\.[0-9]{1,18})*)", version)
        return Version(numbers[1] if numbers else "0")
