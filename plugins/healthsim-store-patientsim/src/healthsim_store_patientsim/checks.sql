-- What belongs to a visit is of the visit's patient @name visit_patient
WITH of_visits AS (
  SELECT 'diagnosis' AS kind, diagnosis_id AS id, patient_id, encounter_id FROM diagnoses
  UNION ALL
  SELECT 'procedure', procedure_id, patient_id, encounter_id FROM procedures
  UNION ALL
  SELECT 'lab result', lab_result_id, patient_id, encounter_id FROM lab_results
  UNION ALL
  SELECT 'vital sign', vital_sign_id, patient_id, encounter_id FROM vital_signs
  UNION ALL
  SELECT 'observation', observation_id, patient_id, encounter_id FROM observations
  UNION ALL
  SELECT 'medication', medication_id, patient_id, encounter_id FROM medications
  UNION ALL
  SELECT 'allergy', allergy_id, patient_id, encounter_id FROM allergies
  UNION ALL
  SELECT 'order', order_id, patient_id, encounter_id FROM orders
  UNION ALL
  SELECT 'note', note_id, patient_id, encounter_id FROM clinical_notes
)
SELECT kind, id, o.patient_id, e.patient_id AS patient_of_visit
FROM of_visits AS o
JOIN encounters AS e USING (encounter_id)
WHERE e.patient_id <> o.patient_id;

-- Nothing is before the birth @name before_birth
SELECT mrn, birth_date, date(admission_time) AS day, 'encounter ' || encounter_id AS what
FROM patients
JOIN encounters USING (patient_id)
WHERE date(admission_time) < birth_date
UNION ALL
SELECT mrn, birth_date, diagnosed_date, 'diagnosis ' || diagnosis_id
FROM patients
JOIN diagnoses USING (patient_id)
WHERE diagnosed_date < birth_date
UNION ALL
SELECT mrn, birth_date, start_date, 'medication ' || medication_id
FROM patients
JOIN medications USING (patient_id)
WHERE start_date < birth_date;

-- Visits are no rule here: the one in which a death is certified may be a day later.

-- Nothing is measured or given after death @name after_death
SELECT mrn, death_date, date(collected_time) AS day, 'lab result ' || lab_result_id AS what
FROM patients
JOIN lab_results USING (patient_id)
WHERE date(collected_time) > death_date
UNION ALL
SELECT mrn, death_date, date(observed_time), 'vital sign ' || vital_sign_id
FROM patients
JOIN vital_signs USING (patient_id)
WHERE date(observed_time) > death_date
UNION ALL
SELECT mrn, death_date, start_date, 'medication ' || medication_id
FROM patients
JOIN medications USING (patient_id)
WHERE start_date > death_date;
