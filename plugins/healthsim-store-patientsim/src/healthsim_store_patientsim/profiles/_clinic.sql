-- What the profiles of a clinic share: charts as entities, and what no chart may say. A profile
-- adds the drawn tables trait, visit, lab, diagnosis and medication, the tables comorbidities and
-- panels, and these views:
--   chart        a patient: age, gender, race, onset_years, bmi, stage (of kidney disease), dies
--   visit_kinds  a visit: class_code, acute, panel, complaint, reason, weight_gain, saturation
--   wanted_conditions  what a patient may have, by place; visit is that which found it
--   wanted_drugs  what a patient may take, likewise; visit is that which prescribed a short course
--   measured     what results says, and what was found
-- How many visits, results, diagnoses and medicines there are, the drawn tables decide, so that the
-- totals are exact; the views only decide which. @include healthsim_store/people.sql
-- _labs.sql

CREATE TABLE options (
  as_of DATE NOT NULL DEFAULT '2025-12-31' CHECK (as_of BETWEEN '2020-01-01' AND '2100-01-01') -- The day on which ages are meant; the records are of the two years before, in which all the medicines were there
);

-- Medicines; approved is when the FDA let them in, where that was after 1999
-- @csv drugs.csv
CREATE TABLE drugs (
  drug VARCHAR, name VARCHAR, dose VARCHAR, route VARCHAR, frequency VARCHAR, rxnorm_code VARCHAR,
  approved DATE
);

-- @csv conditions.csv
CREATE TABLE conditions (code VARCHAR, description VARCHAR);

-- Codes that are newer than a diagnosis may be, and what was written before
CREATE TABLE new_codes (new_code VARCHAR, since DATE, old_code VARCHAR);

INSERT INTO new_codes VALUES
  ('E66.811', '2024-10-01', 'E66.9'), ('E66.812', '2024-10-01', 'E66.9'),
  ('E66.813', '2024-10-01', 'E66.9'), ('F32.A', '2021-10-01', 'F32.9');

-- What is prescribed for a comorbidity
CREATE TABLE remedies (code VARCHAR, drug VARCHAR);

INSERT INTO remedies VALUES
  ('I10', 'lisinopril 10'), ('I12.9', 'lisinopril 20'), ('E78.5', 'atorvastatin'),
  ('I48.91', 'apixaban'), ('I25.10', 'aspirin'), ('F32.A', 'sertraline'), ('F32.9', 'sertraline'),
  ('F41.1', 'sertraline'), ('K21.9', 'omeprazole'), ('E03.9', 'levothyroxine'),
  ('M17.9', 'acetaminophen');

-- What anybody may take, after all that has a reason
CREATE TABLE everyday (place INTEGER, drug VARCHAR);

INSERT INTO everyday VALUES
  (91, 'acetaminophen'), (92, 'omeprazole'), (93, 'atorvastatin'), (94, 'aspirin');

-- Invented names
CREATE TABLE clinics (office VARCHAR, hospital VARCHAR);

INSERT INTO clinics VALUES
  ('Alder Brook Family Medicine', 'Alder Brook Regional Hospital'),
  ('Copper Lantern Health Center', 'Copper Lantern Community Hospital'),
  ('Fern Hollow Medical Group', 'Fern Hollow General Hospital'),
  ('Quail Terrace Internal Medicine', 'Quail Terrace Memorial Hospital'),
  ('Saltgrass Primary Care', 'Saltgrass Bay Hospital'),
  ('Tern Point Clinic', 'Tern Point Medical Center');

-- What a patient has beside the traits of the profile @for person @times 1
CREATE TABLE care (
  clinic INTEGER, -- @pick clinics
  height REAL, -- Standard deviations from the mean of the gender @normal 0, 1, -2.5, 2.5
  filtration REAL, -- From the worst to the best within the stage @uniform 0, 1
  last_days REAL, -- When one dies, in the half year that is kept free of visits @uniform 0, 1
  area INTEGER -- First digits of the social security number: 900 to 999 are never issued @uniform 900, 999
);

