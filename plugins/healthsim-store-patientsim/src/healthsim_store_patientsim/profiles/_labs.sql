-- A laboratory's tests, and what is said of a result. A profile adds this view:
--   measured     what a result says: loinc_code, and found, the value before it is rounded

-- Tests with their usual values; without a mean, what the value is follows from the patient
-- @csv labs.csv
CREATE TABLE labs (
  loinc_code VARCHAR, test_name VARCHAR, unit VARCHAR, reference_low REAL, reference_high REAL,
  decimals INTEGER, mean REAL, deviation REAL
);

-- Each result as it is reported
CREATE VIEW reported AS
SELECT
  *,
  CASE
    WHEN reference_low IS NULL AND reference_high IS NULL THEN NULL
    WHEN value > reference_high THEN 'H'
    WHEN value < reference_low THEN 'L'
    ELSE 'N'
  END AS abnormal_flag,
  CASE
    WHEN reference_low IS NULL AND reference_high IS NULL THEN NULL
    WHEN reference_low IS NULL THEN '<=' || printf('%.*f', decimals, reference_high)
    WHEN reference_high IS NULL THEN '>=' || printf('%.*f', decimals, reference_low)
    ELSE printf('%.*f-%.*f', decimals, reference_low, decimals, reference_high)
  END AS reference_range
FROM (SELECT *, round(found, decimals) AS value FROM measured JOIN labs USING (loinc_code));
