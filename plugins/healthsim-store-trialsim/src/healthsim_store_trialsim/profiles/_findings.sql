-- Laboratory results and vital signs at the visits of a trial: a part for profiles that include
-- _trial.sql before, and put rows into the first tables below.

CREATE TABLE options (
  findings BOOLEAN NOT NULL DEFAULT 1 -- Laboratory results and vital signs too, which are most of the rows
);

-- What is asked of the laboratory at each visit but the last, in this order
CREATE TABLE panel (position INTEGER PRIMARY KEY, testcd VARCHAR);

-- What each treatment of an arm changes: a value by this share, for as many treatments as most says
CREATE TABLE effects (testcd VARCHAR, arm_code VARCHAR, change REAL, most INTEGER);

-- What an adverse event of a grade makes of a result while it lasts, in its usual unit
CREATE TABLE disturbances (term VARCHAR, grade INTEGER, testcd VARCHAR, low REAL, high REAL);

-- Means that are others in this trial than those below
CREATE TABLE usual_levels (testcd VARCHAR, usual REAL);

-- Usual units, ranges and values of adults; those of women beside those of men. The numbers are plausible
-- ones, from no source. among_subjects and in_subject are the standard deviations among subjects, and of one
-- subject's results.
-- @csv trial-tests.csv
CREATE TABLE tests (
  testcd VARCHAR, test VARCHAR, category VARCHAR, specimen VARCHAR, unit VARCHAR, digits INTEGER,
  mean REAL, women REAL, among_subjects REAL, in_subject REAL, least REAL, low REAL, low_women REAL, high REAL,
  high_women REAL, factor REAL, standard_unit VARCHAR, standard_digits INTEGER, loinc VARCHAR
);

-- Height is measured once
CREATE TABLE signs (
  position INTEGER PRIMARY KEY, testcd VARCHAR, test VARCHAR, unit VARCHAR, digits INTEGER, mean REAL,
  women REAL, among_subjects REAL, in_subject REAL, posture VARCHAR
);

INSERT INTO signs VALUES
  (1, 'SYSBP', 'Systolic Blood Pressure', 'mmHg', 0, 130, -2, 9, 5, 'SITTING'),
  (2, 'DIABP', 'Diastolic Blood Pressure', 'mmHg', 0, 76, -1, 6, 3, 'SITTING'),
  (3, 'PULSE', 'Pulse Rate', 'beats/min', 0, 74, 2, 7, 4, 'SITTING'),
  (4, 'TEMP', 'Temperature', 'C', 1, 36.7, 0.1, 0.1, 0.2, NULL),
  (5, 'WEIGHT', 'Weight', 'kg', 1, 81, -13, 10, 0.8, NULL),
  (6, 'HEIGHT', 'Height', 'cm', 0, 176, -13, 6, 0.1, NULL);

-- Where a subject's own results lie, for each test
-- @for subject @times panel @when findings
CREATE TABLE lab_level (
  spread REAL -- @normal 0, 1, -2, 2
);

-- @for visit @times panel @when findings
CREATE TABLE lab (
  spread REAL -- @normal 0, 1, -2.5, 2.5
);

-- @for subject @times signs @when findings
CREATE TABLE sign_level (
  spread REAL -- @normal 0, 1, -2, 2
);

-- @for visit @times signs @when findings
CREATE TABLE sign (
  spread REAL -- @normal 0, 1, -2.5, 2.5
);

