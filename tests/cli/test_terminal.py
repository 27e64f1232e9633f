"""What a person at a terminal sees: tables aligned, lines that fit, code as it is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.base.text import for_terminal

TEXT = """**s** (k3f9xz)

| Entity Type | Count |
|---|---|
| Owners | 1,000 |
| Pets | 2 |

- Species: a long line that has to be wrapped somewhere
    An indented one stays below the other, wrapped
```python
a_line_of_code(that="is longer than the terminal is wide")
```
| a | b |
|---|---|
| x | y | z |
"""


def test_a_reply_for_a_terminal() -> None:
    assert (
        for_terminal(TEXT, 40)
        == """**s** (k3f9xz)

| Entity Type | Count |
|-------------|-------|
| Owners      | 1,000 |
| Pets        | 2     |

- Species: a long line that has to be
  wrapped somewhere
    An indented one stays below the
    other, wrapped
```python
a_line_of_code(that="is longer than the terminal is wide")
```
| a | b |
|---|---|
| x | y | z |
"""
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is made by pty, which is of POSIX")
def test_the_command_line_knows_a_terminal(tmp_path: Path, store: Store, toy_folder: Path) -> None:
    store.persist({"owners": [owner(n) for n in range(12)]}, scenario="s")
    command = [sys.executable, "-m", "healthsim_store", "summary", "s"]
    environment = os.environ | {
        "HEALTHSIM_STORE_DIR": str(store.path), "PYTHONPATH": str(toy_folder), "COLUMNS": "60",
    }  # fmt: skip
    outer, inner = pty.openpty()
    subprocess.run(command, check=True, stdout=inner, env=environment, timeout=60)
    os.close(inner)
    seen = os.read(outer, 100_000).decode().replace("\r\n", "\n")
    os.close(outer)
    assert "| Entity Type | Count |\n|-------------|-------|\n| Owners      | 12    |\n" in seen
    piped = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert "| Entity Type | Count |\n|---|---|\n| Owners | 12 |\n" in piped.stdout
