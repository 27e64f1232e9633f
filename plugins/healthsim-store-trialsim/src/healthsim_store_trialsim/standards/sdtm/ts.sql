-- Trial Summary @class TRIAL DESIGN @structure One record per trial summary parameter value @reference
CREATE TABLE TS (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'TS' CHECK (DOMAIN IN ('TS')), -- Domain Abbreviation @role Identifier
  TSSEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  TSGRPID VARCHAR(200), -- Group ID @role Identifier @optional
  TSPARMCD VARCHAR(8) NOT NULL, -- Trial Summary Parameter Short Name @role Topic @codes Trial Summary Parameter Test Code (C66738)
  TSPARM VARCHAR(40) NOT NULL, -- Trial Summary Parameter @role Synonym Qualifier @codes Trial Summary Parameter Test Name (C67152)
  TSVAL VARCHAR(200), -- Parameter Value @role Result Qualifier
  TSVALNF VARCHAR(200), -- Parameter Value Null Flavor @role Result Qualifier @optional
  TSVALCD VARCHAR(200), -- Parameter Value Code @role Result Qualifier
  TSVCDREF VARCHAR(200), -- Name of the Reference Terminology @role Result Qualifier @codes Dictionary Name (C66788)
  TSVCDVER VARCHAR(200), -- Version of the Reference Terminology @role Result Qualifier
  PRIMARY KEY (STUDYID, TSPARMCD, TSSEQ)
);

-- Names of the parameters, of CDISC's list TSPARMCD
CREATE VIEW parameter_names (code, name) AS
VALUES
  ('ACTSUB', 'Actual Number of Subjects'), ('ADAPT', 'Adaptive Design'),
  ('ADDON', 'Added on to Existing Treatments'), ('AGEMAX', 'Planned Maximum Age of Subjects'),
  ('AGEMIN', 'Planned Minimum Age of Subjects'), ('COMPTRT', 'Comparative Treatment Name'),
  ('CRMDUR', 'Confirmed Response Minimum Duration'), ('CURTRT', 'Current Therapy or Treatment'),
  ('DCUTDESC', 'Data Cutoff Description'), ('DCUTDTC', 'Data Cutoff Date'),
  ('DOSE', 'Dose per Administration'), ('DOSFRM', 'Dose Form'), ('DOSFRQ', 'Dosing Frequency'),
  ('DOSU', 'Dose Units'), ('DXCRIT', 'Diagnostic Criteria'), ('EGBLIND', 'ECG Reading Blinded'),
  ('EGCTMON', 'ECG Continuous Monitoring'), ('EGLEADPR', 'ECG Planned Primary Lead'),
  ('EGLEADSM', 'ECG Used Same Lead'), ('EGRDMETH', 'ECG Read Method'),
  ('EGREPLBL', 'ECG Replicates at Baseline'), ('EGREPLTR', 'ECG Replicates On-Treatment'),
  ('EGTWVALG', 'ECG Twave Algorithm'), ('FCNTRY', 'Planned Country of Investigational Sites'),
  ('FDADEIND', 'FDA-Regulated Device Study Indicator'),
  ('FDADRIND', 'FDA-Regulated Drug Study Indicator'), ('HLTSUBJI', 'Healthy Subject Indicator'),
  ('INDIC', 'Trial Disease/Condition Indication'), ('INTMODEL', 'Intervention Model'),
  ('INTTYPE', 'Intervention Type'), ('LENGTH', 'Trial Length'),
  ('MNFCNTRY', 'Country of Manufacture'), ('NARMS', 'Planned Number of Arms'),
  ('OBJPRIM', 'Trial Primary Objective'), ('OBJSEC', 'Trial Secondary Objective'),
  ('OUTMSEXP', 'Exploratory Outcome Measure'), ('OUTMSPRI', 'Primary Outcome Measure'),
  ('OUTMSSEC', 'Secondary Outcome Measure'), ('PCLAS', 'Pharmacologic Class'),
  ('PDPSTIND', 'Pediatric Postmarket Study Indicator'), ('PDSTIND', 'Pediatric Study Indicator'),
  ('PLANSUB', 'Planned Number of Subjects'), ('RANDOM', 'Trial is Randomized'),
  ('RANDQT', 'Randomization Quotient'), ('REGID', 'Registry Identifier'),
  ('RLPSCRIT', 'Relapse Criteria'), ('ROUTE', 'Route of Administration'),
  ('SDMDUR', 'Stable Disease Minimum Duration'), ('SDTIGVER', 'SDTM IG Version'),
  ('SDTMVER', 'SDTM Version'), ('SENDTC', 'Study End Date'), ('SEVCRIT', 'Severity Criteria'),
  ('SEXPOP', 'Sex of Participants'), ('SPONSOR', 'Clinical Study Sponsor'),
  ('SSTDTC', 'Study Start Date'), ('STOPRULE', 'Study Stop Rules'),
  ('STRATFCT', 'Stratification Factor'), ('STYPE', 'Study Type'),
  ('TBLIND', 'Trial Blinding Schema'), ('TCNTRL', 'Control Type'), ('TDIGRP', 'Diagnosis Group'),
  ('TINDTP', 'Trial Intent Type'), ('TITLE', 'Trial Title'),
  ('TPHASE', 'Trial Phase Classification'), ('TRT', 'Investigational Therapy or Treatment'),
  ('TTYPE', 'Trial Type'),
  ('PCLASS', 'Pharmacologic Class of Treatment');

