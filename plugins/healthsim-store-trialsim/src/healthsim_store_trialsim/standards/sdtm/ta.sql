-- Trial Arms @class TRIAL DESIGN @structure One record per planned element per arm @reference
CREATE TABLE TA (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'TA' CHECK (DOMAIN IN ('TA')), -- Domain Abbreviation @role Identifier
  ARMCD VARCHAR(20) NOT NULL, -- Planned Arm Code @role Topic
  ARM VARCHAR(200) NOT NULL, -- Description of Planned Arm @role Synonym Qualifier
  TAETORD INTEGER NOT NULL, -- Planned Order of Element within Arm @role Timing
  ETCD VARCHAR(8) NOT NULL, -- Element Code @role Record Qualifier
  ELEMENT VARCHAR(40), -- Description of Element @role Synonym Qualifier @optional
  TABRANCH VARCHAR(200), -- Branch @role Rule
  TATRANS VARCHAR(200), -- Transition Rule @role Rule
  EPOCH VARCHAR(200) NOT NULL, -- Epoch @role Timing @codes Epoch (C99079)
  PRIMARY KEY (STUDYID, ARMCD, TAETORD)
);

-- @into TA
SELECT
  protocol_number AS STUDYID,
  arm_code AS ARMCD,
  arm_name AS ARM,
  taetord AS TAETORD,
  etcd AS ETCD,
  element AS ELEMENT,
  tabranch AS TABRANCH,
  tatrans AS TATRANS,
  epoch AS EPOCH
FROM arm_elements
JOIN trial_elements USING (element_id)
JOIN treatment_arms AS a USING (arm_id)
JOIN studies AS s ON s.study_id = a.study_id;

-- A subject is in an arm of which no elements are told, although those of others are @never
SELECT USUBJID, code
FROM (
  SELECT USUBJID, ARMCD AS code FROM DM
  UNION ALL SELECT USUBJID, ACTARMCD FROM DM
)
WHERE code IS NOT NULL AND code NOT IN (SELECT ARMCD FROM TA) AND EXISTS (SELECT 1 FROM TA);
