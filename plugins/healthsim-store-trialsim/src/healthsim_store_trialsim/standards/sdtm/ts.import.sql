-- What an import makes of the trial summary: a study, and a parameter of each value that the study has
-- no place for, or that says more than its value

-- Phases by the terms of CDISC's list TPHASE
-- @macro phase_in(term)
SELECT CASE upper(:term)
  WHEN 'NOT APPLICABLE' THEN 'NA' WHEN 'PHASE 0 TRIAL' THEN '0' WHEN 'PHASE I TRIAL' THEN '1'
  WHEN 'PHASE I/II TRIAL' THEN '1/2' WHEN 'PHASE II TRIAL' THEN '2'
  WHEN 'PHASE II/III TRIAL' THEN '2/3' WHEN 'PHASE III TRIAL' THEN '3'
  WHEN 'PHASE III/IV TRIAL' THEN '3/4' WHEN 'PHASE IV TRIAL' THEN '4'
  WHEN 'PHASE IIA TRIAL' THEN '2' WHEN 'PHASE IIB TRIAL' THEN '2'
  WHEN 'PHASE IIIA TRIAL' THEN '3' WHEN 'PHASE IIIB TRIAL' THEN '3'
END;

-- The values of which a study has a column, the first one of each
CREATE VIEW values_of_study AS
SELECT STUDYID AS study, TSPARMCD AS code, TSVAL AS value, min(rowid) AS place
FROM TS WHERE TSVAL IS NOT NULL GROUP BY STUDYID, TSPARMCD;

-- What an import knows of arms, and of the countries of sites
CREATE VIEW arms_of_studies AS
SELECT STUDYID AS study, ARMCD AS code FROM TA
UNION SELECT study, code FROM arms_of_subjects WHERE code IS NOT NULL;

CREATE VIEW countries_of_sites AS
SELECT study, country, row_number() OVER (PARTITION BY study ORDER BY country) AS number
FROM (
  SELECT DISTINCT STUDYID AS study, min(COUNTRY) AS country
  FROM DM GROUP BY STUDYID, SITEID HAVING count(DISTINCT COUNTRY) = 1
);

-- The rows of countries are made again if they are these countries, all of them.
CREATE VIEW other_countries AS
SELECT STUDYID AS study FROM TS AS t
WHERE TSPARMCD = 'FCNTRY' AND NOT EXISTS (
  SELECT 1 FROM countries_of_sites AS c
  WHERE c.study = t.STUDYID AND c.number = TSSEQ AND c.country = TSVAL
)
UNION
SELECT study FROM countries_of_sites AS c
WHERE NOT EXISTS (
  SELECT 1 FROM TS AS t WHERE t.STUDYID = c.study AND TSPARMCD = 'FCNTRY' AND TSSEQ = c.number
);

-- The rows that an export makes again of the study, its arms, sites and subjects, as they are
CREATE VIEW rows_made_again AS
SELECT t.rowid AS place, t.STUDYID AS study
FROM TS AS t
LEFT JOIN value_codes AS v ON v.list = TSPARMCD AND v.term = TSVAL
WHERE TSGRPID IS NULL
  AND (TSPARMCD = 'FCNTRY' OR TSSEQ = 1 AND NOT EXISTS (
    SELECT 1 FROM TS AS o
    WHERE o.STUDYID = t.STUDYID AND o.TSPARMCD = t.TSPARMCD AND o.TSSEQ > 1
  ))
  AND TSVALNF IS CASE WHEN TSVAL IS NULL THEN 'PINF' END
  AND TSVALCD IS CASE
    WHEN TSPARMCD = 'FCNTRY' OR TSPARMCD = 'REGID' AND TSVAL LIKE 'NCT%' THEN TSVAL
    ELSE v.code END
  AND TSVCDREF IS CASE
    WHEN v.code IS NOT NULL THEN 'CDISC CT'
    WHEN TSPARMCD = 'FCNTRY' THEN 'ISO 3166-1 alpha-3'
    WHEN TSPARMCD = 'REGID' AND TSVAL LIKE 'NCT%' THEN 'CLINICALTRIALS.GOV'
    WHEN TSVAL IS NOT NULL AND TSPARMCD IN ('AGEMAX', 'AGEMIN', 'LENGTH', 'SENDTC', 'SSTDTC')
      THEN 'ISO 8601' END
  AND TSVCDVER IS CASE WHEN v.code IS NOT NULL THEN '2025-09-26' END
  AND CASE
    WHEN TSVAL IS NULL THEN TSPARMCD = 'AGEMAX' AND EXISTS (
      SELECT 1 FROM TS AS o WHERE o.STUDYID = t.STUDYID AND o.TSPARMCD = 'AGEMIN'
    )
    WHEN TSPARMCD = 'TPHASE' THEN phase_in(TSVAL) IS NOT NULL AND TSVAL NOT GLOB '*[AB] TRIAL'
    WHEN TSPARMCD IN ('SSTDTC', 'SENDTC') THEN length(TSVAL) = 10
    WHEN TSPARMCD = 'SDTIGVER' THEN TSVAL = '3.4'
    WHEN TSPARMCD = 'SDTMVER' THEN TSVAL = '2.0'
    WHEN TSPARMCD = 'PCLASS'
      THEN TSVAL = (SELECT o.TSVAL FROM TS AS o WHERE o.STUDYID = t.STUDYID AND o.TSPARMCD = 'PCLAS')
    WHEN TSPARMCD = 'FCNTRY' THEN t.STUDYID NOT IN (SELECT study FROM other_countries)
    WHEN TSPARMCD = 'NARMS' THEN CAST(TSVAL AS INTEGER) = (
      SELECT count(*) FROM arms_of_studies AS a WHERE a.study = t.STUDYID
    )
    WHEN TSPARMCD = 'ACTSUB' THEN CAST(TSVAL AS INTEGER) = (
      SELECT count(*) FROM DM
      WHERE DM.STUDYID = t.STUDYID AND coalesce(ARMNRS, '') <> 'SCREEN FAILURE'
        AND coalesce(upper(ARMCD), '') <> 'SCRNFAIL'
    )
    ELSE TSPARMCD IN (
      'ADAPT', 'ADDON', 'AGEMAX', 'AGEMIN', 'INDIC', 'INTMODEL', 'INTTYPE', 'LENGTH', 'OBJPRIM',
      'PCLAS', 'PLANSUB', 'RANDOM', 'REGID', 'SEXPOP', 'SPONSOR', 'STYPE', 'TBLIND', 'TCNTRL',
      'TITLE', 'TRT'
    )
  END;

