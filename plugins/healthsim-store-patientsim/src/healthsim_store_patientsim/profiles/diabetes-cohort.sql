-- Adults with type 2 diabetes over two years: how well it is controlled decides A1C, treatment and complications @counts patients @count 150 @include _clinic.sql

CREATE TABLE options (
  insulin REAL NOT NULL DEFAULT 0.29 CHECK (insulin BETWEEN 0 AND 0.6) -- Share on insulin: nine of ten from the worst controlled down
);

-- @for person @times 1
CREATE TABLE trait (
  gender VARCHAR, -- @choice F=52, M=48
  race VARCHAR, -- @choice White=45, Hispanic=28, Black=18, Asian=9
  age INTEGER, -- @normal 56.5, 11, 35, 78
  control REAL, -- From well to badly controlled @uniform 0, 1
  duration REAL, -- From found lately to long ago @uniform 0, 1
  insulin_luck REAL, -- @uniform 0, 1
  complication_luck REAL, -- @uniform 0, 1
  kind REAL, -- Of complication @uniform 0, 1
  severity REAL, -- Of kidney disease @uniform 0, 1
  agent REAL, -- Which medicine beside metformin @uniform 0, 1
  burden REAL, -- How much else there is @uniform 0, 1
  bmi REAL -- @normal 33, 5, 22, 48
);

-- @for person @total 425/150 @least 1
CREATE TABLE visit (
  moment REAL, -- Within the part of the two years that is the visit's @uniform 0, 0.85
  quarter INTEGER, -- Of an hour since eight @uniform 0, 35
  turn REAL, -- What kind of visit @uniform 0, 1
  stay INTEGER, -- How long: days in hospital @uniform 2, 6
  pressure REAL, -- @normal 0, 1, -2.5, 2.5
  pulse REAL -- @normal 0, 1, -2.5, 2.5
);

-- @for person @total 890/150 @least 2
CREATE TABLE lab (
  spread REAL, -- @normal 0, 1, -2.5, 2.5
  wait INTEGER -- Minutes until the result @uniform 60, 1800
);

-- @for person @total 348/150 @least 1 @weight trait.burden
CREATE TABLE diagnosis (
  elapsed REAL -- @uniform 0, 1
);

-- @for person @total 320/150 @least 1 @weight trait.control
CREATE TABLE medication (
  elapsed REAL -- @uniform 0, 1
);

CREATE TABLE comorbidities (condition VARCHAR, weight REAL);

INSERT INTO comorbidities VALUES
  ('I10', 9), ('E78.5', 7), ('obesity', 5), ('F32.A', 2), ('G47.33', 2), ('K21.9', 2),
  ('M17.9', 1), ('E03.9', 1), ('I25.10', 1);

-- At every other visit the kidneys are looked at first, and the lipids at the others
CREATE TABLE panels (panel VARCHAR, position INTEGER, loinc_code VARCHAR);

INSERT INTO panels VALUES
  ('kidneys', 1, '4548-4'), ('kidneys', 2, '98979-8'), ('kidneys', 3, '2160-0'),
  ('kidneys', 4, '9318-7'), ('kidneys', 5, '2823-3'), ('kidneys', 6, '13457-7'),
  ('kidneys', 7, '2085-9'), ('kidneys', 8, '2571-8'), ('kidneys', 9, '2345-7'),
  ('kidneys', 10, '2951-2'), ('kidneys', 11, '1963-8'), ('kidneys', 12, '1742-6'),
  ('lipids', 1, '4548-4'), ('lipids', 2, '13457-7'), ('lipids', 3, '2085-9'),
  ('lipids', 4, '2571-8'), ('lipids', 5, '2345-7'), ('lipids', 6, '98979-8'),
  ('lipids', 7, '2160-0'), ('lipids', 8, '9318-7'), ('lipids', 9, '2823-3'),
  ('lipids', 10, '2951-2'), ('lipids', 11, '1963-8'), ('lipids', 12, '1742-6');

-- A1C by control c is 6.4 + 1.35 c + 4.35 c^5: 7.8 on average, 7.2 in the middle, 12.1 at the worst.
-- On insulin are nine of ten from the worst down. A complication has 0.05 + 0.5 c + 0.3 duration.
-- Kidney disease takes two diagnoses, so it is for those who have two.
CREATE VIEW chart AS
SELECT
  *,
  CASE
    WHEN principal <> 'E11.22' THEN NULL
    WHEN severity < 0.55 THEN 'N18.31'
    WHEN severity < 0.85 THEN 'N18.32'
    ELSE 'N18.4'
  END AS stage
