"""The tests of what plugins bring beside products and profiles: formats and commands.

Plugin authors import them from `healthsim_store.testing`. Each class works on a scenario whose
entity types stand in ``schema``, so that no product needs to be installed.
"""

from __future__ import annotations

import contextlib
import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .base.sqlite import connect
from .errors import EmptyBatch, SourceError
from .plugins import Plugins, installed
from .schema.product import Product
from .storage.catalog import add_product
from .storage.format import create
from .store import Store

if TYPE_CHECKING:
    from click.testing import Result

    from .exchange.export_result import ExportResult
    from .exchange.imports import ImportResult
    from .standards.model import Declared

#: One column of each type that a format meets.
SCHEMA = """
-- Measurements of all kinds
CREATE TABLE measurements (
  measurement_id VARCHAR PRIMARY KEY, -- Id in this scenario
  code VARCHAR NOT NULL, -- What was measured
  value DECIMAL(9,2), -- The result
  number INTEGER, -- A count
  ratio REAL, -- A share
  final BOOLEAN, -- Whether it is final
  taken_on DATE, -- The day
  taken_at TIMESTAMP -- The moment
);
"""
ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "measurements": [
        {
            "measurement_id": "m1", "code": "4548-4", "value": 6.5, "number": 3, "ratio": 0.25,
            "final": True, "taken_on": "2025-01-31", "taken_at": "2025-01-31T08:30:00",
        },
        {"measurement_id": "m2", "code": "0042", "final": False},
        {"measurement_id": "m3", "code": 'Größe, "cm"', "value": -0.01, "number": 0},
    ]
}  # fmt: skip


def why_missing(plugins: Plugins, name: str) -> str:
    """That a name is not there, with the plugins that were left out and why."""
    problems = [f"{p.name}: {p.problem}" for p in plugins.plugins if p.problem]
    return f"{name} is not loaded. {' '.join(problems) or 'Is it installed?'}"


def brought(kind: str, name: str) -> Any:
    """What the installed plugins bring under a name, loaded anew; fails where it is missing."""
    installed.cache_clear()
    found = installed().checked
    assert name in found.find(kind), why_missing(found, name)
    return found.find(kind)[name]


