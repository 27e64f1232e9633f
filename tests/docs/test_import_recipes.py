"""docs/import-recipes.md: each file is written as it is shown, each command run, each reply found.

A file is made as its name says: compressed, a part of an archive, or a sheet of a workbook. One
that a command has written is compared with what the page shows.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import file_kinds
import pytest
from shell import Shell
from shown_commands import Command, split

from healthsim_store.plugins import installed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "import-recipes.md"
_FILE = re.compile(
    r"(?:sheet (?P<sheet>\w+) of )?`(?P<name>[^`]+)`(?: in `(?P<archive>[^`]+)`)?[^`]*:$"
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$|^((?: {4}[^\n]*\n)+)", re.DOTALL | re.MULTILINE)

RECIPES = {text.split("\n", 1)[0]: text for text in PAGE.read_text("utf-8").split("\n## ")[1:]}


def _lay(folder: Path, before: str, content: str, encoding: str) -> Path:
    """Write a file as the sentence before it says, unless it is there; where it is."""
    found = _FILE.search(before)
    assert found, before
    path = folder / (found["archive"] or found["name"])
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode(encoding)
    if found["archive"]:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(found["name"], data)
    elif found["sheet"]:
        lines = [[_cell(cell) for cell in line] for line in csv.reader(io.StringIO(content))]
        path.write_bytes(file_kinds.workbook({"Notes": [["x"]], found["sheet"]: lines}))
    elif path.exists():
        assert path.read_text("utf-8") == content
    else:
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def _cell(text: str) -> Any:
    return dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe(recipe: str, tmp_path: Path) -> None:
    if not set(installed().declarations) >= {"patientsim", "membersim"}:
        pytest.skip("the products are not all installed")
    shell = Shell.of(tmp_path, tmp_path / "home", Path(sys.executable).parent)
    shell.environment["HEALTHSIM_STORE_DIR"] = str(tmp_path / "store")
    text, said, answers = RECIPES[recipe], "", 0
    encoding = found[1] if (found := re.search(r"--encoding (\S+)", text)) else "utf-8"
    for block in _BLOCK.finditer(text):
        language, content, commands = block.groups()
        before = " ".join(text[: block.start()].strip().rpartition("\n\n")[2].split())
        if commands:
            for command in split(commands.replace("\n    ", "\n").removeprefix("    ")):
                said = shell.run(Command("bash", command))
        elif language == "text":
            assert said.startswith(content), said
            answers += 1
        else:
            _lay(tmp_path, before, content, encoding)
    assert answers


def test_there_are_ten() -> None:
    assert len(RECIPES) >= 10
