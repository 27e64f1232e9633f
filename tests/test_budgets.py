"""Every text with a budget keeps it by real tokenizers, whatever is stored."""

from __future__ import annotations

import random

import pytest
from campaign import tries
from conftest import owner
from real_tokenizer import counts
from token_corpus import KINDS, value

from healthsim_store import Store
from healthsim_store.query.reply import MAX_TOKENS
from healthsim_store.query.summary import Summary

SUMMARIES = (100, 150, 300, 500, 1_000, 2_000)


def check(text: str, budget: int) -> None:
    over = {name: real for name, real in counts(text).items() if real > budget}
    assert not over, f"{over} tokens, of {budget}: {text}"


def like_it(kind: str, seed: int, count: int) -> dict[str, list[dict[str, object]]]:
    """Rows whose values are all of one kind, as far as the table lets them."""

    def told(place: str, number: int, most: int = 200) -> str:
        chance = random.Random(f"{seed} {place} {number}")
        return value(kind, chance.randrange(10**9)).replace("\0", "")[:most] or "-"

    owners = [
        owner(n, owner_id=f"{told('id', n, 30)} {n}", tax_number=f"{told('tax', n, 30)} {n}",
              full_name=told("name", n, 40))
        for n in range(count)
    ]  # fmt: skip
    pets = [
        {"owner_id": row["owner_id"], "weight": n + 1, "notes": {told("key", n): told("note", n)}}
        for n, row in enumerate(owners)
    ]
    return {"owners": owners, "pets": pets}


def as_tag(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() and sign != ",")[:60].strip()


@pytest.mark.parametrize("kind", KINDS)
def test_summaries_replies_and_diffs_keep_their_budgets(store: Store, kind: str) -> None:
    for seed in range(tries(1, 20)):
        chance = random.Random(f"{kind} {seed}")
        tags = [tag for n in range(chance.randint(0, 4)) if (tag := as_tag(value(kind, n)))]
        description = " ".join(value(kind, n) for n in range(chance.choice([0, 1, 30])))
        made = store.persist(
            like_it(kind, seed, 12), scenario=f"{seed}",
            description=description.replace("\0", "") or None, tags=tags,
        )  # fmt: skip
        check(made.summary.to_markdown(), MAX_TOKENS)
        for budget in SUMMARIES:
            for samples in (0, 3):
                found = store.get_summary(f"{seed}", samples=samples, max_tokens=budget)
                check(found.to_markdown(), budget)
        for samples, budget in ((0, 300), (1, 700), (5, 700)):
            check(store.get_summary(f"{seed}", samples=samples).to_markdown(), budget)
        store.persist(like_it(kind, seed + 1, 9), scenario=f"other-{seed}")
        check(store.diff_scenarios(f"{seed}", f"other-{seed}").to_markdown(), 299)
        for budget in (399, 100):
            compared = store.compare_scenarios(f"{seed}", f"other-{seed}", max_tokens=budget)
            check(compared.to_markdown(), budget)


@pytest.mark.parametrize("kind", KINDS)
def test_names_alone_do_not_break_a_budget(store: Store, kind: str) -> None:
    """A stranger's file may have any name that a disk lets it have."""
    store.persist({"owners": [owner(1)]}, scenario="one")
    name = "".join(sign for sign in value(kind, 1) * 200 if sign not in "/\\\0.")
    name = name.encode()[:240].decode(errors="ignore").strip()
    for copy in (name, f"{name}2"):
        (store.path / f"{copy}.db").write_bytes((store.path / "one.db").read_bytes())
    check(store.get_summary(name, max_tokens=100).to_markdown(), 100)
    check(store.diff_scenarios(name, f"{name}2").to_markdown(), 299)
    check(store.compare_scenarios(name, f"{name}2", max_tokens=100).to_markdown(), 100)


PROFILES = (
    "cardiovascular-outcomes", "copd", "diabetes-cohort", "heart-failure",
    "insured-diabetes-cohort", "medicare-advantage", "oncology-phase3",
)  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES)
def test_summaries_of_every_profile_keep_their_budgets(store: Store, profile: str) -> None:
    made = store.generate_scenario(profile, count=tries(15, 300), seed=1, into="made")
    check(made.summary.to_markdown(), MAX_TOKENS)
    check(store.get_summary("made", samples=0).to_markdown(), 300)
    check(store.get_summary("made", samples=3).to_markdown(), 1_300)
    for budget in SUMMARIES:
        check(store.get_summary("made", max_tokens=budget).to_markdown(), budget)
    store.generate_scenario(profile, count=tries(10, 200), seed=2, into="other")
    check(store.compare_scenarios("made", "other").to_markdown(), 399)
    alone = {found["name"] for found in store.list_profiles() if "needs" not in found}
    assert alone == set(PROFILES)


@pytest.mark.parametrize("kind", KINDS)
def test_what_could_not_be_read_is_told_within_the_budget(kind: str) -> None:
    reason = f"everything else: {value(kind, 2) * 200}"
    summary = Summary(
        scenario="one", scenario_id="", description=None, created_at="", tags=(), products={},
        entity_counts={}, statistics={}, samples={}, omitted=(reason,), max_tokens=MAX_TOKENS,
    )  # fmt: skip
    text = summary.to_markdown()
    check(text, MAX_TOKENS)
    assert text.startswith("**one**\nLeft out: everything else: ")
