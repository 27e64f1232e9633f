-- What subjects had before a trial, and what they take beside its treatment: a part for profiles that
-- include _trial.sql before, and put rows into the first table below.

-- What subjects may have, how often beside the others, and the drug for it
CREATE TABLE conditions (term VARCHAR, weight INTEGER, drug VARCHAR);

-- Drugs by their usual names, with usual amounts
CREATE TABLE drugs (
  drug VARCHAR PRIMARY KEY, amount REAL, unit VARCHAR, form VARCHAR, frequency VARCHAR, route VARCHAR,
  kind VARCHAR
);

INSERT INTO drugs VALUES
  ('Acetaminophen', 500, 'mg', 'TABLET', 'PRN', 'ORAL', 'Pain relievers'),
  ('Albuterol', 0.1, 'mg', 'AEROSOL', 'PRN', 'RESPIRATORY (INHALATION)', 'Drugs for the airways'),
  ('Amlodipine', 5, 'mg', 'TABLET', 'QD', 'ORAL', 'Drugs for blood pressure'),
  ('Amoxicillin', 500, 'mg', 'CAPSULE', 'TID', 'ORAL', 'Antibiotics'),
  ('Aspirin', 100, 'mg', 'TABLET', 'QD', 'ORAL', 'Drugs against clotting'),
  ('Atorvastatin', 40, 'mg', 'TABLET', 'QD', 'ORAL', 'Drugs for cholesterol'),
  ('Docusate', 100, 'mg', 'CAPSULE', 'BID', 'ORAL', 'Laxatives'),
  ('Enalapril', 10, 'mg', 'TABLET', 'QD', 'ORAL', 'Drugs for blood pressure'),
  ('Filgrastim', 0.3, 'mg', 'INJECTION, SOLUTION', 'QD', 'SUBCUTANEOUS', 'Growth factors'),
  ('Furosemide', 40, 'mg', 'TABLET', 'QD', 'ORAL', 'Diuretics'),
  ('Hydrocortisone', 1, '%', 'CREAM', 'BID', 'TOPICAL', 'Steroids'),
  ('Ibuprofen', 400, 'mg', 'TABLET', 'PRN', 'ORAL', 'Pain relievers'),
  ('Levothyroxine', 0.075, 'mg', 'TABLET', 'QD', 'ORAL', 'Hormones'),
  ('Loperamide', 2, 'mg', 'CAPSULE', 'PRN', 'ORAL', 'Drugs for the bowels'),
  ('Metformin', 850, 'mg', 'TABLET', 'BID', 'ORAL', 'Drugs for diabetes'),
  ('Metoprolol', 50, 'mg', 'TABLET', 'BID', 'ORAL', 'Drugs for the heart'),
  ('Nitroglycerin', 0.4, 'mg', 'TABLET', 'PRN', 'SUBLINGUAL', 'Drugs for the heart'),
  ('Omeprazole', 20, 'mg', 'CAPSULE', 'QD', 'ORAL', 'Drugs for the stomach'),
  ('Ondansetron', 8, 'mg', 'TABLET', 'BID', 'ORAL', 'Drugs against nausea'),
  ('Prednisone', 40, 'mg', 'TABLET', 'QD', 'ORAL', 'Steroids'),
  ('Sertraline', 50, 'mg', 'TABLET', 'QD', 'ORAL', 'Drugs for depression');

-- Two on average, one at least, of which some are the same and count once
-- @for subject @total 2.2 @least 1
CREATE TABLE past (
  condition INTEGER, -- @pick conditions
  days INTEGER, -- From its beginning to consent @lognormal 2200, 0.7, 400, 12000
  known VARCHAR, -- How exactly it is remembered @choice year=35, month=40, day=25
  lasting REAL, -- What part of the time until consent it lasted, if it is over @uniform 0.05, 0.9
  over BOOLEAN, -- @chance 0.25
  treated BOOLEAN -- @chance 0.8
);

