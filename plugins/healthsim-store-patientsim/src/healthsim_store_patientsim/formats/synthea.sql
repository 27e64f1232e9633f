-- The clinical side of a folder written by Synthea's CSV exporter, of any year since 2017. Versions
-- differ in columns, so only what a SELECT cannot do without is NOT NULL; the rest is NULL where a
-- header lacks it. Synthea codes conditions, procedures and most allergies in SNOMED CT, unless a
-- column SYSTEM says otherwise; medications in RxNorm, observations in LOINC. Tables without an Id
-- get one from the content of the row, with a number where two rows are equal.

CREATE TABLE patients (
  Id TEXT NOT NULL, BIRTHDATE TEXT NOT NULL, DEATHDATE TEXT, SSN TEXT, FIRST TEXT NOT NULL,
  LAST TEXT NOT NULL, MARITAL TEXT, RACE TEXT, ETHNICITY TEXT, GENDER TEXT NOT NULL, ADDRESS TEXT,
  CITY TEXT, STATE TEXT, COUNTY TEXT, ZIP TEXT
);

-- In 2017 there was a DATE alone, and neither START, STOP nor ENCOUNTERCLASS.
CREATE TABLE encounters (
  Id TEXT NOT NULL, START TEXT, DATE TEXT, STOP TEXT, PATIENT TEXT NOT NULL, ORGANIZATION TEXT,
  PROVIDER TEXT, ENCOUNTERCLASS TEXT, CODE TEXT, DESCRIPTION TEXT, REASONCODE TEXT,
  REASONDESCRIPTION TEXT
);

-- Some years write an organization or a provider again for each speciality.
CREATE TABLE organizations (Id TEXT NOT NULL PRIMARY KEY ON CONFLICT IGNORE, NAME TEXT);

CREATE TABLE providers (Id TEXT NOT NULL PRIMARY KEY ON CONFLICT IGNORE, NPI TEXT);

CREATE TABLE conditions (
  START TEXT NOT NULL, STOP TEXT, PATIENT TEXT NOT NULL, ENCOUNTER TEXT, SYSTEM TEXT,
  CODE TEXT NOT NULL, DESCRIPTION TEXT
);