-- Codes of CDISC's terms for the values
CREATE VIEW value_codes (list, term, code) AS
VALUES
  ('TPHASE', 'NOT APPLICABLE', 'C48660'), ('TPHASE', 'PHASE I TRIAL', 'C15600'),
  ('TPHASE', 'PHASE I/II TRIAL', 'C15693'), ('TPHASE', 'PHASE II TRIAL', 'C15601'),
  ('TPHASE', 'PHASE II/III TRIAL', 'C15694'), ('TPHASE', 'PHASE IIA TRIAL', 'C49686'),
  ('TPHASE', 'PHASE IIB TRIAL', 'C49688'), ('TPHASE', 'PHASE III TRIAL', 'C15602'),
  ('TPHASE', 'PHASE IIIA TRIAL', 'C49687'), ('TPHASE', 'PHASE IIIB TRIAL', 'C49689'),
  ('TPHASE', 'PHASE IV TRIAL', 'C15603'), ('TPHASE', 'PHASE V TRIAL', 'C47865'),
  ('INTMODEL', 'CROSS-OVER', 'C82637'), ('INTMODEL', 'FACTORIAL', 'C82638'),
  ('INTMODEL', 'PARALLEL', 'C82639'), ('INTMODEL', 'SINGLE GROUP', 'C82640'),
  ('STYPE', 'EXPANDED ACCESS', 'C98722'), ('STYPE', 'INTERVENTIONAL', 'C98388'),
  ('STYPE', 'OBSERVATIONAL', 'C16084'), ('INTTYPE', 'BEHAVIORAL THERAPY', 'C15184'),
  ('INTTYPE', 'BIOLOGIC', 'C307'), ('INTTYPE', 'DEVICE', 'C16830'),
  ('INTTYPE', 'DIETARY SUPPLEMENT', 'C1505'), ('INTTYPE', 'DRUG', 'C1909'),
  ('INTTYPE', 'GENETIC', 'C15238'), ('INTTYPE', 'OTHER', 'C17649'),
  ('INTTYPE', 'PROCEDURE', 'C98769'), ('INTTYPE', 'RADIATION', 'C15313'),
  ('TBLIND', 'DOUBLE BLIND', 'C15228'), ('TBLIND', 'OPEN LABEL', 'C49659'),
  ('TBLIND', 'SINGLE BLIND', 'C28233'), ('TCNTRL', 'ACTIVE', 'C49649'),
  ('TCNTRL', 'DOSE RESPONSE', 'C120841'), ('TCNTRL', 'NONE', 'C41132'),
  ('TCNTRL', 'PLACEBO', 'C49648'), ('SEXPOP', 'BOTH', 'C49636'), ('SEXPOP', 'F', 'C16576'),
  ('SEXPOP', 'M', 'C20197'), ('ADAPT', 'N', 'C49487'), ('ADAPT', 'Y', 'C49488'),
  ('ADDON', 'N', 'C49487'), ('ADDON', 'Y', 'C49488'), ('RANDOM', 'N', 'C49487'),
  ('RANDOM', 'Y', 'C49488');

-- What studies, arms, sites and subjects say of the trial. CDISC's list calls the class of the drug
-- PCLAS, its conformance rules PCLASS, so it has both names.
CREATE VIEW known_parameters (study_id, code, value, number) AS
SELECT study_id, 'ADAPT', adaptive_design, 1 FROM studies
UNION ALL SELECT study_id, 'ADDON', add_on, 1 FROM studies
UNION ALL SELECT study_id, 'AGEMAX', maximum_age, 1 FROM studies
UNION ALL SELECT study_id, 'AGEMIN', minimum_age, 1 FROM studies
UNION ALL SELECT study_id, 'INDIC', indication, 1 FROM studies
UNION ALL SELECT study_id, 'INTMODEL', upper(intervention_model), 1 FROM studies
UNION ALL SELECT study_id, 'INTTYPE', upper(intervention_type), 1 FROM studies
UNION ALL SELECT study_id, 'LENGTH', trial_length, 1 FROM studies
UNION ALL SELECT study_id, 'OBJPRIM', objective, 1 FROM studies
UNION ALL SELECT study_id, 'PCLAS', pharmacologic_class, 1 FROM studies
UNION ALL SELECT study_id, 'PCLASS', pharmacologic_class, 1 FROM studies
UNION ALL SELECT study_id, 'PLANSUB', CAST(planned_subjects AS TEXT), 1 FROM studies
UNION ALL SELECT study_id, 'RANDOM', randomized, 1 FROM studies
UNION ALL SELECT study_id, 'REGID', registry_id, 1 FROM studies
UNION ALL SELECT study_id, 'SDTIGVER', '3.4', 1 FROM studies
UNION ALL SELECT study_id, 'SDTMVER', '2.0', 1 FROM studies
UNION ALL SELECT study_id, 'SENDTC', end_date, 1 FROM studies
UNION ALL SELECT study_id, 'SEXPOP', sex_population, 1 FROM studies
UNION ALL SELECT study_id, 'SPONSOR', sponsor, 1 FROM studies
UNION ALL SELECT study_id, 'SSTDTC', start_date, 1 FROM studies
UNION ALL SELECT study_id, 'STYPE', study_type, 1 FROM studies
UNION ALL SELECT study_id, 'TBLIND', upper(blinding), 1 FROM studies
UNION ALL SELECT study_id, 'TCNTRL', upper(control_type), 1 FROM studies
UNION ALL SELECT study_id, 'TITLE', title, 1 FROM studies
UNION ALL
SELECT study_id, 'TPHASE',
  CASE phase WHEN 'NA' THEN 'NOT APPLICABLE' WHEN '0' THEN 'PHASE 0 TRIAL'
    WHEN '1' THEN 'PHASE I TRIAL' WHEN '1/2' THEN 'PHASE I/II TRIAL'
    WHEN '2' THEN 'PHASE II TRIAL' WHEN '2/3' THEN 'PHASE II/III TRIAL'
    WHEN '3' THEN 'PHASE III TRIAL' WHEN '3/4' THEN 'PHASE III/IV TRIAL'
    WHEN '4' THEN 'PHASE IV TRIAL' END,
  1
