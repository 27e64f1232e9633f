"""What the tests of TrialSim share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from healthsim_store import Store
from healthsim_store.plugins import installed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path / "store") as made:
        yield made
