-- What two-armed trials have in common, from enrolment to the end: a part for profiles. A profile puts
-- rows into the tables below, and adds the table terms, of adverse events, and for each subject the table
-- trait, with sex, age, reason_active, reason_control and last_visit.

CREATE TABLE options (
  protocol VARCHAR NOT NULL DEFAULT 'TRIAL-1' CHECK (length(protocol) > 0), -- Protocol number; two trials in one scenario need two
  start DATE NOT NULL DEFAULT '2024-01-02' CHECK (start BETWEEN '1950-01-01' AND '2100-01-01'), -- The trial's first day; subjects are enrolled from six weeks later on
  screen_failures REAL NOT NULL DEFAULT 0 CHECK (screen_failures BETWEEN 0 AND 0.9), -- Share of the subjects whom the screening keeps out
  milestones BOOLEAN NOT NULL DEFAULT 0 -- Dispositions for consent, randomization and the end of treatment too, not for the end of participation alone
);

-- The trial: one row. Subjects are enrolled over enrolment_days, and all is over after trial_days. daily:
-- treatment is taken at home until the next visit, and not given at visits
CREATE TABLE trial (
  phase VARCHAR, indication VARCHAR, disease VARCHAR, sponsor VARCHAR, title VARCHAR,
  blinding VARCHAR, control_type VARCHAR, add_on VARCHAR, objective VARCHAR,
  pharmacologic_class VARCHAR, treatment VARCHAR, trial_length VARCHAR,
  enrolment_days INTEGER, trial_days INTEGER, daily BOOLEAN
);

-- Two arms, of which one is active. events_a_day is the chance of any adverse event for each planned day of
-- treatment
CREATE TABLE arms (
  arm_code VARCHAR, arm_name VARCHAR, arm_type VARCHAR, active BOOLEAN, events_a_day REAL
);

-- What is given in each arm, and how much after one event, and after several, that reduce the dose
CREATE TABLE treatments (
  arm_code VARCHAR, extrt VARCHAR, dose REAL, reduced REAL, reduced_again REAL, exdosu VARCHAR,
  exdosfrm VARCHAR, exroute VARCHAR, exdosfrq VARCHAR
);

-- The sites. asian, black and hispanic are shares of subjects; weight is a site's share of all
CREATE TABLE centers (
  site_number VARCHAR, name VARCHAR, city VARCHAR, country VARCHAR, investigator VARCHAR,
  asian REAL, black REAL, hispanic REAL, weight INTEGER
);

-- The visits. A study has no day 0: the day before day 1, the first treatment, is day -1. doses marks those
-- with a treatment, or with one for the time until the next; treated_days is how long treatment is planned
-- for those whose last visit it is. The first visit is the screening, the second the first treatment, the
-- last but one the end of treatment, and the last the end of the trial.
CREATE TABLE plan (
  visit_num INTEGER PRIMARY KEY, visit_name VARCHAR, planned_day INTEGER, window_before INTEGER,
  window_after INTEGER, epoch VARCHAR, doses BOOLEAN, treated_days INTEGER, begins VARCHAR
);

-- Why subjects leave (CDISC NCOMPLT), what their status is then, and what the site writes
CREATE TABLE reasons (reason VARCHAR PRIMARY KEY, status VARCHAR, said VARCHAR);

-- Parts of which arms are made
CREATE TABLE elements (etcd VARCHAR, element VARCHAR, testrl VARCHAR, teenrl VARCHAR, tedur VARCHAR);

-- The elements of each arm: screening; those that begin with the treatment of a visit; follow-up
CREATE TABLE arm_plan (
  arm_code VARCHAR, taetord INTEGER, etcd VARCHAR, epoch VARCHAR, visit_num INTEGER
);

-- What lets people in and keeps them out, and how often it does so beside the others
CREATE TABLE criteria (ietestcd VARCHAR, iecat VARCHAR, ietest VARCHAR, weight INTEGER);

-- Facts about the trial beside those of its own table
CREATE TABLE parameters (tsparmcd VARCHAR, tsparm VARCHAR, tsval VARCHAR, tsvalnf VARCHAR);

