#!/usr/bin/env python3
"""One command for a fresh machine: makes .venv, installs everything in it, and runs.

    python3 dev.py demo          the main job: thirteen examples, from nothing
    python3 dev.py test          the tests
    python3 dev.py wheels        wheels of the core and of every plugin, in dist/
    python3 dev.py docs          writes into the docs what the code says
    python3 dev.py newest        the tests of `serve` on the newest alpha of Datasette 1.0
    python3 dev.py check         lint, types, import direction, tests, coverage (what CI runs)
    python3 dev.py check --all   and all that takes long; writes two pages of benchmarks/

Needs Python 3.11 or newer and nothing else. Arguments after `demo` and `test` go to
the demo and to pytest.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BUILD = ROOT / "build"
NEWEST = BUILD / "newest"  # a Datasette that is not released yet, before that of .venv
REPORT = ROOT / "benchmarks" / "CHECKS.md"
PYTHONS = ("3.11", "3.12", "3.13")
PLUGINS = [str(folder.parent) for folder in sorted((ROOT / "plugins").glob("*/pyproject.toml"))]
# A file at a time: some files tell one story from test to test. In their order: those of few tests
# would come last else, and the longest are among them.
PYTEST = ("pytest", "--numprocesses", "auto", "--dist", "loadscope", "--no-loadscope-reorder")


@dataclass
class Done:
    """How a command ended: its exit code, its last line, the seconds that it took."""

    code: int
    last: str
    seconds: float


def scripts(venv: Path) -> Path:
    return venv / ("Scripts" if os.name == "nt" else "bin")


def run(*command: str, venv: Path = VENV) -> None:
    """Run a command on the user's own terminal; end with its exit code when it fails."""
    print("$", shlex.join(command), flush=True)
    done = subprocess.run([scripts(venv) / command[0], *command[1:]], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def attempt(*command: str, venv: Path = VENV, **environment: str) -> Done:
    """Run a command of a virtual environment, show what it says, and tell how it ended."""
    print("$", shlex.join(command), flush=True)
    began = time.monotonic()
    last = ""
    with subprocess.Popen(
        [scripts(venv) / command[0], *command[1:]], cwd=ROOT, env=os.environ | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    # Of pytest's last line, what it counted.
    last = re.sub(r" in \d+\.\d+s.*", "", last.strip("= "))
    return Done(process.returncode, last, time.monotonic() - began)


def install(*extras: str, venv: Path = VENV, python: str = sys.executable,
            constraints: Path | None = None) -> None:  # fmt: skip
    """The core and every plugin, as wheels, so that what is tried is what a user gets."""
    make(venv, python)
    core = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    pinned = ["--constraint", str(constraints)] if constraints else []
    pip("install", *pinned, core, *PLUGINS, venv=venv)


def make(venv: Path = VENV, python: str = sys.executable) -> None:
    """A virtual environment with pip, where there is none yet."""
    if not (scripts(venv) / ("pip.exe" if os.name == "nt" else "pip")).exists():
        print(f"Making {shown(venv)} ...", flush=True)
        if subprocess.run([python, "-m", "venv", str(venv)], check=False).returncode:
            sys.exit("Python's own module venv is needed; on Debian: apt install python3-venv")


def pip(*arguments: str, venv: Path = VENV) -> None:
    """pip, on one line that tells how far it is; all that it said when it fails."""
    what = f"pip {arguments[0]} into {shown(venv)}"
    said: list[str] = []
    found, began, on_terminal = 0, time.monotonic(), sys.stdout.isatty()
    if not on_terminal:
        print(f"{what} ...", flush=True)
    with subprocess.Popen(
        [scripts(venv) / "python", "-m", "pip", "--disable-pip-version-check", *arguments,
         "--progress-bar", "off"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            words = line.split()
            if line.startswith("Installing collected packages:"):
                step = f"installing {len(words) - 3} packages"
            elif line.startswith(("Collecting ", "Processing ")):
                found += 1
                step = f"looking at {Path(words[1]).name}"
            elif line.startswith("Building wheels for collected packages:"):
                step = f"building {len(words) - 5} wheels"
            else:
                continue
            if on_terminal:
                print(f"\r\x1b[K{what}: {found} packages, {step}"[:100], end="", flush=True)
            elif not step.startswith("looking"):
                print(f"{what}: {step} ...", flush=True)
    print("\r\x1b[K" if on_terminal else "", end="")
    if process.returncode:
        sys.exit(f"{''.join(said)}\n{what} failed.")
    print(f"{what}: done in {time.monotonic() - began:.0f} s", flush=True)


def shown(path: Path) -> str:
    """A path as it is typed here: relative where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def demo(*arguments: str) -> None:
    install()
    # Where the user is, so that the paths that he gives and those that are printed mean the same.
    command = [str(scripts(VENV) / "healthsim-store"), "demo", *arguments]
    sys.exit(subprocess.run(command, check=False).returncode)


def test(*arguments: str) -> None:
    install("test")
    run(*PYTEST, *arguments)


def wheels() -> None:
    make()
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    pip("wheel", "--no-deps", "--wheel-dir", str(ROOT / "dist"), str(ROOT), *PLUGINS)
    print(f"Install them with: pip install {shown(ROOT / 'dist')}/*.whl")


def newest() -> None:
    install("test")
    sys.exit(on_newest("tests/browse").code)


def on_newest(*arguments: str, venv: Path = VENV) -> Done:
    """pytest with the newest Datasette; only that and what it needs is installed once more."""
    shutil.rmtree(NEWEST, ignore_errors=True)
    pip("install", "--target", str(NEWEST), "datasette>=1.0a41", venv=venv)
    return attempt(*PYTEST, *arguments, venv=venv, PYTHONPATH=str(NEWEST))


def browser() -> None:
    """Debian's Chromium, for the tests that look at pages; without it they are skipped.

    System packages are installed only on machines of CI.
    """
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if os.environ.get("CI") and is_root and shutil.which("apt-get"):
        for command in (["update"], ["install", "-y", "chromium", "chromium-driver"]):
            subprocess.run(["apt-get", "-qq", *command], stdout=subprocess.DEVNULL, check=False)
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        print("Without chromium and chromium-driver the tests in a browser are skipped.")


def docs() -> None:
    """Help texts, functions, hooks, tables and errors; a test compares them."""
    install("test")
    run("python", "docs/write.py")


def check(*arguments: str) -> None:
    if arguments not in ((), ("--all",)):
        sys.exit(__doc__)
    began = time.monotonic()
    browser()
    version, python = measuring_python()
    venv = environment_of(version)
    install("dev", venv=venv, python=python)
    run("ruff", "format", "--check", "--quiet", ".", venv=venv)
    run("ruff", "check", "--quiet", ".", venv=venv)
    run("codespell", venv=venv)
    run("mypy", venv=venv)
    run("lint-imports", "--no-cache", venv=venv)
    if version == "3.11":
        print("Coverage is not measured: that takes Python 3.12 or newer, or the tests twice the"
              " time.")  # fmt: skip
        suite = attempt(*PYTEST, venv=venv)
    else:
        measured = (*PYTEST, "--cov", "--cov-report", "term:skip-covered")
        suite = attempt(*measured, venv=venv, COVERAGE_CORE="sysmon")
    if suite.code:
        sys.exit(suite.code)
    # What differs between the two Datasettes; all of it is `newest`, which takes minutes.
    if not arguments and installed(on_newest, "-m", "newest", "tests/browse", venv=venv).code:
        print("NOTE: tests fail on the newest alpha of Datasette. It is not released, so this"
              " check does not fail; but look at it before it is.")  # fmt: skip
    print(f"check: passed in {time.monotonic() - began:.0f} s, on Python {version}")
    if arguments:
        check_all(version, Done(0, suite.last, time.monotonic() - began))


def measuring_python() -> tuple[str, str]:
    """The Python of `check`, with its version: sys.monitoring, of 3.12, makes coverage cheap."""
    this = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if this == "3.11":
        for version in reversed(PYTHONS):
            python = find_python(version)
            if python:
                return version, python
    return this, sys.executable


def environment_of(version: str) -> Path:
    return BUILD / f"python-{version}"


# -- what takes long -----------------------------------------------------------------------------


def check_all(checked: str, done: Done) -> None:
    """All that is too long for each change. One that fails does not stop the others.

    ``checked`` is the version of Python that `check` ran on.
    """
    venv = environment_of(checked)
    rows = [(f"check, Python {checked}", done)]
    rows.append(("tests marked long", attempt(*PYTEST, "-m", "long", venv=venv)))
    rows.append(("campaigns", attempt(*PYTEST, venv=venv, HEALTHSIM_STORE_CAMPAIGN="1")))
    others = [version for version in PYTHONS if version != checked]
    rows += [(f"Python {version}", installed(on_python, version)) for version in others]
    rows.append(("lowest versions, Python 3.11", installed(on_python, "3.11", lowest=True)))
    rows.append(("Spark", installed(with_spark, venv)))
    unreleased = installed(on_newest, "tests/browse", venv=venv)
    if unreleased.code:
        unreleased.last = f"FAILED, which is allowed: it is not released. {unreleased.last}"
    rows.append(("newest Datasette", unreleased))
    text = report(rows)
    REPORT.write_text(text, "utf-8")
    print(f"{text}\nWritten to {shown(REPORT)}")
    if any(done.code > 0 for _, done in rows if done is not unreleased):
        sys.exit(1)


def installed(job: Callable[..., Done], *arguments: Any, **options: Any) -> Done:
    """A job that installs something first; where pip fails, that is how it ended."""
    try:
        return job(*arguments, **options)
    except SystemExit as error:
        print(error)
        return Done(1, "FAILED: pip could not install it", 0)


def on_python(version: str, *, lowest: bool = False) -> Done:
    """The suite in an environment of its own, where there is such a Python."""
    python = find_python(version)
    if python is None:
        return skipped(f"there is no Python {version} here")
    venv = environment_of(f"{version}-lowest" if lowest else version)
    constraints = BUILD / "lowest.txt" if lowest else None
    if constraints:
        BUILD.mkdir(exist_ok=True)
        constraints.write_text("".join(f"{line}\n" for line in lowest_versions()), "utf-8")
    install("test", venv=venv, python=python, constraints=constraints)
    return attempt(*PYTEST, venv=venv)


def find_python(version: str) -> str | None:
    """A Python of a version: this one, one on the PATH, or the latest of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [*pyenv.glob(f"{version}.*/bin/python3")]
    found.sort(key=lambda path: [int(n) for n in re.findall(r"\d+", path.parts[-3])])
    on_path = shutil.which(f"python{version}")
    for python in (sys.executable, on_path, *map(str, reversed(found))):
        # One of pyenv's names on the PATH only works where that version was chosen.
        asked = python and subprocess.run(
            [python, "-c", "import ensurepip, sqlite3, ssl, sys; print(*sys.version_info[:2])"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if python and asked and asked.stdout.split() == version.split("."):
            return python
    return None


def lowest_versions() -> list[str]:
    """The lower bound of each requirement of the core, the plugins and the tests, as pip's ==."""
    import tomllib

    low: dict[str, str] = {}
    for folder in (ROOT, *map(Path, PLUGINS)):
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        extras = project.get("optional-dependencies", {})
        for requirement in (*project["dependencies"], *extras.get("test", ())):
            found = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]*\])?(?:>=|==)([\d.]+)", requirement)
            if found is None:
                sys.exit(f"{folder / 'pyproject.toml'}: {requirement!r} has no lower bound.")
            name, version = found.groups()
            if not name.startswith("healthsim-"):
                # Where two of them differ, the higher one holds for both.
                low[name] = max(low.get(name, "0"), version, key=_numbers)
    return [f"{name}=={version}" for name, version in sorted(low.items())]


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def with_spark(venv: Path) -> Done:
    """Spark reads the Parquet exports; it is a large download."""
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return skipped("Spark needs Java, and there is none here")
    pip("install", f"{ROOT}[spark]", venv=venv)
    return attempt(*PYTEST, "tests/exchange", "-k", "spark", venv=venv)


def skipped(why: str) -> Done:
    print(f"Skipped: {why}.")
    return Done(-1, f"skipped: {why}", 0)


def report(rows: list[tuple[str, Done]]) -> str:
    """What benchmarks/CHECKS.md says."""
    lines = [
        "# The long checks",
        "",
        f"`python3 dev.py check --all` wrote this on {datetime.date.today().isoformat()}"
        f" ({platform.system()}, {os.cpu_count()} cores).",
        "",
        "| check | result | seconds |",
        "|---|---|---|",
    ]
    for name, done in rows:
        failed = done.code > 0 and "FAILED" not in done.last
        result = f"FAILED: {done.last}" if failed else done.last
        lines.append(f"| {name} | {result} | {done.seconds:,.0f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it may have an older one)
        sys.exit(f"healthsim-store needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    jobs = {"demo": demo, "test": test, "wheels": wheels, "newest": newest, "check": check,
            "docs": docs}  # fmt: skip
    if len(sys.argv) < 2 or sys.argv[1] not in jobs:
        sys.exit(__doc__)
    try:
        jobs[sys.argv[1]](*sys.argv[2:])
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
