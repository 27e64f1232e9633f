-- Subject Elements @class SPECIAL PURPOSE @structure One record per actual element per subject
CREATE TABLE SE (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'SE' CHECK (DOMAIN IN ('SE')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  SESEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  ETCD VARCHAR(8) NOT NULL, -- Element Code @role Topic
  ELEMENT VARCHAR(40), -- Description of Element @role Synonym Qualifier @optional
  TAETORD INTEGER, -- Planned Order of Element within Arm @role Timing @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  SESTDTC PARTIAL_TIMESTAMP NOT NULL, -- Start Date/Time of Element @role Timing
  SEENDTC PARTIAL_TIMESTAMP, -- End Date/Time of Element @role Timing
  SESTDY INTEGER, -- Study Day of Start of Element @role Timing @optional
  SEENDY INTEGER, -- Study Day of End of Element @role Timing @optional
  SEUPDES VARCHAR(200), -- Description of Unplanned Element @role Synonym Qualifier @optional
  PRIMARY KEY (STUDYID, USUBJID, SESEQ)
);

-- @into SE
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS SESEQ,
  coalesce(etcd, 'UNPLAN') AS ETCD,
  element AS ELEMENT,
  CASE WHEN etcd IS NOT NULL THEN taetord END AS TAETORD,
  epoch AS EPOCH,
  sestdtc AS SESTDTC,
  seendtc AS SEENDTC,
  study_day(sestdtc, reference) AS SESTDY,
  study_day(seendtc, reference) AS SEENDY,
  CASE WHEN etcd IS NULL THEN seupdes END AS SEUPDES
FROM numbered(subject_elements, seseq, sestdtc, taetord)
JOIN named_subjects USING (subject_id)
LEFT JOIN trial_elements USING (element_id);
