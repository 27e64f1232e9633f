-- A subject's site belongs to the subject's study @name subject_site
SELECT usubjid, subjects.study_id, sites.study_id AS study_of_site
FROM subjects
JOIN sites USING (site_id)
WHERE sites.study_id <> subjects.study_id;

-- A subject's arm belongs to the subject's study @name subject_arm
SELECT usubjid, subjects.study_id, treatment_arms.study_id AS study_of_arm
FROM subjects
JOIN treatment_arms USING (arm_id)
WHERE treatment_arms.study_id <> subjects.study_id;

-- A subject's actual arm belongs to the subject's study @name subject_actual_arm
SELECT usubjid, subjects.study_id, treatment_arms.study_id AS study_of_arm
FROM subjects
JOIN treatment_arms ON treatment_arms.arm_id = subjects.actual_arm_id
WHERE treatment_arms.study_id <> subjects.study_id;

-- A unique subject identifier begins with the study's protocol number, where others of it do, and
-- not with another study's @name usubjid_study
SELECT usubjid, protocol_number
FROM (
  SELECT
    usubjid, study_id, protocol_number, named,
    sum(named) OVER (PARTITION BY study_id) AS others
  FROM (
    SELECT
      usubjid, study_id, protocol_number,
      substr(usubjid, 1, length(protocol_number) + 1) = protocol_number || '-' AS named
    FROM subjects
    JOIN studies USING (study_id)
  )
) AS s
WHERE NOT named AND (others > 0 OR EXISTS (
  SELECT 1
  FROM studies AS t
  WHERE t.study_id <> s.study_id
    AND substr(usubjid, 1, length(t.protocol_number) + 1) = t.protocol_number || '-'
));

-- A visit is of the subject for whom it was scheduled @name visit_subject
SELECT visit_id, actual_visits.subject_id, visit_schedule.subject_id AS scheduled_for
FROM actual_visits
JOIN visit_schedule USING (scheduled_visit_id)
WHERE visit_schedule.subject_id <> actual_visits.subject_id;

-- Nothing happens after death @name after_death
SELECT usubjid, death_date, visit_date
FROM subjects
JOIN actual_visits USING (subject_id)
WHERE visit_date > death_date;

-- Nobody is treated before consent or after death @name treated_outside
SELECT usubjid, consent_date, death_date, exstdtc
FROM subjects
JOIN exposures USING (subject_id)
WHERE (exstdtc NOT GLOB '*--*' AND substr(exstdtc, 1, 10) < substr(consent_date, 1, length(exstdtc)))
  OR substr(exstdtc, 1, 10) > death_date;

-- No adverse event begins after death @name event_after_death
SELECT usubjid, death_date, aestdtc, aeterm
FROM subjects
JOIN adverse_events USING (subject_id)
WHERE substr(aestdtc, 1, 10) > death_date;

-- The day of a visit counts from the first treatment, which is day 1 @name study_day
SELECT usubjid, visit_date, first_dose_date, study_day
FROM subjects
JOIN actual_visits USING (subject_id)
WHERE study_day <> julianday(visit_date) - julianday(first_dose_date)
  + (visit_date >= first_dose_date);

-- The elements of an arm are of the arm's study @name arm_element_study
SELECT arm_element_id, treatment_arms.study_id AS study_of_arm, trial_elements.study_id
FROM arm_elements
JOIN treatment_arms USING (arm_id)
JOIN trial_elements USING (element_id)
WHERE trial_elements.study_id <> treatment_arms.study_id;

-- A planned visit is of an arm of its own study @name planned_visit_arm
SELECT planned_visit_id, planned_visits.study_id, treatment_arms.study_id AS study_of_arm
FROM planned_visits
JOIN treatment_arms USING (arm_id)
WHERE treatment_arms.study_id <> planned_visits.study_id;

-- Subjects go through elements of their own study @name subject_element_study
SELECT usubjid, subjects.study_id, trial_elements.study_id AS study_of_element
FROM subject_elements
JOIN subjects USING (subject_id)
JOIN trial_elements USING (element_id)
WHERE trial_elements.study_id <> subjects.study_id;

