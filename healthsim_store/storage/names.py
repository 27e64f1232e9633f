"""Names of scenarios: which are allowed, which are made, and which one a few words mean."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable

from ..base.text import did_you_mean, shorten
from ..errors import AmbiguousScenario, InvalidName, ScenarioNotFound

MAX_LENGTH = 100

_SPACES = re.compile(r"\s+")
_DROPPED = re.compile(r"[^\w.-]+")
_WORDS = re.compile(r"[^\W_]+")
# Windows opens a device instead of a file of such a name.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# Databases of Datasette's own: a scenario of such a name could not be shown beside them.
_DATASETTES = frozenset(("_internal", "_memory", "__INTERNAL__"))
# Words that say what was asked, not what the scenario is.
_FILLERS = frozenset(
    "a an the and or of for in on at to with from by over under between my our your me us "
    "some all any new test data dataset scenario batch please generate create make build give "
    "want need add store save persist synthetic sample samples years old who that this is are "
    "be it".split()
)


def clean_name(name: str) -> str:
    """The name that a scenario's file gets: spaces become hyphens, other signs are dropped.

    Raises InvalidName for one that would leave the store's folder or that has nothing left.
    """
    if not isinstance(name, str):
        raise InvalidName(f"A scenario's name is text, not {type(name).__name__}.")
    shown = repr(shorten(name, 60, "..."))
    if any(sign in name for sign in ("/", "\\", "..", "\0")):
        raise InvalidName(
            f"The name {shown} has a path in it.",
            hint="A name is letters, digits, '-', '_' and single '.'; no '/', '\\' or '..'.",
        )
    if len(name) > MAX_LENGTH:
        raise InvalidName(
            f"The name {shown} has {len(name)} characters.", hint=f"At most {MAX_LENGTH}."
        )
    cleaned = _DROPPED.sub("", _SPACES.sub("-", name.strip())).strip(".-")
    if not cleaned:
        raise InvalidName(
            f"The name {shown} has no letter or digit.", hint="For example: diabetes-cohort."
        )
    if _DEVICES.fullmatch(cleaned):
        raise InvalidName(f"The name {shown} means a device on Windows.", hint="Choose another.")
    if cleaned in _DATASETTES:
        raise InvalidName(f"Datasette keeps the name {shown}.", hint="Choose another.")
    return cleaned


def make_name(context: str | None, fallback: str) -> str:
    """``{keywords}-{YYYYMMDD}`` from the words of the context.

    "Generate 100 Medicare Advantage members" gives medicare-advantage-20241227.
    """
    words = [word.lower() for word in _WORDS.findall(context or "")]
    keywords = [word for word in words if word not in _FILLERS and not word.isdigit()]
    stem = "-".join(keywords[:2])[:60] or fallback
    return clean_name(f"{stem}-{dt.date.today():%Y%m%d}")


def find_name(wanted: str, names: Iterable[str]) -> str:
    """The one scenario that is meant: exact, then by case, by beginning, by words.

    Raises AmbiguousScenario with the candidates, or ScenarioNotFound with the nearest names.
    """
    names = sorted(names)
    folded = wanted.strip().casefold()
    if wanted in names:
        return wanted
    for matches in (
        [name for name in names if name.casefold() == folded],
        [name for name in names if folded and name.casefold().startswith(folded)],
        [name for name in names if _has_words(name, folded)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            listed = ", ".join(matches[:10]) + (", ..." if len(matches) > 10 else "")
            raise AmbiguousScenario(
                f"{wanted!r} fits {len(matches)} scenarios: {listed}.",
                matches,
                hint="Give more of the name.",
            )
    some = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    raise ScenarioNotFound(
        f"There is no scenario {wanted!r}.",
        hint=did_you_mean(wanted, names)
        or (f"There are: {some}." if names else "The store is empty."),
    )


def whole_name(wanted: str, names: Iterable[str], offer: Callable[[str], str]) -> str:
    """The one name that is given whole, but for case: for what must not happen to a guess.

    Args:
        wanted: what was given.
        names: the names that there are.
        offer: makes of a name the call that gives it whole.

    Raises ScenarioNotFound, with the name that is meant where a part of one was given.
    """
    name = find_name(wanted, names)
    if name.casefold() != wanted.strip().casefold():
        raise not_whole(wanted, name, offer(name))
    return name


def not_whole(wanted: str, name: str, offer: str) -> ScenarioNotFound:
    """The error for a part of a name, where a whole one is needed."""
    return ScenarioNotFound(
        f"There is no {wanted!r:.80}, and a part of a name is not enough here.",
        hint=f"Did you mean {name}? {offer}",
    )


def _has_words(name: str, wanted: str) -> bool:
    """Whether each wanted word begins a word of the name."""
    words = _WORDS.findall(name.casefold())
    asked = _WORDS.findall(wanted)
    return bool(asked) and all(any(w.startswith(part) for w in words) for part in asked)
