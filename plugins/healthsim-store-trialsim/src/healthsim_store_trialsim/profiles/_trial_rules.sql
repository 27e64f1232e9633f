-- What is never so in a trial of two arms: a part for profiles that include _trial.sql

-- A subject's dates out of order @never
SELECT * FROM subjects
WHERE NOT (
  birth_date < consent_date AND consent_date <= screening_date
  AND screening_date <= randomization_date AND randomization_date <= first_dose_date
  AND first_dose_date <= last_dose_date AND last_dose_date <= coalesce(death_date, last_dose_date)
);

-- An age that the dates contradict @never
SELECT * FROM subjects
WHERE age <> strftime('%Y', consent_date) - strftime('%Y', birth_date)
  - (strftime('%m-%d', consent_date) < strftime('%m-%d', birth_date));

-- Consent before the site is open, or something outside the trial's own time @never
SELECT * FROM subjects JOIN sites USING (site_id) JOIN studies ON studies.study_id = subjects.study_id
JOIN disposition_events USING (subject_id)
WHERE consent_date < activated_date OR activated_date < start_date OR dsstdtc > studies.end_date;

-- Site or arm of another study, or another country than the site's @never
SELECT * FROM subjects JOIN sites USING (site_id) JOIN treatment_arms USING (arm_id)
WHERE sites.study_id <> subjects.study_id OR treatment_arms.study_id <> subjects.study_id
  OR sites.country <> subjects.country;

-- Randomized later than one who comes behind @never
SELECT * FROM (
  SELECT randomization_date, lag(randomization_date) OVER (ORDER BY rowid) AS before FROM subjects
)
WHERE randomization_date < before;

-- Not every visit of the plan scheduled, or more than the first for whom the screening keeps out @never
SELECT subject_id FROM subjects LEFT JOIN visit_schedule USING (subject_id)
GROUP BY subject_id
HAVING count(scheduled_visit_id)
  <> iif(status = 'screen failure', 1, (SELECT count(*) FROM planned_visits AS p WHERE p.study_id = subjects.study_id));

-- A planned date that is not the planned day's, or a day 0 @never
SELECT * FROM visit_schedule JOIN subjects USING (subject_id)
WHERE planned_day = 0 OR julianday(planned_date) - julianday(first_dose_date)
  <> planned_day - (planned_day > 0);

-- A visit outside its window @never
SELECT * FROM actual_visits JOIN visit_schedule USING (scheduled_visit_id)
WHERE julianday(visit_date) - julianday(planned_date) NOT BETWEEN -window_before AND window_after;

-- A visit, a treatment or a randomization at the weekend @never
SELECT subject_id
FROM (
  SELECT subject_id, visit_date AS day FROM actual_visits
  UNION ALL SELECT subject_id, exstdtc FROM exposures
  UNION ALL SELECT subject_id, randomization_date FROM subjects
)
WHERE strftime('%w', day) IN ('0', '6');

-- A visit that is not the planned one, or whose study day is not its date's @never
SELECT * FROM actual_visits
JOIN visit_schedule USING (scheduled_visit_id)
JOIN subjects ON subjects.subject_id = actual_visits.subject_id
WHERE visit_schedule.subject_id <> actual_visits.subject_id
  OR visit_schedule.visit_num <> actual_visits.visit_num
  OR study_day <> julianday(visit_date) - julianday(first_dose_date)
    + (visit_date >= first_dose_date);

-- Visits that are out of order @never
SELECT * FROM (
  SELECT visit_date, lag(visit_date) OVER (PARTITION BY subject_id ORDER BY visit_num) AS before
  FROM actual_visits
)
WHERE visit_date <= before;

-- A visit after leaving @never
SELECT * FROM actual_visits JOIN subjects USING (subject_id) WHERE visit_date > participation_end_date;

