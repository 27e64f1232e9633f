-- Demographics @class SPECIAL PURPOSE @structure One record per subject
CREATE TABLE DM (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'DM' CHECK (DOMAIN IN ('DM')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL UNIQUE, -- Unique Subject Identifier @role Identifier
  SUBJID VARCHAR(200) NOT NULL, -- Subject Identifier for the Study @role Topic
  RFSTDTC PARTIAL_TIMESTAMP, -- Subject Reference Start Date/Time @role Record Qualifier
  RFENDTC PARTIAL_TIMESTAMP, -- Subject Reference End Date/Time @role Record Qualifier
  RFXSTDTC PARTIAL_TIMESTAMP, -- Date/Time of First Study Treatment @role Record Qualifier
  RFXENDTC PARTIAL_TIMESTAMP, -- Date/Time of Last Study Treatment @role Record Qualifier
  RFCSTDTC PARTIAL_TIMESTAMP, -- Date/Time of First Challenge Agent Admin @role Record Qualifier @optional
  RFCENDTC PARTIAL_TIMESTAMP, -- Date/Time of Last Challenge Agent Admin @role Record Qualifier @optional
  RFICDTC PARTIAL_TIMESTAMP, -- Date/Time of Informed Consent @role Record Qualifier
  RFPENDTC PARTIAL_TIMESTAMP, -- Date/Time of End of Participation @role Record Qualifier
  DTHDTC PARTIAL_TIMESTAMP, -- Date/Time of Death @role Record Qualifier
  DTHFL VARCHAR(200) CHECK (DTHFL IN ('Y')), -- Subject Death Flag @role Record Qualifier @codes No Yes Response (C66742)
  SITEID VARCHAR(200) NOT NULL, -- Study Site Identifier @role Record Qualifier
  INVID VARCHAR(200), -- Investigator Identifier @role Record Qualifier @optional
  INVNAM VARCHAR(200), -- Investigator Name @role Synonym Qualifier @optional
  BRTHDTC PARTIAL_TIMESTAMP, -- Date/Time of Birth @role Record Qualifier @optional
  AGE INTEGER, -- Age @role Record Qualifier
  AGEU VARCHAR(200), -- Age Units @role Variable Qualifier @codes Age Unit (C66781)
  SEX VARCHAR(200) NOT NULL CHECK (SEX IN ('F', 'INTERSEX', 'M', 'U')), -- Sex @role Record Qualifier @codes Sex (C66731)
  RACE VARCHAR(200), -- Race @role Record Qualifier @codes Race (C74457)
  ETHNIC VARCHAR(200) CHECK (ETHNIC IN ('HISPANIC OR LATINO', 'NOT HISPANIC OR LATINO', 'NOT REPORTED', 'UNKNOWN')), -- Ethnicity @role Record Qualifier @codes Ethnic Group (C66790) @optional
  ARMCD VARCHAR(20), -- Planned Arm Code @role Record Qualifier
  ARM VARCHAR(200), -- Description of Planned Arm @role Synonym Qualifier
  ACTARMCD VARCHAR(20), -- Actual Arm Code @role Record Qualifier
  ACTARM VARCHAR(200), -- Description of Actual Arm @role Synonym Qualifier
  ARMNRS VARCHAR(200), -- Reason Arm and/or Actual Arm is Null @role Record Qualifier @codes Arm Null Reason (C142179)
  ACTARMUD VARCHAR(200), -- Description of Unplanned Actual Arm @role Record Qualifier
  COUNTRY VARCHAR(200) NOT NULL, -- Country @role Record Qualifier
  DMDTC PARTIAL_TIMESTAMP, -- Date/Time of Collection @role Timing @optional
  DMDY INTEGER, -- Study Day of Collection @role Timing @optional
  PRIMARY KEY (STUDYID, USUBJID)
);

-- Who died and when: as recorded, as the subject left because of it, or as an event ended in it.
CREATE VIEW deaths AS
SELECT
  subject_id,
  coalesce(min(CASE WHEN own THEN day END), min(day)) AS day
FROM (
  SELECT subject_id, death_date AS day, 1 AS own FROM subjects WHERE death_date IS NOT NULL
  UNION ALL SELECT subject_id, dsstdtc, 0 FROM disposition_events WHERE dsdecod = 'DEATH'
  UNION ALL SELECT subject_id, aeendtc, 0 FROM adverse_events WHERE aeout = 'FATAL' OR aesdth = 'Y'
)
GROUP BY subject_id;

-- Whoever was treated had the planned arm, where nothing else is known. Whoever was never treated is
-- in no actual one.
CREATE VIEW subjects_in_arms AS
SELECT
  s.*,
  p.arm_code,
  p.arm_name,
  CASE WHEN unplanned_arm IS NULL THEN coalesce(a.arm_code, had.arm_code) END AS actual_code,
  CASE WHEN unplanned_arm IS NULL THEN coalesce(a.arm_name, had.arm_name) END AS actual_name
FROM subjects AS s
JOIN named_subjects AS n USING (subject_id)
LEFT JOIN treatment_arms AS p ON p.arm_id = s.arm_id
LEFT JOIN treatment_arms AS a ON a.arm_id = s.actual_arm_id
LEFT JOIN treatment_arms AS had
  ON had.arm_id = s.arm_id AND n.reference IS NOT NULL AND s.arm_null_reason IS NULL;

-- @into DM
SELECT
  n.studyid AS STUDYID,
  n.usubjid AS USUBJID,
  coalesce(
    subject_number,
    CASE WHEN n.usubjid LIKE n.studyid || '-' || site_number || '-%'
      THEN nullif(substr(n.usubjid, length(n.studyid || site_number) + 3), '') END,
    n.usubjid
  ) AS SUBJID,
  n.reference AS RFSTDTC,
  n.last_dose AS RFENDTC,
  coalesce(
    (SELECT min(exstdtc) FROM exposures AS e WHERE e.subject_id = s.subject_id), first_dose_date
  ) AS RFXSTDTC,
  coalesce(
    (SELECT max(max(coalesce(exendtc, exstdtc), exstdtc)) FROM exposures AS e
      WHERE e.subject_id = s.subject_id),
    last_dose_date
  ) AS RFXENDTC,
  consent_date AS RFICDTC,
  coalesce(participation_end_date, nullif(max(
    coalesce((SELECT max(dsstdtc) FROM disposition_events AS d
      WHERE d.subject_id = s.subject_id), ''),
    coalesce((SELECT max(visit_date) FROM actual_visits AS v
      WHERE v.subject_id = s.subject_id AND visit_status NOT IN ('missed', 'cancelled')), ''),
    coalesce(d.day, n.last_dose, '')
  ), '')) AS RFPENDTC,
  d.day AS DTHDTC,
  CASE WHEN d.subject_id IS NOT NULL THEN 'Y' END AS DTHFL,
  site_number AS SITEID,
  investigator AS INVNAM,
  birth_date AS BRTHDTC,
  age AS AGE,
  CASE WHEN age IS NOT NULL THEN age_unit END AS AGEU,
  coalesce(sex, 'U') AS SEX,
  upper(race) AS RACE,
  upper(ethnicity) AS ETHNIC,
  arm_code AS ARMCD,
  arm_name AS ARM,
  actual_code AS ACTARMCD,
  actual_name AS ACTARM,
  CASE WHEN arm_code IS NULL OR actual_code IS NULL THEN coalesce(
    arm_null_reason,
    CASE
      WHEN unplanned_arm IS NOT NULL THEN 'UNPLANNED TREATMENT'
      WHEN arm_code IS NOT NULL THEN 'ASSIGNED, NOT TREATED'
      WHEN s.status = 'screen failure' THEN 'SCREEN FAILURE'
      ELSE 'NOT ASSIGNED'
    END
  ) END AS ARMNRS,
  unplanned_arm AS ACTARMUD,
  coalesce(s.country, i.country) AS COUNTRY,
  coalesce(screening_date, consent_date) AS DMDTC,
  study_day(coalesce(screening_date, consent_date), n.reference) AS DMDY
FROM subjects_in_arms AS s
JOIN named_subjects AS n USING (subject_id)
JOIN sites AS i USING (site_id)
LEFT JOIN deaths AS d ON d.subject_id = s.subject_id;
