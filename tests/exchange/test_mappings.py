"""Mappings that anybody can write: by path, of any file, of JSON, and one row as several."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from healthsim_store import Store
from healthsim_store.errors import DeclarationError, HealthsimStoreError, InvalidRows, SourceError
from healthsim_store.exchange import statement_clock

PEOPLE = """
CREATE TABLE people (id TEXT NOT NULL, "Full Name" TEXT, born TEXT, sex TEXT);

CREATE VIEW sexes AS SELECT '1' AS number, 'M' AS letter UNION ALL SELECT '2', 'F';

-- @into owners @from people
SELECT
  id AS owner_id, 'T' || id AS tax_number, "Full Name" AS full_name, born,
  (SELECT letter FROM sexes WHERE number = sex) AS gender
FROM people;
"""


@pytest.fixture
def store(toy_of: Callable[..., None], tmp_path: Path) -> Store:
    toy_of("1.0")
    return Store(tmp_path / "store")


def _write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def _all(store: Store, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in store.query_scenario("s", sql).rows]


def test_a_mapping_by_path_reads_one_file_of_any_name(store: Store, tmp_path: Path) -> None:
    mapping = _write(tmp_path / "mine.sql", PEOPLE)
    file = _write(
        tmp_path / "export 7.csv", "id;Full Name;born;sex;x\n1;Ann;05.01.1980;2;9\n2;Bo;;1;9\n"
    )
    with pytest.raises(InvalidRows, match=r"export 7\.csv, line 3"):
        store.import_data(file, format=str(mapping), delimiter=";", date_format="DD.MM.YYYY")
    _write(file, file.read_text("utf-8").replace("Bo;;", "Bo;06.01.1980;"))
    made = store.import_data(
        file, format=str(mapping), scenario="s", delimiter=";", date_format="DD.MM.YYYY"
    )
    (account,) = made.sources
    assert (account.rows, account.mapped, account.not_carried) == (2, {"owners": 2}, ("x",))
    assert _all(store, "SELECT owner_id, full_name, gender, born FROM owners ORDER BY 1") == [
        ("1", "Ann", "F", "1980-01-05"), ("2", "Bo", "M", "1980-01-06"),
    ]  # fmt: skip


def test_a_table_says_by_a_pattern_which_files_are_its(store: Store, tmp_path: Path) -> None:
    mapping = _write(
        tmp_path / "mine.sql",
        PEOPLE.replace("CREATE TABLE people", "-- @file DE1_*_Summary_*\nCREATE TABLE people"),
    )
    folder = tmp_path / "in"
    folder.mkdir()
    _write(folder / "DE1_0_Summary_1.csv", "id,Full Name,born,sex\n1,Ann,1980-01-05,2\n")
    _write(folder / "DE1_0_Summary_2.csv", "id,Full Name,born,sex\n2,Bo,1980-01-06,1\n")
    _write(folder / "other.csv", "a\n1\n")
    made = store.import_data(folder, format=str(mapping), scenario="s")
    assert made.persisted.inserted == {"owners": 2}
    assert {one.name: one.unmapped for one in made.sources}["other.csv"] == {
        "no installed product maps this file": 1
    }


BUNDLE = """
-- @file bundle @json $.entry[*].resource
CREATE TABLE resources (
  resourceType TEXT, id TEXT, "name[0].family" TEXT, birthDate TEXT, pets TEXT
);

-- @into owners @from resources
SELECT
  rowid AS _row, id AS owner_id, 'T' || id AS tax_number, "name[0].family" AS full_name,
  birthDate AS born
FROM resources WHERE resourceType = 'Patient';

-- Each pet of the list is one.
-- @into pets @from resources @many
SELECT
  r.rowid AS _row, r.id || '-' || p.key AS pet_id, r.id AS owner_id, p.value ->> 'kind' AS species
FROM resources AS r, json_each(r.pets) AS p WHERE r.resourceType = 'Patient';

