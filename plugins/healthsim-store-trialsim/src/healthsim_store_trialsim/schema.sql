-- TrialSim: clinical trials. Names and controlled terms follow CDISC SDTM.

-- Trials @alias study trial trials protocols
CREATE TABLE studies (
  study_id VARCHAR PRIMARY KEY, -- Id in this scenario
  protocol_number VARCHAR NOT NULL UNIQUE, -- Protocol number, SDTM STUDYID @alias protocol protocol_id study_number studyid
  phase VARCHAR NOT NULL CHECK (phase IN ('0', '1', '1/2', '2', '2/3', '3', '3/4', '4', 'NA')), -- Trial phase @alias study_phase trial_phase @codes CDISC TPHASE @synonym I=1, Phase 1=1, Phase I=1, I/II=1/2, Phase 1/2=1/2, Phase 1/Phase 2=1/2, II=2, Phase 2=2, Phase II=2, II/III=2/3, Phase 2/3=2/3, III=3, Phase 3=3, Phase III=3, IV=4, Phase 4=4, Phase IV=4, N/A=NA, not applicable=NA
  indication VARCHAR NOT NULL, -- Disease under study @alias disease condition therapeutic_indication
  sponsor VARCHAR, -- Who runs it @alias sponsor_name
  status VARCHAR CHECK (status IN ('planned', 'recruiting', 'active', 'completed', 'suspended', 'terminated', 'withdrawn')), -- State @alias study_status @synonym ongoing=active, enrolling=recruiting, closed=completed
  title VARCHAR, -- Title @alias study_title name
  planned_subjects INTEGER CHECK (planned_subjects > 0), -- How many are to be enrolled @alias target_enrollment planned_enrollment
  start_date DATE, -- First day
  end_date DATE, -- Last day
  study_type VARCHAR CHECK (study_type IN ('INTERVENTIONAL', 'OBSERVATIONAL', 'EXPANDED ACCESS', 'PATIENT REGISTRY')), -- Whether it intervenes, SDTM STYPE @alias stype @codes CDISC STYPE
  intervention_model VARCHAR, -- How arms relate to each other, SDTM INTMODEL @alias intmodel design @codes CDISC INTMODEL
  intervention_type VARCHAR, -- What is tried, SDTM INTTYPE @alias inttype @codes CDISC INTTYPE
  blinding VARCHAR, -- Who knows the treatment, SDTM TBLIND @alias tblind masking blinding_schema @codes CDISC TBLIND @synonym double-blind=DOUBLE BLIND, single-blind=SINGLE BLIND, open-label=OPEN LABEL, open=OPEN LABEL, unblinded=OPEN LABEL
  control_type VARCHAR, -- What it is compared with, SDTM TCNTRL @alias tcntrl control @codes CDISC TCNTRL
  randomized VARCHAR CHECK (randomized IN ('Y', 'N')), -- Whether arms are drawn, SDTM RANDOM @alias random is_randomized @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  adaptive_design VARCHAR CHECK (adaptive_design IN ('Y', 'N')), -- Whether it may change on the way, SDTM ADAPT @alias adapt adaptive @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  add_on VARCHAR CHECK (add_on IN ('Y', 'N')), -- Whether it is added to an existing treatment, SDTM ADDON @alias addon @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  objective VARCHAR, -- Primary objective, SDTM OBJPRIM @alias primary_objective objprim
  pharmacologic_class VARCHAR, -- What kind of drug, SDTM PCLAS @alias pclas pclass drug_class
  treatment VARCHAR, -- What is investigated, SDTM TRT @alias trt investigational_treatment investigational_product
  trial_length VARCHAR, -- How long a subject takes part: an ISO 8601 duration such as P18M, SDTM LENGTH @alias length duration
  minimum_age VARCHAR, -- Of subjects: an ISO 8601 duration such as P18Y, SDTM AGEMIN @alias agemin
  maximum_age VARCHAR, -- Of subjects, none where there is no limit: an ISO 8601 duration, SDTM AGEMAX @alias agemax
  sex_population VARCHAR CHECK (sex_population IN ('BOTH', 'F', 'M')), -- Sexes that may take part, SDTM SEXPOP @alias sexpop @codes CDISC SEXPOP @synonym all=BOTH, female=F, male=M
  registry_id VARCHAR, -- Number in a public register such as clinicaltrials.gov, SDTM REGID @alias regid nct_number
  CHECK (end_date IS NULL OR start_date IS NULL OR end_date >= start_date)
);