FROM (
  SELECT
    *,
    -- Whatever the share, insulin is for those whose A1C is high without it
    max(
      6.4 + 1.35 * control + 4.35 * control * control * control * control * control,
      iif(on_insulin, 7.9, 0)
    ) AS a1c,
    CASE
      WHEN NOT complicated THEN 'E11.9'
      WHEN kind < 0.35 AND control > 0.6 THEN 'E11.65'
      WHEN kind < 0.6 AND charted > 1 THEN 'E11.22'
      WHEN kind < 0.75 THEN 'E11.42'
      WHEN kind < 0.88 THEN 'E11.3293'
      WHEN kind < 0.94 THEN 'E11.40'
      ELSE 'E11.51'
    END AS principal
  FROM (
    SELECT
      trait.*,
      0 AS dies,
      1 + duration * min(18, age - 34) AS onset_years,
      control > 1 - insulin / 0.9 AND insulin_luck < 0.9 AS on_insulin,
      complication_luck < 0.05 + 0.5 * control + 0.3 * duration AS complicated,
      (SELECT count(*) FROM diagnosis WHERE diagnosis.n = trait.n) AS charted
    FROM trait, options
  )
);

-- The last visit is one in the office
CREATE VIEW visit_kinds AS
SELECT
  visit.n,
  visit.k,
  class_code,
  class_code IN ('EMER', 'IMP') AS acute,
  iif((visits - visit.k) % 2, 'lipids', 'kidneys') AS panel,
  CASE
    WHEN class_code = 'VR' THEN 'medication review'
    WHEN class_code = 'EMER' THEN 'high blood sugar'
    WHEN class_code = 'IMP' THEN 'uncontrolled blood sugar'
    WHEN visit.k % 3 = 2 THEN 'annual wellness'
    WHEN a1c > 9 THEN 'follow-up, poor control'
    ELSE 'routine follow-up'
  END AS complaint,
  principal AS reason,
  0 AS weight_gain,
  NULL AS saturation
FROM (
  SELECT
    n,
    k,
    visits,
    CASE
      WHEN k = visits THEN 'AMB'
      WHEN turn < 0.06 THEN 'VR'
      WHEN a1c > 8.5 AND complicated AND turn > 0.85 THEN 'IMP'
      WHEN a1c > 8.5 AND complicated AND turn > 0.7 THEN 'EMER'
      ELSE 'AMB'
    END AS class_code
  FROM visit JOIN visit_counts USING (n) JOIN chart USING (n)
) AS visit
JOIN chart USING (n);

CREATE VIEW wanted_conditions AS
SELECT n, 1 AS place, principal AS code, NULL AS visit FROM chart
UNION ALL
SELECT n, 2, stage, NULL FROM chart WHERE stage IS NOT NULL
UNION ALL
SELECT n, 3, iif(principal = 'E11.65', 'E11.42', 'E11.65'), NULL
FROM chart
WHERE complicated AND a1c > 9
UNION ALL
SELECT * FROM wanted_comorbidities;

-- Metformin for all but those whose kidneys forbid it; another one above 7.5; insulin before all.
-- A statin is for anybody with diabetes.
CREATE VIEW wanted_drugs AS
SELECT n, 1 AS place, iif(agent < 0.7, 'glargine pen', 'glargine vial') AS drug,
  principal AS reason, NULL AS visit
FROM chart
WHERE on_insulin
UNION ALL
SELECT n, 2,
  CASE
    WHEN stage = 'N18.4' THEN 'semaglutide'
    WHEN stage = 'N18.32' OR a1c < 7 THEN 'metformin 500'
    ELSE 'metformin 1000'
  END,
  principal, NULL
FROM chart
UNION ALL
SELECT n, 3,
  CASE
    WHEN stage IN ('N18.32', 'N18.4') OR agent < 0.3 THEN 'semaglutide'
    WHEN agent < 0.7 OR on_insulin THEN iif(a1c < 8.5, 'empagliflozin 10', 'empagliflozin 25')
    WHEN agent < 0.9 THEN 'glipizide'
    ELSE 'sitagliptin'
  END,
  principal, NULL
FROM chart
WHERE a1c > 7.5
UNION ALL
SELECT n, 4, 'lispro', principal, NULL FROM chart WHERE on_insulin AND a1c > 10
UNION ALL
SELECT n, 60, 'atorvastatin', principal, NULL FROM chart
UNION ALL
SELECT * FROM wanted_remedies;

-- Albumin in the urine is what kidney disease shows first
CREATE VIEW measured AS
SELECT
  results.*,
  CASE loinc_code
    WHEN '4548-4' THEN a1c + 0.12 * spread
    WHEN '2345-7' THEN 24 * a1c - 40 + 10 * spread
    WHEN '9318-7' THEN iif(stage IS NULL, 14 + 4 * spread, 190 - egfr + 40 * spread)
    ELSE usual
  END AS found
FROM results JOIN chart USING (n) JOIN kidneys USING (n);

-- Women @target 0.52
SELECT gender = 'F' FROM patients;

-- Hispanic @target 0.28
SELECT ethnicity = 'Hispanic or Latino' FROM patients;

-- Black @target 0.18
SELECT coalesce(race, '') = 'Black' FROM patients;

-- Asian @target 0.09
SELECT coalesce(race, '') = 'Asian' FROM patients;

