-- Trial Elements @class TRIAL DESIGN @structure One record per planned element @reference
CREATE TABLE TE (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'TE' CHECK (DOMAIN IN ('TE')), -- Domain Abbreviation @role Identifier
  ETCD VARCHAR(8) NOT NULL, -- Element Code @role Topic
  ELEMENT VARCHAR(40) NOT NULL, -- Description of Element @role Synonym Qualifier
  TESTRL VARCHAR(200) NOT NULL, -- Rule for Start of Element @role Rule
  TEENRL VARCHAR(200), -- Rule for End of Element @role Rule @optional
  TEDUR VARCHAR(200), -- Planned Duration of Element @role Timing @optional
  PRIMARY KEY (STUDYID, ETCD)
);

-- @into TE
SELECT
  protocol_number AS STUDYID,
  etcd AS ETCD,
  element AS ELEMENT,
  testrl AS TESTRL,
  teenrl AS TEENRL,
  tedur AS TEDUR
FROM trial_elements
JOIN studies USING (study_id);
