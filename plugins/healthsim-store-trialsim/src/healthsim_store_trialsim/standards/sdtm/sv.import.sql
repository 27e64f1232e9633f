-- What an import makes of the visits of subjects
CREATE VIEW visits_of_subjects AS
SELECT USUBJID AS subject, VISITNUM AS number, visit_of(USUBJID, VISITNUM) AS id
FROM SV WHERE VISITNUM IS NOT NULL GROUP BY USUBJID, VISITNUM;

-- @into actual_visits @from SV
SELECT
  rowid AS _row,
  visit_of(USUBJID, VISITNUM) AS visit_id, USUBJID AS subject_id, VISITNUM AS visit_num,
  VISIT AS visit_name, day_known(SVSTDTC) AS visit_date,
  nullif(day_known(SVENDTC), day_known(SVSTDTC)) AS end_date,
  CASE
    WHEN SVOCCUR = 'N' OR SVSTDTC IS NULL THEN 'missed'
    WHEN SVUPDES IS NOT NULL THEN 'unscheduled'
    ELSE 'completed'
  END AS visit_status,
  SVSTDY AS study_day
FROM SV;

-- a time of day, of which the day is kept @note SV
SELECT count(*) FROM SV WHERE length(SVSTDTC) > 10 OR length(SVENDTC) > 10;

-- made anew from the subject, dates and visits @derived SV
SELECT STUDYID, VISITDY, SVPRESP, SVENDY FROM SV;

-- what an unplanned visit was for, of which its name is kept @note SV
SELECT count(*) FROM SV WHERE SVUPDES <> VISIT;
