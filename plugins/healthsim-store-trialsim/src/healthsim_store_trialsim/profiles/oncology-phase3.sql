-- Phase 3 trial in non-small cell lung cancer: two arms, eight sites, twelve visits @counts subjects @count 200

CREATE TABLE options (
  protocol VARCHAR NOT NULL DEFAULT 'ONCO-2024-001' CHECK (length(protocol) > 0), -- Protocol number; two trials in one scenario need two
  start DATE NOT NULL DEFAULT '2024-01-02' CHECK (start BETWEEN '1950-01-01' AND '2100-01-01') -- The trial's first day; subjects are enrolled over nine months from six weeks later on
);

-- Invented hospitals and people in real cities. asian, black and hispanic are shares of subjects;
-- weight is a site's share of all.
CREATE TABLE centers (
  site_number VARCHAR, name VARCHAR, city VARCHAR, country VARCHAR, investigator VARCHAR,
  asian REAL, black REAL, hispanic REAL, weight INTEGER
);

INSERT INTO centers VALUES
  ('01', 'Harborview Street Cancer Center', 'Boston', 'USA', 'Dr. Miriam Castell', 0.06, 0.12, 0.1, 16),
  ('02', 'Bayou Oaks Oncology Institute', 'Houston', 'USA', 'Dr. Leon Okafor', 0.06, 0.2, 0.3, 14),
  ('03', 'Lakeshore General Hospital', 'Toronto', 'CAN', 'Dr. Priya Ramanand', 0.25, 0.08, 0.03, 12),
  ('04', 'Northmoor Infirmary', 'Manchester', 'GBR', 'Dr. Alastair Penhale', 0.1, 0.05, 0.01, 12),
  ('05', 'Hôpital des Trois Ponts', 'Lyon', 'FRA', 'Dr. Hélène Marchandeau', 0.03, 0.06, 0.02, 13),
  ('06', 'Klinikum am Lindenhain', 'Heidelberg', 'DEU', 'Dr. Jonas Wiedenbrück', 0.02, 0.01, 0.01, 12),
  ('07', 'Hangang River Medical Center', 'Seoul', 'KOR', 'Dr. Seo-yeon Baek', 1, 0, 0, 11),
  ('08', 'Yodogawa East Hospital', 'Osaka', 'JPN', 'Dr. Haruto Minase', 1, 0, 0, 10);

-- The visits. A study has no day 0: the day before day 1, the first treatment, is day -1.
-- doses marks those with a treatment.
CREATE TABLE plan (
  visit_num INTEGER PRIMARY KEY, visit_name VARCHAR, planned_day INTEGER,
  window_before INTEGER, window_after INTEGER, epoch VARCHAR, doses BOOLEAN
);

INSERT INTO plan VALUES
  (1, 'Screening', -14, 14, 6, 'SCREENING', 0),
  (2, 'Cycle 1 Day 1', 1, 0, 0, 'TREATMENT', 1),
  (3, 'Cycle 2 Day 1', 22, 3, 3, 'TREATMENT', 1),
  (4, 'Cycle 3 Day 1', 43, 3, 3, 'TREATMENT', 1),
  (5, 'Cycle 4 Day 1', 64, 3, 3, 'TREATMENT', 1),
  (6, 'Cycle 5 Day 1', 85, 3, 3, 'TREATMENT', 1),
  (7, 'Cycle 6 Day 1', 106, 3, 3, 'TREATMENT', 1),
  (8, 'Cycle 7 Day 1', 127, 3, 3, 'TREATMENT', 1),
  (9, 'Cycle 8 Day 1', 148, 3, 3, 'TREATMENT', 1),
  (10, 'Cycle 9 Day 1', 169, 3, 3, 'TREATMENT', 1),
  (11, 'End of Treatment', 190, 3, 3, 'TREATMENT', 0),
  (12, 'Follow-up', 220, 7, 7, 'FOLLOW-UP', 0);

-- Why subjects leave (CDISC NCOMPLT), what their status is then, and what the site wrote
CREATE TABLE reasons (reason VARCHAR PRIMARY KEY, status VARCHAR, said VARCHAR);