-- What somebody had, from when until when, as exactly as it is remembered: what ended in the last year,
-- to the day. The disease of the trial is always there.
-- @batch
CREATE TABLE history AS
SELECT
  n, row_number() OVER (PARTITION BY n ORDER BY began, term) AS seq,
  term, kind, drug, treated AND NOT over AS treated,
  substr(began, 1, exact) AS began,
  iif(over, substr(ended, 1, iif(ended > last_year, 10, exact)), NULL) AS ended
FROM (
  SELECT
    n, term, 'GENERAL' AS kind, drug, treated, over,
    date(consent_on, -days || ' days') AS began,
    date(consent_on, -CAST(days * (1 - lasting) AS INTEGER) || ' days') AS ended,
    CASE known WHEN 'year' THEN 4 WHEN 'month' THEN 7 ELSE 10 END AS exact,
    date(consent_on, '-13 months') AS last_year
  FROM (
    SELECT *, row_number() OVER (PARTITION BY n, condition ORDER BY k) AS time FROM past
  )
  JOIN ended USING (n)
  JOIN conditions ON conditions.rowid = condition
  WHERE time = 1
  UNION ALL
  SELECT
    n, disease, 'PRIMARY DIAGNOSIS', NULL, 0, 0,
    date(consent_on, -(40 + days / 10) || ' days'), NULL, 7, NULL
  FROM past JOIN ended USING (n), trial
  WHERE k = 1
)
ORDER BY n, seq;

-- @into medical_histories
SELECT
  'H' || key || printf('%06d', n) || '-' || seq AS medical_history_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  seq AS mhseq,
  term AS mhterm,
  kind AS mhcat,
  began AS mhstdtc,
  history.ended AS mhendtc,
  iif(fails OR history.ended IS NOT NULL, NULL, 'DURING/AFTER') AS mhenrf,
  screened_on AS mhdtc
FROM history JOIN ended USING (n), run
ORDER BY n, seq;

-- Drugs for what somebody has had for long, and for adverse events
-- @into concomitant_medications
SELECT
  'C' || key || printf('%06d', n) || '-' || seq AS concomitant_medication_id,
  'SU' || key || printf('%06d', n) AS subject_id,
  seq AS cmseq,
  drug AS cmtrt,
  cmcat, cmindc,
  kind AS cmclas,
  amount AS cmdose,
  unit AS cmdosu,
  form AS cmdosfrm,
  frequency AS cmdosfrq,
  route AS cmroute,
  cmstdtc, cmendtc, cmenrf
FROM (
  SELECT
    *, row_number() OVER (PARTITION BY n ORDER BY cmstdtc, cmindc, drug) AS seq
  FROM (
    SELECT
      n, drug, 'PRIOR AND CONCOMITANT' AS cmcat, term AS cmindc, began AS cmstdtc, NULL AS cmendtc,
      iif(fails, NULL, 'DURING/AFTER') AS cmenrf
    FROM history JOIN ended USING (n)
    WHERE treated AND drug IS NOT NULL
    UNION ALL
    SELECT
      n, remedy, 'FOR AN ADVERSE EVENT', term, began, over, iif(over IS NULL, 'AFTER', NULL)
    FROM happened
    WHERE remedy IS NOT NULL
  )
  JOIN drugs USING (drug)
), run
ORDER BY n, seq;

-- A drug for a condition or an event that the subject does not have @never
SELECT * FROM concomitant_medications AS c
WHERE NOT EXISTS (
    SELECT 1 FROM medical_histories AS h
    WHERE h.subject_id = c.subject_id AND mhterm = cmindc AND mhstdtc = cmstdtc
  )
  AND NOT EXISTS (
    SELECT 1 FROM adverse_events AS e
    WHERE e.subject_id = c.subject_id AND aeterm = cmindc AND aestdtc = cmstdtc AND aecontrt = 'Y'
  );

-- A history that begins after consent @never
SELECT * FROM medical_histories JOIN subjects USING (subject_id)
WHERE mhstdtc > consent_date OR mhendtc > consent_date;

-- Somebody without the disease of the trial @never
SELECT usubjid FROM subjects
WHERE NOT EXISTS (
  SELECT 1 FROM medical_histories AS h
  WHERE h.subject_id = subjects.subject_id AND mhcat = 'PRIMARY DIAGNOSIS'
);
