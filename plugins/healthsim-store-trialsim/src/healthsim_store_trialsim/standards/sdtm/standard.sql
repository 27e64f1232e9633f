-- SDTM, by the SDTMIG 3.4
-- @writer datasets @files json, ndjson, xpt, csv
-- @guide SDTMIG 3.4 @terminology CDISC/NCI SDTM 2025-09-26
-- @import phase choice 0, 1, 1/2, 2, 2/3, 3, 3/4, 4, NA: the phase of the trial, where TS has none
-- @import indication text: the disease under study, where TS has none
-- @param meddra file: CSV file with MedDRA's terms, by your own licence: columns term, llt, llt_code, pt, pt_code, hlt, hlt_code, hlgt, hlgt_code, soc, soc_code

-- Terms of MedDRA, by the licence of whoever exports @file meddra
CREATE TABLE meddra (
  term VARCHAR UNIQUE, -- As reported; none where the lowest level term alone is meant
  llt VARCHAR, -- Lowest level term
  llt_code INTEGER, -- Its code
  pt VARCHAR NOT NULL, -- Preferred term
  pt_code INTEGER, -- Its code
  hlt VARCHAR, -- High level term
  hlt_code INTEGER, -- Its code
  hlgt VARCHAR, -- High level group term
  hlgt_code INTEGER, -- Its code
  soc VARCHAR, -- System organ class
  soc_code INTEGER, -- Its code
  CHECK (term IS NOT NULL OR llt IS NOT NULL)
);

-- What is known of a term, in small letters: first of one that was reported so, else of a lowest
-- level term, of which the first row counts
CREATE VIEW meddra_terms AS
SELECT lower(trim(term)) AS said, *
FROM meddra
WHERE rowid IN (SELECT min(rowid) FROM meddra WHERE term IS NOT NULL GROUP BY lower(trim(term)))
UNION ALL
SELECT lower(llt), *
FROM meddra
WHERE rowid IN (SELECT min(rowid) FROM meddra WHERE llt IS NOT NULL GROUP BY lower(llt))
  AND lower(llt) NOT IN (SELECT lower(term) FROM meddra WHERE term IS NOT NULL);

-- The day of a date or time, where all of it is known
-- @macro whole_day(moment)
SELECT CASE WHEN :moment GLOB '[0-9]???-[0-9]?-[0-9]*' THEN substr(:moment, 1, 10) END;

-- Whether a day is before another one, as far as both are known; with a gap in one, nobody knows
-- @macro earlier(day, other)
SELECT substr(:day, 1, 10) < substr(:other, 1, min(10, length(:day)))
  AND :day || :other NOT GLOB '*--*';

-- Whether a day known in part may be another one
-- @macro may_be(day, other)
SELECT min(length(:day), length(:other)) < 10
  AND substr(:day, 1, length(:other)) = substr(:other, 1, length(:day));

-- Day of a study: the reference day is 1, and the day before it is -1. Only whole days have one
-- @macro study_day(day, reference)
SELECT CAST(julianday(whole_day(:day)) - julianday(whole_day(:reference)) AS INTEGER)
  + (whole_day(:day) >= whole_day(:reference));

-- Part of the trial on a day, from the days of the first and the last treatment. A month in which
-- treatment begins or ends is not known to be before it or after it
-- @macro epoch_on(day, first, last)
SELECT CASE
  WHEN :day IS NULL OR :day || coalesce(:first, '') || coalesce(:last, '') GLOB '*--*' THEN NULL
  WHEN :first IS NULL OR earlier(:day, :first) THEN 'SCREENING'
  WHEN may_be(:day, :first) OR may_be(:day, :last) THEN NULL
  WHEN :last IS NULL OR NOT earlier(:last, :day) THEN 'TREATMENT'
  ELSE 'FOLLOW-UP'
END;