-- A subject without screening or first treatment, or one who completes without the last visit @never
SELECT subject_id FROM subjects LEFT JOIN actual_visits USING (subject_id)
GROUP BY subject_id
HAVING total(visit_num IN (1, 2)) <> iif(status = 'screen failure', 1, 2)
  OR (status = 'completed') <> total(visit_num = (SELECT max(visit_num) FROM planned_visits));

-- Doses that are not those of the first and last dose date @never
SELECT subject_id FROM subjects LEFT JOIN exposures USING (subject_id)
GROUP BY subject_id
HAVING min(exstdtc) IS NOT first_dose_date OR max(exendtc) IS NOT last_dose_date;

-- More or fewer than one end of participation @never
SELECT subject_id FROM subjects LEFT JOIN disposition_events USING (subject_id)
GROUP BY subject_id
HAVING total(dsscat = 'STUDY PARTICIPATION') <> 1;

-- A status, a death or an end that the disposition contradicts @never
SELECT * FROM subjects JOIN disposition_events USING (subject_id)
WHERE dsscat = 'STUDY PARTICIPATION' AND (
  status <> CASE dsdecod
    WHEN 'COMPLETED' THEN 'completed'
    WHEN 'WITHDRAWAL BY SUBJECT' THEN 'withdrawn'
    WHEN 'LOST TO FOLLOW-UP' THEN 'lost to follow-up'
    WHEN 'SCREEN FAILURE' THEN 'screen failure'
    ELSE 'discontinued'
  END
  OR CASE dsdecod WHEN 'DEATH' THEN dsstdtc END IS NOT death_date
  OR dsstdtc <> participation_end_date
);

-- Dispositions that are not numbered in the order of their days @never
SELECT * FROM (
  SELECT dsstdtc, lag(dsstdtc) OVER (PARTITION BY subject_id ORDER BY dsseq) AS before
  FROM disposition_events
)
WHERE dsstdtc < before;

-- An adverse event before the first dose, or 30 days after the last @never
SELECT * FROM adverse_events JOIN subjects USING (subject_id)
WHERE aestdtc < first_dose_date OR aestdtc > date(last_dose_date, '30 days');

-- An adverse event that begins or ends after death or leaving @never
SELECT * FROM adverse_events JOIN subjects USING (subject_id)
WHERE max(aestdtc, coalesce(aeendtc, aestdtc)) > participation_end_date;

-- Severity and grade that contradict each other, or a grade 4 that is not serious @never
SELECT * FROM adverse_events
WHERE aesev <> CASE aetoxgr WHEN '1' THEN 'MILD' WHEN '2' THEN 'MODERATE' ELSE 'SEVERE' END
  OR (aetoxgr IN ('4', '5') AND aeser <> 'Y');

-- A fatal event without grade 5, or whose end is not the day of death @never
SELECT * FROM adverse_events JOIN subjects USING (subject_id)
WHERE (aeout = 'FATAL') <> (aetoxgr = '5') OR (aeout = 'FATAL' AND aeendtc IS NOT death_date);

-- A death without a fatal event @never
SELECT usubjid FROM subjects
WHERE death_date IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM adverse_events AS e WHERE e.subject_id = subjects.subject_id AND aeout = 'FATAL'
);

-- A serious event without a reason why, or a reason without a serious event @never
SELECT * FROM adverse_events
WHERE (aeser = 'Y') <> ('Y' IN (aesdth, aeslife, aeshosp, aesmie, aesdisab, aescong));

-- An event that ends but is not over, or is over but does not end @never
SELECT * FROM adverse_events
WHERE (aeendtc IS NULL)
  <> (aeout IN ('NOT RECOVERED/NOT RESOLVED', 'RECOVERING/RESOLVING', 'UNKNOWN'));

-- The drug withdrawn without leaving because of it, or the other way round @never
SELECT subject_id, dsdecod FROM disposition_events LEFT JOIN adverse_events USING (subject_id)
WHERE dsscat = 'STUDY PARTICIPATION'
GROUP BY subject_id
HAVING total(aeacn = 'DRUG WITHDRAWN') <> (dsdecod = 'ADVERSE EVENT');