-- nobody keeps them here
-- @skip resources
SELECT count(*) FROM resources WHERE resourceType = 'Organization';
"""


def test_one_json_document_has_many_records_and_each_many_entities(
    store: Store, tmp_path: Path
) -> None:
    mapping = _write(tmp_path / "mine.sql", BUNDLE)
    people = [
        {"resourceType": "Patient", "id": "1", "name": [{"family": "Ann"}],
         "birthDate": "1980-01-05", "pets": [{"kind": "cat"}, {"kind": "dog"}]},
        {"resourceType": "Patient", "id": "2", "name": [{"family": "Bo"}],
         "birthDate": "1980-01-06", "gender": "x"},
        {"resourceType": "Organization", "id": "3"},
    ]  # fmt: skip
    file = _write(
        tmp_path / "bundle.json", json.dumps({"entry": [{"resource": p} for p in people]})
    )
    made = store.import_data(file, format=str(mapping), scenario="s")
    (account,) = made.sources
    assert account.to_dict() == {
        "name": "bundle.json, $.entry[*].resource", "rows": 3,
        "mapped": {"owners": 2, "pets": 1}, "unmapped": {"nobody keeps them here": 1}, "shared": 1,
        "not_carried": ["gender"],
    }  # fmt: skip
    assert _all(store, "SELECT pet_id, species FROM pets ORDER BY 1") == [
        ("1-0", "cat"), ("1-1", "dog"),
    ]  # fmt: skip


def test_lines_of_json_are_told_where_a_select_says_its_row(store: Store, tmp_path: Path) -> None:
    mapping = _write(tmp_path / "mine.sql", BUNDLE.replace("$.entry[*].resource", "$"))
    lines = [
        json.dumps({"resourceType": "Patient", "id": str(n), "name": [{"family": "A"}],
                    "birthDate": born})
        for n, born in enumerate(["1980-01-05", "soon"])
    ]  # fmt: skip
    file = _write(tmp_path / "bundle.ndjson", "\n\n".join(lines))
    with pytest.raises(InvalidRows, match=r"bundle\.ndjson, line 3"):
        store.import_data(file, format=str(mapping))


def test_one_row_is_several_entities_of_one_type(store: Store, tmp_path: Path) -> None:
    """The wide layout of hospital files: one person and several things in each row."""
    sql = """
        CREATE TABLE visits (person TEXT, kind1 TEXT, kind2 TEXT);
        -- @into owners @from visits
        SELECT rowid AS _row, person AS owner_id, person AS tax_number, person AS full_name,
          '1980-01-05' AS born FROM visits;
        {marker}
        SELECT rowid AS _row, person || 'a' AS pet_id, person AS owner_id, kind1 AS species
        FROM visits WHERE kind1 IS NOT NULL
        UNION ALL
        SELECT rowid, person || 'b', person, kind2 FROM visits WHERE kind2 IS NOT NULL;
    """
    file = _write(tmp_path / "visits.csv", "person,kind1,kind2\n1,cat,dog\n2,,\n3,dog,\n")
    many = _write(tmp_path / "many.sql", sql.format(marker="-- @into pets @from visits @many"))
    (account,) = store.import_data(file, format=str(many), scenario="s").sources
    assert (account.rows, account.mapped, account.shared) == (3, {"owners": 3, "pets": 2}, 2)
    assert _all(store, "SELECT count(*) FROM pets") == [(3,)]


@pytest.mark.parametrize(("old", "new", "told"), [
    ("@from people", "@from persons", r"mine\.sql, line \d+: @from persons, of which no"),
    ("@into owners", "@into owner_s_x", r"mine\.sql, line \d+: @into owner_s_x, which is no"),
    ("born,", "born AS birthday,", r"mine\.sql, line \d+: birthday is not a field of owners"),
    ("@from people", "@from people @many", r"mine\.sql, line \d+: @many, and no column _row"),
    ("CREATE TABLE people", "-- @json entry.x\nCREATE TABLE people", r"line \d+: @json entry\.x"),
    ("FROM people;", "FROM peoples;", r"mine\.sql, line \d+: no such table"),
    ("-- @into owners @from people", "", r"mine\.sql, line \d+: neither"),
])  # fmt: skip
def test_a_mapping_is_tried_out_before_a_file_is_read(
    store: Store, tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in PEOPLE
    mapping = _write(tmp_path / "mine.sql", PEOPLE.replace(old, new))
    file = _write(tmp_path / "people.csv", "not even,a header of it\n")
    with pytest.raises(DeclarationError, match=told):
        store.import_data(file, format=str(mapping))
    assert store.names() == []


def test_what_is_no_mapping_is_told(store: Store, tmp_path: Path) -> None:
    file = _write(tmp_path / "people.csv", "id\n1\n")
    with pytest.raises(SourceError, match="cannot be read"):
        store.import_data(file, format=str(tmp_path / "none.sql"))
    empty = _write(tmp_path / "empty.sql", "CREATE TABLE people (id TEXT);\n")
    with pytest.raises(DeclarationError, match="no SELECT"):
        store.import_data(file, format=str(empty))
    mapping = _write(tmp_path / "mine.sql", PEOPLE.replace("people", "persons") + ";")
    with pytest.raises(HealthsimStoreError):
        store.import_data(file, format=str(mapping))


def test_two_tables_of_one_file_have_their_own_lines(store: Store, tmp_path: Path) -> None:
    """The first table has three records in two lines, the second one record in each."""
    sql = """
        -- @file saved @json $.pets[*]
        CREATE TABLE pets (id TEXT, owner TEXT);
        -- @file saved @json $
        CREATE TABLE owners (id TEXT, born TEXT);
        -- @into owners @from owners
        SELECT rowid AS _row, id AS owner_id, id AS tax_number, id AS full_name, born FROM owners;
        -- @into pets @from pets
        SELECT rowid AS _row, id AS pet_id, owner AS owner_id FROM pets;
    """
    mapping = _write(tmp_path / "mine.sql", sql)
    first = {"id": "1", "born": "1980-01-05", "pets": [{"id": "a", "owner": "1"}, {"id": "b"}]}
    second = {"id": "2", "born": "soon", "pets": [{"id": "c", "owner": "2"}]}
    file = _write(tmp_path / "saved.ndjson", f"{json.dumps(first)}\n\n{json.dumps(second)}\n")
    with pytest.raises(InvalidRows, match=r"saved\.ndjson, line 3\), born"):
        store.import_data(file, format=str(mapping))


KEYED = """
CREATE TABLE people (id TEXT NOT NULL, born TEXT, sex TEXT, name TEXT);
CREATE TABLE names (number TEXT, part TEXT, said TEXT, PRIMARY KEY (number, part)CONFLICT);

