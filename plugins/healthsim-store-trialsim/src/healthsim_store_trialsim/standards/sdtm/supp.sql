-- Supplemental Qualifiers for RDOMAIN @class RELATIONSHIP @structure One record per supplemental qualifier per related parent domain record @split RDOMAIN
CREATE TABLE SUPP (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  RDOMAIN VARCHAR(2) NOT NULL CHECK (RDOMAIN IN ('AE', 'CM', 'DM', 'DS', 'EX', 'IE', 'LB', 'MH', 'SE', 'SV', 'VS')), -- Related Domain Abbreviation @role Identifier @codes SDTM Domain Abbreviation (C66734)
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  IDVAR VARCHAR(8) NOT NULL DEFAULT '', -- Identifying Variable @role Identifier
  IDVARVAL VARCHAR(200) NOT NULL DEFAULT '', -- Identifying Variable Value @role Identifier
  QNAM VARCHAR(8) NOT NULL, -- Qualifier Variable Name @role Topic
  QLABEL VARCHAR(40) NOT NULL, -- Qualifier Variable Label @role Synonym Qualifier
  QVAL VARCHAR(200) NOT NULL, -- Data Value @role Result Qualifier
  QORIG VARCHAR(200) NOT NULL, -- Origin @role Record Qualifier
  QEVAL VARCHAR(200), -- Evaluator @role Record Qualifier @codes Evaluator (C78735)
  PRIMARY KEY (STUDYID, RDOMAIN, USUBJID, IDVAR, IDVARVAL, QNAM)
);

-- @into SUPP
SELECT
  protocol_number AS STUDYID,
  upper(rdomain) AS RDOMAIN,
  usubjid AS USUBJID,
  coalesce(idvar, '') AS IDVAR,
  coalesce(idvarval, '') AS IDVARVAL,
  qnam AS QNAM,
  qlabel AS QLABEL,
  qval AS QVAL,
  qorig AS QORIG,
  qeval AS QEVAL
FROM supplemental_values AS v
JOIN studies USING (study_id)
LEFT JOIN subjects AS s ON s.subject_id = v.subject_id;

-- Whether a dataset has the record that a supplemental value belongs to
-- @macro has(dataset, seq)
SELECT EXISTS (
  SELECT 1 FROM :dataset AS d
  WHERE d.STUDYID = s.STUDYID AND d.USUBJID = s.USUBJID
    AND (s.IDVAR <> s.RDOMAIN || 'SEQ' OR :seq = CAST(s.IDVARVAL AS INTEGER))
);

-- the record that it belongs to is not in the files @refuse SUPP
SELECT STUDYID, RDOMAIN, USUBJID, IDVAR, IDVARVAL, QNAM FROM SUPP AS s
WHERE NOT CASE RDOMAIN
  WHEN 'AE' THEN has(AE, AESEQ)
  WHEN 'CM' THEN has(CM, CMSEQ)
  WHEN 'DS' THEN has(DS, DSSEQ)
  WHEN 'EX' THEN has(EX, EXSEQ)
  WHEN 'IE' THEN has(IE, IESEQ)
  WHEN 'LB' THEN has(LB, LBSEQ)
  WHEN 'MH' THEN has(MH, MHSEQ)
  WHEN 'SE' THEN has(SE, SESEQ)
  WHEN 'SV' THEN has(SV, VISITNUM)
  WHEN 'VS' THEN has(VS, VSSEQ)
  ELSE 1
END;
