-- SDTM, by the SDTMIG 3.4
-- @writer datasets @files json, ndjson, xpt, csv
-- @guide SDTMIG 3.4 @terminology CDISC/NCI SDTM 2025-09-26
-- @import phase choice 0, 1, 1/2, 2, 2/3, 3, 3/4, 4, NA: the phase of the trial, where TS has none
-- @import indication text: the disease under study, where TS has none

-- Day of a study: the reference day is 1, and the day before it is -1
-- @macro study_day(day, reference)
SELECT CAST(julianday(:day) - julianday(:reference) AS INTEGER) + (:day >= :reference);

-- Part of the trial on a day, from the days of the first and the last treatment
-- @macro epoch_on(day, first, last)
SELECT CASE
  WHEN :day IS NULL THEN NULL
  WHEN :first IS NULL OR :day < :first THEN 'SCREENING'
  WHEN :last IS NULL OR :day <= :last THEN 'TREATMENT'
  ELSE 'FOLLOW-UP'
END;

-- Terms for how often a treatment is given, of which TrialSim has the short ones
-- @macro frequency(term)
SELECT CASE :term WHEN 'QW' THEN 'EVERY WEEK' WHEN 'Q2W' THEN 'EVERY 2 WEEKS'
  WHEN 'Q3W' THEN 'EVERY 3 WEEKS' WHEN 'Q4W' THEN 'EVERY 4 WEEKS' ELSE :term END;

-- Ids of an import, from what SDTM has
-- @macro site_of(study, site)
SELECT :study || '/' || :site;

-- @macro arm_of(study, arm)
SELECT :study || '/' || :arm;

-- @macro event_of(subject, domain, number)
SELECT :subject || '/' || :domain || '/' || CAST(:number AS TEXT);

-- A date and time as a day; nothing where not even the day is known
-- @macro whole_day(moment)
SELECT CASE WHEN length(:moment) >= 10 THEN substr(:moment, 1, 10) END;

-- Each subject with the study's and the site's own names for it
CREATE VIEW named_subjects AS
SELECT
  subject_id, study_id, protocol_number AS studyid, usubjid,
  first_dose_date AS reference, last_dose_date AS last_dose
FROM subjects JOIN studies USING (study_id);

-- @study
SELECT protocol_number AS name, title AS description, protocol_number AS protocol FROM studies;

-- An adverse event, treatment or disposition before informed consent @never
SELECT USUBJID, AESTDTC, RFICDTC FROM AE JOIN DM USING (USUBJID) WHERE AESTDTC < RFICDTC
UNION ALL SELECT USUBJID, EXSTDTC, RFICDTC FROM EX JOIN DM USING (USUBJID) WHERE EXSTDTC < RFICDTC
UNION ALL SELECT USUBJID, DSSTDTC, RFICDTC FROM DS JOIN DM USING (USUBJID) WHERE DSSTDTC < RFICDTC;
