-- What an import makes of laboratory results
-- @into trial_lab_results @from LB
SELECT
  LB.rowid AS _row,
  record_of(LB.USUBJID, 'LB', LBSEQ) AS trial_lab_result_id, LB.USUBJID AS subject_id,
  v.id AS visit_id, LBSEQ AS lbseq,
  LBTESTCD AS lbtestcd, LBTEST AS lbtest, LBCAT AS lbcat, LBSCAT AS lbscat, LBORRES AS lborres,
  LBORRESU AS lborresu, LBORNRLO AS lbornrlo, LBORNRHI AS lbornrhi, LBSTRESC AS lbstresc,
  LBSTRESN AS lbstresn, LBSTRESU AS lbstresu, LBSTNRLO AS lbstnrlo, LBSTNRHI AS lbstnrhi,
  LBNRIND AS lbnrind, LBSTAT AS lbstat, LBREASND AS lbreasnd, LBLOINC AS lbloinc,
  LBSPEC AS lbspec, LBMETHOD AS lbmethod, LBFAST AS lbfast,
  LBBLFL AS lbblfl, LB.VISITNUM AS visit_num, LBDTC AS lbdtc
FROM LB
LEFT JOIN visits_of_subjects AS v ON v.subject = LB.USUBJID AND v.number = LB.VISITNUM;

-- made anew from the subject, dates and visits @derived LB
SELECT STUDYID, LBLOBXFL, VISIT, VISITDY, EPOCH, LBDY FROM LB;
