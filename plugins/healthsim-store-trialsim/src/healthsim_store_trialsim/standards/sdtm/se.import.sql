-- What an import makes of subject elements
-- @into subject_elements @from SE
SELECT
  rowid AS _row,
  record_of(USUBJID, 'SE', SESEQ) AS subject_element_id, USUBJID AS subject_id, SESEQ AS seseq,
  part_of(STUDYID, nullif(ETCD, 'UNPLAN')) AS element_id, TAETORD AS taetord, EPOCH AS epoch,
  SESTDTC AS sestdtc, SEENDTC AS seendtc, SEUPDES AS seupdes
FROM SE;

-- made anew from the subject, dates and visits @derived SE
SELECT ELEMENT, SESTDY, SEENDY FROM SE;