INSERT INTO reasons VALUES
  ('COMPLETED', 'completed', 'Completed the study'),
  ('PROGRESSIVE DISEASE', 'discontinued', 'Progression on imaging'),
  ('ADVERSE EVENT', 'discontinued', 'Adverse event not tolerated'),
  ('DEATH', 'discontinued', 'Subject died'),
  ('WITHDRAWAL BY SUBJECT', 'withdrawn', 'Subject withdrew consent'),
  ('LOST TO FOLLOW-UP', 'lost to follow-up', 'Subject could not be reached');

-- How often each event happens, how often with which CTCAE grade, and which share of grade 3 is
-- serious. The numbers are plausible ones, not those of a real trial.
-- @csv adverse-event-terms.csv
CREATE TABLE terms (
  term VARCHAR, preferred_term VARCHAR, system_organ_class VARCHAR, frequency REAL,
  grade_1 REAL, grade_2 REAL, grade_3 REAL, grade_4 REAL, grade_5 REAL, serious REAL
);

-- Each event in each grade that it has
CREATE TABLE graded (id INTEGER PRIMARY KEY, term INTEGER, grade INTEGER, weight REAL);

INSERT INTO graded (term, grade, weight)
SELECT * FROM (
  SELECT rowid AS term, 1 AS grade, frequency * grade_1 AS weight FROM terms
  UNION ALL SELECT rowid, 2, frequency * grade_2 FROM terms
  UNION ALL SELECT rowid, 3, frequency * grade_3 FROM terms
  UNION ALL SELECT rowid, 4, frequency * grade_4 FROM terms
  UNION ALL SELECT rowid, 5, frequency * grade_5 FROM terms
)
WHERE weight > 0
ORDER BY term, grade;

-- One of these is what happens, by how the event ends: usually; as the reason to leave; with death
CREATE TABLE usual_events (graded INTEGER, weight REAL);
INSERT INTO usual_events SELECT id, weight FROM graded WHERE grade < 5 ORDER BY id;

CREATE TABLE grave_events (graded INTEGER, weight REAL);
INSERT INTO grave_events SELECT id, weight FROM graded WHERE grade IN (3, 4) ORDER BY id;

CREATE TABLE fatal_events (graded INTEGER, weight REAL);
INSERT INTO fatal_events SELECT id, weight FROM graded WHERE grade = 5 ORDER BY id;

-- A subject. How many complete the trial decides, along with missed visits, how many visits there
-- are (see its target). For the share with an adverse event, 16 %:
--   active   0.08 + 0.92 * 0.1304 = 0.20   (who leaves because of one has one)
--   control  0.03 + 0.97 * 0.0928 = 0.12
-- @for count
CREATE TABLE subject (
  center INTEGER, -- @pick centers
  sex VARCHAR, -- @choice M=58, F=42
  age INTEGER, -- @normal 64, 8, 35, 85
  birthday INTEGER, -- Days from the last birthday to consent @uniform 1, 364
  race REAL, -- @uniform 0, 1
  ethnicity REAL, -- @uniform 0, 1
  enrolled REAL, -- When, between the subject before and the one behind @uniform 0, 1
  consent_before INTEGER, -- Days from consent to screening @uniform 0, 3
  dose_after INTEGER, -- Days from randomization to the first dose @uniform 0, 3
  reason_active VARCHAR, -- @choice COMPLETED=64, PROGRESSIVE DISEASE=16, ADVERSE EVENT=8, WITHDRAWAL BY SUBJECT=5, DEATH=4, LOST TO FOLLOW-UP=3
  reason_control VARCHAR, -- @choice COMPLETED=56, PROGRESSIVE DISEASE=27, ADVERSE EVENT=3, WITHDRAWAL BY SUBJECT=6, DEATH=5, LOST TO FOLLOW-UP=3
  last_visit INTEGER, -- The last one before a subject leaves early @uniform 2, 10
  left_after INTEGER, -- Days from then, as planned, to leaving: after its window, before the next one's @uniform 4, 17
  event_active BOOLEAN, -- Any adverse event, beside those that make subjects leave @chance 0.1304
  event_control BOOLEAN, -- @chance 0.0928
  events INTEGER -- How many then, 2.78 on average @choice 1=24, 2=25, 3=20, 4=16, 5=10, 6=5
);

