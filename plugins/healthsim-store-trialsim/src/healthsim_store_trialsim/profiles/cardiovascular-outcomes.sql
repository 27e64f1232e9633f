-- Cardiovascular outcomes trial: a drug against cholesterol and placebo, three years, endpoints @counts subjects @count 200
-- @include _trial.sql _findings.sql _history.sql _trial_rules.sql

CREATE TABLE options (
  protocol VARCHAR NOT NULL DEFAULT 'CVOT-2020-001' CHECK (length(protocol) > 0), -- Protocol number; two trials in one scenario need two
  start DATE NOT NULL DEFAULT '2020-01-06' CHECK (start BETWEEN '1950-01-01' AND '2100-01-01'), -- The trial's first day; subjects are enrolled over a year from six weeks later on
  screen_failures REAL NOT NULL DEFAULT 0.12 CHECK (screen_failures BETWEEN 0 AND 0.9), -- Share of the subjects whom the screening keeps out
  milestones BOOLEAN NOT NULL DEFAULT 1 -- Dispositions for consent, randomization and the end of treatment too, not for the end of participation alone
);

INSERT INTO trial (
  phase, indication, disease, sponsor, title, blinding, control_type, add_on, objective,
  pharmacologic_class, treatment, trial_length, enrolment_days, trial_days, daily
)
VALUES (
  '3', 'ASCVD', 'Hardened arteries', 'Halcyon Vascular',
  'Drug B and cardiovascular events in adults with hardened arteries',
  'DOUBLE BLIND', 'PLACEBO', 'Y',
  'To compare the time until cardiovascular death, heart attack or stroke between Drug B and placebo',
  'Invented inhibitor of the making of cholesterol', 'Drug B', 'P38M',
  365, 1560, 1
);

-- The chance of adverse events, beside those that make subjects leave, grows with the days of treatment
-- that are planned until a subject leaves: 1080 for those who complete; 30, 90, 180, 360, 540, 720, 900 or
-- 1080 for the others, which is 487.5 on average. So the shares with an adverse event are
--   active   0.04 + 0.03 + 0.0006 * (0.82 * 1080 + 0.11 * 487.5) = 0.633535
--   control  0.03 + 0.05 + 0.0006 * (0.81 * 1080 + 0.11 * 487.5) = 0.637055
INSERT INTO arms VALUES
  ('DRUGB', 'Drug B 10 mg', 'experimental', 1, 0.0006),
  ('PLACEBO', 'Placebo', 'placebo comparator', 0, 0.0006);

INSERT INTO treatments VALUES
  ('DRUGB', 'Drug B', 10, 5, 5, 'mg', 'TABLET', 'ORAL', 'QD'),
  ('PLACEBO', 'Placebo', 0, 0, 0, 'mg', 'TABLET', 'ORAL', 'QD');

-- Invented hospitals and people in real cities
INSERT INTO centers VALUES
  ('101', 'Cedar Hollow Heart Clinic', 'Cleveland', 'USA', 'Dr. Ada Rowntree', 0.03, 0.3, 0.08, 14),
  ('102', 'Mission Bluffs Medical Center', 'San Diego', 'USA', 'Dr. Tomas Echeverri', 0.15, 0.06, 0.35, 12),
  ('103', 'Peach Creek Cardiology', 'Atlanta', 'USA', 'Dr. Denise Holloway', 0.05, 0.45, 0.08, 10),
  ('201', 'Hospital do Vale Verde', 'Porto Alegre', 'BRA', 'Dr. Beatriz Camargo', 0.01, 0.15, 0.9, 10),
  ('301', 'Clinique des Quatre Vents', 'Nantes', 'FRA', 'Dr. Luc Aubertin', 0.02, 0.05, 0.01, 10),
  ('302', 'Krankenhaus an der Weide', 'Leipzig', 'DEU', 'Dr. Katrin Vogelsang', 0.02, 0.01, 0.01, 11),
  ('303', 'Szpital nad Rzeka', 'Wroclaw', 'POL', 'Dr. Marek Zielonka', 0, 0, 0, 12),
  ('304', 'Ashgrove Infirmary', 'Leeds', 'GBR', 'Dr. Imogen Thackray', 0.12, 0.05, 0.01, 10),
  ('401', 'Moonlight Bay General Hospital', 'Busan', 'KOR', 'Dr. Ji-won Noh', 1, 0, 0, 11);

