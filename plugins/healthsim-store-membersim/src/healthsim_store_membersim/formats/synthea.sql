-- The money side of a folder written by Synthea's CSV exporter: coverage, claims, claim lines.
-- Versions since 2019 differ: older ones have START_YEAR (a year or a moment) for START_DATE, OWNERSHIP for
-- PLAN_OWNERSHIP, and may lack MEMBERID or claims_transactions.csv. Columns that a header lacks
-- are NULL.

CREATE TABLE patients (
  Id TEXT NOT NULL, BIRTHDATE TEXT NOT NULL, FIRST TEXT NOT NULL, LAST TEXT NOT NULL,
  GENDER TEXT NOT NULL, SSN TEXT, ADDRESS TEXT, CITY TEXT, STATE TEXT, COUNTY TEXT, ZIP TEXT
);

CREATE TABLE payers (
  Id TEXT NOT NULL PRIMARY KEY ON CONFLICT IGNORE, NAME TEXT NOT NULL, OWNERSHIP TEXT
);

CREATE TABLE payer_transitions (
  PATIENT TEXT NOT NULL, MEMBERID TEXT, START_YEAR TEXT, END_YEAR TEXT, START_DATE TEXT,
  END_DATE TEXT, PAYER TEXT NOT NULL, OWNERSHIP TEXT, PLAN_OWNERSHIP TEXT
);

CREATE TABLE encounters (Id TEXT NOT NULL, ENCOUNTERCLASS TEXT, CODE TEXT);

-- Some years write a provider again for each speciality.
CREATE TABLE providers (Id TEXT NOT NULL PRIMARY KEY ON CONFLICT IGNORE, NAME TEXT, NPI TEXT);

CREATE TABLE conditions (SYSTEM TEXT, CODE TEXT NOT NULL, DESCRIPTION TEXT);

CREATE TABLE procedures (SYSTEM TEXT, CODE TEXT NOT NULL);

CREATE TABLE medications (CODE TEXT NOT NULL);

CREATE TABLE immunizations (CODE TEXT NOT NULL);

CREATE TABLE claims (
  Id TEXT NOT NULL, PATIENTID TEXT NOT NULL, PROVIDERID TEXT, PRIMARYPATIENTINSURANCEID TEXT,
  DIAGNOSIS1 TEXT, DIAGNOSIS2 TEXT, DIAGNOSIS3 TEXT, DIAGNOSIS4 TEXT, DIAGNOSIS5 TEXT,
  DIAGNOSIS6 TEXT, DIAGNOSIS7 TEXT, DIAGNOSIS8 TEXT, APPOINTMENTID TEXT,
  SERVICEDATE TEXT NOT NULL, STATUS1 TEXT, STATUSP TEXT, HEALTHCARECLAIMTYPEID1 TEXT
);

CREATE TABLE claims_transactions (
  ID TEXT NOT NULL, CLAIMID TEXT NOT NULL, CHARGEID TEXT, TYPE TEXT NOT NULL, AMOUNT TEXT,
  METHOD TEXT, FROMDATE TEXT, TODATE TEXT, PLACEOFSERVICE TEXT, PROCEDURECODE TEXT, MODIFIER1 TEXT,
  MODIFIER2 TEXT, UNITS TEXT, NOTES TEXT, PAYMENTS TEXT, ADJUSTMENTS TEXT
);

-- Patients and encounters that are there twice are told as errors of their own. What belongs to them
-- is looked up in the first one, so that it is not doubled.
CREATE VIEW synthea_people AS SELECT *, min(rowid) AS first_row FROM patients GROUP BY Id;

CREATE VIEW synthea_visits AS
SELECT Id, ENCOUNTERCLASS, CODE, min(rowid) AS first_row FROM encounters GROUP BY Id;

-- How the columns SYSTEM spell code systems, in capitals; what is not here is kept as it is.
CREATE VIEW synthea_code_systems AS
SELECT column1 AS spelled, column2 AS name
FROM (VALUES
  ('SNOMED-CT', 'SNOMED CT'), ('SNOMED', 'SNOMED CT'), ('HTTP://SNOMED.INFO/SCT', 'SNOMED CT'),
  ('ICD10', 'ICD-10-CM'), ('ICD-10', 'ICD-10-CM'), ('ICD10CM', 'ICD-10-CM'),
  ('ICD10-CM', 'ICD-10-CM'), ('HTTP://HL7.ORG/FHIR/SID/ICD-10-CM', 'ICD-10-CM')
);