-- Further facts about a trial, SDTM TS. A parameter that is here goes before the column of studies @alias trial_parameter trial_summary study_parameters ts
CREATE TABLE trial_parameters (
  trial_parameter_id VARCHAR PRIMARY KEY, -- Id in this scenario
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- Of which trial
  tsseq INTEGER CHECK (tsseq > 0), -- Number of the value, where a parameter has several @alias sequence
  tsgrpid VARCHAR, -- Group of parameters that belong together @alias group_id
  tsparmcd VARCHAR(8) NOT NULL, -- Short name of the parameter @alias parameter_code @codes CDISC TSPARMCD
  tsparm VARCHAR(40), -- Name of the parameter @alias parameter @codes CDISC TSPARM
  tsval VARCHAR, -- Value @alias value
  tsvalnf VARCHAR, -- Why there is no value @alias null_flavor @codes ISO 21090
  tsvalcd VARCHAR, -- Code of the value @alias value_code
  tsvcdref VARCHAR, -- Code system of the value @alias value_code_system @codes CDISC DICTNAM
  tsvcdver VARCHAR, -- Version of the code system @alias value_code_version
  UNIQUE (study_id, tsparmcd, tsseq),
  CHECK (tsval IS NOT NULL OR tsvalnf IS NOT NULL)
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

-- Parts of which arms are made, such as screening or a treatment, SDTM TE @alias trial_element elements te
CREATE TABLE trial_elements (
  element_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias trial_element_id
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- Of which trial
  etcd VARCHAR(8) NOT NULL, -- Short @alias element_code
  element VARCHAR(40) NOT NULL, -- In words @alias element_name description
  testrl VARCHAR, -- Rule for its beginning @alias start_rule
  teenrl VARCHAR, -- Rule for its end @alias end_rule
  tedur VARCHAR, -- Planned length: an ISO 8601 duration such as P3W @alias planned_duration duration
  UNIQUE (study_id, etcd)
);

-- The elements of each arm in their order, SDTM TA @alias arm_element trial_arms ta
CREATE TABLE arm_elements (
  arm_element_id VARCHAR PRIMARY KEY, -- Id in this scenario
  arm_id VARCHAR NOT NULL REFERENCES treatment_arms (arm_id), -- Of which arm
  element_id VARCHAR NOT NULL REFERENCES trial_elements (element_id), -- Which element
  taetord INTEGER NOT NULL CHECK (taetord > 0), -- Place within the arm, from 1 on @alias element_order
  tabranch VARCHAR, -- What decides about the arm at the end of it @alias branch
  tatrans VARCHAR, -- Where else a subject may go from it @alias transition transition_rule
  epoch VARCHAR NOT NULL, -- Part of the trial @codes CDISC EPOCH
  UNIQUE (arm_id, taetord)
);

-- What lets people into a trial, or keeps them out, SDTM TI @alias criteria eligibility_criterion inclusion_exclusion_criteria ti
CREATE TABLE eligibility_criteria (
  criterion_id VARCHAR PRIMARY KEY, -- Id in this scenario
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- Of which trial
  ietestcd VARCHAR(8) NOT NULL, -- Short, such as INCL01 @alias criterion_code
  ietest VARCHAR(200) NOT NULL, -- In words @alias criterion criterion_text
  iecat VARCHAR NOT NULL CHECK (iecat IN ('INCLUSION', 'EXCLUSION')), -- Kind @alias category criterion_type @codes CDISC IECAT @synonym include=INCLUSION, incl=INCLUSION, exclude=EXCLUSION, excl=EXCLUSION
  tirl VARCHAR, -- The rule in the form of a program @alias rule
  tivers VARCHAR, -- Version of the protocol's criteria @alias version protocol_version
  UNIQUE (study_id, ietestcd, tivers)
);

-- Visits as the protocol plans them, SDTM TV. visit_schedule has them for each subject @alias planned_visit protocol_visits protocol_visit tv
CREATE TABLE planned_visits (
  planned_visit_id VARCHAR PRIMARY KEY, -- Id in this scenario
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- Of which trial
  arm_id VARCHAR REFERENCES treatment_arms (arm_id), -- Of which arm; none where all arms have it
  visit_num REAL NOT NULL, -- Number, SDTM VISITNUM @alias visitnum visit_number
  visit_name VARCHAR NOT NULL, -- In words, SDTM VISIT @alias visit
  visit_day INTEGER CHECK (visit_day <> 0), -- Study day; there is no day 0, SDTM VISITDY @alias visitdy planned_day
  tvstrl VARCHAR, -- Rule for its beginning @alias start_rule
  tvenrl VARCHAR, -- Rule for its end @alias end_rule
  UNIQUE (study_id, arm_id, visit_num)
);

-- People in a trial, SDTM DM @alias subject participants trial_subjects
CREATE TABLE subjects (
  subject_id VARCHAR PRIMARY KEY, -- Id in this scenario
  usubjid VARCHAR NOT NULL UNIQUE, -- Unique subject identifier: study, site and subject @alias unique_subject_id
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- In which trial
  site_id VARCHAR NOT NULL REFERENCES sites (site_id), -- At which site
  arm_id VARCHAR REFERENCES treatment_arms (arm_id), -- Randomized to @alias planned_arm_id
  actual_arm_id VARCHAR REFERENCES treatment_arms (arm_id), -- As treated, where that is known; SDTM ACTARMCD
  subject_number VARCHAR, -- Number within the study, SDTM SUBJID @alias subjid subject_no
  status VARCHAR NOT NULL DEFAULT 'enrolled' CHECK (status IN ('screening', 'screen failure', 'enrolled', 'randomized', 'active', 'completed', 'discontinued', 'withdrawn', 'lost to follow-up')), -- State @alias subject_status enrollment_status @synonym screened=screening, screen_failure=screen failure, screen failed=screen failure, ongoing=active, on treatment=active, complete=completed, early termination=discontinued, lost_to_followup=lost to follow-up
  sex VARCHAR CHECK (sex IN ('M', 'F', 'U', 'INTERSEX')), -- Sex @alias gender @codes CDISC SEX @synonym male=M, man=M, female=F, woman=F, unknown=U, other=INTERSEX, UNDIFFERENTIATED=INTERSEX
  age INTEGER CHECK (age >= 0), -- Age at consent, in years unless age_unit says otherwise @alias age_years age_at_consent
  age_unit VARCHAR NOT NULL DEFAULT 'YEARS' CHECK (age_unit IN ('YEARS', 'MONTHS', 'WEEKS', 'DAYS', 'HOURS')), -- Unit of the age, SDTM AGEU @alias ageu age_units @codes CDISC AGEU @synonym year=YEARS, month=MONTHS, week=WEEKS, day=DAYS, hour=HOURS
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
  participation_end_date DATE, -- Last day in the trial, SDTM RFPENDTC @alias rfpendtc end_of_participation
  arm_null_reason VARCHAR, -- Why there is no planned or actual arm, SDTM ARMNRS @alias armnrs @codes CDISC ARMNULRS
  unplanned_arm VARCHAR, -- How the subject was treated, where no arm is like it, SDTM ACTARMUD @alias actarmud
  safety_population VARCHAR CHECK (safety_population IN ('Y', 'N')), -- In the analysis of safety @alias saffl safety @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  intent_to_treat_population VARCHAR CHECK (intent_to_treat_population IN ('Y', 'N')), -- In the analysis by intention to treat @alias ittfl itt intent_to_treat @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  efficacy_population VARCHAR CHECK (efficacy_population IN ('Y', 'N')), -- In the analysis of efficacy @alias efffl efficacy @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  completers_population VARCHAR CHECK (completers_population IN ('Y', 'N')), -- In the analysis of those who completed @alias complfl completers @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  patient_id VARCHAR, -- The chart behind it @references patients(patient_id)
  person_id VARCHAR, -- The same human across products
  CHECK (randomization_date IS NULL OR consent_date IS NULL OR randomization_date >= consent_date),
  CHECK (last_dose_date IS NULL OR first_dose_date IS NULL OR last_dose_date >= first_dose_date),
  CHECK (age <= 120 OR age_unit <> 'YEARS')
);

CREATE INDEX subjects_person_id ON subjects (person_id);

-- Visits as planned, one row for each subject and visit @label Scheduled Visits @alias scheduled_visits scheduled_visit visit_schedules
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
  visit_date DATE, -- When, SDTM SVSTDTC @alias svstdtc actual_date
  visit_status VARCHAR NOT NULL DEFAULT 'completed' CHECK (visit_status IN ('completed', 'partial', 'missed', 'cancelled', 'unscheduled')), -- How it went @alias status @synonym complete=completed, done=completed, not done=missed, canceled=cancelled, no show=missed
  study_day INTEGER CHECK (study_day <> 0), -- Day since the first treatment, which is 1; there is no day 0 @alias svstdy visit_day
  end_date DATE, -- Last day, SDTM SVENDTC @alias svendtc
  CHECK (end_date IS NULL OR end_date >= visit_date),
  CHECK (visit_date IS NOT NULL OR visit_status IN ('missed', 'cancelled'))
);

