-- What an import makes of vital signs
-- @into trial_vital_signs @from VS
SELECT
  VS.rowid AS _row,
  record_of(VS.USUBJID, 'VS', VSSEQ) AS trial_vital_sign_id, VS.USUBJID AS subject_id,
  v.id AS visit_id, VSSEQ AS vsseq,
  VSTESTCD AS vstestcd, VSTEST AS vstest, VSPOS AS vspos, VSORRES AS vsorres,
  VSORRESU AS vsorresu, VSSTRESC AS vsstresc, VSSTRESN AS vsstresn, VSSTRESU AS vsstresu,
  VSSTAT AS vsstat, VSREASND AS vsreasnd, VSLOC AS vsloc, VSLAT AS vslat,
  VSBLFL AS vsblfl, VS.VISITNUM AS visit_num, VSDTC AS vsdtc
FROM VS
LEFT JOIN visits_of_subjects AS v ON v.subject = VS.USUBJID AND v.number = VS.VISITNUM;

-- made anew from the subject, dates and visits @derived VS
SELECT STUDYID, VSLOBXFL, VISIT, VISITDY, EPOCH, VSDY FROM VS;
