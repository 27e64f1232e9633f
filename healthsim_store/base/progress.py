"""How work that takes long says how far it is."""

from __future__ import annotations

from collections.abc import Callable

#: Is told how many rows, bytes or entities were done since the last time; the verb says which.
Progress = Callable[[int], None]
