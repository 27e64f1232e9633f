-- Demographics @class SPECIAL PURPOSE @structure One record per subject
CREATE TABLE DM (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'DM' CHECK (DOMAIN IN ('DM')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL UNIQUE, -- Unique Subject Identifier @role Identifier
  SUBJID VARCHAR(200) NOT NULL, -- Subject Identifier for the Study @role Topic
  RFSTDTC DATE, -- Subject Reference Start Date/Time @role Record Qualifier
  RFENDTC DATE, -- Subject Reference End Date/Time @role Record Qualifier
  RFXSTDTC DATE, -- Date/Time of First Study Treatment @role Record Qualifier
  RFXENDTC DATE, -- Date/Time of Last Study Treatment @role Record Qualifier
  RFCSTDTC DATE, -- Date/Time of First Challenge Agent Admin @role Record Qualifier @optional
  RFCENDTC DATE, -- Date/Time of Last Challenge Agent Admin @role Record Qualifier @optional
  RFICDTC DATE, -- Date/Time of Informed Consent @role Record Qualifier
  RFPENDTC DATE, -- Date/Time of End of Participation @role Record Qualifier
  DTHDTC DATE, -- Date/Time of Death @role Record Qualifier
  DTHFL VARCHAR(200) CHECK (DTHFL IN ('Y')), -- Subject Death Flag @role Record Qualifier @codes No Yes Response (C66742)
  SITEID VARCHAR(200) NOT NULL, -- Study Site Identifier @role Record Qualifier
  INVID VARCHAR(200), -- Investigator Identifier @role Record Qualifier @optional
  INVNAM VARCHAR(200), -- Investigator Name @role Synonym Qualifier @optional
  BRTHDTC DATE, -- Date/Time of Birth @role Record Qualifier @optional
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
  DMDTC DATE, -- Date/Time of Collection @role Timing @optional
  DMDY INTEGER, -- Study Day of Collection @role Timing @optional
  PRIMARY KEY (STUDYID, USUBJID)
);

-- Whoever was randomized and never treated is in the planned arm, and in no actual one.
-- @into DM
SELECT
  protocol_number AS STUDYID,
  usubjid AS USUBJID,
  CASE WHEN usubjid LIKE protocol_number || '-' || site_number || '-%'
    THEN substr(usubjid, length(protocol_number || site_number) + 3) ELSE usubjid END AS SUBJID,
  first_dose_date AS RFSTDTC,
  last_dose_date AS RFENDTC,
  first_dose_date AS RFXSTDTC,
  last_dose_date AS RFXENDTC,
  consent_date AS RFICDTC,
  nullif(max(
    coalesce((SELECT max(dsstdtc) FROM disposition_events AS d
      WHERE d.subject_id = s.subject_id), ''),
    coalesce((SELECT max(visit_date) FROM actual_visits AS v
      WHERE v.subject_id = s.subject_id), ''),
    coalesce(death_date, last_dose_date, '')
  ), '') AS RFPENDTC,
  death_date AS DTHDTC,
  CASE WHEN death_date IS NOT NULL THEN 'Y' END AS DTHFL,
  site_number AS SITEID,
  investigator AS INVNAM,
  birth_date AS BRTHDTC,
  age AS AGE,
  CASE WHEN age IS NOT NULL THEN 'YEARS' END AS AGEU,
  CASE sex WHEN 'UNDIFFERENTIATED' THEN 'INTERSEX' ELSE coalesce(sex, 'U') END AS SEX,
  upper(race) AS RACE,
  upper(ethnicity) AS ETHNIC,
  arm_code AS ARMCD,
  arm_name AS ARM,
  CASE WHEN first_dose_date IS NOT NULL THEN arm_code END AS ACTARMCD,
  CASE WHEN first_dose_date IS NOT NULL THEN arm_name END AS ACTARM,
  CASE
    WHEN s.status = 'screen failure' THEN 'SCREEN FAILURE'
    WHEN arm_code IS NULL THEN 'NOT ASSIGNED'
    WHEN first_dose_date IS NULL THEN 'ASSIGNED, NOT TREATED'
  END AS ARMNRS,
  coalesce(s.country, i.country) AS COUNTRY
FROM subjects AS s
JOIN studies USING (study_id)
JOIN sites AS i USING (site_id)
LEFT JOIN treatment_arms USING (arm_id);