@contextlib.contextmanager
def scenario(
    folder: Path, schema: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[Store]:
    """A store with the scenario ``s``, which explains itself: its product is not installed.

    Args:
        folder: where to make the store.
        schema: the CREATE TABLE statements of its entity types, as in schema.sql.
        rows: rows by entity type.
    """
    folder.mkdir(parents=True)
    with contextlib.closing(connect(folder / "s.db")) as connection:
        create(connection, description=None)
        if schema:
            add_product(connection, Product("declared_by_test", "1.0", schema).declaration)
        connection.commit()
    with Store(folder) as store:
        if rows:
            store.persist(rows, scenario="s")
        yield store


class _Imports:
    """What the tests of files and those of folders share."""

    importer: ClassVar[str]
    schema: ClassVar[str]
    rows: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]]
    skipped: ClassVar[Mapping[str, int]] = {}
    options: ClassVar[Mapping[str, Any]] = {}

    def _written(self, folder: Path) -> Path:
        """Write what is to be read into a folder; its path."""
        raise NotImplementedError

    def test_its_rows_are_stored(self, tmp_path: Path) -> None:
        loaded, _ = self._imported(tmp_path, self._written(tmp_path))
        assert loaded == {name: list(rows) for name, rows in self.rows.items()}

    def test_what_is_left_out_is_told(self, tmp_path: Path) -> None:
        """By `skip`: whoever imports has to know of every row that is not stored."""
        _, result = self._imported(tmp_path, self._written(tmp_path))
        told: Counter[str] = Counter()
        for account in result.sources:
            told.update(account.unmapped)
        assert told == Counter(self.skipped)

    def test_the_second_time_is_as_the_first(self, tmp_path: Path) -> None:
        """What is kept from the first time must not get into the second."""
        path = self._written(tmp_path)
        first, _ = self._imported(tmp_path / "one", path)
        assert self._imported(tmp_path / "two", path)[0] == first

    def _imported(
        self, folder: Path, path: Path
    ) -> tuple[dict[str, list[dict[str, Any]]], ImportResult]:
        brought("importers", self.importer)
        with scenario(folder / "store", self.schema, {}) as store:
            result = store.import_data(
                path, scenario="s", format=self.importer, options=self.options
            )
            loaded = store.load_scenario("s")
        return self._given(loaded), result

    def _given(
        self, loaded: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> dict[str, list[dict[str, Any]]]:
        """The fields that ``rows`` has, of what was stored."""
        given = {name: {key for row in rows for key in row} for name, rows in self.rows.items()}
        return {
            name: [{key: row.get(key) for key in given[name]} for row in loaded.get(name, ())]
            for name in self.rows
        }


class ImporterTests(_Imports):
    """The tests of an importer's ``read``. Inherit from it, and set its attributes.

    ``importer`` is the format's name. ``file`` is the name of a file and ``content`` what is in it.
    ``schema`` declares the entity types that the file has rows of, as in schema.sql. ``rows`` are
    the rows that it has, by entity type. ``skipped`` has the number of rows that are left out, by
    reason. ``options`` are values of the format's options.
    """

    file: ClassVar[str]
    content: ClassVar[str | bytes]

    def test_the_importer_is_loaded(self) -> None:
        found = brought("importers", self.importer)
        assert found.read, "it has no read; FolderImporterTests tests read_folder"
        assert Path(self.file).suffix.lower() in found.suffixes

    def _written(self, folder: Path) -> Path:
        return _write(folder / self.file, self.content)


class FolderImporterTests(_Imports):
    """The tests of an importer's ``read_folder``. Inherit from it, and set its attributes.

    They are those of `ImporterTests`, but in place of ``file`` and ``content`` there is ``files``:
    the contents of the folder's files, by their paths in it.
    """

    files: ClassVar[Mapping[str, str | bytes]]

    def test_the_importer_is_loaded(self) -> None:
        found = brought("importers", self.importer)
        assert found.read_folder, "it has no read_folder; ImporterTests tests read"

    def test_what_is_not_of_the_format_is_left_alone(self, tmp_path: Path) -> None:
        """What else is in the folder: hidden files, a description, and what nobody knows."""
        path = self._written(tmp_path)
        before, _ = self._imported(tmp_path / "one", path)
        strange: dict[str, str | bytes] = {".hidden": b"\0", "datapackage.json": "{}"}
        if brought("importers", self.importer).suffixes:
            strange["of.nobody-knows"] = b"\0"
        for name, content in strange.items():
            _write(path / name, content)
        assert self._imported(tmp_path / "two", path)[0] == before

    def test_a_folder_without_files_is_one_clear_error(self, tmp_path: Path) -> None:
        """And no fault of the plugin, such as a TypeError."""
        (tmp_path / "empty").mkdir()
        with contextlib.suppress(EmptyBatch, SourceError):
            self._imported(tmp_path, tmp_path / "empty")
            raise AssertionError("something was stored of an empty folder")

    def _written(self, folder: Path) -> Path:
        (folder / "given").mkdir()
        for name, content in self.files.items():
            _write(folder / "given" / name, content)
        return folder / "given"


def _write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class ExporterTests:
    """The tests of an exporter. Inherit from it, set ``exporter``, and write ``read``.

    ``exporter`` is the format's name. ``schema`` and ``rows`` are what is exported: by default an
    entity type with a column of each type. ``options`` are values of the format's options.
    """

    exporter: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    schema: ClassVar[str] = SCHEMA
    rows: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]] = ROWS

    def read(self, path: Path) -> list[dict[str, Any]] | None:
        """The rows of a file of the format, as `load_scenario` gives them; None if not known.

        A value that is None may be left out.

        Args:
            path: a file that the exporter wrote.
        """
        return None

    def test_the_exporter_is_loaded(self) -> None:
        assert brought("exporters", self.exporter).title, "give it a title, for the reply"

    def test_what_is_exported_can_be_read(self, tmp_path: Path) -> None:
        with self._exported(tmp_path) as (store, files):
            loaded = store.load_scenario("s")
        assert files
        for file in files:
            found = self.read(file)
            if found is not None and file.stem in loaded:
                assert _given(found) == _given(loaded[file.stem]), file.name

    def test_no_rows_are_exported_too(self, tmp_path: Path) -> None:
        with scenario(tmp_path / "store", self.schema, {}) as store:
            if brought("exporters", self.exporter).write is None:
                return
            names = [entity_type.name for entity_type in store.registry("s")]
            self._export(store, tmp_path / "out", entities=names)
            for file in _data(tmp_path / "out"):
                assert self.read(file) in (None, []), file.name

    def test_the_same_rows_make_the_same_files(self, tmp_path: Path) -> None:
        with self._exported(tmp_path) as (store, files):
            self._export(store, tmp_path / "again")
            if brought("exporters", self.exporter).copy is None:
                for file in files:
                    again = tmp_path / "again" / file.relative_to(tmp_path / "out")
                    assert again.read_bytes() == file.read_bytes(), file.name

    @contextlib.contextmanager
    def _exported(self, folder: Path) -> Iterator[tuple[Store, list[Path]]]:
        brought("exporters", self.exporter)
        with scenario(folder / "store", self.schema, self.rows) as store:
            self._export(store, folder / "out")
            yield store, _data(folder / "out")

    def _export(self, store: Store, to: Path, **given: Any) -> None:
        options = self.options or None
        store.export_scenario("s", format=self.exporter, to=to, options=options, **given)