-- @into owners @from people
SELECT p.id AS owner_id, 'T' || p.id AS tax_number, said AS full_name, born
FROM people AS p JOIN names AS n ON n.number = name AND n.part = 'all';

-- looked up
-- @skip names
SELECT count(*) FROM names;
"""


def _keyed(tmp_path: Path, conflict: str) -> tuple[Path, str]:
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    _write(folder / "people.csv", "id,born,sex,name\n1,1980-01-05,2,7\n2,1980-01-06,1,7\n")
    _write(folder / "names_0.csv", "number,part,said\n7,all,Ann\n7,some,A\n")
    _write(folder / "names_1.csv", "number,part,said\n8,all,Bo\n7,all,Cy\n,all,x\n,all,x\n")
    mapping = _write(tmp_path / "mine.sql", KEYED.replace("CONFLICT", conflict))
    return folder, str(mapping)


def test_the_first_row_of_a_key_is_taken_and_the_others_are_counted(
    store: Store, tmp_path: Path
) -> None:
    folder, mapping = _keyed(tmp_path, " ON CONFLICT IGNORE")
    made = store.import_data(folder, format=mapping, scenario="s")
    assert _all(store, "SELECT owner_id, full_name FROM owners ORDER BY 1") == [
        ("1", "Ann"), ("2", "Ann"),
    ]  # fmt: skip
    (account,) = [one for one in made.sources if one.name.startswith("names")]
    assert (account.rows, account.unmapped) == (
        6, {"the same number, part as a row before": 1, "looked up": 5},
    )  # fmt: skip


def test_a_key_that_is_there_twice_is_told_with_its_lines(store: Store, tmp_path: Path) -> None:
    folder, mapping = _keyed(tmp_path, "")
    with pytest.raises(SourceError, match="number '7', part 'all' is there twice") as caught:
        store.import_data(folder, format=mapping, scenario="s")
    assert "names_0.csv, line 2 and names_1.csv, line 3" in str(caught.value)
    assert store.names() == []


def test_a_key_takes_the_first_or_none(store: Store, tmp_path: Path) -> None:
    folder, mapping = _keyed(tmp_path, " ON CONFLICT REPLACE")
    with pytest.raises(DeclarationError, match="ON CONFLICT REPLACE"):
        store.import_data(folder, format=mapping, scenario="s")


# -- what does not end --------------------------------------------------------------------------

ENDLESS = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up)"
ONE = "id,Full Name,born\n1,Ann,1980-01-05\n"

# On empty tables each of them ends at once.
UNENDING = {
    "without a row": f"""