-- @into studies @from TS
SELECT
  min(place) AS _row,
  (SELECT count(*) FROM rows_made_again AS m WHERE m.study = v.study) AS _rows,
  study AS study_id, study AS protocol_number,
  coalesce(max(phase_in(value)) FILTER (WHERE code = 'TPHASE'), :phase) AS phase,
  coalesce(max(value) FILTER (WHERE code = 'INDIC'), :indication) AS indication,
  max(value) FILTER (WHERE code = 'SPONSOR') AS sponsor,
  max(value) FILTER (WHERE code = 'TITLE') AS title,
  max(value) FILTER (WHERE code = 'PLANSUB') AS planned_subjects,
  day_known(max(value) FILTER (WHERE code = 'SSTDTC')) AS start_date,
  day_known(max(value) FILTER (WHERE code = 'SENDTC')) AS end_date,
  max(value) FILTER (WHERE code = 'STYPE') AS study_type,
  max(value) FILTER (WHERE code = 'INTMODEL') AS intervention_model,
  max(value) FILTER (WHERE code = 'INTTYPE') AS intervention_type,
  max(value) FILTER (WHERE code = 'TBLIND') AS blinding,
  max(value) FILTER (WHERE code = 'TCNTRL') AS control_type,
  max(value) FILTER (WHERE code = 'RANDOM') AS randomized,
  max(value) FILTER (WHERE code = 'ADAPT') AS adaptive_design,
  max(value) FILTER (WHERE code = 'ADDON') AS add_on,
  max(value) FILTER (WHERE code = 'OBJPRIM') AS objective,
  max(value) FILTER (WHERE code = 'PCLAS') AS pharmacologic_class,
  max(value) FILTER (WHERE code = 'TRT') AS treatment,
  max(value) FILTER (WHERE code = 'LENGTH') AS trial_length,
  max(value) FILTER (WHERE code = 'AGEMIN') AS minimum_age,
  max(value) FILTER (WHERE code = 'AGEMAX') AS maximum_age,
  max(value) FILTER (WHERE code = 'SEXPOP') AS sex_population,
  max(value) FILTER (WHERE code = 'REGID') AS registry_id
FROM values_of_study AS v GROUP BY study;

-- @into trial_parameters @from TS
SELECT
  rowid AS _row,
  STUDYID || '/TS/' || TSPARMCD || '/' || CAST(TSSEQ AS TEXT) AS trial_parameter_id,
  STUDYID AS study_id, TSSEQ AS tsseq, TSGRPID AS tsgrpid, TSPARMCD AS tsparmcd,
  TSPARM AS tsparm, TSVAL AS tsval, TSVALNF AS tsvalnf, TSVALCD AS tsvalcd, TSVCDREF AS tsvcdref,
  TSVCDVER AS tsvcdver
FROM TS WHERE rowid NOT IN (SELECT place FROM rows_made_again);
