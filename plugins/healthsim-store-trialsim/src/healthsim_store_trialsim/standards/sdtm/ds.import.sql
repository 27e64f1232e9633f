-- @into disposition_events @from DS
SELECT
  rowid AS _row,
  event_of(USUBJID, 'DS', DSSEQ) AS disposition_event_id, USUBJID AS subject_id, DSSEQ AS dsseq,
  DSDECOD AS dsdecod, DSTERM AS dsterm, DSCAT AS dscat, EPOCH AS epoch, DSSTDTC AS dsstdtc
FROM DS;
