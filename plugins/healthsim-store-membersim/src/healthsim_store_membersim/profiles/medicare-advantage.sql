-- Medicare Advantage members of 65 and over in California, with conditions, risk scores, and claims if wanted @counts members @count 100 @include healthsim_store/people.sql _physicians.sql _claims.sql _payments.sql

CREATE TABLE options (
  as_of DATE NOT NULL DEFAULT '2025-12-31' CHECK (as_of BETWEEN '1990-01-01' AND '2100-01-01') -- The day on which ages are meant, and the last one of the records
);

-- Plans with their share of all members: HMO 40, PPO 35, PFFS 25. The payers are invented, and the
-- contracts too: a real one has digits only behind its H.
CREATE TABLE plans (
  plan_type VARCHAR, payer_name VARCHAR, plan_code VARCHAR, patient_percent INTEGER, weight INTEGER
);

INSERT INTO plans VALUES
  ('HMO', 'Golden Poppy Health Plan', 'HX101-001', 10, 25),
  ('HMO', 'Quail Ridge Senior Care', 'HX204-003', 10, 15),
  ('PPO', 'Manzanita Advantage', 'HX310-002', 15, 20),
  ('PPO', 'Golden Poppy Health Plan', 'HX102-004', 15, 15),
  ('PFFS', 'Condor Coast Medicare', 'HX415-001', 20, 25);

-- Age and gender in CMS-HCC V28 (community, not dual, aged), in thousandths
CREATE TABLE demographics (
  gender VARCHAR, five_years INTEGER, factor INTEGER, PRIMARY KEY (gender, five_years)
);

INSERT INTO demographics VALUES
  ('F', 65, 330), ('F', 70, 395), ('F', 75, 465), ('F', 80, 524), ('F', 85, 624),
  ('M', 65, 332), ('M', 70, 396), ('M', 75, 502), ('M', 80, 571), ('M', 85, 664);

-- Conditions with their category and coefficient in CMS-HCC V28. The prevalences are illustrative;
-- that of diabetes is high, as in a plan for people with chronic illnesses. Conditions of one illness
-- exclude each other, and those without a prevalence follow from other illnesses or an earlier date.
-- @csv conditions.csv
CREATE TABLE conditions (
  illness VARCHAR, code VARCHAR, description VARCHAR, hcc VARCHAR, coefficient REAL,
  prevalence_65_74 REAL, prevalence_75_84 REAL, prevalence_85 REAL
);

-- Which luck finds which condition, by age group: one condition of an illness above the other.
-- Factors are in thousandths.
CREATE TABLE chances (
  age_group INTEGER, k INTEGER, illness VARCHAR, above REAL, upto REAL, code VARCHAR,
  factor INTEGER,
  PRIMARY KEY (illness, age_group, k)
);

INSERT INTO chances
SELECT
  age_group, k, illness, round(upto - chance, 4), round(upto, 4), code,
  CAST(round(1000 * coefficient) AS INTEGER)
FROM (
  SELECT *, sum(chance) OVER (PARTITION BY illness, age_group ORDER BY k) AS upto
  FROM (
    SELECT rowid AS k, *, 1 AS age_group, prevalence_65_74 AS chance FROM conditions
    UNION ALL SELECT rowid, *, 2, prevalence_75_84 FROM conditions
    UNION ALL SELECT rowid, *, 3, prevalence_85 FROM conditions
  )
)
WHERE chance > 0;

-- With more luck than this, nobody has the illness
CREATE TABLE limits (illness VARCHAR PRIMARY KEY, upto REAL);

INSERT INTO limits SELECT illness, max(upto) FROM chances GROUP BY illness;

-- The days on which a condition may have been found
CREATE TABLE calendar (days_ago INTEGER PRIMARY KEY, day DATE);

INSERT INTO calendar
WITH RECURSIVE passed (days) AS (SELECT 0 UNION ALL SELECT days + 1 FROM passed WHERE days < 3000)
SELECT days, date(as_of, '-' || days || ' days') FROM passed, options;