-- Elements of the trial as subjects went through them, SDTM SE @alias subject_element se
CREATE TABLE subject_elements (
  subject_element_id VARCHAR PRIMARY KEY, -- Id in this scenario
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Whose
  element_id VARCHAR REFERENCES trial_elements (element_id), -- Which element; none where it was not planned
  seseq INTEGER CHECK (seseq > 0), -- Number within the subject @alias sequence
  taetord INTEGER CHECK (taetord > 0), -- Place within the arm @alias element_order
  epoch VARCHAR, -- Part of the trial @codes CDISC EPOCH
  sestdtc PARTIAL_TIMESTAMP NOT NULL, -- Beginning @alias start_date
  seendtc PARTIAL_TIMESTAMP, -- End @alias end_date
  seupdes VARCHAR, -- What happened, where the element was not planned @alias unplanned_description
  CHECK (seendtc >= sestdtc OR sestdtc GLOB seendtc || '*' OR seendtc || sestdtc GLOB '*--*' OR substr(seendtc, 11) || substr(sestdtc, 11) GLOB '*[Z+-]*'),
  CHECK (element_id IS NOT NULL OR seupdes IS NOT NULL)
);

-- Criteria that subjects do not meet, SDTM IE @alias eligibility_exception criteria_not_met ie
CREATE TABLE eligibility_exceptions (
  eligibility_exception_id VARCHAR PRIMARY KEY, -- Id in this scenario
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Whose
  criterion_id VARCHAR NOT NULL REFERENCES eligibility_criteria (criterion_id), -- Which criterion
  ieseq INTEGER CHECK (ieseq > 0), -- Number within the subject @alias sequence
  ieorres VARCHAR CHECK (ieorres IN ('Y', 'N')), -- The answer to the criterion: N where an inclusion is not met, Y where an exclusion is @alias result answer @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  visit_num REAL, -- At which visit, SDTM VISITNUM @alias visitnum visit_number
  iedtc PARTIAL_TIMESTAMP -- When it was found @alias collection_date date
);

