-- Laboratory results for the patients of a scenario: panels at regular intervals, near the values
-- that are there @counts lab_results @include _labs.sql
-- @from scenario patients(patient_id, birth_date, death_date, gender) diagnoses(patient_id, code,
-- diagnosed_date)? lab_results(patient_id, loinc_code, value_numeric)?

CREATE TABLE options (
  as_of DATE NOT NULL DEFAULT '2025-12-31' CHECK (as_of BETWEEN '1990-01-01' AND '2100-01-01'), -- The last day of the records
  months INTEGER NOT NULL DEFAULT 12 CHECK (months BETWEEN 1 AND 120), -- How far back the results go
  every INTEGER NOT NULL DEFAULT 3 CHECK (every BETWEEN 1 AND 12) -- Months between two panels
);

-- What is tested for whom: 'all', or those with a diagnosis whose code begins so. A mean and
-- deviation of its own is that of those, without one it is the test's.
CREATE TABLE tests (
  loinc_code VARCHAR, whose VARCHAR, usual REAL, spread REAL
);

INSERT INTO tests VALUES
  ('4548-4', 'E11', 7.4, 1.0), ('4548-4', 'E10', 7.8, 1.1),
  ('2345-7', 'E11', 152, 30), ('2345-7', 'E10', 165, 40), ('2345-7', 'all', 96, 7),
  ('2160-0', 'N18', 1.7, 0.3), ('2160-0', 'all', 0.9, 0.12),
  ('33762-6', 'I50', 1800, 500), ('2823-3', 'all', NULL, NULL), ('2951-2', 'all', NULL, NULL),
  ('13457-7', 'all', NULL, NULL), ('718-7', 'all', NULL, NULL);

-- What ICD-10-CM calls what SNOMED CT calls so, with the codes that Synthea uses
CREATE TABLE also_called (code VARCHAR, icd10 VARCHAR);

INSERT INTO also_called VALUES
  ('44054006', 'E11'), ('46635009', 'E10'), ('73211009', 'E11'), ('427089005', 'E08'),
  ('127013003', 'E11'), ('90781000119102', 'E11'), ('157141000119108', 'E11'), ('422034002', 'E11'),
  ('1551000119108', 'E11'), ('1501000119109', 'E11'), ('97331000119101', 'E11'),
  ('60951000119105', 'E11'), ('368581000119106', 'E11'),
  -- kidneys and heart
  ('431855005', 'N18'), ('431856006', 'N18'), ('433144002', 'N18'), ('431857002', 'N18'),
  ('46177005', 'N18'), ('88805009', 'I50'), ('84114007', 'I50');

-- Tests that are done, each of which has a place on the request
CREATE TABLE places (loinc_code VARCHAR);

INSERT INTO places SELECT loinc_code FROM tests GROUP BY loinc_code ORDER BY min(rowid);

-- Patients who lived in that time, and how many panels are of it @for scenario
CREATE TABLE person AS
SELECT
  patient_id, opens, closes,
  max(1, CAST((julianday(closes) - julianday(opens)) / (30.44 * every) AS INTEGER)) AS panels
FROM (
  SELECT
    patient_id,
    max(birth_date, date(as_of, '1 day', '-' || months || ' months')) AS opens,
    date(min(as_of, coalesce(death_date, as_of)), '-2 days') AS closes
  FROM patients, options
), options
WHERE closes > opens;

-- How somebody differs from others @for person @times places
CREATE TABLE nature (
  offset REAL -- @normal 0, 1, -2.3, 2.3
);

-- @for person @times panels
CREATE TABLE panel (
  moment REAL, -- Within its part of the time @uniform 0, 1
  quarter INTEGER, -- Of an hour, from seven on @uniform 0, 11
  wait INTEGER -- Minutes until the results are there @uniform 60, 480
);

-- @for panel @times places
CREATE TABLE taken (
  swing REAL -- @normal 0, 1, -2.5, 2.5
);

