-- Trial Inclusion/Exclusion Criteria @class TRIAL DESIGN @structure One record per inclusion or exclusion criterion @reference
CREATE TABLE TI (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'TI' CHECK (DOMAIN IN ('TI')), -- Domain Abbreviation @role Identifier
  IETESTCD VARCHAR(8) NOT NULL, -- Incl/Excl Criterion Short Name @role Topic
  IETEST VARCHAR(200) NOT NULL, -- Inclusion/Exclusion Criterion @role Synonym Qualifier
  IECAT VARCHAR(200) NOT NULL CHECK (IECAT IN ('EXCLUSION', 'INCLUSION')), -- Inclusion/Exclusion Category @role Grouping Qualifier @codes Category of Inclusion/Exclusion (C66797)
  IESCAT VARCHAR(200), -- Inclusion/Exclusion Subcategory @role Grouping Qualifier @optional
  TIRL VARCHAR(200), -- Inclusion/Exclusion Criterion Rule @role Rule @optional
  TIVERS VARCHAR(200), -- Protocol Criteria Versions @role Record Qualifier @optional
  UNIQUE (STUDYID, IETESTCD, TIVERS)
);

-- @into TI
SELECT
  protocol_number AS STUDYID,
  ietestcd AS IETESTCD,
  ietest AS IETEST,
  iecat AS IECAT,
  tirl AS TIRL,
  tivers AS TIVERS
FROM eligibility_criteria
JOIN studies USING (study_id)
ORDER BY protocol_number, ietestcd, tivers;

-- A criterion is there twice in a version of the protocol @never
SELECT STUDYID, IETESTCD, TIVERS FROM TI
GROUP BY STUDYID, IETESTCD, TIVERS HAVING count(*) > 1;
