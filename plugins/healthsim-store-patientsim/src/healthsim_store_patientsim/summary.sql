-- Age range
-- @name age_range @section Patient Demographics @show {youngest}-{oldest} years
SELECT min(age) AS youngest, max(age) AS oldest
FROM (
  SELECT
    strftime('%Y', at) - strftime('%Y', birth_date)
    - (strftime('%m-%d', at) < strftime('%m-%d', birth_date)) AS age
  FROM (SELECT birth_date, coalesce(death_date, date('now')) AS at FROM patients)
)
HAVING count(*) > 0;

-- Gender
-- @name gender @section Patient Demographics @show {n:,} {gender}
SELECT
  CASE gender WHEN 'M' THEN 'male' WHEN 'F' THEN 'female' WHEN 'O' THEN 'other' ELSE 'unknown' END
    AS gender,
  count(*) AS n
FROM patients
GROUP BY 1
ORDER BY min(CASE gender WHEN 'M' THEN 1 WHEN 'F' THEN 2 WHEN 'O' THEN 3 ELSE 4 END);

-- Race
-- @name race @section Patient Demographics @show {race} ({percent:.0f}%)
SELECT race, 100.0 * n / sum(n) OVER () AS percent, n
FROM (
  SELECT
    CASE
      WHEN ethnicity LIKE 'hispanic%' OR ethnicity LIKE 'latin%' THEN 'Hispanic'
      ELSE coalesce(race, 'not given')
    END AS race,
    count(*) AS n
  FROM patients
  WHERE EXISTS (SELECT 1 FROM patients WHERE race IS NOT NULL OR ethnicity IS NOT NULL)
  GROUP BY 1
)
ORDER BY n DESC, race
LIMIT 6;

-- Average A1C
-- @name a1c @section Clinical Characteristics @show {average:.1f}% (range: {lowest:.1f}-{highest:.1f}%)
SELECT avg(a1c) AS average, min(a1c) AS lowest, max(a1c) AS highest
FROM (
  SELECT coalesce(value_numeric, CASE WHEN value GLOB '[0-9]*' THEN CAST(value AS REAL) END) AS a1c
  FROM lab_results
  WHERE loinc_code IN ('4548-4', '17856-6')
)
HAVING count(a1c) > 0;

-- With complications
-- @name with_complications @section Clinical Characteristics @show {n:,} ({percent:.0f}%)
SELECT
  count(DISTINCT CASE WHEN icd10 GLOB '???[0-8]*' THEN patient_id END) AS n,
  100.0 * count(DISTINCT CASE WHEN icd10 GLOB '???[0-8]*' THEN patient_id END)
    / (SELECT count(*) FROM patients) AS percent
FROM diabetes_diagnoses
HAVING count(*) > 0;

-- Where medications are recorded and none is insulin, it is 0; where none are, it is not known.

-- On insulin
-- @name on_insulin @section Clinical Characteristics @show {n:,} ({percent:.0f}%)
SELECT count(DISTINCT patient_id) AS n,
  100.0 * count(DISTINCT patient_id) / (SELECT count(*) FROM patients) AS percent
FROM medications
WHERE name LIKE '%insulin%' OR name LIKE '%humalog%' OR name LIKE '%novolog%'
  OR name LIKE '%lantus%' OR name LIKE '%basaglar%' OR name LIKE '%toujeo%'
  OR name LIKE '%levemir%' OR name LIKE '%tresiba%' OR name LIKE '%humulin%'
  OR name LIKE '%novolin%'
HAVING EXISTS (SELECT 1 FROM medications);

-- Encounter dates
-- @name encounter_dates @section Clinical Characteristics @show {first} to {last}
SELECT date(min(admission_time)) AS first, date(max(admission_time)) AS last
FROM encounters
HAVING count(*) > 0;

-- Encounter classes
-- @name encounter_classes @section Clinical Characteristics @show {class_code} {n:,}
SELECT class_code, count(*) AS n
FROM encounters
GROUP BY class_code
ORDER BY n DESC, class_code
LIMIT 4;

-- Frequent diagnoses
-- @name frequent_diagnoses @section Clinical Characteristics @show {diagnosis} ({n:,})
SELECT
  code,
  -- A description that several codes have does not say which is meant.
  CASE count(*) OVER (PARTITION BY min(description))
    WHEN 1 THEN coalesce(min(description), code)
    ELSE coalesce(min(description) || ' [' || code || ']', code)
  END AS diagnosis,
  count(*) AS n
FROM diagnoses
GROUP BY code
ORDER BY n DESC, code
LIMIT 3;

-- Frequent medications
-- @name frequent_medications @section Clinical Characteristics @show {medication} ({n:,})
SELECT name AS medication, count(*) AS n
FROM medications
GROUP BY name
ORDER BY n DESC, name
LIMIT 3;

-- Ages
-- @name ages @section Patient Demographics @chart
SELECT printf('%d-%d', 10 * decade, 10 * decade + 9) AS age, count(*) AS n
FROM (
  SELECT (
    strftime('%Y', at) - strftime('%Y', birth_date)
    - (strftime('%m-%d', at) < strftime('%m-%d', birth_date))) / 10 AS decade
  FROM (SELECT birth_date, coalesce(death_date, date('now')) AS at FROM patients)
)
GROUP BY decade
ORDER BY decade;

-- A1C
-- @name a1c_values @section Clinical Characteristics @chart
SELECT printf('%d.0-%d.9%%', least, least) AS a1c, count(*) AS n
FROM (
  SELECT CAST(
    coalesce(value_numeric, CASE WHEN value GLOB '[0-9]*' THEN CAST(value AS REAL) END)
    AS INTEGER) AS least
  FROM lab_results
  WHERE loinc_code IN ('4548-4', '17856-6')
)
WHERE least IS NOT NULL
GROUP BY least
ORDER BY least;