-- Age: half way between 35 and 78 @target 56.5
SELECT 2025 - strftime('%Y', birth_date) FROM patients;

-- A1C: 6.4 + 1.35 / 2 + 4.35 / 6 @target 7.8
SELECT avg(value_numeric) FROM lab_results WHERE loinc_code = '4548-4' GROUP BY patient_id;

-- On insulin @target 0.29
SELECT max(name LIKE 'Insulin%') FROM medications GROUP BY patient_id;

-- A1C of those on insulin. They are above t = 1 - 0.29 / 0.9, where it is on average
-- 6.4 + 1.35 (1 + t) / 2 + 4.35 (1 - t^6) / 6 (1 - t) @target 9.5643
SELECT avg(value_numeric)
FROM lab_results
WHERE loinc_code = '4548-4'
  AND patient_id IN (SELECT patient_id FROM medications WHERE name LIKE 'Insulin%')
GROUP BY patient_id;

-- With complications: 0.05 + 0.5 / 2 + 0.3 / 2 @target 0.45
SELECT max(code GLOB 'E11.[0-8]*') FROM diagnoses GROUP BY patient_id;

-- A1C of those with complications: the mean of A1C times their share, (0.2 + 0.5 c), over 0.45:
-- (0.2 * 7.8 + 0.5 (6.4 / 2 + 1.35 / 3 + 4.35 / 7)) / 0.45 @target 8.2127
SELECT avg(value_numeric)
FROM lab_results
WHERE loinc_code = '4548-4'
  AND patient_id IN (SELECT patient_id FROM diagnoses WHERE code GLOB 'E11.[0-8]*')
GROUP BY patient_id;

-- A1C of those without: what is left @target 7.4624
SELECT avg(value_numeric)
FROM lab_results
WHERE loinc_code = '4548-4'
  AND patient_id IN (SELECT patient_id FROM diagnoses WHERE code = 'E11.9')
GROUP BY patient_id;

-- No A1C at the last visit, or one outside what the cohort is meant to have @never
SELECT p.patient_id
FROM patients AS p
LEFT JOIN lab_results AS l ON l.patient_id = p.patient_id AND loinc_code = '4548-4'
GROUP BY p.patient_id
HAVING count(l.patient_id) = 0 OR min(value_numeric) < 6.1 OR max(value_numeric) > 12.4
  OR date(max(collected_time))
    <> (SELECT date(max(admission_time)) FROM encounters AS e WHERE e.patient_id = p.patient_id);

-- A1C that leaps @never
SELECT patient_id
FROM lab_results
WHERE loinc_code = '4548-4'
GROUP BY patient_id
HAVING max(value_numeric) - min(value_numeric) > 0.8;

-- Insulin, though A1C was never above 7.5; a second medicine, though never above 7 @never
SELECT m.patient_id, name, max(value_numeric) AS highest
FROM medications AS m JOIN lab_results AS l USING (patient_id)
WHERE loinc_code = '4548-4' AND reason_code LIKE 'E11%'
GROUP BY m.patient_id, name
HAVING (name LIKE 'Insulin%' AND highest <= 7.5)
  OR (name IN ('Empagliflozin', 'Glipizide', 'Sitagliptin') AND highest <= 7);

-- A1C of 10 with nothing beside metformin @never
SELECT patient_id
FROM lab_results
WHERE loinc_code = '4548-4' AND value_numeric >= 10
  AND patient_id NOT IN (
    SELECT patient_id FROM medications
    WHERE name LIKE 'Insulin%'
      OR name IN ('Empagliflozin', 'Semaglutide', 'Glipizide', 'Sitagliptin')
  );

-- Two ways of coding the same: E11.9 with a complication, E11.22 without a stage, or a stage alone
-- @never
SELECT patient_id
FROM diagnoses
GROUP BY patient_id
HAVING (max(code = 'E11.9') AND max(code GLOB 'E11.[0-8]*'))
  OR max(code = 'E11.22') <> max(code LIKE 'N18%')
  OR NOT max(code LIKE 'E11%' AND diagnosis_type = 'principal');

-- Hyperglycemia that A1C does not show @never
SELECT *
FROM diagnoses JOIN lab_results USING (patient_id)
WHERE code = 'E11.65' AND loinc_code = '4548-4' AND value_numeric < 7.2;

-- Albumin in the urine without kidney disease, or the other way round @never
SELECT patient_id, value_numeric
FROM lab_results
WHERE loinc_code = '9318-7' AND (value_numeric > 30)
  <> (patient_id IN (SELECT patient_id FROM diagnoses WHERE code = 'E11.22'));

-- Metformin for kidneys that cannot bear it @never
SELECT *
FROM medications JOIN diagnoses USING (patient_id)
WHERE name = 'Metformin' AND code = 'N18.4';

-- In hospital for diabetes without complications @never
SELECT * FROM encounters WHERE class_code IN ('EMER', 'IMP') AND reason_code = 'E11.9';
