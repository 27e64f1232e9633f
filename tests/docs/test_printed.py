"""The docs print what the code says: commands, functions, hooks, tables, errors, packages."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import healthsim_store
from healthsim_store import errors, hookspecs
from healthsim_store.cli import cli
from healthsim_store.storage.housekeeping import ADDED, CHANGES, TABLES
from healthsim_store.store import VERBS

ROOT = Path(__file__).resolve().parents[2]

_SPEC = importlib.util.spec_from_file_location("write", ROOT / "docs" / "write.py")
assert _SPEC is not None
assert _SPEC.loader is not None
write = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(write)


BLOCK = re.compile(r"^<!-- printed: \w+(?: \w+)? -->$.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)


TYPES = re.compile(r"\b[A-Z]\w+")
#: Types that are not ours, of Python, pyarrow and click, and names for what many types may be.
FOREIGN = set(
    "Any BinaryIO Callable Click ClassVar Collection Command Iterable Iterator Mapping None Path "
    "Sequence RecordBatch Schema DataType Result Stored Progress Store TextIOWrapper Rows Tables "
    "True False "
    "TypeVar Query".split()
)


def test_every_type_that_a_plugin_may_rely_on_is_exported() -> None:
    promised = page("docs/promised.txt").partition("-->")[2]
    for line in promised.splitlines():
        _, _, signature = line.removeprefix("the hook ").partition(":")
        for type_ in TYPES.findall(signature.partition(")")[2] or signature):
            assert type_ in FOREIGN or type_ in healthsim_store.__all__, line
    for hook in dir(hookspecs):
        if hook.startswith("healthsim_store_"):
            assert f"the hook {hook}() -> list[" in promised


def test_a_name_that_goes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the page would fail: a rename, a new order and a lost default are seen."""
    from healthsim_store import commands

    def open_store(folder: str, other: int) -> None: ...

    monkeypatch.setattr(commands, "open_store", open_store)
    assert write.written("docs/promised.txt") != page("docs/promised.txt")
    assert "open_store(folder: str, other: int)" in write.written("docs/promised.txt")


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", write.pages())
def test_a_page_says_what_the_code_says(name: str) -> None:
    assert write.written(name) == page(name), f"{name} is out of date. Write it: {write.COMMAND}"


def test_every_block_is_written() -> None:
    """A marker with a typing error would leave its text as it is for ever."""
    for path in [ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/*.md")]:
        text = path.read_text("utf-8")
        blocks = BLOCK.findall(text)
        assert len(blocks) == text.count("<!-- printed") == text.count("<!-- end -->"), path
        if blocks:
            name = path.relative_to(ROOT).as_posix()
            assert name in write.PAGES or name in write.PLUGIN_PAGES.values()


def test_the_pages_name_all_there_is() -> None:
    """Found by another way than the one that writes them."""
    headings = set(re.findall(r"^## (.+)$", page("docs/cli.md"), re.MULTILINE))
    assert headings == set(cli.commands)
    python = page("docs/python.md")
    for name in VERBS:
        assert f"\n### {name}\n" in python
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, errors.HealthsimStoreError):
            assert f"`{value.__name__}` | `{value.code}` | " in python
    for name in dir(hookspecs):
        if name.startswith("healthsim_store_"):
            assert f"### `{name}() -> list[" in page("docs/plugins.md")
    tables = re.findall(r"^### `(\w+)`$", page("docs/scenario-file.md"), re.MULTILINE)
    assert tables == [table.name for table in TABLES]


def test_each_column_that_a_version_added_is_described() -> None:
    statements = "\n".join(sql for changes in CHANGES.values() for sql in changes)
    columns = set(re.findall(r"TABLE (\w+) ADD COLUMN (\w+)", statements))
    assert columns == {(table, name) for table, told in ADDED.items() for name in told}
    for _, name in columns:
        assert re.search(
            rf"^\| `{name}` \| [A-Z ]+ \| \w", page("docs/scenario-file.md"), re.MULTILINE
        )


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_parameter_of_a_verb_is_described(name: str) -> None:
    signature, described = re.findall(
        rf"^### {name}\n\n```text\n{name}\((.*?)\n```\n(.*?)(?=^##)",
        page("docs/python.md"),
        re.MULTILINE | re.DOTALL,
    )[0]
    parameters = re.findall(r"(?:^|[ *(])(\w+): ", signature)
    for parameter in parameters:
        assert f"\n- `{parameter}`: " in described, f"{name} does not describe {parameter}"


def test_every_error_says_when_it_is_raised() -> None:
    for line in page("docs/python.md").splitlines():
        assert not re.fullmatch(r"\| .*`\w+` \| `\w+` \| +\|", line), line


def test_the_width_of_the_terminal_and_the_plugins_do_not_matter(tmp_path: Path) -> None:
    wide = os.environ | {"COLUMNS": "200", "HEALTHSIM_STORE_NO_PLUGINS": "1", "NO_COLOR": "1"}
    for options in (wide, wide | {"COLUMNS": "40"}):
        done = subprocess.run(
            [sys.executable, ROOT / "docs" / "write.py", "--check"],
            cwd=tmp_path, env=options, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")


def test_a_page_that_differs_is_named_with_the_command_that_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in write.PAGES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(page(name), "utf-8")
    (tmp_path / "pyproject.toml").write_text(page("pyproject.toml"), "utf-8")
    old = page("docs/cli.md").replace("Scenarios of synthetic", "Files of synthetic", 1)
    (tmp_path / "docs" / "cli.md").write_text(old, "utf-8")
    monkeypatch.setattr(write, "ROOT", tmp_path)
    monkeypatch.setattr(write, "PLUGIN_PAGES", {})
    monkeypatch.setattr(sys, "argv", ["write.py", "--check"])
    with pytest.raises(SystemExit, match=r"^docs/cli\.md: .* python3 dev\.py docs$"):
        write.main()
    monkeypatch.setattr(sys, "argv", ["write.py"])
    write.main()
    assert (tmp_path / "docs" / "cli.md").read_text("utf-8") == page("docs/cli.md")
