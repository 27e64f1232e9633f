-- What an import makes of dispositions
-- @into disposition_events @from DS
SELECT
  rowid AS _row,
  record_of(USUBJID, 'DS', DSSEQ) AS disposition_event_id, USUBJID AS subject_id, DSSEQ AS dsseq,
  DSSPID AS dsspid, DSTERM AS dsterm, DSDECOD AS dsdecod, DSCAT AS dscat, DSSCAT AS dsscat,
  EPOCH AS epoch, DSDTC AS dsdtc, DSSTDTC AS dsstdtc
FROM DS;

-- made anew from the subject, dates and visits @derived DS
SELECT STUDYID, DSDY, DSSTDY FROM DS;
