-- What an import makes of the trial's inclusion and exclusion criteria

CREATE VIEW criteria AS
SELECT
  *, rowid AS place, STUDYID || '/TI/' || IETESTCD || coalesce('/' || TIVERS, '') AS id
FROM TI;

-- @into eligibility_criteria @from TI
SELECT
  place AS _row,
  id AS criterion_id, STUDYID AS study_id, IETESTCD AS ietestcd, IETEST AS ietest, IECAT AS iecat,
  TIRL AS tirl, TIVERS AS tivers
FROM criteria;