-- @into owners @from people
SELECT id AS owner_id, 'T' AS tax_number, "Full Name" AS full_name, born FROM people
WHERE ({ENDLESS} SELECT count(*) FROM up) > id;
""",
    "with rows": """
-- @into owners @from people @many
WITH RECURSIVE up(n, r) AS (SELECT 1, rowid FROM people UNION ALL SELECT n + 1, r FROM up)
SELECT r AS _row, 'o' || n AS owner_id, 'T' || n AS tax_number, 'A' AS full_name,
  '1980-01-05' AS born FROM up;
""",
    "a count": f"""
-- @into owners @from people
SELECT id AS owner_id, 'T' AS tax_number, "Full Name" AS full_name, born FROM people;
-- too many @skip people
SELECT count(*) FROM people WHERE ({ENDLESS} SELECT count(*) FROM up) > id;
""",
}


@pytest.mark.parametrize("selects", UNENDING.values(), ids=UNENDING)
def test_a_statement_that_does_not_end(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selects: str
) -> None:
    monkeypatch.setattr(statement_clock, "SECONDS", 0.3)
    monkeypatch.setattr(statement_clock, "_FREE_ROWS", 20_000)
    table = PEOPLE.partition("CREATE VIEW")[0]
    mapping = _write(tmp_path / "mine.sql", table + selects)
    file = _write(tmp_path / "people.csv", ONE)
    with pytest.raises(DeclarationError, match=r"mine\.sql, line \d+: it (takes more|gives over)"):
        store.import_data(file, format=str(mapping), scenario="s")
    assert store.names() == []


# Where another library has asked for it, sqlite3 warns of what a callback raised.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_ends_a_statement(store: Store, tmp_path: Path) -> None:
    table = PEOPLE.partition("CREATE VIEW")[0]
    mapping = _write(tmp_path / "mine.sql", table + UNENDING["without a row"])
    file = _write(tmp_path / "people.csv", ONE)
    timer = threading.Timer(2.0, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        store.import_data(file, format=str(mapping), scenario="s")
    timer.join()
    assert store.names() == []


def test_a_join_that_doubles_is_refused_before_its_end(store: Store, tmp_path: Path) -> None:
    """A thousand rows joined with each other are a million; the first ones are enough."""
    table = PEOPLE.partition("CREATE VIEW")[0]
    mapping = _write(tmp_path / "mine.sql", f"""{table}
-- @into owners @from people
SELECT p.id || q.id AS owner_id, p.id || '-' || q.id AS tax_number, p."Full Name" AS full_name,
  '1980-01-05' AS born FROM people AS p, people AS q;
