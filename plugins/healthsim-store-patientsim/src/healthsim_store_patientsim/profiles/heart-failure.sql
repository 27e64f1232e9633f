-- Adults with heart failure over two years: its severity decides NT-proBNP, stays in hospital and treatment @counts patients @count 120 @include _clinic.sql

CREATE TABLE options (
  reduced REAL NOT NULL DEFAULT 0.5 CHECK (reduced BETWEEN 0 AND 1), -- Share with a reduced ejection fraction
  hypertensive REAL NOT NULL DEFAULT 0.7 CHECK (hypertensive BETWEEN 0 AND 1) -- Share with high blood pressure
);

-- @for person @times 1
CREATE TABLE trait (
  gender VARCHAR, -- @choice F=45, M=55
  race VARCHAR, -- @choice White=60, Hispanic=14, Black=20, Asian=6
  age INTEGER, -- @normal 70, 9, 50, 90
  severity REAL, -- NYHA class I in the first quarter, IV in the last @uniform 0, 1
  duration REAL, -- @uniform 0, 1
  fraction REAL, -- @uniform 0, 1
  pressure REAL, -- @uniform 0, 1
  kidney REAL, -- @uniform 0, 1
  agent REAL, -- Which of the medicines that there are for the same @uniform 0, 1
  death REAL, -- @uniform 0, 1
  bmi REAL -- @normal 30, 5, 19, 45
);

-- @for person @total 380/120 @least 1 @weight trait.severity
CREATE TABLE visit (
  moment REAL, -- Within the part of the two years that is the visit's @uniform 0, 0.85
  quarter INTEGER, -- Of an hour since eight @uniform 0, 35
  turn REAL, -- What kind of visit @uniform 0, 1
  stay INTEGER, -- How long: days in hospital @uniform 2, 8
  pressure REAL, -- @normal 0, 1, -2.5, 2.5
  pulse REAL -- @normal 0, 1, -2.5, 2.5
);

-- @for person @total 6 @least 2
CREATE TABLE lab (
  spread REAL, -- @normal 0, 1, -2.5, 2.5
  wait INTEGER -- Minutes until the result @uniform 60, 1800
);

-- @for person @total 2.6 @least 2 @weight trait.severity
CREATE TABLE diagnosis (
  elapsed REAL -- @uniform 0, 1
);

-- @for person @total 5 @least 4 @weight trait.severity
CREATE TABLE medication (
  elapsed REAL -- @uniform 0, 1
);

CREATE TABLE comorbidities (condition VARCHAR, weight REAL);

INSERT INTO comorbidities VALUES
  ('I25.10', 6), ('I48.91', 5), ('E78.5', 5), ('G47.33', 2), ('obesity', 2), ('F32.A', 1),
  ('E03.9', 1), ('M10.9', 1), ('K21.9', 1);

CREATE TABLE panels (panel VARCHAR, position INTEGER, loinc_code VARCHAR);

INSERT INTO panels VALUES
  ('heart', 1, '33762-6'), ('heart', 2, '2823-3'), ('heart', 3, '98979-8'), ('heart', 4, '2160-0'),
  ('heart', 5, '2951-2'), ('heart', 6, '718-7'), ('heart', 7, '3094-0'), ('heart', 8, '19123-9'),
  ('heart', 9, '1963-8'), ('heart', 10, '3016-3'), ('heart', 11, '2276-4'),
  ('heart', 12, '1742-6');

-- ICD-10-CM takes heart failure to be due to high blood pressure where there is any: I11.0 comes
-- first then, I13.0 with kidney disease, and I50 says which failure. The stage is a diagnosis more.
CREATE VIEW chart AS
SELECT
  *,
  CASE WHEN NOT has_pressure THEN failure WHEN stage IS NULL THEN 'I11.0' ELSE 'I13.0' END
    AS principal
FROM (
  SELECT
    trait.*,
    1 + CAST(severity * 4 AS INTEGER) AS nyha,
    fraction < reduced AS has_reduced,
    pressure < hypertensive AS has_pressure,
    iif(fraction < reduced, 'I50.22', 'I50.32') AS failure,
    CASE
      WHEN charted < iif(pressure < hypertensive, 3, 2) OR kidney > 0.5 THEN NULL
      WHEN kidney < 0.08 THEN 'N18.4'
      WHEN kidney < 0.25 THEN 'N18.32'
      ELSE 'N18.31'
    END AS stage,
    death < 0.16 * severity AS dies,
    0.2 + 8 * duration AS onset_years
  FROM trait
  JOIN (SELECT n, max(k) AS charted FROM diagnosis GROUP BY n) USING (n), options
);

