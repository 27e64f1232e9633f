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
