-- @into adverse_events @from AE
SELECT
  rowid AS _row,
  event_of(USUBJID, 'AE', AESEQ) AS adverse_event_id, USUBJID AS subject_id, AESEQ AS aeseq,
  AETERM AS aeterm, AEDECOD AS aedecod, AEBODSYS AS aebodsys, AESTDTC AS aestdtc,
  AEENDTC AS aeendtc, AESEV AS aesev, AETOXGR AS aetoxgr, AESER AS aeser, AEREL AS aerel,
  AEACN AS aeacn, AEOUT AS aeout
FROM AE;