-- How soon each comorbidity comes to a patient @for person @times comorbidities
CREATE TABLE fate (
  luck REAL -- @uniform 0, 1
);

-- The two years of records, and what went before. The visits of those who die end in time.
CREATE VIEW course AS
SELECT
  n,
  date(as_of, '-729 days') AS opens,
  date(as_of, '-729 days', '-' || (30 + CAST(onset_years * 365 AS INTEGER)) || ' days') AS onset,
  CASE WHEN dies THEN 480 ELSE 720 END AS span,
  CASE WHEN dies THEN date(as_of, '-729 days', (500 + CAST(last_days * 200 AS INTEGER)) || ' days') END
    AS death_date
FROM chart JOIN care USING (n), options;

CREATE VIEW visit_counts AS SELECT n, max(k) AS visits FROM visit GROUP BY n;

-- Each visit in its own part of the time, so that no stay meets the next visit
CREATE VIEW visit_days AS
SELECT
  visit.n,
  visit.k,
  date(opens, CAST((visit.k - 1 + moment) * span / visits AS INTEGER) || ' days') AS day
FROM visit JOIN visit_counts USING (n) JOIN course USING (n);

-- from_last counts the visits at which somebody can be examined: not those by telephone
CREATE VIEW visits AS
SELECT
  n,
  k,
  class_code,
  acute,
  panel,
  complaint,
  reason,
  weight_gain,
  saturation,
  -- The office is open from Monday to Friday
  CASE
    WHEN class_code IN ('EMER', 'IMP') THEN day
    WHEN strftime('%w', day) = '0' THEN date(day, '1 day')
    WHEN strftime('%w', day) = '6' THEN date(day, '-1 day')
    ELSE day
  END AS day,
  printf('T%02d:%02d:00', 8 + quarter / 4, quarter % 4 * 15) AS clock,
  stay,
  sum(class_code <> 'VR') OVER (PARTITION BY n ORDER BY k DESC) AS from_last,
  sum(class_code <> 'VR') OVER (PARTITION BY n) AS seen
FROM visit_kinds JOIN visit USING (n, k) JOIN visit_days USING (n, k);

-- What the kidneys filter, which the stage of their disease says
CREATE VIEW kidneys AS
SELECT
  n,
  CASE stage
    WHEN 'N18.31' THEN 47.5 + 9 * filtration
    WHEN 'N18.32' THEN 32.5 + 9 * filtration
    WHEN 'N18.4' THEN 18 + 9 * filtration
    ELSE max(64.0, 112 - 0.6 * age + 14 * filtration)
  END AS egfr
FROM chart JOIN care USING (n);

-- The tests. A patient's first one is made at the last visit, the second at the visit before, and
-- so on around; at each visit the first is that of the disease.
CREATE VIEW results AS
SELECT
  lab.n,
  lab.k,
  visits.k AS visit,
  acute,
  day,
  clock,
  wait,
  loinc_code,
  spread,
  CASE loinc_code
    WHEN '98979-8' THEN egfr + 0.8 * spread
    WHEN '2160-0' THEN iif(gender = 'M', 78.0, 60.0) / egfr + 0.02 * spread
    WHEN '3094-0' THEN max(7, 15 + 0.25 * (90 - egfr) + 1.5 * spread)
    ELSE mean + deviation * spread
  END AS usual
FROM lab
JOIN visits
  ON visits.n = lab.n AND class_code <> 'VR' AND from_last = (lab.k - 1) % seen + 1
JOIN panels USING (panel)
JOIN labs USING (loinc_code)
JOIN kidneys ON kidneys.n = lab.n
JOIN chart ON chart.n = lab.n
WHERE position = (lab.k - 1) / seen + 1;