-- @for subject @times plan
CREATE TABLE visit (
  moment INTEGER, -- Within the window. Windows have 1, 7, 15 and 21 days, and 5040 is a multiple of each @uniform 0, 5039
  missed BOOLEAN -- @chance 0.05
);

-- Drawn for everybody, since who has any depends on the arm @for subject @times events
CREATE TABLE event (
  moment INTEGER, -- Between the first dose and the end @uniform 0, 999999
  usual INTEGER, -- @pick usual_events
  grave INTEGER, -- @pick grave_events
  fatal INTEGER, -- @pick fatal_events
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

-- When a subject begins, and why the subject leaves. What falls on a weekend is on the Monday after.
-- MATERIALIZED: worked out once for each subject, not again for each visit.
CREATE VIEW course AS
WITH enrolment AS MATERIALIZED (
  SELECT
    subject.*,
    active,
    CASE active WHEN 1 THEN reason_active ELSE reason_control END AS reason,
    date(start, (42 + CAST((n - 1 + enrolled) * 274 / count AS INTEGER)) || ' days') AS day
  FROM subject JOIN randomized USING (n), options, run
),
randomization AS MATERIALIZED (
  SELECT *, iif(strftime('%w', day) IN ('0', '6'), date(day, 'weekday 1'), day) AS randomized_on
  FROM enrolment
),
known AS MATERIALIZED (
  SELECT *, date(randomized_on, dose_after || ' days') AS dose_day FROM randomization
)
SELECT
  n,
  active,
  randomized_on,
  iif(strftime('%w', dose_day) IN ('0', '6'), date(dose_day, 'weekday 1'), dose_day) AS first_dose,
  reason,
  CASE reason WHEN 'COMPLETED' THEN 12 ELSE last_visit END AS last_visit,
  left_after,
  reason = 'ADVERSE EVENT' OR CASE active WHEN 1 THEN event_active ELSE event_control END
    AS affected
FROM known;

-- The visits that were: none after leaving, and of the others some are missed. Not the first two,
-- without which there is no subject, nor the last one of those who complete. No visit is on a
-- weekend: it is on the nearest day of work, or the next nearest if that is outside the window.
CREATE VIEW seen AS
SELECT
  n, k, visit_name, doses, active, first_dose,
  date(first_dose, shift || ' days') AS day,
  shift + (shift >= 0) AS study_day
FROM (
  SELECT
    *,
    planned + late + CASE strftime('%w', first_dose, (planned + late) || ' days')
      WHEN '6' THEN iif(late > -window_before, -1, 2)
      WHEN '0' THEN iif(late < window_after, 1, -2)
      ELSE 0
    END AS shift
  FROM (
    SELECT
      *,
      planned_day - (planned_day > 0) AS planned,
      moment % (window_before + window_after + 1) - window_before AS late
    FROM course JOIN visit USING (n) JOIN plan ON visit_num = k
    WHERE k <= last_visit AND NOT (missed AND k BETWEEN 3 AND 11)
  )
);

-- How it went on and ended
CREATE VIEW ended AS
SELECT
  course.*,
  screened_on,
  last_dose,
  CASE reason
    WHEN 'COMPLETED' THEN last_day
    ELSE date(first_dose, (planned_day - 1 + left_after) || ' days')
  END AS left_on
FROM course
JOIN plan ON visit_num = last_visit
JOIN (
  SELECT n, min(day) AS screened_on, max(CASE WHEN doses THEN day END) AS last_dose,
    max(day) AS last_day
  FROM seen
  GROUP BY n
) USING (n);

-- Adverse events in the order of their days. The last one of those who leave because of an event is
-- what they leave because of, and the last one of those who die is fatal: it begins in the last week.
CREATE VIEW happened AS
SELECT
  n, seq, ending, last_dose, left_on, days, serious, related, action, recovering, sequelae,
  date(
    first_dose,
    max(
      moment * (1 + days_at_risk) / 1000000,
      CASE WHEN ending IS NULL THEN 0 ELSE days_at_risk - 7 END
    ) || ' days'
  ) AS began,
  CASE ending
    WHEN 'DEATH' THEN fatal_events.graded
    WHEN 'ADVERSE EVENT' THEN grave_events.graded
    ELSE usual_events.graded
  END AS graded_id
FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY n ORDER BY moment, k) AS seq,
    CASE
      WHEN reason IN ('DEATH', 'ADVERSE EVENT')
        AND row_number() OVER (PARTITION BY n ORDER BY moment DESC, k DESC) = 1 THEN reason
    END AS ending,
    CAST(julianday(min(left_on, date(last_dose, '30 days'))) - julianday(first_dose) AS INTEGER)
      AS days_at_risk
  FROM event JOIN ended USING (n)
  WHERE affected
)
JOIN usual_events ON usual_events.rowid = usual
JOIN grave_events ON grave_events.rowid = grave
JOIN fatal_events ON fatal_events.rowid = fatal;

