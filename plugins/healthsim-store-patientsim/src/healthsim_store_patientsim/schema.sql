-- PatientSim: the clinical side. Names follow FHIR R4 and US Core, code systems are named beside
-- the codes, units are UCUM.

-- People under care @alias patient pts
CREATE TABLE patients (
  patient_id VARCHAR PRIMARY KEY, -- Id in this scenario
  mrn VARCHAR NOT NULL UNIQUE, -- Medical record number @alias medical_record_number
  given_name VARCHAR NOT NULL, -- First name @alias first_name firstname forename fname name.given name.first
  family_name VARCHAR NOT NULL, -- Last name @alias last_name lastname surname lname name.family name.last
  birth_date DATE NOT NULL, -- Date of birth @alias dob date_of_birth birthdate birthday
  gender VARCHAR NOT NULL CHECK (gender IN ('M', 'F', 'O', 'U')), -- Administrative gender @alias sex @codes HL7 v2 0001 @synonym male=M, man=M, female=F, woman=F, other=O, non-binary=O, nonbinary=O, unknown=U
  race VARCHAR, -- OMB race category, in words @codes US Core race
  ethnicity VARCHAR, -- OMB ethnicity category, in words @codes US Core ethnicity
  city VARCHAR, -- City @alias address.city
  state VARCHAR, -- State, or its two-letter code @alias address.state
  county VARCHAR, -- County @alias address.county
  postal_code VARCHAR, -- ZIP code, with its leading zeros @alias zip zip_code zipcode postcode post_code address.postal_code address.postcode address.zip address.zip_code
  country VARCHAR, -- Country @alias address.country
  language VARCHAR, -- Preferred language @alias preferred_language @codes BCP 47
  marital_status VARCHAR, -- Marital status
  deceased BOOLEAN, -- Has died @alias is_deceased
  death_date DATE, -- Date of death @alias date_of_death dod deceased_date
  address_line VARCHAR, -- Street and number @alias address street street_address address1 address.line address.line1 address.street address.street_address @sensitive
  phone VARCHAR, -- Telephone @alias phone_number telephone contact.phone @sensitive
  email VARCHAR, -- Electronic mail @alias email_address contact.email @sensitive
  ssn VARCHAR CHECK (replace(ssn, '-', '') GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]' AND (ssn GLOB '9*' OR ssn GLOB '666*' OR ssn GLOB '000*')), -- Social security number, from ranges that are never issued (9xx, 666, 000) @alias social_security_number @sensitive
  person_id VARCHAR, -- The same human across products
  CHECK (death_date IS NULL OR death_date >= birth_date)
);

CREATE INDEX patients_person_id ON patients (person_id);

-- Visits and stays @alias encounter visits
CREATE TABLE encounters (
  encounter_id VARCHAR PRIMARY KEY, -- Id in this scenario
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- Whose visit
  class_code VARCHAR NOT NULL CHECK (class_code IN ('AMB', 'EMER', 'IMP', 'ACUTE', 'NONAC', 'OBSENC', 'PRENC', 'SS', 'VR', 'HH', 'FLD', 'UNK')), -- Setting @alias encounter_class class encounter_type @codes HL7 v3 ActCode @synonym ambulatory=AMB, outpatient=AMB, office=AMB, wellness=AMB, emergency=EMER, ed=EMER, er=EMER, inpatient=IMP, observation=OBSENC, pre-admission=PRENC, short stay=SS, virtual=VR, telehealth=VR, home=HH, home health=HH, field=FLD, unknown=UNK
  admission_time TIMESTAMP NOT NULL, -- Beginning @alias admit_time admission_date admit_date start_time start_date encounter_date visit_date period_start start period.start
  discharge_time TIMESTAMP, -- End @alias discharge_date end_time end_date period_end end period.end
  status VARCHAR NOT NULL DEFAULT 'finished' CHECK (status IN ('planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished', 'cancelled', 'entered-in-error', 'unknown')), -- State @alias encounter_status @codes FHIR Encounter.status @synonym completed=finished, complete=finished, discharged=finished, active=in-progress, canceled=cancelled
  chief_complaint VARCHAR, -- What the patient came for, in words
  type_code VARCHAR, -- Kind of visit
  type_description VARCHAR, -- Kind of visit, in words
  type_code_system VARCHAR, -- Code system of type_code
  reason_code VARCHAR, -- Reason
  reason_description VARCHAR, -- Reason, in words @alias reason reason_for_visit
  reason_code_system VARCHAR, -- Code system of reason_code
  service_type VARCHAR, -- Kind of service: wellness, urgent care, cardiology, ...
  facility VARCHAR, -- Where @alias facility_name hospital location
  department VARCHAR, -- Department or ward
  discharge_disposition VARCHAR, -- Where the patient went
  attending_npi VARCHAR(10), -- Attending clinician @alias attending_provider_npi provider_npi @codes NPI
  CHECK (discharge_time IS NULL OR discharge_time >= admission_time)
);