-- Adverse events, SDTM AE @alias adverse_event aes ae
CREATE TABLE adverse_events (
  adverse_event_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias ae_id
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Whose
  aeseq INTEGER CHECK (aeseq > 0), -- Number within the subject @alias sequence
  aeterm VARCHAR NOT NULL, -- As reported @alias term ae_term verbatim_term event_term
  aedecod VARCHAR, -- Preferred term @alias preferred_term pt @codes MedDRA
  aebodsys VARCHAR, -- System organ class @alias body_system soc system_organ_class @codes MedDRA
  aestdtc PARTIAL_TIMESTAMP, -- Beginning @alias start_date onset_date ae_start_date
  aeendtc PARTIAL_TIMESTAMP, -- End @alias end_date resolution_date ae_end_date
  aesev VARCHAR CHECK (aesev IN ('MILD', 'MODERATE', 'SEVERE')), -- Severity @alias severity @codes CDISC AESEV
  aetoxgr VARCHAR CHECK (aetoxgr IN ('1', '2', '3', '4', '5')), -- Toxicity grade @alias grade toxicity_grade ctcae_grade severity_grade @codes NCI CTCAE @synonym Grade 1=1, Grade 2=2, Grade 3=3, Grade 4=4, Grade 5=5
  aeser VARCHAR CHECK (aeser IN ('Y', 'N')), -- Serious @alias serious is_serious @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aerel VARCHAR, -- Related to the treatment, in the sponsor's words @alias causality relationship related relatedness @synonym none=NOT RELATED, unrelated=NOT RELATED, not related=NOT RELATED, unlikely=UNLIKELY RELATED, possible=POSSIBLY RELATED, possibly=POSSIBLY RELATED, probable=PROBABLY RELATED, probably=PROBABLY RELATED, definite=RELATED, definitely=RELATED, no=NOT RELATED, yes=RELATED
  aeacn VARCHAR CHECK (aeacn IN ('DOSE INCREASED', 'DOSE NOT CHANGED', 'DOSE RATE REDUCED', 'DOSE REDUCED', 'DRUG INTERRUPTED', 'DRUG WITHDRAWN', 'NOT APPLICABLE', 'UNKNOWN')), -- What was done with the treatment @alias action_taken action @codes CDISC ACN @synonym none=DOSE NOT CHANGED, dose interrupted=DRUG INTERRUPTED, discontinued=DRUG WITHDRAWN, withdrawn=DRUG WITHDRAWN, reduced=DOSE REDUCED, interrupted=DRUG INTERRUPTED, N/A=NOT APPLICABLE
  aeout VARCHAR CHECK (aeout IN ('FATAL', 'NOT RECOVERED/NOT RESOLVED', 'RECOVERED/RESOLVED', 'RECOVERED/RESOLVED WITH SEQUELAE', 'RECOVERING/RESOLVING', 'UNKNOWN')), -- How it ended @alias outcome @codes CDISC OUT @synonym recovered=RECOVERED/RESOLVED, resolved=RECOVERED/RESOLVED, recovering=RECOVERING/RESOLVING, resolving=RECOVERING/RESOLVING, ongoing=NOT RECOVERED/NOT RESOLVED, not recovered=NOT RECOVERED/NOT RESOLVED, not resolved=NOT RECOVERED/NOT RESOLVED, death=FATAL, recovered with sequelae=RECOVERED/RESOLVED WITH SEQUELAE
  aellt VARCHAR, -- Lowest level term @alias lowest_level_term llt @codes MedDRA
  aelltcd INTEGER, -- Code of the lowest level term @alias llt_code @codes MedDRA
  aeptcd INTEGER, -- Code of the preferred term @alias pt_code preferred_term_code @codes MedDRA
  aehlt VARCHAR, -- High level term @alias high_level_term hlt @codes MedDRA
  aehltcd INTEGER, -- Code of the high level term @alias hlt_code @codes MedDRA
  aehlgt VARCHAR, -- High level group term @alias high_level_group_term hlgt @codes MedDRA
  aehlgtcd INTEGER, -- Code of the high level group term @alias hlgt_code @codes MedDRA
  aebdsycd INTEGER, -- Code of the system organ class @alias body_system_code @codes MedDRA
  aesoc VARCHAR, -- Primary system organ class @alias primary_soc @codes MedDRA
  aesoccd INTEGER, -- Code of the primary system organ class @alias soc_code @codes MedDRA
  aesdth VARCHAR CHECK (aesdth IN ('Y', 'N', 'U', 'NA')), -- Serious because of death @alias results_in_death @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aeslife VARCHAR CHECK (aeslife IN ('Y', 'N', 'U', 'NA')), -- Serious because life was in danger @alias life_threatening @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aeshosp VARCHAR CHECK (aeshosp IN ('Y', 'N', 'U', 'NA')), -- Serious because of a stay in hospital @alias hospitalization hospitalisation @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aesdisab VARCHAR CHECK (aesdisab IN ('Y', 'N', 'U', 'NA')), -- Serious because of a disability @alias disability @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aescong VARCHAR CHECK (aescong IN ('Y', 'N', 'U', 'NA')), -- Serious because of a birth defect @alias congenital_anomaly birth_defect @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aesmie VARCHAR CHECK (aesmie IN ('Y', 'N', 'U', 'NA')), -- Serious for another medical reason @alias medically_important @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aecontrt VARCHAR CHECK (aecontrt IN ('Y', 'N', 'U', 'NA')), -- Whether another treatment was given @alias aescontrt concomitant_treatment @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  aespid VARCHAR, -- The sponsor's own number @alias sponsor_id
  aecat VARCHAR, -- Category @alias category
  aescat VARCHAR, -- Subcategory @alias subcategory
  aepatt VARCHAR, -- How it came and went @alias pattern
  aeenrf VARCHAR CHECK (aeenrf IN ('BEFORE', 'DURING', 'DURING/AFTER', 'AFTER', 'COINCIDENT', 'ONGOING', 'UNKNOWN')), -- End, beside the time of the trial @alias end_relative_to_reference @codes CDISC STENRF @synonym U=UNKNOWN
  CHECK (aeendtc >= aestdtc OR aestdtc GLOB aeendtc || '*' OR aeendtc || aestdtc GLOB '*--*' OR substr(aeendtc, 11) || substr(aestdtc, 11) GLOB '*[Z+-]*')
);