-- A subject
-- @for count
CREATE TABLE subject (
  center INTEGER, -- @pick centers
  birthday INTEGER, -- Days from the last birthday to consent @uniform 1, 364
  race REAL, -- @uniform 0, 1
  ethnicity REAL, -- @uniform 0, 1
  enrolled REAL, -- When, between the subject before and the one behind @uniform 0, 1
  failing REAL, -- Whether the screening keeps one out @uniform 0, 1
  unmet INTEGER, -- By which criterion @pick criteria
  consent_before INTEGER, -- Days from consent to screening @uniform 0, 3
  dose_after INTEGER, -- Days from randomization to the first dose @uniform 0, 3
  leaving REAL, -- When one leaves early, between two visits @uniform 0, 1
  luck REAL, -- Whether any adverse event, beside those that make subjects leave @uniform 0, 1
  events INTEGER -- How many then, 2.78 on average @choice 1=24, 2=25, 3=20, 4=16, 5=10, 6=5
);

-- @for subject @times plan
CREATE TABLE visit (
  moment INTEGER, -- Within the window. Windows have 1, 7, 15 and 21 days, and 5040 is a multiple of each @uniform 0, 5039
  missed BOOLEAN, -- @chance 0.05
  minute INTEGER, -- Of the day, since eight @uniform 0, 179
  clotted BOOLEAN -- Blood that nothing can be counted in @chance 0.015
);

-- Drawn for everybody, since who has any depends on the arm and on the treatment @for subject @times events
CREATE TABLE event (
  moment INTEGER, -- Between the first dose and the end @uniform 0, 999999
  kind REAL, -- Which event, and how severe @uniform 0, 1
  days INTEGER, -- @lognormal 11, 0.9, 1, 150
  serious REAL, -- @uniform 0, 1
  related VARCHAR, -- @choice NOT RELATED=14, UNLIKELY RELATED=16, POSSIBLY RELATED=30, PROBABLY RELATED=22, RELATED=18
  action VARCHAR, -- From grade 3 on @choice DRUG INTERRUPTED=55, DOSE REDUCED=30, DOSE NOT CHANGED=15
  recovering BOOLEAN, -- Where it outlasts the trial @chance 0.5
  sequelae BOOLEAN -- From grade 3 on @chance 0.08
);

-- Randomized 1:1 in blocks of two, in the order of enrolment: a coin for each two subjects, which
-- follows from the seed and falls the same in whatever batch they are
CREATE VIEW randomized AS
SELECT n, (text_id(seed || '/' || ((n + 1) / 2)) < 'g') = n % 2 AS active
FROM subject, run;

-- The visits with the days that are planned after the first treatment, and with the first and the last
-- day on which one leaves who does not come to the next: after its window, before the next one's
CREATE VIEW plan_days AS
SELECT
  *,
  planned_day - (planned_day > 0) AS planned,
  window_after + 1 AS soonest,
  lead(planned_day - window_before) OVER (ORDER BY visit_num) - planned_day - 1 AS latest,
  visit_num = max(visit_num) OVER () AS closes,
  visit_num = max(visit_num) OVER () - 1 AS ends_treatment
FROM plan;

-- When a subject begins, and why the subject leaves. What falls on a weekend is on the Monday after.
-- Adverse events follow the treatment: the longer it is planned to last, the more subjects have some.
-- @batch
CREATE TABLE course AS
WITH enrolment AS MATERIALIZED (
  SELECT
    n, center, active, sex, birthday, race, ethnicity, unmet, consent_before, dose_after, leaving,
    luck, last_visit,
    failing < screen_failures AS fails,
    CASE
      WHEN failing < screen_failures THEN 'SCREEN FAILURE'
      WHEN active THEN reason_active
      ELSE reason_control
    END AS reason,
    date(start, (42 + CAST((n - 1 + enrolled) * enrolment_days / count AS INTEGER)) || ' days')
      AS day
  FROM subject JOIN trait USING (n) JOIN randomized USING (n), options, run, trial
),
randomization AS MATERIALIZED (
  SELECT *, iif(strftime('%w', day) IN ('0', '6'), date(day, 'weekday 1'), day) AS randomized_on
  FROM enrolment
),
known AS MATERIALIZED (
  SELECT
    *,
    date(randomized_on, dose_after || ' days') AS dose_day,
    CASE reason
      WHEN 'SCREEN FAILURE' THEN 1
      WHEN 'COMPLETED' THEN (SELECT max(visit_num) FROM plan)
      ELSE last_visit
    END AS last
  FROM randomization
)
SELECT
  n, center, known.active, arm_code, sex, birthday, race, ethnicity, unmet, consent_before, leaving,
  fails, reason, randomized_on,
  iif(strftime('%w', dose_day) IN ('0', '6'), date(dose_day, 'weekday 1'), dose_day) AS first_dose,
  last AS last_visit,
  reason IN ('DEATH', 'ADVERSE EVENT') OR (NOT fails AND luck < events_a_day * treated_days)
    AS affected
