-- Members of a scenario and the days on which there may be claims: a part for claims.sql, before
-- _claims.sql

CREATE TABLE options (
  as_of DATE NOT NULL DEFAULT '2025-12-31' CHECK (as_of BETWEEN '1990-01-01' AND '2100-01-01'), -- The last day of the records
  months INTEGER NOT NULL DEFAULT 12 CHECK (months BETWEEN 1 AND 60) -- How far back the claims go
);

-- Who is covered for a week at least; a claim begins six days before the end at the latest, so that a
-- stay in hospital is over by then. Death is known from a chart of the same person.
-- Beside a wellness visit, expected claims befall a member: twice as many events may, each with a
-- chance of a half. Of those whose number was asked for, a member has up to 17. @for scenario
CREATE TABLE person AS
SELECT
  member_id, opens, date(closes, '-6 days') AS closes, pcp_npi, expected,
  iif(wanted IS NULL, 1 + min(16, CAST(ceil(2 * expected) AS INTEGER)), 17) AS events,
  CASE plan_type WHEN 'HMO' THEN 10 WHEN 'PPO' THEN 15 ELSE 20 END AS patient_percent
FROM (
  SELECT
    *,
    (0.5 + 1.5 * (SELECT count(*) FROM member_conditions AS c WHERE c.member_id = members.member_id))
      * months / 12 AS expected,
    max(birth_date, coverage_start, date(as_of, '1 day', '-' || months || ' months')) AS opens,
    min(
      as_of,
      coalesce(coverage_end, as_of),
      coalesce(
        (SELECT min(death_date) FROM patients WHERE patients.person_id = members.person_id), as_of
      )
    ) AS closes
  FROM members, options
), run
WHERE date(closes, '-6 days') >= opens;
