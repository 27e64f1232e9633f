-- Claims and what they cost: a part for profiles that include healthsim_store/people.sql before. A
-- profile adds the option as_of, the last day of the records, and the view or table claim_base, with
-- a row for each claim: n and k, member_id, encounter_id, kind (of claim_kinds), service_date, days (in
-- hospital), code and description of the diagnosis, npi, and patient_percent, the patient's share of
-- what is allowed; and the table or view claim with what is drawn for n and k about the money, as
-- _payments.sql has it for k from 1 to 17.

CREATE TABLE options (
  claims BOOLEAN NOT NULL DEFAULT 0 -- Make claims too
);

-- free: a plan pays for prevention in full
CREATE TABLE claim_kinds (
  kind VARCHAR PRIMARY KEY, claim_type VARCHAR, service_category VARCHAR, place_of_service VARCHAR,
  free BOOLEAN
);

INSERT INTO claim_kinds VALUES
  ('wellness', 'professional', 'preventive', '11', 1),
  ('clinic', 'institutional', 'outpatient', '22', 0),
  ('education', 'professional', 'office', '11', 0),
  ('supplies', 'professional', 'supplies', '12', 0),
  ('oxygen', 'professional', 'equipment', '12', 0),
  ('home care', 'institutional', 'home', '12', 0),
  ('emergency', 'institutional', 'emergency', '23', 0),
  ('inpatient', 'institutional', 'inpatient', '21', 0),
  ('surgery', 'institutional', 'surgery', '22', 0);

-- The lines of each kind of claim. Procedures are of HCPCS Level II, which is free to use; a
-- hospital's room or laboratory has a revenue code and no procedure. The charges are plausible
-- dollars, from no source.
-- @csv services.csv
CREATE TABLE services (
  kind VARCHAR, line INTEGER, procedure_code VARCHAR, procedure_description VARCHAR,
  procedure_code_system VARCHAR, revenue_code VARCHAR, per_day BOOLEAN,
  charge_low INTEGER, charge_high INTEGER
);

-- A claim is pending until the payer pays or denies it: until then nothing is allowed
CREATE VIEW claimed AS
SELECT
  n, k, member_id, encounter_id, kind, service_date, end_date, days, code, description, npi,
  patient_percent, price, allowed_percent,
  date(end_date, paid_after || ' days') AS settled_date,
  CASE
    WHEN date(end_date, paid_after || ' days') > as_of THEN 'pending'
    WHEN denied THEN 'denied'
    ELSE 'paid'
  END AS status
FROM (
  SELECT *, date(service_date, iif(kind = 'inpatient', days, 0) || ' days') AS end_date
  FROM claim_base
)
JOIN claim USING (n, k), options;

-- All money is in whole cents, so that it adds up. Most charges are near the low end: the square of
-- what is uniform.
CREATE VIEW charged AS
SELECT
  n, k, member_id, encounter_id, kind, service_date, end_date, settled_date, code, description, npi,
  patient_percent, allowed_percent, status, line,
  procedure_code, procedure_description, procedure_code_system, revenue_code,
  iif(per_day, days, 1) AS units,
  iif(per_day, days, 1)
    * (100 * charge_low + 100 * (charge_high - charge_low) * luck * luck / 998001) AS charge
FROM (
  SELECT
    *,
    CASE line WHEN 1 THEN price % 1000 WHEN 2 THEN price / 1000 % 1000 ELSE price / 1000000 END
      AS luck
  FROM claimed JOIN services USING (kind)
);

CREATE VIEW settled AS
SELECT *, allowed * iif(free, 0, patient_percent) / 100 AS patient
FROM (
  SELECT
    *,
    CASE status WHEN 'paid' THEN charge * allowed_percent / 100 WHEN 'denied' THEN 0 END AS allowed
  FROM charged
)
JOIN claim_kinds USING (kind);

-- All but the sums is the same in each line of a claim @into claims
SELECT
  'C' || key || printf('%06d', n) || '-' || k AS claim_id,
  member_id,
  claim_type,
  service_category,
  service_date,
  sum(charge) / 100.0 AS total_charge,
  sum(allowed) / 100.0 AS total_allowed,
  (sum(allowed) - sum(patient)) / 100.0 AS total_paid,
  sum(patient) / 100.0 AS patient_responsibility,
  status AS claim_status,
  code AS principal_diagnosis,
  -- A code is the scenario's: ICD-10-CM begins with a letter, SNOMED CT has six digits or more.
  CASE
    WHEN code GLOB '[A-Za-z]*' THEN 'ICD-10-CM'
    WHEN length(code) < 6 OR code GLOB '*.*' THEN 'ICD-9-CM'
    ELSE 'SNOMED CT'
  END AS diagnosis_code_system,
  description AS diagnosis_description,
  place_of_service,
  npi AS provider_npi,
  end_date,
  iif(status = 'paid', settled_date, NULL) AS paid_date,
  encounter_id