FROM known JOIN arms USING (active) JOIN plan ON visit_num = last;

-- The visits that were: none after leaving, and of the others some are missed. Not the first two,
-- without which there is no subject, nor the last one of those who complete. No visit is on a
-- weekend: it is on the nearest day of work, or the next nearest if that is outside the window.
-- @batch
CREATE TABLE seen AS
SELECT
  n, k, doses, ends_treatment, minute, clotted,
  date(first_dose, shift || ' days') AS day,
  iif(fails, NULL, shift + (shift >= 0)) AS study_day
FROM (
  SELECT
    *,
    planned + late + CASE strftime('%w', first_dose, (planned + late) || ' days')
      WHEN '6' THEN iif(late > -window_before, -1, 2)
      WHEN '0' THEN iif(late < window_after, 1, -2)
      ELSE 0
    END AS shift
  FROM (
    SELECT *, moment % (window_before + window_after + 1) - window_before AS late
    FROM course JOIN visit USING (n) JOIN plan_days ON visit_num = k
    WHERE k <= last_visit AND NOT (missed AND k > 2 AND NOT closes)
  )
)
ORDER BY n, k;

-- How it went on and ended. Treatment is taken until the end, or given at visits.
-- @batch
CREATE TABLE ended AS
SELECT lasted.*, iif(daily, treated_until, last_given) AS last_dose
FROM (
  SELECT
    *,
    CASE
      WHEN reason = 'COMPLETED'
        THEN coalesce(treatment_ended, date(first_dose, (treated_days - 1) || ' days'))
      WHEN NOT fails THEN left_on
    END AS treated_until
  FROM (
    SELECT
      course.*, screened_on, last_given, treatment_ended, treated_days, epoch,
      date(screened_on, -consent_before || ' days') AS consent_on,
      CASE
        WHEN reason = 'COMPLETED' THEN last_day
        WHEN fails THEN date(screened_on, CAST(1 + 7 * leaving AS INTEGER) || ' days')
        ELSE date(
          first_dose,
          (planned + soonest + CAST(leaving * (latest - soonest + 1) AS INTEGER)) || ' days'
        )
      END AS left_on
    FROM course
    JOIN plan_days ON visit_num = last_visit
    JOIN (
      SELECT
        n, min(day) AS screened_on, max(CASE WHEN doses THEN day END) AS last_given,
        max(CASE WHEN ends_treatment THEN day END) AS treatment_ended, max(day) AS last_day
      FROM seen
      GROUP BY n
    ) USING (n)
  )
) AS lasted, trial
ORDER BY n;

-- Each event in each grade that it has, by arm, and what it ends with: usually nothing; leaving because
-- of it; death. What is drawn from least up to most is this one.
-- @batch
CREATE TABLE odds AS
WITH graded AS (
  SELECT rowid AS term, 1 AS grade, frequency * grade_1 AS weight FROM terms
  UNION ALL SELECT rowid, 2, frequency * grade_2 FROM terms
  UNION ALL SELECT rowid, 3, frequency * grade_3 FROM terms
  UNION ALL SELECT rowid, 4, frequency * grade_4 FROM terms
  UNION ALL SELECT rowid, 5, frequency * grade_5 FROM terms
),
possible AS (
  SELECT
    ending, arms.active, graded.term, grade, graded.weight * iif(arms.active, ratio, 1) AS weight
  FROM graded JOIN terms ON terms.rowid = graded.term
  JOIN (
    SELECT '' AS ending, 1 AS from_grade, 4 AS to_grade
    UNION ALL SELECT 'ADVERSE EVENT', 3, 4
    UNION ALL SELECT 'DEATH', 5, 5
  ) ON grade BETWEEN from_grade AND to_grade, arms
  WHERE graded.weight > 0
)
SELECT
  ending, active, term, grade,
  (sum(weight) OVER before - weight) / sum(weight) OVER whole AS least,
  iif(lead(term) OVER before IS NULL, 1, sum(weight) OVER before / sum(weight) OVER whole) AS most