CREATE TABLE procedures (
  START TEXT, DATE TEXT, STOP TEXT, PATIENT TEXT NOT NULL, ENCOUNTER TEXT, SYSTEM TEXT,
  CODE TEXT NOT NULL, DESCRIPTION TEXT, REASONCODE TEXT, REASONDESCRIPTION TEXT
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

-- How the columns SYSTEM spell code systems, in capitals; what is not here is kept as it is.
CREATE VIEW synthea_systems AS
SELECT column1 AS spelled, column2 AS name
FROM (VALUES
  ('SNOMED-CT', 'SNOMED CT'), ('SNOMED', 'SNOMED CT'), ('HTTP://SNOMED.INFO/SCT', 'SNOMED CT'),
  ('ICD10', 'ICD-10-CM'), ('ICD-10', 'ICD-10-CM'), ('ICD10CM', 'ICD-10-CM'),
  ('ICD10-CM', 'ICD-10-CM'), ('HTTP://HL7.ORG/FHIR/SID/ICD-10-CM', 'ICD-10-CM'),
  ('RXNORM', 'RxNorm'), ('HTTP://WWW.NLM.NIH.GOV/RESEARCH/UMLS/RXNORM', 'RxNorm'),
  ('LOINC', 'LOINC'), ('HTTP://LOINC.ORG', 'LOINC')
);

-- The code system of a reason, which is the code of a condition.
CREATE VIEW synthea_reasons AS
SELECT CODE AS code, min(coalesce(y.name, SYSTEM)) AS system
FROM conditions
LEFT JOIN synthea_systems AS y ON y.spelled = upper(SYSTEM)
WHERE SYSTEM IS NOT NULL
GROUP BY CODE;

-- The kinds of LOINC codes, for observations without a CATEGORY, as Synthea wrote until 2021.
CREATE VIEW synthea_kinds AS
SELECT column1 AS code, 'vital-signs' AS kind
FROM (VALUES
  ('8480-6'), ('8462-4'), ('8867-4'), ('9279-1'), ('8310-5'), ('8331-1'), ('59408-5'), ('2708-6'),
  ('29463-7'), ('8302-2'), ('39156-5'), ('72514-3'), ('59576-9'), ('77606-2'), ('9843-4'),
  ('8289-1')
)
UNION ALL
SELECT column1, 'laboratory'
FROM (VALUES
  -- chemistry
  ('4548-4'), ('17856-6'), ('2339-0'), ('2345-7'), ('1558-6'), ('6299-2'), ('3094-0'), ('38483-4'),
  ('2160-0'), ('33914-3'), ('48642-3'), ('48643-1'), ('62238-1'), ('98979-8'), ('14959-1'),
  ('9318-7'), ('49765-1'), ('17861-6'), ('2947-0'), ('2951-2'), ('6298-4'), ('2823-3'), ('2069-3'),
  ('2075-0'), ('20565-8'), ('2028-9'), ('1963-8'), ('19123-9'), ('2777-1'), ('10834-0'),
  ('1742-6'), ('1743-4'), ('1920-8'), ('6768-6'), ('1975-2'), ('1968-7'), ('2885-2'), ('1751-7'),
  ('2093-3'), ('2571-8'), ('18262-6'), ('13457-7'), ('2089-1'), ('2085-9'), ('2532-0'), ('1988-5'),
  ('30522-7'), ('2276-4'), ('2498-4'), ('2500-7'), ('2502-3'), ('33762-6'), ('30934-4'),
  ('6598-7'), ('10839-9'), ('89579-7'), ('33959-8'), ('2524-7'), ('3016-3'), ('3024-7'),
  ('2857-1'), ('2132-9'), ('2284-8'), ('1989-3'), ('2157-6'), ('3084-1'),
  -- blood counts and clotting
  ('6690-2'), ('26464-8'), ('789-8'), ('26453-1'), ('718-7'), ('4544-3'), ('20570-8'), ('787-2'),
  ('30428-7'), ('785-6'), ('28539-5'), ('786-4'), ('28540-3'), ('788-0'), ('21000-5'), ('30385-9'),
  ('777-3'), ('26515-7'), ('32207-3'), ('32623-1'), ('751-8'), ('770-8'), ('731-0'), ('736-9'),
  ('742-7'), ('5905-5'), ('711-2'), ('713-8'), ('704-7'), ('706-2'), ('4537-7'), ('5902-2'),
  ('6301-6'), ('34714-6'), ('14979-9'), ('3173-2'), ('48065-7'), ('48066-5'), ('3255-7'),
  -- blood gases
  ('2744-1'), ('2019-8'), ('2703-7'), ('1960-4'), ('11558-4'),
  -- urine and stool
  ('5767-9'), ('5778-6'), ('32167-9'), ('34533-0'), ('5792-7'), ('25428-4'), ('5770-3'),
  ('5797-6'), ('2514-8'), ('5811-5'), ('5803-2'), ('5804-0'), ('20454-5'), ('20405-7'),
  ('5802-4'), ('5794-3'), ('5799-2'), ('5821-4'), ('57905-2'), ('2335-8'), ('29771-3'),
  -- antibodies and germs
  ('6075-6'), ('6082-2'), ('6085-5'), ('6095-4'), ('6106-9'), ('6158-0'), ('6189-5'), ('6206-7'),
  ('6246-3'), ('6248-9'), ('6273-7'), ('6276-0'), ('6833-8'), ('6844-5'), ('7258-7'), ('94531-1'),
  ('94500-6'), ('94558-4'), ('80382-5'), ('80383-3'), ('92130-4'), ('92131-2'), ('92134-6'),
  ('92138-7'), ('92139-5'), ('92140-3'), ('92141-1'), ('92142-9')
);

-- Observations with their kind. A value is a number where it says that it is one, or says nothing,
-- and SQLite finds it equal to a number: text that is none is equal to no number.
CREATE VIEW synthea_observations AS
SELECT
  o.rowid AS source_row,
  o.*,
  coalesce(o.CATEGORY, k.kind) AS kind,
  CASE WHEN coalesce(o.TYPE, 'numeric') = 'numeric' AND o.VALUE = CAST(o.VALUE AS NUMERIC)
    THEN o.VALUE END AS number,
  k.kind IS 'vital-signs' AND k.code NOT IN ('8331-1', '59576-9', '77606-2', '9843-4', '8289-1')
    AS has_column
FROM observations AS o
LEFT JOIN synthea_kinds AS k ON k.code = o.CODE;

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
  e.rowid AS _row,
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
    ELSE coalesce(e.ENCOUNTERCLASS, 'UNK')
  END AS class_code,
  coalesce(e.START, e.DATE) AS admission_time,
  e.STOP AS discharge_time,
  CASE
    WHEN e.STOP IS NOT NULL THEN 'finished'
    WHEN e.START IS NULL THEN 'unknown'
    ELSE 'in-progress'
  END AS status,
  e.CODE AS type_code,
  e.DESCRIPTION AS type_description,
  CASE WHEN e.CODE IS NOT NULL THEN 'SNOMED CT' END AS type_code_system,
  e.REASONCODE AS reason_code,
  e.REASONDESCRIPTION AS reason_description,
  CASE WHEN e.REASONCODE IS NOT NULL THEN coalesce(r.system, 'SNOMED CT') END
    AS reason_code_system,
  o.NAME AS facility,
  e.ENCOUNTERCLASS AS service_type, -- says more than the class code
  CASE WHEN length(n.NPI) = 10 THEN n.NPI END AS attending_npi
FROM encounters AS e
LEFT JOIN organizations AS o ON o.Id = coalesce(e.ORGANIZATION, e.PROVIDER) -- so in 2018
LEFT JOIN providers AS n ON n.Id = e.PROVIDER
LEFT JOIN synthea_reasons AS r ON r.code = e.REASONCODE;

-- @into diagnoses @from conditions
SELECT
  c.rowid AS _row,
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
  coalesce(y.name, SYSTEM, 'SNOMED CT') AS code_system
FROM conditions AS c
LEFT JOIN synthea_systems AS y ON y.spelled = upper(SYSTEM);

-- @into procedures @from procedures
SELECT
  p.rowid AS _row,
  stable_id(
    'procedure', START, DATE, STOP, PATIENT, ENCOUNTER, p.CODE, DESCRIPTION, REASONCODE,
    row_number() OVER (
      PARTITION BY START, DATE, STOP, PATIENT, ENCOUNTER, p.CODE, DESCRIPTION, REASONCODE
    )
  ) AS procedure_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  p.CODE AS code,
  DESCRIPTION AS description,
  coalesce(START, DATE) AS performed_time,
  STOP AS end_time,
  coalesce(y.name, p.SYSTEM, 'SNOMED CT') AS code_system,
  'completed' AS status,
  REASONCODE AS reason_code,
  REASONDESCRIPTION AS reason_description,
  CASE WHEN REASONCODE IS NOT NULL THEN coalesce(r.system, 'SNOMED CT') END AS reason_code_system
FROM procedures AS p
LEFT JOIN synthea_systems AS y ON y.spelled = upper(p.SYSTEM)
LEFT JOIN synthea_reasons AS r ON r.code = p.REASONCODE;

-- @into lab_results @from observations
SELECT
  source_row AS _row,
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
  number AS value_numeric
FROM synthea_observations
WHERE kind = 'laboratory' AND VALUE IS NOT NULL;

-- LOINC codes of no known kind, without CATEGORY, which are kept as observations @note observations
SELECT count(*) FROM synthea_observations WHERE kind IS NULL AND VALUE IS NOT NULL;

-- One row for each taking: a code that comes twice at one time begins another row.
-- @into vital_signs @from observations
SELECT
  min(source_row) AS _row,
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
  FROM synthea_observations
  WHERE kind = 'vital-signs' AND has_column AND number IS NOT NULL
)
GROUP BY DATE, PATIENT, ENCOUNTER, taking;