-- Births of all ages and days since a birthday
CREATE TABLE births (number INTEGER PRIMARY KEY, birth_date DATE, medicare_start DATE);

INSERT INTO births
WITH RECURSIVE
  ages (age) AS (SELECT 65 UNION ALL SELECT age + 1 FROM ages WHERE age < 88),
  days (day) AS (SELECT 0 UNION ALL SELECT day + 1 FROM days WHERE day < 364)
SELECT number, birth_date, date(birth_date, '65 years', 'start of month')
FROM (
  SELECT
    365 * age + day AS number,
    date(as_of, '-' || age || ' years', '-' || day || ' days') AS birth_date
  FROM ages, days, options
);

-- Illnesses on which the codes of others depend
CREATE TABLE age_groups (age_group INTEGER PRIMARY KEY, kidney_upto REAL, heart_upto REAL);

INSERT INTO age_groups
SELECT age_group, max(iif(illness = 'kidney', upto, 0)), max(iif(illness = 'heart', upto, 0))
FROM chances
GROUP BY age_group;

-- What claims are for, beside a wellness visit; where illnesses are named, for those alone
CREATE TABLE treatments (kind VARCHAR, illnesses VARCHAR, weight INTEGER);

INSERT INTO treatments VALUES
  ('clinic', NULL, 15), ('education', 'diabetes', 9), ('supplies', 'diabetes', 14),
  ('oxygen', 'lung', 9),
  ('home care', 'heart, lung, kidney, diabetes, dementia, arthritis, parkinson', 21),
  ('emergency', 'heart, lung, kidney, fibrillation, coronary, pressure, depression', 14),
  ('inpatient', 'heart, lung, kidney, fibrillation, coronary', 12),
  ('surgery', 'heart, fibrillation, coronary, arthritis, obesity', 12);

-- Ages have their peak at 74, and fall off to both sides @for person @times 1
CREATE TABLE trait (
  gender VARCHAR, -- @choice F=52, M=48
  age INTEGER, -- @normal 74, 8, 64.51, 88.49
  plan INTEGER, -- @pick plans
  hispanic BOOLEAN, -- The family name @chance 0.2
  years INTEGER, -- In the plan, at most since 65 @uniform 0, 12
  physician INTEGER, -- @pick physicians
  ssn INTEGER -- @uniform 0, 49999999
);

-- Who has less luck than an illness is frequent has it @for person @times 1
CREATE TABLE luck (
  diabetes REAL, -- @uniform 0, 1
  kidney REAL, -- @uniform 0, 1
  heart REAL, -- @uniform 0, 1
  pressure REAL, -- @uniform 0, 1
  lipids REAL, -- @uniform 0, 1
  coronary REAL, -- @uniform 0, 1
  lung REAL, -- @uniform 0, 1
  fibrillation REAL, -- @uniform 0, 1
  obesity REAL, -- @uniform 0, 1
  depression REAL, -- @uniform 0, 1
  dementia REAL, -- @uniform 0, 1
  arthritis REAL, -- @uniform 0, 1
  parkinson REAL, -- @uniform 0, 1
  bones REAL -- @uniform 0, 1
);

-- What may happen to a member in a year; the first is a wellness visit @for person @times 17 @when claims
CREATE TABLE event (
  luck REAL, -- @uniform 0, 1
  reason INTEGER, -- Which of the member's conditions @uniform 0, 999999
  treatment INTEGER, -- @pick treatments
  moment INTEGER, -- @uniform 0, 999999
  physician INTEGER, -- @pick physicians
  days INTEGER -- In hospital @uniform 2, 6
);

-- Members with the day of their birth, and that on which the plan began: Medicare begins with the
-- month of one's 65th birthday, and a plan can be changed for January
CREATE VIEW member AS
SELECT
  trait.*,
  printf('M%s%06d', key, n) AS member_id,
  age / 5 * 5 AS five_years,
  as_of,
  key,
  birth_date,
  max(medicare_start, (substr(as_of, 1, 4) - years) || '-01-01') AS coverage_start