-- @into studies
SELECT
  'ST' || key AS study_id,
  protocol AS protocol_number,
  '3' AS phase,
  'NSCLC' AS indication,
  'Corvane Therapeutics' AS sponsor,
  'completed' AS status,
  'Drug A with standard of care in advanced nonsquamous non-small cell lung cancer' AS title,
  count AS planned_subjects,
  start AS start_date,
  date(start, '547 days') AS end_date -- after the last follow-up there can be
FROM options, run
WHERE first = 1;

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
FROM run, (
  SELECT 'ACTIVE' AS arm_code, 'Active (Drug A + SOC)' AS arm_name, 'experimental' AS arm_type
  UNION ALL SELECT 'CONTROL', 'Control (SOC only)', 'active comparator'
)
WHERE first = 1
ORDER BY arm_code;

-- @into subjects
SELECT
  'SU' || key || printf('%06d', n) AS subject_id,
  protocol || '-' || site_number || '-' || printf('%04d', n) AS usubjid,
  'ST' || key AS study_id,
  'SI' || key || site_number AS site_id,
  'A' || key || CASE active WHEN 1 THEN 'ACTIVE' ELSE 'CONTROL' END AS arm_id,
  status,
  sex,
  age,
  date(screened_on, -consent_before || ' days', -birthday || ' days', -age || ' years')
    AS birth_date,
  CASE
    WHEN race < asian THEN 'ASIAN'
    WHEN race < asian + black THEN 'BLACK OR AFRICAN AMERICAN'
    ELSE 'WHITE'
  END AS race,
  CASE WHEN ethnicity < hispanic THEN 'HISPANIC OR LATINO' ELSE 'NOT HISPANIC OR LATINO' END
    AS ethnicity,
  country,
  screened_on AS screening_date,
  date(screened_on, -consent_before || ' days') AS consent_date,
  randomized_on AS randomization_date,
  first_dose AS first_dose_date,
  last_dose AS last_dose_date,
  CASE reason WHEN 'DEATH' THEN left_on END AS death_date
FROM subject
JOIN ended USING (n)
JOIN reasons USING (reason)
JOIN centers ON centers.rowid = center, options, run
ORDER BY n;

-- @into visit_schedule
SELECT
  'P' || key || printf('%06d', n) || '-' || visit_num AS scheduled_visit_id,
  'ST' || key AS study_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  visit_num,
  visit_name,
  date(first_dose, (planned_day - (planned_day > 0)) || ' days') AS planned_date,
  planned_day, window_before, window_after, epoch
FROM course, plan, run
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
FROM seen, run
ORDER BY n, k;

-- An event that outlasts the trial has no end here.
-- @into adverse_events
SELECT
  'AE' || key || printf('%06d', n) || '-' || seq AS adverse_event_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  seq AS aeseq,
  terms.term AS aeterm,
  preferred_term AS aedecod,
  system_organ_class AS aebodsys,
  began AS aestdtc,
  CASE
    WHEN grade = 5 THEN left_on
    WHEN date(began, days || ' days') <= left_on THEN date(began, days || ' days')
  END AS aeendtc,
  CASE grade WHEN 1 THEN 'MILD' WHEN 2 THEN 'MODERATE' ELSE 'SEVERE' END AS aesev,
  CAST(grade AS TEXT) AS aetoxgr,
  CASE WHEN grade > 3 OR (grade = 3 AND happened.serious < terms.serious) THEN 'Y' ELSE 'N' END
    AS aeser,
  related AS aerel,
  CASE
    WHEN ending = 'ADVERSE EVENT' THEN 'DRUG WITHDRAWN'
    WHEN grade = 5 OR began > last_dose THEN 'NOT APPLICABLE' -- there was no next dose
    WHEN grade > 2 THEN action
    ELSE 'DOSE NOT CHANGED'
  END AS aeacn,
  CASE
    WHEN grade = 5 THEN 'FATAL'
    WHEN date(began, days || ' days') <= left_on
      THEN CASE WHEN sequelae AND grade > 2 THEN 'RECOVERED/RESOLVED WITH SEQUELAE'
        ELSE 'RECOVERED/RESOLVED' END
    WHEN recovering THEN 'RECOVERING/RESOLVING'
    ELSE 'NOT RECOVERED/NOT RESOLVED'
  END AS aeout
