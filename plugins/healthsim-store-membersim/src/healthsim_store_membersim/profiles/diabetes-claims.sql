-- The patients with diabetes of a scenario as members of a health plan, with a claim for each visit
-- @counts members @include patient-claims.sql @from scenario patients(patient_id, person_id, given_name,
-- family_name, birth_date, gender, death_date, city, county, state, postal_code, address_line, phone,
-- ssn) diagnoses(patient_id, code, description, diagnosed_date,
-- code_system) encounters(encounter_id, patient_id,
-- class_code, admission_time, discharge_time, reason_code, reason_description, attending_npi)?

-- Diabetes, whatever its cause
CREATE TABLE options (
  illnesses VARCHAR NOT NULL DEFAULT 'E08, E09, E10, E11, E13' -- Only patients with one of these, by the first three letters of their codes
);
