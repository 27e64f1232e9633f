"""TrialSim: known answers for the seed's trial, links as a trial writes them, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import InvalidRows
from healthsim_store.plugins import installed
from healthsim_store.testing import ProductTests

IN_STUDY = {"protocol_number": "ONCO-2024-001"}


def subject(n: int, **fields: Any) -> dict[str, Any]:
    return IN_STUDY | {
        "usubjid": f"ONCO-01-{n:03}", "site_number": "01", "arm_code": "ACTIVE" if n % 2 else "SOC",
        "sex": "female" if n % 2 else "male", "age": 50 + n, "consent_date": "2024-01-02",
        "status": "completed",
    } | fields  # fmt: skip


def trial() -> dict[str, list[dict[str, Any]]]:
    """Four subjects of one study."""
    return {
        "studies": [
            IN_STUDY | {"study_id": "ONCO", "phase": "III", "indication": "NSCLC"},
        ],
        "sites": [IN_STUDY | {"site_number": n, "name": f"Clinic {n}"} for n in ("01", "02")],
        "treatment_arms": [
            IN_STUDY | {"arm_code": "ACTIVE", "arm_name": "Active (Drug A + SOC)"},
            IN_STUDY | {"arm_code": "SOC", "arm_name": "Control (SOC only)", "type": "control"},
        ],
        "subjects": [subject(n) for n in range(1, 4)] + [subject(4, site_number="02")],
        "visit_schedule": [
            {"usubjid": f"ONCO-01-{n:03}", "visit_num": v, "visit": f"Week {v}",
             "scheduled_visit_id": f"S-{n}-{v}"}
            for n in range(1, 5) for v in (1, 2, 3)
        ],
        "trial_visits": [
            {"usubjid": f"ONCO-01-{n:03}", "visit_num": v, "visit_date": f"2024-02-0{v}",
             "scheduled_visit_id": f"S-{n}-{v}", "status": "missed" if v == 3 else "completed"}
            for n in (1, 2, 3) for v in (1, 2, 3)
        ],
        "adverse_events": [
            {"usubjid": "ONCO-01-001", "term": "Nausea", "grade": "Grade 2",
             "start_date": "2024-02-03", "serious": "no", "causality": "possible"},
            {"usubjid": "ONCO-01-001", "term": "Rash", "severity": "mild",
             "start_date": "2024-02-04", "serious": "Y"},
            {"usubjid": "ONCO-01-002", "term": "Nausea", "start_date": "2024-02-05"},
        ],
        "disposition_events": [
            {"usubjid": f"ONCO-01-{n:03}", "date": "2024-05-01",
             "reason": "ADVERSE EVENT" if n == 1 else "COMPLETED"}
            for n in range(1, 5)
        ],
        "exposures": [
            {"usubjid": "ONCO-01-001", "treatment": "Drug A", "dose": 200, "unit": "mg",
             "dose_date": "2024-02-01"},
        ],
        **design(), **findings(),
    }  # fmt: skip


def design() -> dict[str, list[dict[str, Any]]]:
    """What the protocol of the study plans."""
    of_arm = {"arm_study_id": "ONCO", "arm_code": "ACTIVE"}
    return {
        "trial_parameters": [IN_STUDY | {"tsparmcd": "HLTSUBJI", "value": "N"}],
        "trial_elements": [
            IN_STUDY | {"element_id": "E1", "etcd": "SCRN", "element": "Screening",
                        "start_rule": "Informed consent", "planned_duration": "P4W"},
            IN_STUDY | {"element_id": "E2", "etcd": "DRUGA", "element": "Drug A"},
        ],
        "arm_elements": [
            of_arm | {"element_id": f"E{n}", "taetord": n, "epoch": epoch}
            for n, epoch in ((1, "SCREENING"), (2, "TREATMENT"))
        ],
        "eligibility_criteria": [
            IN_STUDY | {"ietestcd": "EXCL01", "ietest": "Brain metastases", "category": "excl",
                        "tivers": "1"},
        ],
        "planned_visits": [
            IN_STUDY | {"visit_num": v, "visit": f"Week {v}", "visit_day": 7 * v} for v in (1, 2, 3)
        ],
    }  # fmt: skip


def findings() -> dict[str, list[dict[str, Any]]]:
    """What was found and recorded of the first subject."""
    of_first = {"usubjid": "ONCO-01-001"}
    return {
        "subject_elements": [
            of_first | {"element_id": "E1", "taetord": 1, "start_date": "2024-01-02",
                        "end_date": "2024-02-01"},
            of_first | {"study_id": "ONCO", "etcd": "DRUGA", "taetord": 2,
                        "start_date": "2024-02-01T09:30"},
        ],
        "eligibility_exceptions": [
            {"usubjid": "ONCO-01-004", "study_id": "ONCO", "ietestcd": "EXCL01", "tivers": "1",
             "answer": "yes", "date": "2024-01"},
        ],
        "trial_lab_results": [
            of_first | {"lbtestcd": "ALT", "test": "Alanine Aminotransferase", "result": value,
                        "unit": "U/L", "lbstresn": value, "lbstnrhi": 40, "date": f"2024-02-0{n}"}
            for n, value in enumerate((38, 41, 90), 1)
        ],
        "trial_vital_signs": [
            of_first | {"vstestcd": "SYSBP", "test": "Systolic Blood Pressure", "result": "121",
                        "unit": "mmHg", "baseline": "yes"},
        ],
        "conmeds": [of_first | {"drug": "Aspirin", "frequency": "daily", "start_date": "2019"}],
        "medical_histories": [of_first | {"term": "Asthma", "start_date": "2003---15"}],
        "supplemental_values": [
            IN_STUDY | of_first | {"rdomain": "DM", "qnam": "RACEOTH", "qlabel": "Race, Other",
                                   "qval": "Sami"},
        ],
    }  # fmt: skip


class TestTrialSim(ProductTests):
    product = "trialsim"
    rows = trial()


def test_a_subject_and_a_patient_with_one_person_id_are_one_human(store: Store) -> None:
    batch = trial()
    for n, one in enumerate(batch["subjects"], 1):
        one |= {"person_id": f"x{n}", "birth_date": "1970-01-01"}
    batch["subjects"][1]["birth_date"] = "1970-01-02"
    batch["patients"] = [
        {"patient_id": f"p{n}", "mrn": f"P-{n}", "given_name": "A", "family_name": "B",
         "person_id": f"x{n}", "birth_date": "1970-01-01", "gender": "F" if n % 2 else "M"}
        for n in range(1, 5)
    ]  # fmt: skip
    store.persist(batch, scenario="s")
    (finding,) = store.check_scenario("s").findings
    assert finding.message == (
        "subject_and_patient: the subject ONCO-01-002 (M, born 1970-01-02) and the patient p2"
        " (M, born 1970-01-01) have one person_id"
    )


@pytest.mark.parametrize(
    ("entity_type", "values", "rule", "count"),
    [
        ("subjects", {"death_date": "2024-01-31", "first_dose_date": None}, "treated_outside", 1),
        ("subjects", {"death_date": "2024-02-03"}, "event_after_death", 1),
        ("subjects", {"consent_date": "2024-02-02"}, "treated_outside", 1),
        ("actual_visits", {"study_day": 2}, "study_day", 2),
    ],
)
def test_check_finds_what_happens_on_an_impossible_day(
    store: Store, entity_type: str, values: dict[str, Any], rule: str, count: int
) -> None:
    """Treatment began on 2024-02-01, visits are on the first three days of it."""
    store.persist(trial(), scenario="s")
    of_first = "subject_id = (SELECT subject_id FROM subjects WHERE usubjid = 'ONCO-01-001')"
    store.update_entities("s", "subjects", {"first_dose_date": "2024-02-01"}, where=of_first)
    assert store.check_scenario("s").ok
    store.update_entities("s", entity_type, values, where=of_first)
    titles = {one.name: one.label for one in installed().declarations["trialsim"].rules}
    told = [one.message for one in store.check_scenario("s").findings]
    assert any(one.startswith(f"{titles[rule]}: not so for {count}") for one in told), told


def test_questions_have_the_known_answers(store: Store) -> None:
    batch = trial()
    batch["adverse_events"] += [
        {"usubjid": "ONCO-01-002", "term": "Anaemia", "grade": "4", "start_date": "2024-03-01"}
    ]
    store.persist(batch, scenario="s")

    def asked(question: str, *columns: str, **values: str) -> list[list[Any]]:
        rows = store.ask_question("s", question, params=values).rows
        return [[row[column] for column in columns] for row in rows]

    assert asked("subjects_of", "usubjid", site="02") == [["ONCO-01-004"]]
    assert asked("subjects_of", "usubjid", arm="active", site="clinic 01") == [
        ["ONCO-01-001"], ["ONCO-01-003"],
    ]  # fmt: skip
    assert len(asked("subjects_of", "usubjid")) == 4
    assert asked("subjects_by_site_and_arm", "site_number", "arm", "subjects", "completed") == [
        ["01", "Active (Drug A + SOC)", 2, 2], ["01", "Control (SOC only)", 1, 1],
        ["02", "Control (SOC only)", 1, 1],
    ]  # fmt: skip
    events = ("event", "severity", "serious")
    assert asked("adverse_events_of", *events, severity="moderate") == [["Nausea", "MODERATE", "N"]]
    assert asked("adverse_events_of", *events, serious="yes") == [["Rash", "MILD", "Y"]]
    assert asked("adverse_events_of", "event", severity="severe") == [["Anaemia"]]
    assert len(asked("adverse_events_of", "event")) == 4
    counted = ("arm", "subjects", "affected", "percent", "events", "mild", "moderate", "severe")
    assert asked("adverse_events_by_arm", *counted, "serious") == [
        ["Active (Drug A + SOC)", 2, 1, 50.0, 2, 1, 1, 0, 1],
        ["Control (SOC only)", 2, 1, 50.0, 2, 0, 0, 1, 0],
    ]
    visits = ("site_number", "scheduled", "completed", "missed", "percent")
    assert asked("visits_by_site", *visits) == [
        ["01", 9, 6, 3, 66.7], ["02", 3, 0, 0, 0.0],
    ]  # fmt: skip
    assert asked("left_early", "usubjid", "reason") == [["ONCO-01-001", "ADVERSE EVENT"]]
    assert asked("criteria_not_met", "usubjid", "criterion") == [
        ["ONCO-01-004", "Brain metastases"]
    ]
    assert asked("lab_results_outside", "day", "value", test="alt") == [
        ["2024-02-02", 41.0], ["2024-02-03", 90.0],
    ]  # fmt: skip
    assert asked("lab_results_outside", "day", test="ast") == []


def test_statistics_have_the_known_answers(store: Store) -> None:
    store.persist(trial(), scenario="s")
    summary = store.get_summary("s", samples=0)
    assert {name: a.text for name, a in summary.statistics.items()} == {
        "study_overview": "ONCO-2024-001, phase 3, NSCLC: 2 sites, 4 subjects",
        "arms": "Active (Drug A + SOC) 2 (50%), Control (SOC only) 2 (50%)",
        "subject_age_range": "51-54 years",
        "subject_sex": "2 male, 2 female",
        "subject_status": "completed 4",
        "scheduled_visits": "12 (3 per subject)",
        "completed_visits": "6 (50%)",
        "adverse_events": "3 (2 subjects affected)",
        "serious_adverse_events": "1 (1 subjects)",
        "dispositions": "COMPLETED 3, ADVERSE EVENT 1",
    }
    assert "| Scheduled Visits | 12 |" in summary.to_markdown()


def test_the_share_of_no_subjects_is_unknown(store: Store) -> None:
    rows = {name: trial()[name] for name in ("studies", "treatment_arms")}
    store.persist(rows, scenario="s")
    told = {name: a.text for name, a in store.get_summary("s").statistics.items()}
    assert told == {
        "study_overview": "ONCO-2024-001, phase 3, NSCLC: 0 sites, 0 subjects",
        "arms": "Active (Drug A + SOC) 0 (unknown), Control (SOC only) 0 (unknown)",
    }


def test_a_card(store: Store) -> None:
    store.persist(trial(), scenario="s")
    card = store.get_samples("s", "subjects", count=4)[0]
    del card["subject_id"]
    assert card == {
        "subject": "ONCO-01-001 (Female, 51)",
        "Study": "ONCO-2024-001",
        "Site": "01 Clinic 01",
        "Arm": "Active (Drug A + SOC)",
        "Status": "completed",
        "Visits": "2 completed of 3 scheduled, last 2024-02-03",
        "Adverse_Events": "Nausea (grade 2), Rash (mild)",
        "Disposition": "ADVERSE EVENT (2024-05-01)",
    }


def test_a_site_number_means_one_of_the_subject_s_own_study(store: Store) -> None:
    batch = {
        "studies": [{"protocol_number": p, "phase": "2", "indication": "COPD"} for p in ("A", "B")],
        "sites": [
            {"protocol_number": p, "site_number": "01", "name": f"Site of {p}"} for p in ("A", "B")
        ],
        "subjects": [
            {"protocol_number": p, "site_number": "01", "usubjid": f"{p}-1"} for p in ("B", "A")
        ],
    }
    store.persist(batch, scenario="s")
    found = store.query_scenario(
        "s", "SELECT usubjid, name FROM subjects JOIN sites USING (site_id) ORDER BY 1"
    )
    assert [tuple(row.values()) for row in found.rows] == [
        ("A-1", "Site of A"),
        ("B-1", "Site of B"),
    ]


@pytest.mark.parametrize(
    ("entity_type", "change", "said"),
    [
        ("trial_visits", {"status": "complet"}, "one of completed, partial, missed"),
        ("trial_visits", {"status": "complet"}, "Did you mean completed?"),
        ("subjects", {"site_number": "09"}, "no such site_number in sites of this study_id"),
        ("subjects", {"site_number": None}, "site_number: is required"),
        ("subjects", {"usubjid": "ONCO-01-002"}, "is there twice in this batch"),
        ("studies", {"phase": "5"}, "one of 0, 1, 1/2"),
        ("adverse_events", {"end_date": "2024-01-01"}, "aeendtc >= aestdtc"),
    ],
)
def test_what_is_refused(store: Store, entity_type: str, change: dict[str, Any], said: str) -> None:
    batch = trial()
    batch[entity_type][0] |= change
    with pytest.raises(InvalidRows) as caught:
        store.persist(batch, scenario="s")
    assert said in str(caught.value)
    assert store.names() == []


def test_a_subject_without_its_site(store: Store) -> None:
    batch = trial()
    for row in batch["subjects"]:
        del row["site_number"]
    with pytest.raises(InvalidRows, match=r"site_id: is required\. Or site_site_number or"):
        store.persist(batch, scenario="s")
    with pytest.raises(InvalidRows, match="Give study_id as well"):
        store.persist({"subjects": [{"usubjid": "X", "site_number": "01"}]}, scenario="s")
