-- Concomitant/Prior Medications @class INTERVENTIONS @structure One record per recorded intervention occurrence or constant-dosing interval per subject
CREATE TABLE CM (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'CM' CHECK (DOMAIN IN ('CM')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  CMSEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  CMGRPID VARCHAR(200), -- Group ID @role Identifier @optional
  CMSPID VARCHAR(200), -- Sponsor-Defined Identifier @role Identifier @optional
  CMTRT VARCHAR(200) NOT NULL, -- Reported Name of Drug, Med, or Therapy @role Topic
  CMMODIFY VARCHAR(200), -- Modified Reported Name @role Synonym Qualifier @optional
  CMDECOD VARCHAR(200), -- Standardized Medication Name @role Synonym Qualifier @optional
  CMCAT VARCHAR(200), -- Category for Medication @role Grouping Qualifier @optional
  CMSCAT VARCHAR(200), -- Subcategory for Medication @role Grouping Qualifier @optional
  CMPRESP VARCHAR(200) CHECK (CMPRESP IN ('N', 'NA', 'U', 'Y')), -- CM Pre-specified @role Variable Qualifier @codes No Yes Response (C66742) @optional
  CMOCCUR VARCHAR(200) CHECK (CMOCCUR IN ('N', 'NA', 'U', 'Y')), -- CM Occurrence @role Record Qualifier @codes No Yes Response (C66742) @optional
  CMSTAT VARCHAR(200) CHECK (CMSTAT IN ('NOT DONE')), -- Completion Status @role Record Qualifier @codes Not Done (C66789) @optional
  CMREASND VARCHAR(200), -- Reason Medication Not Collected @role Record Qualifier @optional
  CMINDC VARCHAR(200), -- Indication @role Record Qualifier @optional
  CMCLAS VARCHAR(200), -- Medication Class @role Variable Qualifier @optional
  CMCLASCD VARCHAR(200), -- Medication Class Code @role Variable Qualifier @optional
  CMDOSE REAL, -- Dose per Administration @role Record Qualifier @optional
  CMDOSTXT VARCHAR(200), -- Dose Description @role Record Qualifier @optional
  CMDOSU VARCHAR(200), -- Dose Units @role Variable Qualifier @codes Unit (C71620) @optional
  CMDOSFRM VARCHAR(200), -- Dose Form @role Variable Qualifier @codes Pharmaceutical Dosage Form (C66726) @optional
  CMDOSFRQ VARCHAR(200), -- Dosing Frequency per Interval @role Record Qualifier @codes Frequency (C71113) @optional
  CMDOSTOT REAL, -- Total Daily Dose @role Record Qualifier @optional
  CMDOSRGM VARCHAR(200), -- Intended Dose Regimen @role Record Qualifier @optional
  CMROUTE VARCHAR(200), -- Route of Administration @role Variable Qualifier @codes Route of Administration (C66729) @optional
  CMADJ VARCHAR(200), -- Reason for Dose Adjustment @role Record Qualifier @optional
  CMRSDISC VARCHAR(200), -- Reason the Intervention Was Discontinued @role Record Qualifier @optional
  TAETORD INTEGER, -- Planned Order of Element within Arm @role Timing @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  CMSTDTC PARTIAL_TIMESTAMP, -- Start Date/Time of Medication @role Timing @optional
  CMENDTC PARTIAL_TIMESTAMP, -- End Date/Time of Medication @role Timing @optional
  CMSTDY INTEGER, -- Study Day of Start of Medication @role Timing @optional CMSTDTC
  CMENDY INTEGER, -- Study Day of End of Medication @role Timing @optional CMENDTC
  CMDUR VARCHAR(200), -- Duration @role Timing @optional
  CMSTRF VARCHAR(200), -- Start Relative to Reference Period @role Timing @codes Relation to Reference Period (C66728) @optional
  CMENRF VARCHAR(200), -- End Relative to Reference Period @role Timing @codes Relation to Reference Period (C66728) @optional
  CMSTRTPT VARCHAR(200), -- Start Relative to Reference Time Point @role Timing @codes Relation to Reference Period (C66728) @optional
  CMSTTPT VARCHAR(200), -- Start Reference Time Point @role Timing @optional
  CMENRTPT VARCHAR(200), -- End Relative to Reference Time Point @role Timing @codes Relation to Reference Period (C66728) @optional
  CMENTPT VARCHAR(200), -- End Reference Time Point @role Timing @optional
  PRIMARY KEY (STUDYID, USUBJID, CMSEQ)
);

-- @into CM
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS CMSEQ,
  cmtrt AS CMTRT,
  cmmodify AS CMMODIFY,
  cmdecod AS CMDECOD,
  cmcat AS CMCAT,
  cmindc AS CMINDC,
  cmclas AS CMCLAS,
  cmclascd AS CMCLASCD,
  cmdose AS CMDOSE,
  CASE WHEN cmdose IS NULL THEN cmdostxt END AS CMDOSTXT,
  cmdosu AS CMDOSU,
  cmdosfrm AS CMDOSFRM,
  frequency(cmdosfrq) AS CMDOSFRQ,
  cmroute AS CMROUTE,
  epoch_of(subject_id, cmstdtc, reference, last_dose) AS EPOCH,
  cmstdtc AS CMSTDTC,
  cmendtc AS CMENDTC,
  study_day(cmstdtc, reference) AS CMSTDY,
  study_day(cmendtc, reference) AS CMENDY,
  cmstrf AS CMSTRF,
  cmenrf AS CMENRF
FROM numbered(concomitant_medications, cmseq, cmstdtc, concomitant_medication_id)
JOIN named_subjects USING (subject_id);
