-- What an import makes of trial arms
-- @into treatment_arms @from TA
SELECT
  min(rowid) AS _row, count(*) AS _rows,
  part_of(STUDYID, ARMCD) AS arm_id, STUDYID AS study_id, ARMCD AS arm_code,
  coalesce(min(ARM), ARMCD) AS arm_name
FROM TA GROUP BY STUDYID, ARMCD;

-- @into arm_elements @from TA
SELECT
  rowid AS _row,
  part_of(STUDYID, ARMCD) || '/' || CAST(TAETORD AS TEXT) AS arm_element_id,
  part_of(STUDYID, ARMCD) AS arm_id, part_of(STUDYID, ETCD) AS element_id, TAETORD AS taetord,
  TABRANCH AS tabranch, TATRANS AS tatrans, EPOCH AS epoch
FROM TA;

-- made anew from the subject, dates and visits @derived TA
SELECT ELEMENT FROM TA;
