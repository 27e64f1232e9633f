-- The clinical side of a folder written by Synthea's CSV exporter. Versions differ in columns, so
-- only what a SELECT cannot do without is NOT NULL; the rest is NULL where a header lacks it.
-- Synthea codes conditions, procedures and most allergies in SNOMED CT, medications in RxNorm,
-- observations in LOINC. Tables without an Id get one from the content of the row, with a number
-- where two rows are equal.

CREATE TABLE patients (
  Id TEXT NOT NULL, BIRTHDATE TEXT NOT NULL, DEATHDATE TEXT, SSN TEXT, FIRST TEXT NOT NULL,
  LAST TEXT NOT NULL, MARITAL TEXT, RACE TEXT, ETHNICITY TEXT, GENDER TEXT NOT NULL, ADDRESS TEXT,
  CITY TEXT, STATE TEXT, COUNTY TEXT, ZIP TEXT
);

CREATE TABLE encounters (
  Id TEXT NOT NULL, START TEXT NOT NULL, STOP TEXT, PATIENT TEXT NOT NULL, ORGANIZATION TEXT,
  ENCOUNTERCLASS TEXT NOT NULL, CODE TEXT, DESCRIPTION TEXT, REASONCODE TEXT,
  REASONDESCRIPTION TEXT
);

CREATE TABLE organizations (Id TEXT NOT NULL, NAME TEXT);

CREATE TABLE conditions (
  START TEXT NOT NULL, STOP TEXT, PATIENT TEXT NOT NULL, ENCOUNTER TEXT, CODE TEXT NOT NULL,
  DESCRIPTION TEXT
);

CREATE TABLE procedures (
  START TEXT, DATE TEXT, STOP TEXT, PATIENT TEXT NOT NULL, ENCOUNTER TEXT, CODE TEXT NOT NULL,
  DESCRIPTION TEXT, REASONCODE TEXT, REASONDESCRIPTION TEXT
);

CREATE TABLE observations (
  DATE TEXT NOT NULL, PATIENT TEXT NOT NULL, ENCOUNTER TEXT, CATEGORY TEXT, CODE TEXT NOT NULL,
  DESCRIPTION TEXT, VALUE TEXT, UNITS TEXT, TYPE TEXT
);

CREATE TABLE medications (
  START TEXT NOT NULL, STOP TEXT, PATIENT TEXT NOT NULL, ENCOUNTER TEXT, CODE TEXT NOT NULL,
  DESCRIPTION TEXT NOT NULL, REASONCODE TEXT, REASONDESCRIPTION TEXT
);

CREATE TABLE allergies (
  START TEXT, STOP TEXT, PATIENT TEXT NOT NULL, ENCOUNTER TEXT, CODE TEXT, SYSTEM TEXT,
  DESCRIPTION TEXT NOT NULL, TYPE TEXT, CATEGORY TEXT, REACTION1 TEXT, DESCRIPTION1 TEXT,
  SEVERITY1 TEXT, REACTION2 TEXT, DESCRIPTION2 TEXT, SEVERITY2 TEXT
);

-- @into patients @from patients
SELECT
  Id AS patient_id,
  'SYN-' || stable_id(Id) AS mrn,
  FIRST AS given_name,
  LAST AS family_name,
  BIRTHDATE AS birth_date,
  GENDER AS gender,
  CASE lower(RACE)
    WHEN 'white' THEN 'White'
    WHEN 'black' THEN 'Black'
    WHEN 'asian' THEN 'Asian'
    WHEN 'native' THEN 'American Indian or Alaska Native'
    WHEN 'hawaiian' THEN 'Native Hawaiian or Other Pacific Islander'
    WHEN 'other' THEN 'Other'
    ELSE RACE
  END AS race,
  CASE lower(ETHNICITY)
    WHEN 'hispanic' THEN 'Hispanic or Latino'
    WHEN 'nonhispanic' THEN 'Not Hispanic or Latino'
    ELSE ETHNICITY
  END AS ethnicity,
  CITY AS city,
  STATE AS state,
  COUNTY AS county,
  ZIP AS postal_code,
  MARITAL AS marital_status,
  DEATHDATE IS NOT NULL AS deceased,
  substr(DEATHDATE, 1, 10) AS death_date,
  ADDRESS AS address_line,
  SSN AS ssn,
  Id AS person_id
FROM patients;

