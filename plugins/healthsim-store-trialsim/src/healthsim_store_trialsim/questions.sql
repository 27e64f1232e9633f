-- What a tester asks of a trial. A value that is left empty leaves nothing out.

-- Subjects of the arm :arm at the site :site
-- @name subjects_of
-- @param arm text: its code or name
-- @param site text: its number or name
SELECT
  usubjid,
  site_number,
  sites.name AS site,
  treatment_arms.arm_name AS arm,
  actual.arm_name AS treated_as,
  subjects.status,
  sex,
  age,
  consent_date,
  randomization_date
FROM subjects
JOIN sites USING (site_id)
LEFT JOIN treatment_arms USING (arm_id)
LEFT JOIN treatment_arms AS actual ON actual.arm_id = subjects.actual_arm_id
WHERE
  (:arm IS NULL OR lower(:arm) IN (lower(treatment_arms.arm_code), lower(treatment_arms.arm_name)))
  AND (:site IS NULL OR lower(:site) IN (lower(site_number), lower(sites.name)))
ORDER BY usubjid;

-- Subjects by site and arm
-- @name subjects_by_site_and_arm
-- @about With those that finished and those that left.
SELECT
  site_number,
  sites.name AS site,
  coalesce(arm_name, 'none yet') AS arm,
  count(*) AS subjects,
  sum(subjects.status = 'completed') AS completed,
  sum(subjects.status IN ('discontinued', 'withdrawn', 'lost to follow-up')) AS left_early
FROM subjects
JOIN sites USING (site_id)
LEFT JOIN treatment_arms USING (arm_id)
GROUP BY site_id, arm_id
ORDER BY site_number, site_id, arm_name;

-- Adverse events of the severity :severity, serious or not: :serious
-- @name adverse_events_of
-- @about An event with a grade alone is mild at 1, moderate at 2, severe from 3 on (CTCAE).
-- @param severity choice of adverse_events.aesev: the severity (CDISC AESEV)
-- @param serious choice of adverse_events.aeser: whether it is serious (CDISC NY)
SELECT
  usubjid,
  arm_name AS arm,
  coalesce(aedecod, aeterm) AS event,
  severity,
  aetoxgr AS grade,
  aeser AS serious,
  aerel AS relation,
  aestdtc AS start,
  aeout AS outcome
FROM (
  SELECT
    *,
    coalesce(
      aesev, CASE aetoxgr WHEN '1' THEN 'MILD' WHEN '2' THEN 'MODERATE'
        WHEN '3' THEN 'SEVERE' WHEN '4' THEN 'SEVERE' WHEN '5' THEN 'SEVERE' END
    ) AS severity
  FROM adverse_events
)
JOIN subjects USING (subject_id)
LEFT JOIN treatment_arms USING (arm_id)
WHERE
  (:severity IS NULL OR severity = :severity)
  AND (:serious IS NULL OR aeser = :serious)
ORDER BY usubjid, aestdtc, adverse_event_id;

-- Adverse events by arm and severity
-- @name adverse_events_by_arm
-- @about An event with a grade alone is mild at 1, moderate at 2, severe from 3 on (CTCAE); percent is of the subjects of the arm.
SELECT
  coalesce(arm_name, 'none') AS arm,
  count(DISTINCT subject_id) AS subjects,
  count(DISTINCT CASE WHEN adverse_event_id IS NOT NULL THEN subject_id END) AS affected,
  round(100.0 * count(DISTINCT CASE WHEN adverse_event_id IS NOT NULL THEN subject_id END)
    / count(DISTINCT subject_id), 1) AS percent,
  count(adverse_event_id) AS events,
  count(CASE WHEN coalesce(aesev, aetoxgr) IN ('MILD', '1') THEN 1 END) AS mild,
  count(CASE WHEN coalesce(aesev, aetoxgr) IN ('MODERATE', '2') THEN 1 END) AS moderate,
  count(CASE WHEN coalesce(aesev, aetoxgr) IN ('SEVERE', '3', '4', '5') THEN 1 END) AS severe,
  count(CASE WHEN aeser = 'Y' THEN 1 END) AS serious
FROM subjects
LEFT JOIN adverse_events USING (subject_id)
LEFT JOIN treatment_arms USING (arm_id)
GROUP BY arm_id
ORDER BY arm_name;

-- Visits completed by site
-- @name visits_by_site
-- @about Percent is of the visits that were scheduled for subjects.
SELECT
  site_number,
  name AS site,
  count(DISTINCT subject_id) AS subjects,
  sum(scheduled) AS scheduled,
  sum(completed) AS completed,
  sum(missed) AS missed,
  round(100.0 * sum(completed) / nullif(sum(scheduled), 0), 1) AS percent
FROM (
  SELECT
    site_id,
    subject_id,
    (SELECT count(*) FROM visit_schedule AS v WHERE v.subject_id = s.subject_id) AS scheduled,
    (SELECT count(*) FROM actual_visits AS v
      WHERE v.subject_id = s.subject_id AND visit_status = 'completed') AS completed,
    (SELECT count(*) FROM actual_visits AS v
      WHERE v.subject_id = s.subject_id AND visit_status = 'missed') AS missed
  FROM subjects AS s
)
JOIN sites USING (site_id)
GROUP BY site_id
ORDER BY site_number, site_id;

-- Subjects that left early
-- @name left_early
-- @about Whose disposition is neither COMPLETED nor a protocol milestone, with the reason.
SELECT
  usubjid,
  site_number,
  arm_name AS arm,
  dsdecod AS reason,
  dsterm AS as_reported,
  dsscat AS what_was_left,
  dsstdtc AS day
FROM disposition_events
JOIN subjects USING (subject_id)
JOIN sites USING (site_id)
LEFT JOIN treatment_arms USING (arm_id)
WHERE dsdecod <> 'COMPLETED' AND coalesce(dscat, '') <> 'PROTOCOL MILESTONE'
ORDER BY dsstdtc, usubjid;

-- Subjects that do not meet a criterion
-- @name criteria_not_met
-- @about With the criterion, and what became of the subject.
SELECT usubjid, site_number, ietestcd AS code, ietest AS criterion, iecat AS kind, subjects.status
FROM eligibility_exceptions
JOIN eligibility_criteria USING (criterion_id)
JOIN subjects USING (subject_id)
JOIN sites USING (site_id)
ORDER BY usubjid, ietestcd;

-- Laboratory results of the test :test outside of what is usual
-- @name lab_results_outside
-- @about In the standard unit.
-- @param test text: its short name (CDISC LBTESTCD)
SELECT
  usubjid,
  arm_name AS arm,
  visit_num,
  lbdtc AS day,
  lbtest AS test,
  lbstresn AS value,
  lbstresu AS unit,
  lbstnrlo AS low,
  lbstnrhi AS high
FROM trial_lab_results
JOIN subjects USING (subject_id)
LEFT JOIN treatment_arms USING (arm_id)
WHERE
  (lbstresn < lbstnrlo OR lbstresn > lbstnrhi)
  AND (:test IS NULL OR lbtestcd = upper(:test))
ORDER BY usubjid, lbtestcd, lbdtc;