-- How subjects left parts of a trial, SDTM DS @alias disposition_event dispositions disposition
CREATE TABLE disposition_events (
  disposition_event_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias disposition_id
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Who
  dsdecod VARCHAR NOT NULL, -- Standard term: COMPLETED, ADVERSE EVENT, DEATH, ... @alias reason disposition_reason standard_term decode @codes CDISC NCOMPLT
  dsterm VARCHAR, -- As reported @alias term reported_term
  dsstdtc PARTIAL_TIMESTAMP, -- When @alias disposition_date event_date date
  dscat VARCHAR CHECK (dscat IN ('PROTOCOL MILESTONE', 'DISPOSITION EVENT', 'OTHER EVENT')), -- Kind @alias category @codes CDISC DSCAT
  epoch VARCHAR, -- Part of the trial @codes CDISC EPOCH
  dsseq INTEGER CHECK (dsseq > 0), -- Number within the subject
  dsscat VARCHAR, -- Subcategory: what is left, such as STUDY PARTICIPATION or STUDY TREATMENT @alias subcategory @codes CDISC DSSCAT
  dsspid VARCHAR, -- The sponsor's own number @alias sponsor_id
  dsdtc PARTIAL_TIMESTAMP, -- When it was recorded @alias collection_date
  visit_num REAL -- At which visit, SDTM VISITNUM @alias visitnum visit_number
);

