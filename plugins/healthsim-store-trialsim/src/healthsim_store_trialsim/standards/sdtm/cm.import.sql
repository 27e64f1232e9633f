-- What an import makes of other medicines
-- @into concomitant_medications @from CM
SELECT
  rowid AS _row,
  record_of(USUBJID, 'CM', CMSEQ) AS concomitant_medication_id, USUBJID AS subject_id,
  CMSEQ AS cmseq, CMTRT AS cmtrt, CMMODIFY AS cmmodify, CMDECOD AS cmdecod, CMCAT AS cmcat,
  CMINDC AS cmindc, CMCLAS AS cmclas, CMCLASCD AS cmclascd, CMDOSE AS cmdose,
  CMDOSTXT AS cmdostxt, CMDOSU AS cmdosu, CMDOSFRM AS cmdosfrm, CMDOSFRQ AS cmdosfrq,
  CMROUTE AS cmroute, CMSTDTC AS cmstdtc, CMENDTC AS cmendtc, CMSTRF AS cmstrf, CMENRF AS cmenrf
FROM CM;

-- made anew from the subject, dates and visits @derived CM
SELECT STUDYID, EPOCH, CMSTDY, CMENDY FROM CM;
