"""For plugin authors: classes of tests that every product and every profile should pass.

    from healthsim_store.testing import ProductTests

    class TestMyProduct(ProductTests):
        product = "my_product"
        rows = {"patients": [{"mrn": "P-1", "dob": "1960-06-15", ...}], ...}

pytest collects the methods of the subclass. ``rows`` has rows of every entity type, as a user would
give them: with links by natural key and with values in other spellings. There must be enough rows
for every statistic and question to have an answer.

    class TestAsthma(ProfileTests):
        profile = "asthma"

`ImporterTests`, `FolderImporterTests`, `ExporterTests`, `StandardTests` and `CommandTests` are the
same for formats, standards and commands.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import re
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from .base.sql import quoted
from .base.sqlite import connect
from .generation.engine import BLOCK, Entities
from .generation.reading import open_run
from .generation.recipe import Recipe, read_recipe
from .generation.run import MAX_BATCH, Generation
from .plugins import installed
from .query.questions import sort_out
from .query.statistics import compute
from .schema.dry_run import ask
from .schema.model import Column, Declaration
from .schema.registry import Link, Registry
from .storage.catalog import (
    add_product,
    read_products,
    read_questions,
    read_rules,
    read_statistics,
)
from .storage.format import create
from .storage.releases import Release, read_releases, record_release
from .storage.rows import Row
from .storage.sandbox import Sandbox
from .store import Store
from .testing_hooks import CommandTests as CommandTests
from .testing_hooks import ExporterTests as ExporterTests
from .testing_hooks import FolderImporterTests as FolderImporterTests
from .testing_hooks import ImporterTests as ImporterTests
from .testing_hooks import StandardTests as StandardTests
from .testing_hooks import why_missing

#: With this variable set, a run of the tests records the product's version as released.
RECORD = "HEALTHSIM_STORE_RECORD"


class ProductTests:
    """The tests of a product. Inherit from it, and set the first two attributes.

    ``product`` is the product's name. ``rows`` has rows by entity type. ``released`` is the folder,
    beside the file of the tests, that has the schema, migrations and rows of each version that was
    released; a run with HEALTHSIM_STORE_RECORD=1 adds the present one.
    """

    product: ClassVar[str]
    rows: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]]
    released: ClassVar[str] = "released"

    @functools.cached_property
    def declaration(self) -> Declaration:
        installed.cache_clear()
        plugins = installed().checked
        assert self.product in plugins.find("products"), why_missing(plugins, self.product)
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

    def test_every_value_of_a_question_is_described(self) -> None:
        for question in self.declaration.questions:
            told = f"{question.label} {question.description}"
            for parameter in question.parameters:
                name = parameter.name
                assert parameter.description or re.search(rf":{name}\b", told), (
                    f"{question.where}: neither label nor @about nor @param says what :{name} is"
                )

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
            # Compare only the fields that were given: the file has more, such as generated ids.
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
            declared = read_statistics(sandbox.connection)
            answers, failed = compute(sandbox, declared)
        assert failed == []
        silent = {s.name for s in declared} - {answer.name for answer in answers}
        assert not silent, f"rows give no answer to {', '.join(sorted(silent))}"
        for answer in answers:
            assert "{" not in answer.text, f"{answer.name} reads {answer.text!r}"

    def test_every_question_runs_on_empty_tables(self) -> None:
        """The tables of all installed products are there, because a question may use them."""
        with contextlib.closing(connect(":memory:")) as connection:
            create(connection, description=None)
            assert self.declaration
            for declaration in installed().declarations.values():
                add_product(connection, declaration)
            for question in self.declaration.questions:
                ask(connection, question, alone=False)

    def test_every_question_has_an_answer(self, tmp_path: Path) -> None:
        """With empty parameters. Questions that need the table of another product are left out."""
        with self._stored(tmp_path, self.rows) as (store, sandbox):
            declared = read_questions(sandbox.connection)
            assert len(declared) == len(self.declaration.questions)
            able, reasons = sort_out(sandbox, declared)
            for question in able:
                assert store.ask_question("s", question.name).rows, (
                    f"rows give no answer to {question.name} where nothing is filled in"
                )
        for name, reason in reasons.items():
            assert "no such table: " in reason, f"{name}: {reason}"

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

    def _releases(self) -> list[Release]:
        return read_releases(Path(inspect.getfile(type(self))).parent / self.released)

    def test_a_version_that_was_released_stays_as_it_was(self, tmp_path: Path) -> None:
        """Its tables, and every migration. With HEALTHSIM_STORE_RECORD=1, it is released now."""
        if os.environ.get(RECORD):
            with self._stored(tmp_path, self.rows) as (store, _):
                folder = Path(inspect.getfile(type(self))).parent / self.released
                record_release(folder, self.declaration, store.load_scenario("s"))
        for release in self._releases():
            changes = release.changes(self.declaration)
            assert not changes, "; ".join(changes)

    def test_a_file_of_each_released_version_follows(self, tmp_path: Path) -> None:
        for release in self._releases():
            with Store(tmp_path / release.version) as store:
                store.path.mkdir(parents=True)
                release.make_file(store.path / "s.db", self.product)
                store.upgrade_scenario("s")
                findings = store.check_scenario("s").findings
                assert [f for f in findings if f.level == "error"] == [], release.version
                with contextlib.closing(Sandbox(store.find("s"))) as sandbox:
                    found = {p.name: p.version for p in read_products(sandbox.connection)}
                assert found[self.product] == self.declaration.version


class ProfileTests:
    """The tests of a profile. Inherit from it, and set ``profile``, which is its name.

    ``variants`` are sets of options; each is tried. ``count`` is how many counted entities a run
    has, by default the profile's own number. ``seeds`` are tried for each @target; the first three
    also for each @never.

    Of a profile that reads a scenario, ``base`` is the profile that makes one, with
    ``base_options``, and ``count`` is how many it counts. A @never is asked of both together.
    """

    profile: ClassVar[str]
    base: ClassVar[str | None] = None
    base_options: ClassVar[Mapping[str, Any]] = {}
    variants: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    count: ClassVar[int | None] = None
    seeds: ClassVar[Sequence[int]] = range(20)

    # A mean that is further from its target than this many standard errors is a failure. In a
    # correct profile, chance alone does this to 1 target of 150,000.
    ERRORS = 4.5

    @functools.cached_property
    def recipe(self) -> Recipe:
        installed.cache_clear()
        profiles = installed().checked.find("profiles")
        assert self.profile in profiles, why_missing(installed().checked, self.profile)
        return read_recipe(profiles[self.profile])

    def _run(
        self, seed: int, options: Mapping[str, Any] | None = None, count: int | None = None
    ) -> Generation:
        if self.base is None:
            assert not self.recipe.reads, "set base to a profile that makes what it reads"
            return Generation(self.recipe, count=count or self.count, seed=seed, options=options)
        run = Generation(self.recipe, seed=seed, options=options)
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
            self._make_base(store, "base", 1, count)
            # What it reads is copied, so the scenario need not stay.
            return open_run(store, store._library, run, "base")

    def _make_base(self, store: Store, scenario: str, seed: int, count: int | None = None) -> None:
        assert self.base is not None
        store.generate_scenario(
            self.base, count=count or self.count, seed=seed, options=self.base_options,
            into=scenario,
        )  # fmt: skip

    def test_options_are_described(self) -> None:
        assert self.recipe.title
        for option in self.recipe.options:
            assert option.description, f"the option {option.name} has no comment"

    def test_the_batch_size_changes_nothing(self) -> None:
        for options in self.variants:
            # More than one block, so that a batch crosses the border between two blocks.
            whole = _joined(self._run(1, options, count=BLOCK + 20).batches(MAX_BATCH))
            assert whole
            found = _joined(self._run(1, options, count=BLOCK + 20).batches(37))
            assert found.keys() == whole.keys()
            for name, rows in whole.items():
                assert found[name] == rows, f"{name}: end its SELECT with ORDER BY n, k"

    def test_every_entity_has_its_own_id(self) -> None:
        """An id that `persist` generates would be another one in the next run."""
        for name, rows in _joined(self._run(1, self.variants[-1]).batches()).items():
            key = installed().registry.entity_type(name).primary_key
            assert all(row.get(key) for row in rows), f"{name}: its SELECT gives no {key}"

    def test_seeds_differ(self) -> None:
        assert _joined(self._run(1).batches()) != _joined(self._run(2).batches())

    def test_nothing_happens_that_never_may(self, tmp_path: Path) -> None:
        for number, options in enumerate(self.variants):
            with Store(tmp_path / str(number)) as store:
                for seed in self.seeds[:3]:
                    self._store(store, seed, options)
                    for never in self.recipe.nevers:
                        found = store.query_scenario(f"s{seed}", never.sql, timeout=60, limit=3)
                        assert found.rows == [], f"{never.where}: {never.name} ({options})"
                    findings = store.check_scenario(f"s{seed}").findings
                    assert [f for f in findings if f.level == "error"] == []

    def test_means_are_as_intended(self, tmp_path: Path) -> None:
        if not self.recipe.targets:
            return
        values: dict[str, list[float]] = {target.name: [] for target in self.recipe.targets}
        with Store(tmp_path) as store:
            for seed in self.seeds:
                self._store(store, seed)
                with contextlib.closing(Sandbox(store.find(f"s{seed}"))) as sandbox:
                    for target in self.recipe.targets:
                        with sandbox.run(target.sql, timeout=60) as cursor:
                            values[target.name] += [float(value) for (value,) in cursor]
        for target in self.recipe.targets:
            found = values[target.name]
            assert len(found) > 1, f"{target.where}: {target.name} has {len(found)} values"
            mean, spread = statistics.fmean(found), statistics.stdev(found)
            error = spread / len(found) ** 0.5
            assert abs(mean - target.mean) <= max(self.ERRORS * error, 1e-9), (
                f"{target.where}: {target.name}: {mean:.4f} instead of {target.mean:.4f}, "
                f"which is {abs(mean - target.mean) / (error or 1e-9):.1f} standard errors off"
            )

    def _store(self, store: Store, seed: int, options: Mapping[str, Any] | None = None) -> None:
        if self.base is not None:
            self._make_base(store, f"s{seed}", seed)
            store.generate_scenario(self.profile, seed=seed, options=options, into=f"s{seed}")
            return
        run = self._run(seed, options)
        batches = ((entities, run.facts()) for _, _, entities in run.batches())
        store.persist_batches(batches, scenario=f"s{seed}")


def _joined(batches: Iterable[tuple[int, int, Entities]]) -> dict[str, list[Row]]:
    joined: dict[str, list[Row]] = {}
    for _, _, entities in batches:
        for name, rows in entities.items():
            joined.setdefault(name, []).extend(rows)
    return joined
