-- Phase 3 trial in non-small cell lung cancer: two arms, eight sites, twelve visits @counts subjects @count 200
-- @include _trial.sql _findings.sql _history.sql _trial_rules.sql

CREATE TABLE options (
  protocol VARCHAR NOT NULL DEFAULT 'ONCO-2024-001' CHECK (length(protocol) > 0) -- Protocol number; two trials in one scenario need two
);

INSERT INTO trial (
  phase, indication, disease, sponsor, title, blinding, control_type, add_on, objective,
  pharmacologic_class, treatment, trial_length, enrolment_days, trial_days, daily
)
VALUES (
  '3', 'NSCLC', 'Non-small cell lung cancer', 'Corvane Therapeutics',
  'Drug A with standard of care in advanced nonsquamous non-small cell lung cancer',
  'OPEN LABEL', 'ACTIVE', 'Y',
  'To compare survival without progression between Drug A with standard of care and standard of care',
  'Invented antibody', 'Drug A', 'P8M',
  274, 550, 0
);

-- The chance of adverse events, beside those that make subjects leave, grows with the days of treatment
-- that are planned until a subject leaves: 189 for those who complete, and 105 on average for the others.
-- So the shares with an adverse event are
--   active   0.08 + 0.04 + events_a_day * (0.64 * 189 + 0.24 * 105) = 0.20
--   control  0.03 + 0.05 + events_a_day * (0.56 * 189 + 0.36 * 105) = 0.12
INSERT INTO arms VALUES
  ('ACTIVE', 'Active (Drug A + SOC)', 'experimental', 1, 0.08 / 146.16),
  ('CONTROL', 'Control (SOC only)', 'active comparator', 0, 0.04 / 143.64);

-- Everybody has the standard of care; Drug A comes on top in its arm.
INSERT INTO treatments VALUES
  ('ACTIVE', 'Drug A', 200, 150, 100, 'mg', 'INJECTION, SOLUTION', 'INTRAVENOUS', 'EVERY 3 WEEKS'),
  ('ACTIVE', 'Pemetrexed', 500, 375, 250, 'mg/m2', 'INJECTION, SOLUTION', 'INTRAVENOUS', 'EVERY 3 WEEKS'),
  ('CONTROL', 'Pemetrexed', 500, 375, 250, 'mg/m2', 'INJECTION, SOLUTION', 'INTRAVENOUS', 'EVERY 3 WEEKS');

-- Invented hospitals and people in real cities
INSERT INTO centers VALUES
  ('01', 'Harborview Street Cancer Center', 'Boston', 'USA', 'Dr. Miriam Castell', 0.06, 0.12, 0.1, 16),
  ('02', 'Bayou Oaks Oncology Institute', 'Houston', 'USA', 'Dr. Leon Okafor', 0.06, 0.2, 0.3, 14),
  ('03', 'Lakeshore General Hospital', 'Toronto', 'CAN', 'Dr. Priya Ramanand', 0.25, 0.08, 0.03, 12),
  ('04', 'Northmoor Infirmary', 'Manchester', 'GBR', 'Dr. Alastair Penhale', 0.1, 0.05, 0.01, 12),
  ('05', 'Hôpital des Trois Ponts', 'Lyon', 'FRA', 'Dr. Hélène Marchandeau', 0.03, 0.06, 0.02, 13),
  ('06', 'Klinikum am Lindenhain', 'Heidelberg', 'DEU', 'Dr. Jonas Wiedenbrück', 0.02, 0.01, 0.01, 12),
  ('07', 'Hangang River Medical Center', 'Seoul', 'KOR', 'Dr. Seo-yeon Baek', 1, 0, 0, 11),
  ('08', 'Yodogawa East Hospital', 'Osaka', 'JPN', 'Dr. Haruto Minase', 1, 0, 0, 10);

