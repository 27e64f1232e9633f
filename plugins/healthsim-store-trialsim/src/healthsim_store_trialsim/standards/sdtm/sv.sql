-- Subject Visits @class SPECIAL PURPOSE @structure One record per actual or planned visit per subject
CREATE TABLE SV (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'SV' CHECK (DOMAIN IN ('SV')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  VISITNUM REAL NOT NULL, -- Visit Number @role Topic
  VISIT VARCHAR(200), -- Visit Name @role Synonym Qualifier @optional
  SVPRESP VARCHAR(200) CHECK (SVPRESP IN ('Y')), -- Pre-specified @role Variable Qualifier @codes No Yes Response (C66742)
  SVOCCUR VARCHAR(200) CHECK (SVOCCUR IN ('N', 'NA', 'U', 'Y')), -- Occurrence @role Record Qualifier @codes No Yes Response (C66742)
  SVREASOC VARCHAR(200), -- Reason for Occur Value @role Record Qualifier @optional
  SVCNTMOD VARCHAR(200), -- Contact Mode @role Record Qualifier @codes Mode of Subject Contact (C171445) @optional
  SVEPCHGI VARCHAR(200) CHECK (SVEPCHGI IN ('N', 'NA', 'U', 'Y')), -- Epi/Pandemic Related Change Indicator @role Record Qualifier @codes No Yes Response (C66742) @optional
  VISITDY INTEGER, -- Planned Study Day of Visit @role Timing @optional
  SVSTDTC PARTIAL_TIMESTAMP, -- Start Date/Time of Observation @role Timing
  SVENDTC PARTIAL_TIMESTAMP, -- End Date/Time of Observation @role Timing
  SVSTDY INTEGER, -- Study Day of Start of Observation @role Timing @optional
  SVENDY INTEGER, -- Study Day of End of Observation @role Timing @optional
  SVUPDES VARCHAR(200), -- Description of Unplanned Visit @role Record Qualifier @optional
  PRIMARY KEY (STUDYID, USUBJID, VISITNUM)
);

-- A visit is planned where the trial has one of its number, for the subject's arm or for all arms.
-- Its name and day are then the trial's own.
CREATE VIEW visits_beside_plan AS
SELECT
  v.*,
  n.studyid,
  n.usubjid,
  n.reference,
  coalesce(own.visit_name, every.visit_name) AS planned_name,
  coalesce(own.visit_day, every.visit_day) AS planned_day,
  CASE WHEN visit_status IN ('missed', 'cancelled') THEN 'N' ELSE 'Y' END AS happened
FROM actual_visits AS v
JOIN named_subjects AS n USING (subject_id)
LEFT JOIN visits_of_trial AS own
  ON own.study_id = n.study_id AND own.visit_num = v.visit_num AND own.arm_id = n.arm_id
LEFT JOIN visits_of_trial AS every
  ON every.study_id = n.study_id AND every.visit_num = v.visit_num AND every.arm_id IS NULL;

-- @into SV
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  visit_num AS VISITNUM,
  coalesce(planned_name, visit_name) AS VISIT,
  CASE WHEN planned_name IS NOT NULL THEN 'Y' END AS SVPRESP,
  CASE WHEN planned_name IS NOT NULL THEN happened END AS SVOCCUR,
  planned_day AS VISITDY,
  iif(happened = 'Y', visit_date, NULL) AS SVSTDTC,
  iif(happened = 'Y', coalesce(end_date, visit_date), NULL) AS SVENDTC,
  study_day(iif(happened = 'Y', visit_date, NULL), reference) AS SVSTDY,
  study_day(iif(happened = 'Y', coalesce(end_date, visit_date), NULL), reference) AS SVENDY,
  CASE WHEN planned_name IS NULL THEN coalesce(visit_name, 'Unscheduled visit') END AS SVUPDES
FROM visits_beside_plan;
