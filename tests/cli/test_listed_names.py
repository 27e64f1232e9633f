"""What help and hints list comes from the one list of it: formats, strategies, exit codes."""

from __future__ import annotations

import dataclasses
import re

import click
import pytest
from click.testing import CliRunner
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.base.text import listed
from healthsim_store.cli import cli
from healthsim_store.errors import HealthsimStoreError, InvalidArgument, MergeConflict
from healthsim_store.exchange import readers, writers
from healthsim_store.exit_codes import ExitCode
from healthsim_store.operations.strategies import STRATEGIES


def told(*arguments: str) -> str:
    """The help of a command, in one line."""
    done = CliRunner().invoke(cli, [*arguments, "--help"], terminal_width=100)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (iter("abc"), "a, b or c")]
)
def test_names_to_choose_from(names: list[str], text: str) -> None:
    assert listed(names) == text


def test_help_lists_what_there_is() -> None:
    formats = "csv, tsv, psv, json, ndjson, parquet, xlsx, xpt, a standard"
    assert f"{formats}, or one that a product maps" in told("import")
    assert "csv, tsv, json, ndjson, parquet, sqlite, or what a plugin brings" in told("export")
    merge = told("merge")
    assert "skip, overwrite, rename or error; for one entity type" in merge
    assert "differ: skip the first one stays overwrite it gets the later" in merge
    assert merge == told("merge"), "to show it twice is to show the same"


def test_no_help_shows_the_place_of_a_list() -> None:
    for name in ("", *cli.commands):
        assert not re.search(r"\{\w+\}", told(*filter(None, [name])).replace("{n}", "")), name


def test_one_more_format_or_strategy_is_in_the_help(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = dataclasses.replace(readers.READERS[0], name="rows")
    writer = dataclasses.replace(writers.WRITERS[0], name="pages")
    fifth = dataclasses.replace(STRATEGIES["skip"], name="newest", about="the newest stays")
    monkeypatch.setattr(readers, "READERS", (*readers.READERS, reader))
    monkeypatch.setattr(writers, "WRITERS", (*writers.WRITERS, writer))
    monkeypatch.setitem(STRATEGIES, "newest", fifth)
    # A command's help is filled once, so the commands are looked at as a new process has them.
    for name, word in (("import", "rows"), ("export", "pages"), ("merge", "the newest stays")):
        lists = cli.commands[name]._lists  # type: ignore[attr-defined]
        assert any(word in make() for make in lists.values()), name


def test_a_hint_offers_the_strategies_that_end_no_merge(store: Store) -> None:
    for name in ("a", "b"):
        store.persist({"owners": [owner(1)]}, scenario=name)
    with pytest.raises(MergeConflict) as caught:
        store.merge_scenarios(["a", "b"], new_name="m", on_conflict="error")
    hint = 'Nothing was merged. Choose on_conflict="skip", "overwrite" or "rename".'
    assert caught.value.hint == hint


def test_standard_input_needs_one_of_the_formats(store: Store) -> None:
    with pytest.raises(InvalidArgument) as caught:
        store.import_data("-")
    assert 'Give format="csv", "tsv", "psv", "json", "ndjson"' in str(caught.value.hint)


def test_exit_codes_are_those_of_the_help(run: Run) -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0, "ERROR": 1, "USAGE": 2, "NOT_FOUND": 3, "REFUSED": 4, "DAMAGED": 5, "BUSY": 6,
        "LIMIT": 7, "FAULT": 70, "INTERRUPTED": 130,
    }  # fmt: skip
    line = "Exit codes: 0 done; 1 an error, told on stderr, or found by check; 2 wrong usage,"
    assert line in told()
    assert "130 interrupted. With --json" in told()
    assert click.UsageError("").exit_code == ExitCode.USAGE
    assert HealthsimStoreError.exit_code is ExitCode.ERROR
    for arguments, code in (
        (["list"], ExitCode.DONE),
        (["info", "absent"], ExitCode.NOT_FOUND),
        (["list", "--absent"], ExitCode.USAGE),
    ):
        assert run(*arguments).returncode == code, arguments
