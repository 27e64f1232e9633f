-- What an import makes of trial visits
-- @into planned_visits @from TV
SELECT
  rowid AS _row,
  part_of(STUDYID, 'TV') || coalesce('/' || ARMCD, '') || '/' || printf('%.10g', VISITNUM)
    AS planned_visit_id,
  STUDYID AS study_id, part_of(STUDYID, arm_in(ARMCD)) AS arm_id, VISITNUM AS visit_num,
  coalesce(VISIT, 'Visit ' || printf('%.10g', VISITNUM)) AS visit_name, VISITDY AS visit_day,
  TVSTRL AS tvstrl, TVENRL AS tvenrl
FROM TV;

-- made anew from the subject, dates and visits @derived TV
SELECT ARM FROM TV;
