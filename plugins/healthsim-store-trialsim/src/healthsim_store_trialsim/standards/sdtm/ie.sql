-- Inclusion/Exclusion Criteria Not Met @class FINDINGS @structure One record per inclusion or exclusion criterion not met per subject
CREATE TABLE IE (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'IE' CHECK (DOMAIN IN ('IE')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  IESEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  IESPID VARCHAR(200), -- Sponsor-Defined Identifier @role Identifier @optional
  IETESTCD VARCHAR(8) NOT NULL, -- Inclusion/Exclusion Criterion Short Name @role Topic
  IETEST VARCHAR(200) NOT NULL, -- Inclusion/Exclusion Criterion @role Synonym Qualifier
  IECAT VARCHAR(200) NOT NULL CHECK (IECAT IN ('EXCLUSION', 'INCLUSION')), -- Inclusion/Exclusion Category @role Grouping Qualifier @codes Category of Inclusion/Exclusion (C66797)
  IESCAT VARCHAR(200), -- Inclusion/Exclusion Subcategory @role Grouping Qualifier @optional
  IEORRES VARCHAR(200) NOT NULL CHECK (IEORRES IN ('N', 'Y')), -- I/E Criterion Original Result @role Result Qualifier @codes No Yes Response (C66742)
  IESTRESC VARCHAR(200) NOT NULL CHECK (IESTRESC IN ('N', 'Y')), -- I/E Criterion Result in Std Format @role Result Qualifier @codes No Yes Response (C66742)
  VISITNUM REAL, -- Visit Number @role Timing @optional
  VISIT VARCHAR(200), -- Visit Name @role Timing @optional
  VISITDY INTEGER, -- Planned Study Day of Visit @role Timing @optional
  TAETORD INTEGER, -- Planned Order of Element within Arm @role Timing @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  IEDTC PARTIAL_TIMESTAMP, -- Date/Time of Collection @role Timing @optional
  IEDY INTEGER, -- Study Day of Collection @role Timing
  PRIMARY KEY (STUDYID, USUBJID, IESEQ)
);

-- The answer to an inclusion that is not met is no, and to an exclusion yes.
-- @into IE
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS IESEQ,
  ietestcd AS IETESTCD,
  ietest AS IETEST,
  iecat AS IECAT,
  coalesce(ieorres, iif(iecat = 'INCLUSION', 'N', 'Y')) AS IEORRES,
  coalesce(ieorres, iif(iecat = 'INCLUSION', 'N', 'Y')) AS IESTRESC,
  visit_num AS VISITNUM,
  epoch_of(subject_id, iedtc, reference, last_dose) AS EPOCH,
  iedtc AS IEDTC,
  study_day(iedtc, reference) AS IEDY
FROM numbered(eligibility_exceptions, ieseq, iedtc, eligibility_exception_id)
JOIN eligibility_criteria USING (criterion_id)
JOIN named_subjects USING (subject_id);

-- An inclusion that is not met is answered by N, an exclusion by Y @never
SELECT USUBJID, IETESTCD, IEORRES FROM IE WHERE (IECAT = 'INCLUSION') <> (IEORRES = 'N');
