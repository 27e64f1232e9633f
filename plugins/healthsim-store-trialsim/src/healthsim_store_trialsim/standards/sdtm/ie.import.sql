-- What an import makes of criteria that subjects do not meet. Which version of a criterion it was is
-- not told: it is the one of the same text, or else the last one.
CREATE VIEW criteria_not_met AS
SELECT IE.rowid AS exception, c.id, row_number() OVER (
  PARTITION BY IE.rowid ORDER BY coalesce(c.IETEST = IE.IETEST, 0) DESC, c.TIVERS DESC
) AS choice
FROM IE JOIN criteria AS c ON c.STUDYID = IE.STUDYID AND c.IETESTCD = IE.IETESTCD;

-- @into eligibility_exceptions @from IE
SELECT
  rowid AS _row,
  record_of(USUBJID, 'IE', IESEQ) AS eligibility_exception_id, USUBJID AS subject_id,
  IESEQ AS ieseq, coalesce(c.id, STUDYID || '/TI/' || IETESTCD) AS criterion_id,
  IEORRES AS ieorres, VISITNUM AS visit_num, IEDTC AS iedtc
FROM IE
LEFT JOIN criteria_not_met AS c ON c.exception = IE.rowid AND c.choice = 1;

-- made anew from the subject, dates and visits @derived IE
SELECT USUBJID, IECAT, IESTRESC, VISIT, VISITDY, EPOCH, IEDY FROM IE;
