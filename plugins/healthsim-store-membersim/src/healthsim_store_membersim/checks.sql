-- Charges of the lines add up to the claim @name claim_charge
SELECT claim_id, total_charge, round(sum(charge_amount), 2) AS charge_of_lines
FROM claims
JOIN claim_lines USING (claim_id)
GROUP BY claim_id
HAVING abs(total_charge - sum(charge_amount)) > 0.005;

-- Payments of the lines add up to the claim @name claim_paid
SELECT claim_id, total_paid, round(sum(paid_amount), 2) AS paid_of_lines
FROM claims
JOIN claim_lines USING (claim_id)
GROUP BY claim_id
HAVING count(paid_amount) = count(*) AND abs(total_paid - sum(paid_amount)) > 0.005;

-- What is paid and the patient's share make what is allowed @name claim_allowed
SELECT claim_id, total_allowed, total_paid, patient_responsibility
FROM claims
WHERE abs(total_allowed - total_paid - patient_responsibility) > 0.005;

-- What is paid and the patient's share of a line make what is allowed @name line_allowed
SELECT claim_line_id, allowed_amount, paid_amount, patient_responsibility
FROM claim_lines
WHERE abs(allowed_amount - paid_amount - patient_responsibility) > 0.005;

-- A dependent has a subscriber of its own @name dependent_subscriber
SELECT member_id, relationship_code
FROM members
WHERE relationship_code <> '18' AND subscriber_id = member_id;

-- What is paid was on a day of the member's coverage @name paid_uncovered
SELECT claim_id, service_date, coverage_start, coverage_end, total_paid
FROM claims
JOIN members USING (member_id)
WHERE total_paid > 0 AND (service_date < coverage_start OR service_date > coverage_end);