-- What the codes of claims are: those of a condition, and those of what was done.
CREATE VIEW synthea_conditions AS
SELECT CODE AS code, DESCRIPTION AS description, coalesce(y.name, SYSTEM) AS system,
  min(conditions.rowid) AS first_row
FROM conditions
LEFT JOIN synthea_code_systems AS y ON y.spelled = upper(SYSTEM)
GROUP BY CODE;

CREATE VIEW synthea_procedures AS
SELECT CODE AS code, min(coalesce(y.name, SYSTEM)) AS system
FROM procedures
LEFT JOIN synthea_code_systems AS y ON y.spelled = upper(SYSTEM)
WHERE SYSTEM IS NOT NULL
GROUP BY CODE;

-- One row for each transition, in one spelling. Where there is no insurance, claims name payer 0.
CREATE VIEW synthea_coverage AS
SELECT
  t.PATIENT AS patient,
  t.MEMBERID AS member_number,
  CASE length(start) WHEN 4 THEN start || '-01-01' ELSE start END AS start,
  CASE length(stop) WHEN 4 THEN stop || '-12-31T23:59:59Z' ELSE stop END AS stop,
  coalesce(t.PLAN_OWNERSHIP, t.OWNERSHIP) AS ownership,
  coalesce(p.NAME, t.PAYER) AS payer_name,
  CASE p.NAME WHEN 'NO_INSURANCE' THEN '0' ELSE t.PAYER END AS payer,
  p.OWNERSHIP AS payer_ownership
FROM (
  SELECT *, coalesce(START_DATE, START_YEAR) AS start, coalesce(END_DATE, END_YEAR) AS stop
  FROM payer_transitions
) AS t
LEFT JOIN payers AS p ON p.Id = t.PAYER;

-- Transitions of one contract that follow each other without a gap make one span.
CREATE VIEW synthea_spans AS
SELECT
  stable_id('member', patient, payer, member_number, min(start)) AS member_id,
  patient, payer, payer_name, payer_ownership, member_number, ownership,
  min(start) AS start,
  CASE WHEN count(stop) = count(*) THEN max(stop) END AS stop,
  count(*) AS transitions
FROM (
  SELECT *, sum(new) OVER (
    PARTITION BY patient, payer, member_number, ownership ORDER BY start, stop
    ROWS UNBOUNDED PRECEDING
  ) AS span
  FROM (
    SELECT *, start > coalesce(max(stop) OVER (
      PARTITION BY patient, payer, member_number, ownership ORDER BY start, stop
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), '') AS new
    FROM synthea_coverage
  )
)
GROUP BY patient, payer, member_number, ownership, span;

-- The span that a claim belongs to: of its payer, at its time; else the nearest. Of claims with one
-- Id, which are told as errors, the first has the lines.
CREATE VIEW synthea_claims AS
SELECT
  claim_row, Id, member_id, diagnosis, ENCOUNTERCLASS,
  row_number() OVER (PARTITION BY Id ORDER BY claim_row) = 1 AS is_first
FROM (
  SELECT
    c.rowid AS claim_row,
    c.Id,
    s.member_id,
    coalesce(c.DIAGNOSIS1, e.CODE) AS diagnosis,
    e.ENCOUNTERCLASS,
    row_number() OVER (
      PARTITION BY c.rowid
      ORDER BY
        s.payer IS c.PRIMARYPATIENTINSURANCEID DESC,
        c.SERVICEDATE >= s.start AND (s.stop IS NULL OR c.SERVICEDATE < s.stop) DESC,
        abs(julianday(substr(c.SERVICEDATE, 1, 10)) - julianday(substr(s.start, 1, 10))),
        s.member_id
    ) AS choice
  FROM claims AS c
  JOIN synthea_spans AS s ON s.patient = c.PATIENTID
  JOIN synthea_people AS p ON p.Id = c.PATIENTID
  LEFT JOIN synthea_visits AS e ON e.Id = c.APPOINTMENTID
)
WHERE choice = 1;

-- Transactions, and which time each is there: files that were appended to may have one twice.
CREATE VIEW synthea_transactions AS
SELECT *, rowid AS source_row, row_number() OVER (
  PARTITION BY ID, CLAIMID, CHARGEID, TYPE, METHOD, AMOUNT, PAYMENTS, ADJUSTMENTS ORDER BY rowid
) AS time
FROM claims_transactions;