-- Conditions @alias diagnosis conditions condition problems
CREATE TABLE diagnoses (
  diagnosis_id VARCHAR PRIMARY KEY, -- Id in this scenario
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- Who has it
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- The visit that found it
  code VARCHAR NOT NULL, -- Code @alias diagnosis_code icd10 icd10_code icd_10_code icd_code condition_code
  description VARCHAR, -- The code in words @alias diagnosis_description display condition_name diagnosis_name
  diagnosed_date DATE NOT NULL, -- When it was found @alias onset_date diagnosis_date recorded_date
  resolved_date DATE, -- When it ended @alias abatement_date
  diagnosis_type VARCHAR CHECK (diagnosis_type IN ('principal', 'secondary', 'admitting', 'working', 'final')), -- Role in the visit @alias type @synonym primary=principal, comorbidity=secondary
  code_system VARCHAR NOT NULL DEFAULT 'ICD-10-CM' -- Code system of code
);

-- Things done to a patient @alias procedure
CREATE TABLE procedures (
  procedure_id VARCHAR PRIMARY KEY, -- Id in this scenario
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- On whom
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- During which visit
  code VARCHAR NOT NULL, -- Code @alias procedure_code cpt_code cpt
  description VARCHAR, -- The code in words @alias procedure_description procedure_name display
  performed_time TIMESTAMP NOT NULL, -- Beginning @alias performed_date procedure_date procedure_time
  end_time TIMESTAMP, -- End
  code_system VARCHAR NOT NULL, -- Code system of code: CPT, HCPCS, ICD-10-PCS, SNOMED CT
  status VARCHAR, -- State @codes FHIR Procedure.status
  reason_code VARCHAR, -- Reason
  reason_description VARCHAR, -- Reason, in words
  reason_code_system VARCHAR, -- Code system of reason_code
  performer_npi VARCHAR(10) -- Who did it @codes NPI
);

-- Laboratory results @alias labs lab lab_result laboratory_results
CREATE TABLE lab_results (
  lab_result_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias lab_id result_id
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- Whose specimen
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- During which visit
  test_name VARCHAR NOT NULL, -- Test @alias test lab_name lab_test name display
  value VARCHAR NOT NULL, -- Result as reported @alias result result_value
  unit VARCHAR, -- Unit of the value, UCUM @alias units
  collected_time TIMESTAMP NOT NULL, -- When the specimen was taken @alias collected_date collection_date collection_time test_date
  loinc_code VARCHAR, -- Test @alias loinc code @codes LOINC
  value_numeric REAL, -- Result as a number, in the same unit @alias numeric_value
  abnormal_flag VARCHAR, -- Interpretation: H, L, HH, LL, N, A @alias flag interpretation @codes HL7 v2 0078
  reference_range VARCHAR, -- What is usual @alias normal_range
  resulted_time TIMESTAMP, -- When the result was known @alias resulted_date result_date result_time
  CHECK (resulted_time IS NULL OR resulted_time >= collected_time)
);

