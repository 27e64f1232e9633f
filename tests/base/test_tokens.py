"""The estimate against real tokenizers: never below, and little above for our own texts."""

from __future__ import annotations

import json

import pytest
from campaign import tries
from hypothesis import given, settings
from hypothesis import strategies as st
from own_texts import own_texts
from real_tokenizer import NAMES, count_tokens, counts
from token_corpus import KINDS, SEPARATORS, texts, value

from healthsim_store.base.tokens import cut_to_tokens, estimate_tokens

SUMMARY = """**diabetes-cohort-20241226** (k3f9xz; patientsim 0.1.0)
diabetes cohort for training
Tags: diabetes, training

| Entity Type | Count |
|---|---|
| Patients | 150 |
| Encounters | 425 |
| Lab Results | 890 |
| Medications | 320 |

**Patient Demographics**
- Age range: 35-78 years
- Gender: 72 male, 78 female
- Race: White (45%), Hispanic (28%), Black (18%), Asian (9%)

**Clinical Characteristics**
- Average A1C: 7.8% (range: 6.1-12.4%)
- With complications: 67 (45%)
- On insulin: 43 (29%)
"""
SAMPLES = """**Patients** (3 of 150; 9 more columns)
patient_id | mrn | given_name | family_name | birth_date | gender | race | city
k3f9xz-a1 | P-2024-00847 | Maria | Gonzalez | 1966-03-02 | F | White | San Diego
k3f9xz-b55 | P-2024-01234 | James | Thompson | 1957-11-30 | M | Black | Sacramento
k3f9xz-c120 | P-2024-00623 | Patricia | Lee | 1952-07-14 | F | Asian | Los Angeles
"""
LABS = """**Lab Results** (2 of 890; 4 more columns)
lab_result_id | patient_id | test_name | loinc_code | value | unit | collected_time
k3f9xz-c151 | k3f9xz-a1 | Hemoglobin A1c/Hemoglobin.total | 4548-4 | 8.2 | % | 2024-02-15T09:30:00
"""
MEDICATIONS = """name | rxnorm_code | dose | route | start_date | status
Metformin 1000 MG Oral Tablet | 860975 | 1000 mg | oral | 2023-04-01 | active
insulin glargine 100 UNT/ML Injectable | 311041 | 30 units | SC | 2022-12-11 | completed
"""
SQL = """SELECT p.given_name, p.family_name, max(l.value_numeric) AS a1c
FROM patients AS p JOIN lab_results AS l USING (patient_id)
WHERE l.loinc_code IN ('4548-4', '17856-6') GROUP BY p.patient_id HAVING a1c > 9 ORDER BY a1c DESC
"""
REPLY = json.dumps(
    {
        "columns": ["patient_id", "given_name", "gender"],
        "rows": [
            {"patient_id": "k3f9xz-a1", "given_name": "Maria", "gender": "F"},
            {"patient_id": "k3f9xz-a2", "given_name": "Robert", "gender": "M"},
        ],
        "total": 150,
        "has_more": True,
    }
)


KNOWN_TEXTS = [SUMMARY, SAMPLES, LABS, MEDICATIONS, SQL, REPLY, SUMMARY + LABS + SAMPLES]


def check(text: str) -> None:
    """The estimate is at least what each tokenizer counts."""
    estimate = estimate_tokens(text)
    below = {name: real for name, real in counts(text).items() if real > estimate}
    assert not below, f"estimated {estimate}, but {below}: {text[:200]!r}"


def test_the_tokenizers_differ() -> None:
    """Otherwise two would be no better than one."""
    found = counts("HYDROCHLOROTHIAZIDE 25 MG, 患者 of 2024-01-15: ACGTTTACG 7f3a9c")
    assert set(found) == set(NAMES)
    assert len(set(found.values())) == len(NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_text_costs_more_than_was_estimated(kind: str) -> None:
    for seed in range(tries(1, 30)):
        for text in texts(kind, seed=seed):
            check(text)


VALUES = st.builds(value, st.sampled_from(sorted(KINDS)), st.integers(0, 10**9))


@given(
    st.lists(VALUES | st.text(max_size=30), min_size=1, max_size=12),
    st.sampled_from(SEPARATORS),
    st.integers(1, 20),
)
@settings(max_examples=tries(150, 20_000), deadline=None)
def test_no_mixture_costs_more_than_was_estimated(
    values: list[str], separator: str, times: int
) -> None:
    check(separator.join(values * times))


@pytest.mark.parametrize("text", KNOWN_TEXTS)
def test_texts_like_ours_are_at_most_30_percent_above(text: str) -> None:
    check(text)
    assert estimate_tokens(text) <= 1.3 * count_tokens(text)


def test_our_own_texts_are_at_most_30_percent_above() -> None:
    """Summaries, samples and pages of rows of each product's scenarios."""
    profiles = ("diabetes-cohort", "medicare-advantage", "oncology-phase3")
    seen = set()
    for kind, text in own_texts(profiles, (3, 20)):
        check(text)
        # A scenario's id is drawn, six letters: at worst each of them is told as a token, where a
        # tokenizer has a word for several. In a text of some 70 tokens that alone can be 3 % more.
        assert estimate_tokens(text) <= 1.3 * count_tokens(text) + 6, (kind, text)
        seen.add(kind)
    assert len(seen) == 8


@pytest.mark.parametrize(
    "text",
    ["a", "patients", "2024-01-15", "E11.65", "é", "…", "\n\n", "患者", "a|b," * 300, "1,2," * 300,
     "\x00", "\ufdfa", " ", "  12", "\r\n\r\n", "\u3000", "\ud800", "<|endoftext|>"],
)  # fmt: skip
def test_short_and_dense_texts_are_never_below(text: str) -> None:
    if text == "\ud800":  # half of a character: no tokenizer takes it, and no estimate fails
        assert estimate_tokens(text) >= 3
    else:
        check(text)


def test_nothing_costs_nothing() -> None:
    assert estimate_tokens("") == 0


@given(st.lists(VALUES, max_size=9).map(" ".join), st.integers(5, 60))
@settings(max_examples=tries(50, 2_000), deadline=None)
def test_a_text_is_cut_to_as_many_tokens_as_there_is_room_for(text: str, most: int) -> None:
    cut = cut_to_tokens(text, most)
    assert count_tokens(cut) <= most
    if cut != text:
        begun = cut.removesuffix("…")
        assert text.startswith(begun)
        assert estimate_tokens(f"{text[: len(begun) + 1]}…") > most
