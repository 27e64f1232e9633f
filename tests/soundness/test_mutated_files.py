"""Damaged files of every kind that `import` reads: an error of one line, or an equal account.

The ordinary run tries a few of each kind, a campaign 2,000; ``pytest -rP`` shows the figures.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import file_kinds
import file_readers
import file_trials
import pyarrow
import pytest
import sound_product
from campaign import CAMPAIGN, tries
from report import FILES, write_chapter

from healthsim_store.plugins import installed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="memory is measured by getrusage")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_product.lay(tmp_path_factory.mktemp("sound"))


@contextlib.contextmanager
def installed_from(site: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        importlib.invalidate_caches()
        installed.cache_clear()
        yield
    installed.cache_clear()


def test_mutated_files(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [path for path in sys.path if path]  # the tests' own modules are among them
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(ours))
    first = random.SystemRandom().randrange(10**9) if CAMPAIGN else 0
    print(f"seeds from {first}")
    began = time.monotonic()
    found = file_trials.run(first, tries(12, 2_000), site)
    for kind, counts in found.items():
        print(f"{kind}: {counts.told()}")
    faults = [fault for counts in found.values() for fault in counts.faults]
    print(*faults, sep="\n")
    if CAMPAIGN:
        versions = {
            "pyarrow": pyarrow.__version__, "DuckDB": duckdb.__version__,
            "python-calamine": importlib.metadata.version("python-calamine"),
        }  # fmt: skip
        write_chapter(FILES, file_trials.lines(found), time.monotonic() - began, versions=versions)
    assert not faults, "\n\n".join(faults[:20])
    assert sum(counts.stored for counts in found.values())
    assert sum(counts.refused for counts in found.values())


@pytest.mark.parametrize("kind", file_kinds.KINDS)
def test_a_good_file_is_stored_as_the_independent_reader_has_it(
    kind: str, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a trial that refuses everything would find nothing wrong."""
    monkeypatch.setattr(file_trials, "damaged", lambda kind, seed: (good, "nothing"))
    with installed_from(site):
        for seed in range(3):
            good = file_kinds.KINDS[kind][1](random.Random(seed))
            folder = tmp_path / str(seed)
            folder.mkdir()
            trial = file_trials.one(kind, seed, folder)
            assert (trial.outcome, trial.said, trial.fault) == ("stored", "", "")
            assert trial.rows == len(file_readers.READERS[kind](good).rows) > 0