-- Vital signs, one row for each taking @alias vitals vital_sign
CREATE TABLE vital_signs (
  vital_sign_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias vital_id
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- Whose
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- During which visit
  observed_time TIMESTAMP NOT NULL, -- When @alias observation_time measured_time recorded_time effective_time recorded_date observation_date
  systolic_bp REAL CHECK (systolic_bp BETWEEN 0 AND 350), -- Systolic blood pressure, LOINC 8480-6 @alias systolic sbp bp_systolic @unit mm[Hg]
  diastolic_bp REAL CHECK (diastolic_bp BETWEEN 0 AND 250), -- Diastolic blood pressure, LOINC 8462-4 @alias diastolic dbp bp_diastolic @unit mm[Hg]
  heart_rate REAL CHECK (heart_rate BETWEEN 0 AND 400), -- Heart rate, LOINC 8867-4 @alias pulse hr @unit /min
  respiratory_rate REAL CHECK (respiratory_rate BETWEEN 0 AND 150), -- Respiratory rate, LOINC 9279-1 @alias rr resp_rate @unit /min
  temperature REAL CHECK (temperature BETWEEN 10 AND 47), -- Body temperature, LOINC 8310-5 @alias temp body_temperature temperature_c @unit Cel
  oxygen_saturation REAL CHECK (oxygen_saturation BETWEEN 0 AND 100), -- Oxygen saturation, LOINC 59408-5 or 2708-6 @alias spo2 o2_sat @unit %
  weight REAL CHECK (weight BETWEEN 0.1 AND 700), -- Body weight, LOINC 29463-7 @alias weight_kg body_weight @unit kg
  height REAL CHECK (height BETWEEN 15 AND 280), -- Body height, LOINC 8302-2 @alias height_cm body_height @unit cm
  bmi REAL CHECK (bmi BETWEEN 4 AND 250), -- Body mass index, LOINC 39156-5 @alias body_mass_index @unit kg/m2
  pain_score REAL CHECK (pain_score BETWEEN 0 AND 10) -- Pain, 0 to 10, LOINC 72514-3 @alias pain @unit {score}
);

-- Findings that are neither laboratory results nor vital signs of vital_signs: surveys, social history, examinations @alias observation
CREATE TABLE observations (
  observation_id VARCHAR PRIMARY KEY, -- Id in this scenario
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- About whom
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- During which visit
  category VARCHAR, -- Kind: survey, social-history, exam, procedure, ... @codes FHIR observation-category
  description VARCHAR, -- The code in words @alias name display
  value VARCHAR, -- Finding as reported @alias result
  unit VARCHAR, -- Unit of the value, UCUM @alias units
  effective_time TIMESTAMP NOT NULL, -- When @alias observation_time observed_time observation_date effective_date
  code VARCHAR NOT NULL, -- Code @alias loinc_code
  code_system VARCHAR NOT NULL DEFAULT 'LOINC', -- Code system of code
  value_numeric REAL -- Finding as a number, in the same unit
);

-- No CHECK on the order of the dates: Synthea ends some prescriptions before they begin.

-- Medicines that a patient takes or took @alias medication meds prescriptions
CREATE TABLE medications (
  medication_id VARCHAR PRIMARY KEY, -- Id in this scenario
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- Who takes it
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- The visit that prescribed it
  name VARCHAR NOT NULL, -- Medicine @alias medication_name drug_name drug medication display
  dose VARCHAR, -- Amount each time @alias dosage strength
  route VARCHAR, -- Way in
  frequency VARCHAR, -- How often @alias sig schedule
  start_date DATE NOT NULL, -- First day @alias start prescribed_date started
  end_date DATE, -- Last day @alias end stop_date stop
  status VARCHAR CHECK (status IN ('active', 'completed', 'on-hold', 'stopped', 'cancelled', 'draft', 'entered-in-error', 'unknown')), -- State @alias medication_status @codes FHIR MedicationRequest.status @synonym discontinued=stopped, current=active, canceled=cancelled
  rxnorm_code VARCHAR, -- Medicine @alias rxnorm rxcui code @codes RxNorm
  reason_code VARCHAR, -- Reason
  reason_description VARCHAR, -- Reason, in words @alias indication reason
  reason_code_system VARCHAR, -- Code system of reason_code
  prescriber_npi VARCHAR(10) -- Who prescribed it @codes NPI
);