-- A treatment after the event that the drug was withdrawn for @never
SELECT * FROM adverse_events JOIN exposures USING (subject_id)
WHERE aeacn = 'DRUG WITHDRAWN' AND exstdtc > aestdtc;

-- The drug withdrawn for an event that is not severe @never
SELECT * FROM adverse_events WHERE aeacn = 'DRUG WITHDRAWN' AND aetoxgr NOT IN ('3', '4');

-- Adverse events not numbered in the order of their days @never
SELECT * FROM (
  SELECT
    aeseq, aestdtc,
    row_number() OVER (PARTITION BY subject_id ORDER BY aeseq) AS place,
    lag(aestdtc) OVER (PARTITION BY subject_id ORDER BY aeseq) AS before
  FROM adverse_events
)
WHERE aeseq <> place OR aestdtc < before;

-- A dose that is not reduced after an event that reduces it, or is without such an event @never
SELECT exposure_id FROM exposures AS x
WHERE (exadj IS NULL) = EXISTS (
  SELECT 1 FROM adverse_events AS e
  WHERE e.subject_id = x.subject_id AND aeacn = 'DOSE REDUCED' AND aestdtc < exstdtc
);

-- A treatment at the next visit, or taken on, in spite of an event that interrupts it @never
SELECT adverse_event_id
FROM (
  SELECT
    e.*,
    (SELECT min(visit_date) FROM actual_visits AS v JOIN visit_schedule AS p USING (scheduled_visit_id)
      WHERE v.subject_id = e.subject_id AND visit_date > aestdtc AND epoch = 'TREATMENT') AS next
  FROM adverse_events AS e
  WHERE aeacn = 'DRUG INTERRUPTED'
) AS e
JOIN exposures AS x USING (subject_id)
WHERE iif(exdosfrq = 'QD', exstdtc <= aestdtc AND exendtc > aestdtc, exstdtc = next);

-- Elements that overlap or leave a gap, or do not last from consent to the end of participation @never
SELECT subject_id
FROM (
  SELECT
    subject_id, sestdtc,
    lag(seendtc, 1, consent_date) OVER elements AS before,
    iif(lead(sestdtc) OVER elements IS NULL, seendtc = participation_end_date, 1) AS whole
  FROM subject_elements JOIN subjects USING (subject_id)
  WINDOW elements AS (PARTITION BY subject_id ORDER BY seseq)
)
WHERE sestdtc <> before OR NOT whole;

-- An element that is not the planned one of the subject's arm @never
SELECT * FROM subject_elements AS s JOIN subjects USING (subject_id)
WHERE arm_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM arm_elements AS a
  WHERE a.arm_id = subjects.arm_id AND a.element_id = s.element_id AND a.taetord = s.taetord
    AND a.epoch = s.epoch
);

-- A treatment outside the elements of treatment @never
SELECT exposure_id FROM exposures AS x
WHERE NOT EXISTS (
  SELECT 1 FROM subject_elements AS s
  WHERE s.subject_id = x.subject_id AND s.epoch = 'TREATMENT' AND exstdtc >= sestdtc
    AND exendtc <= seendtc
);

-- Screen failures with an arm or a treatment, or without a criterion, and others with one @never
SELECT usubjid FROM subjects AS s
WHERE (status = 'screen failure') <> (arm_id IS NULL)
  OR (status = 'screen failure') <> (arm_null_reason IS NOT NULL)
  OR (status = 'screen failure') <> (first_dose_date IS NULL)
  OR (status = 'screen failure') <> EXISTS (
    SELECT 1 FROM eligibility_exceptions AS e WHERE e.subject_id = s.subject_id
  );

-- An exception that is none: an inclusion that is met, or an exclusion that is not @never
SELECT * FROM eligibility_exceptions JOIN eligibility_criteria USING (criterion_id)
WHERE (iecat = 'INCLUSION') <> (ieorres = 'N');
