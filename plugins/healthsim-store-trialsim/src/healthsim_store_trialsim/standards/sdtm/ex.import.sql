-- What an import makes of exposure
-- @into exposures @from EX
SELECT
  EX.rowid AS _row,
  record_of(EX.USUBJID, 'EX', EXSEQ) AS exposure_id, EX.USUBJID AS subject_id, EXSEQ AS exseq,
  EXTRT AS extrt, EXCAT AS excat, EXDOSE AS exdose, EXDOSTXT AS exdostxt, EXDOSU AS exdosu,
  EXDOSFRM AS exdosfrm, EXDOSFRQ AS exdosfrq, EXROUTE AS exroute, EXLOT AS exlot, EXADJ AS exadj,
  EX.EPOCH AS epoch, EXSTDTC AS exstdtc, EXENDTC AS exendtc, v.id AS visit_id
FROM EX
LEFT JOIN visits_of_subjects AS v ON v.subject = EX.USUBJID AND v.number = EX.VISITNUM;

-- made anew from the subject, dates and visits @derived EX
SELECT STUDYID, VISIT, VISITDY, EXSTDY, EXENDY FROM EX;
