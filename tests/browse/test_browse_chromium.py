"""What a person sees: a served store in a real Chromium that reaches nothing but this machine."""

from __future__ import annotations

import contextlib
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Served, chromium, chromium_problem, clinic, resize, serving

from healthsim_store import Store
from healthsim_store.plugins import installed

PROBLEM = chromium_problem()
pytestmark = pytest.mark.skipif(PROBLEM is not None, reason=str(PROBLEM))

CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    installed.cache_clear()
    if not {"patientsim", "membersim", "trialsim"} <= installed().declarations.keys():
        pytest.skip("the three products are not all installed")
    made = tmp_path_factory.mktemp("clinic")
    clinic(made)
    return made


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(folder, path=tmp_path_factory.mktemp("log")) as one:
        yield one


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # selenium's own
        with chromium() as one:
            yield one


class Browser:
    """The few things that a reader does."""

    def __init__(self, driver: Any, served: Served) -> None:
        self.driver = driver
        self._address = served.address.rstrip("/")

    def open(self, path: str) -> None:
        self.driver.get(self._address + path)

    def all(self, css: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements("css selector", css)
        return found

    def one(self, css: str) -> Any:
        """The only element of its kind; a page that a click opens may still be on its way."""
        self.wait(lambda: len(self.all(css)) == 1)
        (found,) = self.all(css)
        return found

    def click(self, text: str) -> None:
        self.driver.find_element("partial link text", text).click()

    @property
    def text(self) -> str:
        return str(self.one("body").text)

    @property
    def path(self) -> str:
        return str(self.driver.current_url).removeprefix(self._address)

    def wait(self, condition: Any, seconds: float = 10) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, seconds).until(lambda _: condition())

    def names(self) -> list[str]:
        return list(
            self.driver.execute_script(
                "return [...document.querySelectorAll('[data-scenario]')]"
                ".map(row => row.dataset.scenario)"
            )
        )


@pytest.fixture
def browser(driver: Any, served: Served) -> Browser:
    resize(driver, 1200, 900)
    return Browser(driver, served)


def test_the_index_and_its_tags(browser: Browser) -> None:
    browser.open("/")
    assert set(browser.names()) == {
        "diabetes-cohort", "diabetes-cohort-b", "medicare-advantage", "oncology-phase3",
    }  # fmt: skip
    browser.click("trial")
    assert browser.names() == ["oncology-phase3"]
    assert browser.one("[aria-current]").text.endswith("1")
    browser.click("Show all")
    box = browser.one("#q")
    box.send_keys("medicare\n")
    browser.wait(lambda: browser.names() == ["medicare-advantage"])


def test_a_scenario_with_charts_cards_and_commands(browser: Browser) -> None:
    browser.open("/")
    browser.click("diabetes-cohort-b")
    bars = browser.all(".hs-chart rect")
    assert len(bars) > 10
    assert all(bar.size["width"] > 0 and bar.size["height"] > 0 for bar in bars)
    charts = {one.text for one in browser.all("figure:has(.hs-chart) figcaption")}
    assert {"Ages", "Gender", "A1C"} <= charts
    assert "Latest A1C" in browser.text
    assert "healthsim-store export diabetes-cohort-b --format parquet" in browser.text
    assert "clone" in browser.text
    browser.one(".hs-facts").find_element("link text", "diabetes-cohort").click()
    assert browser.path == "/diabetes-cohort"


def test_a_command_is_copied_by_its_button(browser: Browser) -> None:
    browser.driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    browser.open("/diabetes-cohort")
    commands = browser.all(".hs-commands code")
    buttons = browser.all(".hs-copy")
    assert len(buttons) == len(commands) > 2
    for command, button in zip(commands, buttons, strict=True):
        button.click()
        label = button.accessible_name.removeprefix("Copy: ")
        browser.wait(lambda label=label: browser.one("#hs-copied").text == f"Copied: {label}")
        pasted = browser.driver.execute_async_script(
            "navigator.clipboard.readText().then(arguments[0])"
        )
        assert pasted == command.text
        assert pasted.startswith("healthsim-store ")