-- The visits with the number of treatments before, which is what an effect grows with. The treatment of a
-- visit comes after what is measured there.
-- @batch
CREATE TABLE measured AS
SELECT
  n, seen.k, seen.day, clotted AND seen.k > 2 AS clotted, sex = 'F' AS woman, arm_code, fails, closes,
  key || printf('%06d', n) AS subject_key,
  key || printf('%06d', n) || '-' || seen.k AS visit_key,
  seen.day || printf('T%02d:%02d', 8 + minute / 60, minute % 60) AS moment,
  count(given.k) OVER (
    PARTITION BY n ORDER BY seen.k ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS treatments
FROM seen
JOIN course USING (n)
JOIN plan_days ON visit_num = seen.k
LEFT JOIN given USING (n, k), run
ORDER BY n, seen.k;

-- The test at each place of the panel for each arm and either sex
-- @batch
CREATE TABLE asked AS
SELECT
  position, arm_code, woman, testcd, test, category, specimen, unit, digits, factor, standard_unit,
  standard_digits, loinc, among_subjects, in_subject, least,
  bottom AS low, top AS high,
  coalesce(usual, mean) + woman * women AS middle,
  coalesce(change, 0) AS change,
  coalesce(most, 0) AS most,
  iif(bottom > 0, printf('%g', bottom), NULL) AS low_text,
  printf('%g', top) AS high_text,
  iif(bottom > 0, round(bottom * factor, standard_digits), NULL) AS low_standard,
  round(top * factor, standard_digits) AS high_standard
FROM (
  SELECT
    position, woman, tests.*,
    iif(woman, low_women, low) AS bottom, iif(woman, high_women, high) AS top
  FROM panel JOIN tests USING (testcd), (SELECT 0 AS woman UNION ALL SELECT 1)
)
JOIN arms
LEFT JOIN usual_levels USING (testcd)
LEFT JOIN effects USING (testcd, arm_code);

-- Results that an adverse event has changed
-- @batch
CREATE TABLE disturbed AS
SELECT n, k, position, max(low) AS low, max(high) AS high
FROM happened
JOIN disturbances USING (term, grade)
JOIN panel USING (testcd)
JOIN seen USING (n)
WHERE day >= began AND day <= coalesce(over, left_on)
GROUP BY n, k, position;

-- The results. Nothing can be counted in blood that has clotted.
-- @batch
CREATE TABLE found AS
SELECT
  m.subject_key, m.visit_key, m.k, m.moment, a.rowid AS asked_id,
  (m.k - 1) * (SELECT count(*) FROM panel) + a.position AS lbseq,
  CASE WHEN NOT clotted OR category <> 'HEMATOLOGY' THEN
    round(max(
      least,
      CASE
        WHEN d.low IS NULL THEN
          (middle + among_subjects * lab_level.spread + in_subject * lab.spread)
            * (1 + change * min(treatments, most))
        ELSE d.low + (d.high - d.low) * (lab.spread + 2.5) / 5
      END
    ), digits)
  END AS value
FROM lab
CROSS JOIN measured AS m ON m.n = lab.n AND m.k = lab.parent AND NOT closes
CROSS JOIN lab_level ON lab_level.n = lab.n AND lab_level.k = lab.k
CROSS JOIN asked AS a ON a.position = lab.k AND a.arm_code = m.arm_code AND a.woman = m.woman
LEFT JOIN disturbed AS d ON d.n = lab.n AND d.k = lab.parent AND d.position = lab.k
ORDER BY lab.n, lab.parent, lab.k;

-- @batch
CREATE TABLE resulted AS
SELECT
  found.*,
  iif(factor = 1, value, round(value * factor, standard_digits)) AS standard
FROM found CROSS JOIN asked ON asked.rowid = asked_id
ORDER BY found.rowid;

-- @into trial_lab_results
SELECT
  'L' || subject_key || '-' || lbseq AS trial_lab_result_id,
  'SU' || subject_key AS subject_id,
  'V' || visit_key AS visit_id,
  lbseq,
  testcd AS lbtestcd,
  test AS lbtest,
  category AS lbcat,
  iif(digits, CAST(value AS TEXT), CAST(CAST(value AS INTEGER) AS TEXT)) AS lborres,
  iif(value IS NULL, NULL, unit) AS lborresu,
  iif(value IS NULL, NULL, low_text) AS lbornrlo,
  iif(value IS NULL, NULL, high_text) AS lbornrhi,
  iif(standard_digits, CAST(standard AS TEXT), CAST(CAST(standard AS INTEGER) AS TEXT)) AS lbstresc,
  standard AS lbstresn,
  iif(value IS NULL, NULL, standard_unit) AS lbstresu,
  iif(value IS NULL, NULL, low_standard) AS lbstnrlo,
  iif(value IS NULL, NULL, high_standard) AS lbstnrhi,
  CASE WHEN value < low THEN 'LOW' WHEN value > high THEN 'HIGH' WHEN value THEN 'NORMAL' END
    AS lbnrind,
  specimen AS lbspec,
  iif(k = 2, 'Y', NULL) AS lbblfl,
  iif(value IS NULL, 'NOT DONE', NULL) AS lbstat,
  iif(value IS NULL, 'Specimen clotted', NULL) AS lbreasnd,
  loinc AS lbloinc,
  k AS visit_num,
  moment AS lbdtc
FROM resulted CROSS JOIN asked ON asked.rowid = asked_id
ORDER BY resulted.rowid;

-- What each vital sign is for each arm and either sex
-- @batch
CREATE TABLE looked_at AS
SELECT
  signs.*, arm_code, woman,
  coalesce(usual, mean) + woman * women AS middle,
  coalesce(change, 0) AS change,
  coalesce(most, 0) AS most,
  testcd = 'HEIGHT' AS once
FROM signs JOIN arms JOIN (SELECT 0 AS woman UNION ALL SELECT 1)
LEFT JOIN usual_levels USING (testcd)
LEFT JOIN effects USING (testcd, arm_code);

-- @batch
CREATE TABLE taken AS
SELECT
  m.subject_key, m.visit_key, m.k, m.day, a.rowid AS looked_at_id,
  (m.k - 1) * (SELECT count(*) FROM signs) + position AS vsseq,
  m.k = iif(once, 1, 2) AND NOT fails AS baseline,
  round(
    (middle + among_subjects * sign_level.spread + in_subject * sign.spread)
      * (1 + change * min(treatments, most)),
    digits
  ) AS value
FROM sign
CROSS JOIN measured AS m ON m.n = sign.n AND m.k = sign.parent
CROSS JOIN sign_level ON sign_level.n = sign.n AND sign_level.k = sign.k
CROSS JOIN looked_at AS a
  ON a.position = sign.k AND a.arm_code = m.arm_code AND a.woman = m.woman AND (NOT once OR m.k = 1)
ORDER BY sign.n, sign.parent, sign.k;

-- @into trial_vital_signs
SELECT
  'G' || subject_key || '-' || vsseq AS trial_vital_sign_id,
  'SU' || subject_key AS subject_id,
  'V' || visit_key AS visit_id,
  vsseq,
  testcd AS vstestcd,
  test AS vstest,
  posture AS vspos,
  iif(digits, CAST(value AS TEXT), CAST(CAST(value AS INTEGER) AS TEXT)) AS vsorres,
  unit AS vsorresu,
  iif(digits, CAST(value AS TEXT), CAST(CAST(value AS INTEGER) AS TEXT)) AS vsstresc,
  value AS vsstresn,
  unit AS vsstresu,
  iif(baseline, 'Y', NULL) AS vsblfl,
  k AS visit_num,
  day AS vsdtc
FROM taken CROSS JOIN looked_at ON looked_at.rowid = looked_at_id
ORDER BY taken.rowid;

-- A result that its limits and its indicator do not fit @never
SELECT * FROM trial_lab_results
WHERE lbnrind IS NOT CASE
  WHEN lborres IS NULL THEN NULL
  WHEN CAST(lborres AS REAL) < CAST(lbornrlo AS REAL) THEN 'LOW'
  WHEN CAST(lborres AS REAL) > CAST(lbornrhi AS REAL) THEN 'HIGH'
  ELSE 'NORMAL'
END;

-- A result that is not at its visit, or both there and not done @never
SELECT * FROM trial_lab_results AS r JOIN actual_visits AS v USING (visit_id)
WHERE v.subject_id <> r.subject_id OR v.visit_num <> r.visit_num
  OR substr(lbdtc, 1, 10) <> visit_date OR (lbstresn IS NULL) <> (lbstat IS 'NOT DONE');

-- A test without its one baseline, at the first treatment @never
SELECT subject_id, lbtestcd
FROM trial_lab_results AS r JOIN subjects USING (subject_id)
WHERE first_dose_date IS NOT NULL
GROUP BY subject_id, lbtestcd
HAVING total(lbblfl = 'Y') <> 1
  OR max(CASE WHEN lbblfl = 'Y' THEN substr(lbdtc, 1, 10) END) <> first_dose_date;

-- A diastolic pressure that is not below the systolic one @never
SELECT * FROM trial_vital_signs AS s JOIN trial_vital_signs AS d USING (visit_id)
WHERE s.vstestcd = 'SYSBP' AND d.vstestcd = 'DIABP' AND d.vsstresn >= s.vsstresn;