-- Part of the trial on a day: that of the element of the trial in which the subject was; where no
-- elements are known, by the days of treatment. What came before all elements counts to the screening
-- @macro epoch_of(subject, day, first, last)
SELECT coalesce(
  (
    SELECT part
    FROM elements_of_subjects
    WHERE whose = :subject AND began <= whole_day(:day)
      AND coalesce(ended, whole_day(:day)) >= whole_day(:day)
    ORDER BY began DESC
    LIMIT 1
  ),
  CASE WHEN NOT EXISTS (SELECT 1 FROM elements_of_subjects WHERE whose = :subject)
    THEN epoch_on(:day, :first, :last) END,
  CASE WHEN :first IS NULL OR earlier(:day, :first) THEN 'SCREENING' END
);

-- The same of a measurement. What was measured on the day of the first treatment was measured
-- before it, unless their times say otherwise, and so in the element that ended on that day
-- @macro epoch_measured(subject, moment, first, last)
SELECT coalesce(
  (
    SELECT part FROM elements_of_subjects
    WHERE whose = :subject AND began < ended AND ended = whole_day(:moment)
      AND ended = whole_day(:first)
      AND substr(:moment, 1, length(:first)) <= substr(:first, 1, length(:moment))
  ),
  epoch_of(:subject, :moment, :first, :last)
);

-- Where the subjects were in the trial. No name is one of another table, which a macro would take
-- for its own
CREATE VIEW elements_of_subjects AS
SELECT
  subject_id AS whose, epoch AS part, whole_day(sestdtc) AS began, whole_day(seendtc) AS ended
FROM subject_elements;

-- Terms for how often a treatment is given, of which TrialSim has the short ones
-- @macro frequency(term)
SELECT CASE :term WHEN 'QW' THEN 'EVERY WEEK' WHEN 'Q2W' THEN 'EVERY 2 WEEKS'
  WHEN 'Q3W' THEN 'EVERY 3 WEEKS' WHEN 'Q4W' THEN 'EVERY 4 WEEKS' ELSE :term END;

-- Ids that an import makes of what SDTM has: of a part of a study, of a record of a subject, of a visit
-- @macro part_of(study, part)
SELECT :study || '/' || :part;

-- @macro record_of(subject, domain, number)
SELECT :subject || '/' || :domain || '/' || CAST(:number AS TEXT);

-- @macro visit_of(subject, number)
SELECT :subject || '/SV/' || printf('%.10g', :number);

-- The code of an arm; nothing for the codes that say that there is none, as the SDTMIG had them until 3.2
-- @macro arm_in(code)
SELECT CASE WHEN upper(:code) NOT IN ('SCRNFAIL', 'NOTASSGN', 'NOTTRT', 'UNPLAN') THEN :code END;

-- A date and time as a day; nothing where not even the day is known
-- @macro day_known(moment)
SELECT CASE WHEN length(:moment) >= 10 AND :moment NOT LIKE '%--%' THEN substr(:moment, 1, 10) END;

-- Whether a date is known in part only
-- @macro is_part(moment)
SELECT :moment IS NOT NULL AND (length(:moment) < 10 OR :moment LIKE '%--%');

-- Each subject with the study's own names for it, and the days of the first and the last treatment
CREATE VIEW named_subjects AS
SELECT
  subject_id, study_id, arm_id, protocol_number AS studyid, usubjid,
  coalesce(
    (SELECT min(exstdtc) FROM exposures AS e WHERE e.subject_id = s.subject_id
      AND substr(exstdtc, 1, 10) = coalesce(first_dose_date, substr(exstdtc, 1, 10))),
    first_dose_date
  ) AS reference,
  coalesce(
    last_dose_date,
    (SELECT max(coalesce(exendtc, exstdtc)) FROM exposures AS e WHERE e.subject_id = s.subject_id)
  ) AS last_dose
FROM subjects AS s JOIN studies USING (study_id);

