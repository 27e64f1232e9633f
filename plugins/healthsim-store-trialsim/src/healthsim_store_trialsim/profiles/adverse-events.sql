-- Further adverse events for the subjects of a scenario, mild and moderate, while they are treated
-- @counts adverse_events
-- @from scenario subjects(subject_id, birth_date, first_dose_date, last_dose_date, death_date)
-- adverse_events(subject_id, aeseq)? disposition_events(subject_id, dsstdtc, dscat)?

CREATE TABLE options (
  as_of DATE NOT NULL DEFAULT '2025-12-31' CHECK (as_of BETWEEN '1990-01-01' AND '2100-01-01'), -- The last day of the records
  share REAL NOT NULL DEFAULT 0.4 CHECK (share BETWEEN 0 AND 1) -- Share of subjects who have some
);

-- @csv adverse-event-terms.csv
CREATE TABLE terms (
  term VARCHAR, frequency REAL, grade_1 REAL, grade_2 REAL
);

CREATE TABLE graded (term INTEGER, grade INTEGER, weight REAL);

INSERT INTO graded
SELECT rowid, 1, frequency * grade_1 FROM terms
UNION ALL SELECT rowid, 2, frequency * grade_2 FROM terms;

-- Who was treated, from the first dose to the last, the end of the trial or death @for scenario
CREATE TABLE person AS
SELECT *
FROM (
  SELECT
    subject_id, first_dose_date AS opens, last_dose_date,
    min(
      as_of,
      coalesce(death_date, as_of),
      coalesce(
        (
          SELECT max(dsstdtc)
          FROM disposition_events AS d
          WHERE d.subject_id = s.subject_id AND dscat = 'DISPOSITION EVENT'
        ),
        as_of
      )
    ) AS leaves,
    coalesce(
      (SELECT max(aeseq) FROM adverse_events AS a WHERE a.subject_id = s.subject_id), 0
    ) AS seen
  FROM subjects AS s, options
  WHERE first_dose_date IS NOT NULL
)
WHERE leaves > opens AND (last_dose_date IS NULL OR last_dose_date >= opens);

-- @for person @times 1
CREATE TABLE fate (
  luck REAL, -- @uniform 0, 1
  events INTEGER -- Of those who have some @choice 1=60, 2=28, 3=12
);

-- @for person @times 12
CREATE TABLE event (
  kind INTEGER, -- @pick graded
  moment REAL, -- @uniform 0, 1
  days INTEGER, -- @lognormal 9, 0.8, 1, 120
  related VARCHAR -- @choice NOT RELATED=25, UNLIKELY RELATED=20, POSSIBLY RELATED=35, RELATED=20
);

CREATE VIEW happened AS
SELECT
  n, k, subject_id, leaves, seen, kind, days, related,
  date(opens, CAST(
    moment * (julianday(min(leaves, coalesce(last_dose_date, leaves))) - julianday(opens)) AS INTEGER
  ) || ' days') AS began
FROM event JOIN fate USING (n) JOIN person USING (n), options, run
WHERE iif(
  wanted IS NULL,
  luck < share AND k <= events,
  k <= n * wanted / count - (n - 1) * wanted / count
);

-- @into adverse_events
SELECT
  'AE' || key || printf('%06d', n) || '-' || k AS adverse_event_id,
  subject_id,
  seen + row_number() OVER (PARTITION BY n ORDER BY began, k) AS aeseq,
  terms.term AS aeterm,
  began AS aestdtc,
  CASE WHEN date(began, days || ' days') <= leaves THEN date(began, days || ' days') END AS aeendtc,
  iif(grade = 2, 'MODERATE', 'MILD') AS aesev,
  CAST(grade AS TEXT) AS aetoxgr,
  'N' AS aeser,
  related AS aerel,
  'DOSE NOT CHANGED' AS aeacn,
  iif(date(began, days || ' days') <= leaves, 'RECOVERED/RESOLVED', 'NOT RECOVERED/NOT RESOLVED')
    AS aeout
FROM happened JOIN graded ON graded.rowid = kind JOIN terms ON terms.rowid = graded.term, run
ORDER BY n, k;

-- An adverse event before the first dose, after death, or twice the same number @never
SELECT adverse_event_id
FROM adverse_events AS e JOIN subjects USING (subject_id)
WHERE aestdtc < first_dose_date OR aestdtc > death_date OR aeendtc > death_date OR EXISTS (
  SELECT 1
  FROM adverse_events AS other
  WHERE other.subject_id = e.subject_id AND other.aeseq = e.aeseq
    AND other.adverse_event_id <> e.adverse_event_id
);