""")  # fmt: skip
    rows = "".join(f"{n},Ann,1980-01-05\n" for n in range(1_000))
    file = _write(tmp_path / "people.csv", f"id,Full Name,born\n{rows}")
    with pytest.raises(SourceError, match="has 1,000 rows, but they gave 2,000 owners"):
        store.import_data(file, format=str(mapping), scenario="s")


@pytest.mark.parametrize("layout", [
    f"CREATE TABLE people AS {ENDLESS} SELECT n FROM up",
    "CREATE TABLE temp.people (id TEXT)",
])  # fmt: skip
def test_a_layout_runs_nothing(store: Store, tmp_path: Path, layout: str) -> None:
    mapping = _write(tmp_path / "mine.sql", f"{layout};\n")
    file = _write(tmp_path / "people.csv", ONE)
    with pytest.raises(DeclarationError, match=r"mine\.sql, line 1: a source's CREATE TABLE has"):
        store.import_data(file, format=str(mapping), scenario="s")


def test_a_layout_may_number_its_rows(store: Store, tmp_path: Path) -> None:
    layout = PEOPLE.replace("(id TEXT NOT NULL", "(id INTEGER PRIMARY KEY AUTOINCREMENT")
    mapping = _write(tmp_path / "mine.sql", layout)
    file = _write(tmp_path / "people.csv", ONE)
    assert store.import_data(file, format=str(mapping), scenario="s").rows == 1


def test_a_column_that_no_record_has(store: Store, tmp_path: Path) -> None:
    mapping = _write(tmp_path / "mine.sql", PEOPLE)
    file = _write(tmp_path / "people.json", '[{"number": "1", "born": "1980-01-05"}]')
    with pytest.raises(SourceError, match=r"people\.json: no record has id"):
        store.import_data(file, format=str(mapping), scenario="s")
    _write(file, '[{"id": "1", "Full Name": "A", "born": "1980-01-05"}]')
    assert store.import_data(file, format=str(mapping), scenario="s").rows == 1


def test_many_rows_that_are_left_out_are_found_at_once(store: Store, tmp_path: Path) -> None:
    """For each of them the SELECT was run once more, as far as its row."""
    mapping = _write(tmp_path / "mine.sql", PEOPLE)
    days = ("never", "1980-01-05")
    rows = "".join(f"{n},Ann,{days[n % 2]},1\n" for n in range(10_000))
    file = _write(tmp_path / "people.csv", f"id,Full Name,born,sex\n{rows}")
    rejects = tmp_path / "rejects.csv"
    begin = time.thread_time()
    made = store.import_data(
        file, format=str(mapping), scenario="s", bad_rows="skip", rejects=rejects
    )
    assert time.thread_time() - begin < 10
    assert made.persisted.left_out == {"owners": 5_000}
    lines = [line.split(",")[1] for line in rejects.read_text("utf-8").splitlines()[1:]]
    assert lines == [str(n + 2) for n in range(0, 10_000, 2)]


NOTED = """CREATE TABLE people (name TEXT, born TEXT, tax TEXT);
CREATE TABLE animals (kind TEXT);
-- no day of birth is known @note people
SELECT count(*) FROM people WHERE born IS NULL;
-- @into owners @from people
SELECT name AS full_name, coalesce(born, '1900-01-01') AS born, tax AS tax_number FROM people;
"""


def test_a_note_tells_how_many_rows_it_is_of(store: Store, tmp_path: Path) -> None:
    files = [
        _write(tmp_path / "people.csv", "name,born,tax\nAnn,,1\nBo,1970-01-01,2\nCy,,3\n"),
        _write(tmp_path / "animals.csv", "kind\n"),
    ]
    mapping = _write(tmp_path / "mine.sql", NOTED)
    made = store.import_data(files, format=str(mapping))
    assert {one.name: (one.rows, one.notes) for one in made.sources} == {
        "people.csv": (3, ("no day of birth is known: 2 rows",)), "animals.csv": (0, ()),
    }  # fmt: skip


def test_a_table_that_no_file_has_is_told(store: Store, tmp_path: Path) -> None:
    file = _write(tmp_path / "people.csv", "name,born,tax\nAnn,1970-01-01,1\n")
    made = store.import_data(file, format=str(_write(tmp_path / "mine.sql", NOTED)))
    assert [(one.name, one.notes) for one in made.sources] == [
        ("people.csv", ()), ("animals", ("no file of this table was given",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("-- @note people\nSELECT count(*) FROM people;", "@note without a text"),
        ("-- x @note people\nSELECT sum(1) FROM people;", "@note needs one row with one number"),
        ("-- x @note cats\nSELECT count(*) FROM people;", "@note cats, of which no CREATE TABLE"),
    ],
)
def test_a_note_that_is_none(store: Store, tmp_path: Path, sql: str, told: str) -> None:
    file = _write(tmp_path / "people.csv", "name,born,tax\nAnn,1970-01-01,1\n")
    mapping = _write(tmp_path / "mine.sql", NOTED + sql)
    with pytest.raises(DeclarationError, match=told):
        store.import_data(file, format=str(mapping))


def test_the_delimiter_of_a_mapped_file_is_hinted(store: Store, tmp_path: Path) -> None:
    file = _write(tmp_path / "people.csv", "name;born;tax\nAnn;1970-01-01;1\n")
    mapping = _write(tmp_path / "mine.sql", NOTED.replace("name TEXT", "name TEXT NOT NULL"))
    with pytest.raises(SourceError, match='delimiter=";"'):
        store.import_data(file, format=str(mapping))
