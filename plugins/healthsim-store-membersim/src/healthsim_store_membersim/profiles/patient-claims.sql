-- The patients of a scenario as members of a health plan, with a claim for each visit @counts
-- members @include _insured.sql _claims.sql _payments.sql
-- @from scenario patients(patient_id, person_id, given_name, family_name, birth_date, gender,
-- death_date, city, county, state, postal_code, address_line, phone, ssn) encounters(encounter_id,
-- patient_id, class_code, admission_time, discharge_time, reason_code, reason_description,
-- attending_npi)? diagnoses(patient_id, code, description, diagnosed_date,
-- code_system)?

-- Claims are what this profile is for, beside members
CREATE TABLE options (
  claims BOOLEAN NOT NULL DEFAULT 1 -- Make claims too
);

-- @for person @times 1
CREATE TABLE insured (
  payer INTEGER, -- Below 65 @pick payers
  medicare_plan VARCHAR, -- From 65 on @choice HMO=55, PPO=45
  years INTEGER, -- With the payer @uniform 2, 9
  physician INTEGER -- @uniform 1, 1000
);

-- Medicare pays from the month of one's 65th birthday on. A plan begins in January, or with birth.
CREATE VIEW member AS
SELECT
  person.*,
  printf('M%s%06d', key, n) AS member_id,
  iif(aged, medicare_plan, plan_type) AS member_plan,
  iif(aged, 'Medicare', payer_name) AS member_payer,
  patient_percent,
  substr(luhn('80840' || (150000000 + 7919 * physician)), 6) AS npi,
  max(
    birth_date,
    iif(aged, date(birth_date, '65 years', 'start of month'), ''),
    date(closes, 'start of year', '-' || years || ' years')
  ) AS coverage_start
FROM (SELECT *, date(birth_date, '65 years') <= closes AS aged FROM person) AS person
JOIN insured USING (n)
JOIN payers ON payers.rowid = payer, run;

-- The last 17 visits in the time of the coverage; what is told by telephone costs nothing. A stay of
-- less than two days is one in the emergency room. @batch
CREATE TABLE claim_base AS
SELECT
  n, k, member_id, NULL AS encounter_id,
  CASE
    WHEN class_code IN ('IMP', 'ACUTE', 'NONAC') AND stay >= 2 THEN 'inpatient'
    WHEN class_code IN ('EMER', 'IMP', 'ACUTE', 'NONAC', 'OBSENC') THEN 'emergency'
    ELSE 'clinic'
  END AS kind,
  service_date, min(6, stay) AS days, code, description, npi, patient_percent
FROM (
  SELECT
    n, member_id, class_code, service_date, patient_percent, coalesce(attending_npi, npi) AS npi,
    CAST(julianday(min(date(discharge_time), closes)) - julianday(service_date) AS INTEGER) AS stay,
    coalesce(reason_code, chart_code, 'R69') AS code,
    CASE
      WHEN reason_code IS NOT NULL THEN reason_description
      WHEN chart_code IS NOT NULL THEN chart_description
      ELSE 'Illness, unspecified'
    END AS description,
    row_number() OVER (PARTITION BY n ORDER BY service_date DESC, encounter_id) AS k
  FROM (
    SELECT
      member.*, encounter_id, class_code, date(admission_time) AS service_date, discharge_time,
      reason_code, reason_description, attending_npi,
      (
        SELECT code
        FROM diagnoses AS d
        WHERE d.patient_id = member.patient_id AND diagnosed_date <= date(admission_time)
        ORDER BY diagnosed_date, code
        LIMIT 1
      ) AS chart_code,
      (
        SELECT description
        FROM diagnoses AS d
        WHERE d.patient_id = member.patient_id AND diagnosed_date <= date(admission_time)
        ORDER BY diagnosed_date, code
        LIMIT 1
      ) AS chart_description
    FROM member CROSS JOIN encounters USING (patient_id)
    WHERE class_code <> 'VR' AND date(admission_time) BETWEEN coverage_start AND closes
  )
)
WHERE k <= 17;

-- @into members
SELECT
  member_id,
  given_name,
  family_name,
  birth_date,
  gender,
  member_plan AS plan_type,
  coverage_start,
  death_date AS coverage_end,
  member_payer AS payer_name,
  'D' || upper(key) || printf('%06d', n) AS member_number,
  city,
  county,
  state,
  postal_code,
  '18' AS relationship_code,
  npi AS pcp_npi,
  address_line,
  phone,
  ssn,
  person_id
FROM member, run
ORDER BY n;

-- @into member_conditions
SELECT
  printf('MC%s%06d-%d', key, n, row_number() OVER (PARTITION BY n ORDER BY identified_date, code))
    AS member_condition_id,
  member_id, code, code_system, description, identified_date
FROM (
  SELECT n, member_id, code, code_system, description, min(diagnosed_date) AS identified_date
  FROM member CROSS JOIN diagnoses USING (patient_id)
  WHERE diagnosed_date <= closes
  GROUP BY n, code
), run
ORDER BY n, 1;

-- A member below birth or after death @never
SELECT member_id
FROM members
WHERE coverage_start < birth_date OR coverage_end < coverage_start;

-- A claim after the coverage @never
SELECT claim_id
FROM claims JOIN members USING (member_id)
WHERE coalesce(end_date, service_date) > coverage_end;
