-- What an import makes of supplemental qualifiers
-- @into supplemental_values @from SUPP
SELECT
  rowid AS _row,
  USUBJID || '/' || RDOMAIN || coalesce('/' || IDVAR || '/' || IDVARVAL, '') || '/' || QNAM
    AS supplemental_value_id,
  STUDYID AS study_id, USUBJID AS subject_id, RDOMAIN AS rdomain, IDVAR AS idvar,
  IDVARVAL AS idvarval, QNAM AS qnam, QLABEL AS qlabel, QVAL AS qval, QORIG AS qorig, QEVAL AS qeval
FROM SUPP;
