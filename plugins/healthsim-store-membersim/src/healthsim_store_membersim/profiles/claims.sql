-- Claims for the members of a scenario, for what they have and for what befalls anybody @counts
-- claims @include _covered.sql _physicians.sql _claims.sql
-- @from scenario members(member_id, birth_date, coverage_start, coverage_end, plan_type, pcp_npi,
-- person_id) member_conditions(member_id, code, description, identified_date)? claims(member_id,
-- service_category, service_date, end_date)? patients(person_id, death_date)?

-- Claims are what this profile is for
CREATE TABLE options (
  claims BOOLEAN NOT NULL DEFAULT 1 CHECK (claims = 1) -- Claims are made
);

-- What claims are for; where illnesses are named, by the first three letters of their codes, for
-- those alone
CREATE TABLE treatments (kind VARCHAR, illnesses VARCHAR, weight INTEGER);

INSERT INTO treatments VALUES
  ('clinic', NULL, 40), ('education', 'E10, E11', 9), ('supplies', 'E10, E11', 14),
  ('oxygen', 'J44', 9), ('home care', 'I50, J44, N18, E10, E11, F01, F03, M17, G20', 10),
  ('emergency', 'I50, J44, N18, I48, I25, I10, J06, J20, N39, R10', 12),
  ('inpatient', 'I50, J44, N18, I48, I25', 8), ('surgery', 'I50, I48, I25, M16, M17, E66', 6);

-- What befalls anybody
CREATE TABLE ailments (code VARCHAR, description VARCHAR, weight INTEGER);

INSERT INTO ailments VALUES
  ('J06.9', 'Acute upper respiratory infection, unspecified', 40),
  ('J20.9', 'Acute bronchitis, unspecified', 15),
  ('N39.0', 'Urinary tract infection, site not specified', 20),
  ('R10.9', 'Unspecified abdominal pain', 15),
  ('H10.9', 'Unspecified conjunctivitis', 10);

-- What may happen and what it costs; the first is a wellness visit, if there was none
-- @for person @times events
CREATE TABLE event (
  luck REAL, -- @uniform 0, 1
  reason INTEGER, -- Which of the member's conditions @uniform 0, 999999
  ailing BOOLEAN, -- It is for none of them @chance 0.25
  ailment INTEGER, -- @pick ailments
  treatment INTEGER, -- @pick treatments
  moment INTEGER, -- @uniform 0, 999999
  physician INTEGER, -- @pick physicians
  days INTEGER, -- In hospital @uniform 2, 6
  price INTEGER, -- Three digits for each of three lines @uniform 0, 999999999
  allowed_percent INTEGER, -- Of the charge @normal 45, 10, 25, 75
  denied BOOLEAN, -- @chance 0.04
  paid_after INTEGER -- Days @uniform 10, 45
);

CREATE VIEW claim AS SELECT n, k, price, allowed_percent, denied, paid_after FROM event;

CREATE VIEW covered AS
SELECT
  n,
  member_id,
  opens,
  closes,
  expected,
  events,
  NOT EXISTS (
    SELECT 1
    FROM claims
    WHERE claims.member_id = person.member_id AND service_category = 'preventive'
      AND service_date > date(person.closes, '-1 year')
  ) AS unseen
FROM person;

-- How many of the events happen: the part of the number that was asked for, or more for the ill.
-- A stay in hospital that is there already goes on; after it the day comes. @batch
CREATE TABLE happened AS
SELECT
  n, k, member_id, opens, closes, reason, ailing, ailment, treatment, physician, event.days,
  k = 1 AND unseen AS wellness,
  date(
    opens,
    (moment * (1 + CAST(julianday(closes) - julianday(opens) AS INTEGER)) / 1000000) || ' days'
  ) AS drawn
FROM event JOIN covered USING (n), run
WHERE iif(
  wanted IS NULL,
  iif(k = 1, unseen, luck < expected / (events - 1)),
  k <= n * wanted / count - (n - 1) * wanted / count
);