INSERT INTO plan VALUES
  (1, 'Screening', -21, 14, 6, 'SCREENING', 0, 0, 'After informed consent'),
  (2, 'Randomization', 1, 0, 0, 'TREATMENT', 1, 30, 'Day of the first treatment'),
  (3, 'Month 1', 31, 7, 7, 'TREATMENT', 1, 90, '1 month after the first treatment'),
  (4, 'Month 3', 91, 7, 7, 'TREATMENT', 1, 180, '3 months after the first treatment'),
  (5, 'Month 6', 181, 7, 7, 'TREATMENT', 1, 360, '6 months after the first treatment'),
  (6, 'Month 12', 361, 10, 10, 'TREATMENT', 1, 540, '12 months after the first treatment'),
  (7, 'Month 18', 541, 10, 10, 'TREATMENT', 1, 720, '18 months after the first treatment'),
  (8, 'Month 24', 721, 10, 10, 'TREATMENT', 1, 900, '24 months after the first treatment'),
  (9, 'Month 30', 901, 10, 10, 'TREATMENT', 1, 1080, '30 months after the first treatment'),
  (10, 'Month 36, End of Treatment', 1081, 10, 10, 'TREATMENT', 0, 1080, '36 months after the first treatment'),
  (11, 'Follow-up', 1111, 7, 7, 'FOLLOW-UP', 0, 1080, '30 days after the end of treatment');

INSERT INTO reasons VALUES
  ('COMPLETED', 'completed', 'Completed the study'),
  ('ADVERSE EVENT', 'discontinued', 'Adverse event not tolerated'),
  ('DEATH', 'discontinued', 'Subject died'),
  ('WITHDRAWAL BY SUBJECT', 'withdrawn', 'Subject withdrew consent'),
  ('PHYSICIAN DECISION', 'discontinued', 'Investigator decided so'),
  ('LOST TO FOLLOW-UP', 'lost to follow-up', 'Subject could not be reached');

INSERT INTO elements VALUES
  ('SCRN', 'Screening', 'Informed consent', 'Day before the first treatment, or screen failure', NULL),
  ('DRUGB', 'Drug B 10 mg once daily', 'First tablet of Drug B', 'Last tablet', 'P36M'),
  ('PLACEBO', 'Placebo once daily', 'First tablet of placebo', 'Last tablet', 'P36M'),
  ('FUP', 'Follow-up', 'Day after the last tablet', 'Last visit', NULL);

INSERT INTO arm_plan
SELECT arm_code, 1, 'SCRN', 'SCREENING', NULL FROM arms
UNION ALL SELECT arm_code, 2, arm_code, 'TREATMENT', 2 FROM arms
UNION ALL SELECT arm_code, 3, 'FUP', 'FOLLOW-UP', NULL FROM arms;

INSERT INTO criteria VALUES
  ('INCL01', 'INCLUSION', '40 years of age or older', 0),
  ('INCL02', 'INCLUSION', 'Informed consent in writing', 0),
  ('INCL03', 'INCLUSION', 'Heart attack or stroke more than a month ago, or narrowed arteries of the legs', 5),
  ('INCL04', 'INCLUSION', 'LDL cholesterol of 70 mg/dL or more with the usual treatment', 9),
  ('INCL05', 'INCLUSION', 'The same treatment of cholesterol for at least four weeks', 4),
  ('EXCL01', 'EXCLUSION', 'Heart failure with symptoms at rest', 3),
  ('EXCL02', 'EXCLUSION', 'Blood pressure above 180/110 mmHg', 3),
  ('EXCL03', 'EXCLUSION', 'Liver enzymes more than twice what is usual', 3),
  ('EXCL04', 'EXCLUSION', 'Kidneys that need dialysis', 1),
  ('EXCL05', 'EXCLUSION', 'Pregnant or nursing', 0);

