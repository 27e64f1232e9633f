-- Laboratory Test Results @class FINDINGS @structure One record per lab test per time point per visit per subject
CREATE TABLE LB (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'LB' CHECK (DOMAIN IN ('LB')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  LBSEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  LBGRPID VARCHAR(200), -- Group ID @role Identifier @optional
  LBREFID VARCHAR(200), -- Specimen ID @role Identifier @optional
  LBSPID VARCHAR(200), -- Sponsor-Defined Identifier @role Identifier @optional
  LBTESTCD VARCHAR(8) NOT NULL, -- Lab Test or Examination Short Name @role Topic @codes Laboratory Test Code (C65047)
  LBTEST VARCHAR(40) NOT NULL, -- Lab Test or Examination Name @role Synonym Qualifier @codes Laboratory Test Name (C67154)
  LBTSTCND VARCHAR(200), -- Test Condition @role Variable Qualifier @codes Test Condition (C181175) @optional
  LBBDAGNT VARCHAR(200), -- Binding Agent @role Variable Qualifier @optional
  LBTSTOPO VARCHAR(200), -- Test Operational Objective @role Variable Qualifier @codes Test Operational Objective (C181170) @optional
  LBCAT VARCHAR(200), -- Category for Lab Test @role Grouping Qualifier
  LBSCAT VARCHAR(200), -- Subcategory for Lab Test @role Grouping Qualifier @optional
  LBORRES VARCHAR(200), -- Result or Finding in Original Units @role Result Qualifier
  LBORRESU VARCHAR(200), -- Original Units @role Variable Qualifier @codes Unit (C71620)
  LBRESSCL VARCHAR(200), -- Result Scale @role Record Qualifier @codes Result Scale (C177910) @optional
  LBRESTYP VARCHAR(200), -- Result Type @role Record Qualifier @codes Result Type (C179588) @optional
  LBCOLSRT VARCHAR(200), -- Collected Summary Result Type @role Record Qualifier @codes Collected Summary Result Type (C177908) @optional
  LBORNRLO VARCHAR(200), -- Reference Range Lower Limit in Orig Unit @role Variable Qualifier
  LBORNRHI VARCHAR(200), -- Reference Range Upper Limit in Orig Unit @role Variable Qualifier
  LBLLOD VARCHAR(200), -- Lower Limit of Detection @role Variable Qualifier @optional
  LBSTRESC VARCHAR(200), -- Character Result/Finding in Std Format @role Result Qualifier @codes Laboratory Test Standard Character Result (C102580)
  LBSTRESN REAL, -- Numeric Result/Finding in Standard Units @role Result Qualifier
  LBSTRESU VARCHAR(200), -- Standard Units @role Variable Qualifier @codes Unit (C71620)
  LBSTNRLO REAL, -- Reference Range Lower Limit-Std Units @role Variable Qualifier
  LBSTNRHI REAL, -- Reference Range Upper Limit-Std Units @role Variable Qualifier
  LBSTNRC VARCHAR(200), -- Reference Range for Char Rslt-Std Units @role Variable Qualifier @optional
  LBNRIND VARCHAR(200), -- Reference Range Indicator @role Variable Qualifier @codes Reference Range Indicator (C78736)
  LBSTAT VARCHAR(200) CHECK (LBSTAT IN ('NOT DONE')), -- Completion Status @role Record Qualifier @codes Not Done (C66789) @optional
  LBREASND VARCHAR(200), -- Reason Test Not Done @role Record Qualifier @optional
  LBNAM VARCHAR(200), -- Vendor Name @role Record Qualifier @optional
  LBLOINC VARCHAR(200), -- LOINC Code @role Synonym Qualifier @optional
  LBSPEC VARCHAR(200), -- Specimen Type @role Record Qualifier @codes Specimen Type (C78734) @optional
  LBSPCCND VARCHAR(200), -- Specimen Condition @role Record Qualifier @codes Specimen Condition (C78733) @optional
  LBSPCUFL VARCHAR(200) CHECK (LBSPCUFL IN ('N', 'NA', 'U', 'Y')), -- Specimen Usability for the Test @role Record Qualifier @codes No Yes Response (C66742) @optional
  LBMETHOD VARCHAR(200), -- Method of Test or Examination @role Record Qualifier @codes Method (C85492) @optional
  LBANMETH VARCHAR(200), -- Analysis Method @role Record Qualifier @codes Analytical Method (C160922) @optional
  LBTMTHSN VARCHAR(200), -- Test Method Sensitivity @role Record Qualifier @codes Test Method Sensitivity (C179589) @optional
  LBLOBXFL VARCHAR(200) CHECK (LBLOBXFL IN ('Y')), -- Last Observation Before Exposure Flag @role Record Qualifier @codes No Yes Response (C66742)
  LBBLFL VARCHAR(200) CHECK (LBBLFL IN ('Y')), -- Baseline Flag @role Record Qualifier @codes No Yes Response (C66742) @optional
  LBFAST VARCHAR(200) CHECK (LBFAST IN ('N', 'NA', 'U', 'Y')), -- Fasting Status @role Record Qualifier @codes No Yes Response (C66742) @optional
  LBDRVFL VARCHAR(200) CHECK (LBDRVFL IN ('Y')), -- Derived Flag @role Record Qualifier @codes No Yes Response (C66742) @optional
  LBTOX VARCHAR(200), -- Toxicity @role Variable Qualifier @optional
  LBTOXGR VARCHAR(200), -- Standard Toxicity Grade @role Record Qualifier @optional
  LBCLSIG VARCHAR(200) CHECK (LBCLSIG IN ('N', 'NA', 'U', 'Y')), -- Clinically Significant, Collected @role Record Qualifier @codes No Yes Response (C66742) @optional
  VISITNUM REAL, -- Visit Number @role Timing
  VISIT VARCHAR(200), -- Visit Name @role Timing @optional
  VISITDY INTEGER, -- Planned Study Day of Visit @role Timing @optional
  TAETORD INTEGER, -- Planned Order of Element within Arm @role Timing @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  LBDTC PARTIAL_TIMESTAMP, -- Date/Time of Specimen Collection @role Timing
  LBENDTC PARTIAL_TIMESTAMP, -- End Date/Time of Specimen Collection @role Timing @optional
  LBDY INTEGER, -- Study Day of Specimen Collection @role Timing @optional LBDTC
  LBENDY INTEGER, -- Study Day of End of Observation @role Timing @optional LBENDTC
  LBTPT VARCHAR(200), -- Planned Time Point Name @role Timing @optional
  LBTPTNUM INTEGER, -- Planned Time Point Number @role Timing @optional
  LBELTM VARCHAR(200), -- Planned Elapsed Time from Time Point Ref @role Timing @optional
  LBTPTREF VARCHAR(200), -- Time Point Reference @role Timing @optional
  LBRFTDTC PARTIAL_TIMESTAMP, -- Date/Time of Reference Time Point @role Timing @optional
  LBPTFL VARCHAR(200) CHECK (LBPTFL IN ('N', 'NA', 'U', 'Y')), -- Point in Time Flag @role Timing @codes No Yes Response (C66742) @optional
  LBPDUR VARCHAR(200), -- Planned Duration @role Timing @optional
  PRIMARY KEY (STUDYID, USUBJID, LBSEQ)
);

-- Limits of what is usual are told in the standard unit where it is the original one.
CREATE VIEW lab_results AS
SELECT
  *,
  coalesce(lbdtc, visit_date) AS moment,
  standard_text(lbstresc, lbstresn, lborres) AS text,
  standard_number(lbstresc, lbstresn, lborres) AS amount,
  standard_unit(lbstresc, lbstresn, lbstresu, lborres, lborresu) AS unit
FROM at_visits(numbered(trial_lab_results, lbseq, lbdtc, trial_lab_result_id));

CREATE VIEW ranged_results AS
SELECT
  *,
  coalesce(lbstnrlo, CASE WHEN unit IS lborresu THEN number_in(lbornrlo) END) AS low,
  coalesce(lbstnrhi, CASE WHEN unit IS lborresu THEN number_in(lbornrhi) END) AS high
FROM lab_results;

-- @into LB
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS LBSEQ,
  lbtestcd AS LBTESTCD,
  lbtest AS LBTEST,
  lbcat AS LBCAT,
  lbscat AS LBSCAT,
  lborres AS LBORRES,
  CASE WHEN lborres IS NOT NULL THEN lborresu END AS LBORRESU,
  lbornrlo AS LBORNRLO,
  lbornrhi AS LBORNRHI,
  text AS LBSTRESC,
  amount AS LBSTRESN,
  CASE WHEN text IS NOT NULL THEN unit END AS LBSTRESU,
  low AS LBSTNRLO,
  high AS LBSTNRHI,
  CASE
    WHEN lbnrind IS NOT NULL THEN lbnrind
    WHEN amount < low THEN 'LOW'
    WHEN amount > high THEN 'HIGH'
    WHEN amount IS NOT NULL AND coalesce(low, high) IS NOT NULL THEN 'NORMAL'
  END AS LBNRIND,
  lbstat AS LBSTAT,
  lbreasnd AS LBREASND,
  lbloinc AS LBLOINC,
  lbspec AS LBSPEC,
  lbmethod AS LBMETHOD,
  CASE WHEN last IS NOT NULL THEN 'Y' END AS LBLOBXFL,
  nullif(lbblfl, 'N') AS LBBLFL,
  lbfast AS LBFAST,
  visitnum AS VISITNUM,
  visit AS VISIT,
  visitdy AS VISITDY,
  epoch_measured(subject_id, moment, reference, last_dose) AS EPOCH,
  moment AS LBDTC,
  study_day(moment, reference) AS LBDY
FROM ranged_results
LEFT JOIN last_before(
  lab_results, trial_lab_result_id,
  json_array(lbtestcd, lbcat, lbscat, lbspec, lbmethod), text, moment, lbblfl
) ON last = trial_lab_result_id;