-- Offices are closed at the weekend @batch
CREATE TABLE dated AS
SELECT
  n, k, member_id, opens, closes, reason, ailing, ailment, treatment, physician, days, wellness,
  CASE
    WHEN strftime('%w', day) NOT IN ('0', '6') THEN day
    ELSE date(day, 'weekday 1')
  END AS day
FROM (
  SELECT
    *,
    coalesce(
      (
        SELECT date(max(end_date), '1 day')
        FROM claims
        WHERE claims.member_id = happened.member_id AND service_category = 'inpatient'
          AND drawn BETWEEN service_date AND end_date
      ),
      drawn
    ) AS day
  FROM happened
)
WHERE day <= date(closes, '2 days');

-- The conditions that were found by then, numbered
CREATE VIEW reasons AS
SELECT
  n, k, code, description,
  row_number() OVER (PARTITION BY n, k ORDER BY identified_date, code) AS number,
  count(*) OVER (PARTITION BY n, k) AS known
FROM dated CROSS JOIN member_conditions USING (member_id)
WHERE coalesce(identified_date, '') <= day AND NOT wellness AND NOT ailing;

-- A treatment for other illnesses than the claim's becomes a visit to the clinic. Who is in hospital is
-- nowhere else: if another claim is too soon, the member was in the emergency room only. @batch
CREATE TABLE claim_base AS
SELECT
  n, k, member_id, NULL AS encounter_id,
  iif(
    kind = 'inpatient' AND (
      next_date <= date(day, days || ' days') OR EXISTS (
        SELECT 1
        FROM claims
        WHERE claims.member_id = chosen.member_id
          AND service_date BETWEEN day AND date(day, days || ' days')
      )
    ),
    'emergency',
    kind
  ) AS kind,
  day AS service_date, days, code, description, npi, patient_percent
FROM (
  SELECT
    dated.n, dated.k, dated.member_id, day, days,
    CASE
      WHEN wellness THEN 'wellness'
      WHEN instr(illnesses, substr(coalesce(reasons.code, ailments.code), 1, 3)) = 0 THEN 'clinic'
      ELSE kind
    END AS kind,
    CASE WHEN wellness THEN 'Z00.00' ELSE coalesce(reasons.code, ailments.code) END AS code,
    CASE
      WHEN wellness
        THEN 'Encounter for general adult medical examination without abnormal findings'
      WHEN reasons.code IS NULL THEN ailments.description
      ELSE reasons.description
    END AS description,
    iif(wellness, coalesce(pcp_npi, physicians.npi), physicians.npi) AS npi,
    patient_percent,
    lead(day) OVER (PARTITION BY dated.n ORDER BY day, dated.k) AS next_date
  FROM dated
  JOIN person USING (n)
  JOIN treatments ON treatments.rowid = treatment
  JOIN ailments ON ailments.rowid = ailment
  JOIN physicians ON physicians.rowid = physician
  LEFT JOIN reasons
    ON reasons.n = dated.n AND reasons.k = dated.k AND number = 1 + reason * known / 1000000
) AS chosen;

-- A claim after coverage, or before birth @never
SELECT claim_id
FROM claims JOIN members USING (member_id)
WHERE coalesce(end_date, service_date) > coverage_end OR service_date < birth_date;

-- A claim for a condition that was found later @never
SELECT claim_id
FROM claims JOIN member_conditions AS found
  ON found.member_id = claims.member_id AND code = principal_diagnosis
WHERE service_date < identified_date
GROUP BY claim_id, claims.member_id, principal_diagnosis
HAVING count(*) = (
  SELECT count(*) FROM member_conditions AS c
  WHERE c.member_id = claims.member_id AND c.code = principal_diagnosis
);

-- A new stay in hospital on the days of another @never
SELECT one.claim_id
FROM claims AS one JOIN claims AS other
  ON one.member_id = other.member_id AND one.claim_id < other.claim_id
WHERE one.service_category = 'inpatient' AND other.service_category = 'inpatient'
  AND one.service_date <= other.end_date AND other.service_date <= one.end_date;