-- Comorbidities in an order of their own for each patient: those with much weight come early.
-- Obesity is what the weight says, and high blood pressure with kidney disease has another code.
CREATE VIEW wanted_comorbidities AS
SELECT n, 10 + luck / weight AS place, code, NULL AS visit
FROM (
  SELECT
    fate.n,
    luck,
    weight,
    CASE
      WHEN condition = 'I10' AND stage IS NOT NULL THEN 'I12.9'
      WHEN condition <> 'obesity' THEN condition
      WHEN bmi >= 40 THEN 'E66.813'
      WHEN bmi >= 35 THEN 'E66.812'
      WHEN bmi >= 30 THEN 'E66.811'
      WHEN bmi >= 25 THEN 'E66.3'
    END AS code
  FROM fate JOIN comorbidities ON comorbidities.rowid = fate.k JOIN chart USING (n)
)
WHERE code IS NOT NULL;

-- The diagnoses with their dates, and the codes of then: the disease first, the others between then
-- and the first visit
CREATE VIEW problems AS
SELECT n, k, iif(diagnosed < since, old_code, code) AS code, visit, diagnosed
FROM (
  SELECT
    n,
    k,
    code,
    visit,
    CASE
      WHEN visit IS NOT NULL THEN day
      WHEN k = 1 THEN onset
      ELSE date(onset, CAST(elapsed * (julianday(opens) - julianday(onset)) AS INTEGER) || ' days')
    END AS diagnosed
  FROM (
    SELECT *, row_number() OVER (PARTITION BY n ORDER BY place) AS k FROM wanted_conditions
  )
  JOIN diagnosis USING (n, k)
  JOIN course USING (n)
  LEFT JOIN (SELECT n, k AS visit, day FROM visits) USING (n, visit)
)
LEFT JOIN new_codes ON new_code = code;

-- For comorbidities on the chart, and what anybody may take
CREATE VIEW wanted_remedies AS
SELECT n, 50 + k AS place, drug, code AS reason, NULL AS visit
FROM problems JOIN remedies USING (code)
UNION ALL
SELECT n, everyday.place, drug, NULL, NULL FROM person, everyday;

-- A medicine is prescribed once, in the strength that comes first
CREATE VIEW prescriptions AS
SELECT n, drug, reason, visit, row_number() OVER (PARTITION BY n ORDER BY place) AS k
FROM (
  SELECT n, min(place) AS place, drug, reason, visit
  FROM wanted_drugs JOIN drugs USING (drug)
  GROUP BY n, name
);

-- @into patients
SELECT
  'P' || key || printf('%06d', n) AS patient_id,
  'P-' || key || '-' || printf('%05d', n) AS mrn,
  CASE
    WHEN birth_date < '1960' THEN iif(gender = 'F', older_female_name, older_male_name)
    ELSE iif(gender = 'F', female_name, male_name)
  END AS given_name,
  iif(race = 'Hispanic', hispanic_family_name, family_name) AS family_name,
  birth_date,
  gender,
  nullif(race, 'Hispanic') AS race,
  iif(race = 'Hispanic', 'Hispanic or Latino', 'Not Hispanic or Latino') AS ethnicity,
  address_line, city, county, state, postal_code, 'US' AS country, phone,
  area || printf('-%02d-%04d', number / 10000 + 1, number % 10000) AS ssn,
  'H' || key || printf('%06d', n) AS person_id,
  dies AS deceased,
  death_date
FROM (
  SELECT
    *,
    date(as_of, '-' || age || ' years', '-' || birthday || ' days') AS birth_date,
    -- All differ in a run of 490,000. Those with a middle of 50 or more may be for taxpayers.
    (n * 7919 + unicode(key) * 1000 + unicode(substr(key, 2))) % 490000 AS number
  FROM people JOIN chart USING (n) JOIN care USING (n) JOIN course USING (n), options, run
)
ORDER BY n;