FROM possible
WINDOW
  whole AS (PARTITION BY ending, active),
  before AS (PARTITION BY ending, active ORDER BY term, grade);

-- Adverse events in the order of their days. The last one of those who leave because of an event is
-- what they leave because of, and the last one of those who die is fatal: it begins in the last week,
-- and after the last treatment.
-- @batch
CREATE TABLE happened AS
WITH occurrence AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY n ORDER BY moment, k) AS seq,
    CASE
      WHEN reason IN ('DEATH', 'ADVERSE EVENT')
        AND row_number() OVER (PARTITION BY n ORDER BY moment DESC, k DESC) = 1 THEN reason
      ELSE ''
    END AS ending,
    CAST(julianday(min(left_on, date(last_dose, '30 days'))) - julianday(first_dose) AS INTEGER)
      AS days_at_risk
  FROM event JOIN ended USING (n)
  WHERE affected
),
dated AS (
  SELECT
    o.*, term, grade,
    date(
      first_dose,
      max(
        moment * (1 + days_at_risk) / 1000000,
        iif(
          o.ending = '', 0,
          max(days_at_risk - 7, julianday(last_given) - julianday(first_dose))
        )
      ) || ' days'
    ) AS began
  FROM occurrence AS o
  JOIN odds ON odds.ending = o.ending AND odds.active = o.active AND kind >= least AND kind < most
),
followed AS (
  SELECT n, seq, count(*) AS doses_after
  FROM dated JOIN seen USING (n)
  WHERE doses AND day > began
  GROUP BY n, seq
)
SELECT
  n, seq, dated.term AS term_id, terms.term, grade, began, left_on, related, days, recovering, sequelae,
  grade > 3 OR (grade = 3 AND dated.serious < terms.serious) AS serious,
  dated.serious < 0.7 * terms.serious AS in_hospital,
  CASE WHEN grade > 1 THEN remedy END AS remedy,
  category,
  -- An event that outlasts the trial has no end here.
  CASE
    WHEN grade = 5 THEN left_on
    WHEN date(began, days || ' days') <= left_on THEN date(began, days || ' days')
  END AS over,
  -- With fewer than two treatments to come, nothing can be left out and then resumed.
  CASE
    WHEN ending = 'ADVERSE EVENT' THEN 'DRUG WITHDRAWN'
    WHEN grade = 5 OR began > last_dose THEN 'NOT APPLICABLE'
    WHEN grade > 2 AND doses_after > 1 THEN action
    ELSE 'DOSE NOT CHANGED'
  END AS action
FROM dated
JOIN terms ON terms.rowid = dated.term
LEFT JOIN followed USING (n, seq)
ORDER BY n, seq;

-- The treatments that were given: after an event that reduces the dose less of them, up to twice; after
-- one that interrupts them not the next one, or none until the next visit where they are taken daily.
-- @batch
CREATE TABLE given AS
SELECT n, k, day, until, row_number() OVER (PARTITION BY n ORDER BY k) AS number, reductions
FROM (
  SELECT
    dosing.n, k, day, daily,
    iif(daily, coalesce(
      min(iif(action = 'DRUG INTERRUPTED' AND began >= day AND began < next, began, NULL)),
      date(next, '-1 day'), treated_until
    ), day) AS until,
    min(2, total(action = 'DOSE REDUCED' AND began < day)) AS reductions,
    total(action = 'DRUG INTERRUPTED' AND began >= before AND began < day) AS interruptions
  FROM (
    SELECT n, k, day, lag(day) OVER visits AS before, lead(day) OVER visits AS next
    FROM seen
    WHERE doses
    WINDOW visits AS (PARTITION BY n ORDER BY k)
  ) AS dosing
  JOIN ended USING (n)
  LEFT JOIN (
    SELECT n, began, action FROM happened WHERE action IN ('DRUG INTERRUPTED', 'DOSE REDUCED')
  ) USING (n), trial
  GROUP BY dosing.n, k
)
WHERE daily OR NOT interruptions
ORDER BY n, k;