-- The records of a table, each with its number within the subject: the one that it has, and for
-- those that have none the next ones after these, in the order of their beginnings
-- @macro numbered(records, seq, start, id)
SELECT (
  SELECT *, :seq AS number FROM :records WHERE :seq IS NOT NULL
  UNION ALL
  SELECT r.*,
    row_number() OVER (PARTITION BY subject_id ORDER BY :start IS NULL, :start, :id)
      + coalesce(most, 0)
  FROM :records AS r
  LEFT JOIN (
    SELECT subject_id AS whose, max(:seq) AS most FROM :records
    WHERE :seq IS NOT NULL
    GROUP BY subject_id
  ) ON whose = subject_id
  WHERE :seq IS NULL
);

-- The records of a table with their subjects and visits. A visit has the trial's own name and day,
-- of the subject's arm or of all arms; a record may have only the number of it
-- @macro at_visits(records)
SELECT (
  SELECT r.*, studyid, usubjid, reference, last_dose, v.visit_date,
    coalesce(r.visit_num, v.visit_num) AS visitnum,
    coalesce(own.visit_name, every.visit_name, v.visit_name) AS visit,
    coalesce(own.visit_day, every.visit_day) AS visitdy
  FROM :records AS r
  JOIN named_subjects AS s USING (subject_id)
  LEFT JOIN actual_visits AS v USING (visit_id)
  LEFT JOIN visits_of_trial AS own
    ON own.study_id = s.study_id AND own.visit_num = coalesce(r.visit_num, v.visit_num)
      AND own.arm_id = s.arm_id
  LEFT JOIN visits_of_trial AS every
    ON every.study_id = s.study_id AND every.visit_num = coalesce(r.visit_num, v.visit_num)
      AND every.arm_id IS NULL
);

-- A text that is a number
-- @macro number_in(text)
SELECT CASE
  WHEN ltrim(:text, '-') GLOB '[0-9]*' AND NOT ltrim(:text, '-') GLOB '*[^0-9.]*'
    AND NOT :text GLOB '*.*.*' THEN CAST(:text AS REAL)
END;

-- Result in the standard unit. One that nobody converted is its own standard
-- @macro standard_text(text, number, original)
SELECT coalesce(
  :text, CASE WHEN :number IS NOT NULL THEN printf('%.15g', :number) END, :original
);

-- The same as a number, which a text such as NEGATIVE has not
-- @macro standard_number(text, number, original)
SELECT coalesce(:number, number_in(coalesce(:text, :original)));

-- Its unit. A number other than the reported one is in another unit, which nobody told
-- @macro standard_unit(text, number, unit, original, original_unit)
SELECT CASE
  WHEN :unit IS NOT NULL AND coalesce(:text, :number) IS NOT NULL THEN :unit
  WHEN coalesce(:text, :number) IS NULL
    OR coalesce(:number, number_in(:text)) IS number_in(:original) THEN :original_unit
END;

-- The last result before the first treatment, of each subject and test: the flagged one, or else
-- the latest. What was measured on the day of the first treatment was measured before it
-- @macro last_before(results, id, test, result, moment, flag)
SELECT (
  SELECT :id AS last, max(coalesce(:flag = 'Y', 0) || :moment || printf(' %09d', number))
  FROM :results
  WHERE :result IS NOT NULL AND length(:moment) >= 10
    AND (
      :flag = 'Y'
      OR substr(:moment, 1, length(reference)) <= substr(reference, 1, length(:moment))
    )
  GROUP BY subject_id, :test
);

-- @study
SELECT protocol_number AS name, title AS description, protocol_number AS protocol FROM studies;

-- An adverse event, treatment or disposition before informed consent @never
SELECT USUBJID, AESTDTC, RFICDTC FROM AE JOIN DM USING (USUBJID)
WHERE earlier(AESTDTC, RFICDTC)
UNION ALL SELECT USUBJID, EXSTDTC, RFICDTC FROM EX JOIN DM USING (USUBJID)
WHERE earlier(EXSTDTC, RFICDTC)
UNION ALL SELECT USUBJID, DSSTDTC, RFICDTC FROM DS JOIN DM USING (USUBJID)
WHERE earlier(DSSTDTC, RFICDTC);