-- Treatments given, SDTM EX @alias exposure doses dosing
CREATE TABLE exposures (
  exposure_id VARCHAR PRIMARY KEY, -- Id in this scenario
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- To whom
  extrt VARCHAR NOT NULL, -- Treatment @alias treatment drug_name drug
  exdose REAL CHECK (exdose >= 0), -- Amount @alias dose
  exdosu VARCHAR, -- Unit of the amount @alias dose_unit unit @codes UCUM
  exroute VARCHAR, -- Way in @alias route @codes CDISC ROUTE
  exdosfrq VARCHAR, -- How often @alias frequency dosing_frequency @codes CDISC FREQ @synonym QW=EVERY WEEK, weekly=EVERY WEEK, Q2W=EVERY 2 WEEKS, Q3W=EVERY 3 WEEKS, Q4W=EVERY 4 WEEKS, Q6W=EVERY 6 WEEKS, Q8W=EVERY 8 WEEKS, once daily=QD, daily=QD, twice daily=BID
  exstdtc PARTIAL_TIMESTAMP, -- Beginning @alias start_date dose_date
  exendtc PARTIAL_TIMESTAMP, -- End @alias end_date
  exseq INTEGER CHECK (exseq > 0), -- Number within the subject
  visit_id VARCHAR REFERENCES actual_visits (visit_id), -- At which visit
  exdosfrm VARCHAR, -- Form, such as TABLET or INJECTION @alias dose_form form @codes CDISC FRM
  exdostxt VARCHAR, -- Amount in words, where no number says it @alias dose_text
  exdostot REAL CHECK (exdostot >= 0), -- Amount of a day, in the same unit @alias total_daily_dose
  exlot VARCHAR, -- Lot number @alias lot lot_number
  excat VARCHAR, -- Category @alias category
  exadj VARCHAR, -- Why the amount was changed @alias reason_for_adjustment
  epoch VARCHAR, -- Part of the trial @codes CDISC EPOCH
  CHECK (exendtc >= exstdtc OR exstdtc GLOB exendtc || '*' OR exendtc || exstdtc GLOB '*--*' OR substr(exendtc, 11) || substr(exstdtc, 11) GLOB '*[Z+-]*')
);

-- Laboratory results of subjects, SDTM LB @alias trial_lab_result trial_labs lb
CREATE TABLE trial_lab_results (
  trial_lab_result_id VARCHAR PRIMARY KEY, -- Id in this scenario
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Whose
  visit_id VARCHAR REFERENCES actual_visits (visit_id), -- At which visit
  lbseq INTEGER CHECK (lbseq > 0), -- Number within the subject @alias sequence
  lbtestcd VARCHAR(8) NOT NULL, -- Short name of the test @alias test_code @codes CDISC LBTESTCD
  lbtest VARCHAR(40) NOT NULL, -- Name of the test @alias test test_name @codes CDISC LBTEST
  lbcat VARCHAR, -- Category, such as CHEMISTRY or HEMATOLOGY @alias category
  lbscat VARCHAR, -- Subcategory @alias subcategory
  lborres VARCHAR, -- Result as received @alias result original_result
  lborresu VARCHAR, -- Its unit @alias unit original_unit @codes CDISC UNIT
  lbornrlo VARCHAR, -- Lower limit of what is usual, in that unit @alias reference_low original_low
  lbornrhi VARCHAR, -- Upper limit of what is usual, in that unit @alias reference_high original_high
  lbstresc VARCHAR, -- Result in the standard unit, as text @alias standard_result
  lbstresn REAL, -- Result in the standard unit, as a number @alias standard_number value
  lbstresu VARCHAR, -- Standard unit @alias standard_unit @codes CDISC UNIT
  lbstnrlo REAL, -- Lower limit of what is usual, in the standard unit @alias standard_low
  lbstnrhi REAL, -- Upper limit of what is usual, in the standard unit @alias standard_high
  lbnrind VARCHAR, -- Where it is beside these limits @alias abnormal_flag range_indicator @codes CDISC NRIND
  lbspec VARCHAR, -- Specimen @alias specimen @codes CDISC SPECTYPE
  lbmethod VARCHAR, -- Method @alias method @codes CDISC METHOD
  lbblfl VARCHAR CHECK (lbblfl IN ('Y', 'N')), -- Whether it is the baseline @alias baseline lblobxfl @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  lbfast VARCHAR CHECK (lbfast IN ('Y', 'N', 'U', 'NA')), -- Whether fasting @alias fasting @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  lbstat VARCHAR CHECK (lbstat IN ('NOT DONE')), -- That it was not done @alias test_status @codes CDISC ND
  lbreasnd VARCHAR, -- Why it was not done @alias reason_not_done
  lbloinc VARCHAR, -- Code of the test @alias loinc loinc_code @codes LOINC
  visit_num REAL, -- Number of the visit, SDTM VISITNUM @alias visitnum visit_number
  lbdtc PARTIAL_TIMESTAMP -- When the specimen was taken @alias collection_date date
);