-- Each clinic has two clinicians, one in the office and one in the hospital @into encounters
SELECT
  'E' || key || printf('%06d', n) || '-' || k AS encounter_id,
  'P' || key || printf('%06d', n) AS patient_id,
  class_code,
  day || clock AS admission_time,
  CASE class_code
    WHEN 'IMP' THEN date(day, stay || ' days') || 'T11:00:00'
    WHEN 'EMER' THEN strftime('%Y-%m-%dT%H:%M:%S', day || clock, (2 + stay) || ' hours')
    ELSE strftime('%Y-%m-%dT%H:%M:%S', day || clock, (15 + 5 * stay) || ' minutes')
  END AS discharge_time,
  'finished' AS status,
  complaint AS chief_complaint,
  reason AS reason_code,
  description AS reason_description,
  'ICD-10-CM' AS reason_code_system,
  iif(class_code IN ('EMER', 'IMP'), hospital, office) AS facility,
  CASE class_code WHEN 'IMP' THEN 'Medicine' WHEN 'EMER' THEN 'Emergency' END AS department,
  CASE WHEN class_code IN ('EMER', 'IMP') THEN 'home' END AS discharge_disposition,
  substr(luhn('80840' || (140310000 + 2 * clinic + (class_code IN ('EMER', 'IMP')))), 6)
    AS attending_npi
FROM visits
JOIN care USING (n)
JOIN clinics ON clinics.rowid = clinic
JOIN conditions ON conditions.code = reason, run
ORDER BY n, k;

-- @into diagnoses
SELECT
  'D' || key || printf('%06d', n) || '-' || k AS diagnosis_id,
  'P' || key || printf('%06d', n) AS patient_id,
  'E' || key || printf('%06d', n) || '-' || visit AS encounter_id,
  code,
  description,
  diagnosed AS diagnosed_date,
  -- What a visit found, a flare, is over two weeks later
  date(diagnosed, iif(visit IS NULL, NULL, '14 days')) AS resolved_date,
  iif(k = 1, 'principal', 'secondary') AS diagnosis_type,
  'ICD-10-CM' AS code_system
FROM problems JOIN conditions USING (code), run
ORDER BY n, k;

-- @into lab_results
SELECT
  'L' || key || printf('%06d', n) || '-' || k AS lab_result_id,
  'P' || key || printf('%06d', n) AS patient_id,
  'E' || key || printf('%06d', n) || '-' || visit AS encounter_id,
  test_name,
  printf('%.*f', decimals, value) AS value,
  unit,
  strftime('%Y-%m-%dT%H:%M:%S', day || clock, '10 minutes') AS collected_time,
  loinc_code,
  value AS value_numeric,
  abnormal_flag,
  reference_range,
  strftime('%Y-%m-%dT%H:%M:%S', day || clock, (10 + wait) || ' minutes') AS resulted_time
FROM reported, run
ORDER BY n, k;

-- @into vital_signs
SELECT
  'V' || key || printf('%06d', n) || '-' || k AS vital_sign_id,
  'P' || key || printf('%06d', n) AS patient_id,
  'E' || key || printf('%06d', n) || '-' || k AS encounter_id,
  strftime('%Y-%m-%dT%H:%M:%S', day || clock, '5 minutes') AS observed_time,
  systolic AS systolic_bp,
  round(22 + 0.42 * systolic + 4 * pulse) AS diastolic_bp,
  round(74 + 12 * acute + 6 * pulse) AS heart_rate,
  saturation AS oxygen_saturation,
  weight,
  height,
  round(weight / height / height * 10000, 1) AS bmi
FROM (
  SELECT
    n,
    k,
    day,
    clock,
    acute,
    pulse,
    round(128 + 9 * pressure) AS systolic,
    round(min(100, saturation + 0.8 * pulse)) AS saturation,
    tall AS height,
    round(bmi * tall * tall / 10000 * (1 + 0.01 * pressure) + weight_gain, 1) AS weight
  FROM visits
  JOIN visit USING (n, k)
  JOIN (
    SELECT n, bmi, round(iif(gender = 'M', 175.5, 162) + 6.5 * height) AS tall
    FROM chart JOIN care USING (n)
  ) USING (n)
  WHERE class_code <> 'VR'
), run
ORDER BY n, k;