-- @into encounters @from encounters
SELECT
  e.Id AS encounter_id,
  e.PATIENT AS patient_id,
  CASE lower(e.ENCOUNTERCLASS)
    WHEN 'wellness' THEN 'AMB'
    WHEN 'outpatient' THEN 'AMB'
    WHEN 'ambulatory' THEN 'AMB'
    WHEN 'urgentcare' THEN 'AMB'
    WHEN 'emergency' THEN 'EMER'
    WHEN 'inpatient' THEN 'IMP'
    WHEN 'hospice' THEN 'IMP'
    WHEN 'snf' THEN 'NONAC'
    WHEN 'home' THEN 'HH'
    WHEN 'virtual' THEN 'VR'
    ELSE e.ENCOUNTERCLASS
  END AS class_code,
  e.START AS admission_time,
  e.STOP AS discharge_time,
  CASE WHEN e.STOP IS NULL THEN 'in-progress' ELSE 'finished' END AS status,
  e.CODE AS type_code,
  e.DESCRIPTION AS type_description,
  CASE WHEN e.CODE IS NOT NULL THEN 'SNOMED CT' END AS type_code_system,
  e.REASONCODE AS reason_code,
  e.REASONDESCRIPTION AS reason_description,
  CASE WHEN e.REASONCODE IS NOT NULL THEN 'SNOMED CT' END AS reason_code_system,
  (SELECT NAME FROM organizations AS o WHERE o.Id = e.ORGANIZATION) AS facility,
  e.ENCOUNTERCLASS AS service_type -- says more than the class code
FROM encounters AS e;

-- @into diagnoses @from conditions
SELECT
  stable_id(
    'condition', START, STOP, PATIENT, ENCOUNTER, CODE, DESCRIPTION,
    row_number() OVER (PARTITION BY START, STOP, PATIENT, ENCOUNTER, CODE, DESCRIPTION)
  ) AS diagnosis_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  CODE AS code,
  DESCRIPTION AS description,
  substr(START, 1, 10) AS diagnosed_date,
  substr(STOP, 1, 10) AS resolved_date,
  'SNOMED CT' AS code_system
FROM conditions;

-- @into procedures @from procedures
SELECT
  stable_id(
    'procedure', START, DATE, STOP, PATIENT, ENCOUNTER, CODE, DESCRIPTION, REASONCODE,
    row_number() OVER (
      PARTITION BY START, DATE, STOP, PATIENT, ENCOUNTER, CODE, DESCRIPTION, REASONCODE
    )
  ) AS procedure_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  CODE AS code,
  DESCRIPTION AS description,
  coalesce(START, DATE) AS performed_time,
  STOP AS end_time,
  'SNOMED CT' AS code_system,
  'completed' AS status,
  REASONCODE AS reason_code,
  REASONDESCRIPTION AS reason_description,
  CASE WHEN REASONCODE IS NOT NULL THEN 'SNOMED CT' END AS reason_code_system
FROM procedures;

-- @into lab_results @from observations
SELECT
  stable_id(
    'observation', DATE, PATIENT, ENCOUNTER, CODE, DESCRIPTION, VALUE, UNITS,
    row_number() OVER (PARTITION BY DATE, PATIENT, ENCOUNTER, CODE, DESCRIPTION, VALUE, UNITS)
  ) AS lab_result_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  coalesce(DESCRIPTION, CODE) AS test_name,
  VALUE AS value,
  UNITS AS unit,
  DATE AS collected_time,
  CODE AS loinc_code,
  CASE WHEN TYPE = 'numeric' THEN VALUE END AS value_numeric
FROM observations
WHERE CATEGORY = 'laboratory' AND VALUE IS NOT NULL;

-- One row for each taking: a code that comes twice at one time begins another row.
-- @into vital_signs @from observations
SELECT
  stable_id('vitals', DATE, PATIENT, ENCOUNTER, taking) AS vital_sign_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  DATE AS observed_time,
  max(CASE WHEN CODE = '8480-6' THEN VALUE END) AS systolic_bp,
  max(CASE WHEN CODE = '8462-4' THEN VALUE END) AS diastolic_bp,
  max(CASE WHEN CODE = '8867-4' THEN VALUE END) AS heart_rate,
  max(CASE WHEN CODE = '9279-1' THEN VALUE END) AS respiratory_rate,
  max(CASE WHEN CODE = '8310-5' THEN VALUE END) AS temperature,
  max(CASE WHEN CODE IN ('59408-5', '2708-6') THEN VALUE END) AS oxygen_saturation,
  max(CASE WHEN CODE = '29463-7' THEN VALUE END) AS weight,
  max(CASE WHEN CODE = '8302-2' THEN VALUE END) AS height,
  max(CASE WHEN CODE = '39156-5' THEN VALUE END) AS bmi,
  max(CASE WHEN CODE = '72514-3' THEN VALUE END) AS pain_score,
  count(*) AS _rows