-- Allergies and intolerances @alias allergy
CREATE TABLE allergies (
  allergy_id VARCHAR PRIMARY KEY, -- Id in this scenario
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- Who has it
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- The visit that found it
  substance VARCHAR NOT NULL, -- Allergen @alias allergen name description
  category VARCHAR CHECK (category IN ('food', 'medication', 'environment', 'biologic')), -- Kind of substance @codes FHIR allergy-intolerance-category @synonym drug=medication, environmental=environment
  reaction VARCHAR, -- What it does @alias manifestation
  severity VARCHAR CHECK (severity IN ('mild', 'moderate', 'severe')), -- How badly @codes FHIR reaction-event-severity
  allergy_type VARCHAR CHECK (allergy_type IN ('allergy', 'intolerance')), -- Mechanism @alias type @codes FHIR allergy-intolerance-type
  onset_date DATE, -- When it began @alias start_date recorded_date
  end_date DATE, -- When it ended
  code VARCHAR, -- Allergen @alias substance_code
  code_system VARCHAR -- Code system of code
);

-- Orders @alias order service_requests
CREATE TABLE orders (
  order_id VARCHAR PRIMARY KEY, -- Id in this scenario
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- For whom
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- During which visit
  order_type VARCHAR NOT NULL CHECK (order_type IN ('laboratory', 'imaging', 'medication', 'procedure', 'referral', 'nursing', 'diet', 'other')), -- Kind @alias type @synonym lab=laboratory, labs=laboratory, radiology=imaging, consult=referral
  description VARCHAR NOT NULL, -- What is ordered @alias name display
  ordered_time TIMESTAMP NOT NULL, -- When @alias order_time order_date ordered_date authored_on
  status VARCHAR CHECK (status IN ('draft', 'active', 'on-hold', 'revoked', 'completed', 'entered-in-error', 'unknown')), -- State @alias order_status @codes FHIR request-status @synonym pending=active, cancelled=revoked, complete=completed
  priority VARCHAR CHECK (priority IN ('routine', 'urgent', 'asap', 'stat')), -- Urgency @codes FHIR request-priority
  code VARCHAR, -- Code @alias order_code
  code_system VARCHAR, -- Code system of code
  ordering_npi VARCHAR(10) -- Who ordered it @codes NPI
);

-- Clinical notes @alias notes note clinical_note documents
CREATE TABLE clinical_notes (
  note_id VARCHAR PRIMARY KEY, -- Id in this scenario
  patient_id VARCHAR NOT NULL REFERENCES patients (patient_id), -- About whom
  encounter_id VARCHAR REFERENCES encounters (encounter_id), -- About which visit
  note_type VARCHAR NOT NULL, -- Kind: progress note, discharge summary, ... @alias type
  authored_time TIMESTAMP NOT NULL, -- When @alias note_time note_date authored_date
  text VARCHAR NOT NULL, -- The note @alias note_text content body
  author VARCHAR, -- Who wrote it
  loinc_code VARCHAR -- Document type @codes LOINC
);

-- Diagnoses of diabetes, with their code in ICD-10-CM without the dot. Of SNOMED CT these are the
-- codes that Synthea uses; other codes of diabetes are not known here.
CREATE VIEW diabetes_diagnoses AS
SELECT
  diagnosis_id, patient_id, code, description, diagnosed_date, code_system,
  CASE code_system
    WHEN 'ICD-10-CM' THEN replace(code, '.', '')
    ELSE CASE code
      WHEN '44054006' THEN 'E119'
      WHEN '46635009' THEN 'E109'
      WHEN '73211009' THEN 'E119'
      WHEN '427089005' THEN 'E089'
      WHEN '127013003' THEN 'E1129'
      WHEN '90781000119102' THEN 'E1129'
      WHEN '157141000119108' THEN 'E1129'
      WHEN '422034002' THEN 'E11319'
      WHEN '1551000119108' THEN 'E11329'
      WHEN '1501000119109' THEN 'E11359'
      WHEN '97331000119101' THEN 'E11311'
      WHEN '60951000119105' THEN 'E1139'
      WHEN '368581000119106' THEN 'E1140'
    END
  END AS icd10