FROM studies
UNION ALL SELECT study_id, 'TRT', treatment, 1 FROM studies
UNION ALL
SELECT study_id, 'NARMS', CAST(count(*) AS TEXT), 1 FROM treatment_arms GROUP BY study_id
UNION ALL
SELECT study_id, 'ACTSUB', CAST(count(*) AS TEXT), 1 FROM subjects
WHERE status NOT IN ('screening', 'screen failure') GROUP BY study_id
UNION ALL
SELECT study_id, 'FCNTRY', country, row_number() OVER (PARTITION BY study_id ORDER BY country)
FROM (SELECT DISTINCT study_id, country FROM sites WHERE country IS NOT NULL);

-- What the trial's own parameters do not say
-- @into TS
SELECT
  protocol_number AS STUDYID,
  number AS TSSEQ,
  k.code AS TSPARMCD,
  name AS TSPARM,
  value AS TSVAL,
  CASE WHEN value IS NULL THEN 'PINF' END AS TSVALNF,
  CASE
    WHEN k.code = 'FCNTRY' OR k.code = 'REGID' AND value LIKE 'NCT%' THEN value
    ELSE v.code
  END AS TSVALCD,
  CASE
    WHEN v.code IS NOT NULL THEN 'CDISC CT'
    WHEN k.code = 'FCNTRY' THEN 'ISO 3166-1 alpha-3'
    WHEN k.code = 'REGID' AND value LIKE 'NCT%' THEN 'CLINICALTRIALS.GOV'
    WHEN value IS NOT NULL AND k.code IN ('AGEMAX', 'AGEMIN', 'LENGTH', 'SENDTC', 'SSTDTC')
      THEN 'ISO 8601'
  END AS TSVCDREF,
  CASE WHEN v.code IS NOT NULL THEN '2025-09-26' END AS TSVCDVER
FROM known_parameters AS k
JOIN studies AS s ON s.study_id = k.study_id
JOIN parameter_names AS p ON p.code = k.code
LEFT JOIN value_codes AS v ON v.list = k.code AND v.term = k.value
WHERE
  (value IS NOT NULL OR k.code = 'AGEMAX' AND minimum_age IS NOT NULL) -- no limit of age
  AND NOT EXISTS (
    SELECT 1 FROM trial_parameters AS t WHERE t.study_id = k.study_id AND t.tsparmcd = k.code
  );

-- A value without a number comes after the parameter's values that have one.
CREATE VIEW numbered_parameters AS
SELECT *, tsseq AS number FROM trial_parameters WHERE tsseq IS NOT NULL
UNION ALL
SELECT *,
  row_number() OVER (PARTITION BY study_id, tsparmcd ORDER BY tsval, trial_parameter_id) + coalesce(
    (SELECT max(g.tsseq) FROM trial_parameters AS g
      WHERE g.study_id = t.study_id AND g.tsparmcd = t.tsparmcd), 0
  )
FROM trial_parameters AS t WHERE tsseq IS NULL;

-- @into TS
SELECT
  protocol_number AS STUDYID,
  number AS TSSEQ,
  tsgrpid AS TSGRPID,
  tsparmcd AS TSPARMCD,
  coalesce(tsparm, name, tsparmcd) AS TSPARM,
  tsval AS TSVAL,
  tsvalnf AS TSVALNF,
  tsvalcd AS TSVALCD,
  tsvcdref AS TSVCDREF,
  tsvcdver AS TSVCDVER
FROM numbered_parameters
JOIN studies USING (study_id)
LEFT JOIN parameter_names ON code = tsparmcd;
