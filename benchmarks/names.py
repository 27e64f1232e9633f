"""Which library should give names and streets: Faker or mimesis.

    pip install faker mimesis
    python benchmarks/names.py

Each library runs in a process of its own. How frequent a name is counts for more than speed here,
since a profile draws a pool of each kind once and picks from it.
"""

from __future__ import annotations

import importlib.metadata
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

DRAWS = 10_000
KINDS = ("female first name", "male first name", "last name", "street", "last name, Mexican")
FREQUENT = {"Smith", "Johnson", "Williams"}  # 2.2 % of the United States in the census of 2010


def faker() -> list[Callable[[], str]]:
    from faker import Faker

    american, mexican = Faker("en_US"), Faker("es_MX")
    american.seed_instance(1)
    mexican.seed_instance(1)
    return [
        american.first_name_female, american.first_name_male, american.last_name,
        american.street_name, mexican.last_name,
    ]  # fmt: skip


def mimesis() -> list[Callable[[], str]]:
    from mimesis import Address, Person
    from mimesis.enums import Gender
    from mimesis.locales import Locale

    american, mexican = Person(Locale.EN, seed=1), Person(Locale.ES_MX, seed=1)
    return [
        lambda: american.first_name(gender=Gender.FEMALE),
        lambda: american.first_name(gender=Gender.MALE),
        american.last_name, Address(Locale.EN, seed=1).street_name, mexican.last_name,
    ]  # fmt: skip


def measure(library: str) -> dict[str, object]:
    """In a process that has imported nothing yet."""
    start = time.perf_counter()
    makers = {"faker": faker, "mimesis": mimesis}[library]()
    for make in makers:
        make()
    ready = time.perf_counter() - start
    told: dict[str, object] = {"ready": 1e3 * ready}
    for kind, make in zip(KINDS, makers, strict=True):
        start = time.perf_counter()
        drawn = [make() for _ in range(DRAWS)]
        told[kind] = 1e6 * (time.perf_counter() - start) / DRAWS
        told[f"distinct {kind}"] = len(set(drawn))
        if kind == "last name":
            told["frequent"] = 100 * sum(name in FREQUENT for name in drawn) / DRAWS
        told[f"some {kind}"] = ", ".join(drawn[:3])
    return told


def main() -> None:
    if len(sys.argv) == 2:
        print(json.dumps(measure(sys.argv[1])))
        return
    found = {}
    for library in ("faker", "mimesis"):
        command = [sys.executable, __file__, library]
        runs = [
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            for _ in range(3)
        ]
        found[library] = {
            name: value if isinstance(value, str) else statistics.median(run[name] for run in runs)
            for name, value in runs[0].items()
        }
    versions = {name: importlib.metadata.version(name) for name in found}
    print("| | " + " | ".join(f"{name} {versions[name]}" for name in found) + " |")
    print("|---|---|---|")
    rows = [("import and a first name of each kind", "ready", "{:.0f} ms")]
    for kind in KINDS:
        rows.append((f"{kind}: a call", kind, "{:.1f} µs"))
        rows.append((f"{kind}: different ones in {DRAWS:,}", f"distinct {kind}", "{:,.0f}"))
        rows.append((f"{kind}: three", f"some {kind}", "{}"))
    rows.append((f"{', '.join(sorted(FREQUENT))} among last names", "frequent", "{:.2f} %"))
    for what, name, form in rows:
        print(
            f"| {what} | " + " | ".join(form.format(told[name]) for told in found.values()) + " |"
        )


if __name__ == "__main__":
    main()
