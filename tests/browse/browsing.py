"""A served store for tests: `healthsim-store serve` as a process, on a free port of loopback."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from healthsim_store import Store


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Served:
    """Where it is, and what its process has to say on stderr."""

    address: str
    process: subprocess.Popen[str]
    told: Path

    def get(
        self, path: str, *, host: str | None = None, post: str | None = None, **arguments: object
    ) -> Answer:
        url = self.address.rstrip("/") + quote(path, safe="/~.-_?=&%+,")
        if arguments:
            url += f"?{urlencode(arguments)}"
        request = urllib.request.Request(
            url,
            data=post.encode() if post is not None else None,
            headers={"Host": host} if host else {},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), error.headers)

    def stderr(self) -> str:
        return self.told.read_text()


@contextlib.contextmanager
def serving(store: Path, *arguments: str, path: Path, site: Path | None = None) -> Iterator[Served]:
    """Serve until the block ends; ``path`` is a folder for its log."""
    environment = os.environ | {"HEALTHSIM_STORE_DIR": str(store)}
    if site is not None:
        paths = [str(site), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
    told = path / "serve.stderr"
    with told.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "healthsim_store", "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), told.read_text()
        yield Served(address, process, told)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def clinic(folder: Path) -> None:
    """A store of generated scenarios of the three products, and a clone."""
    with Store(folder) as store:
        for profile, tags, options in (
            ("diabetes-cohort", ["diabetes", "training"], {}),
            ("medicare-advantage", ["payer", "training"], {"claims": True}),
            ("oncology-phase3", ["trial"], {}),
        ):
            store.generate_scenario(
                profile, seed=7, into=profile, tags=tags, options=options or None
            )
        store.clone_scenario("diabetes-cohort", new_name="diabetes-cohort-b")


def chromium_problem() -> str | None:
    """Why a browser cannot be driven here; None where it can."""
    if importlib.util.find_spec("selenium") is None:
        return "selenium is not installed"
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return (
        f"no {' and no '.join(missing)}: apt-get install chromium chromium-driver"
        if missing
        else None
    )


@contextlib.contextmanager
def chromium(*, width: int = 1200, height: int = 900) -> Iterator[Any]:
    """A headless Chromium that can reach nothing but this machine."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(shutil.which("chromium"))
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
        "--hide-scrollbars", "--force-device-scale-factor=1", f"--window-size={width},{height}",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):  # fmt: skip
        options.add_argument(argument)
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.set_page_load_timeout(60)
        yield driver
    finally:
        driver.quit()


def resize(driver: Any, width: int, height: int) -> None:
    """A window of this size as the page sees it; Chromium's own goes no narrower than 500."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