-- @into studies
SELECT
  'ST' || key AS study_id,
  protocol AS protocol_number,
  phase, indication, sponsor,
  'completed' AS status,
  title,
  count AS planned_subjects,
  start AS start_date,
  date(start, trial_days || ' days') AS end_date, -- after the last follow-up there can be
  'INTERVENTIONAL' AS study_type,
  'PARALLEL' AS intervention_model,
  'DRUG' AS intervention_type,
  blinding, control_type,
  'Y' AS randomized,
  'N' AS adaptive_design,
  add_on, objective, pharmacologic_class, treatment, trial_length,
  'P18Y' AS minimum_age,
  'BOTH' AS sex_population
FROM options, run, trial
WHERE first = 1;

-- @into trial_parameters
SELECT
  'TP' || key || tsparmcd || '-' || row_number() OVER (PARTITION BY tsparmcd ORDER BY p.rowid)
    AS trial_parameter_id,
  'ST' || key AS study_id,
  tsparmcd,
  row_number() OVER (PARTITION BY tsparmcd ORDER BY p.rowid) AS tsseq,
  tsparm, tsval, tsvalnf,
  -- The code of CDISC's term for No
  iif(tsval = 'N', 'C49487', NULL) AS tsvalcd,
  iif(tsval = 'N', 'CDISC CT', NULL) AS tsvcdref,
  iif(tsval = 'N', '2025-09-26', NULL) AS tsvcdver
FROM parameters AS p, run
WHERE first = 1
ORDER BY p.rowid;

-- @into sites
SELECT
  'SI' || key || site_number AS site_id,
  'ST' || key AS study_id,
  site_number, name, country, city, investigator,
  'closed' AS status,
  date(start, centers.rowid || ' days') AS activated_date
FROM centers, options, run
WHERE first = 1
ORDER BY site_number;

-- @into treatment_arms
SELECT
  'A' || key || arm_code AS arm_id,
  'ST' || key AS study_id,
  arm_code, arm_name, arm_type,
  1 AS ratio,
  (count + 1) / 2 AS planned_subjects
FROM arms, run
WHERE first = 1
ORDER BY arm_code;

-- @into trial_elements
SELECT 'TE' || key || etcd AS element_id, 'ST' || key AS study_id, etcd, element, testrl, teenrl, tedur
FROM elements, run
WHERE first = 1
ORDER BY elements.rowid;

-- @into arm_elements
SELECT
  'TA' || key || arm_code || '-' || taetord AS arm_element_id,
  'A' || key || arm_code AS arm_id,
  'TE' || key || etcd AS element_id,
  taetord,
  iif(taetord = 1, 'Randomized to ' || arm_name, NULL) AS tabranch,
  iif(epoch = 'TREATMENT', 'Who stops treatment early leaves the trial', NULL) AS tatrans,
  epoch
FROM arm_plan JOIN arms USING (arm_code), run
WHERE first = 1
ORDER BY arm_code, taetord;

-- @into eligibility_criteria
SELECT 'TI' || key || ietestcd AS criterion_id, 'ST' || key AS study_id, ietestcd, ietest, iecat
FROM criteria, run
WHERE first = 1
ORDER BY criteria.rowid;

-- @into planned_visits
SELECT
  'TV' || key || visit_num AS planned_visit_id,
  'ST' || key AS study_id,
  visit_num, visit_name,
  planned_day AS visit_day,
  begins AS tvstrl,
  'All that is planned for the visit is done' AS tvenrl
FROM plan, run
WHERE first = 1
ORDER BY visit_num;