-- A short course belongs to the visit that prescribed it and is over after five days. What is taken
-- for long began between the diagnosis, or when it was let in, and the first visit. @into medications
SELECT
  'M' || key || printf('%06d', n) || '-' || k AS medication_id,
  'P' || key || printf('%06d', n) AS patient_id,
  'E' || key || printf('%06d', n) || '-' || visit AS encounter_id,
  name,
  dose,
  route,
  frequency,
  start_date,
  CASE WHEN visit IS NULL THEN death_date ELSE date(start_date, '4 days') END AS end_date,
  CASE WHEN visit IS NOT NULL THEN 'completed' WHEN dies THEN 'stopped' ELSE 'active' END AS status,
  rxnorm_code,
  reason AS reason_code,
  description AS reason_description,
  iif(reason IS NULL, NULL, 'ICD-10-CM') AS reason_code_system,
  substr(luhn('80840' || (140310000 + 2 * clinic + (visit IS NOT NULL))), 6) AS prescriber_npi
FROM (
  SELECT
    *,
    iif(visit IS NULL,
      date(needed, CAST(elapsed * (julianday(opens) - julianday(needed)) AS INTEGER) || ' days'),
      diagnosed) AS start_date
  FROM (
    SELECT
      p.*,
      elapsed,
      opens,
      death_date,
      diagnosed,
      max(coalesce(diagnosed, onset), coalesce(approved, onset)) AS needed
    FROM prescriptions AS p
    JOIN drugs USING (drug)
    JOIN medication USING (n, k)
    JOIN course USING (n)
    LEFT JOIN problems ON problems.n = p.n AND problems.code = p.reason
  )
)
JOIN drugs USING (drug)
JOIN chart USING (n)
JOIN care USING (n)
LEFT JOIN conditions ON conditions.code = reason, run
ORDER BY n, k;

-- Something after death @never
SELECT patient_id, at, death_date
FROM patients
JOIN (
  SELECT patient_id, coalesce(discharge_time, admission_time) AS at FROM encounters
  UNION ALL SELECT patient_id, coalesce(resulted_time, collected_time) FROM lab_results
  UNION ALL SELECT patient_id, observed_time FROM vital_signs
  UNION ALL SELECT patient_id, coalesce(resolved_date, diagnosed_date) FROM diagnoses
  UNION ALL SELECT patient_id, coalesce(end_date, start_date) FROM medications
) USING (patient_id)
WHERE date(at) > death_date;

-- Deceased without a date, or the other way round @never
SELECT * FROM patients WHERE deceased <> (death_date IS NOT NULL);

-- Something later than the records @never
SELECT at
FROM (
  SELECT max(discharge_time) AS at FROM encounters
  UNION ALL SELECT max(resulted_time) FROM lab_results
  UNION ALL SELECT max(start_date) FROM medications
  UNION ALL SELECT max(diagnosed_date) FROM diagnoses
  UNION ALL SELECT max(death_date) FROM patients
)
WHERE date(at) > '2025-12-31';

-- A diagnosis in childhood @never
SELECT *
FROM diagnoses JOIN patients USING (patient_id)
WHERE diagnosed_date < date(birth_date, '18 years');

-- Other than one principal diagnosis, or a disease that came before it @never
SELECT patient_id
FROM patients LEFT JOIN diagnoses USING (patient_id)
GROUP BY patient_id
HAVING count(*) FILTER (WHERE diagnosis_type = 'principal') <> 1
  OR min(diagnosed_date) < min(diagnosed_date) FILTER (WHERE diagnosis_type = 'principal');

-- A diagnosis twice @never
SELECT patient_id, code FROM diagnoses GROUP BY patient_id, code HAVING count(*) > 1;

-- A visit before the disease was found @never
SELECT *
FROM encounters JOIN diagnoses USING (patient_id)
WHERE diagnosis_type = 'principal' AND date(admission_time) < diagnosed_date;

