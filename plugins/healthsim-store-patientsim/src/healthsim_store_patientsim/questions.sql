-- What a tester asks of a clinical scenario. A value that is left empty has its default, or leaves
-- nobody out.

-- Patients of a :gender, from :youngest to :oldest years old
-- @name patients_by_gender_and_age
-- @about An age is today's, or the one at death.
-- @param gender choice of patients.gender: the administrative gender
-- @param youngest integer from 0 to 150: the least age, in years
-- @param oldest integer from 0 to 150: the greatest age, in years
SELECT mrn, given_name, family_name, gender, birth_date, death_date, age, city, state
FROM (
  SELECT
    *,
    strftime('%Y', at) - strftime('%Y', birth_date)
    - (strftime('%m-%d', at) < strftime('%m-%d', birth_date)) AS age
  FROM (SELECT *, coalesce(death_date, date('now')) AS at FROM patients)
)
WHERE
  (:gender IS NULL OR gender = :gender)
  AND (:youngest IS NULL OR age >= :youngest)
  AND (:oldest IS NULL OR age <= :oldest)
ORDER BY mrn;

-- Patients with diabetes whose latest A1C is above :least %
-- @name a1c_above
-- @about Diabetes is a diagnosis of E08 to E13 (ICD-10-CM), or one of diabetes in SNOMED CT; A1C is LOINC 4548-4 or 17856-6; the highest first.
-- @param least number from 0 to 100 = 9: the A1C in percent; above 9 is poor control
WITH
  diabetics AS (
    SELECT DISTINCT patient_id FROM diabetes_diagnoses
  ),
  results AS (
    SELECT
      l.patient_id,
      coalesce(value_numeric, CASE WHEN value GLOB '[0-9]*' THEN CAST(value AS REAL) END) AS a1c,
      collected_time,
      count(*) OVER (PARTITION BY l.patient_id) AS n,
      row_number() OVER (
        PARTITION BY l.patient_id ORDER BY collected_time DESC, lab_result_id DESC
      ) AS back
    FROM diabetics AS d
    JOIN lab_results AS l ON l.patient_id = d.patient_id
    WHERE loinc_code IN ('4548-4', '17856-6')
  )
SELECT
  mrn,
  given_name,
  family_name,
  a1c AS latest_a1c,
  date(collected_time) AS collected,
  n AS a1c_results
FROM results
JOIN patients USING (patient_id)
WHERE back = 1 AND a1c > :least
ORDER BY a1c DESC, mrn;

-- Patients with a diagnosis that begins with :code
-- @name patients_with_diagnosis
-- @about Diabetes is also found by its code in ICD-10-CM where it is coded in SNOMED CT.
-- @param code code of diagnoses.code = E11: with or without the dot; E11 is type 2 diabetes (ICD-10-CM)
SELECT
  mrn,
  given_name,
  family_name,
  group_concat(code, ', ') AS codes,
  min(description) AS description,
  min(first) AS first_diagnosed,
  CASE WHEN count(resolved) = count(*) THEN max(resolved) END AS resolved
FROM (
  SELECT
    patient_id,
    code,
    min(description) AS description,
    min(diagnosed_date) AS first,
    CASE WHEN count(resolved_date) = count(*) THEN max(resolved_date) END AS resolved
  FROM diagnoses
  WHERE replace(code, '.', '') GLOB :code || '*'
    OR diagnosis_id IN (
      SELECT diagnosis_id
      FROM diabetes_diagnoses
      WHERE code_system <> 'ICD-10-CM' AND icd10 GLOB :code || '*'
    )
  GROUP BY patient_id, code
)
JOIN patients USING (patient_id)
GROUP BY patient_id
ORDER BY mrn;

-- Patients with a complication of diabetes
-- @name diabetes_complications
-- @about A diagnosis of E08 to E13 (ICD-10-CM) with a digit below 9 behind its dot, or the same in SNOMED CT.
SELECT
  mrn,
  given_name,
  family_name,
  count(DISTINCT code) AS complications,
  group_concat(DISTINCT coalesce(description || ' (' || code || ')', code)) AS diagnoses
FROM diabetes_diagnoses
JOIN patients USING (patient_id)
WHERE icd10 GLOB '???[0-8]*'
GROUP BY patient_id
ORDER BY complications DESC, mrn;

-- Patients on insulin
-- @name patients_on_insulin
-- @about By the generic name or a usual brand, whether it is still taken or not; end is the last one's, empty while it goes on.
SELECT
  mrn,
  given_name,
  family_name,
  group_concat(DISTINCT name) AS insulins,
  min(start_date) AS start,
  CASE WHEN count(end_date) = count(*) THEN max(end_date) END AS "end"
FROM medications
JOIN patients USING (patient_id)
WHERE name LIKE '%insulin%' OR name LIKE '%humalog%' OR name LIKE '%novolog%'
  OR name LIKE '%lantus%' OR name LIKE '%basaglar%' OR name LIKE '%toujeo%'
  OR name LIKE '%levemir%' OR name LIKE '%tresiba%' OR name LIKE '%humulin%'
  OR name LIKE '%novolin%'
GROUP BY patient_id
ORDER BY mrn;

-- Encounters of the :class, from the day :first to the day :last
-- @name encounters_between
-- @param class choice of encounters.class_code: the setting (HL7 v3 ActCode)
-- @param first date: the first day of an admission
-- @param last date: the last day of an admission
SELECT
  mrn,
  given_name,
  family_name,
  class_code,
  admission_time,
  discharge_time,
  coalesce(reason_description, chief_complaint, type_description) AS reason,
  facility
FROM encounters
JOIN patients USING (patient_id)
WHERE
  (:class IS NULL OR class_code = :class)
  AND (:first IS NULL OR date(admission_time) >= :first)
  AND (:last IS NULL OR date(admission_time) <= :last)
ORDER BY admission_time, encounter_id;