FROM trait
JOIN person USING (n)
JOIN births ON births.rowid = 365 * age + birthday, options, run;

-- The luck with which a member may have an illness, at the age at which most have it. That is asked
-- first, for most have few.
CREATE VIEW lots AS
SELECT n, 'diabetes' AS illness, diabetes AS luck FROM luck WHERE diabetes < (SELECT upto FROM limits WHERE illness = 'diabetes')
UNION ALL SELECT n, 'kidney', kidney FROM luck WHERE kidney < (SELECT upto FROM limits WHERE illness = 'kidney')
UNION ALL SELECT n, 'heart', heart FROM luck WHERE heart < (SELECT upto FROM limits WHERE illness = 'heart')
UNION ALL SELECT n, 'pressure', pressure FROM luck WHERE pressure < (SELECT upto FROM limits WHERE illness = 'pressure')
UNION ALL SELECT n, 'lipids', lipids FROM luck WHERE lipids < (SELECT upto FROM limits WHERE illness = 'lipids')
UNION ALL SELECT n, 'coronary', coronary FROM luck WHERE coronary < (SELECT upto FROM limits WHERE illness = 'coronary')
UNION ALL SELECT n, 'lung', lung FROM luck WHERE lung < (SELECT upto FROM limits WHERE illness = 'lung')
UNION ALL SELECT n, 'fibrillation', fibrillation FROM luck WHERE fibrillation < (SELECT upto FROM limits WHERE illness = 'fibrillation')
UNION ALL SELECT n, 'obesity', obesity FROM luck WHERE obesity < (SELECT upto FROM limits WHERE illness = 'obesity')
UNION ALL SELECT n, 'depression', depression FROM luck WHERE depression < (SELECT upto FROM limits WHERE illness = 'depression')
UNION ALL SELECT n, 'dementia', dementia FROM luck WHERE dementia < (SELECT upto FROM limits WHERE illness = 'dementia')
UNION ALL SELECT n, 'arthritis', arthritis FROM luck WHERE arthritis < (SELECT upto FROM limits WHERE illness = 'arthritis')
UNION ALL SELECT n, 'parkinson', parkinson FROM luck WHERE parkinson < (SELECT upto FROM limits WHERE illness = 'parkinson')
UNION ALL SELECT n, 'bones', bones FROM luck WHERE bones < (SELECT upto FROM limits WHERE illness = 'bones');

-- Who has what. Where luck lies in what finds a condition tells how long ago that was: a week at
-- least. ICD-10-CM presumes that kidney disease comes from diabetes, and the kidneys' and the heart's
-- from high blood pressure: there are codes for both together, instead of those for one. The classes
-- of obesity are codes since October 2024. @batch
CREATE TABLE charted AS
SELECT
  n, k, illness, factor, days_ago,
  CASE
    WHEN code = 'E11.9' AND with_kidney THEN (SELECT rowid FROM conditions WHERE code = 'E11.22')
    WHEN code = 'I10' AND with_kidney AND with_heart
      THEN (SELECT rowid FROM conditions WHERE code = 'I13.0')
    WHEN code = 'I10' AND with_heart THEN (SELECT rowid FROM conditions WHERE code = 'I11.0')
    WHEN code = 'I10' AND with_kidney THEN (SELECT rowid FROM conditions WHERE code = 'I12.9')
    WHEN code = 'E66.813' AND day < '2024-10-01'
      THEN (SELECT rowid FROM conditions WHERE code = 'E66.01')
    ELSE k
  END AS condition
FROM (
  SELECT
    n, chances.*, kidney < kidney_upto AS with_kidney, heart < heart_upto AS with_heart,
    7 + CAST(2993 * (lots.luck - above) / (upto - above) AS INTEGER) AS days_ago
  FROM lots
  JOIN trait USING (n)
  JOIN luck USING (n)
  JOIN age_groups ON age_group = 1 + (age >= 75) + (age >= 85)
  JOIN chances USING (illness, age_group)
  WHERE lots.luck >= above AND lots.luck < upto
) JOIN calendar USING (days_ago);

