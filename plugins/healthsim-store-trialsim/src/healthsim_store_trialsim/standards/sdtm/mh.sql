-- Medical History @class EVENTS @structure One record per medical history event per subject
CREATE TABLE MH (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'MH' CHECK (DOMAIN IN ('MH')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  MHSEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  MHGRPID VARCHAR(200), -- Group ID @role Identifier @optional
  MHREFID VARCHAR(200), -- Reference ID @role Identifier @optional
  MHSPID VARCHAR(200), -- Sponsor-Defined Identifier @role Identifier @optional
  MHTERM VARCHAR(200) NOT NULL, -- Reported Term for the Medical History @role Topic
  MHMODIFY VARCHAR(200), -- Modified Reported Term @role Synonym Qualifier @optional
  MHLLT VARCHAR(200), -- Lowest Level Term @role Variable Qualifier @optional
  MHLLTCD INTEGER, -- Lowest Level Term Code @role Variable Qualifier @optional
  MHDECOD VARCHAR(200), -- Dictionary-Derived Term @role Synonym Qualifier @optional
  MHPTCD INTEGER, -- Preferred Term Code @role Variable Qualifier @optional
  MHHLT VARCHAR(200), -- High Level Term @role Variable Qualifier @optional
  MHHLTCD INTEGER, -- High Level Term Code @role Variable Qualifier @optional
  MHHLGT VARCHAR(200), -- High Level Group Term @role Variable Qualifier @optional
  MHHLGTCD INTEGER, -- High Level Group Term Code @role Variable Qualifier @optional
  MHEVDTYP VARCHAR(200), -- Medical History Event Date Type @role Variable Qualifier @codes Medical History Event Date Type (C124301) @optional
  MHCAT VARCHAR(200), -- Category for Medical History @role Grouping Qualifier @optional
  MHSCAT VARCHAR(200), -- Subcategory for Medical History @role Grouping Qualifier @optional
  MHPRESP VARCHAR(200) CHECK (MHPRESP IN ('N', 'NA', 'U', 'Y')), -- Medical History Event Pre-Specified @role Variable Qualifier @codes No Yes Response (C66742) @optional
  MHOCCUR VARCHAR(200) CHECK (MHOCCUR IN ('N', 'NA', 'U', 'Y')), -- Medical History Occurrence @role Record Qualifier @codes No Yes Response (C66742) @optional
  MHSTAT VARCHAR(200) CHECK (MHSTAT IN ('NOT DONE')), -- Completion Status @role Record Qualifier @codes Not Done (C66789) @optional
  MHREASND VARCHAR(200), -- Reason Medical History Not Collected @role Record Qualifier @optional
  MHBODSYS VARCHAR(200), -- Body System or Organ Class @role Record Qualifier @optional
  MHBDSYCD INTEGER, -- Body System or Organ Class Code @role Variable Qualifier @optional
  MHSOC VARCHAR(200), -- Primary System Organ Class @role Variable Qualifier @optional
  MHSOCCD INTEGER, -- Primary System Organ Class Code @role Variable Qualifier @optional
  TAETORD INTEGER, -- Planned Order of Element within Arm @role Timing @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  MHDTC PARTIAL_TIMESTAMP, -- Date/Time of History Collection @role Timing @optional
  MHSTDTC PARTIAL_TIMESTAMP, -- Start Date/Time of Medical History Event @role Timing @optional
  MHENDTC PARTIAL_TIMESTAMP, -- End Date/Time of Medical History Event @role Timing @optional
  MHDY INTEGER, -- Study Day of History Collection @role Timing @optional MHDTC
  MHSTDY INTEGER, -- Study Day of Start of Observation @role Timing @optional MHSTDTC
  MHENDY INTEGER, -- Study Day of End of Observation @role Timing @optional MHENDTC
  MHENRF VARCHAR(200), -- End Relative to Reference Period @role Timing @codes Relation to Reference Period (C66728) @optional
  MHENRTPT VARCHAR(200), -- End Relative to Reference Time Point @role Timing @codes Relation to Reference Period (C66728) @optional
  MHENTPT VARCHAR(200), -- End Reference Time Point @role Timing @optional
  PRIMARY KEY (STUDYID, USUBJID, MHSEQ)
);

-- @into MH
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS MHSEQ,
  mhterm AS MHTERM,
  mhmodify AS MHMODIFY,
  llt AS MHLLT,
  llt_code AS MHLLTCD,
  coalesce(mhdecod, pt) AS MHDECOD,
  pt_code AS MHPTCD,
  hlt AS MHHLT,
  hlt_code AS MHHLTCD,
  hlgt AS MHHLGT,
  hlgt_code AS MHHLGTCD,
  mhcat AS MHCAT,
  mhscat AS MHSCAT,
  mhpresp AS MHPRESP,
  mhoccur AS MHOCCUR,
  coalesce(mhbodsys, soc) AS MHBODSYS,
  soc_code AS MHBDSYCD,
  coalesce(mhbodsys, soc) AS MHSOC,
  soc_code AS MHSOCCD,
  epoch_of(subject_id, mhdtc, reference, last_dose) AS EPOCH,
  mhdtc AS MHDTC,
  mhstdtc AS MHSTDTC,
  mhendtc AS MHENDTC,
  study_day(mhdtc, reference) AS MHDY,
  study_day(mhstdtc, reference) AS MHSTDY,
  study_day(mhendtc, reference) AS MHENDY,
  mhenrf AS MHENRF
FROM numbered(medical_histories, mhseq, mhstdtc, medical_history_id)
JOIN named_subjects USING (subject_id)
LEFT JOIN meddra_terms ON mhdecod IS NULL AND said = lower(trim(mhterm));