FROM settled, run
GROUP BY n, k
ORDER BY n, k;

-- @into claim_lines
SELECT
  'CL' || key || printf('%06d', n) || '-' || k || '-' || line AS claim_line_id,
  'C' || key || printf('%06d', n) || '-' || k AS claim_id,
  line AS line_number,
  procedure_code,
  procedure_description,
  charge / 100.0 AS charge_amount,
  allowed / 100.0 AS allowed_amount,
  (allowed - patient) / 100.0 AS paid_amount,
  patient / 100.0 AS patient_responsibility,
  units,
  procedure_code_system,
  service_date,
  revenue_code
FROM settled, run
ORDER BY n, k, line;

-- A claim that is not the sum of its lines @never
SELECT claim_id
FROM claims JOIN claim_lines AS line USING (claim_id)
GROUP BY claim_id
HAVING round(100 * total_charge) <> sum(CAST(round(100 * charge_amount) AS INTEGER))
  OR round(100 * total_allowed) <> sum(CAST(round(100 * allowed_amount) AS INTEGER))
  OR round(100 * total_paid) <> sum(CAST(round(100 * paid_amount) AS INTEGER))
  OR round(100 * claims.patient_responsibility)
    <> sum(CAST(round(100 * line.patient_responsibility) AS INTEGER));

-- A claim without lines @never
SELECT claim_id FROM claims WHERE claim_id NOT IN (SELECT claim_id FROM claim_lines);

-- What is paid and the patient's share are not what is allowed, or that is above the charge @never
SELECT claim_id
FROM claims
WHERE round(100 * total_paid) + round(100 * patient_responsibility) <> round(100 * total_allowed)
  OR total_allowed > total_charge;

-- A line of which the same is true @never
SELECT claim_line_id
FROM claim_lines
WHERE round(100 * paid_amount) + round(100 * patient_responsibility) <> round(100 * allowed_amount)
  OR allowed_amount > charge_amount;

-- Money for a denied claim, or none for a paid one @never
SELECT claim_id FROM claims WHERE (claim_status = 'denied') <> (total_allowed = 0);

-- Money for a pending claim, or a paid one without it or its date @never
SELECT claim_id
FROM claims
WHERE (claim_status = 'pending') <> (total_allowed IS NULL)
  OR (claim_status = 'pending') <> (total_paid IS NULL)
  OR (claim_status = 'pending') <> (patient_responsibility IS NULL)
  OR (claim_status = 'paid') <> (paid_date IS NOT NULL);

-- A line that is settled before its claim, or not with it @never
SELECT claim_line_id
FROM claims JOIN claim_lines AS line USING (claim_id)
WHERE (claim_status = 'pending') <> (allowed_amount IS NULL)
  OR (claim_status = 'pending') <> (paid_amount IS NULL)
  OR (claim_status = 'pending') <> (line.patient_responsibility IS NULL);

-- A part to pay of prevention @never
SELECT claim_id FROM claims WHERE service_category = 'preventive' AND patient_responsibility > 0;

-- A stay in hospital for less than 10,000 dollars or more than 60,000 @never
SELECT claim_id
FROM claims
WHERE service_category = 'inpatient' AND total_charge NOT BETWEEN 10000 AND 60000;

-- A claim that is paid before its end @never
SELECT claim_id FROM claims WHERE end_date < service_date OR paid_date <= end_date;

-- A claim that ends or is paid after the end of 2025, the last day of the records @never
SELECT claim_id FROM claims WHERE end_date > '2025-12-31' OR paid_date > '2025-12-31';

-- A claim that waits for longer than 45 days @never
SELECT claim_id FROM claims WHERE claim_status = 'pending' AND end_date < '2025-11-17';

-- A visit to the office or an operation at the weekend @never
SELECT claim_id
FROM claims
WHERE service_category IN ('preventive', 'outpatient', 'office', 'surgery')
  AND strftime('%w', service_date) IN ('0', '6');

-- A claim before the coverage @never
SELECT claim_id FROM claims JOIN members USING (member_id) WHERE service_date < coverage_start;