-- Each illness is one category, which counts once. Without the interactions of the model.
CREATE VIEW risks AS SELECT n, sum(factor) AS risk FROM charted GROUP BY n;

-- @into members
SELECT
  member_id,
  iif(gender = 'F', older_female_name, older_male_name) AS given_name,
  iif(hispanic, hispanic_family_name, family_name) AS family_name,
  birth_date,
  gender,
  plan_type,
  coverage_start,
  (factor + coalesce(risk, 0)) / 1000.0 AS risk_score,
  payer_name,
  plan_code,
  -- Like Medicare's numbers, in which no S can be
  printf('1S%s%07d', upper(substr(key, 1, 2)), n) AS member_number,
  city,
  county,
  state,
  postal_code,
  '18' AS relationship_code,
  npi AS pcp_npi,
  address_line,
  phone,
  -- 900 to 999 are never issued, and those with a middle of 50 or more may be for taxpayers
  printf('9%02d-%02d-%04d', ssn / 500000, ssn / 10000 % 50, ssn % 10000) AS ssn,
  printf('H%s%06d', key, n) AS person_id
FROM member
JOIN people USING (n)
JOIN plans ON plans.rowid = plan
JOIN physicians ON physicians.rowid = physician
JOIN demographics USING (gender, five_years)
LEFT JOIN risks USING (n)
ORDER BY n;

-- @into member_conditions
SELECT
  printf('MC%s%06d-%d', key, n, k) AS member_condition_id,
  printf('M%s%06d', key, n) AS member_id,
  code,
  description,
  hcc,
  day AS identified_date
FROM charted JOIN conditions ON conditions.rowid = condition JOIN calendar USING (days_ago), run
ORDER BY n, charted.k;

-- A member's conditions, numbered, as reasons for claims
CREATE VIEW reasons AS
SELECT
  n, charted.illness, code, description, days_ago,
  row_number() OVER (PARTITION BY n ORDER BY k) AS number,
  count(*) OVER (PARTITION BY n) AS conditions
FROM charted JOIN conditions ON conditions.rowid = condition;

-- A wellness visit for each, and two claims for each condition. A treatment for other illnesses than
-- the claim's becomes a visit to the clinic. known says for how many days there could be a claim: it
-- is for what was found before, and begins six days before as_of at the latest, so that a stay in
-- hospital is over by then.
CREATE VIEW dated AS
SELECT
  *,
  date(as_of, '-' || (6 + moment * (known - 5) / 1000000) || ' days') AS day
FROM (
  SELECT
    event.n,
    event.k,
    member_id,
    as_of,
    CASE
      WHEN event.k = 1 THEN 'wellness'
      WHEN instr(illnesses, reasons.illness) = 0 THEN 'clinic'
      ELSE kind
    END AS kind,
    moment,
    min(
      CAST(julianday(as_of) - julianday(coverage_start) AS INTEGER),
      coalesce(days_ago, 364),
      364
    ) AS known,
    days,
    coalesce(code, 'Z00.00') AS code,
    coalesce(description,
      'Encounter for general adult medical examination without abnormal findings') AS description,
    npi,
    patient_percent
  FROM event
  JOIN member USING (n)
  JOIN plans ON plans.rowid = plan
  JOIN treatments ON treatments.rowid = treatment
  JOIN physicians ON physicians.rowid = event.physician
  LEFT JOIN reasons
    ON reasons.n = event.n AND event.k > 1 AND number = 1 + reason * conditions / 1000000
  WHERE event.k = 1 OR event.luck < 0.125 * conditions
)
WHERE known > 5;

-- What falls on a weekend, when no office is open, is on the Monday after. Who is in hospital is
-- nowhere else: if the next claim is too soon, the member was in the emergency room only. @batch
CREATE TABLE claim_base AS
SELECT
  n, k, member_id, NULL AS encounter_id,
  iif(kind = 'inpatient' AND next_date <= date(service_date, days || ' days'), 'emergency', kind)
    AS kind,
  service_date, days, code, description, npi, patient_percent
