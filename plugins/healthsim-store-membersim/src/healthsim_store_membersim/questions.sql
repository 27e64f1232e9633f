-- What a tester asks of a payer's scenario. A value that is left empty has the meaning that @about
-- says; CAST makes a number of what was typed.

-- Members of the plan type :plan_type with a risk score above :least
-- @name members_at_risk
-- @about Left empty, :plan_type is any, and :least is 1, the average of Medicare; the highest first.
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
  risk_score > CAST(coalesce(nullif(:least, ''), 1) AS REAL)
  AND (coalesce(:plan_type, '') = '' OR upper(plan_type) = upper(:plan_type))
ORDER BY m.risk_score DESC, member_id;

-- Members of a :gender, over :age years old, with a condition that begins with :code
-- @name members_with_condition
-- @about Gender is female, male or unknown. Left empty, :gender and :age leave nobody out, and :code is E11, type 2 diabetes (ICD-10-CM).
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
  WHERE
    substr(replace(code, '.', ''), 1, length(replace(coalesce(nullif(:code, ''), 'E11'), '.', '')))
    = upper(replace(coalesce(nullif(:code, ''), 'E11'), '.', ''))
  GROUP BY member_id
)
WHERE
  gender = upper(substr(coalesce(nullif(:gender, ''), gender), 1, 1))
  AND age > CAST(coalesce(nullif(:age, ''), -1) AS REAL)
ORDER BY family_name, given_name, member_id;

-- Members with claims over $ :amount
-- @name claims_over
-- @about Left empty, :amount is 10000. A claim counts by what was charged; claims that were denied, rejected or reversed are left out.
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
  total_charge > CAST(coalesce(nullif(replace(replace(:amount, ',', ''), '$', ''), ''), 10000) AS REAL)
  AND coalesce(claim_status, '') NOT IN ('denied', 'rejected', 'reversed')
GROUP BY member_id
ORDER BY charged DESC, member_id;

-- Patients with a diagnosis that begins with :code and a claim over $ :amount
-- @name high_cost_patients
-- @about Left empty, :code is diabetes, E08 to E13 (ICD-10-CM), and :amount is 10000. Patients and members are one by person_id; the totals are of all their claims, as charged, without those that were denied, rejected or reversed.
WITH
  diagnosed AS (
    SELECT DISTINCT patient_id
    FROM diagnoses
    WHERE
      CASE
        WHEN :code <> '' THEN
          substr(replace(code, '.', ''), 1, length(replace(:code, '.', '')))
          = upper(replace(:code, '.', ''))
        ELSE code_system = 'ICD-10-CM' AND code >= 'E08' AND code < 'E14'
      END
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
WHERE place = 1 AND total_charge > CAST(coalesce(nullif(replace(replace(:amount, ',', ''), '$', ''), ''), 10000) AS REAL)
ORDER BY total DESC, mrn;

-- Authorizations with the decision :status
-- @name authorizations_by_status
-- @about Requested, approved, partially approved, denied, pended, cancelled or expired; left empty, :status is any. The latest first.
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
WHERE status = lower(coalesce(nullif(:status, ''), status))
ORDER BY requested_date DESC, auth_number;
