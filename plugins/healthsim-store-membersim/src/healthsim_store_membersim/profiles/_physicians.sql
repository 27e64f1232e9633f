-- A thousand physicians, by numbers that pass the check of a real one
CREATE TABLE physicians (npi VARCHAR);

INSERT INTO physicians
WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < 1000)
SELECT substr(luhn('80840' || (150000000 + 7919 * i)), 6) FROM number;
