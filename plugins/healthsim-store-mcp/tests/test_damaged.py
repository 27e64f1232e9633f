"""Damaged files in a conversation: each tool answers, or says what is wrong within its budget."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from campaign import tries
from mutants import TABLES, damage

CALLS = (
    ("list", {}),
    ("describe", {"scenario": "one-patient"}),
    ("describe", {"scenario": "one-patient", "check": True}),
    ("query", {"scenario": "one-patient", "sql": "SELECT * FROM patients"}),
    ("clone", {"scenario": "one-patient", "new_name": "copy"}),
    ("merge", {"scenarios": ["diabetes-cohort", "one-patient"], "new_name": "both"}),
    ("diff", {"a": "one-patient", "b": "diabetes-cohort"}),
    ("export", {"scenario": "one-patient", "format": "csv", "to": "out", "force": True}),
    ("annotate", {"scenario": "one-patient", "add": ["new"]}),
)


def test_damaged_files(folder: Path, stdio: Callable[..., AbstractContextManager[Any]]) -> None:
    file = folder / "one-patient.db"
    whole = file.read_bytes()
    with stdio(folder) as talk:
        for seed in range(tries(3, 60)):
            made = folder.parent / "made.db"
            made.write_bytes(whole)
            told = damage(made, random.Random(seed), TABLES)
            made.replace(file)
            for tool, arguments in CALLS if tries(0, 1) else CALLS[seed::3]:
                result = talk.raw(f"scenario_{tool}", dict(arguments))
                # Not one of ours, the server tells as "internal" with the class of the exception.
                assert "Traceback" not in result.content[0].text, (seed, told, tool)
                assert "internal" not in result.content[0].text[:60], (seed, told, tool, result)
            for made_name in ("copy", "both"):
                (folder / f"{made_name}.db").unlink(missing_ok=True)
            assert "diabetes-cohort" in talk("list")[0]