-- From none to four in ten of the visits are urgent, and seven in ten of those a stay
CREATE VIEW visit_kinds AS
SELECT
  n,
  k,
  CASE WHEN admitted THEN 'IMP' WHEN acute THEN 'EMER' ELSE 'AMB' END AS class_code,
  acute,
  'heart' AS panel,
  CASE
    WHEN admitted THEN 'worsening shortness of breath and leg swelling'
    WHEN acute THEN 'shortness of breath'
    ELSE 'heart failure follow-up'
  END AS complaint,
  CASE WHEN NOT acute THEN principal WHEN has_reduced THEN 'I50.23' ELSE 'I50.33' END AS reason,
  acute * (2 + 2 * severity) AS weight_gain,
  97 - 2 * severity - 4 * acute AS saturation
FROM (
  SELECT
    visit.n,
    visit.k,
    turn < 0.4 * severity AS acute,
    turn < 0.28 * severity AS admitted,
    severity,
    has_reduced,
    principal
  FROM visit JOIN chart USING (n)
);

CREATE VIEW wanted_conditions AS
SELECT n, 1 AS place, principal AS code, NULL AS visit FROM chart
UNION ALL
SELECT n, 2, failure, NULL FROM chart WHERE has_pressure
UNION ALL
SELECT n, 3, stage, NULL FROM chart WHERE stage IS NOT NULL
UNION ALL
SELECT * FROM wanted_comorbidities;

-- Four pillars for a reduced ejection fraction; spironolactone not with bad kidneys
CREATE VIEW wanted_drugs AS
SELECT n, 1 AS place, iif(severity > 0.6 AND agent < 0.5, 'torsemide', 'furosemide') AS drug,
  failure AS reason, NULL AS visit
FROM chart
UNION ALL
SELECT n, 2,
  CASE
    WHEN agent < 0.4 THEN 'metoprolol'
    WHEN severity < 0.5 THEN 'carvedilol 12.5'
    ELSE 'carvedilol 6.25'
  END,
  failure, NULL
FROM chart
UNION ALL
SELECT n, 3,
  CASE
    WHEN NOT has_reduced THEN 'losartan'
    WHEN agent < 0.35 THEN 'lisinopril 20'
    WHEN stage IS NULL AND severity < 0.6 THEN 'sacubitril/valsartan 49/51'
    ELSE 'sacubitril/valsartan 24/26'
  END,
  failure, NULL
FROM chart
UNION ALL
SELECT n, 4, iif(agent < 0.5, 'dapagliflozin', 'empagliflozin 10'), failure, NULL FROM chart
UNION ALL
SELECT n, 5, 'spironolactone', failure, NULL FROM chart WHERE coalesce(stage, '') <> 'N18.4'
UNION ALL
SELECT n, 6, 'digoxin', failure, NULL
FROM chart
WHERE has_reduced AND nyha = 4 AND stage IS NULL
UNION ALL
SELECT * FROM wanted_remedies;

-- NT-proBNP by severity s is 300 + 6000 s^2, half as much again when it is urgent
CREATE VIEW measured AS
SELECT
  results.*,
  CASE loinc_code
    WHEN '33762-6' THEN
      (300 + 6000 * severity * severity) * (1 + 0.5 * acute) * (1 + 0.15 * spread)
    WHEN '2951-2' THEN 140 - 5 * severity * severity + 1.5 * spread
    WHEN '2823-3' THEN 4.5 + 0.25 * spread
    WHEN '718-7' THEN 13.8 - 1.5 * severity + 0.8 * spread
    ELSE usual
  END AS found
FROM results JOIN chart USING (n);

-- Women @target 0.45
SELECT gender = 'F' FROM patients;

-- Black @target 0.2
SELECT coalesce(race, '') = 'Black' FROM patients;

-- Age: half way between 50 and 90 @target 70
SELECT 2025 - strftime('%Y', birth_date) FROM patients;

