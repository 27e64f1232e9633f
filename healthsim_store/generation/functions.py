"""Functions that the SQL of a profile may call, beside those of SQLite."""

from __future__ import annotations

import hashlib


def round_like_python(value: float | None, digits: int = 0) -> float | None:
    """Python's round: to the nearest even digit where two are equally near."""
    return None if value is None else float(round(value, digits))


def luhn(digits: str | int) -> str:
    """The digits, followed by their check digit (ISO/IEC 7812).

    An NPI is what follows 80840 in ``luhn('80840' || nine digits)``.
    """
    total = 0
    for position, digit in enumerate(reversed(str(digits))):
        value = int(digit) * (1 if position % 2 else 2)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"


def text_id(text: str) -> str:
    """12 letters and digits, always the same for the same text."""
    digest = hashlib.blake2b(str(text).encode(), digest_size=12).digest()
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"  # without letters that look like others
    return "".join(alphabet[byte & 31] for byte in digest)
