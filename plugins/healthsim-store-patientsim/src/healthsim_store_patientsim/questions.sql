-- What a tester asks of a clinical scenario. A value that is left empty has the meaning that @about
-- says; CAST makes a number of what was typed.

-- Patients of a :gender, from :youngest to :oldest years old
-- @name patients_by_gender_and_age
-- @about Gender is female, male, other or unknown. Left empty, :gender, :youngest and :oldest leave nobody out. An age is today's, or the one at death.
SELECT mrn, given_name, family_name, gender, birth_date, death_date, age, city, state
FROM (
  SELECT
    *,
    strftime('%Y', at) - strftime('%Y', birth_date)
    - (strftime('%m-%d', at) < strftime('%m-%d', birth_date)) AS age
  FROM (SELECT *, coalesce(death_date, date('now')) AS at FROM patients)
)
WHERE
  gender = upper(substr(coalesce(nullif(:gender, ''), gender), 1, 1))
  AND age >= CAST(coalesce(nullif(:youngest, ''), 0) AS REAL)
  AND age <= CAST(coalesce(nullif(:oldest, ''), 200) AS REAL)
ORDER BY mrn;

-- Patients with diabetes whose latest A1C is above :least %
-- @name a1c_above
-- @about Left empty, :least is 9, which is poor control. Diabetes is a diagnosis of E08 to E13 (ICD-10-CM), A1C is LOINC 4548-4 or 17856-6; the highest first.
WITH
  diabetics AS (
    SELECT DISTINCT patient_id
    FROM diagnoses
    WHERE code_system = 'ICD-10-CM' AND code >= 'E08' AND code < 'E14'
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
WHERE back = 1 AND a1c > CAST(coalesce(nullif(:least, ''), 9) AS REAL)
ORDER BY a1c DESC, mrn;

-- Patients with a diagnosis that begins with :code
-- @name patients_with_diagnosis
-- @about Left empty, :code is E11, type 2 diabetes (ICD-10-CM). With or without the dot.
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
  WHERE
    substr(replace(code, '.', ''), 1, length(replace(coalesce(nullif(:code, ''), 'E11'), '.', '')))
    = upper(replace(coalesce(nullif(:code, ''), 'E11'), '.', ''))
  GROUP BY patient_id, code
)
JOIN patients USING (patient_id)
GROUP BY patient_id
ORDER BY mrn;

-- Patients with a complication of diabetes
-- @name diabetes_complications
-- @about A diagnosis of E08 to E13 (ICD-10-CM) with a digit below 9 behind its dot.
SELECT
  mrn,
  given_name,
  family_name,
  count(DISTINCT code) AS complications,
  group_concat(DISTINCT coalesce(description || ' (' || code || ')', code)) AS diagnoses
FROM diagnoses
JOIN patients USING (patient_id)
WHERE code_system = 'ICD-10-CM' AND code >= 'E08' AND code < 'E14' AND code GLOB '???.[0-8]*'
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
-- @about Classes are AMB, EMER, IMP and others (HL7 v3 ActCode), days are YYYY-MM-DD. Left empty, :class, :first and :last leave nothing out.
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
  class_code = upper(coalesce(nullif(:class, ''), class_code))
  AND date(admission_time) >= coalesce(nullif(:first, ''), date(admission_time))
  AND date(admission_time) <= coalesce(nullif(:last, ''), date(admission_time))
ORDER BY admission_time, encounter_id;
