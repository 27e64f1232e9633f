-- Patients of a scenario as members of a health plan: a part for patient-claims.sql, before
-- _claims.sql

CREATE TABLE options (
  as_of DATE NOT NULL DEFAULT '2025-12-31' CHECK (as_of BETWEEN '1990-01-01' AND '2100-01-01'), -- The last day of the records
  illnesses VARCHAR -- Only patients with one of these, by the first three letters of their codes: E10, E11
);

-- Who pays for those below 65, and from then on
CREATE TABLE payers (
  payer_name VARCHAR, plan_type VARCHAR, patient_percent INTEGER, weight INTEGER
);

INSERT INTO payers VALUES
  ('BCBS PPO', 'PPO', 20, 35), ('Aetna HMO', 'HMO', 15, 20), ('UHC', 'EPO', 20, 25),
  ('Kaiser HMO', 'HMO', 10, 20);

-- What ICD-10-CM calls the diabetes that SNOMED CT calls so, with the codes that Synthea uses
CREATE TABLE also_called (code VARCHAR, icd10 VARCHAR);

INSERT INTO also_called VALUES
  ('44054006', 'E11'), ('46635009', 'E10'), ('73211009', 'E11'), ('427089005', 'E08'),
  ('127013003', 'E11'), ('90781000119102', 'E11'), ('157141000119108', 'E11'), ('422034002', 'E11'),
  ('1551000119108', 'E11'), ('1501000119109', 'E11'), ('97331000119101', 'E11'),
  ('60951000119105', 'E11'), ('368581000119106', 'E11');

-- Patients who were alive some time in the three years before, and have an illness that is asked for
-- @for scenario
CREATE TABLE person AS
SELECT
  patient_id, given_name, family_name, birth_date, iif(gender IN ('F', 'M'), gender, 'U') AS gender,
  city, county, state, postal_code, address_line, phone, ssn, person_id,
  min(as_of, coalesce(death_date, as_of)) AS closes,
  death_date,
  as_of
FROM patients, options
WHERE birth_date < as_of AND coalesce(death_date, as_of) > date(as_of, '-3 years')
  AND (illnesses IS NULL OR EXISTS (
    SELECT 1
    FROM diagnoses AS d
    WHERE d.patient_id = patients.patient_id
      AND instr(
        ',' || replace(upper(illnesses), ' ', '') || ',',
        ',' || coalesce(
          (SELECT icd10 FROM also_called WHERE also_called.code = d.code), substr(d.code, 1, 3)
        ) || ','
      ) > 0
  ));
