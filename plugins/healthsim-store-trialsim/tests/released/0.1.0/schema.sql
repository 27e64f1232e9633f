-- TrialSim: clinical trials. Names and controlled terms follow CDISC SDTM.

-- Trials @alias study trial trials protocols
CREATE TABLE studies (
  study_id VARCHAR PRIMARY KEY, -- Id in this scenario, SDTM STUDYID
  protocol_number VARCHAR NOT NULL UNIQUE, -- Protocol @alias protocol protocol_id study_number
  phase VARCHAR NOT NULL CHECK (phase IN ('0', '1', '1/2', '2', '2/3', '3', '3/4', '4', 'NA')), -- Trial phase @alias study_phase trial_phase @codes CDISC TPHASE @synonym I=1, Phase 1=1, Phase I=1, I/II=1/2, Phase 1/2=1/2, Phase 1/Phase 2=1/2, II=2, Phase 2=2, Phase II=2, II/III=2/3, Phase 2/3=2/3, III=3, Phase 3=3, Phase III=3, IV=4, Phase 4=4, Phase IV=4, N/A=NA, not applicable=NA
  indication VARCHAR NOT NULL, -- Disease under study @alias disease condition therapeutic_indication
  sponsor VARCHAR, -- Who runs it @alias sponsor_name
  status VARCHAR CHECK (status IN ('planned', 'recruiting', 'active', 'completed', 'suspended', 'terminated', 'withdrawn')), -- State @alias study_status @synonym ongoing=active, enrolling=recruiting, closed=completed
  title VARCHAR, -- Title @alias study_title name
  planned_subjects INTEGER CHECK (planned_subjects > 0), -- How many are to be enrolled @alias target_enrollment planned_enrollment
  start_date DATE, -- First day
  end_date DATE, -- Last day
  CHECK (end_date IS NULL OR start_date IS NULL OR end_date >= start_date)
);

-- Places where a trial is run @alias site centers investigational_sites
CREATE TABLE sites (
  site_id VARCHAR PRIMARY KEY, -- Id in this scenario
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- Of which trial
  site_number VARCHAR NOT NULL, -- Number in the trial, SDTM SITEID @alias siteid site_no
  name VARCHAR, -- Hospital or practice @alias site_name
  country VARCHAR, -- Country @codes ISO 3166-1 alpha-3
  city VARCHAR, -- City
  investigator VARCHAR, -- Principal investigator @alias investigator_name principal_investigator pi_name
  status VARCHAR CHECK (status IN ('planned', 'active', 'on hold', 'closed')), -- State @alias site_status
  activated_date DATE, -- First day @alias activation_date
  UNIQUE (study_id, site_number)
);

-- What subjects are randomized to @alias treatment_arm arms arm
CREATE TABLE treatment_arms (
  arm_id VARCHAR PRIMARY KEY, -- Id in this scenario
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- Of which trial
  arm_code VARCHAR(20) NOT NULL, -- Short, SDTM ARMCD @alias armcd code
  arm_name VARCHAR NOT NULL, -- In words, SDTM ARM @alias arm name description
  arm_type VARCHAR CHECK (arm_type IN ('experimental', 'active comparator', 'placebo comparator', 'sham comparator', 'no intervention', 'other')), -- Role @alias type @synonym active=experimental, treatment=experimental, control=active comparator, comparator=active comparator, placebo=placebo comparator
  ratio INTEGER CHECK (ratio > 0), -- Share in the randomization @alias randomization_ratio allocation_ratio
  planned_subjects INTEGER CHECK (planned_subjects > 0), -- How many are to be enrolled @alias target_enrollment
  UNIQUE (study_id, arm_code)
);

