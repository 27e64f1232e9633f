"""What a wrong name of a table or column was meant to be: by its aliases first, then by spelling.

A wrong guess is worse than none: who follows it gets an answer to another question. So a name is
near only where a letter or two differ, or where all its words are in the other one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MOST = 3  # names that are offered
_SHORT = 3
_LONG = 8  # letters from which on two may be wrong


def plain(spelling: str) -> str:
    """``birthDate``, ``Birth Date`` and ``birth-date`` as ``birth_date``.

    A letter of any script is one, so that ``age年`` is another name than ``age``.
    """
    return re.sub(r"[\W_]+", "_", _CAMEL.sub("_", spelling.strip()).lower()).strip("_")


@dataclass(frozen=True, slots=True)
class Meant:
    """The names that a wrong one may mean, best first.

    ``sure`` is true if there is one only, and it has the wrong name as an alias or is the same but
    for a letter or two.
    """

    names: tuple[str, ...] = ()
    sure: bool = False

    @property
    def question(self) -> str | None:
        """A sentence that offers the names, or None where there is none."""
        return f"Did you mean {' or '.join(self.names)}?" if self.names else None


def meant_by(word: str, known: Iterable[str], aliases: Mapping[str, str] | None = None) -> Meant:
    """The known names that ``word`` may mean.

    Args:
        word: what somebody wrote.
        known: the names that there are.
        aliases: other spellings of them, each with its name.
    """
    names = list(dict.fromkeys(known))
    spellings = [(name, name) for name in names]
    spellings += [(alias, name) for alias, name in (aliases or {}).items() if name in names]
    wanted = plain(word)
    if not wanted:
        return Meant()
    same = [name for spelling, name in spellings if plain(spelling) == wanted]
    near = sorted((_distance(wanted, plain(s)), n) for s, n in spellings if _near(wanted, s))
    related = [name for spelling, name in spellings if _related(wanted, spelling)]
    names = list(dict.fromkeys(same or [name for _, name in near] or related))
    sure = len(names) == 1 and bool(same or (near and len(wanted) > _SHORT))
    return Meant(tuple(names[:_MOST]), sure)


def _near(wanted: str, spelling: str) -> bool:
    other = plain(spelling)
    if len(wanted) <= _SHORT:
        # Almost any short name is one letter away from another one: age and page.
        return len(wanted) == _SHORT and other[:-1] == wanted
    most = 2 if min(len(wanted), len(other)) >= _LONG else 1
    return abs(len(wanted) - len(other)) <= most and _distance(wanted, other) <= most


def _distance(one: str, other: str) -> int:
    """How many letters were left out, added, mistaken, or exchanged with their neighbours."""
    before: list[int] = []
    last = [*range(len(other) + 1)]
    for i, letter in enumerate(one, 1):
        row: list[int] = [i]
        for j, opposite in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + int(letter != opposite))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == opposite:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    number: int = last[-1]
    return number


def _related(wanted: str, spelling: str) -> bool:
    """Whether all words of one are words of the other, one or many of a thing."""
    one, other = _words(wanted), _words(plain(spelling))
    return bool(one and other) and len(wanted) > 2 and (one <= other or other <= one)


def _words(name: str) -> set[str]:
    return {word.removesuffix("s") for word in name.split("_")}
