#!/usr/bin/env python3
"""One command for a fresh machine: makes .venv, installs everything in it, and runs.

    python3 dev.py demo     the main job: twelve examples, from nothing
    python3 dev.py test     the tests
    python3 dev.py newest   the tests of `serve` on the newest alpha of Datasette 1.0
    python3 dev.py docs     writes into the docs what the code says
    python3 dev.py check    lint, types, import direction, the tests (what CI runs)

Needs Python 3.11 or newer and nothing else. Arguments after `demo` and `test` go to
the demo and to pytest.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import venv as venvs
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
NEWEST = ROOT / "build" / "newest"  # a Datasette that is not released yet, before that of .venv
PLUGINS = [str(folder.parent) for folder in sorted((ROOT / "plugins").glob("*/pyproject.toml"))]


def run(*command: str, **environment: str) -> None:
    """Run a command of the virtual environment; end with its exit code when it fails."""
    print("$", shlex.join(command), flush=True)
    scripts = VENV / ("Scripts" if os.name == "nt" else "bin")
    done = subprocess.run(
        [scripts / command[0], *command[1:]], cwd=ROOT, env=os.environ | environment, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)


def install(extra: str) -> None:
    """The core and every plugin, as wheels, so that what is tried is what a user gets."""
    if not VENV.exists():
        venvs.create(VENV, with_pip=True)
    core = f"{ROOT}[{extra}]" if extra else str(ROOT)
    run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", core, *PLUGINS)


def demo(*arguments: str) -> None:
    install("")
    run("healthsim-store", "demo", *arguments)


def test(*arguments: str) -> None:
    install("test")
    # A file at a time: some files tell one story from test to test.
    run("pytest", "--numprocesses", "auto", "--dist", "loadfile", *arguments)


def newest() -> None:
    install("test")
    on_newest("tests/browse")


def on_newest(*arguments: str) -> None:
    """pytest with the newest Datasette; only that and what it needs is installed once more."""
    shutil.rmtree(NEWEST, ignore_errors=True)
    run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--target", str(NEWEST), "datasette>=1.0a41")  # fmt: skip
    run("pytest", "--numprocesses", "auto", "--dist", "loadfile", *arguments,
        PYTHONPATH=str(NEWEST))  # fmt: skip


def browser() -> None:
    """Debian's Chromium, for the tests that look at pages; without it they are skipped."""
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if is_root and shutil.which("apt-get"):
        for command in (["update"], ["install", "-y", "chromium", "chromium-driver"]):
            subprocess.run(["apt-get", "-qq", *command], stdout=subprocess.DEVNULL, check=False)
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        print("Without chromium and chromium-driver the tests in a browser are skipped.")


def docs() -> None:
    """Help texts, functions, hooks, tables and errors; a test compares them."""
    install("test")
    run("python", "docs/write.py")


def check() -> None:
    browser()
    # Spark reads the Parquet exports in one test, where there is Java; it is a large download.
    install("dev,spark" if shutil.which("java") else "dev")
    run("ruff", "format", "--check", "--quiet", ".")
    run("ruff", "check", "--quiet", ".")
    run("codespell")
    run("mypy")
    run("lint-imports", "--no-cache")
    test()
    # What differs between the two Datasettes; all of it is `newest`, which takes minutes.
    on_newest("-m", "newest", "tests/browse")


def main() -> None:
    jobs = {"demo": demo, "test": test, "check": check, "newest": newest, "docs": docs}
    if len(sys.argv) < 2 or sys.argv[1] not in jobs:
        sys.exit(__doc__)
    jobs[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
