-- Adults with chronic obstructive pulmonary disease over two years: its severity decides FEV1, oxygen and exacerbations @counts patients @count 75 @include _clinic.sql

-- @for person @times 1
CREATE TABLE trait (
  gender VARCHAR, -- @choice F=50, M=50
  race VARCHAR, -- @choice White=70, Hispanic=10, Black=14, Asian=6
  age INTEGER, -- @normal 66.5, 9, 45, 88
  severity REAL, -- @uniform 0, 1
  duration REAL, -- @uniform 0, 1
  smoking REAL, -- @uniform 0, 1
  infection REAL, -- Whether an exacerbation is one of the airways @uniform 0, 1
  eosinophils REAL, -- @lognormal 0.18, 0.5, 0.04, 0.8
  death REAL, -- @uniform 0, 1
  bmi REAL -- @normal 27, 5, 17, 42
);

-- @for person @total 2.8 @least 1 @weight trait.severity
CREATE TABLE visit (
  moment REAL, -- Within the part of the two years that is the visit's @uniform 0, 0.85
  quarter INTEGER, -- Of an hour since eight @uniform 0, 35
  turn REAL, -- What kind of visit @uniform 0, 1
  stay INTEGER, -- How long: days in hospital @uniform 2, 7
  pressure REAL, -- @normal 0, 1, -2.5, 2.5
  pulse REAL -- @normal 0, 1, -2.5, 2.5
);

-- @for person @total 6 @least 2
CREATE TABLE lab (
  spread REAL, -- @normal 0, 1, -2.5, 2.5
  wait INTEGER -- Minutes until the result @uniform 30, 600
);

-- @for person @total 232/75 @least 2 @weight trait.severity
CREATE TABLE diagnosis (
  elapsed REAL -- @uniform 0, 1
);

-- @for person @total 320/75 @least 3 @weight trait.severity
CREATE TABLE medication (
  elapsed REAL -- @uniform 0, 1
);

CREATE TABLE comorbidities (condition VARCHAR, weight REAL);

INSERT INTO comorbidities VALUES
  ('I10', 8), ('E78.5', 6), ('I25.10', 4), ('F32.A', 3), ('F41.1', 3), ('K21.9', 3),
  ('G47.33', 2), ('M81.0', 1), ('M17.9', 1);

-- Nobody blows into a spirometer in an exacerbation
CREATE TABLE panels (panel VARCHAR, position INTEGER, loinc_code VARCHAR);

INSERT INTO panels VALUES
  ('lungs', 1, '20152-5'), ('lungs', 2, '20150-9'), ('lungs', 3, '19926-5'), ('lungs', 4, '711-2'),
  ('lungs', 5, '718-7'), ('lungs', 6, '1963-8'), ('lungs', 7, '2823-3'), ('lungs', 8, '98979-8'),
  ('lungs', 9, '2160-0'), ('lungs', 10, '6690-2'), ('lungs', 11, '777-3'), ('lungs', 12, '1751-7'),
  ('flare', 1, '2744-1'), ('flare', 2, '2019-8'), ('flare', 3, '2703-7'), ('flare', 4, '6690-2'),
  ('flare', 5, '1988-5'), ('flare', 6, '711-2'), ('flare', 7, '718-7'), ('flare', 8, '1963-8'),
  ('flare', 9, '2823-3'), ('flare', 10, '2160-0'), ('flare', 11, '777-3'), ('flare', 12, '1751-7');

CREATE VIEW chart AS
SELECT
  *,
  85 - 55 * severity AS fev1,
  death < 0.1 * severity AS dies,
  0.5 + 12 * duration AS onset_years,
  iif(infection < 0.35, 'J44.0', 'J44.1') AS flare,
  NULL AS stage
FROM trait;

-- The last visit is one in the office
CREATE VIEW visit_kinds AS
SELECT
  n,
  k,
  CASE WHEN NOT acute THEN 'AMB' WHEN turn < 0.3 * severity THEN 'IMP' ELSE 'EMER' END
    AS class_code,
  acute,
  iif(acute, 'flare', 'lungs') AS panel,
  iif(acute, 'worsening cough and shortness of breath', 'COPD follow-up') AS complaint,
  iif(acute, flare, 'J44.9') AS reason,
  0 AS weight_gain,
  96 - 5 * severity - 4 * acute AS saturation
FROM (
  SELECT
    n,
    k,
    turn,
    severity,
    flare,
    k < visits AND turn < 0.1 + 0.5 * severity AS acute
  FROM visit JOIN visit_counts USING (n) JOIN chart USING (n)
);

-- The latest exacerbation
CREATE VIEW flares AS SELECT n, max(k) AS visit FROM visit_kinds WHERE acute GROUP BY n;

CREATE VIEW wanted_conditions AS
SELECT n, 1 AS place, 'J44.9' AS code, NULL AS visit FROM chart
UNION ALL
SELECT n, 2, flare, visit FROM flares JOIN chart USING (n)
UNION ALL
SELECT n, 3, iif(smoking < 0.35, 'F17.210', 'Z87.891'), NULL FROM chart
UNION ALL
SELECT n, 4, 'J96.11', NULL FROM chart WHERE severity > 0.85
UNION ALL
SELECT * FROM wanted_comorbidities;

