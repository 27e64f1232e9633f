"""Did you mean: the known names nearest to one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """At most ``count`` of the ``known`` names that resemble ``word``, best first."""
    by_folded = {name.casefold(): name for name in known}
    folded = word.casefold()
    found = difflib.get_close_matches(folded, by_folded, n=count, cutoff=0.6)
    contained = [name for name in sorted(by_folded) if len(folded) > 2 and folded in name]
    return [by_folded[name] for name in dict.fromkeys([*found, *contained])][:count]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A sentence that offers the nearest names, or None when nothing is near."""
    names = nearest(word, known)
    return f"Did you mean {' or '.join(names)}?" if names else None
