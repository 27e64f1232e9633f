"""The texts that healthsim-store makes of its own products' data: what budgets are made for."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from typing import Any

from healthsim_store import HealthsimStoreError, Store

PROFILES = ("diabetes-cohort", "heart-failure", "copd", "medicare-advantage", "oncology-phase3")
COUNTS = (3, 60)
BUDGETS = (100, 200, 300, 500, 800, 1_300)


def own_texts(
    profiles: tuple[str, ...] = PROFILES, counts: tuple[int, ...] = COUNTS
) -> Iterator[tuple[str, str]]:
    """Texts by their kind: summaries, samples, pages of rows, of scenarios of several sizes."""
    with tempfile.TemporaryDirectory() as folder, Store(folder) as store:
        for profile in profiles:
            for count in counts:
                scenario = f"{profile}-{count}"
                made = store.generate_scenario(profile, count=count, seed=count, into=scenario)
                yield "replies to persist", made.summary.to_markdown()
                yield from _of_scenario(store, scenario)
            first, last = (f"{profile}-{count}" for count in (counts[0], counts[-1]))
            yield "descriptions", store.diff_scenarios(first, last).to_markdown()
            yield "descriptions", store.compare_scenarios(first, last).to_markdown()
            yield "descriptions", _json(store.describe_profile(profile))
            questions = [question.to_dict() for question in store.list_questions(first)]
            yield "descriptions", _json(questions)


def _of_scenario(store: Store, scenario: str) -> Iterator[tuple[str, str]]:
    for samples in (0, 1, 3):
        for budget in BUDGETS:
            found = store.get_summary(scenario, samples=samples, max_tokens=budget)
            yield "summaries", found.to_markdown()
    for entity_type in store.list_entity_types():
        try:
            rows = store.get_samples(scenario, entity_type.name, count=5)
        except HealthsimStoreError:
            continue
        if rows:
            page = store.query_scenario(scenario, f"SELECT * FROM {entity_type.name} LIMIT 20")
            yield "samples as text", "\n\n".join(map(_card, rows))
            yield "samples as JSON", _json(rows)
            yield "samples as JSON with spaces", json.dumps(rows, ensure_ascii=False)
            yield "pages as CSV", _csv(page.rows)
            yield "pages as JSON", _json(page.to_dict())


def _card(row: dict[str, Any]) -> str:
    return "\n".join(f"{key.replace('_', ' ')}: {value}" for key, value in row.items())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue().rstrip("\n")