def _given(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: v for name, v in row.items() if v is not None} for row in rows]


def _data(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if path.name != "datapackage.json"]


class StandardTests:
    """The tests of a standard. Inherit from it, and set its attributes.

    ``standard`` is its name. ``rows`` are entities of an installed product, by entity type.
    ``datasets`` are the rows that are written of them, by dataset, in the order of its key; of each
    only the columns that you name. ``options`` are values of the standard's options.
    """

    standard: ClassVar[str]
    rows: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]]
    datasets: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]]
    options: ClassVar[Mapping[str, Any]] = {}

    def test_the_standard_is_loaded(self) -> None:
        told = self._declared()
        for dataset in told.datasets:
            assert dataset.selects, f"nothing fills {dataset.name}"

    def test_the_rows_are_written(self, tmp_path: Path) -> None:
        """As your ``datasets`` say, and without one being left out."""
        made = self._exported(tmp_path, self._readable())
        for account in made.datasets:
            assert not account.refused, f"{account.name}: {account.told()}"
            assert not account.unread, f"{account.name}: {account.told()}"
        for name, rows in self.datasets.items():
            file = tmp_path / "out" / f"{name.lower()}.{self._readable()}"
            found = [
                {key: _as_text(row.get(key)) for key in wanted}
                for row, wanted in zip(_rows_of(file), rows, strict=True)
            ]
            expected = [{key: _as_text(value) for key, value in row.items()} for row in rows]
            assert found == expected, name

    def test_it_is_written_as_every_kind_of_files(self, tmp_path: Path) -> None:
        for kind in self._declared().head.kinds:
            made = self._exported(tmp_path / kind, kind)
            assert made.rows == sum(account.rows for account in made.datasets), kind

    def _declared(self) -> Declared:
        brought("standards", self.standard)
        return installed().standards.declared(self.standard)

    def _readable(self) -> str:
        """A kind of its files in which a row's values stand by name."""
        kinds = self._declared().head.kinds
        return next(kind for kind in ("json", "csv") if kind in kinds)

    @contextlib.contextmanager
    def _stored(self, folder: Path) -> Iterator[Store]:
        with Store(folder / "store") as store:
            store.persist(self.rows, scenario="s")
            yield store

    def _exported(self, folder: Path, kind: str) -> ExportResult:
        with self._stored(folder) as store:
            options = {**self.options, "files": kind}
            return store.export_scenario(
                "s", format=self.standard, to=folder / "out", options=options
            )


def _rows_of(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="") as opened:
        if file.suffix == ".csv":
            return [*csv.DictReader(opened)]
        told = json.load(opened)
    names = [column["name"] for column in told["columns"]]
    return [dict(zip(names, row, strict=True)) for row in told["rows"]]


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)


class CommandTests:
    """The tests of a command. Inherit from it, and set ``command``, which is its name.

    ``arguments`` are given to it in the test that runs it, on a store in which the scenario ``s``
    has the ``rows`` of the entity types in ``schema``.
    """

    command: ClassVar[str]
    arguments: ClassVar[Sequence[str]] = ("s",)
    schema: ClassVar[str] = SCHEMA
    rows: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]] = ROWS

    def run(self, folder: Path, *arguments: str) -> Result:
        """Run the command; the result has ``exit_code``, ``output`` and ``exception``.

        Args:
            folder: where to make the store.
            arguments: what stands behind the command's name.
        """
        from click.testing import CliRunner

        command = brought("commands", self.command)
        with scenario(folder / "store", self.schema, self.rows) as store:
            environment = {"HEALTHSIM_STORE_DIR": str(store.path)}
            return CliRunner().invoke(command, list(arguments), env=environment)

    def test_the_command_is_described(self) -> None:
        command = brought("commands", self.command)
        assert command.help, "give its function a docstring"
        for parameter in command.params:
            if "--help" not in parameter.opts and parameter.param_type_name == "option":
                assert parameter.help, f"the option {parameter.name} has no help"

    def test_it_runs(self, tmp_path: Path) -> None:
        done = self.run(tmp_path, *self.arguments)
        assert done.exit_code == 0, done.exception or done.output
        assert done.output

    def test_json_is_json(self, tmp_path: Path) -> None:
        options = {name for p in brought("commands", self.command).params for name in p.opts}
        if "--json" in options:
            done = self.run(tmp_path, *self.arguments, "--json")
            assert done.exit_code == 0, done.exception or done.output
            json.loads(done.output)