-- A stay that is too short or too long for its kind @never
SELECT encounter_id, days
FROM (
  SELECT *, julianday(discharge_time) - julianday(admission_time) AS days FROM encounters
)
WHERE CASE class_code
    WHEN 'IMP' THEN days NOT BETWEEN 1.5 AND 8.5
    WHEN 'EMER' THEN days NOT BETWEEN 0.1 AND 0.5
    ELSE days NOT BETWEEN 0.01 AND 0.1
  END;

-- Two visits of one patient at once @never
SELECT *
FROM (
  SELECT
    admission_time,
    lag(discharge_time) OVER (PARTITION BY patient_id ORDER BY admission_time) AS before
  FROM encounters
)
WHERE before >= admission_time;

-- An office open at the weekend or at night @never
SELECT *
FROM encounters
WHERE (class_code IN ('AMB', 'VR') AND strftime('%w', admission_time) IN ('0', '6'))
  OR time(admission_time) NOT BETWEEN '08:00:00' AND '17:00:00';

-- A specimen taken outside its visit, or a result before it @never
SELECT *
FROM lab_results AS l LEFT JOIN encounters AS e USING (encounter_id)
WHERE e.patient_id IS NOT l.patient_id
  OR collected_time < admission_time
  OR date(collected_time) > date(discharge_time)
  OR resulted_time < collected_time;

-- Something measured by telephone @never
SELECT encounter_id
FROM encounters
WHERE class_code = 'VR' AND encounter_id IN (
  SELECT encounter_id FROM lab_results UNION ALL SELECT encounter_id FROM vital_signs
);

-- A test twice at one visit @never
SELECT encounter_id, loinc_code
FROM lab_results
GROUP BY encounter_id, loinc_code
HAVING count(*) > 1;

-- A result that nobody survives, or in a unit that is not the test's @never
WITH limits (loinc_code, unit, low, high) AS (
  VALUES
    ('4548-4', '%', 3.0, 20.0), ('2345-7', 'mg/dL', 20, 1000),
    ('98979-8', 'mL/min/{1.73_m2}', 2, 150), ('2160-0', 'mg/dL', 0.1, 20.0),
    ('9318-7', 'mg/g{creat}', 0, 10000), ('13457-7', 'mg/dL', 10, 400),
    ('2085-9', 'mg/dL', 5, 150), ('2571-8', 'mg/dL', 20, 3000),
    ('2823-3', 'mmol/L', 1.5, 9.0), ('2951-2', 'mmol/L', 100, 180),
    ('1963-8', 'mmol/L', 5, 50), ('3094-0', 'mg/dL', 1, 200),
    ('1742-6', 'U/L', 1, 5000), ('1751-7', 'g/dL', 1.0, 6.5),
    ('19123-9', 'mg/dL', 0.5, 8.0), ('718-7', 'g/dL', 3.0, 24.0),
    ('6690-2', '10*3/uL', 0.1, 100.0), ('777-3', '10*3/uL', 1, 1500),
    ('711-2', '10*3/uL', 0.0, 10.0), ('1988-5', 'mg/L', 0.1, 500),
    ('3016-3', 'm[IU]/L', 0.005, 150.0), ('2276-4', 'ug/L', 1, 10000),
    ('33762-6', 'pg/mL', 5, 70000), ('20152-5', '%', 10, 150),
    ('20150-9', 'L', 0.2, 7.0), ('19926-5', '%', 20, 100),
    ('2703-7', 'mm[Hg]', 20, 500), ('2019-8', 'mm[Hg]', 10, 150),
    ('2744-1', '[pH]', 6.8, 7.8)
)
SELECT *
FROM lab_results AS l LEFT JOIN limits USING (loinc_code)
WHERE l.unit IS NOT limits.unit OR value_numeric IS NULL OR value_numeric NOT BETWEEN low AND high;