INSERT INTO plan VALUES
  (1, 'Screening', -14, 14, 6, 'SCREENING', 0, 0, 'After informed consent'),
  (2, 'Cycle 1 Day 1', 1, 0, 0, 'TREATMENT', 1, 21, 'Day of the first treatment'),
  (3, 'Cycle 2 Day 1', 22, 3, 3, 'TREATMENT', 1, 42, '3 weeks after the first treatment'),
  (4, 'Cycle 3 Day 1', 43, 3, 3, 'TREATMENT', 1, 63, '6 weeks after the first treatment'),
  (5, 'Cycle 4 Day 1', 64, 3, 3, 'TREATMENT', 1, 84, '9 weeks after the first treatment'),
  (6, 'Cycle 5 Day 1', 85, 3, 3, 'TREATMENT', 1, 105, '12 weeks after the first treatment'),
  (7, 'Cycle 6 Day 1', 106, 3, 3, 'TREATMENT', 1, 126, '15 weeks after the first treatment'),
  (8, 'Cycle 7 Day 1', 127, 3, 3, 'TREATMENT', 1, 147, '18 weeks after the first treatment'),
  (9, 'Cycle 8 Day 1', 148, 3, 3, 'TREATMENT', 1, 168, '21 weeks after the first treatment'),
  (10, 'Cycle 9 Day 1', 169, 3, 3, 'TREATMENT', 1, 189, '24 weeks after the first treatment'),
  (11, 'End of Treatment', 190, 3, 3, 'TREATMENT', 0, 189, '27 weeks after the first treatment'),
  (12, 'Follow-up', 220, 7, 7, 'FOLLOW-UP', 0, 189, '30 days after the end of treatment');

INSERT INTO reasons VALUES
  ('COMPLETED', 'completed', 'Completed the study'),
  ('PROGRESSIVE DISEASE', 'discontinued', 'Progression on imaging'),
  ('ADVERSE EVENT', 'discontinued', 'Adverse event not tolerated'),
  ('DEATH', 'discontinued', 'Subject died'),
  ('WITHDRAWAL BY SUBJECT', 'withdrawn', 'Subject withdrew consent'),
  ('LOST TO FOLLOW-UP', 'lost to follow-up', 'Subject could not be reached');

INSERT INTO elements VALUES
  ('SCRN', 'Screening', 'Informed consent', 'Day before the first treatment, or screen failure', NULL),
  ('CYCA', 'Cycle of Drug A with standard of care', 'Infusion of Drug A', 'Next infusion, or end of treatment', 'P3W'),
  ('CYCC', 'Cycle of standard of care', 'Infusion of pemetrexed without Drug A', 'Next infusion, or end of treatment', 'P3W'),
  ('FUP', 'Follow-up', 'Day after the end of treatment', 'Last visit', NULL);

-- The elements of each arm: screening, a cycle for each visit with a treatment, follow-up
INSERT INTO arm_plan
SELECT arm_code, 1, 'SCRN', 'SCREENING', NULL FROM arms
UNION ALL
SELECT arm_code, visit_num, iif(active, 'CYCA', 'CYCC'), 'TREATMENT', visit_num
FROM arms, plan WHERE doses
UNION ALL
SELECT arm_code, 11, 'FUP', 'FOLLOW-UP', NULL FROM arms;

INSERT INTO criteria VALUES
  ('INCL01', 'INCLUSION', '18 years of age or older', 0),
  ('INCL02', 'INCLUSION', 'Informed consent in writing', 0),
  ('INCL03', 'INCLUSION', 'Advanced nonsquamous non-small cell lung cancer, confirmed in tissue', 4),
  ('INCL04', 'INCLUSION', 'At least one lesion that can be measured', 5),
  ('INCL05', 'INCLUSION', 'Able to be up for more than half of the day (ECOG 0 or 1)', 6),
  ('INCL06', 'INCLUSION', 'Sufficient function of bone marrow, liver and kidneys', 7),
  ('EXCL01', 'EXCLUSION', 'Earlier systemic treatment of advanced disease', 4),
  ('EXCL02', 'EXCLUSION', 'Growing metastases in the brain', 5),
  ('EXCL03', 'EXCLUSION', 'Active autoimmune disease', 3),
  ('EXCL04', 'EXCLUSION', 'Pregnant or nursing', 0);

INSERT INTO parameters VALUES
  ('AGEMAX', 'Planned Maximum Age of Subjects', NULL, 'PINF'),
  ('COMPTRT', 'Comparative Treatment Name', 'Pemetrexed', NULL),
  ('CURTRT', 'Current Therapy or Treatment', 'Pemetrexed', NULL),
  ('DCUTDESC', 'Data Cutoff Description', 'End of the trial', NULL),
  ('DOSE', 'Dose per Administration', '200', NULL),
  ('DOSFRM', 'Dose Form', 'INJECTION, SOLUTION', NULL),
  ('DOSFRQ', 'Dosing Frequency', 'EVERY 3 WEEKS', NULL),
  ('DOSU', 'Dose Units', 'mg', NULL),
  ('HLTSUBJI', 'Healthy Subject Indicator', 'N', NULL),
  ('OBJSEC', 'Trial Secondary Objective', 'To compare overall survival and safety', NULL),
  ('OUTMSPRI', 'Primary Outcome Measure', 'Time until progression or death', NULL),
  ('OUTMSSEC', 'Secondary Outcome Measure', 'Time until death', NULL),
  ('RANDQT', 'Randomization Quotient', '0.5', NULL),
  ('ROUTE', 'Route of Administration', 'INTRAVENOUS', NULL),
  ('STOPRULE', 'Study Stop Rules', 'NONE', NULL),
  ('THERAREA', 'Therapeutic Area', 'ONCOLOGY', NULL),
  ('TINDTP', 'Trial Intent Type', 'TREATMENT', NULL),
  ('TTYPE', 'Trial Type', 'EFFICACY', NULL),
  ('TTYPE', 'Trial Type', 'SAFETY', NULL);