INSERT INTO parameters VALUES
  ('AGEMAX', 'Planned Maximum Age of Subjects', NULL, 'PINF'),
  ('AGEMIN', 'Planned Minimum Age of Subjects', 'P40Y', NULL),
  ('CURTRT', 'Current Therapy or Treatment', 'Usual treatment of cholesterol', NULL),
  ('DCUTDESC', 'Data Cutoff Description', 'End of the trial', NULL),
  ('DOSE', 'Dose per Administration', '10', NULL),
  ('DOSFRM', 'Dose Form', 'TABLET', NULL),
  ('DOSFRQ', 'Dosing Frequency', 'QD', NULL),
  ('DOSU', 'Dose Units', 'mg', NULL),
  ('HLTSUBJI', 'Healthy Subject Indicator', 'N', NULL),
  ('OBJSEC', 'Trial Secondary Objective', 'To compare LDL cholesterol and safety', NULL),
  ('OUTMSPRI', 'Primary Outcome Measure', 'Time until cardiovascular death, heart attack or stroke', NULL),
  ('OUTMSSEC', 'Secondary Outcome Measure', 'Change of LDL cholesterol from baseline to month 12', NULL),
  ('RANDQT', 'Randomization Quotient', '0.5', NULL),
  ('ROUTE', 'Route of Administration', 'ORAL', NULL),
  ('STOPRULE', 'Study Stop Rules', 'NONE', NULL),
  ('THERAREA', 'Therapeutic Area', 'CARDIOVASCULAR', NULL),
  ('TINDTP', 'Trial Intent Type', 'PREVENTION', NULL),
  ('TTYPE', 'Trial Type', 'EFFICACY', NULL),
  ('TTYPE', 'Trial Type', 'SAFETY', NULL);

-- How often each event happens, beside the others, and with Drug B so many times as often; how often
-- with which grade (as of CTCAE), which share of grade 3 is serious, and which drug helps. The numbers are
-- plausible ones, not those of a real trial.
-- @csv cardiovascular-terms.csv
CREATE TABLE terms (
  term VARCHAR, category VARCHAR, frequency REAL, ratio REAL, grade_1 REAL, grade_2 REAL, grade_3 REAL,
  grade_4 REAL, grade_5 REAL, serious REAL, remedy VARCHAR
);

INSERT INTO panel VALUES
  (1, 'LDL'), (2, 'HDL'), (3, 'TRIG'), (4, 'HBA1C'), (5, 'CREAT'), (6, 'K'), (7, 'ALT'), (8, 'CK'),
  (9, 'HGB');

-- LDL cholesterol is half of what it was from the first month of Drug B on; the pressure falls a little
INSERT INTO effects VALUES
  ('LDL', 'DRUGB', -0.5, 1), ('LDL', 'PLACEBO', -0.02, 1), ('TRIG', 'DRUGB', -0.12, 1),
  ('HDL', 'DRUGB', 0.05, 1), ('SYSBP', 'DRUGB', -0.015, 2), ('DIABP', 'DRUGB', -0.01, 2);

-- What an event of a grade means in the laboratory (CTCAE 5)
INSERT INTO disturbances VALUES
  ('Raised liver enzymes', 1, 'ALT', 50, 130), ('Raised liver enzymes', 2, 'ALT', 140, 220),
  ('Raised liver enzymes', 3, 'ALT', 230, 850),
  ('Muscle pain', 2, 'CK', 220, 480), ('Muscle pain', 3, 'CK', 510, 900),
  ('Newly found diabetes', 2, 'HBA1C', 6.6, 7.8), ('Newly found diabetes', 3, 'HBA1C', 8, 10);

-- Means that are others than those of healthy adults
INSERT INTO usual_levels VALUES ('SYSBP', 136), ('DIABP', 79), ('WEIGHT', 88);

-- What subjects had beside, how often beside the others, and what is taken for it
INSERT INTO conditions VALUES
  ('High blood pressure', 30, 'Enalapril'), ('High cholesterol', 26, 'Atorvastatin'),
  ('Earlier heart attack', 18, 'Aspirin'), ('Type 2 diabetes', 14, 'Metformin'),
  ('Chest pain with effort', 10, 'Metoprolol'), ('Earlier stroke', 7, 'Aspirin'),
  ('Heartburn', 7, 'Omeprazole'), ('Worn knee joint', 7, 'Ibuprofen'), ('Gout', 5, NULL),
  ('Underactive thyroid', 4, 'Levothyroxine'), ('Depression', 4, 'Sertraline'),
  ('Appendix removed', 4, NULL);

