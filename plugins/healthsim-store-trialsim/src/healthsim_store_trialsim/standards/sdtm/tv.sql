-- Trial Visits @class TRIAL DESIGN @structure One record per planned visit per arm @reference
CREATE TABLE TV (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'TV' CHECK (DOMAIN IN ('TV')), -- Domain Abbreviation @role Identifier
  VISITNUM REAL NOT NULL, -- Visit Number @role Topic
  VISIT VARCHAR(200) NOT NULL, -- Visit Name @role Synonym Qualifier
  VISITDY INTEGER, -- Planned Study Day of Visit @role Timing @optional
  ARMCD VARCHAR(20), -- Planned Arm Code @role Record Qualifier
  ARM VARCHAR(200), -- Description of Planned Arm @role Synonym Qualifier @optional
  TVSTRL VARCHAR(200) NOT NULL, -- Visit Start Rule @role Rule
  TVENRL VARCHAR(200), -- Visit End Rule @role Rule @optional
  UNIQUE (STUDYID, ARMCD, VISITNUM)
);

-- The trial's visits: those that are planned, or else those that subjects have in their schedules.
CREATE VIEW visits_of_trial AS
SELECT study_id, arm_id, visit_num, visit_name, visit_day, tvstrl, tvenrl FROM planned_visits
UNION ALL
SELECT
  coalesce(s.study_id, v.study_id), NULL, v.visit_num, min(v.visit_name), nullif(min(v.planned_day), 0), NULL, NULL
FROM visit_schedule AS v
LEFT JOIN subjects AS s USING (subject_id)
WHERE NOT EXISTS (SELECT 1 FROM planned_visits)
GROUP BY coalesce(s.study_id, v.study_id), v.visit_num;

-- @into TV
SELECT
  protocol_number AS STUDYID,
  visit_num AS VISITNUM,
  visit_name AS VISIT,
  visit_day AS VISITDY,
  arm_code AS ARMCD,
  arm_name AS ARM,
  coalesce(tvstrl, 'Study day ' || visit_day, visit_name) AS TVSTRL,
  tvenrl AS TVENRL
FROM visits_of_trial AS v
JOIN studies AS s ON s.study_id = v.study_id
LEFT JOIN treatment_arms AS a ON a.arm_id = v.arm_id
ORDER BY protocol_number, arm_code, visit_num;

-- A visit is planned twice for the same arm @never
SELECT STUDYID, VISITNUM, ARMCD FROM TV GROUP BY STUDYID, VISITNUM, ARMCD HAVING count(*) > 1;