-- @into subjects
SELECT
  'SU' || key || printf('%06d', n) AS subject_id,
  protocol || '-' || site_number || '-' || printf('%04d', n) AS usubjid,
  'ST' || key AS study_id,
  'SI' || key || site_number AS site_id,
  iif(fails, NULL, 'A' || key || arm_code) AS arm_id,
  iif(fails, NULL, 'A' || key || arm_code) AS actual_arm_id,
  printf('%04d', n) AS subject_number,
  coalesce(status, 'screen failure') AS status,
  ended.sex,
  age,
  'YEARS' AS age_unit,
  date(consent_on, -ended.birthday || ' days', -age || ' years') AS birth_date,
  CASE
    WHEN ended.race < asian THEN 'ASIAN'
    WHEN ended.race < asian + black THEN 'BLACK OR AFRICAN AMERICAN'
    ELSE 'WHITE'
  END AS race,
  CASE WHEN ended.ethnicity < hispanic THEN 'HISPANIC OR LATINO' ELSE 'NOT HISPANIC OR LATINO' END
    AS ethnicity,
  country,
  screened_on AS screening_date,
  consent_on AS consent_date,
  iif(fails, NULL, randomized_on) AS randomization_date,
  iif(fails, NULL, first_dose) AS first_dose_date,
  last_dose AS last_dose_date,
  CASE reason WHEN 'DEATH' THEN left_on END AS death_date,
  left_on AS participation_end_date,
  iif(fails, 'SCREEN FAILURE', NULL) AS arm_null_reason,
  iif(fails, 'N', 'Y') AS safety_population,
  iif(fails, 'N', 'Y') AS intent_to_treat_population,
  iif(results IS NULL, 'N', 'Y') AS efficacy_population,
  iif(reason = 'COMPLETED', 'Y', 'N') AS completers_population
FROM ended
JOIN trait USING (n)
LEFT JOIN reasons USING (reason)
LEFT JOIN (SELECT n, count(*) AS results FROM seen WHERE k > 2 GROUP BY n) USING (n)
JOIN centers ON centers.rowid = ended.center, options, run
ORDER BY n;

-- @into visit_schedule
SELECT
  'P' || key || printf('%06d', n) || '-' || visit_num AS scheduled_visit_id,
  'ST' || key AS study_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  visit_num, visit_name,
  date(first_dose, planned || ' days') AS planned_date,
  planned_day, window_before, window_after, epoch
FROM course JOIN plan_days ON NOT fails OR visit_num = 1, run
ORDER BY n, visit_num;

-- @into actual_visits
SELECT
  'V' || key || printf('%06d', n) || '-' || k AS visit_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  'P' || key || printf('%06d', n) || '-' || k AS scheduled_visit_id,
  k AS visit_num,
  visit_name,
  day AS visit_date,
  'completed' AS visit_status,
  study_day
FROM seen JOIN plan ON visit_num = k, run
ORDER BY n, k;

-- Elements begin with consent, with the treatment that is given at a visit, and after the end of
-- treatment; each ends when the next one begins, and the last one when the subject leaves.
-- @into subject_elements
SELECT
  'SE' || key || printf('%06d', n) || '-' || taetord AS subject_element_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  'TE' || key || etcd AS element_id,
  row_number() OVER (PARTITION BY n ORDER BY taetord) AS seseq,
  taetord, epoch,
  began AS sestdtc,
  coalesce(lead(began) OVER (PARTITION BY n ORDER BY taetord), left_on) AS seendtc
FROM (
  SELECT n, arm_code, 1 AS taetord, consent_on AS began, left_on FROM ended
  UNION ALL
  SELECT n, arm_code, taetord, day, left_on
  FROM given JOIN ended USING (n) JOIN arm_plan USING (arm_code)
  WHERE visit_num = k
  UNION ALL
  SELECT
    n, arm_code, (SELECT max(taetord) FROM arm_plan), date(treated_until, '1 day'), left_on
  FROM ended
  WHERE reason = 'COMPLETED'
)
JOIN arm_plan USING (arm_code, taetord), run
ORDER BY n, taetord;

-- @into eligibility_exceptions
SELECT
  'IE' || key || printf('%06d', n) AS eligibility_exception_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  'TI' || key || ietestcd AS criterion_id,
  1 AS ieseq,
  iif(iecat = 'INCLUSION', 'N', 'Y') AS ieorres,
  1 AS visit_num,
  screened_on AS iedtc
FROM ended JOIN criteria ON criteria.rowid = unmet, run
WHERE fails
ORDER BY n;

