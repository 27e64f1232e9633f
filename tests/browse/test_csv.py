"""CSV by `healthsim-store serve`: all rows, or an error; whatever Datasette's own limit is."""

from __future__ import annotations

import csv
import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Served, serving
from conftest import owner

from healthsim_store import Store
from healthsim_store.plugins import installed

MANY = 2_500  # more than Datasette's max_returned_rows twice


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, toy_folder: Path) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(toy_folder))
        importlib.invalidate_caches()
        installed.cache_clear()
        with Store(tmp_path_factory.mktemp("shop")) as store:
            pets = [
                {"owner_id": f"o{n}", "weight": n + 1, "species": "dog" if n % 2 else "cat"}
                for n in range(MANY)
            ]
            store.persist({"owners": map(owner, range(MANY)), "pets": pets}, scenario="many")
            store.save_question(
                "many", "light", "SELECT weight FROM pets WHERE weight < :most",
                title="Light <pets>", parameters=["most number = 3: kg"],
            )  # fmt: skip
            store.add_note("many", "weights <in> kg")
        with serving(store.path, path=tmp_path_factory.mktemp("log"), site=toy_folder) as one:
            yield one
            assert "Traceback" not in one.stderr()
    installed.cache_clear()


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.newest
def test_the_csv_of_a_question_has_all_rows(served: Served) -> None:
    answer = served.get("/many/toy_heavy_pets.csv", least="0", species="", _size="max")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *found = rows(answer.text)
    assert header == ["species", "full_name", "weight"]
    assert len(found) == MANY
    assert found[0] == ["dog", f"Owner {MANY - 1}", f"{MANY}.0"]
    few = rows(served.get("/many/toy_heavy_pets.csv", least=MANY - 2, species="cat").text)
    assert few == [header, ["cat", f"Owner {MANY - 2}", f"{MANY - 1}.0"]]


@pytest.mark.newest
def test_a_question_s_own_name_leads_to_its_page(served: Served) -> None:
    page = served.get("/many/heavy_pets", least="0", species="")
    assert page.status == 200
    assert "Pets of more than :least kg" in page.text
    assert 'value="0"' in page.text
    few = {"least": MANY - 2, "species": "cat"}
    assert rows(served.get("/many/heavy_pets.csv", **few).text)[1:] == [
        ["cat", f"Owner {MANY - 2}", f"{MANY - 1}.0"]
    ]
    assert len(rows(served.get("/many/-/questions/heavy_pets.csv", **few).text)) == 2
    assert served.get("/many/heavy_pet").status == 404


@pytest.mark.newest
def test_a_saved_question_has_a_page_and_all_rows(served: Served) -> None:
    page = served.get("/many").text
    assert 'href="/many/Saved_light">Light &lt;pets&gt;</a> <span class="hs-own">of this' in page
    assert "text: weights &lt;in&gt; kg" in page
    assert 'name="most"' in served.get("/many/Saved_light").text
    assert rows(served.get("/many/Saved_light.csv").text) == [["weight"], ["1.0"], ["2.0"]]
    assert len(rows(served.get("/many/light.csv", most="100").text)) == 100
    assert served.get("/many/-/info.json").json["questions"] == ["light"]


@pytest.mark.newest
def test_the_link_of_a_question_s_page_leads_to_all_rows(served: Served) -> None:
    page = served.get("/many/toy_heavy_pets", least="0", species="cat").text
    (link,) = re.findall(r'href="(/many/toy_heavy_pets\.csv[^"]*)"', page)
    assert len(rows(served.get(link.replace("&amp;", "&")).text)) == 1 + MANY // 2


@pytest.mark.newest
def test_the_csv_of_a_table_has_all_rows_that_are_filtered(served: Served) -> None:
    for arguments in ({}, {"_size": "max"}):
        assert len(rows(served.get("/many/owners.csv", **arguments).text)) == 1 + MANY
    cats = served.get("/many/pets.csv", species__exact="cat", _size="max")
    assert len(rows(cats.text)) == 1 + MANY // 2
    assert len(rows(served.get("/many/owners.csv", _size="5").text)) == 6  # as it was asked


@pytest.mark.newest
def test_the_csv_of_a_statistic_and_of_a_statement(served: Served) -> None:
    assert rows(served.get("/many/toy_species.csv").text) == [
        ["species", "n"], ["cat", str(MANY // 2)], ["dog", str(MANY // 2)],
    ]  # fmt: skip
    sql = "SELECT owner_id FROM owners WHERE owner_id <> :but ORDER BY 1"
    answer = served.get("/many/-/query.csv", sql=sql, but="o7")
    assert len(rows(answer.text)) == MANY
    part = served.get("/many/-/query.csv", sql=sql, but="o7", limit=2, offset=1000)
    assert rows(part.text)[1:] == rows(answer.text)[1001:1003]
    page = served.get("/many/-/query", sql=sql, but="o7").text
    (link,) = re.findall(r'href="(/many/-/query\.csv[^"]*)"', page)
    assert served.get(link.replace("&amp;", "&")).text == answer.text


@pytest.mark.parametrize(
    ("path", "arguments", "status", "said"),
    [
        ("/many/-/query.csv", {}, 400, "There is no statement"),
        ("/many/-/query.csv", {"sql": "SELECT nothing FROM owners"}, 400, "nothing"),
        ("/many/-/query.csv", {"sql": "DELETE FROM owners"}, 403, "DELETE"),
        ("/nobody/-/query.csv", {"sql": "SELECT 1"}, 404, "nobody"),
        ("/many/toy_heavy_pets.csv", {"wrong": "1"}, 400, "wrong"),
    ],
)
def test_what_fails_is_an_error_and_no_csv(
    served: Served, path: str, arguments: dict[str, str], status: int, said: str
) -> None:
    answer = served.get(path, **arguments)
    assert answer.status == status
    assert "text/html" in answer.headers["content-type"]
    assert said in answer.text


def test_what_is_too_slow_halfway_is_an_error_and_no_part_of_the_rows(served: Served) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    answer = served.get("/many/-/query.csv", sql=endless, timeout="0.3")
    assert answer.status in (408, 503, 504)
    assert "text/html" in answer.headers["content-type"]