FROM (
  SELECT *, lead(service_date) OVER (PARTITION BY n ORDER BY service_date, k) AS next_date
  FROM (
    SELECT
      *,
      iif(
        kind IN ('wellness', 'clinic', 'education', 'surgery')
          AND strftime('%w', day) IN ('0', '6'),
        date(day, 'weekday 1'),
        day
      ) AS service_date
    FROM dated
  )
);

-- Women @target 0.52
SELECT gender = 'F' FROM members;

-- HMO @target 0.4
SELECT plan_type = 'HMO' FROM members;

-- PPO @target 0.35
SELECT plan_type = 'PPO' FROM members;

-- PFFS @target 0.25
SELECT plan_type = 'PFFS' FROM members;

-- The means below are those of the distributions above, over ages from 65 to 88.

-- Age at the end of 2025 @target 75.13
SELECT 2025 - strftime('%Y', birth_date) FROM members;

-- From 75 on @target 0.5194
SELECT birth_date <= '1950-12-31' FROM members;

-- With diabetes @target 0.3587
SELECT member_id IN (SELECT member_id FROM member_conditions WHERE code LIKE 'E11%') FROM members;

-- Kidney disease among those with diabetes @target 0.1955
SELECT code = 'E11.22' FROM member_conditions WHERE code LIKE 'E11%';

-- With high blood pressure @target 0.563
SELECT member_id IN (
  SELECT member_id FROM member_conditions WHERE code IN ('I10', 'I11.0', 'I12.9', 'I13.0')
)
FROM members;

-- Conditions of a member @target 2.519
SELECT count(code) FROM members LEFT JOIN member_conditions USING (member_id) GROUP BY member_id;

-- Risk score @target 0.7197
SELECT risk_score FROM members;

-- Risk score below 75 @target 0.5743
SELECT risk_score FROM members WHERE birth_date > '1950-12-31';

-- Risk score from 85 on @target 1.0724
SELECT risk_score FROM members WHERE birth_date <= '1940-12-31';

-- Risk score with heart failure @target 1.0967
SELECT risk_score
FROM members
WHERE member_id IN (SELECT member_id FROM member_conditions WHERE code LIKE 'I50%');

-- Risk score without it @target 0.6725
SELECT risk_score
FROM members
WHERE member_id NOT IN (SELECT member_id FROM member_conditions WHERE code LIKE 'I50%');

-- Below 65 at the end of 2025, or above 89 a year later @never
SELECT member_id FROM members WHERE birth_date NOT BETWEEN '1936-01-02' AND '1960-12-31';

-- Not in California, or a ZIP code of another state @never
SELECT member_id
FROM members
WHERE state <> 'CA' OR CAST(postal_code AS INTEGER) NOT BETWEEN 90001 AND 96162
  OR city = 'Los Angeles' AND (county <> 'Los Angeles' OR postal_code NOT GLOB '900*');

-- Coverage before the month in which one is 65, in the future, or from another day than a first @never
SELECT member_id
FROM members
WHERE coverage_start < date(birth_date, '65 years', 'start of month')
  OR coverage_start > '2025-12-31' OR coverage_start NOT GLOB '*-01';

-- A risk score below that of one's age and gender @never
SELECT member_id
FROM members
WHERE risk_score < CASE
  WHEN birth_date > '1955-12-31' THEN iif(gender = 'F', 0.33, 0.332)
  WHEN birth_date > '1950-12-31' THEN iif(gender = 'F', 0.395, 0.396)
  WHEN birth_date > '1945-12-31' THEN iif(gender = 'F', 0.465, 0.502)
  WHEN birth_date > '1940-12-31' THEN iif(gender = 'F', 0.524, 0.571)
  ELSE iif(gender = 'F', 0.624, 0.664)
END;

-- Another risk score than that without conditions, though none is in a category @never
SELECT member_id
FROM members
WHERE risk_score NOT IN (0.33, 0.395, 0.465, 0.524, 0.624, 0.332, 0.396, 0.502, 0.571, 0.664)
  AND member_id NOT IN (SELECT member_id FROM member_conditions WHERE hcc IS NOT NULL);

