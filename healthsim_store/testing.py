"""For plugin authors: the tests that every product should pass, as a class to inherit from.

    from healthsim_store.testing import ProductTests

    class TestMyProduct(ProductTests):
        product = "my_product"
        rows = {"patients": [{"mrn": "P-1", "dob": "1960-06-15", ...}], ...}

pytest collects the methods. ``rows`` are rows of every entity type, as a user would give them:
links by natural key, values in other spellings, enough of them for every statistic to have an
answer.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from .ddl import quoted
from .dictionary import read_rules, read_statistics
from .plugins import Plugins, installed
from .registry import Link, Registry
from .sandbox import Sandbox
from .schema import Column, Declaration
from .statistics import compute
from .store import Store


class ProductTests:
    """Inherit from it, set ``product`` and ``rows``."""

    product: ClassVar[str]
    rows: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]]

    @functools.cached_property
    def declaration(self) -> Declaration:
        installed.cache_clear()
        plugins = installed().checked
        assert self.product in plugins.find("products"), _why_missing(plugins, self.product)
        return installed().declarations[self.product]

    @contextlib.contextmanager
    def _stored(self, folder: Path, rows: Mapping[str, Any]) -> Iterator[tuple[Store, Sandbox]]:
        """A store with one scenario, ``s``, and its file as a reader sees it."""
        assert self.declaration
        with Store(folder) as store:
            store.persist(rows, scenario="s")
            with contextlib.closing(Sandbox(store.find("s"))) as sandbox:
                yield store, sandbox

    def test_the_product_is_loaded(self) -> None:
        assert self.declaration.entity_types

    def test_everything_is_described(self) -> None:
        for entity_type in self.declaration.entity_types:
            assert entity_type.description, f"{entity_type.name} has no comment above it"
            for column in entity_type.columns:
                assert column.description, f"{entity_type.name}.{column.name} has no comment"

    def test_rows_are_given_for_every_entity_type(self) -> None:
        registry = Registry(self.declaration.entity_types)
        given = {registry.entity_type(name).name for name, rows in self.rows.items() if rows}
        missing = [e.name for e in self.declaration.entity_types if e.name not in given]
        assert not missing, f"rows has none of {', '.join(missing)}"

    def test_every_entity_type_round_trips(self, tmp_path: Path) -> None:
        registry = Registry(self.declaration.entity_types)
        with self._stored(tmp_path / "one", self.rows) as (store, _):
            loaded = store.load_scenario("s")
        for name, rows in self.rows.items():
            entity_type = registry.entity_type(name)
            # By what was given: rows of a type may stand in the file in another order.
            stored = iter(loaded[entity_type.name])
            for row in rows:
                found = next(stored)
                for spelling, value in row.items():
                    field = registry.field(entity_type.name, spelling)
                    if isinstance(field, Link):
                        assert value is None or found[field.column.name]
                    elif isinstance(field, Column):
                        assert found.get(field.name) == field.coerce(value), (name, spelling)
        with self._stored(tmp_path / "two", loaded) as (store, _):
            assert store.load_scenario("s") == loaded

    def test_every_statistic_runs_on_empty_tables(self, tmp_path: Path) -> None:
        first = next(iter(Registry(self.declaration.entity_types))).name
        rows = {name: list(rows)[:1] for name, rows in self.rows.items() if name == first}
        with self._stored(tmp_path, rows or self.rows) as (_, sandbox):
            assert compute(sandbox, read_statistics(sandbox.connection))[1] == []

    def test_every_statistic_has_an_answer(self, tmp_path: Path) -> None:
        with self._stored(tmp_path, self.rows) as (_, sandbox):
            statistics = read_statistics(sandbox.connection)
            answers, failed = compute(sandbox, statistics)
        assert failed == []
        silent = {s.name for s in statistics} - {answer.name for answer in answers}
        assert not silent, f"rows give no answer to {', '.join(sorted(silent))}"
        for answer in answers:
            assert "{" not in answer.text, f"{answer.name} reads {answer.text!r}"

    def test_every_rule_holds(self, tmp_path: Path) -> None:
        with self._stored(tmp_path, self.rows) as (store, sandbox):
            assert len(read_rules(sandbox.connection)) == len(self.declaration.rules)
            errors = [f for f in store.check_scenario("s").findings if f.level == "error"]
        assert errors == []

    def test_cards_are_found_by_keys(self, tmp_path: Path) -> None:
        """A card that reads a whole table is slow on a large one."""
        with self._stored(tmp_path, self.rows) as (store, sandbox):
            for entity_type in self.declaration.entity_types:
                if not entity_type.card:
                    continue
                cards = store.get_samples("s", entity_type.name, count=1)
                assert cards, f"the card of {entity_type.name} shows nothing"
                assert len(cards[0]) > 1
                key = quoted(entity_type.primary_key)
                sql = (
                    f"EXPLAIN QUERY PLAN SELECT * FROM {quoted(entity_type.card)} WHERE {key} = ''"
                )
                with sandbox.run(sql, timeout=5) as cursor:
                    plan = [str(step[3]) for step in cursor]
                scans = [step for step in plan if step.startswith("SCAN") and "(" not in step]
                assert not scans, f"the card of {entity_type.name}: {', '.join(scans)}"


def _why_missing(plugins: Plugins, product: str) -> str:
    problems = [f"{p.name}: {p.problem}" for p in plugins.plugins if p.problem]
    return f"{product} is not loaded. {' '.join(problems) or 'Is it installed?'}"