-- An element ends before the next one begins, or on the same day @name element_order
SELECT usubjid, element_id, seendtc, next
FROM (
  SELECT
    subject_id, element_id, seendtc,
    lead(sestdtc) OVER (PARTITION BY subject_id ORDER BY sestdtc, taetord) AS next
  FROM subject_elements
)
JOIN subjects USING (subject_id)
WHERE seendtc > next AND seendtc NOT GLOB next || '*';

-- An element has an end where another one follows @name element_end
SELECT usubjid, element_id, sestdtc
FROM (
  SELECT
    subject_id, element_id, sestdtc, seendtc,
    lead(sestdtc) OVER (PARTITION BY subject_id ORDER BY sestdtc, taetord) AS next
  FROM subject_elements
)
JOIN subjects USING (subject_id)
WHERE next IS NOT NULL AND seendtc IS NULL;

-- Elements with a place in the arm come in the order of their places @name element_place
SELECT usubjid, taetord, sestdtc, before
FROM (
  SELECT
    subject_id, taetord, sestdtc,
    lag(sestdtc) OVER (PARTITION BY subject_id ORDER BY taetord, sestdtc) AS before
  FROM subject_elements
  WHERE taetord IS NOT NULL
)
JOIN subjects USING (subject_id)
WHERE sestdtc < before AND before NOT GLOB sestdtc || '*';

-- Who does not meet a criterion does not meet one of the subject's own study @name exception_study
SELECT usubjid, subjects.study_id, eligibility_criteria.study_id AS study_of_criterion
FROM eligibility_exceptions
JOIN subjects USING (subject_id)
JOIN eligibility_criteria USING (criterion_id)
WHERE eligibility_criteria.study_id <> subjects.study_id;

-- An inclusion that is not met is answered by N, an exclusion by Y @name exception_answer
SELECT usubjid, ietestcd, ieorres
FROM eligibility_exceptions
JOIN subjects USING (subject_id)
JOIN eligibility_criteria USING (criterion_id)
WHERE ieorres = CASE iecat WHEN 'INCLUSION' THEN 'Y' ELSE 'N' END;

-- A value without a variable is of a subject of its own study @name supplemental_study
SELECT supplemental_value_id, supplemental_values.study_id, subjects.study_id AS study_of_subject
FROM supplemental_values
JOIN subjects USING (subject_id)
WHERE supplemental_values.study_id <> subjects.study_id;

-- What was found or given at a visit is of the visit's subject @name finding_visit
SELECT trial_lab_result_id AS id, f.subject_id, v.subject_id AS subject_of_visit
FROM trial_lab_results AS f JOIN actual_visits AS v USING (visit_id)
WHERE v.subject_id <> f.subject_id
UNION ALL
SELECT trial_vital_sign_id, f.subject_id, v.subject_id
FROM trial_vital_signs AS f JOIN actual_visits AS v USING (visit_id)
WHERE v.subject_id <> f.subject_id
UNION ALL
SELECT exposure_id, f.subject_id, v.subject_id
FROM exposures AS f JOIN actual_visits AS v USING (visit_id)
WHERE v.subject_id <> f.subject_id;

-- Who died takes part until then at most @name participation_after_death
SELECT usubjid, participation_end_date, death_date
FROM subjects
WHERE participation_end_date > death_date;

-- A serious adverse event with answers to what made it serious has a yes among them
-- @name serious_criterion
SELECT usubjid, aeterm, aeser
FROM adverse_events
JOIN subjects USING (subject_id)
WHERE aeser = 'Y'
  AND coalesce(aesdth, aeslife, aeshosp, aesdisab, aescong, aesmie) IS NOT NULL
  AND 'Y' NOT IN (
    coalesce(aesdth, ''), coalesce(aeslife, ''), coalesce(aeshosp, ''), coalesce(aesdisab, ''),
    coalesce(aescong, ''), coalesce(aesmie, '')
  );
