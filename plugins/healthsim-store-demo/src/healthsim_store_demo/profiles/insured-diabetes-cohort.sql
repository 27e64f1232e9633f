-- Adults with type 2 diabetes as patients and as members of a health plan, with claims: each visit's, and those of operations elsewhere. Needs PatientSim and MemberSim @counts patients @count 150 @include healthsim_store_patientsim/diabetes-cohort.sql healthsim_store_membersim/_claims.sql healthsim_store_membersim/_payments.sql

-- Claims are what this profile is for
CREATE TABLE options (
  claims BOOLEAN NOT NULL DEFAULT 1 -- Make claims too
);

-- Who pays for those below 65
CREATE TABLE payers (payer_name VARCHAR, plan_type VARCHAR, patient_percent INTEGER, weight INTEGER);

INSERT INTO payers VALUES
  ('BCBS PPO', 'PPO', 20, 35), ('Aetna HMO', 'HMO', 15, 20), ('UHC', 'EPO', 20, 25),
  ('Kaiser HMO', 'HMO', 10, 20);

-- @for person @times 1
CREATE TABLE insured (
  payer INTEGER, -- Below 65 @pick payers
  medicare_plan VARCHAR, -- From 65 on @choice HMO=55, PPO=45
  years INTEGER, -- With the payer @uniform 2, 9
  operation REAL, -- @uniform 0, 1
  operated INTEGER -- Days ago @uniform 30, 700
);

-- Medicare pays from the month of one's 65th birthday on. Nobody is operated on at the weekend.
CREATE VIEW member AS
SELECT
  *,
  'M' || key || printf('%06d', n) AS member_id,
  iif(age < 65, payers.plan_type, medicare_plan) AS member_plan,
  iif(age < 65, payers.payer_name, 'Medicare') AS member_payer,
  iif(strftime('%w', chosen) IN ('0', '6'), date(chosen, 'weekday 1'), chosen) AS operation_day,
  max(
    iif(age < 65, '', date(birth_date, '65 years', 'start of month')),
    date(as_of, 'start of year', '-' || years || ' years')
  ) AS coverage_start
FROM (
  SELECT
    *,
    date(as_of, '-' || age || ' years', '-' || birthday || ' days') AS birth_date,
    date(as_of, '-' || operated || ' days') AS chosen
  FROM chart JOIN people USING (n) JOIN care USING (n) JOIN insured USING (n), options, run
)
JOIN payers ON payers.rowid = payer;

-- The claim of each visit, and one for an operation, which those with complications have more often.
-- What is prescribed again by telephone costs nothing.
CREATE VIEW claim_base AS
SELECT
  n,
  k,
  member_id,
  'E' || key || printf('%06d', n) || '-' || k AS encounter_id,
  CASE
    WHEN class_code = 'IMP' THEN 'inpatient'
    WHEN class_code = 'EMER' THEN 'emergency'
    WHEN complaint = 'annual wellness' AND member_payer = 'Medicare' THEN 'wellness'
    ELSE 'clinic'
  END AS kind,
  day AS service_date,
  stay AS days,
  code,
  description,
  -- The clinician of the encounter
  substr(luhn('80840' || (140310000 + 2 * clinic + (class_code IN ('EMER', 'IMP')))), 6) AS npi,
  patient_percent
FROM visits JOIN member USING (n) JOIN conditions ON code = reason
WHERE class_code <> 'VR' AND day >= coverage_start
UNION ALL
SELECT
  n,
  17,
  member_id,
  NULL,
  'surgery',
  operation_day,
  0,
  code,
  description,
  substr(luhn('80840' || (160000000 + clinic)), 6),
  patient_percent
FROM member JOIN conditions ON code = principal
WHERE operation < iif(complicated, 0.31, 0.09)
  AND operation_day >= coverage_start;

-- @into members
SELECT
  member_id,
  CASE
    WHEN birth_date < '1960' THEN iif(gender = 'F', older_female_name, older_male_name)
    ELSE iif(gender = 'F', female_name, male_name)
  END AS given_name,
  iif(race = 'Hispanic', hispanic_family_name, family_name) AS family_name,
  birth_date,
  gender,
  member_plan AS plan_type,
  coverage_start,
  member_payer AS payer_name,
  'D' || upper(key) || printf('%06d', n) AS member_number,
  city,
  county,
  state,
  postal_code,
  '18' AS relationship_code,
  address_line,
  phone,
  'H' || key || printf('%06d', n) AS person_id
FROM member
ORDER BY n;

-- With a claim over 10,000 dollars: 23 of 150 @target 23/150
SELECT max(coalesce(total_charge, 0)) > 10000
FROM members LEFT JOIN claims USING (member_id)
GROUP BY member_id;

-- With Medicare, from 65 on @target 1
SELECT (payer_name = 'Medicare') = (birth_date <= '1960-12-31') FROM members;

-- A patient who is no member, or is another one there @never
SELECT patient_id
FROM patients
WHERE NOT EXISTS (
  SELECT * FROM members
  WHERE members.person_id = patients.person_id
    AND members.given_name = patients.given_name AND members.family_name = patients.family_name
    AND members.birth_date = patients.birth_date AND members.gender = patients.gender
    AND members.postal_code = patients.postal_code
);

-- A claim that differs from its encounter: person, day, clinician or reason @never
SELECT claim_id
FROM claims JOIN members USING (member_id) LEFT JOIN encounters USING (encounter_id)
LEFT JOIN patients ON patients.patient_id = encounters.patient_id
WHERE encounter_id IS NOT NULL AND (
  members.person_id IS NOT patients.person_id
  OR service_date IS NOT date(admission_time)
  OR provider_npi IS NOT attending_npi
  OR principal_diagnosis IS NOT reason_code
);

-- A stay in hospital that ends on another day for the payer @never
SELECT claim_id
FROM claims JOIN encounters USING (encounter_id)
WHERE class_code = 'IMP' AND end_date <> date(discharge_time);

-- A claim without a visit that is not an operation @never
SELECT claim_id FROM claims WHERE encounter_id IS NULL AND service_category <> 'surgery';

-- Medicare before 65 @never
SELECT member_id
FROM members
WHERE payer_name = 'Medicare' AND coverage_start < date(birth_date, '65 years', 'start of month');

-- A plan that the payer does not have @never
SELECT member_id
FROM members
WHERE payer_name = 'BCBS PPO' AND plan_type <> 'PPO' OR payer_name LIKE '% HMO' AND plan_type <> 'HMO';
