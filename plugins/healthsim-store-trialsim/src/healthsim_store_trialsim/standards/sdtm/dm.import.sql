-- What an import makes of demographics: subjects, their sites and arms, and the study where TS has none.

-- The arms that trial arms and subjects name
CREATE VIEW arms_of_subjects AS
SELECT
  STUDYID AS study, arm_in(ARMCD) AS code, ARM AS name, rowid AS place, rowid AS counted
FROM DM
UNION ALL -- a row counts once, to its planned arm if it has one
SELECT STUDYID, arm_in(ACTARMCD), ACTARM, rowid, iif(arm_in(ARMCD) IS NULL, rowid, NULL) FROM DM;

-- How subjects left the trial: the last disposition, of their taking part where that is told
CREATE VIEW ends_of_subjects AS
SELECT subject, term FROM (
  SELECT USUBJID AS subject, DSDECOD AS term, row_number() OVER (
    PARTITION BY USUBJID
    ORDER BY coalesce(DSSCAT, '') LIKE '%PARTICIPATION%' DESC, DSSTDTC DESC, DSSEQ DESC
  ) AS place
  FROM DS WHERE coalesce(DSCAT, 'DISPOSITION EVENT') = 'DISPOSITION EVENT'
) WHERE place = 1;

CREATE VIEW days_of_randomization AS
SELECT USUBJID AS subject, min(day_known(DSSTDTC)) AS day
FROM DS WHERE DSDECOD = 'RANDOMIZED' GROUP BY USUBJID;

-- The days of treatment; before SDTMIG 3.1.3 those of reference, since there were no others
CREATE VIEW treated AS
SELECT USUBJID AS subject, RFXSTDTC AS first, RFXENDTC AS last FROM DM
WHERE EXISTS (SELECT 1 FROM DM WHERE RFXSTDTC IS NOT NULL)
UNION ALL
SELECT USUBJID, RFSTDTC, RFENDTC FROM DM
WHERE NOT EXISTS (SELECT 1 FROM DM WHERE RFXSTDTC IS NOT NULL);

-- @into studies @from DM
SELECT
  min(rowid) AS _row, count(*) AS _rows,
  STUDYID AS study_id, STUDYID AS protocol_number,
  :phase AS phase, :indication AS indication
FROM DM WHERE STUDYID NOT IN (SELECT STUDYID FROM TS) GROUP BY STUDYID;

-- @into sites @from DM
SELECT
  min(rowid) AS _row, count(*) AS _rows,
  part_of(STUDYID, SITEID) AS site_id, STUDYID AS study_id, SITEID AS site_number,
  CASE WHEN count(DISTINCT COUNTRY) = 1 THEN min(COUNTRY) END AS country,
  CASE WHEN count(DISTINCT INVNAM) = 1 THEN min(INVNAM) END AS investigator
FROM DM GROUP BY STUDYID, SITEID;

-- @into treatment_arms @from DM
SELECT
  min(place) AS _row, count(DISTINCT counted) AS _rows,
  part_of(study, code) AS arm_id, study AS study_id, code AS arm_code,
  coalesce(min(name), code) AS arm_name
FROM arms_of_subjects
WHERE code IS NOT NULL AND part_of(study, code) NOT IN (SELECT part_of(STUDYID, ARMCD) FROM TA)
GROUP BY study, code;

-- @into subjects @from DM
SELECT
  DM.rowid AS _row,
  USUBJID AS subject_id, USUBJID AS usubjid, SUBJID AS subject_number, STUDYID AS study_id,
  part_of(STUDYID, SITEID) AS site_id,
  part_of(STUDYID, arm_in(ARMCD)) AS arm_id,
  part_of(STUDYID, arm_in(ACTARMCD)) AS actual_arm_id,
  CASE
    WHEN ARMNRS = 'SCREEN FAILURE' OR upper(ARMCD) = 'SCRNFAIL' THEN 'screen failure'
    WHEN e.term = 'COMPLETED' THEN 'completed'
    WHEN e.term = 'WITHDRAWAL BY SUBJECT' THEN 'withdrawn'
    WHEN e.term = 'LOST TO FOLLOW-UP' THEN 'lost to follow-up'
    WHEN e.term IS NOT NULL THEN 'discontinued'
    WHEN DTHFL = 'Y' OR DTHDTC IS NOT NULL THEN 'discontinued'
    WHEN t.first IS NOT NULL THEN 'active'
    WHEN arm_in(ARMCD) IS NOT NULL THEN 'randomized'
    ELSE 'enrolled'
  END AS status,
  SEX AS sex, AGE AS age, coalesce(AGEU, 'YEARS') AS age_unit,
  day_known(BRTHDTC) AS birth_date, RACE AS race, ETHNIC AS ethnicity, COUNTRY AS country,
  day_known(DMDTC) AS screening_date, day_known(RFICDTC) AS consent_date,
  r.day AS randomization_date,
  day_known(t.first) AS first_dose_date, day_known(t.last) AS last_dose_date,
  day_known(DTHDTC) AS death_date, day_known(RFPENDTC) AS participation_end_date,
  coalesce(ARMNRS, CASE upper(ARMCD)
    WHEN 'SCRNFAIL' THEN 'SCREEN FAILURE' WHEN 'NOTASSGN' THEN 'NOT ASSIGNED' END) AS arm_null_reason,
  ACTARMUD AS unplanned_arm
FROM DM
LEFT JOIN ends_of_subjects AS e ON e.subject = USUBJID
LEFT JOIN days_of_randomization AS r ON r.subject = USUBJID
LEFT JOIN (SELECT subject, min(first) AS first, max(last) AS last FROM treated GROUP BY subject) AS t
  ON t.subject = USUBJID;

-- a date of which only a part is known, and TrialSim has a place for whole days only @note DM
SELECT count(*) FROM DM
WHERE is_part(BRTHDTC) OR is_part(RFICDTC) OR is_part(RFXSTDTC) OR is_part(RFXENDTC)
  OR is_part(DTHDTC) OR is_part(RFPENDTC) OR is_part(DMDTC);

-- a time of day, of which the day is kept @note DM
SELECT count(*) FROM DM
WHERE max(length(coalesce(RFICDTC, '')), length(coalesce(RFXSTDTC, '')),
  length(coalesce(RFXENDTC, '')), length(coalesce(DTHDTC, '')), length(coalesce(RFPENDTC, '')),
  length(coalesce(DMDTC, '')), length(coalesce(BRTHDTC, ''))) > 10;

-- the reference period is another one than that of the treatment, which is kept @note DM
SELECT count(*) FROM DM WHERE RFSTDTC <> RFXSTDTC OR RFENDTC <> RFXENDTC;

-- a death without a day, for which TrialSim has no place @note DM
SELECT count(*) FROM DM
WHERE DTHFL = 'Y' AND day_known(DTHDTC) IS NULL
  AND USUBJID NOT IN (SELECT USUBJID FROM DS WHERE DSDECOD = 'DEATH')
  AND USUBJID NOT IN (SELECT USUBJID FROM AE WHERE AEOUT = 'FATAL' OR AESDTH = 'Y');

-- made anew from the subject, dates and visits @derived DM
SELECT DTHFL, DMDY FROM DM;
