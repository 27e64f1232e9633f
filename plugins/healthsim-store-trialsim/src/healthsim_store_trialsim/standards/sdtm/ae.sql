-- Adverse Events @class EVENTS @structure One record per adverse event per subject
CREATE TABLE AE (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'AE' CHECK (DOMAIN IN ('AE')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  SPDEVID VARCHAR(200), -- Sponsor Device Identifier @role Identifier @optional
  AESEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  AEGRPID VARCHAR(200), -- Group ID @role Identifier @optional
  AEREFID VARCHAR(200), -- Reference ID @role Identifier @optional
  AESPID VARCHAR(200), -- Sponsor-Defined Identifier @role Identifier @optional
  AETERM VARCHAR(200) NOT NULL, -- Reported Term for the Adverse Event @role Topic
  AEMODIFY VARCHAR(200), -- Modified Reported Term @role Synonym Qualifier @optional
  AELLT VARCHAR(200), -- Lowest Level Term @role Variable Qualifier
  AELLTCD INTEGER, -- Lowest Level Term Code @role Variable Qualifier
  AEDECOD VARCHAR(200), -- Dictionary-Derived Term @role Synonym Qualifier
  AEPTCD INTEGER, -- Preferred Term Code @role Variable Qualifier
  AEHLT VARCHAR(200), -- High Level Term @role Variable Qualifier
  AEHLTCD INTEGER, -- High Level Term Code @role Variable Qualifier
  AEHLGT VARCHAR(200), -- High Level Group Term @role Variable Qualifier
  AEHLGTCD INTEGER, -- High Level Group Term Code @role Variable Qualifier
  AECAT VARCHAR(200), -- Category for Adverse Event @role Grouping Qualifier @optional
  AESCAT VARCHAR(200), -- Subcategory for Adverse Event @role Grouping Qualifier @optional
  AEPRESP VARCHAR(200) CHECK (AEPRESP IN ('N', 'NA', 'U', 'Y')), -- Pre-Specified Adverse Event @role Variable Qualifier @codes No Yes Response (C66742) @optional
  AEBODSYS VARCHAR(200), -- Body System or Organ Class @role Record Qualifier
  AEBDSYCD INTEGER, -- Body System or Organ Class Code @role Variable Qualifier
  AESOC VARCHAR(200), -- Primary System Organ Class @role Variable Qualifier
  AESOCCD INTEGER, -- Primary System Organ Class Code @role Variable Qualifier
  AELOC VARCHAR(200), -- Location of Event @role Record Qualifier @codes Anatomical Location (C74456) @optional
  AESEV VARCHAR(200) CHECK (AESEV IN ('MILD', 'MODERATE', 'SEVERE')), -- Severity/Intensity @role Record Qualifier @codes Severity/Intensity Scale for Adverse Events (C66769) @optional
  AESER VARCHAR(200) CHECK (AESER IN ('N', 'Y')), -- Serious Event @role Record Qualifier @codes No Yes Response (C66742)
  AEACN VARCHAR(200) CHECK (AEACN IN ('DOSE INCREASED', 'DOSE NOT CHANGED', 'DOSE RATE REDUCED', 'DOSE REDUCED', 'DRUG INTERRUPTED', 'DRUG WITHDRAWN', 'NOT APPLICABLE', 'UNKNOWN')), -- Action Taken with Study Treatment @role Record Qualifier @codes Action Taken with Study Treatment (C66767)
  AEACNOTH VARCHAR(200), -- Other Action Taken @role Record Qualifier @optional
  AEACNDEV VARCHAR(200), -- Action Taken with Device @role Record Qualifier @codes Device Events Action Taken with Device (C111110) @optional
  AEREL VARCHAR(200), -- Causality @role Record Qualifier
  AERLDEV VARCHAR(200), -- Relationship of Event to Device @role Record Qualifier @optional
  AERELNST VARCHAR(200), -- Relationship to Non-Study Treatment @role Record Qualifier @optional
  AEPATT VARCHAR(200), -- Pattern of Adverse Event @role Record Qualifier @optional
  AEOUT VARCHAR(200) CHECK (AEOUT IN ('FATAL', 'NOT RECOVERED/NOT RESOLVED', 'RECOVERED/RESOLVED', 'RECOVERED/RESOLVED WITH SEQUELAE', 'RECOVERING/RESOLVING', 'UNKNOWN')), -- Outcome of Adverse Event @role Record Qualifier @codes Outcome of Event (C66768) @optional
  AESCAN VARCHAR(200) CHECK (AESCAN IN ('N', 'NA', 'U', 'Y')), -- Involves Cancer @role Record Qualifier @codes No Yes Response (C66742) @optional
  AESCONG VARCHAR(200) CHECK (AESCONG IN ('N', 'NA', 'U', 'Y')), -- Congenital Anomaly or Birth Defect @role Record Qualifier @codes No Yes Response (C66742) @optional
  AESDISAB VARCHAR(200) CHECK (AESDISAB IN ('N', 'NA', 'U', 'Y')), -- Persist or Signif Disability/Incapacity @role Record Qualifier @codes No Yes Response (C66742) @optional
  AESDTH VARCHAR(200) CHECK (AESDTH IN ('N', 'NA', 'U', 'Y')), -- Results in Death @role Record Qualifier @codes No Yes Response (C66742) @optional
  AESHOSP VARCHAR(200) CHECK (AESHOSP IN ('N', 'NA', 'U', 'Y')), -- Requires or Prolongs Hospitalization @role Record Qualifier @codes No Yes Response (C66742) @optional
  AESLIFE VARCHAR(200) CHECK (AESLIFE IN ('N', 'NA', 'U', 'Y')), -- Is Life Threatening @role Record Qualifier @codes No Yes Response (C66742) @optional
  AESOD VARCHAR(200) CHECK (AESOD IN ('N', 'NA', 'U', 'Y')), -- Occurred with Overdose @role Record Qualifier @codes No Yes Response (C66742) @optional
  AESMIE VARCHAR(200) CHECK (AESMIE IN ('N', 'NA', 'U', 'Y')), -- Other Medically Important Serious Event @role Record Qualifier @codes No Yes Response (C66742) @optional
  AESINTV VARCHAR(200) CHECK (AESINTV IN ('N', 'NA', 'U', 'Y')), -- Needs Intervention to Prevent Impairment @role Record Qualifier @codes No Yes Response (C66742) @optional
  AEUNANT VARCHAR(200) CHECK (AEUNANT IN ('N', 'NA', 'U', 'Y')), -- Unanticipated Adverse Device Effect @role Record Qualifier @codes No Yes Response (C66742) @optional
  AERLPRT VARCHAR(200), -- Rel of AE to Non-Dev-Rel Study Activity @role Record Qualifier @optional
  AERLPRC VARCHAR(200), -- Rel of AE to Device-Related Procedure @role Record Qualifier @optional
  AECONTRT VARCHAR(200) CHECK (AECONTRT IN ('N', 'NA', 'U', 'Y')), -- Concomitant or Additional Trtmnt Given @role Record Qualifier @codes No Yes Response (C66742) @optional
  AETOXGR VARCHAR(200), -- Standard Toxicity Grade @role Record Qualifier @optional
  TAETORD INTEGER, -- Planned Order of Element within Arm @role Timing @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  AESTDTC PARTIAL_TIMESTAMP, -- Start Date/Time of Adverse Event @role Timing
  AEENDTC PARTIAL_TIMESTAMP, -- End Date/Time of Adverse Event @role Timing
  AESTDY INTEGER, -- Study Day of Start of Adverse Event @role Timing @optional AESTDTC
  AEENDY INTEGER, -- Study Day of End of Adverse Event @role Timing @optional AEENDTC
  AEDUR VARCHAR(200), -- Duration of Adverse Event @role Timing @optional
  AEENRF VARCHAR(200), -- End Relative to Reference Period @role Timing @codes Relation to Reference Period (C66728) @optional
  AEENRTPT VARCHAR(200), -- End Relative to Reference Time Point @role Timing @codes Relation to Reference Period (C66728) @optional
  AEENTPT VARCHAR(200), -- End Reference Time Point @role Timing @optional
  PRIMARY KEY (STUDYID, USUBJID, AESEQ)
);

-- A term that somebody coded stays as it is; the others are looked up in the user's MedDRA.
-- @into AE
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS AESEQ,
  aespid AS AESPID,
  aeterm AS AETERM,
  coalesce(llt, aellt) AS AELLT,
  coalesce(aelltcd, llt_code) AS AELLTCD,
  coalesce(aedecod, pt) AS AEDECOD,
  coalesce(aeptcd, pt_code) AS AEPTCD,
  coalesce(aehlt, hlt) AS AEHLT,
  coalesce(aehltcd, hlt_code) AS AEHLTCD,
  coalesce(aehlgt, hlgt) AS AEHLGT,
  coalesce(aehlgtcd, hlgt_code) AS AEHLGTCD,
  aecat AS AECAT,
  aescat AS AESCAT,
  coalesce(aebodsys, soc) AS AEBODSYS,
  coalesce(aebdsycd, soc_code) AS AEBDSYCD,
  coalesce(aesoc, aebodsys, soc) AS AESOC,
  coalesce(aesoccd, aebdsycd, soc_code) AS AESOCCD,
  aesev AS AESEV,
  aeser AS AESER,
  aeacn AS AEACN,
  aerel AS AEREL,
  aepatt AS AEPATT,
  aeout AS AEOUT,
  aescong AS AESCONG,
  aesdisab AS AESDISAB,
  CASE WHEN aeout = 'FATAL' THEN 'Y' ELSE aesdth END AS AESDTH,
  aeshosp AS AESHOSP,
  aeslife AS AESLIFE,
  aesmie AS AESMIE,
  aecontrt AS AECONTRT,
  aetoxgr AS AETOXGR,
  epoch_of(subject_id, aestdtc, reference, last_dose) AS EPOCH,
  aestdtc AS AESTDTC,
  aeendtc AS AEENDTC,
  study_day(aestdtc, reference) AS AESTDY,
  study_day(aeendtc, reference) AS AEENDY,
  aeenrf AS AEENRF
FROM numbered(adverse_events, aeseq, aestdtc, adverse_event_id)
JOIN named_subjects USING (subject_id)
LEFT JOIN meddra_terms ON aedecod IS NULL AND said = lower(trim(coalesce(aellt, aeterm)));
