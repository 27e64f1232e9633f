#!/usr/bin/env python3
"""Make the pictures of docs/browse.md: generated scenarios, served, in a headless Chromium.

    python3 docs/screenshots.py [FOLDER]

Needs what the tests need: `pip install -e '.[dev]'`, the plugins, Debian's chromium and
chromium-driver.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browse"))

from browsing import chromium, chromium_problem, clinic, resize, serving  # noqa: E402

QUERY = (
    "SELECT mrn, given_name, family_name, count(*) AS visits FROM patients"
    " JOIN encounters USING (patient_id) GROUP BY patient_id ORDER BY visits DESC, mrn"
)


def main(target: Path) -> None:
    problem = chromium_problem()
    if problem:
        sys.exit(problem)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scenarios-") as scratch:
        folder = Path(scratch) / "scenarios"
        clinic(folder)
        with serving(folder, path=Path(scratch)) as served, chromium() as driver:
            first = served.get("/diabetes-cohort/patients.json", _size=1, _shape="array").json[0]
            pages = [
                ("index", "/", 1200, 640),
                ("scenario", "/diabetes-cohort", 1200, 1900),
                ("question", "/diabetes-cohort/patientsim_a1c_above?least=10", 1200, 700),
                ("table", "/diabetes-cohort/encounters", 1200, 900),
                ("timeline", f"/diabetes-cohort/patients/{first['patient_id']}", 1200, 1400),
                ("query", f"/diabetes-cohort/-/query?sql={QUERY.replace(' ', '+')}", 1200, 700),
                ("refused", "/diabetes-cohort/-/query?sql=DROP+TABLE+patients", 1200, 560),
                ("narrow", "/", 360, 900),
            ]
            for name, path, width, height in pages:
                resize(driver, width, height)
                driver.get(served.address.rstrip("/") + path)
                driver.save_screenshot(str(target / f"{name}.png"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots")