-- A number that is not what was reported, or has other decimals than the limits @never
SELECT *
FROM lab_results
WHERE CAST(value AS REAL) <> value_numeric
  OR (loinc_code IN ('4548-4', '2823-3') AND value NOT GLOB '*[0-9].[0-9]')
  OR (loinc_code IN ('2160-0', '2744-1') AND value NOT GLOB '[0-9]*.[0-9][0-9]')
  OR (unit IN ('%', 'mg/dL', 'pg/mL') AND loinc_code NOT IN ('4548-4', '2160-0', '19123-9')
    AND value GLOB '*.*');

-- A flag that the reference range does not bear out @never
SELECT *
FROM (
  SELECT
    *,
    CASE
      WHEN reference_range LIKE '>=%' THEN substr(reference_range, 3) + 0
      WHEN reference_range NOT LIKE '<=%' THEN reference_range + 0
      ELSE value_numeric
    END AS low,
    CASE
      WHEN reference_range LIKE '<=%' THEN substr(reference_range, 3) + 0
      WHEN reference_range NOT LIKE '>=%'
        THEN substr(reference_range, instr(reference_range, '-') + 1) + 0
      ELSE value_numeric
    END AS high
  FROM lab_results
)
WHERE abnormal_flag
  <> CASE WHEN value_numeric > high THEN 'H' WHEN value_numeric < low THEN 'L' ELSE 'N' END;

-- Kidneys that filter more or less than the stage on the chart says @never
SELECT patient_id, value_numeric, code
FROM lab_results
LEFT JOIN (SELECT patient_id, code FROM diagnoses WHERE code LIKE 'N18%') USING (patient_id)
WHERE loinc_code = '98979-8' AND CASE code
    WHEN 'N18.31' THEN value_numeric NOT BETWEEN 45 AND 59
    WHEN 'N18.32' THEN value_numeric NOT BETWEEN 30 AND 44
    WHEN 'N18.4' THEN value_numeric NOT BETWEEN 15 AND 29
    ELSE value_numeric < 60
  END;

-- Creatinine that does not fit what the kidneys filter @never
SELECT *
FROM lab_results AS creatinine JOIN lab_results AS egfr USING (encounter_id)
WHERE creatinine.loinc_code = '2160-0' AND egfr.loinc_code = '98979-8'
  AND creatinine.value_numeric * egfr.value_numeric NOT BETWEEN 48 AND 92;

-- Two stages of kidney disease, two weights, or high blood pressure under two codes @never
SELECT patient_id
FROM diagnoses
GROUP BY patient_id
HAVING count(*) FILTER (WHERE code LIKE 'N18%') > 1
  OR count(*) FILTER (WHERE code LIKE 'E66%') > 1
  OR count(*) FILTER (WHERE code IN ('I10', 'I12.9', 'I11.0', 'I13.0')) > 1
  OR (max(code = 'I10') AND max(code LIKE 'N18%' OR code LIKE 'I50%'))
  OR (max(code = 'I12.9') AND NOT max(code LIKE 'N18%'));

-- A body that does not fit itself @never
SELECT *
FROM vital_signs
WHERE abs(bmi - weight / (height / 100) / (height / 100)) > 0.06
  OR diastolic_bp >= systolic_bp - 15
  OR bmi NOT BETWEEN 15 AND 55
  OR oxygen_saturation < 80;

-- A medicine twice @never
SELECT patient_id, name FROM medications GROUP BY patient_id, name HAVING count(*) > 1;

-- A medicine for what the patient does not have, or had not then @never
SELECT *
FROM medications AS m
LEFT JOIN diagnoses AS d ON d.patient_id = m.patient_id AND d.code = m.reason_code
WHERE m.reason_code IS NOT NULL AND (d.code IS NULL OR start_date < diagnosed_date);

-- A medicine before the disease, or that ends before it begins @never
SELECT *
FROM medications JOIN diagnoses USING (patient_id)
WHERE diagnosis_type = 'principal' AND (start_date < diagnosed_date OR end_date < start_date);