-- The first of a patient's diagnoses that a test is for, or all; none before its diagnosis @batch
CREATE TABLE wanted_tests AS
SELECT n, k, loinc_code, usual, spread, since
FROM (
  SELECT
    n, places.rowid AS k, tests.loinc_code, usual, spread,
    (
      SELECT min(diagnosed_date)
      FROM diagnoses
      WHERE diagnoses.patient_id = person.patient_id AND coalesce(
        (SELECT icd10 FROM also_called WHERE also_called.code = diagnoses.code),
        substr(diagnoses.code, 1, 3)
      ) = whose
    ) AS since,
    whose,
    tests.rowid AS number
  FROM person CROSS JOIN tests JOIN places USING (loinc_code)
)
WHERE since IS NOT NULL OR whose = 'all'
GROUP BY n, k
HAVING number = min(number);

-- What the results that are there say of a patient @batch
CREATE TABLE known_values AS
SELECT n, loinc_code, avg(value_numeric) AS value
FROM person CROSS JOIN lab_results USING (patient_id)
WHERE value_numeric IS NOT NULL
GROUP BY n, loinc_code;

-- Laboratories are closed at the weekend
CREATE VIEW drawn AS
SELECT
  n, k, quarter, wait,
  CASE strftime('%w', day) WHEN '0' THEN date(day, '1 day') WHEN '6' THEN date(day, '2 days') ELSE day END
    AS day
FROM (
  SELECT
    panel.n, panel.k, quarter, wait,
    date(
      opens, CAST((panel.k - 1 + moment) * (julianday(closes) - julianday(opens)) / panels AS INTEGER)
        || ' days'
    ) AS day
  FROM panel JOIN person USING (n)
);

-- From one panel to the next a value changes by a part of itself at most
CREATE VIEW measured AS
SELECT
  n, panel, place, patient_id, loinc_code, day, quarter, wait,
  middle + 0.35 * swing * min(width, abs(middle) / 2) AS found
FROM (
  SELECT
    drawn.n, drawn.k AS panel, place.k AS place, person.patient_id, place.loinc_code, drawn.day,
    quarter, wait, swing,
    coalesce(spread, deviation) AS width,
    coalesce(
      known_values.value,
      coalesce(usual, mean) + 0.8 * nature.offset * coalesce(spread, deviation)
    ) AS middle
  FROM drawn
  JOIN person USING (n)
  JOIN wanted_tests AS place ON place.n = drawn.n
  JOIN taken ON taken.n = drawn.n AND taken.parent = drawn.k AND taken.k = place.k
  JOIN nature ON nature.n = drawn.n AND nature.k = place.k
  JOIN labs ON labs.loinc_code = place.loinc_code
  LEFT JOIN known_values
    ON known_values.n = drawn.n AND known_values.loinc_code = place.loinc_code
  WHERE coalesce(since, '') <= drawn.day
);

-- @into lab_results
SELECT
  'L' || key || printf('%06d', n) || '-' || panel || '-' || place AS lab_result_id,
  patient_id,
  test_name,
  printf('%.*f', decimals, value) AS value,
  unit,
  day || printf('T%02d:%02d:00', 7 + quarter / 4, quarter % 4 * 15) AS collected_time,
  loinc_code,
  value AS value_numeric,
  abnormal_flag,
  reference_range,
  strftime(
    '%Y-%m-%dT%H:%M:%S',
    day || printf('T%02d:%02d:00', 7 + quarter / 4, quarter % 4 * 15),
    wait || ' minutes'
  ) AS resulted_time
FROM reported, run
ORDER BY n, panel, place;

-- A result before birth, or after death @never
SELECT lab_result_id
FROM lab_results JOIN patients USING (patient_id)
WHERE date(collected_time) < birth_date OR date(collected_time) > death_date;

-- A result that is no number above zero @never
SELECT lab_result_id FROM lab_results WHERE loinc_code <> '711-2' AND NOT value_numeric > 0;
