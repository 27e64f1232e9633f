-- What an import makes of medical histories
-- @into medical_histories @from MH
SELECT
  rowid AS _row,
  record_of(USUBJID, 'MH', MHSEQ) AS medical_history_id, USUBJID AS subject_id, MHSEQ AS mhseq,
  MHTERM AS mhterm, MHMODIFY AS mhmodify, MHDECOD AS mhdecod, MHBODSYS AS mhbodsys,
  MHCAT AS mhcat, MHSCAT AS mhscat, MHPRESP AS mhpresp, MHOCCUR AS mhoccur, MHDTC AS mhdtc,
  MHSTDTC AS mhstdtc, MHENDTC AS mhendtc, MHENRF AS mhenrf
FROM MH;

-- made anew from the subject, dates and visits @derived MH
SELECT STUDYID, EPOCH, MHDY, MHSTDY, MHENDY FROM MH;