-- Vital signs of subjects, SDTM VS @alias trial_vital_sign trial_vitals vs
CREATE TABLE trial_vital_signs (
  trial_vital_sign_id VARCHAR PRIMARY KEY, -- Id in this scenario
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Whose
  visit_id VARCHAR REFERENCES actual_visits (visit_id), -- At which visit
  vsseq INTEGER CHECK (vsseq > 0), -- Number within the subject @alias sequence
  vstestcd VARCHAR(8) NOT NULL, -- Short name of what is measured @alias test_code @codes CDISC VSTESTCD
  vstest VARCHAR(40) NOT NULL, -- Name of what is measured @alias test test_name @codes CDISC VSTEST
  vspos VARCHAR, -- Position of the subject @alias position @codes CDISC POSITION
  vsorres VARCHAR, -- Result as measured @alias result original_result
  vsorresu VARCHAR, -- Its unit @alias unit original_unit @codes CDISC VSRESU
  vsstresc VARCHAR, -- Result in the standard unit, as text @alias standard_result
  vsstresn REAL, -- Result in the standard unit, as a number @alias standard_number value
  vsstresu VARCHAR, -- Standard unit @alias standard_unit @codes CDISC VSRESU
  vsstat VARCHAR CHECK (vsstat IN ('NOT DONE')), -- That it was not done @alias measurement_status @codes CDISC ND
  vsreasnd VARCHAR, -- Why it was not done @alias reason_not_done
  vsloc VARCHAR, -- Where on the body @alias location body_site @codes CDISC LOC
  vslat VARCHAR, -- On which side @alias laterality side @codes CDISC LAT
  vsblfl VARCHAR CHECK (vsblfl IN ('Y', 'N')), -- Whether it is the baseline @alias baseline vslobxfl @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  visit_num REAL, -- Number of the visit, SDTM VISITNUM @alias visitnum visit_number
  vsdtc PARTIAL_TIMESTAMP -- When it was measured @alias collection_date date
);

-- Other medicines that subjects take, SDTM CM @alias concomitant_medication conmeds conmed cm
CREATE TABLE concomitant_medications (
  concomitant_medication_id VARCHAR PRIMARY KEY, -- Id in this scenario
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Who
  cmseq INTEGER CHECK (cmseq > 0), -- Number within the subject @alias sequence
  cmtrt VARCHAR NOT NULL, -- As reported @alias medication drug drug_name treatment
  cmmodify VARCHAR, -- As corrected for coding @alias modified_name
  cmdecod VARCHAR, -- Standard name @alias standard_name @codes WHODrug
  cmcat VARCHAR, -- Category @alias category
  cmindc VARCHAR, -- What for @alias indication reason
  cmclas VARCHAR, -- Class of medicines @alias medication_class
  cmclascd VARCHAR, -- Code of the class @alias medication_class_code atc_code @codes ATC
  cmdose REAL CHECK (cmdose >= 0), -- Amount @alias dose
  cmdostxt VARCHAR, -- Amount in words, where no number says it @alias dose_text
  cmdosu VARCHAR, -- Unit of the amount @alias dose_unit unit @codes CDISC UNIT
  cmdosfrm VARCHAR, -- Form, such as TABLET @alias dose_form form @codes CDISC FRM
  cmdosfrq VARCHAR, -- How often @alias frequency dosing_frequency @codes CDISC FREQ @synonym QW=EVERY WEEK, weekly=EVERY WEEK, Q2W=EVERY 2 WEEKS, Q3W=EVERY 3 WEEKS, Q4W=EVERY 4 WEEKS, once daily=QD, daily=QD, twice daily=BID, as needed=PRN
  cmroute VARCHAR, -- Way in @alias route @codes CDISC ROUTE
  cmstdtc PARTIAL_TIMESTAMP, -- Beginning @alias start_date
  cmendtc PARTIAL_TIMESTAMP, -- End @alias end_date
  cmstrf VARCHAR CHECK (cmstrf IN ('BEFORE', 'DURING', 'DURING/AFTER', 'AFTER', 'COINCIDENT', 'ONGOING', 'UNKNOWN')), -- Beginning, beside the time of the trial @alias start_relative_to_reference @codes CDISC STENRF @synonym U=UNKNOWN
  cmenrf VARCHAR CHECK (cmenrf IN ('BEFORE', 'DURING', 'DURING/AFTER', 'AFTER', 'COINCIDENT', 'ONGOING', 'UNKNOWN')), -- End, beside the time of the trial @alias end_relative_to_reference @codes CDISC STENRF @synonym U=UNKNOWN
  CHECK (cmendtc >= cmstdtc OR cmstdtc GLOB cmendtc || '*' OR cmendtc || cmstdtc GLOB '*--*' OR substr(cmendtc, 11) || substr(cmstdtc, 11) GLOB '*[Z+-]*')
);

