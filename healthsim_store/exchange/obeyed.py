"""Which reading options a format obeys; an option that no file could obey is refused at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..base.text import listed
from ..base.wording import option
from ..errors import InvalidArgument
from .formats import Formats, Importer
from .reading_options import OF_VALUES, ReadingOptions


def refuse_others(options: ReadingOptions, formats: Formats, importers: Iterable[Importer]) -> None:
    """Raise InvalidArgument for an option that none of these importers obeys.

    An option that one of several files obeys is no error: it is for that one.

    Args:
        options: what the user gave.
        formats: the installed formats, for the hint.
        importers: those that are to read the files.
    """
    used = {one.name: one for one in importers}
    obeyed = {*OF_VALUES}.union(*(one.reading for one in used.values()))
    refuse(options, obeyed, formats, listed(sorted(used)))


def refuse(options: ReadingOptions, obeyed: Collection[str], formats: Formats, what: str) -> None:
    """Raise InvalidArgument for an option that is not among those that are obeyed.

    Args:
        options: what the user gave.
        obeyed: names of options.
        formats: the installed formats, for the hint.
        what: who obeys them, for the message.
    """
    other = next((name for name in options.given() if name not in obeyed), None)
    if other is None or not what:
        return
    those = [one.name for one in formats.importers.values() if other in one.reading]
    raise InvalidArgument(
        f"{option(other)} has no meaning for {what}.",
        hint=f"It is for {listed(those)}. Leave it out." if those else "Leave it out.",
    )
