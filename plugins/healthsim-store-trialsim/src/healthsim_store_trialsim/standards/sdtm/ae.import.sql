-- What an import makes of adverse events
-- @into adverse_events @from AE
SELECT
  rowid AS _row,
  record_of(USUBJID, 'AE', AESEQ) AS adverse_event_id, USUBJID AS subject_id, AESEQ AS aeseq,
  AESPID AS aespid, AETERM AS aeterm, AELLT AS aellt, AELLTCD AS aelltcd, AEDECOD AS aedecod,
  AEPTCD AS aeptcd, AEHLT AS aehlt, AEHLTCD AS aehltcd, AEHLGT AS aehlgt, AEHLGTCD AS aehlgtcd,
  AECAT AS aecat, AESCAT AS aescat, AEBODSYS AS aebodsys, AEBDSYCD AS aebdsycd, AESOC AS aesoc,
  AESOCCD AS aesoccd, AESEV AS aesev, AESER AS aeser, AEACN AS aeacn, AEREL AS aerel,
  AEPATT AS aepatt, AEOUT AS aeout, AESCONG AS aescong, AESDISAB AS aesdisab, AESDTH AS aesdth,
  AESHOSP AS aeshosp, AESLIFE AS aeslife, AESMIE AS aesmie, AECONTRT AS aecontrt,
  AETOXGR AS aetoxgr, AESTDTC AS aestdtc, AEENDTC AS aeendtc, AEENRF AS aeenrf
FROM AE;

-- made anew from the subject, dates and visits @derived AE
SELECT STUDYID, EPOCH, AESTDY, AEENDY FROM AE;
