-- SDTM, by the SDTMIG 3.4
-- @writer datasets @files json, ndjson, xpt, csv
-- @guide SDTMIG 3.4 @terminology CDISC/NCI SDTM 2025-09-26

-- The day of a date or time, where all of it is known
-- @macro whole_day(moment)
SELECT CASE WHEN :moment GLOB '[0-9]???-[0-9]?-[0-9]*' THEN substr(:moment, 1, 10) END;

-- Day of a study: the reference day is 1, and the day before it is -1; none of a day known in part
-- @macro study_day(day, reference)
SELECT CAST(julianday(whole_day(:day)) - julianday(whole_day(:reference)) AS INTEGER)
  + (whole_day(:day) >= whole_day(:reference));

-- Whether a day is before another, as far as both are known; where a part is missing, nobody knows
-- @macro is_before(day, other)
SELECT substr(:day, 1, 10) < substr(:other, 1, min(10, length(:day)))
  AND :day || :other NOT GLOB '*--*';

-- Part of the trial on a day, from the days of the first and the last treatment; none where a day
-- that it depends on is known in part
-- @macro epoch_on(day, first, last)
SELECT CASE
  WHEN whole_day(:day) IS NULL THEN NULL
  WHEN :first IS NULL OR whole_day(:day) < whole_day(:first) THEN 'SCREENING'
  WHEN whole_day(:first) IS NULL THEN NULL
  WHEN :last IS NULL OR whole_day(:day) <= whole_day(:last) THEN 'TREATMENT'
  WHEN whole_day(:last) IS NOT NULL THEN 'FOLLOW-UP'
END;

-- Part of the trial on a day: that of the element of the trial in which the subject was, or where no
-- elements are known of the subject, by the days of treatment
-- @macro epoch_of(subject, day, first, last)
SELECT coalesce(
  (
    SELECT epoch
    FROM subject_elements AS went
    WHERE went.subject_id = :subject
      AND whole_day(went.sestdtc) <= whole_day(:day)
      AND whole_day(coalesce(went.seendtc, :day)) >= whole_day(:day)
    ORDER BY went.sestdtc DESC
    LIMIT 1
  ),
  CASE WHEN NOT EXISTS (SELECT 1 FROM subject_elements AS went WHERE went.subject_id = :subject)
    THEN epoch_on(:day, :first, :last) END
);

-- Terms for how often a treatment is given, of which TrialSim has the short ones
-- @macro frequency(term)
SELECT CASE :term WHEN 'QW' THEN 'EVERY WEEK' WHEN 'Q2W' THEN 'EVERY 2 WEEKS'
  WHEN 'Q3W' THEN 'EVERY 3 WEEKS' WHEN 'Q4W' THEN 'EVERY 4 WEEKS' ELSE :term END;

-- Each subject with the study's own names for it, and the days of the first and the last treatment
CREATE VIEW named_subjects AS
SELECT
  subject_id, study_id, arm_id, protocol_number AS studyid, usubjid,
  coalesce(
    first_dose_date,
    (SELECT min(exstdtc) FROM exposures AS e WHERE e.subject_id = s.subject_id)
  ) AS reference,
  coalesce(
    last_dose_date,
    (SELECT max(coalesce(exendtc, exstdtc)) FROM exposures AS e WHERE e.subject_id = s.subject_id)
  ) AS last_dose
FROM subjects AS s JOIN studies USING (study_id);

-- @study
SELECT protocol_number AS name, title AS description, protocol_number AS protocol FROM studies;

-- An adverse event, treatment or disposition before informed consent @never
SELECT USUBJID, AESTDTC, RFICDTC FROM AE JOIN DM USING (USUBJID)
WHERE is_before(AESTDTC, RFICDTC)
UNION ALL SELECT USUBJID, EXSTDTC, RFICDTC FROM EX JOIN DM USING (USUBJID)
WHERE is_before(EXSTDTC, RFICDTC)
UNION ALL SELECT USUBJID, DSSTDTC, RFICDTC FROM DS JOIN DM USING (USUBJID)
WHERE is_before(DSSTDTC, RFICDTC);