FROM happened
JOIN graded ON graded.id = graded_id
JOIN terms ON terms.rowid = graded.term, run
ORDER BY n, seq;

-- @into disposition_events
SELECT
  'D' || key || printf('%06d', n) AS disposition_event_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  reason AS dsdecod,
  said AS dsterm,
  left_on AS dsstdtc,
  'DISPOSITION EVENT' AS dscat,
  epoch,
  1 AS dsseq
FROM ended
JOIN reasons USING (reason)
JOIN plan ON visit_num = last_visit, run
ORDER BY n;

-- Everybody has the standard of care; Drug A comes on top in its arm.
-- @into exposures
SELECT
  'X' || key || printf('%06d', n) || '-' || seq AS exposure_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  extrt, exdose, exdosu,
  'INTRAVENOUS' AS exroute,
  'Q3W' AS exdosfrq,
  day AS exstdtc,
  day AS exendtc,
  seq AS exseq,
  'V' || key || printf('%06d', n) || '-' || k AS visit_id
FROM (
  SELECT *, row_number() OVER (PARTITION BY n ORDER BY k, extrt) AS seq
  FROM seen
  JOIN (
    SELECT 'Drug A' AS extrt, 200 AS exdose, 'mg' AS exdosu
    UNION ALL SELECT 'Pemetrexed', 500, 'mg/m2'
  ) ON active OR extrt <> 'Drug A'
  WHERE doses
), run
ORDER BY n, seq;

-- Arms are equal @target 1/2
SELECT arm_code = 'ACTIVE' FROM subjects JOIN treatment_arms USING (arm_id);

-- Women @target 0.42
SELECT sex = 'F' FROM subjects;

-- The mean of the ages, where the upper limit takes a little off 64 @target 63.9
SELECT age FROM subjects;

-- Who completes: 64 % and 56 % @target 0.6
SELECT status = 'completed' FROM subjects;

-- Completed visits, 77 % of those scheduled. 0.6 of the subjects have 3 visits that are not missed
-- and 9 that are by 5 %: 3 + 9 * 0.95 = 11.55. The others have 2, and from 0 to 8, that is 4, more:
-- 2 + 4 * 0.95 = 5.8. So (0.6 * 11.55 + 0.4 * 5.8) / 12 = 9.25 / 12. @target 37/48
SELECT (SELECT count(*) FROM actual_visits AS v WHERE v.subject_id = s.subject_id) / 12.0
FROM subjects AS s;

-- Who has an adverse event @target 0.16
SELECT EXISTS (SELECT 1 FROM adverse_events AS e WHERE e.subject_id = s.subject_id)
FROM subjects AS s;

-- Who has an adverse event in the active arm @target 0.2
SELECT EXISTS (SELECT 1 FROM adverse_events AS e WHERE e.subject_id = s.subject_id)
FROM subjects AS s
JOIN treatment_arms USING (arm_id)
WHERE arm_code = 'ACTIVE';

-- Adverse events: 0.16 * 2.78 @target 0.4448
SELECT (SELECT count(*) FROM adverse_events AS e WHERE e.subject_id = s.subject_id)
FROM subjects AS s;

-- Whom progression ends: 16 % and 27 % @target 0.215
SELECT dsdecod = 'PROGRESSIVE DISEASE' FROM disposition_events;

-- Who dies: 4 % and 5 % @target 0.045
SELECT death_date IS NOT NULL FROM subjects;

