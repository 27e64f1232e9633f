-- What an import makes of trial elements
-- @into trial_elements @from TE
SELECT
  rowid AS _row,
  part_of(STUDYID, ETCD) AS element_id, STUDYID AS study_id, ETCD AS etcd, ELEMENT AS element,
  TESTRL AS testrl, TEENRL AS teenrl, TEDUR AS tedur
FROM TE;