-- How often each event happens, beside the others, and with Drug A so many times as often; how often
-- with which CTCAE grade, which share of grade 3 is serious, and which drug helps. The numbers are
-- plausible ones, not those of a real trial.
-- @csv adverse-event-terms.csv
CREATE TABLE terms (
  term VARCHAR, category VARCHAR, frequency REAL, ratio REAL, grade_1 REAL, grade_2 REAL, grade_3 REAL,
  grade_4 REAL, grade_5 REAL, serious REAL, remedy VARCHAR
);

INSERT INTO panel VALUES
  (1, 'HGB'), (2, 'NEUT'), (3, 'LYM'), (4, 'PLAT'), (5, 'ALT'), (6, 'AST'), (7, 'BILI'), (8, 'CREAT'),
  (9, 'ALB'), (10, 'K');

-- Neutrophils fall by 4 % of what they were with each cycle of Drug A, and by 1 % without it
INSERT INTO effects VALUES
  ('NEUT', 'ACTIVE', -0.04, 8), ('NEUT', 'CONTROL', -0.01, 8),
  ('HGB', 'ACTIVE', -0.012, 8), ('HGB', 'CONTROL', -0.012, 8),
  ('PLAT', 'ACTIVE', -0.02, 8), ('PLAT', 'CONTROL', -0.02, 8),
  ('WEIGHT', 'ACTIVE', -0.004, 8), ('WEIGHT', 'CONTROL', -0.004, 8);

-- What an event of a grade means in the laboratory (CTCAE 5)
INSERT INTO disturbances VALUES
  ('Low neutrophils', 1, 'NEUT', 1.5, 1.79), ('Low neutrophils', 2, 'NEUT', 1, 1.49),
  ('Low neutrophils', 3, 'NEUT', 0.5, 0.99), ('Low neutrophils', 4, 'NEUT', 0.1, 0.49),
  ('Fever with low neutrophils', 3, 'NEUT', 0.3, 0.99),
  ('Fever with low neutrophils', 4, 'NEUT', 0.1, 0.49),
  ('Fever with low neutrophils', 5, 'NEUT', 0.1, 0.2),
  ('Anemia', 1, 'HGB', 10, 11.9), ('Anemia', 2, 'HGB', 8, 9.9), ('Anemia', 3, 'HGB', 6.5, 7.9),
  ('Anemia', 4, 'HGB', 5, 6.4),
  ('Low platelets', 1, 'PLAT', 75, 149), ('Low platelets', 2, 'PLAT', 50, 74),
  ('Low platelets', 3, 'PLAT', 25, 49), ('Low platelets', 4, 'PLAT', 10, 24),
  ('Raised liver enzymes', 1, 'ALT', 50, 130), ('Raised liver enzymes', 2, 'ALT', 140, 220),
  ('Raised liver enzymes', 3, 'ALT', 230, 850), ('Raised liver enzymes', 4, 'ALT', 910, 1500);

-- What subjects had beside the cancer, how often beside the others, and what is taken for it
INSERT INTO conditions VALUES
  ('High blood pressure', 20, 'Amlodipine'), ('High cholesterol', 15, 'Atorvastatin'),
  ('Chronic obstructive lung disease', 14, 'Albuterol'), ('Type 2 diabetes', 9, 'Metformin'),
  ('Coronary heart disease', 7, 'Aspirin'), ('Heartburn', 9, 'Omeprazole'),
  ('Worn knee joint', 7, 'Ibuprofen'), ('Back pain', 7, 'Acetaminophen'),
  ('Depression', 5, 'Sertraline'), ('Hay fever', 4, NULL), ('Appendix removed', 6, NULL),
  ('Cataract', 4, NULL);

