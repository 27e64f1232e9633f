-- Disposition @class EVENTS @structure One record per disposition status or protocol milestone per subject
CREATE TABLE DS (
  STUDYID VARCHAR(200) NOT NULL, -- Study Identifier @role Identifier
  DOMAIN VARCHAR(2) NOT NULL DEFAULT 'DS' CHECK (DOMAIN IN ('DS')), -- Domain Abbreviation @role Identifier
  USUBJID VARCHAR(200) NOT NULL REFERENCES DM (USUBJID), -- Unique Subject Identifier @role Identifier
  DSSEQ INTEGER NOT NULL, -- Sequence Number @role Identifier
  DSGRPID VARCHAR(200), -- Group ID @role Identifier @optional
  DSREFID VARCHAR(200), -- Reference ID @role Identifier @optional
  DSSPID VARCHAR(200), -- Sponsor-Defined Identifier @role Identifier @optional
  DSTERM VARCHAR(200) NOT NULL, -- Reported Term for the Disposition Event @role Topic
  DSDECOD VARCHAR(200) NOT NULL, -- Standardized Disposition Term @role Synonym Qualifier @codes Completion/Reason for Non-Completion (C66727)
  DSCAT VARCHAR(200), -- Category for Disposition Event @role Grouping Qualifier @codes Category for Disposition Event (C74558)
  DSSCAT VARCHAR(200), -- Subcategory for Disposition Event @role Grouping Qualifier @codes Subcategory for Disposition Event (C170443) @optional
  EPOCH VARCHAR(200), -- Epoch @role Timing @codes Epoch (C99079) @optional
  DSDTC PARTIAL_TIMESTAMP, -- Date/Time of Collection @role Timing @optional
  DSSTDTC PARTIAL_TIMESTAMP, -- Start Date/Time of Disposition Event @role Timing
  DSDY INTEGER, -- Study Day of Collection @role Timing @optional
  DSSTDY INTEGER, -- Study Day of Start of Disposition Event @role Timing
  PRIMARY KEY (STUDYID, USUBJID, DSSEQ)
);

-- Consent and randomization are milestones of the protocol, which TrialSim keeps with the subject,
-- where it has no event of them.
CREATE VIEW milestones AS
SELECT subject_id, 'INFORMED CONSENT OBTAINED' AS dsdecod, consent_date AS day, 'SCREENING' AS epoch
FROM subjects WHERE consent_date IS NOT NULL
UNION ALL
SELECT subject_id, 'RANDOMIZED', randomization_date, NULL
FROM subjects WHERE randomization_date IS NOT NULL;

CREATE VIEW dispositions (
  subject_id, dsseq, dsspid, dsterm, dsdecod, dscat, dsscat, epoch, dsdtc, day, id
) AS
SELECT
  subject_id, NULL, NULL, dsdecod, dsdecod, 'PROTOCOL MILESTONE', NULL, epoch, NULL, day, ''
FROM milestones AS m
WHERE NOT EXISTS (
  SELECT 1 FROM disposition_events AS d
  WHERE d.subject_id = m.subject_id AND d.dsdecod = m.dsdecod
)
UNION ALL
SELECT
  subject_id, dsseq, dsspid, coalesce(dsterm, dsdecod), dsdecod,
  coalesce(
    dscat,
    iif(dsdecod IN ('INFORMED CONSENT OBTAINED', 'RANDOMIZED'), 'PROTOCOL MILESTONE',
      'DISPOSITION EVENT')
  ),
  dsscat, epoch, dsdtc, dsstdtc, disposition_event_id
FROM disposition_events;

-- @into DS
SELECT
  studyid AS STUDYID,
  usubjid AS USUBJID,
  number AS DSSEQ,
  dsspid AS DSSPID,
  dsterm AS DSTERM,
  dsdecod AS DSDECOD,
  dscat AS DSCAT,
  dsscat AS DSSCAT,
  coalesce(epoch, epoch_of(subject_id, day, reference, last_dose)) AS EPOCH,
  dsdtc AS DSDTC,
  day AS DSSTDTC,
  study_day(dsdtc, reference) AS DSDY,
  study_day(day, reference) AS DSSTDY
FROM numbered(dispositions, dsseq, day, id)
JOIN named_subjects USING (subject_id);
