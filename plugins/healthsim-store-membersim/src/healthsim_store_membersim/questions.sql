-- What a tester asks of a payer's scenario. A value that is left empty has its default, or leaves
-- nobody out.

-- Members of the plan type :plan_type with a risk score above :least
-- @name members_at_risk
-- @about The highest first.
-- @param plan_type choice of members.plan_type: the kind of plan
-- @param least number from 0 to 100 = 1: the risk score; 1 is the average of Medicare
SELECT
  member_id,
  given_name,
  family_name,
  birth_date,
  plan_type,
  payer_name,
  round(risk_score, 3) AS risk_score,
  (SELECT group_concat(DISTINCT code) FROM member_conditions AS c WHERE c.member_id = m.member_id)
    AS conditions
FROM members AS m
WHERE
  risk_score > :least
  AND (:plan_type IS NULL OR plan_type = :plan_type)
ORDER BY m.risk_score DESC, member_id;

-- Members of a :gender, over :age years old, with a condition that begins with :code
-- @name members_with_condition
-- @param gender choice of members.gender: the gender
-- @param age integer from 0 to 150: the age in years, today
-- @param code code of member_conditions.code = E11: with or without the dot; E11 is type 2 diabetes (ICD-10-CM)
SELECT
  member_id,
  given_name,
  family_name,
  gender,
  age,
  city,
  plan_type,
  round(risk_score, 3) AS risk_score,
  codes
FROM (
  SELECT
    m.*,
    strftime('%Y', 'now') - strftime('%Y', birth_date)
    - (strftime('%m-%d', 'now') < strftime('%m-%d', birth_date)) AS age,
    group_concat(DISTINCT code) AS codes
  FROM member_conditions
  JOIN members AS m USING (member_id)
  WHERE replace(code, '.', '') GLOB :code || '*'
  GROUP BY member_id
)
WHERE
  (:gender IS NULL OR gender = :gender)
  AND (:age IS NULL OR age > :age)
ORDER BY family_name, given_name, member_id;

-- Members with claims over $ :amount
-- @name claims_over
-- @about A claim counts by what was charged; claims of unknown charge, and those that were denied, rejected or reversed, are left out.
-- @param amount amount from 0 = 10000: in US dollars
SELECT
  member_id,
  given_name,
  family_name,
  payer_name,
  count(*) AS claims_over,
  round(sum(total_charge), 2) AS charged,
  round(sum(total_paid), 2) AS paid,
  max(total_charge) AS highest_claim,
  coalesce(service_category, claim_type) AS highest_is_for,
  service_date AS highest_is_of
FROM claims
JOIN members USING (member_id)
WHERE
  total_charge > :amount
  AND coalesce(claim_status, '') NOT IN ('denied', 'rejected', 'reversed')
GROUP BY member_id
ORDER BY charged DESC, member_id;

-- Patients with a diagnosis that begins with :code and a claim over $ :amount
-- @name high_cost_patients
-- @about Patients and members are one by person_id; the totals are of all their claims, as charged, without those that were denied, rejected or reversed.
-- @param code code of diagnoses.code: with or without the dot; left empty, diabetes, which is E08 to E13 (ICD-10-CM) or the same in SNOMED CT
-- @param amount amount from 0 = 10000: in US dollars
WITH
  diagnosed AS (
    SELECT DISTINCT patient_id
    FROM diagnoses
    WHERE replace(code, '.', '') GLOB :code || '*'
    UNION
    SELECT patient_id
    FROM diabetes_diagnoses
    WHERE :code IS NULL OR (code_system <> 'ICD-10-CM' AND icd10 GLOB :code || '*')
  ),
  charged AS (
    SELECT
      p.patient_id,
      total_charge,
      coalesce(service_category, claim_type) AS service,
      payer_name,
      sum(total_charge) OVER (PARTITION BY p.patient_id) AS total,
      count(*) OVER (PARTITION BY p.patient_id) AS n,
      row_number() OVER (PARTITION BY p.patient_id ORDER BY total_charge DESC, claim_id) AS place
    FROM diagnosed
    CROSS JOIN patients AS p ON p.patient_id = diagnosed.patient_id
    CROSS JOIN members AS m ON m.person_id = p.person_id
    CROSS JOIN claims AS c ON c.member_id = m.member_id
    WHERE coalesce(claim_status, '') NOT IN ('denied', 'rejected', 'reversed')
  )
SELECT
  mrn,
  given_name,
  family_name,
  n AS claims,
  round(total, 2) AS total_claims,
  total_charge AS highest_claim,
  service AS highest_is_for,
  payer_name AS payer
FROM charged
JOIN patients USING (patient_id)
WHERE place = 1 AND total_charge > :amount
ORDER BY total DESC, mrn;

-- Authorizations with the decision :status
-- @name authorizations_by_status
-- @about The latest first.
-- @param status choice of authorizations.status: the decision
SELECT
  auth_number,
  status,
  service_type,
  requested_date,
  decision_date,
  member_id,
  given_name,
  family_name,
  (SELECT count(*) FROM claims AS c WHERE c.authorization_id = a.authorization_id) AS claims
FROM authorizations AS a
JOIN members USING (member_id)
WHERE :status IS NULL OR status = :status
ORDER BY requested_date DESC, auth_number;