-- @into observations @from observations
SELECT
  source_row AS _row,
  stable_id(
    'observation', DATE, PATIENT, ENCOUNTER, CODE, DESCRIPTION, VALUE, UNITS,
    row_number() OVER (PARTITION BY DATE, PATIENT, ENCOUNTER, CODE, DESCRIPTION, VALUE, UNITS)
  ) AS observation_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  kind AS category,
  DESCRIPTION AS description,
  VALUE AS value,
  UNITS AS unit,
  DATE AS effective_time,
  CODE AS code,
  -- Disability- and quality-adjusted life years are Synthea's own.
  CASE WHEN CODE IN ('QALY', 'DALY', 'QOLS') THEN 'Synthea' ELSE 'LOINC' END AS code_system,
  number AS value_numeric
FROM synthea_observations
WHERE (kind = 'laboratory' AND VALUE IS NOT NULL) IS NOT TRUE
  AND (kind = 'vital-signs' AND has_column AND number IS NOT NULL) IS NOT TRUE;

-- @into medications @from medications
SELECT
  m.rowid AS _row,
  stable_id(
    'medication', START, STOP, PATIENT, ENCOUNTER, m.CODE, DESCRIPTION, REASONCODE,
    row_number() OVER (
      PARTITION BY START, STOP, PATIENT, ENCOUNTER, m.CODE, DESCRIPTION, REASONCODE
    )
  ) AS medication_id,
  PATIENT AS patient_id,
  ENCOUNTER AS encounter_id,
  DESCRIPTION AS name,
  substr(START, 1, 10) AS start_date,
  substr(STOP, 1, 10) AS end_date,
  CASE WHEN STOP IS NULL THEN 'active' ELSE 'completed' END AS status,
  m.CODE AS rxnorm_code,
  REASONCODE AS reason_code,
  REASONDESCRIPTION AS reason_description,
  CASE WHEN REASONCODE IS NOT NULL THEN coalesce(r.system, 'SNOMED CT') END AS reason_code_system
FROM medications AS m
LEFT JOIN synthea_reasons AS r ON r.code = m.REASONCODE;

-- @into allergies @from allergies
SELECT
  a.rowid AS _row,
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
  coalesce(y.name, SYSTEM, 'SNOMED CT') AS code_system
FROM allergies AS a
LEFT JOIN synthea_systems AS y ON y.spelled = upper(SYSTEM);

-- looked up as the facility of encounters
-- @skip organizations
SELECT count(*) FROM organizations;

-- looked up for encounters and claims
-- @skip providers
SELECT count(*) FROM providers;