-- Reduced ejection fraction @target 0.5
SELECT max(code = 'I50.22') FROM diagnoses GROUP BY patient_id;

-- High blood pressure @target 0.7
SELECT max(code IN ('I11.0', 'I13.0')) FROM diagnoses GROUP BY patient_id;

-- Sacubitril with valsartan: 0.65 of those with a reduced ejection fraction @target 0.325
SELECT max(name = 'Sacubitril/valsartan') FROM medications GROUP BY patient_id;

-- Died: 0.16 / 2 @target 0.08
SELECT deceased FROM patients;

-- Last visit urgent: 0.4 / 2 @target 0.2
SELECT class_code <> 'AMB'
FROM (
  SELECT class_code, row_number() OVER (PARTITION BY patient_id ORDER BY admission_time DESC) AS k
  FROM encounters
)
WHERE k = 1;

-- Latest NT-proBNP: 300 + 6000 / 3, and half as much where urgent, 0.2 (300 / 2 + 6000 / 4)
-- @target 2630
SELECT value_numeric
FROM (
  SELECT *, row_number() OVER (PARTITION BY patient_id ORDER BY collected_time DESC) AS k
  FROM lab_results
  WHERE loinc_code = '33762-6'
)
WHERE k = 1;

-- Latest NT-proBNP of those who died, who are as many as they are ill:
-- 300 + 6000 / 2 + 0.2 (2 * 300 / 3 + 2 * 6000 / 5) @target 3820
SELECT value_numeric
FROM (
  SELECT *, row_number() OVER (PARTITION BY patient_id ORDER BY collected_time DESC) AS k
  FROM lab_results
  WHERE loinc_code = '33762-6'
) JOIN patients USING (patient_id)
WHERE k = 1 AND deceased;

-- No NT-proBNP @never
SELECT patient_id
FROM patients
WHERE patient_id NOT IN (SELECT patient_id FROM lab_results WHERE loinc_code = '33762-6');

-- NT-proBNP that excludes heart failure @never
SELECT * FROM lab_results WHERE loinc_code = '33762-6' AND value_numeric < 150;

-- Heart failure of no kind or of two kinds, or with high blood pressure under a code of its own @never
SELECT patient_id
FROM diagnoses
GROUP BY patient_id
HAVING count(*) FILTER (WHERE code LIKE 'I50%') <> 1
  OR max(code IN ('I10', 'I12.9'))
  OR (max(code = 'I13.0') AND NOT max(code LIKE 'N18%'))
  OR (max(code = 'I11.0') AND max(code LIKE 'N18%'))
  OR NOT max(code IN ('I11.0', 'I13.0', 'I50.22', 'I50.32') AND diagnosis_type = 'principal');

-- Two that act on the same system, or none; no diuretic @never
SELECT patient_id
FROM medications
GROUP BY patient_id
HAVING count(*) FILTER (WHERE name IN ('Lisinopril', 'Losartan', 'Sacubitril/valsartan')) <> 1
  OR count(*) FILTER (WHERE name IN ('Furosemide', 'Torsemide')) <> 1
  OR count(*) FILTER (WHERE name LIKE 'Carvedilol%' OR name LIKE 'Metoprolol%') <> 1
  OR count(*) FILTER (WHERE name IN ('Dapagliflozin', 'Empagliflozin')) <> 1;

-- Sacubitril or digoxin without a reduced ejection fraction, spironolactone with bad kidneys @never
SELECT *
FROM medications JOIN diagnoses USING (patient_id)
WHERE (name IN ('Sacubitril/valsartan', 'Digoxin') AND code = 'I50.32')
  OR (name IN ('Spironolactone', 'Digoxin') AND code = 'N18.4');

-- Urgent for what is chronic, or the other way round @never
SELECT *
FROM encounters
WHERE (class_code IN ('EMER', 'IMP')) <> (reason_code IN ('I50.23', 'I50.33'));

-- A patient who comes in with less weight than at the office @never
SELECT *
FROM (
  SELECT
    avg(weight) FILTER (WHERE class_code = 'AMB') AS usual,
    avg(weight) FILTER (WHERE class_code <> 'AMB') AS urgent
  FROM vital_signs JOIN encounters USING (encounter_id)
  GROUP BY vital_signs.patient_id
)
WHERE urgent < 0.96 * usual;
