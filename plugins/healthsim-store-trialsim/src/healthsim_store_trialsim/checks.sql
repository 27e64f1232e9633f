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
WHERE exstdtc < consent_date OR exstdtc > death_date;

-- No adverse event begins after death @name event_after_death
SELECT usubjid, death_date, aestdtc, aeterm
FROM subjects
JOIN adverse_events USING (subject_id)
WHERE aestdtc > death_date;

-- The day of a visit counts from the first treatment, which is day 1 @name study_day
SELECT usubjid, visit_date, first_dose_date, study_day
FROM subjects
JOIN actual_visits USING (subject_id)
WHERE study_day <> julianday(visit_date) - julianday(first_dose_date)
  + (visit_date >= first_dose_date);
