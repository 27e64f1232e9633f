-- Vital Signs @class FINDINGS @structure One record per vital sign measurement per time point per visit per subject
CREATE TABLE VS (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'VS' CHECK (DOMAIN IN ('VS')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  VSSEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  VSGRPID VARCHAR(200), -- Group ID @role Identifier @optional
  VSSPID VARCHAR(200), -- Sponsor-Defined Identifier @role Identifier @optional
  VSTESTCD VARCHAR(8) NOT NULL, -- Vital Signs Test Short Name @role Topic @codes Vital Signs Test Code (C66741)
  VSTEST VARCHAR(40) NOT NULL, -- Vital Signs Test Name @role Synonym Qualifier @codes Vital Signs Test Name (C67153)
  VSCAT VARCHAR(200), -- Category for Vital Signs @role Grouping Qualifier @optional
  VSSCAT VARCHAR(200), -- Subcategory for Vital Signs @role Grouping Qualifier @optional
  VSPOS VARCHAR(200), -- Vital Signs Position of Subject @role Record Qualifier @codes Position (C71148) @optional
  VSORRES VARCHAR(200), -- Result or Finding in Original Units @role Result Qualifier
  VSORRESU VARCHAR(200), -- Original Units @role Variable Qualifier @codes Units for Vital Signs Results (C66770)
  VSSTRESC VARCHAR(200), -- Character Result/Finding in Std Format @role Result Qualifier
  VSSTRESN REAL, -- Numeric Result/Finding in Standard Units @role Result Qualifier
  VSSTRESU VARCHAR(200), -- Standard Units @role Variable Qualifier @codes Units for Vital Signs Results (C66770)
  VSSTAT VARCHAR(200) CHECK (VSSTAT IN ('NOT DONE')), -- Completion Status @role Record Qualifier @codes Not Done (C66789) @optional
  VSREASND VARCHAR(200), -- Reason Not Performed @role Record Qualifier @optional
  VSLOC VARCHAR(200), -- Location of Vital Signs Measurement @role Record Qualifier @codes Anatomical Location (C74456) @optional
  VSLAT VARCHAR(200), -- Laterality @role Result Qualifier @codes Laterality (C99073) @optional
  VSLOBXFL VARCHAR(200) CHECK (VSLOBXFL IN ('Y')), -- Last Observation Before Exposure Flag @role Record Qualifier @codes No Yes Response (C66742)
  VSBLFL VARCHAR(200) CHECK (VSBLFL IN ('Y')), -- Baseline Flag @role Record Qualifier @codes No Yes Response (C66742) @optional
  VSDRVFL VARCHAR(200) CHECK (VSDRVFL IN ('Y')), -- Derived Flag @role Record Qualifier @codes No Yes Response (C66742) @optional
  VSTOX VARCHAR(200), -- Toxicity @role Variable Qualifier @optional
  VSTOXGR VARCHAR(200), -- Standard Toxicity Grade @role Record Qualifier @optional
  VSCLSIG VARCHAR(200) CHECK (VSCLSIG IN ('N', 'NA', 'U', 'Y')), -- Clinically Significant, Collected @role Record Qualifier @codes No Yes Response (C66742) @optional
  VISITNUM REAL, -- Visit Number @role Timing
  VISIT VARCHAR(200), -- Visit Name @role Timing @optional
  VISITDY INTEGER, -- Planned Study Day of Visit @role Timing @optional
  TAETORD INTEGER, -- Planned Order of Element within Arm @role Timing @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  VSDTC PARTIAL_TIMESTAMP, -- Date/Time of Measurements @role Timing
  VSDY INTEGER, -- Study Day of Vital Signs @role Timing @optional VSDTC
  VSTPT VARCHAR(200), -- Planned Time Point Name @role Timing @optional
  VSTPTNUM INTEGER, -- Planned Time Point Number @role Timing @optional
  VSELTM VARCHAR(200), -- Planned Elapsed Time from Time Point Ref @role Timing @optional
  VSTPTREF VARCHAR(200), -- Time Point Reference @role Timing @optional
  VSRFTDTC PARTIAL_TIMESTAMP, -- Date/Time of Reference Time Point @role Timing @optional
  PRIMARY KEY (STUDYID, USUBJID, VSSEQ)
);

CREATE VIEW measurements AS
SELECT
  *,
  coalesce(vsdtc, visit_date) AS moment,
  standard_text(vsstresc, vsstresn, vsorres) AS text
FROM at_visits(numbered(trial_vital_signs, vsseq, vsdtc, trial_vital_sign_id));

-- @into VS
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS VSSEQ,
  vstestcd AS VSTESTCD,
  vstest AS VSTEST,
  vspos AS VSPOS,
  vsorres AS VSORRES,
  CASE WHEN vsorres IS NOT NULL THEN vsorresu END AS VSORRESU,
  text AS VSSTRESC,
  standard_number(vsstresc, vsstresn, vsorres) AS VSSTRESN,
  CASE
    WHEN text IS NOT NULL THEN standard_unit(vsstresc, vsstresn, vsstresu, vsorres, vsorresu)
  END AS VSSTRESU,
  vsstat AS VSSTAT,
  vsreasnd AS VSREASND,
  vsloc AS VSLOC,
  vslat AS VSLAT,
  CASE WHEN last IS NOT NULL THEN 'Y' END AS VSLOBXFL,
  nullif(vsblfl, 'N') AS VSBLFL,
  visitnum AS VISITNUM,
  visit AS VISIT,
  visitdy AS VISITDY,
  epoch_measured(subject_id, moment, reference, last_dose) AS EPOCH,
  moment AS VSDTC,
  study_day(moment, reference) AS VSDY
FROM measurements
LEFT JOIN last_before(measurements, trial_vital_sign_id, vstestcd, text, moment, vsblfl)
  ON last = trial_vital_sign_id;