CREATE VIEW wanted_drugs AS
SELECT n, 1 AS place, 'albuterol inhaler' AS drug, 'J44.9' AS reason, NULL AS visit FROM chart
UNION ALL
SELECT n, 2, 'fluticasone/salmeterol', 'J44.9', NULL FROM chart
UNION ALL
SELECT n, 3, 'prednisone', flare, visit FROM flares JOIN chart USING (n)
UNION ALL
SELECT n, 4, 'azithromycin', flare, visit FROM flares JOIN chart USING (n)
UNION ALL
SELECT n, 5, 'albuterol solution', 'J44.9', NULL FROM chart WHERE severity > 0.6
UNION ALL
SELECT * FROM wanted_remedies;

-- FEV1 by severity s is 85 - 55 s percent of what the height, age and gender predict
CREATE VIEW measured AS
SELECT
  results.*,
  CASE loinc_code
    WHEN '20152-5' THEN fev1 + spread
    WHEN '20150-9' THEN fev1 / 100 * iif(gender = 'M',
      4.3 * (1.755 + 0.065 * height) - 0.029 * age - 2.49,
      3.95 * (1.62 + 0.065 * height) - 0.025 * age - 2.6)
    WHEN '19926-5' THEN 66 - 26 * severity + spread
    WHEN '711-2' THEN eosinophils * (1 + 0.1 * spread)
    WHEN '2744-1' THEN 7.41 - 0.06 * severity + 0.012 * spread
    WHEN '2019-8' THEN 41 + 16 * severity + 2 * spread
    WHEN '2703-7' THEN 72 - 16 * severity + 2.5 * spread
    WHEN '1963-8' THEN 25 + 6 * severity + spread
    WHEN '6690-2' THEN usual + 4 * acute
    WHEN '1988-5' THEN usual + 30 * acute
    ELSE usual
  END AS found
FROM results JOIN chart USING (n) JOIN care USING (n);

-- Women @target 0.5
SELECT gender = 'F' FROM patients;

-- White @target 0.7
SELECT coalesce(race, '') = 'White' FROM patients;

-- Age: half way between 45 and 88 @target 66.5
SELECT 2025 - strftime('%Y', birth_date) FROM patients;

-- FEV1, percent of predicted: 85 - 55 / 2 @target 57.5
SELECT avg(value_numeric) FROM lab_results WHERE loinc_code = '20152-5' GROUP BY patient_id;

-- Oxygen saturation at the last visit: 96 - 5 / 2 @target 93.5
SELECT oxygen_saturation
FROM (
  SELECT *, row_number() OVER (PARTITION BY patient_id ORDER BY observed_time DESC) AS k
  FROM vital_signs
)
WHERE k = 1;

-- Died: 0.1 / 2 @target 0.05
SELECT deceased FROM patients;

-- FEV1 of those who died, who are as many as they are ill: 85 - 55 * 2 / 3 @target 48.3333
SELECT avg(value_numeric)
FROM lab_results JOIN patients USING (patient_id)
WHERE loinc_code = '20152-5' AND deceased
GROUP BY patient_id;

-- Long-acting inhaler @target 1
SELECT max(name = 'Fluticasone/salmeterol') FROM medications GROUP BY patient_id;

-- No spirometry @never
SELECT patient_id
FROM patients
WHERE patient_id NOT IN (SELECT patient_id FROM lab_results WHERE loinc_code = '20152-5');

-- Spirometry in an exacerbation, or blood taken from an artery in the office @never
SELECT *
FROM lab_results JOIN encounters USING (encounter_id)
WHERE (loinc_code IN ('20152-5', '20150-9', '19926-5') AND class_code <> 'AMB')
  OR (loinc_code IN ('2744-1', '2019-8', '2703-7') AND class_code = 'AMB');

-- Lungs that let out 70 percent in the first second @never
SELECT * FROM lab_results WHERE loinc_code = '19926-5' AND value_numeric >= 70;

-- An urgent visit for COPD as usual, or the other way round @never
SELECT *
FROM encounters
WHERE (class_code IN ('EMER', 'IMP')) <> (reason_code IN ('J44.0', 'J44.1'));

-- A flare on the chart that no urgent visit found @never
SELECT *
FROM diagnoses AS d LEFT JOIN encounters AS e USING (encounter_id)
WHERE code IN ('J44.0', 'J44.1')
  AND (coalesce(class_code, '') NOT IN ('EMER', 'IMP') OR reason_code <> code
    OR diagnosed_date <> date(admission_time));

-- Prednisone or an antibiotic without a flare, or for long @never
SELECT *
FROM medications AS m LEFT JOIN encounters AS e USING (encounter_id)
WHERE name IN ('Prednisone', 'Azithromycin')
  AND (coalesce(class_code, 'AMB') = 'AMB' OR start_date <> date(admission_time)
    OR end_date IS NULL OR end_date > date(start_date, '14 days') OR m.status <> 'completed');

-- One who smokes and has given it up @never
SELECT patient_id
FROM diagnoses
WHERE code IN ('F17.210', 'Z87.891')
GROUP BY patient_id
HAVING count(*) > 1;

-- Air enough for one whose lungs are very bad, or too little for one whose are good @never
SELECT patient_id
FROM (
  SELECT patient_id, avg(value_numeric) AS fev1
  FROM lab_results
  WHERE loinc_code = '20152-5'
  GROUP BY patient_id
) JOIN (
  SELECT patient_id, max(oxygen_saturation) AS best FROM vital_signs GROUP BY patient_id
) USING (patient_id)
WHERE (fev1 < 35 AND best > 95) OR (fev1 > 75 AND best < 92);