FROM (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY DATE, PATIENT, ENCOUNTER,
        CASE CODE WHEN '2708-6' THEN '59408-5' ELSE CODE END
      ORDER BY VALUE
    ) AS taking
  FROM observations
  WHERE CATEGORY = 'vital-signs' AND TYPE = 'numeric'
    AND CODE IN (
      '8480-6', '8462-4', '8867-4', '9279-1', '8310-5', '59408-5', '2708-6', '29463-7', '8302-2',
      '39156-5', '72514-3'
    )
)
GROUP BY DATE, PATIENT, ENCOUNTER, taking;

-- @into observations @from observations
SELECT
  stable_id(
    'observation', DATE, PATIENT, ENCOUNTER, CODE, DESCRIPTION, VALUE, UNITS,
    row_number() OVER (PARTITION BY DATE, PATIENT, ENCOUNTER, CODE, DESCRIPTION, VALUE, UNITS)
  ) AS observation_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  CATEGORY AS category,
  DESCRIPTION AS description,
  VALUE AS value,
  UNITS AS unit,
  DATE AS effective_time,
  CODE AS code,
  -- Disability- and quality-adjusted life years are Synthea's own.
  CASE WHEN CODE IN ('QALY', 'DALY', 'QOLS') THEN 'Synthea' ELSE 'LOINC' END AS code_system,
  CASE WHEN TYPE = 'numeric' THEN VALUE END AS value_numeric
FROM observations
WHERE (CATEGORY = 'laboratory' AND VALUE IS NOT NULL) IS NOT TRUE
  AND (
    CATEGORY = 'vital-signs' AND TYPE = 'numeric'
    AND CODE IN (
      '8480-6', '8462-4', '8867-4', '9279-1', '8310-5', '59408-5', '2708-6', '29463-7', '8302-2',
      '39156-5', '72514-3'
    )
  ) IS NOT TRUE;

-- @into medications @from medications
SELECT
  stable_id(
    'medication', START, STOP, PATIENT, ENCOUNTER, CODE, DESCRIPTION, REASONCODE,
    row_number() OVER (
      PARTITION BY START, STOP, PATIENT, ENCOUNTER, CODE, DESCRIPTION, REASONCODE
    )
  ) AS medication_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  DESCRIPTION AS name,
  substr(START, 1, 10) AS start_date,
  substr(STOP, 1, 10) AS end_date,
  CASE WHEN STOP IS NULL THEN 'active' ELSE 'completed' END AS status,
  CODE AS rxnorm_code,
  REASONCODE AS reason_code,
  REASONDESCRIPTION AS reason_description,
  CASE WHEN REASONCODE IS NOT NULL THEN 'SNOMED CT' END AS reason_code_system
FROM medications;

-- @into allergies @from allergies
SELECT
  stable_id(
    'allergy', START, STOP, PATIENT, ENCOUNTER, CODE, DESCRIPTION, REACTION1, REACTION2,
    row_number() OVER (
      PARTITION BY START, STOP, PATIENT, ENCOUNTER, CODE, DESCRIPTION, REACTION1, REACTION2
    )
  ) AS allergy_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  DESCRIPTION AS substance,
  CATEGORY AS category,
  DESCRIPTION1 || coalesce('; ' || DESCRIPTION2, '') AS reaction,
  CASE -- the worse of the two
    WHEN 'SEVERE' IN (SEVERITY1, SEVERITY2) THEN 'severe'
    WHEN 'MODERATE' IN (SEVERITY1, SEVERITY2) THEN 'moderate'
    WHEN 'MILD' IN (SEVERITY1, SEVERITY2) THEN 'mild'
  END AS severity,
  TYPE AS allergy_type,
  substr(START, 1, 10) AS onset_date,
  substr(STOP, 1, 10) AS end_date,
  CODE AS code,
  coalesce(replace(SYSTEM, 'SNOMED-CT', 'SNOMED CT'), 'SNOMED CT') AS code_system
FROM allergies;

-- looked up as the facility of encounters
-- @skip organizations
SELECT count(*) FROM organizations;