FROM diagnoses
WHERE (code_system = 'ICD-10-CM' AND code >= 'E08' AND code < 'E14')
  OR (
    code_system = 'SNOMED CT' AND code IN (
      '44054006', '46635009', '73211009', '427089005', '127013003', '90781000119102',
      '157141000119108', '422034002', '1551000119108', '1501000119109', '97331000119101',
      '60951000119105', '368581000119106'
    )
  );

-- One patient for a reader. What SNOMED CT calls a finding or a situation is no comorbidity.
-- @card patients
CREATE VIEW patient_cards AS
SELECT
  patient_id,
  given_name || ' ' || family_name || ' ('
    || CASE gender WHEN 'M' THEN 'Male' WHEN 'F' THEN 'Female' WHEN 'O' THEN 'Other'
         ELSE 'Unknown' END
    || iif(death_date IS NULL, ', ', ', died at ')
    || (strftime('%Y', at) - strftime('%Y', birth_date)
         - (strftime('%m-%d', at) < strftime('%m-%d', birth_date)))
    || ')' AS patient,
  mrn AS MRN,
  (SELECT code || coalesce(' - ' || description, '')
    FROM diagnoses
    WHERE diagnosis_id = principal) AS Diagnosis,
  (SELECT coalesce(value_numeric, value) || coalesce(unit, '')
      || ' (' || date(collected_time) || ')'
    FROM lab_results AS l
    WHERE l.patient_id = p.patient_id AND loinc_code IN ('4548-4', '17856-6')
    ORDER BY collected_time DESC
    LIMIT 1) AS Latest_A1C,
  (SELECT group_concat(said, ', ')
    FROM (
      SELECT name || coalesce(' ' || dose, '') || coalesce(' ' || frequency, '') AS said
      FROM medications AS m
      WHERE m.patient_id = p.patient_id AND coalesce(status, 'active') = 'active'
        AND (end_date IS NULL OR end_date >= date('now'))
      GROUP BY 1
      ORDER BY max(start_date) DESC
      LIMIT 6
    )) AS Medications,
  (SELECT group_concat(said, ', ')
    FROM (
      SELECT coalesce(description || ' (' || code || ')', code) AS said
      FROM diagnoses AS d
      WHERE d.patient_id = p.patient_id AND resolved_date IS NULL
        AND code <> (SELECT code FROM diagnoses WHERE diagnosis_id = principal)
        AND coalesce(description, '') NOT LIKE '%(finding)'
        AND coalesce(description, '') NOT LIKE '%(situation)'
      GROUP BY code
      ORDER BY min(diagnosed_date)
      LIMIT 5
    )) AS Comorbidities,
  (SELECT date(admission_time)
      || coalesce(' (' || coalesce(chief_complaint, reason_description, type_description) || ')',
        '')
    FROM encounters AS e
    WHERE e.patient_id = p.patient_id
    ORDER BY admission_time DESC
    LIMIT 1) AS Last_Visit
FROM (
  SELECT
    *,
    coalesce(death_date, date('now')) AS at,
    (SELECT diagnosis_id
      FROM diagnoses AS d
      WHERE d.patient_id = patients.patient_id
      ORDER BY
        diagnosis_type IS 'principal' DESC,
        resolved_date IS NULL DESC,
        coalesce(description, '') LIKE '%(finding)' OR coalesce(description, '') LIKE '%(situation)',
        diagnosed_date DESC
      LIMIT 1) AS principal
  FROM patients
) AS p;