-- People in a trial, SDTM DM @alias subject participants trial_subjects
CREATE TABLE subjects (
  subject_id VARCHAR PRIMARY KEY, -- Id in this scenario
  usubjid VARCHAR NOT NULL UNIQUE, -- Unique subject identifier: study, site and subject @alias unique_subject_id subject_number
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- In which trial
  site_id VARCHAR NOT NULL REFERENCES sites (site_id), -- At which site
  arm_id VARCHAR REFERENCES treatment_arms (arm_id), -- Randomized to
  status VARCHAR NOT NULL DEFAULT 'enrolled' CHECK (status IN ('screening', 'screen failure', 'enrolled', 'randomized', 'active', 'completed', 'discontinued', 'withdrawn', 'lost to follow-up')), -- State @alias subject_status enrollment_status @synonym screened=screening, screen_failure=screen failure, screen failed=screen failure, ongoing=active, on treatment=active, complete=completed, early termination=discontinued, lost_to_followup=lost to follow-up
  sex VARCHAR CHECK (sex IN ('M', 'F', 'U', 'UNDIFFERENTIATED')), -- Sex @alias gender @codes CDISC SEX @synonym male=M, man=M, female=F, woman=F, unknown=U, other=UNDIFFERENTIATED
  age INTEGER CHECK (age BETWEEN 0 AND 120), -- Age at consent @alias age_years age_at_consent @unit a
  birth_date DATE, -- Date of birth, SDTM BRTHDTC @alias dob date_of_birth brthdtc
  race VARCHAR, -- Race @codes CDISC RACE
  ethnicity VARCHAR, -- Ethnicity @alias ethnic @codes CDISC ETHNIC
  country VARCHAR, -- Country @codes ISO 3166-1 alpha-3
  screening_date DATE, -- When screened @alias screened_date
  consent_date DATE, -- When consent was given, SDTM RFICDTC @alias informed_consent_date rficdtc
  randomization_date DATE, -- When randomized @alias randomized_date enrollment_date
  first_dose_date DATE, -- First treatment, SDTM RFSTDTC @alias rfstdtc treatment_start_date
  last_dose_date DATE, -- Last treatment, SDTM RFENDTC @alias rfendtc treatment_end_date
  death_date DATE, -- Date of death, SDTM DTHDTC @alias dthdtc
  patient_id VARCHAR, -- The chart behind it @references patients(patient_id)
  person_id VARCHAR, -- The same human across products
  CHECK (randomization_date IS NULL OR consent_date IS NULL OR randomization_date >= consent_date),
  CHECK (last_dose_date IS NULL OR first_dose_date IS NULL OR last_dose_date >= first_dose_date)
);

CREATE INDEX subjects_person_id ON subjects (person_id);

-- Visits as planned, one row for each subject and visit @label Scheduled Visits @alias scheduled_visits scheduled_visit planned_visits visit_schedules
CREATE TABLE visit_schedule (
  scheduled_visit_id VARCHAR PRIMARY KEY, -- Id in this scenario
  study_id VARCHAR REFERENCES studies (study_id), -- In which trial
  subject_id VARCHAR REFERENCES subjects (subject_id), -- Whose; nobody's for the trial's own plan
  visit_num REAL NOT NULL, -- Number, SDTM VISITNUM @alias visitnum visit_number
  visit_name VARCHAR NOT NULL, -- In words, SDTM VISIT @alias visit
  planned_date DATE, -- When @alias scheduled_date target_date visit_date
  planned_day INTEGER, -- Study day, SDTM VISITDY @alias visitdy study_day target_day
  window_before INTEGER CHECK (window_before >= 0), -- How much earlier will do @unit d
  window_after INTEGER CHECK (window_after >= 0), -- How much later will do @unit d
  epoch VARCHAR, -- Part of the trial @codes CDISC EPOCH
  UNIQUE (subject_id, visit_num),
  CHECK (subject_id IS NOT NULL OR study_id IS NOT NULL)
);

-- Visits as they happened, SDTM SV @alias actual_visit trial_visits trial_visit subject_visits
CREATE TABLE actual_visits (
  visit_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias actual_visit_id
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Whose
  scheduled_visit_id VARCHAR REFERENCES visit_schedule (scheduled_visit_id), -- The planned visit; none where unscheduled
  visit_num REAL NOT NULL, -- Number, SDTM VISITNUM @alias visitnum visit_number
  visit_name VARCHAR, -- In words, SDTM VISIT @alias visit
  visit_date DATE NOT NULL, -- When, SDTM SVSTDTC @alias svstdtc actual_date
  visit_status VARCHAR NOT NULL DEFAULT 'completed' CHECK (visit_status IN ('completed', 'partial', 'missed', 'cancelled', 'unscheduled')), -- How it went @alias status @synonym complete=completed, done=completed, not done=missed, canceled=cancelled, no show=missed
  study_day INTEGER CHECK (study_day <> 0), -- Day since the first treatment, which is 1; there is no day 0 @alias svstdy visit_day
  end_date DATE, -- Last day, SDTM SVENDTC @alias svendtc
  CHECK (end_date IS NULL OR end_date >= visit_date)
);

