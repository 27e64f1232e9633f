-- @into exposures @from EX
SELECT
  rowid AS _row,
  event_of(USUBJID, 'EX', EXSEQ) AS exposure_id, USUBJID AS subject_id, EXSEQ AS exseq,
  EXTRT AS extrt, EXDOSE AS exdose, EXDOSU AS exdosu, EXROUTE AS exroute,
  EXDOSFRQ AS exdosfrq, EXSTDTC AS exstdtc, EXENDTC AS exendtc
FROM EX;
