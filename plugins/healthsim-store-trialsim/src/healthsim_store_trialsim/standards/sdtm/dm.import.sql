-- What an import makes of demographics: the study, its sites and arms, and the subjects.

-- @into studies @from DM
SELECT
  min(rowid) AS _row, count(*) AS _rows,
  STUDYID AS study_id, STUDYID AS protocol_number,
  :phase AS phase, :indication AS indication
FROM DM GROUP BY STUDYID;

-- @into sites @from DM
SELECT
  min(rowid) AS _row, count(*) AS _rows,
  site_of(STUDYID, SITEID) AS site_id, STUDYID AS study_id, SITEID AS site_number,
  min(COUNTRY) AS country, CASE WHEN count(DISTINCT INVNAM) = 1 THEN min(INVNAM) END AS investigator
FROM DM GROUP BY STUDYID, SITEID;

-- @into treatment_arms @from DM
SELECT
  min(rowid) AS _row, count(*) AS _rows,
  arm_of(STUDYID, ARMCD) AS arm_id, STUDYID AS study_id, ARMCD AS arm_code,
  coalesce(min(ARM), ARMCD) AS arm_name
FROM DM WHERE ARMCD IS NOT NULL GROUP BY STUDYID, ARMCD;

-- @into subjects @from DM
SELECT
  rowid AS _row,
  USUBJID AS subject_id, USUBJID AS usubjid, STUDYID AS study_id,
  site_of(STUDYID, SITEID) AS site_id, arm_of(STUDYID, ARMCD) AS arm_id,
  CASE
    WHEN ARMNRS = 'SCREEN FAILURE' THEN 'screen failure'
    WHEN RFXSTDTC IS NOT NULL THEN 'active'
    WHEN ARMCD IS NOT NULL THEN 'randomized'
    ELSE 'enrolled'
  END AS status,
  CASE SEX WHEN 'INTERSEX' THEN 'UNDIFFERENTIATED' ELSE SEX END AS sex,
  AGE AS age, whole_day(BRTHDTC) AS birth_date, RACE AS race, ETHNIC AS ethnicity,
  COUNTRY AS country, whole_day(RFICDTC) AS consent_date,
  whole_day(RFXSTDTC) AS first_dose_date, whole_day(RFXENDTC) AS last_dose_date,
  whole_day(DTHDTC) AS death_date
FROM DM;

-- BRTHDTC is no whole day, so that birth_date is empty @note DM
SELECT count(*) FROM DM WHERE length(BRTHDTC) < 10;
