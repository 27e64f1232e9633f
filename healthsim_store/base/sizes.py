"""Bytes for a person."""

from __future__ import annotations

from pathlib import Path


def size(number: int) -> str:
    """``312 KB``, ``1.2 MB``."""
    amount = float(number)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "bytes" else f"{amount:.1f} {unit}"


def place(path: Path) -> str:
    """A path as a person writes it: ``~`` for the home folder, ``/`` between."""
    path = path.absolute()
    home = Path.home()
    inside = path != home and path.is_relative_to(home) and home != Path(home.anchor)
    return f"~/{path.relative_to(home).as_posix()}" if inside else path.as_posix()