-- Adverse events, SDTM AE @alias adverse_event aes ae
CREATE TABLE adverse_events (
  adverse_event_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias ae_id
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Whose
  aeseq INTEGER CHECK (aeseq > 0), -- Number within the subject @alias sequence
  aeterm VARCHAR NOT NULL, -- As reported @alias term ae_term verbatim_term event_term
  aedecod VARCHAR, -- Preferred term @alias preferred_term pt @codes MedDRA
  aebodsys VARCHAR, -- System organ class @alias body_system soc system_organ_class @codes MedDRA
  aestdtc DATE NOT NULL, -- Beginning @alias start_date onset_date ae_start_date
  aeendtc DATE, -- End @alias end_date resolution_date ae_end_date
  aesev VARCHAR CHECK (aesev IN ('MILD', 'MODERATE', 'SEVERE')), -- Severity @alias severity @codes CDISC AESEV
  aetoxgr VARCHAR CHECK (aetoxgr IN ('1', '2', '3', '4', '5')), -- Toxicity grade @alias grade toxicity_grade ctcae_grade severity_grade @codes NCI CTCAE @synonym Grade 1=1, Grade 2=2, Grade 3=3, Grade 4=4, Grade 5=5
  aeser VARCHAR CHECK (aeser IN ('Y', 'N')), -- Serious @alias serious is_serious @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aerel VARCHAR CHECK (aerel IN ('NOT RELATED', 'UNLIKELY RELATED', 'POSSIBLY RELATED', 'PROBABLY RELATED', 'RELATED')), -- Related to the treatment @alias causality relationship related relatedness @synonym none=NOT RELATED, unrelated=NOT RELATED, not related=NOT RELATED, unlikely=UNLIKELY RELATED, possible=POSSIBLY RELATED, possibly=POSSIBLY RELATED, probable=PROBABLY RELATED, probably=PROBABLY RELATED, definite=RELATED, definitely=RELATED, no=NOT RELATED, yes=RELATED
  aeacn VARCHAR CHECK (aeacn IN ('DOSE INCREASED', 'DOSE NOT CHANGED', 'DOSE RATE REDUCED', 'DOSE REDUCED', 'DRUG INTERRUPTED', 'DRUG WITHDRAWN', 'NOT APPLICABLE', 'UNKNOWN')), -- What was done with the treatment @alias action_taken action @codes CDISC ACN @synonym none=DOSE NOT CHANGED, dose interrupted=DRUG INTERRUPTED, discontinued=DRUG WITHDRAWN, withdrawn=DRUG WITHDRAWN, reduced=DOSE REDUCED, interrupted=DRUG INTERRUPTED, N/A=NOT APPLICABLE
  aeout VARCHAR CHECK (aeout IN ('FATAL', 'NOT RECOVERED/NOT RESOLVED', 'RECOVERED/RESOLVED', 'RECOVERED/RESOLVED WITH SEQUELAE', 'RECOVERING/RESOLVING', 'UNKNOWN')), -- How it ended @alias outcome @codes CDISC OUT @synonym recovered=RECOVERED/RESOLVED, resolved=RECOVERED/RESOLVED, recovering=RECOVERING/RESOLVING, resolving=RECOVERING/RESOLVING, ongoing=NOT RECOVERED/NOT RESOLVED, not recovered=NOT RECOVERED/NOT RESOLVED, not resolved=NOT RECOVERED/NOT RESOLVED, death=FATAL, recovered with sequelae=RECOVERED/RESOLVED WITH SEQUELAE
  CHECK (aeendtc IS NULL OR aeendtc >= aestdtc)
);

