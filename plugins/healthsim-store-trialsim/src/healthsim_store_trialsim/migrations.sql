-- How files of older versions follow. New tables and columns that may be empty come by themselves.

-- @migration intersex to 0.2.0: the sex UNDIFFERENTIATED is called INTERSEX, as CDISC's list has it
-- @since 0.1.0
UPDATE subjects SET sex = 'INTERSEX' WHERE sex = 'UNDIFFERENTIATED';

-- @migration frequencies to 0.2.0: how often a treatment is given is told in CDISC's words
UPDATE exposures
SET exdosfrq = CASE upper(exdosfrq)
  WHEN 'QW' THEN 'EVERY WEEK'
  WHEN 'WEEKLY' THEN 'EVERY WEEK'
  WHEN 'Q2W' THEN 'EVERY 2 WEEKS'
  WHEN 'Q3W' THEN 'EVERY 3 WEEKS'
  WHEN 'Q4W' THEN 'EVERY 4 WEEKS'
  WHEN 'Q6W' THEN 'EVERY 6 WEEKS'
  WHEN 'Q8W' THEN 'EVERY 8 WEEKS'
  WHEN 'DAILY' THEN 'QD'
  WHEN 'ONCE DAILY' THEN 'QD'
  WHEN 'TWICE DAILY' THEN 'BID'
  ELSE exdosfrq
END
WHERE exdosfrq IS NOT NULL;

-- @migration subject_numbers to 0.2.0: subjects have a number of their own, which was in usubjid
ALTER TABLE subjects ADD COLUMN subject_number VARCHAR;
UPDATE subjects
SET subject_number = substr(usubjid, 3 + (
  SELECT length(protocol_number) + length(site_number)
  FROM studies JOIN sites ON sites.study_id = studies.study_id
  WHERE sites.site_id = subjects.site_id
))
WHERE EXISTS (
  SELECT 1
  FROM studies JOIN sites ON sites.study_id = studies.study_id
  WHERE sites.site_id = subjects.site_id
    AND substr(usubjid, 1, length(protocol_number) + length(site_number) + 2)
      = protocol_number || '-' || site_number || '-'
    AND length(usubjid) > length(protocol_number) + length(site_number) + 2
);

-- @migration actual_arms to 0.2.0: who was treated was so as planned, which no column told otherwise
ALTER TABLE subjects ADD COLUMN actual_arm_id VARCHAR;
UPDATE subjects SET actual_arm_id = arm_id WHERE first_dose_date IS NOT NULL;

-- @migration fatal_events to 0.2.0: a fatal adverse event that is serious is so because of death
ALTER TABLE adverse_events ADD COLUMN aesdth VARCHAR;
UPDATE adverse_events SET aesdth = 'Y' WHERE aeout = 'FATAL' AND aeser = 'Y';