-- @for subject @times 1
CREATE TABLE trait (
  sex VARCHAR, -- @choice M=68, F=32
  age INTEGER, -- @normal 65, 8, 40, 85
  reason_active VARCHAR, -- @choice COMPLETED=82, ADVERSE EVENT=4, DEATH=3, WITHDRAWAL BY SUBJECT=6, PHYSICIAN DECISION=2, LOST TO FOLLOW-UP=3
  reason_control VARCHAR, -- @choice COMPLETED=81, ADVERSE EVENT=3, DEATH=5, WITHDRAWAL BY SUBJECT=6, PHYSICIAN DECISION=2, LOST TO FOLLOW-UP=3
  last_visit INTEGER -- The last one before a subject leaves early @uniform 2, 9
);

-- Whom the screening keeps out @target 0.12
SELECT status = 'screen failure' FROM subjects;

-- Women @target 0.32
SELECT sex = 'F' FROM subjects;

-- Who completes, of those who are randomized: 82 % and 81 % @target 0.815
SELECT status = 'completed' FROM subjects WHERE status <> 'screen failure';

-- Who dies, of those who are randomized: 3 % and 5 % @target 0.04
SELECT death_date IS NOT NULL FROM subjects WHERE status <> 'screen failure';

-- Who has an adverse event, of those who are randomized @target 0.635295
SELECT EXISTS (SELECT 1 FROM adverse_events AS e WHERE e.subject_id = s.subject_id)
FROM subjects AS s
WHERE status <> 'screen failure';

-- Cardiovascular endpoints among the events that end nothing, with placebo: 14.12 of 83.97
-- @target 0.168155
SELECT aecat = 'CARDIOVASCULAR ENDPOINT'
FROM adverse_events JOIN subjects USING (subject_id) JOIN treatment_arms USING (arm_id)
WHERE arm_code = 'PLACEBO' AND aeout <> 'FATAL' AND aeacn <> 'DRUG WITHDRAWN';

-- Cardiovascular endpoints among the events that end nothing, with Drug B: 10.468 of 84.571
-- @target 0.123778
SELECT aecat = 'CARDIOVASCULAR ENDPOINT'
FROM adverse_events JOIN subjects USING (subject_id) JOIN treatment_arms USING (arm_id)
WHERE arm_code = 'DRUGB' AND aeout <> 'FATAL' AND aeacn <> 'DRUG WITHDRAWN';

-- How much LDL cholesterol has changed after a year of Drug B, in mmol/L: half of 105 mg/dL, and of 4 more
-- in women: 0.5 * 106.28 * 0.02586 @target -1.3742
SELECT later.lbstresn - first.lbstresn
FROM trial_lab_results AS first
JOIN trial_lab_results AS later USING (subject_id, lbtestcd)
JOIN subjects USING (subject_id)
JOIN treatment_arms USING (arm_id)
WHERE lbtestcd = 'LDL' AND first.visit_num = 2 AND later.visit_num = 6 AND arm_code = 'DRUGB';

-- The systolic pressure after a month of Drug B, less by 1.5 % of 136, and of 2 less in women:
-- 0.015 * 135.36 @target -2.0304
SELECT later.vsstresn - first.vsstresn
FROM trial_vital_signs AS first
JOIN trial_vital_signs AS later USING (subject_id, vstestcd)
JOIN subjects USING (subject_id)
JOIN treatment_arms USING (arm_id)
WHERE vstestcd = 'SYSBP' AND first.visit_num = 2 AND later.visit_num = 3 AND arm_code = 'DRUGB';

-- Another drug than the arm's @never
SELECT * FROM exposures JOIN subjects USING (subject_id) JOIN treatment_arms USING (arm_id)
WHERE (extrt = 'Placebo') <> (arm_code = 'PLACEBO') OR (extrt = 'Placebo') <> (exdose = 0);

-- Two intervals of tablets that overlap @never
SELECT * FROM (
  SELECT exstdtc, lag(exendtc) OVER (PARTITION BY subject_id ORDER BY exseq) AS before FROM exposures
)
WHERE exstdtc <= before;