-- A line is a charge and the transactions after it, up to the next charge of the claim. Insurers
-- pay by ECHECK; copays, cash, cards and checks are the patient's. PLACEOFSERVICE is a code of CMS
-- where it has two digits; else it is an organization, which is the encounter's facility.
CREATE VIEW synthea_lines AS
SELECT
  CLAIMID AS claim_id,
  line,
  min(source_row) AS source_row,
  max(CASE WHEN TYPE = 'CHARGE' THEN ID END) AS id,
  max(CASE WHEN TYPE = 'CHARGE' THEN PROCEDURECODE END) AS code,
  max(CASE WHEN TYPE = 'CHARGE' THEN NOTES END) AS description,
  max(CASE WHEN TYPE = 'CHARGE' THEN UNITS END) AS units,
  max(CASE WHEN TYPE = 'CHARGE' THEN FROMDATE END) AS start,
  max(TODATE) AS stop,
  max(CASE WHEN TYPE = 'CHARGE' THEN trim(coalesce(MODIFIER1, '') || ' ' || coalesce(MODIFIER2, ''))
    END) AS modifiers,
  max(CASE WHEN TYPE = 'CHARGE' AND length(PLACEOFSERVICE) = 2 THEN PLACEOFSERVICE END) AS place,
  round(sum(CASE WHEN TYPE = 'CHARGE' THEN AMOUNT END), 2) AS charge,
  round(sum(CASE WHEN TYPE = 'CHARGE' THEN AMOUNT END) - total(ADJUSTMENTS), 2) AS allowed,
  round(total(CASE WHEN METHOD = 'ECHECK' THEN PAYMENTS END), 2) AS paid,
  CASE WHEN sum(METHOD = 'COPAY') THEN
    round(total(CASE WHEN METHOD = 'COPAY' THEN PAYMENTS END), 2) END AS copay,
  count(*) AS transactions
FROM (
  SELECT *, sum(TYPE = 'CHARGE') OVER (
    PARTITION BY CLAIMID ORDER BY CAST(CHARGEID AS INTEGER), source_row ROWS UNBOUNDED PRECEDING
  ) AS line
  FROM synthea_transactions
  WHERE time = 1
)
GROUP BY CLAIMID, line;

-- Self-pay is kept as a span too, since claims of that time belong to nobody else.
-- @into members @from payer_transitions
SELECT
  s.member_id,
  p.FIRST AS given_name,
  p.LAST AS family_name,
  p.BIRTHDATE AS birth_date,
  p.GENDER AS gender,
  CASE
    WHEN s.payer_name = 'Medicare' THEN 'Medicare'
    WHEN s.payer_name = 'Medicaid' THEN 'Medicaid'
    WHEN s.payer_name = 'Dual Eligible' THEN 'Dual'
    WHEN s.payer = '0' THEN 'Self-pay'
    WHEN coalesce(s.payer_ownership, 'PRIVATE') = 'PRIVATE' THEN 'Private'
  END AS plan_type,
  substr(s.start, 1, 10) AS coverage_start,
  -- Spans change at a moment; its day belongs to both, so that every claim lies in its span.
  substr(s.stop, 1, 10) AS coverage_end,
  CASE WHEN s.payer <> '0' THEN s.payer_name END AS payer_name,
  s.member_number,
  CASE s.ownership WHEN 'Spouse' THEN '01' WHEN 'Guardian' THEN '19' ELSE '18' END
    AS relationship_code,
  p.ADDRESS AS address_line,
  p.CITY AS city,
  p.STATE AS state,
  p.COUNTY AS county,
  p.ZIP AS postal_code,
  p.SSN AS ssn,
  p.Id AS person_id,
  s.transitions AS _rows
FROM synthea_spans AS s
JOIN synthea_people AS p ON p.Id = s.patient;

-- @into claims @from claims
SELECT
  c.rowid AS _row,
  c.Id AS claim_id,
  m.member_id,
  CASE c.HEALTHCARECLAIMTYPEID1 WHEN '2' THEN 'institutional' ELSE 'professional' END AS claim_type,
  m.ENCOUNTERCLASS AS service_category,
  substr(c.SERVICEDATE, 1, 10) AS service_date,
  l.charge AS total_charge,
  l.allowed AS total_allowed,
  l.paid AS total_paid,
  l.patient AS patient_responsibility,
  CASE WHEN 'BILLED' IN (c.STATUS1, c.STATUSP) THEN 'pending' ELSE 'paid' END AS claim_status,
  m.diagnosis AS principal_diagnosis,
  coalesce(d.system, 'SNOMED CT') AS diagnosis_code_system,
  d.description AS diagnosis_description,
  nullif(trim(
    coalesce(c.DIAGNOSIS2, '') || coalesce(' ' || c.DIAGNOSIS3, '')
    || coalesce(' ' || c.DIAGNOSIS4, '') || coalesce(' ' || c.DIAGNOSIS5, '')
    || coalesce(' ' || c.DIAGNOSIS6, '') || coalesce(' ' || c.DIAGNOSIS7, '')
    || coalesce(' ' || c.DIAGNOSIS8, '')
  ), '') AS other_diagnoses,
  coalesce(
    l.place,
    CASE m.ENCOUNTERCLASS
      WHEN 'wellness' THEN '11'
      WHEN 'ambulatory' THEN '11'
      WHEN 'outpatient' THEN '22'
      WHEN 'urgentcare' THEN '20'
      WHEN 'emergency' THEN '23'
      WHEN 'inpatient' THEN '21'
      WHEN 'hospice' THEN '34'
      WHEN 'snf' THEN '31'
      WHEN 'home' THEN '12'
      WHEN 'virtual' THEN '02'
    END
  ) AS place_of_service,
  CASE WHEN length(p.NPI) = 10 THEN p.NPI END AS provider_npi,
  coalesce(c.PROVIDERID, 'unknown') AS provider_id,
  p.NAME AS provider_name,
  max(substr(c.SERVICEDATE, 1, 10), substr(l.stop, 1, 10)) AS end_date,
  c.APPOINTMENTID AS encounter_id
