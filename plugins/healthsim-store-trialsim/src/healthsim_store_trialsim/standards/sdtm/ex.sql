-- Exposure @class INTERVENTIONS @structure One record per protocol-specified study treatment, constant-dosing interval, per subject
CREATE TABLE EX (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'EX' CHECK (DOMAIN IN ('EX')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  EXSEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  EXGRPID VARCHAR(200), -- Group ID @role Identifier @optional
  EXREFID VARCHAR(200), -- Reference ID @role Identifier @optional
  EXSPID VARCHAR(200), -- Sponsor-Defined Identifier @role Identifier @optional
  EXLNKID VARCHAR(200), -- Link ID @role Identifier @optional
  EXLNKGRP VARCHAR(200), -- Link Group ID @role Identifier @optional
  EXTRT VARCHAR(200) NOT NULL, -- Name of Treatment @role Topic
  EXCAT VARCHAR(200), -- Category of Treatment @role Grouping Qualifier @optional
  EXSCAT VARCHAR(200), -- Subcategory of Treatment @role Grouping Qualifier @optional
  EXDOSE REAL, -- Dose @role Record Qualifier
  EXDOSTXT VARCHAR(200), -- Dose Description @role Record Qualifier @optional
  EXDOSU VARCHAR(200), -- Dose Units @role Variable Qualifier @codes Unit (C71620)
  EXDOSFRM VARCHAR(200), -- Dose Form @role Variable Qualifier @codes Pharmaceutical Dosage Form (C66726)
  EXDOSFRQ VARCHAR(200), -- Dosing Frequency per Interval @role Record Qualifier @codes Frequency (C71113) @optional
  EXDOSRGM VARCHAR(200), -- Intended Dose Regimen @role Record Qualifier @optional
  EXROUTE VARCHAR(200), -- Route of Administration @role Variable Qualifier @codes Route of Administration (C66729) @optional
  EXLOT VARCHAR(200), -- Lot Number @role Record Qualifier @optional
  EXLOC VARCHAR(200), -- Location of Dose Administration @role Record Qualifier @codes Anatomical Location (C74456) @optional
  EXLAT VARCHAR(200), -- Laterality @role Variable Qualifier @codes Laterality (C99073) @optional
  EXDIR VARCHAR(200), -- Directionality @role Variable Qualifier @codes Directionality (C99074) @optional
  EXFAST VARCHAR(200) CHECK (EXFAST IN ('N', 'NA', 'U', 'Y')), -- Fasting Status @role Record Qualifier @codes No Yes Response (C66742) @optional
  EXADJ VARCHAR(200), -- Reason for Dose Adjustment @role Record Qualifier @optional
  VISITNUM REAL, -- Visit Number @role Timing @optional
  VISIT VARCHAR(200), -- Visit Name @role Timing @optional
  VISITDY INTEGER, -- Planned Study Day of Visit @role Timing @optional
  TAETORD INTEGER, -- Planned Order of Element within Arm @role Timing @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  EXSTDTC PARTIAL_TIMESTAMP, -- Start Date/Time of Treatment @role Timing
  EXENDTC PARTIAL_TIMESTAMP, -- End Date/Time of Treatment @role Timing
  EXSTDY INTEGER, -- Study Day of Start of Treatment @role Timing @optional EXSTDTC
  EXENDY INTEGER, -- Study Day of End of Treatment @role Timing @optional EXENDTC
  EXDUR VARCHAR(200), -- Duration of Treatment @role Timing @optional
  EXTPT VARCHAR(200), -- Planned Time Point Name @role Timing @optional
  EXTPTNUM INTEGER, -- Planned Time Point Number @role Timing @optional
  EXELTM VARCHAR(200), -- Planned Elapsed Time from Time Point Ref @role Timing @optional
  EXTPTREF VARCHAR(200), -- Time Point Reference @role Timing @optional
  EXRFTDTC PARTIAL_TIMESTAMP, -- Date/Time of Reference Time Point @role Timing @optional
  PRIMARY KEY (STUDYID, USUBJID, EXSEQ)
);

-- A treatment has no number of a visit of its own.
CREATE VIEW exposed AS SELECT *, NULL AS visit_num FROM exposures;

-- @into EX
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS EXSEQ,
  upper(extrt) AS EXTRT,
  excat AS EXCAT,
  exdose AS EXDOSE,
  CASE WHEN exdose IS NULL THEN exdostxt END AS EXDOSTXT,
  exdosu AS EXDOSU,
  exdosfrm AS EXDOSFRM,
  frequency(exdosfrq) AS EXDOSFRQ,
  exroute AS EXROUTE,
  exlot AS EXLOT,
  exadj AS EXADJ,
  visitnum AS VISITNUM,
  visit AS VISIT,
  visitdy AS VISITDY,
  coalesce(epoch, epoch_of(subject_id, exstdtc, reference, last_dose)) AS EPOCH,
  exstdtc AS EXSTDTC,
  coalesce(exendtc, exstdtc) AS EXENDTC,
  study_day(exstdtc, reference) AS EXSTDY,
  study_day(coalesce(exendtc, exstdtc), reference) AS EXENDY
FROM at_visits(numbered(exposed, exseq, exstdtc, exposure_id));
