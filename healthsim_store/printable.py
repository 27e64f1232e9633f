"""Text that can be shown as it is, whatever it quotes."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with signs that nobody sees, or that a terminal obeys, as Python writes them.

    A message quotes what is in files.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1] for sign in text
    )
