-- Age range
-- @name member_age_range @section Member Demographics @show {youngest}-{oldest}
SELECT min(age) AS youngest, max(age) AS oldest
FROM (
  SELECT
    strftime('%Y', 'now') - strftime('%Y', birth_date)
    - (strftime('%m-%d', 'now') < strftime('%m-%d', birth_date)) AS age
  FROM members
)
HAVING count(*) > 0;

-- A person with several spans of coverage is counted once.

-- Gender
-- @name member_gender @section Member Demographics @show {n:,} {gender}
SELECT
  CASE gender WHEN 'M' THEN 'male' WHEN 'F' THEN 'female' ELSE 'unknown' END AS gender,
  count(DISTINCT coalesce(person_id, member_id)) AS n
FROM members
GROUP BY 1
ORDER BY min(CASE gender WHEN 'M' THEN 1 WHEN 'F' THEN 2 ELSE 3 END);

-- States
-- @name member_states @section Member Demographics @show {state} ({n:,})
SELECT state, count(DISTINCT coalesce(person_id, member_id)) AS n
FROM members
WHERE state IS NOT NULL
GROUP BY state
ORDER BY n DESC, state
LIMIT 3;

-- Cities
-- @name member_cities @section Member Demographics @show {city} ({n:,})
SELECT city, count(DISTINCT coalesce(person_id, member_id)) AS n
FROM members
WHERE city IS NOT NULL
GROUP BY city
ORDER BY n DESC, city
LIMIT 5;

-- Plan types
-- @name plan_types @section Coverage and Cost @show {plan_type} ({n:,})
SELECT plan_type, count(*) AS n
FROM members
WHERE plan_type IS NOT NULL
GROUP BY plan_type
ORDER BY n DESC, plan_type
LIMIT 8;

-- Average risk score
-- @name risk_score @section Coverage and Cost @show {average:.2f} (range: {lowest:.2f}-{highest:.2f})
SELECT avg(risk_score) AS average, min(risk_score) AS lowest, max(risk_score) AS highest
FROM members
HAVING count(risk_score) > 0;

-- Claims
-- @name claim_totals @section Coverage and Cost @show ${charged:,.0f} charged, ${allowed:,.0f} allowed, ${paid:,.0f} paid, ${patient:,.0f} patient share
SELECT
  round(sum(total_charge), 2) AS charged,
  round(sum(total_allowed), 2) AS allowed,
  round(sum(total_paid), 2) AS paid,
  round(sum(patient_responsibility), 2) AS patient,
  count(*) AS n
FROM claims
HAVING count(*) > 0;

-- Claims of unknown charge
-- @name uncharged_claims @section Coverage and Cost @show {n:,} of {claims:,}
SELECT count(*) - count(total_charge) AS n, count(*) AS claims
FROM claims
HAVING n > 0 AND n < claims;

-- Highest claim
-- @name highest_claim @section Coverage and Cost @show ${charged:,.0f}
SELECT max(total_charge) AS charged
FROM claims
HAVING count(*) > 0;

-- Frequent conditions
-- @name member_conditions @section Coverage and Cost @show {condition} ({n:,})
SELECT
  code,
  -- A description that several codes have does not say which is meant.
  CASE count(*) OVER (PARTITION BY min(description))
    WHEN 1 THEN coalesce(min(description), code)
    ELSE coalesce(min(description) || ' [' || code || ']', code)
  END AS condition,
  count(*) AS n
FROM member_conditions
GROUP BY code
ORDER BY n DESC, code
LIMIT 3;

-- Member ages
-- @name member_ages @section Member Demographics @chart
SELECT printf('%d-%d', 10 * decade, 10 * decade + 9) AS age, count(*) AS n
FROM (
  SELECT DISTINCT
    coalesce(person_id, member_id),
    (strftime('%Y', 'now') - strftime('%Y', birth_date)
      - (strftime('%m-%d', 'now') < strftime('%m-%d', birth_date))) / 10 AS decade
  FROM members
)
GROUP BY decade
ORDER BY decade;