-- A medicine before it was let in @never
SELECT *
FROM medications
WHERE start_date < CASE name
    WHEN 'Sitagliptin' THEN '2006-10-16'
    WHEN 'Apixaban' THEN '2012-12-28'
    WHEN 'Dapagliflozin' THEN '2014-01-08'
    WHEN 'Empagliflozin' THEN '2014-08-01'
    WHEN 'Sacubitril/valsartan' THEN '2015-07-07'
    WHEN 'Semaglutide' THEN '2017-12-05'
  END;

-- A diagnosis with a code that was not there yet @never
SELECT *
FROM diagnoses
WHERE (code LIKE 'E66.81_' AND diagnosed_date < '2024-10-01')
  OR (code = 'F32.A' AND diagnosed_date < '2021-10-01');

-- A dose or a name that is not the product's @never
WITH products (rxnorm_code, name, dose) AS (
  VALUES
    ('861007', 'Metformin', '500 mg'), ('861004', 'Metformin', '1000 mg'),
    ('310490', 'Glipizide', '5 mg'), ('1545658', 'Empagliflozin', '10 mg'),
    ('1545666', 'Empagliflozin', '25 mg'), ('665033', 'Sitagliptin', '100 mg'),
    ('2619152', 'Semaglutide', '0.5 mg'), ('311041', 'Insulin glargine', '20 units'),
    ('847230', 'Insulin glargine', '24 units'), ('242120', 'Insulin lispro', '6 units'),
    ('1488569', 'Dapagliflozin', '10 mg'), ('314076', 'Lisinopril', '10 mg'),
    ('314077', 'Lisinopril', '20 mg'), ('1656340', 'Sacubitril/valsartan', '24 mg/26 mg'),
    ('1656349', 'Sacubitril/valsartan', '49 mg/51 mg'), ('979492', 'Losartan', '50 mg'),
    ('200031', 'Carvedilol', '6.25 mg'), ('200032', 'Carvedilol', '12.5 mg'),
    ('866436', 'Metoprolol succinate ER', '50 mg'), ('313096', 'Spironolactone', '25 mg'),
    ('313988', 'Furosemide', '40 mg'), ('198371', 'Torsemide', '20 mg'),
    ('197604', 'Digoxin', '0.125 mg'), ('2123111', 'Albuterol inhaler', '0.18 mg'),
    ('630208', 'Albuterol inhalation solution', '2.5 mg'), ('896209', 'Fluticasone/salmeterol', '0.25 mg/0.05 mg'),
    ('312615', 'Prednisone', '40 mg'), ('308460', 'Azithromycin', '250 mg'),
    ('617311', 'Atorvastatin', '40 mg'),
    ('243670', 'Aspirin', '81 mg'), ('1364445', 'Apixaban', '5 mg'),
    ('966222', 'Levothyroxine', '75 mcg'), ('198051', 'Omeprazole', '20 mg'),
    ('312941', 'Sertraline', '50 mg'), ('198440', 'Acetaminophen', '500 mg')
)
SELECT * FROM medications AS m
WHERE NOT EXISTS (
  SELECT 1 FROM products AS p
  WHERE p.rxnorm_code = m.rxnorm_code AND p.name = m.name AND p.dose = m.dose
);

-- A clinician whose NPI fails its check digit: with 80840 before it, which adds 24, every second
-- digit counts twice @never
SELECT npi
FROM (
  SELECT attending_npi AS npi FROM encounters UNION SELECT prescriber_npi FROM medications
)
WHERE npi NOT GLOB '1[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
  OR (24 + (
    SELECT sum(CASE WHEN column1 % 2 THEN substr('0246813579', 1 + substr(npi, column1, 1), 1)
        ELSE substr(npi, column1, 1) END)
    FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10))
  )) % 10 <> 0;

-- A social security number that somebody may have, or that two have @never
SELECT ssn
FROM patients
GROUP BY ssn
HAVING count(*) > 1 OR ssn IS NULL OR ssn NOT GLOB '9[0-9][0-9]-[0-4][0-9]-[0-9][0-9][0-9][0-9]';
