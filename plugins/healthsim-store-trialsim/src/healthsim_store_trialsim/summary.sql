-- Study
-- @name study_overview @section Study Overview @show {protocol_number}, phase {phase}, {indication}: {sites:,} sites, {subjects:,} subjects
SELECT
  protocol_number,
  phase,
  indication,
  (SELECT count(*) FROM sites AS i WHERE i.study_id = s.study_id) AS sites,
  (SELECT count(*) FROM subjects AS u WHERE u.study_id = s.study_id) AS subjects
FROM studies AS s
ORDER BY s.rowid
LIMIT 5;

-- Treatment arms
-- @name arms @section Subject Breakdown @show {arm} {n:,} ({percent:.0f}%)
SELECT arm_name AS arm, count(subject_id) AS n,
  100.0 * count(subject_id) / nullif((SELECT count(*) FROM subjects), 0) AS percent
FROM treatment_arms
LEFT JOIN subjects USING (arm_id)
GROUP BY arm_id
ORDER BY n DESC, treatment_arms.rowid
LIMIT 8;

-- Age range
-- @name subject_age_range @section Subject Breakdown @show {youngest}-{oldest} years
SELECT min(years) AS youngest, max(years) AS oldest
FROM (
  SELECT coalesce(
    CASE age_unit WHEN 'MONTHS' THEN age / 12 WHEN 'WEEKS' THEN age / 52 WHEN 'DAYS' THEN age / 365
      WHEN 'HOURS' THEN age / 8766 ELSE age END,
    strftime('%Y', consent_date) - strftime('%Y', birth_date)
      - (strftime('%m-%d', consent_date) < strftime('%m-%d', birth_date))
  ) AS years
  FROM subjects
)
HAVING count(years) > 0;

-- Sex
-- @name subject_sex @section Subject Breakdown @show {n:,} {sex}
SELECT CASE sex WHEN 'M' THEN 'male' WHEN 'F' THEN 'female' ELSE 'unknown' END AS sex,
  count(*) AS n
FROM subjects
WHERE EXISTS (SELECT 1 FROM subjects WHERE sex IS NOT NULL)
GROUP BY 1
ORDER BY min(CASE sex WHEN 'M' THEN 1 WHEN 'F' THEN 2 ELSE 3 END);

-- Status
-- @name subject_status @section Subject Breakdown @show {status} {n:,}
SELECT status, count(*) AS n
FROM subjects
GROUP BY status
ORDER BY n DESC, status
LIMIT 6;

-- Scheduled visits
-- @name scheduled_visits @section Visit Statistics @show {n:,} ({per_subject} per subject)
SELECT count(*) AS n, round(1.0 * count(*) / count(DISTINCT subject_id), 1) AS per_subject
FROM visit_schedule
WHERE subject_id IS NOT NULL
HAVING count(*) > 0;

-- Completed visits
-- @name completed_visits @section Visit Statistics @show {n:,} ({percent:.0f}%)
SELECT n, 100.0 * n / nullif((SELECT count(*) FROM visit_schedule WHERE subject_id IS NOT NULL), 0)
  AS percent
FROM (SELECT count(*) AS n FROM actual_visits WHERE visit_status = 'completed')
WHERE EXISTS (SELECT 1 FROM actual_visits);

-- Adverse events
-- @name adverse_events @section Visit Statistics @show {n:,} ({subjects:,} subjects affected)
SELECT count(*) AS n, count(DISTINCT subject_id) AS subjects
FROM adverse_events
HAVING count(*) > 0;

-- Serious adverse events
-- @name serious_adverse_events @section Visit Statistics @show {n:,} ({subjects:,} subjects)
SELECT count(*) AS n, count(DISTINCT subject_id) AS subjects
FROM adverse_events
WHERE aeser = 'Y'
HAVING EXISTS (SELECT 1 FROM adverse_events);

-- Dispositions
-- @name dispositions @section Visit Statistics @show {reason} {n:,}
SELECT dsdecod AS reason, count(*) AS n
FROM disposition_events AS d
WHERE coalesce(dscat, '') <> 'PROTOCOL MILESTONE'
  -- Who left the treatment and then the study is counted once.
  AND (coalesce(dsscat, '') <> 'STUDY TREATMENT' OR NOT EXISTS (
    SELECT 1
    FROM disposition_events AS other
    WHERE other.subject_id = d.subject_id AND other.dsscat = 'STUDY PARTICIPATION'
  ))
GROUP BY dsdecod
ORDER BY n DESC, dsdecod
LIMIT 6;

-- Subject ages
-- @name subject_ages @section Subject Breakdown @chart
SELECT printf('%d-%d', 10 * decade, 10 * decade + 9) AS age, count(*) AS n
FROM (
  SELECT coalesce(
    CASE age_unit WHEN 'MONTHS' THEN age / 12 WHEN 'WEEKS' THEN age / 52 WHEN 'DAYS' THEN age / 365
      WHEN 'HOURS' THEN age / 8766 ELSE age END,
    strftime('%Y', consent_date) - strftime('%Y', birth_date)
      - (strftime('%m-%d', consent_date) < strftime('%m-%d', birth_date))
  ) / 10 AS decade
  FROM subjects
)
WHERE decade IS NOT NULL
GROUP BY decade
ORDER BY decade;

-- Visits done
-- @name visits_done @section Visit Statistics @chart
SELECT coalesce(min(visit_name), 'Visit ' || visit_num) AS visit, count(*) AS n
FROM actual_visits
WHERE visit_status = 'completed'
GROUP BY visit_num
ORDER BY visit_num;