FROM claims AS c
JOIN synthea_claims AS m ON m.claim_row = c.rowid
LEFT JOIN synthea_conditions AS d ON d.code = c.DIAGNOSIS1
LEFT JOIN providers AS p ON p.Id = c.PROVIDERID
LEFT JOIN (
  SELECT
    claim_id,
    round(sum(charge), 2) AS charge,
    round(sum(allowed), 2) AS allowed,
    round(sum(paid), 2) AS paid,
    round(sum(max(allowed - paid, 0)), 2) AS patient,
    max(stop) AS stop,
    min(place) AS place
  FROM synthea_lines
  WHERE line > 0
  GROUP BY claim_id
) AS l ON l.claim_id = c.Id
WHERE m.diagnosis IS NOT NULL;

-- The Id of a transaction may come twice, on two claims; then the second line has one of its own.
-- @into claim_lines @from claims_transactions
SELECT
  l.source_row AS _row,
  CASE
    WHEN row_number() OVER (PARTITION BY l.id ORDER BY l.source_row) = 1 THEN l.id
    ELSE stable_id('line', l.id, l.claim_id, l.line)
  END AS claim_line_id,
  l.claim_id,
  l.line AS line_number,
  l.code AS procedure_code,
  l.description AS procedure_description,
  CASE
    WHEN l.code IN (SELECT CODE FROM medications) THEN 'RxNorm'
    WHEN l.code IN (SELECT CODE FROM immunizations) THEN 'CVX'
    ELSE coalesce(y.system, 'SNOMED CT')
  END AS procedure_code_system,
  nullif(l.modifiers, '') AS modifiers,
  l.units,
  substr(l.start, 1, 10) AS service_date,
  l.charge AS charge_amount,
  l.allowed AS allowed_amount,
  l.paid AS paid_amount,
  round(max(l.allowed - l.paid, 0), 2) AS patient_responsibility,
  l.copay AS copay_amount,
  l.transactions AS _rows
FROM synthea_lines AS l
JOIN synthea_claims AS m ON m.Id = l.claim_id AND m.is_first
LEFT JOIN synthea_procedures AS y ON y.code = l.code
WHERE l.line > 0 AND m.diagnosis IS NOT NULL;

-- the patient is not in patients.csv
-- @skip payer_transitions
SELECT count(*) FROM payer_transitions WHERE PATIENT NOT IN (SELECT Id FROM patients);

-- the patient has no coverage, or is not in patients.csv
-- @skip claims
SELECT count(*) FROM claims WHERE rowid NOT IN (SELECT claim_row FROM synthea_claims);

-- neither the claim nor its encounter has a diagnosis
-- @skip claims
SELECT count(*) FROM synthea_claims WHERE diagnosis IS NULL;

-- no charge of a stored claim before them
-- @skip claims_transactions
SELECT coalesce(sum(transactions), 0)
FROM synthea_lines
WHERE line = 0
  OR claim_id NOT IN (SELECT Id FROM synthea_claims WHERE is_first AND diagnosis IS NOT NULL);

-- the same transaction is there before them
-- @skip claims_transactions
SELECT count(*) FROM synthea_transactions WHERE time > 1;

-- looked up as the payer of members
-- @skip payers
SELECT count(*) FROM payers;

-- looked up for encounters and claims
-- @skip providers
SELECT count(*) FROM providers;

-- not stored; looked up for the code system of claim lines
-- @skip immunizations
SELECT count(*) FROM immunizations;