-- Who dies of an adverse event: (0.04 * 0.1304 + 0.05 * 0.0928) / 2 @target 0.004928
SELECT EXISTS (
  SELECT 1 FROM adverse_events AS e WHERE e.subject_id = s.subject_id AND aeout = 'FATAL'
)
FROM subjects AS s;

-- Days from screening to the first dose: 14 planned, and a window from 14 before to 6 after. It has
-- three weekends, whose days go one back and one on; but if the first dose is on a Monday, which 9 in
-- 28 are, its last Sunday goes two back instead: 18 + 9/28 * 3/21 @target 18.0459
SELECT julianday(first_dose_date) - julianday(screening_date) FROM subjects;

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

-- More or fewer than twelve scheduled visits @never
SELECT subject_id FROM subjects LEFT JOIN visit_schedule USING (subject_id)
GROUP BY subject_id
HAVING count(scheduled_visit_id) <> 12;

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
SELECT * FROM actual_visits JOIN disposition_events USING (subject_id) WHERE visit_date > dsstdtc;

-- A subject without screening or first treatment, or one who completes without follow-up @never
SELECT subject_id FROM subjects LEFT JOIN actual_visits USING (subject_id)
GROUP BY subject_id
HAVING total(visit_num IN (1, 2)) <> 2 OR (status = 'completed') <> total(visit_num = 12);

-- Doses that are not those of the first and last dose date @never
SELECT subject_id FROM subjects LEFT JOIN exposures USING (subject_id)
GROUP BY subject_id
HAVING min(exstdtc) IS NOT first_dose_date OR max(exstdtc) IS NOT last_dose_date;

-- Drug A in the control arm @never
SELECT * FROM exposures JOIN subjects USING (subject_id) JOIN treatment_arms USING (arm_id)
WHERE extrt = 'Drug A' AND arm_code <> 'ACTIVE';

-- More or fewer than one disposition event @never
SELECT subject_id FROM subjects LEFT JOIN disposition_events USING (subject_id)
GROUP BY subject_id
HAVING count(disposition_event_id) <> 1;

-- A status or a death that the disposition contradicts @never
SELECT * FROM subjects JOIN disposition_events USING (subject_id)
WHERE status <> CASE dsdecod
    WHEN 'COMPLETED' THEN 'completed'
    WHEN 'WITHDRAWAL BY SUBJECT' THEN 'withdrawn'
    WHEN 'LOST TO FOLLOW-UP' THEN 'lost to follow-up'
    ELSE 'discontinued'
  END
  OR CASE dsdecod WHEN 'DEATH' THEN dsstdtc END IS NOT death_date;

-- An adverse event before the first dose, or 30 days after the last @never
SELECT * FROM adverse_events JOIN subjects USING (subject_id)
WHERE aestdtc < first_dose_date OR aestdtc > date(last_dose_date, '30 days');

-- An adverse event that begins or ends after death or leaving @never
SELECT * FROM adverse_events JOIN disposition_events USING (subject_id)
WHERE max(aestdtc, coalesce(aeendtc, aestdtc)) > dsstdtc;

-- Severity and grade that contradict each other, or a grade 4 that is not serious @never
SELECT * FROM adverse_events
WHERE aesev <> CASE aetoxgr WHEN '1' THEN 'MILD' WHEN '2' THEN 'MODERATE' ELSE 'SEVERE' END
  OR (aetoxgr IN ('4', '5') AND aeser <> 'Y');

-- A fatal event without grade 5, or whose end is not the day of death @never
SELECT * FROM adverse_events JOIN subjects USING (subject_id)
WHERE (aeout = 'FATAL') <> (aetoxgr = '5') OR (aeout = 'FATAL' AND aeendtc IS NOT death_date);

-- An event that ends but is not over, or is over but does not end @never
SELECT * FROM adverse_events
WHERE (aeendtc IS NULL)
  <> (aeout IN ('NOT RECOVERED/NOT RESOLVED', 'RECOVERING/RESOLVING', 'UNKNOWN'));

-- The drug withdrawn without leaving because of it, or the other way round @never
SELECT subject_id FROM disposition_events LEFT JOIN adverse_events USING (subject_id)
GROUP BY subject_id
HAVING total(aeacn = 'DRUG WITHDRAWN') <> (dsdecod = 'ADVERSE EVENT');

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