-- How subjects left parts of a trial, SDTM DS @alias disposition_event dispositions disposition
CREATE TABLE disposition_events (
  disposition_event_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias disposition_id
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Who
  dsdecod VARCHAR NOT NULL, -- Standard term: COMPLETED, ADVERSE EVENT, DEATH, ... @alias reason disposition_reason standard_term decode @codes CDISC NCOMPLT
  dsterm VARCHAR, -- As reported @alias term reported_term
  dsstdtc DATE NOT NULL, -- When @alias disposition_date event_date date
  dscat VARCHAR CHECK (dscat IN ('PROTOCOL MILESTONE', 'DISPOSITION EVENT', 'OTHER EVENT')), -- Kind @alias category @codes CDISC DSCAT
  epoch VARCHAR, -- Part of the trial @codes CDISC EPOCH
  dsseq INTEGER CHECK (dsseq > 0) -- Number within the subject
);

-- Treatments given, SDTM EX @alias exposure doses dosing
CREATE TABLE exposures (
  exposure_id VARCHAR PRIMARY KEY, -- Id in this scenario
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- To whom
  extrt VARCHAR NOT NULL, -- Treatment @alias treatment drug_name drug
  exdose REAL CHECK (exdose >= 0), -- Amount @alias dose
  exdosu VARCHAR, -- Unit of the amount @alias dose_unit unit @codes UCUM
  exroute VARCHAR, -- Way in @alias route @codes CDISC ROUTE
  exdosfrq VARCHAR, -- How often @alias frequency dosing_frequency @codes CDISC FREQ
  exstdtc DATE NOT NULL, -- Beginning @alias start_date dose_date
  exendtc DATE, -- End @alias end_date
  exseq INTEGER CHECK (exseq > 0), -- Number within the subject
  visit_id VARCHAR REFERENCES actual_visits (visit_id), -- At which visit
  CHECK (exendtc IS NULL OR exendtc >= exstdtc)
);

-- One subject for a reader @card subjects
CREATE VIEW subject_cards AS
SELECT
  subject_id,
  usubjid || coalesce(
    ' (' || CASE sex WHEN 'M' THEN 'Male' WHEN 'F' THEN 'Female' END
      || coalesce(', ' || years, '') || ')',
    ' (' || years || ')', ''
  ) AS subject,
  (SELECT coalesce(title, protocol_number) FROM studies AS t WHERE t.study_id = s.study_id)
    AS Study,
  (SELECT site_number || coalesce(' ' || name, '') || coalesce(', ' || country, '')
    FROM sites AS i
    WHERE i.site_id = s.site_id) AS Site,
  (SELECT arm_name FROM treatment_arms AS a WHERE a.arm_id = s.arm_id) AS Arm,
  status AS Status,
  coalesce(
    (SELECT sum(visit_status = 'completed')
      FROM actual_visits AS v
      WHERE v.subject_id = s.subject_id), 0
  ) || ' completed'
    || coalesce(' of ' || nullif(
      (SELECT count(*) FROM visit_schedule AS v WHERE v.subject_id = s.subject_id), 0
    ) || ' scheduled', '')
    || coalesce(', last ' || (
      SELECT max(visit_date) FROM actual_visits AS v WHERE v.subject_id = s.subject_id
    ), '') AS Visits,
  (SELECT group_concat(said, ', ')
    FROM (
      SELECT
        coalesce(aedecod, aeterm)
          || coalesce(' (grade ' || aetoxgr || ')', ' (' || lower(aesev) || ')', '') AS said
      FROM adverse_events AS e
      WHERE e.subject_id = s.subject_id
      ORDER BY aestdtc
      LIMIT 6
    )) AS Adverse_Events,
  (SELECT dsdecod || ' (' || dsstdtc || ')'
    FROM disposition_events AS d
    WHERE d.subject_id = s.subject_id AND coalesce(dscat, '') <> 'PROTOCOL MILESTONE'
    ORDER BY dsstdtc DESC
    LIMIT 1) AS Disposition
FROM (
  SELECT *, coalesce(
    age,
    strftime('%Y', consent_date) - strftime('%Y', birth_date)
      - (strftime('%m-%d', consent_date) < strftime('%m-%d', birth_date))
  ) AS years
  FROM subjects
) AS s;