def test_statistics_that_take_a_while_come_by_themselves(browser: Browser, folder: Path) -> None:
    with Store(folder) as store:
        store.clone_scenario("diabetes-cohort", new_name="large")
        with contextlib.closing(sqlite3.connect(folder / "large.db")) as large, large:
            large.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
                " INSERT INTO lab_results (lab_result_id, patient_id, test_name, value,"
                " collected_time) SELECT 'x' || i, (SELECT patient_id FROM patients LIMIT 1), 'T',"
                " i, '2025-01-01T08:00:00' FROM n"
            )
        try:
            switch = "Emulation.setScriptExecutionDisabled"
            browser.driver.execute_cdp_cmd(switch, {"value": True})
            try:
                browser.open("/large")
                assert not browser.all(".hs-chart")
                assert not any(button.is_displayed() for button in browser.all(".hs-copy"))
                browser.click("Show the statistics")
                assert len(browser.all(".hs-chart")) > 3
            finally:
                browser.driver.execute_cdp_cmd(switch, {"value": False})
            store.add_tags("large", "changed")
            browser.open("/large")
            browser.wait(lambda: len(browser.all(".hs-chart")) > 3)
            assert (
                browser.one("#hs-wait").get_property("textContent") == "The statistics are there."
            )
            assert browser.one("#hs-wait").get_attribute("aria-live") == "polite"
            assert "Show the statistics" not in browser.text
        finally:
            store.delete_scenario("large")


@pytest.mark.parametrize(("scenario", "titles"), [
    ("medicare-advantage", {"Member ages", "Plan types"}),
    ("oncology-phase3", {"Subject ages", "Treatment arms", "Visits done"}),
])  # fmt: skip
def test_the_charts_of_each_product(browser: Browser, scenario: str, titles: set[str]) -> None:
    browser.open(f"/{scenario}")
    assert titles <= {one.text for one in browser.all("figure:has(.hs-chart) figcaption")}


def test_a_facet(browser: Browser) -> None:
    browser.open("/diabetes-cohort/encounters")
    browser.one(".facet-results").find_element("link text", "EMER").click()
    assert "class_code=EMER" in browser.path
    assert "14 rows" in browser.text
    browser.one("details.hs-columns summary").click()
    assert "Setting (HL7 v3 ActCode)" in browser.text


def test_a_canned_query(browser: Browser) -> None:
    browser.open("/diabetes-cohort")
    browser.click("Patient Demographics: Gender")
    cells = [cell.text for cell in browser.all("table.rows-and-columns td")]
    assert cells == ["male", "64", "female", "86"]


def test_a_question_with_a_field(browser: Browser) -> None:
    browser.open("/diabetes-cohort")
    asked = [link.text for link in browser.all(".hs-questions a")]
    assert len(asked) == 6
    browser.click("whose latest A1C is above")
    assert "the A1C in percent; above 9 is poor control" in browser.text
    assert browser.one("#qp1").get_property("value") == "9"
    assert browser.all("#sql-query") == []

    def latest() -> list[float]:
        return [float(cell.text) for cell in browser.all("td.col-latest_a1c")]

    before = latest()
    assert min(before) > 9
    browser.one("label[for=qp1]").click()  # its label leads into the field
    field = browser.driver.switch_to.active_element
    field.clear()  # its default
    field.send_keys("10.5\n")
    browser.wait(lambda: "least=10.5" in browser.path)
    assert browser.one("#qp1").get_property("value") == "10.5"
    assert 0 < len(latest()) < len(before)
    assert min(latest()) > 10.5
    browser.click("show")
    assert "latest_a1c" in browser.one("#sql-query").text
    assert min(latest()) > 10.5


def test_a_patient_s_timeline_and_links_both_ways(browser: Browser) -> None:
    browser.open("/diabetes-cohort")
    browser.all(".hs-card h4 a")[0].click()
    times = [one.text for one in browser.all(".hs-timeline time")]
    assert times == sorted(times)
    assert len(times) > 3
    kinds = {one.text for one in browser.all(".hs-timeline li li a")}
    assert {"Encounters", "Diagnoses", "Lab Results", "Medications"} <= kinds
    patient = browser.path
    browser.driver.find_element("css selector", ".hs-timeline li li a").click()
    browser.one(f'.hs-row a[href="{patient}"]').click()
    assert browser.path == patient
    browser.driver.find_element("xpath", "//li[contains(., 'in encounters')]/a").click()
    assert "/diabetes-cohort/encounters?patient_id=" in browser.path