-- Two conditions of one illness @never
SELECT member_id
FROM member_conditions
GROUP BY member_id
HAVING sum(code LIKE 'E11%') > 1 OR sum(code LIKE 'N18%') > 1 OR sum(code LIKE 'I50%') > 1
  OR sum(code IN ('I10', 'I11.0', 'I12.9', 'I13.0')) > 1 OR count(*) > count(DISTINCT code);

-- A code for both of two illnesses without one of them, or codes for each instead @never
SELECT member_id
FROM member_conditions
GROUP BY member_id
HAVING max(code = 'E11.22') > max(code LIKE 'N18%')
  OR max(code IN ('I12.9', 'I13.0')) > max(code LIKE 'N18%')
  OR max(code IN ('I11.0', 'I13.0')) > max(code LIKE 'I50%')
  OR max(code = 'E11.9') AND max(code LIKE 'N18%')
  OR max(code IN ('I10', 'I12.9')) AND max(code LIKE 'I50%')
  OR max(code IN ('I10', 'I11.0')) AND max(code LIKE 'N18%');

-- A condition that is found in the future @never
SELECT member_condition_id FROM member_conditions WHERE identified_date > '2025-12-31';

-- A claim after the end of 2025, or for what the member does not have @never
SELECT claim_id
FROM claims
WHERE service_date > '2025-12-31'
  OR principal_diagnosis <> 'Z00.00' AND principal_diagnosis NOT IN
    (SELECT code FROM member_conditions WHERE member_conditions.member_id = claims.member_id);

-- A claim for what was found later @never
SELECT claim_id
FROM claims JOIN member_conditions AS found
  ON found.member_id = claims.member_id AND code = principal_diagnosis
WHERE service_date < identified_date;

-- A hospital, an operation or a nurse for what tablets treat @never
SELECT claim_id
FROM claims
WHERE principal_diagnosis IN ('E78.5', 'M81.0')
    AND service_category IN ('inpatient', 'surgery', 'home', 'emergency')
  OR principal_diagnosis = 'I10' AND service_category IN ('inpatient', 'surgery', 'home');

-- Somewhere else during a stay in hospital @never
SELECT other.claim_id
FROM claims AS stay JOIN claims AS other USING (member_id)
WHERE stay.service_category = 'inpatient'
  AND other.service_date > stay.service_date AND other.service_date <= stay.end_date;

-- A class of obesity before it was a code @never
SELECT member_condition_id
FROM member_conditions
WHERE code = 'E66.813' AND identified_date < '2024-10-01';

-- Not one wellness visit a year @never
SELECT member_id
FROM claims
GROUP BY member_id
HAVING sum(service_category = 'preventive') <> 1;

-- Diabetic supplies for others, or oxygen for healthy lungs @never
SELECT claim_id
FROM claims
WHERE service_category IN ('supplies', 'office') AND principal_diagnosis NOT LIKE 'E11%'
  OR service_category = 'equipment' AND principal_diagnosis <> 'J44.9';

-- A number that Medicare could give, or one of a person's that is issued @never
SELECT member_id FROM members WHERE member_number NOT LIKE '_S%' OR ssn NOT LIKE '9%';

-- An NPI that fails the Luhn test, in which 80840 in front is worth 24 @never
SELECT npi
FROM (SELECT pcp_npi AS npi FROM members UNION SELECT provider_npi FROM claims)
WHERE length(npi) <> 10 OR (
  24
  + substr(npi, 10) + substr(npi, 8, 1) + substr(npi, 6, 1) + substr(npi, 4, 1) + substr(npi, 2, 1)
  + substr('0246813579', 1 + substr(npi, 9, 1), 1) + substr('0246813579', 1 + substr(npi, 7, 1), 1)
  + substr('0246813579', 1 + substr(npi, 5, 1), 1) + substr('0246813579', 1 + substr(npi, 3, 1), 1)
  + substr('0246813579', 1 + substr(npi, 1, 1), 1)
) % 10 <> 0;
