"""The tests for authors of importers find the faults that they are there for, and no others."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from conftest import PLUGIN, SCHEMA, SUMMARY, install

from healthsim_store import testing
from healthsim_store.plugins import installed

#: A good importer of folders, and others that differ from it in one fault.
IMPORTERS = """
import itertools
from healthsim_store import Importer, Parameter, hookimpl as implementation

born = {"born": "2000-01-01"}
kept = []


def owners(folder, *, tells=True, closed=False, keeps=False, opens=False):
    files = folder.files("**/*")
    if closed:
        files = [files[0], *files[1:]]
    if opens:
        files = [file for file in folder.path.rglob("*") if file.is_file()]
    rows = kept if keeps else []
    for file in files:
        for line in (file.read_text() if opens else file.text().read()).splitlines():
            name, _, gender = line.partition("|")
            if folder.options["gender"] not in (None, gender):
                if tells:
                    file.skip(1, "of another gender")
                continue
            rows.append({"full_name": name, "gender": gender, "tax_number": name} | born)
    yield "owners", list(rows)


def importer(name, **fault):
    return Importer(
        name, (".own",), read_folder=lambda folder: owners(folder, **fault),
        options=[Parameter("gender", "choice", values=("F", "M"))],
    )


@implementation
def healthsim_store_importers():
    faults = ({}, {"tells": False}, {"closed": True}, {"keeps": True}, {"opens": True})
    return [importer("_".join(["folder", *fault]), **fault) for fault in faults]
"""


@pytest.fixture(autouse=True)
def importers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    files = {"__init__.py": PLUGIN + IMPORTERS, "schema.sql": SCHEMA, "summary.sql": SUMMARY}
    install(tmp_path / "site", "importing", files)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    yield
    installed.cache_clear()


class Kit(testing.FolderImporterTests):
    __test__ = False
    files: ClassVar[Any] = {"a.own": "Ann|F\nBo|M\n", "b/c.own": b"Cy|M"}
    schema = SCHEMA
    rows: ClassVar[Any] = {
        "owners": [
            {"full_name": name, "gender": "M", "tax_number": name, "born": "2000-01-01"}
            for name in ("Bo", "Cy")
        ]
    }
    options: ClassVar[Any] = {"gender": "M"}
    skipped: ClassVar[Any] = {"of another gender": 1}


def failed(kit: type[testing.FolderImporterTests], tmp_path: Path) -> set[str]:
    """The tests of the kit that fail."""
    found = set()
    for name, test in inspect.getmembers(kit(), inspect.ismethod):
        if name.startswith("test_"):
            folder = tmp_path / kit.importer / name
            folder.mkdir(parents=True)
            run: Callable[..., None] = test
            arguments = (folder,) if "tmp_path" in inspect.signature(run).parameters else ()
            try:
                run(*arguments)
            except Exception:  # whatever a test raises, it fails
                found.add(name)
    return found


@pytest.mark.parametrize(
    ("importer", "faults"),
    [
        ("folder", set()),
        ("folder_tells", {"test_what_is_left_out_is_told"}),
        ("folder_closed", {"test_a_folder_without_files_is_one_clear_error"}),
        ("folder_keeps", {"test_the_second_time_is_as_the_first"}),
        ("folder_opens", {"test_what_is_not_of_the_format_is_left_alone"}),
        ("folder_missing", {name for name in dir(Kit) if name.startswith("test_")}),
    ],
)
def test_each_fault_is_found(importer: str, faults: set[str], tmp_path: Path) -> None:
    kit = type("OfOne", (Kit,), {"importer": importer})
    found = failed(kit, tmp_path)
    # What is kept from the last test, or not told, may show in more than one.
    assert faults <= found
    assert bool(faults) == bool(found)


def test_an_importer_of_files_is_told_which_class_to_take(tmp_path: Path) -> None:
    class Wrong(testing.ImporterTests):
        __test__ = False
        importer = "folder"
        file = "a.own"

    with pytest.raises(AssertionError, match="FolderImporterTests tests read_folder"):
        Wrong().test_the_importer_is_loaded()