def test_a_refused_statement(browser: Browser) -> None:
    browser.open("/diabetes-cohort")
    box = browser.one("textarea")
    box.clear()
    box.send_keys("DROP TABLE patients")
    browser.one("form.hs-sql button").click()
    assert "Refused:" in browser.one('[role="alert"]').text
    box = browser.one("textarea")
    assert box.get_property("value") == "DROP TABLE patients"
    box.clear()
    box.send_keys("SELECT count(*) AS n FROM patients WHERE given_name <> 'update pending'")
    browser.one("form.hs-sql button").click()
    assert browser.one("table td").text == "150"


def test_pages_of_a_query(browser: Browser) -> None:
    browser.open("/diabetes-cohort/-/query?sql=SELECT+mrn+FROM+patients+ORDER+BY+mrn")
    first = [cell.text for cell in browser.all("td")]
    browser.click("Next page")
    second = [cell.text for cell in browser.all("td")]
    assert (len(first), len(second)) == (100, 50)
    assert not set(first) & set(second)
    browser.click("Previous page")
    assert [cell.text for cell in browser.all("td")] == first


def test_an_open_page_follows_the_store(browser: Browser, folder: Path) -> None:
    browser.open("/")
    before = browser.names()
    with Store(folder) as store:
        store.clone_scenario("diabetes-cohort", new_name="appeared")
        browser.wait(lambda: browser.names() == ["appeared", *before])
        assert browser.one("#hs-news").text == "New: appeared."
        browser.open("/appeared/patients")
        assert "150 rows" in browser.text
        browser.open("/")
        store.delete_scenario("appeared")
    browser.wait(lambda: browser.names() == before)
    assert browser.one("#hs-news").text == "Gone: appeared."
    browser.open("/appeared/patients")
    assert "not found" in browser.text.lower() or "there is no" in browser.text.lower()
    browser.click("All scenarios")
    assert browser.names() == before


PAGES = [
    "/", "/?tag=trial", "/diabetes-cohort", "/diabetes-cohort/encounters", "/oncology-phase3",
    "/diabetes-cohort/-/query?sql=SELECT+*+FROM+patients", "/diabetes-cohort/patientsim_gender",
    "/diabetes-cohort/-/query?sql=DROP+TABLE+x", "/nobody", "ROW",
    "/diabetes-cohort/patientsim_a1c_above?least=8",
    "/oncology-phase3/trialsim_adverse_events_of?severity=none",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_for_everybody(browser: Browser, served: Served, path: str) -> None:
    """Labels, names, contrast AA, no outside host, no side-scrolling page at 360 px."""
    if path == "ROW":
        rows = served.get("/diabetes-cohort/patients.json", _size=1, _shape="array").json
        path = f"/diabetes-cohort/patients/{rows[0]['patient_id']}"
    for width in (1200, 360):
        resize(browser.driver, width, 900)
        browser.open(path)
        run = browser.driver.execute_script
        assert run("return document.documentElement.scrollWidth") <= width
        assert run(CONTRAST) == []
    unlabelled = run(
        "return [...document.querySelectorAll('input:not([type=hidden]):not([type=submit]),"
        "textarea,select')].filter(one => !one.labels.length && !one.ariaLabel"
        " && one.offsetParent).map(one => one.outerHTML)"
    )
    assert unlabelled == []
    assert len(browser.all("h1")) == 1
    assert browser.driver.title
    assert run("return document.documentElement.lang") == "en"
    assert run("return [...document.querySelectorAll('svg')].every(one =>"
               " one.ariaHidden || one.ariaLabel || one.querySelector('title'))")  # fmt: skip
    hosts = run(
        "return performance.getEntriesByType('resource').map(one => new URL(one.name).host)"
    )
    assert set(hosts) <= {served.address.split("/")[2]}


def test_the_keyboard_alone_will_do(browser: Browser) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open("/")
    reached = []
    for _ in range(12):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        active = browser.driver.switch_to.active_element
        reached.append(active.get_attribute("id") or active.text)
        outline = active.value_of_css_property("outline-style")
        assert outline != "none", reached
    assert reached[0] == "Scenarios"
    assert "q" in reached
    assert "oncology-phase3" in " ".join(reached) or "diabetes-cohort-b" in reached
