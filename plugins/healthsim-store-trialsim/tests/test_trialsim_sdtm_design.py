"""SDTM of a trial's design and of how subjects went through it: known answers, by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import NotConformant
from healthsim_store.testing import StandardTests

STUDY = {"study_id": "P"}


def subject(number: str, arm: str | None, **fields: Any) -> dict[str, Any]:
    return STUDY | {
        "subject_id": f"s{number}", "usubjid": f"PAIN-7-11-{number}", "site_id": "site",
        "arm_id": arm, "consent_date": "2024-01-01", "screening_date": "2024-01-03", "sex": "F",
    } | fields  # fmt: skip


ROWS: dict[str, list[dict[str, Any]]] = {
    "studies": [
        STUDY | {
            "protocol_number": "PAIN-7", "phase": "2", "indication": "Migraine", "title": "Pain",
            "study_type": "INTERVENTIONAL", "intervention_model": "PARALLEL",
            "intervention_type": "DRUG", "blinding": "double-blind", "control_type": "PLACEBO",
            "randomized": "yes", "adaptive_design": "N", "add_on": "N", "treatment": "Drug A",
            "objective": "Less pain", "pharmacologic_class": "Analgesic", "trial_length": "P6W",
            "minimum_age": "P18Y", "sex_population": "all", "registry_id": "NCT00000001",
            "start_date": "2023-12-01", "planned_subjects": 8,
        },
    ],
    "trial_parameters": [
        STUDY | {"tsparmcd": "TITLE", "tsval": "Pain and Drug A"},
        STUDY | {"tsparmcd": "OBJSEC", "tsval": "Fewer attacks", "tsseq": 2},
        STUDY | {"tsparmcd": "OBJSEC", "tsval": "Shorter attacks"},
        STUDY | {"tsparmcd": "STOPRULE", "tsvalnf": "NA", "tsparm": "Study Stop Rules"},
    ],
    "sites": [
        STUDY | {"site_id": "site", "site_number": "11", "country": "DNK"},
        STUDY | {"site_id": "other", "site_number": "12", "country": "AUT"},
    ],
    "treatment_arms": [
        STUDY | {"arm_id": "a", "arm_code": "A", "arm_name": "Drug A"},
        STUDY | {"arm_id": "b", "arm_code": "B", "arm_name": "Placebo"},
    ],
    "trial_elements": [
        STUDY | {"element_id": code, "etcd": code, "element": name, "testrl": rule, "tedur": length}
        for code, name, rule, length in (
            ("SCRN", "Screening", "Informed consent", "P1W"),
            ("DRUGA", "Drug A", "First dose of Drug A", "P4W"),
            ("PLACEBO", "Placebo", "First dose of placebo", "P4W"),
        )
    ],
    "arm_elements": [
        {"arm_id": arm, "element_id": element, "taetord": place, "epoch": epoch, "tabranch": branch}
        for arm, element, place, epoch, branch in (
            ("a", "SCRN", 1, "SCREENING", "Randomized to Drug A"),
            ("a", "DRUGA", 2, "TREATMENT", None),
            ("b", "SCRN", 1, "SCREENING", "Randomized to placebo"),
            ("b", "PLACEBO", 2, "TREATMENT", None),
        )
    ],
    "eligibility_criteria": [
        STUDY | {"criterion_id": "i1", "ietestcd": "INCL01", "ietest": "Adult", "iecat": "include"},
        STUDY | {"criterion_id": "e1", "ietestcd": "EXCL01", "ietest": "Gout", "iecat": "exclude"},
    ],
    "planned_visits": [
        STUDY | {"visit_num": n, "visit_name": name, "visit_day": day, "arm_id": arm}
        for n, name, day, arm in (
            (1, "Screening", -7, None), (2, "Baseline", 1, None), (3, "Week 4", 29, None),
            (3, "Week 4 by telephone", 30, "b"),
        )
    ],
    "subjects": [
        subject("1", "a", first_dose_date="2024-01-08", last_dose_date="2024-02-05", age=8,
                age_unit="months", participation_end_date="2024-02-20", status="completed",
                randomization_date="2024-01-08", birth_date="2023-05-01"),
        subject("2", "a", actual_arm_id="b", first_dose_date="2024-01-09",
                last_dose_date="2024-01-09", subject_number="0002"),
        subject("3", None, status="screen failure"),
        subject("4", "b", unplanned_arm="Both drugs"),
        subject("5", "a", randomization_date="2024-01-08"),
        subject("6", "b", screening_date=None, arm_null_reason="NOT ASSIGNED"),
    ],
    "actual_visits": [
        {"subject_id": who, "visit_num": n, "visit_name": name, "visit_date": day,
         "visit_status": status}
        for who, n, name, day, status in (
            ("s1", 1, "screening visit", "2024-01-03", "completed"),
            ("s1", 2.1, "Headache", "2024-01-20", "unscheduled"),
            ("s1", 3, None, None, "missed"),
            ("s4", 3, "Call", "2024-02-06", "completed"),
        )
    ],
    "subject_elements": [
        {"subject_id": "s1", "element_id": "DRUGA", "taetord": 2, "epoch": "TREATMENT",
         "sestdtc": "2024-01-08T09:00", "seendtc": "2024-02-20"},
        {"subject_id": "s1", "element_id": "SCRN", "taetord": 1, "epoch": "SCREENING",
         "sestdtc": "2024-01-01", "seendtc": "2024-01-08T09:00"},
        {"subject_id": "s4", "seupdes": "Took both drugs", "sestdtc": "2024-01", "seseq": 4},
    ],
    "eligibility_exceptions": [
        {"subject_id": "s3", "criterion_id": "i1", "iedtc": "2024-01-03"},
        {"subject_id": "s3", "criterion_id": "e1", "iedtc": "2024-01", "visit_num": 1},
    ],
    "exposures": [
        {"subject_id": "s1", "extrt": "Drug A", "exstdtc": "2024-01-08T09:00",
         "exendtc": "2024-02-05"},
        {"subject_id": "s4", "extrt": "Drug A", "exstdtc": "2024-01-10", "exendtc": "2024-01-12"},
        {"subject_id": "s4", "extrt": "Placebo", "exstdtc": "2024-01-11"},
    ],
    "adverse_events": [
        {"subject_id": "s4", "aeterm": "Stroke", "aestdtc": "2024-02-09", "aeendtc": "2024-02-10",
         "aeout": "FATAL"},
    ],
    "disposition_events": [
        {"subject_id": "s1", "dsdecod": "RANDOMIZED", "dsterm": "Randomised", "dsseq": 7,
         "dsstdtc": "2024-01-08"},
        {"subject_id": "s1", "dsdecod": "COMPLETED", "dsscat": "STUDY PARTICIPATION",
         "dsstdtc": "2024-02-20", "dscat": "DISPOSITION EVENT", "dsdtc": "2024-02-21"},
        {"subject_id": "s4", "dsdecod": "DEATH", "dsterm": "Died", "dsstdtc": "2024-02-10"},
    ],
}  # fmt: skip

TREATED = {"ARMCD": "A", "ARM": "Drug A", "ACTARMCD": "A", "ACTARM": "Drug A", "ARMNRS": None}

DATASETS: dict[str, list[dict[str, Any]]] = {
    "TE": [
        {"STUDYID": "PAIN-7", "DOMAIN": "TE", "ETCD": "DRUGA", "ELEMENT": "Drug A",
         "TESTRL": "First dose of Drug A", "TEDUR": "P4W"},
        {"ETCD": "PLACEBO"}, {"ETCD": "SCRN"},
    ],
    "TA": [
        {"ARMCD": "A", "ARM": "Drug A", "TAETORD": 1, "ETCD": "SCRN", "ELEMENT": "Screening",
         "TABRANCH": "Randomized to Drug A", "TATRANS": None, "EPOCH": "SCREENING"},
        {"ARMCD": "A", "TAETORD": 2, "ETCD": "DRUGA", "EPOCH": "TREATMENT"},
        {"ARMCD": "B", "TAETORD": 1, "ETCD": "SCRN"},
        {"ARMCD": "B", "TAETORD": 2, "ETCD": "PLACEBO"},
    ],
    "TI": [
        {"IETESTCD": "EXCL01", "IETEST": "Gout", "IECAT": "EXCLUSION"},
        {"IETESTCD": "INCL01", "IETEST": "Adult", "IECAT": "INCLUSION"},
    ],
    "TV": [
        {"VISITNUM": 1.0, "VISIT": "Screening", "VISITDY": -7, "ARMCD": None,
         "TVSTRL": "Study day -7"},
        {"VISITNUM": 2.0}, {"VISITNUM": 3.0, "VISIT": "Week 4", "ARMCD": None},
        {"VISITNUM": 3.0, "VISIT": "Week 4 by telephone", "VISITDY": 30, "ARMCD": "B",
         "ARM": "Placebo"},
    ],
    "TS": [
        {"TSPARMCD": code, "TSSEQ": number, "TSVAL": value}
        for code, number, value in (
            ("ACTSUB", 1, "5"), ("ADAPT", 1, "N"), ("ADDON", 1, "N"), ("AGEMAX", 1, None),
            ("AGEMIN", 1, "P18Y"), ("FCNTRY", 1, "AUT"), ("FCNTRY", 2, "DNK"),
            ("INDIC", 1, "Migraine"), ("INTMODEL", 1, "PARALLEL"), ("INTTYPE", 1, "DRUG"),
            ("LENGTH", 1, "P6W"), ("NARMS", 1, "2"), ("OBJPRIM", 1, "Less pain"),
            ("OBJSEC", 2, "Fewer attacks"), ("OBJSEC", 3, "Shorter attacks"),
            ("PCLAS", 1, "Analgesic"), ("PCLASS", 1, "Analgesic"), ("PLANSUB", 1, "8"),
            ("RANDOM", 1, "Y"), ("REGID", 1, "NCT00000001"), ("SDTIGVER", 1, "3.4"),
            ("SDTMVER", 1, "2.0"), ("SEXPOP", 1, "BOTH"), ("SSTDTC", 1, "2023-12-01"),
            ("STOPRULE", 1, None), ("STYPE", 1, "INTERVENTIONAL"), ("TBLIND", 1, "DOUBLE BLIND"),
            ("TCNTRL", 1, "PLACEBO"), ("TITLE", 1, "Pain and Drug A"),
            ("TPHASE", 1, "PHASE II TRIAL"), ("TRT", 1, "Drug A"),
        )
    ],
    "DM": [
        {"SUBJID": "1", **TREATED, "RFSTDTC": "2024-01-08T09:00", "RFXSTDTC": "2024-01-08T09:00",
         "RFENDTC": "2024-02-05", "RFXENDTC": "2024-02-05", "RFPENDTC": "2024-02-20", "AGE": 8,
         "AGEU": "MONTHS", "DMDTC": "2024-01-03", "DMDY": -5, "DTHFL": None, "COUNTRY": "DNK"},
        {"SUBJID": "0002", "ARMCD": "A", "ACTARMCD": "B", "ACTARM": "Placebo", "ARMNRS": None},
        {"SUBJID": "3", "ARMCD": None, "ACTARMCD": None, "ARMNRS": "SCREEN FAILURE",
         "RFSTDTC": None, "RFXSTDTC": None, "DMDY": None},
        # No column says when it was treated; the exposures do. The dose of one day ends on it.
        {"SUBJID": "4", "ARMCD": "B", "ACTARMCD": None, "ARMNRS": "UNPLANNED TREATMENT",
         "ACTARMUD": "Both drugs", "RFSTDTC": "2024-01-10", "RFXENDTC": "2024-01-12",
         "RFENDTC": "2024-01-12", "DTHDTC": "2024-02-10", "DTHFL": "Y", "RFPENDTC": "2024-02-10"},
        {"SUBJID": "5", "ARMCD": "A", "ACTARMCD": None, "ARMNRS": "ASSIGNED, NOT TREATED"},
        {"SUBJID": "6", "ARMCD": "B", "ACTARMCD": None, "ARMNRS": "NOT ASSIGNED",
         "DMDTC": "2024-01-01"},
    ],
    "SE": [
        {"USUBJID": "PAIN-7-11-1", "SESEQ": 1, "ETCD": "SCRN", "ELEMENT": "Screening",
         "TAETORD": 1, "EPOCH": "SCREENING", "SESTDTC": "2024-01-01", "SESTDY": -7, "SEENDY": 1},
        {"SESEQ": 2, "ETCD": "DRUGA", "SESTDTC": "2024-01-08T09:00", "SESTDY": 1, "SEENDY": 44},
        {"SESEQ": 4, "ETCD": "UNPLAN", "ELEMENT": None, "TAETORD": None, "SESTDTC": "2024-01",
         "SEUPDES": "Took both drugs"},
    ],
    "SV": [
        {"USUBJID": "PAIN-7-11-1", "VISITNUM": 1.0, "VISIT": "Screening", "SVPRESP": "Y",
         "SVOCCUR": "Y", "VISITDY": -7, "SVSTDTC": "2024-01-03", "SVENDTC": "2024-01-03",
         "SVSTDY": -5, "SVUPDES": None},
        {"VISITNUM": 2.1, "VISIT": "Headache", "SVPRESP": None, "SVOCCUR": None, "VISITDY": None,
         "SVSTDY": 13, "SVUPDES": "Headache"},
        {"VISITNUM": 3.0, "VISIT": "Week 4", "SVPRESP": "Y", "SVOCCUR": "N", "VISITDY": 29,
         "SVSTDTC": None, "SVENDTC": None, "SVSTDY": None},
        {"USUBJID": "PAIN-7-11-4", "VISITNUM": 3.0, "VISIT": "Week 4 by telephone", "VISITDY": 30},
    ],
    "IE": [
        # Of a day of which only the month is known, it is not known before which it was.
        {"USUBJID": "PAIN-7-11-3", "IESEQ": 1, "IETESTCD": "EXCL01", "IECAT": "EXCLUSION",
         "IEORRES": "Y", "IESTRESC": "Y", "VISITNUM": 1.0, "IEDTC": "2024-01", "IEDY": None},
        {"IESEQ": 2, "IETESTCD": "INCL01", "IETEST": "Adult", "IEORRES": "N", "IESTRESC": "N",
         "IEDTC": "2024-01-03", "EPOCH": "SCREENING"},
    ],
    "DS": [
        {"USUBJID": "PAIN-7-11-1", "DSSEQ": 7, "DSTERM": "Randomised", "DSDECOD": "RANDOMIZED",
         "DSCAT": "PROTOCOL MILESTONE", "EPOCH": "TREATMENT", "DSSTDY": 1},
        {"DSSEQ": 8, "DSDECOD": "INFORMED CONSENT OBTAINED", "DSSTDY": -7, "EPOCH": "SCREENING"},
        {"DSSEQ": 9, "DSTERM": "COMPLETED", "DSSCAT": "STUDY PARTICIPATION", "DSDY": 45,
         "DSSTDY": 44, "EPOCH": "TREATMENT"},
        {"USUBJID": "PAIN-7-11-2", "DSDECOD": "INFORMED CONSENT OBTAINED"},
        {"USUBJID": "PAIN-7-11-3", "DSDECOD": "INFORMED CONSENT OBTAINED"},
        {"USUBJID": "PAIN-7-11-4", "DSSEQ": 1, "DSDECOD": "INFORMED CONSENT OBTAINED"},
        {"DSSEQ": 2, "DSTERM": "Died", "DSDECOD": "DEATH", "DSCAT": "DISPOSITION EVENT"},
        {"USUBJID": "PAIN-7-11-5", "DSSEQ": 1, "DSSTDY": None},
        {"USUBJID": "PAIN-7-11-5", "DSSEQ": 2, "DSDECOD": "RANDOMIZED"},
        {"USUBJID": "PAIN-7-11-6"},
    ],
}  # fmt: skip


class TestDesign(StandardTests):
    standard = "sdtm"
    rows = ROWS
    datasets = DATASETS


def written(store: Store, folder: Path, dataset: str) -> list[dict[str, Any]]:
    store.export_scenario("trial", format="sdtm", to=folder)
    told = json.loads((folder / f"{dataset}.json").read_text("utf-8"))
    names = [column["name"] for column in told["columns"]]
    return [dict(zip(names, row, strict=True)) for row in told["rows"]]


def test_values_of_the_trial_have_their_codes(store: Store, tmp_path: Path) -> None:
    store.persist(ROWS, scenario="trial")
    found = {(row["TSPARMCD"], row["TSSEQ"]): row for row in written(store, tmp_path / "o", "ts")}
    coded = {
        "ADAPT": ("C49487", "CDISC CT"), "INTMODEL": ("C82639", "CDISC CT"),
        "INTTYPE": ("C1909", "CDISC CT"), "RANDOM": ("C49488", "CDISC CT"),
        "SEXPOP": ("C49636", "CDISC CT"), "STYPE": ("C98388", "CDISC CT"),
        "TBLIND": ("C15228", "CDISC CT"), "TCNTRL": ("C49648", "CDISC CT"),
        "TPHASE": ("C15601", "CDISC CT"), "FCNTRY": ("AUT", "ISO 3166-1 alpha-3"),
        "REGID": ("NCT00000001", "CLINICALTRIALS.GOV"), "LENGTH": (None, "ISO 8601"),
        "PLANSUB": (None, None),
    }  # fmt: skip
    for name, (code, system) in coded.items():
        row = found[name, 1]
        assert (row["TSVALCD"] or None, row["TSVCDREF"] or None) == (code, system), name
        assert bool(row["TSVCDVER"]) == (system == "CDISC CT"), name
    nulls = {name: row["TSVALNF"] for (name, _), row in found.items() if row["TSVALNF"]}
    assert nulls == {"AGEMAX": "PINF", "STOPRULE": "NA"}
    assert found["OBJSEC", 2]["TSPARM"] == "Trial Secondary Objective"


def test_a_trial_without_a_plan_has_the_visits_of_its_schedules(
    store: Store, tmp_path: Path
) -> None:
    schedule = [
        {"subject_id": who, "visit_num": n, "visit_name": f"Visit {n}", "planned_day": day}
        for who in ("s1", "s2")
        for n, day in ((1, -3), (2, 1))
    ]
    store.persist(ROWS | {"planned_visits": [], "visit_schedule": schedule}, scenario="trial")
    found = written(store, tmp_path / "o", "tv")
    assert [(row["VISITNUM"], row["VISIT"], row["VISITDY"], row["TVSTRL"]) for row in found] == [
        (1, "Visit 1", -3, "Study day -3"), (2, "Visit 2", 1, "Study day 1"),
    ]  # fmt: skip
    visits = {
        (row["USUBJID"], row["VISITNUM"]): row for row in written(store, tmp_path / "p", "sv")
    }
    assert visits["PAIN-7-11-1", 1]["VISIT"] == "Visit 1"
    assert not visits["PAIN-7-11-1", 3]["SVPRESP"], "the schedules have no visit 3"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            {"arm_elements": [
                {"arm_id": "b", "element_id": "SCRN", "taetord": 1, "epoch": "SCREENING"}
            ]},
            "no elements are told, although those of others are: PAIN-7-11-1, A",
        ),
        (
            {"eligibility_exceptions": [
                {"subject_id": "s3", "criterion_id": "i1", "ieorres": "Y"}
            ]},
            "is answered by N, an exclusion by Y: PAIN-7-11-3, INCL01, Y",
        ),
        (
            {"eligibility_criteria": [
                *ROWS["eligibility_criteria"],
                ROWS["eligibility_criteria"][0] | {"criterion_id": "i"},
            ]},
            "A criterion is there twice in a version of the protocol: PAIN-7, INCL01",
        ),
        (
            {"planned_visits": 2 * ROWS["planned_visits"][:1]},
            "A visit is planned twice for the same arm: PAIN-7, 1",
        ),
    ],
)  # fmt: skip
def test_what_may_not_be_written(
    store: Store, tmp_path: Path, rows: dict[str, Any], said: str
) -> None:
    store.persist(ROWS | rows, scenario="trial")
    with pytest.raises(NotConformant, match=said):
        store.export_scenario("trial", format="sdtm", to=tmp_path / "o")
    assert not (tmp_path / "o").exists()


def with_another_study() -> dict[str, list[dict[str, Any]]]:
    """The rows, and a second study with an arm, an element and a criterion, each with the id x."""
    study = {"study_id": "x"}
    other = {
        "studies": [study | {"protocol_number": "X-1", "phase": "1", "indication": "Gout"}],
        "treatment_arms": [study | {"arm_id": "x", "arm_code": "X", "arm_name": "X"}],
        "trial_elements": [study | {"element_id": "x", "etcd": "X", "element": "X"}],
        "eligibility_criteria": [
            study | {"criterion_id": "x", "ietestcd": "X", "ietest": "X", "iecat": "INCLUSION"}
        ],
    }  # fmt: skip
    rows = {name: [dict(one) for one in (*ROWS[name], *other.get(name, []))] for name in ROWS}
    rows["actual_visits"][3]["visit_id"] = "v4"
    return rows


def test_check_finds_nothing_in_what_agrees(store: Store) -> None:
    store.persist(with_another_study(), scenario="trial")
    assert store.check_scenario("trial").ok


@pytest.mark.parametrize(
    ("entity_type", "place", "changes", "rule"),
    [
        ("subjects", 0, {"actual_arm_id": "x"}, "A subject's actual arm belongs to"),
        ("subjects", 0, {"usubjid": "PAIN-8-11-1"}, "A unique subject identifier begins with"),
        ("subjects", 0, {"death_date": "2024-02-10"}, "Who died takes part until then at most"),
        ("subject_elements", 1, {"seendtc": "2024-01-09"}, "An element ends before the next one"),
        ("subject_elements", 1, {"seendtc": None}, "An element has an end where another"),
        ("subject_elements", 1, {"taetord": 9}, "Elements with a place in the arm come in"),
        ("subject_elements", 1, {"element_id": "x"}, "Subjects go through elements of their own"),
        ("eligibility_exceptions", 0, {"criterion_id": "x"}, "Who does not meet a criterion does"),
        ("eligibility_exceptions", 0, {"ieorres": "Y"}, "An inclusion that is not met is answered"),
        ("arm_elements", 0, {"element_id": "x"}, "The elements of an arm are of the arm's study"),
        ("planned_visits", 0, {"arm_id": "x"}, "A planned visit is of an arm of its own study"),
        ("exposures", 0, {"visit_id": "v4"}, "What was found or given at a visit is of the"),
        ("adverse_events", 0, {"aeser": "Y", "aeshosp": "N"}, "A serious adverse event with"),
    ],
)
def test_check_finds_what_does_not_agree(
    store: Store, entity_type: str, place: int, changes: dict[str, Any], rule: str
) -> None:
    rows = with_another_study()
    rows[entity_type][place] |= changes
    store.persist(rows, scenario="trial")
    told = [found.message for found in store.check_scenario("trial").findings]
    assert [one for one in told if one.startswith(rule)], told


def test_flags_of_populations_are_told_as_left_out(store: Store, tmp_path: Path) -> None:
    """They are not for SUPPDM; and what else SDTM has no place for is named too."""
    subjects = [one | {"safety_population": "Y"} for one in ROWS["subjects"]]
    sites = [one | {"city": "Aarhus"} for one in ROWS["sites"]]
    store.persist(ROWS | {"subjects": subjects, "sites": sites}, scenario="trial")
    made = store.export_scenario("trial", format="sdtm", to=tmp_path / "o")
    assert made.unwritten == {"subjects": ("safety_population",), "sites": ("city",)}
    assert made.to_dict()["unwritten"]["subjects"] == ["safety_population"]
    assert "**Columns left out**: sites: city; subjects: safety_population" in made.to_markdown()
    assert not (tmp_path / "o" / "suppdm.json").exists()