-- What differs between the arms. How many complete the trial decides, along with missed visits, how many
-- visits there are (see its target).
-- @for subject @times 1
CREATE TABLE trait (
  sex VARCHAR, -- @choice M=58, F=42
  age INTEGER, -- @normal 64, 8, 35, 85
  reason_active VARCHAR, -- @choice COMPLETED=64, PROGRESSIVE DISEASE=16, ADVERSE EVENT=8, WITHDRAWAL BY SUBJECT=5, DEATH=4, LOST TO FOLLOW-UP=3
  reason_control VARCHAR, -- @choice COMPLETED=56, PROGRESSIVE DISEASE=27, ADVERSE EVENT=3, WITHDRAWAL BY SUBJECT=6, DEATH=5, LOST TO FOLLOW-UP=3
  last_visit INTEGER -- The last one before a subject leaves early @uniform 2, 10
);

-- Arms are equal @target 1/2
SELECT arm_code = 'ACTIVE' FROM subjects JOIN treatment_arms USING (arm_id);

-- Women @target 0.42
SELECT sex = 'F' FROM subjects;

-- The mean of the ages, where the upper limit takes a little off 64 @target 63.9
SELECT age FROM subjects;

-- Who completes: 64 % and 56 % @target 0.6
SELECT status = 'completed' FROM subjects;

-- Completed visits, 77 % of those scheduled. 0.6 of the subjects have 3 visits that are not missed
-- and 9 that are by 5 %: 3 + 9 * 0.95 = 11.55. The others have 2, and from 0 to 8, that is 4, more:
-- 2 + 4 * 0.95 = 5.8. So (0.6 * 11.55 + 0.4 * 5.8) / 12 = 9.25 / 12. @target 37/48
SELECT (SELECT count(*) FROM actual_visits AS v WHERE v.subject_id = s.subject_id) / 12.0
FROM subjects AS s;

-- Who has an adverse event @target 0.16
SELECT EXISTS (SELECT 1 FROM adverse_events AS e WHERE e.subject_id = s.subject_id)
FROM subjects AS s;

-- Who has an adverse event in the active arm @target 0.2
SELECT EXISTS (SELECT 1 FROM adverse_events AS e WHERE e.subject_id = s.subject_id)
FROM subjects AS s
JOIN treatment_arms USING (arm_id)
WHERE arm_code = 'ACTIVE';

-- Adverse events: 0.16 * 2.78 @target 0.4448
SELECT (SELECT count(*) FROM adverse_events AS e WHERE e.subject_id = s.subject_id)
FROM subjects AS s;

-- Whom progression ends: 16 % and 27 % @target 0.215
SELECT dsdecod = 'PROGRESSIVE DISEASE' FROM disposition_events WHERE dsscat = 'STUDY PARTICIPATION';

-- Who dies: 4 % and 5 % @target 0.045
SELECT death_date IS NOT NULL FROM subjects;

-- Days from screening to the first dose: 14 planned, and a window from 14 before to 6 after. It has
-- three weekends, whose days go one back and one on; but if the first dose is on a Monday, which 9 in
-- 28 are, its last Sunday goes two back instead: 18 + 9/28 * 3/21 @target 18.0459
SELECT julianday(first_dose_date) - julianday(screening_date) FROM subjects;

-- How much the neutrophils change with the first cycle of Drug A, where no event is about them: by 4 % of
-- 4.5 @target -0.18
SELECT later.lbstresn - first.lbstresn
FROM trial_lab_results AS first
JOIN trial_lab_results AS later USING (subject_id, lbtestcd)
JOIN subjects USING (subject_id)
JOIN treatment_arms USING (arm_id)
WHERE lbtestcd = 'NEUT' AND first.visit_num = 2 AND later.visit_num = 3 AND arm_code = 'ACTIVE'
  AND first.lbstresn IS NOT NULL AND later.lbstresn IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM adverse_events AS e
    WHERE e.subject_id = subjects.subject_id AND aeterm LIKE '%low neutrophils'
  );

-- Drug A in the control arm @never
SELECT * FROM exposures JOIN subjects USING (subject_id) JOIN treatment_arms USING (arm_id)
WHERE extrt = 'Drug A' AND arm_code <> 'ACTIVE';

-- A cycle that does not begin with a treatment @never
SELECT * FROM subject_elements AS e
WHERE epoch = 'TREATMENT' AND NOT EXISTS (
  SELECT 1 FROM exposures AS x WHERE x.subject_id = e.subject_id AND exstdtc = sestdtc
);

-- A treatment without a cycle @never
SELECT * FROM exposures AS x
WHERE NOT EXISTS (
  SELECT 1 FROM subject_elements AS e
  WHERE e.subject_id = x.subject_id AND epoch = 'TREATMENT' AND sestdtc = exstdtc
);