-- @into adverse_events
SELECT
  'AE' || key || printf('%06d', n) || '-' || seq AS adverse_event_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  seq AS aeseq,
  term AS aeterm,
  category AS aecat,
  began AS aestdtc,
  over AS aeendtc,
  CASE grade WHEN 1 THEN 'MILD' WHEN 2 THEN 'MODERATE' ELSE 'SEVERE' END AS aesev,
  CAST(grade AS TEXT) AS aetoxgr,
  iif(serious, 'Y', 'N') AS aeser,
  iif(grade = 5, 'Y', 'N') AS aesdth,
  iif(grade = 4, 'Y', 'N') AS aeslife,
  iif(serious AND grade < 5 AND in_hospital, 'Y', 'N') AS aeshosp,
  iif(serious AND grade = 3 AND NOT in_hospital, 'Y', 'N') AS aesmie,
  'N' AS aesdisab,
  'N' AS aescong,
  related AS aerel,
  action AS aeacn,
  iif(remedy IS NULL, 'N', 'Y') AS aecontrt,
  CASE
    WHEN grade = 5 THEN 'FATAL'
    WHEN over IS NOT NULL THEN
      CASE WHEN sequelae AND grade > 2 THEN 'RECOVERED/RESOLVED WITH SEQUELAE'
        ELSE 'RECOVERED/RESOLVED' END
    WHEN recovering THEN 'RECOVERING/RESOLVING'
    ELSE 'NOT RECOVERED/NOT RESOLVED'
  END AS aeout,
  iif(over IS NULL, 'AFTER', NULL) AS aeenrf
FROM happened, run
ORDER BY n, seq;

-- @into disposition_events
SELECT
  'D' || key || printf('%06d', n) || '-' || dsseq AS disposition_event_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  dsdecod, dsterm, dsstdtc, dscat, dsscat, epoch, dsseq
FROM (
  SELECT
    n, reason AS dsdecod, coalesce(said, 'Did not meet the criteria') AS dsterm, left_on AS dsstdtc,
    'DISPOSITION EVENT' AS dscat, 'STUDY PARTICIPATION' AS dsscat, epoch,
    CASE WHEN NOT milestones THEN 1 WHEN fails THEN 2 ELSE 4 END AS dsseq
  FROM ended LEFT JOIN reasons USING (reason), options
  UNION ALL
  SELECT
    n, 'INFORMED CONSENT OBTAINED', 'Informed consent obtained', consent_on, 'PROTOCOL MILESTONE',
    NULL, 'SCREENING', 1
  FROM ended, options
  WHERE milestones
  UNION ALL
  SELECT n, 'RANDOMIZED', 'Randomized', randomized_on, 'PROTOCOL MILESTONE', NULL, 'SCREENING', 2
  FROM ended, options
  WHERE milestones AND NOT fails
  UNION ALL
  SELECT
    n, reason, iif(reason = 'COMPLETED', 'Completed the treatment', said), treated_until,
    'DISPOSITION EVENT', 'STUDY TREATMENT', 'TREATMENT', 3
  FROM ended JOIN reasons USING (reason), options
  WHERE milestones AND NOT fails
), run
ORDER BY n, dsseq;

-- @into exposures
SELECT
  'X' || key || printf('%06d', n) || '-' || seq AS exposure_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  extrt,
  CASE reductions WHEN 0 THEN dose WHEN 1 THEN reduced ELSE reduced_again END AS exdose,
  exdosu, exdosfrm, exroute, exdosfrq,
  day AS exstdtc,
  until AS exendtc,
  seq AS exseq,
  iif(reductions, 'ADVERSE EVENT', NULL) AS exadj,
  'TREATMENT' AS epoch,
  'V' || key || printf('%06d', n) || '-' || k AS visit_id
FROM (
  SELECT *, row_number() OVER (PARTITION BY n ORDER BY k, extrt) AS seq
  FROM given JOIN course USING (n) JOIN treatments USING (arm_code)
), run
ORDER BY n, seq;

-- What SDTM has no variable for @into supplemental_values
SELECT
  'SQ' || key || printf('%06d', n) || '-' || seq AS supplemental_value_id,
  'ST' || key AS study_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  iif(seq, 'AE', 'DM') AS rdomain,
  iif(seq, 'AESEQ', NULL) AS idvar,
  nullif(seq, 0) AS idvarval,
  iif(seq, 'AETRTEM', 'RANDNO') AS qnam,
  iif(seq, 'Treatment Emergent Flag', 'Randomization Number') AS qlabel,
  iif(seq, 'Y', 'R' || printf('%05d', n)) AS qval,
  iif(seq, 'Derived', 'Assigned') AS qorig,
  iif(seq, 'CLINICAL STUDY SPONSOR', NULL) AS qeval
FROM (
  SELECT n, 0 AS seq FROM ended WHERE NOT fails
  UNION ALL SELECT n, seq FROM happened
), run
ORDER BY n, seq;