-- What subjects had before the trial, SDTM MH @alias medical_history prior_conditions mh
CREATE TABLE medical_histories (
  medical_history_id VARCHAR PRIMARY KEY, -- Id in this scenario
  subject_id VARCHAR NOT NULL REFERENCES subjects (subject_id), -- Whose
  mhseq INTEGER CHECK (mhseq > 0), -- Number within the subject @alias sequence
  mhterm VARCHAR NOT NULL, -- As reported @alias term condition reported_term
  mhmodify VARCHAR, -- As corrected for coding @alias modified_term
  mhdecod VARCHAR, -- Preferred term @alias preferred_term @codes MedDRA
  mhbodsys VARCHAR, -- System organ class @alias body_system system_organ_class @codes MedDRA
  mhcat VARCHAR, -- Category @alias category
  mhscat VARCHAR, -- Subcategory @alias subcategory
  mhpresp VARCHAR CHECK (mhpresp IN ('Y')), -- That it was asked for by name @alias prespecified @codes CDISC NY @synonym yes=Y, true=Y
  mhoccur VARCHAR CHECK (mhoccur IN ('Y', 'N', 'U', 'NA')), -- Whether the subject had it, where it was asked for @alias occurred @codes CDISC NY @synonym yes=Y, true=Y, no=N, false=N
  mhstdtc PARTIAL_TIMESTAMP, -- Beginning @alias start_date onset_date
  mhendtc PARTIAL_TIMESTAMP, -- End @alias end_date
  mhenrf VARCHAR CHECK (mhenrf IN ('BEFORE', 'DURING', 'DURING/AFTER', 'AFTER', 'COINCIDENT', 'ONGOING', 'UNKNOWN')), -- End, beside the time of the trial @alias end_relative_to_reference @codes CDISC STENRF @synonym U=UNKNOWN
  mhdtc PARTIAL_TIMESTAMP, -- When it was recorded @alias collection_date date
  CHECK (mhendtc >= mhstdtc OR mhstdtc GLOB mhendtc || '*' OR mhendtc || mhstdtc GLOB '*--*' OR substr(mhendtc, 11) || substr(mhstdtc, 11) GLOB '*[Z+-]*')
);

-- Values for which SDTM has no variable, SDTM SUPP-- @alias supplemental_value supplemental_qualifiers supp
CREATE TABLE supplemental_values (
  supplemental_value_id VARCHAR PRIMARY KEY, -- Id in this scenario
  study_id VARCHAR NOT NULL REFERENCES studies (study_id), -- Of which trial
  subject_id VARCHAR REFERENCES subjects (subject_id), -- Whose; nobody's where it is about the trial
  rdomain VARCHAR(2) NOT NULL, -- The domain that it adds to, such as AE @alias domain
  idvar VARCHAR(8), -- The variable that names the row, such as AESEQ; none for DM @alias id_variable
  idvarval VARCHAR, -- The value of that variable @alias id_value
  qnam VARCHAR(8) NOT NULL, -- Short name of the value @alias name
  qlabel VARCHAR(40) NOT NULL, -- Name of the value @alias label
  qval VARCHAR NOT NULL, -- Value @alias value
  qorig VARCHAR, -- Where it comes from, such as CRF @alias origin
  qeval VARCHAR, -- Who judged it @alias evaluator @codes CDISC EVAL
  UNIQUE (study_id, subject_id, rdomain, idvar, idvarval, qnam)
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
  (SELECT arm_name FROM treatment_arms AS a WHERE a.arm_id = s.arm_id)
    || coalesce((SELECT ', treated as ' || arm_name
      FROM treatment_arms AS a
      WHERE a.arm_id = s.actual_arm_id AND s.actual_arm_id <> s.arm_id), '') AS Arm,
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
    CASE age_unit WHEN 'MONTHS' THEN age / 12 WHEN 'WEEKS' THEN age / 52 WHEN 'DAYS' THEN age / 365
      WHEN 'HOURS' THEN age / 8766 ELSE age END,
    strftime('%Y', consent_date) - strftime('%Y', birth_date)
      - (strftime('%m-%d', consent_date) < strftime('%m-%d', birth_date))
  ) AS years
  FROM subjects
) AS s;
