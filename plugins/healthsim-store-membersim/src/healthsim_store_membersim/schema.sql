-- MemberSim: the payer's side. Names and codes follow X12 (834, 837, 278), NCPDP and CMS.

-- People, or spans of their coverage, in a health plan @alias member enrollees enrollments
CREATE TABLE members (
  member_id VARCHAR PRIMARY KEY, -- Id in this scenario
  given_name VARCHAR NOT NULL, -- First name @alias first_name firstname forename fname name.given name.first
  family_name VARCHAR NOT NULL, -- Last name @alias last_name lastname surname lname name.family name.last
  birth_date DATE NOT NULL, -- Date of birth @alias dob date_of_birth birthdate birthday
  gender VARCHAR NOT NULL CHECK (gender IN ('M', 'F', 'U')), -- Gender @alias sex @codes X12 DMG03 @synonym male=M, man=M, female=F, woman=F, unknown=U, other=U, O=U
  plan_type VARCHAR CHECK (plan_type IN ('HMO', 'PPO', 'PFFS', 'POS', 'EPO', 'HDHP', 'SNP', 'MSA', 'Indemnity', 'Medicare', 'Medicaid', 'Dual', 'Private', 'Self-pay')), -- Kind of plan; Medicare, Medicaid, Dual and Private where only the programme is known @alias product_type @synonym FFS=Indemnity, D-SNP=SNP, DSNP=SNP, C-SNP=SNP, I-SNP=SNP, uninsured=Self-pay, none=Self-pay, dual eligible=Dual
  coverage_start DATE NOT NULL, -- First day of coverage @alias effective_date enrollment_date start_date coverage_begin
  coverage_end DATE, -- Last day of coverage @alias termination_date disenrollment_date end_date term_date
  risk_score REAL CHECK (risk_score BETWEEN 0 AND 50), -- Risk adjustment factor @alias raf raf_score hcc_score @codes CMS-HCC
  payer_name VARCHAR, -- Payer @alias payer carrier insurance insurer
  plan_code VARCHAR, -- Plan or contract @alias plan plan_id contract_id plan_name
  member_number VARCHAR, -- Number on the card, shared by spans of one contract @alias insurance_id card_id policy_number @codes X12 NM109
  group_id VARCHAR, -- Employer group @alias group_number
  city VARCHAR, -- City @alias address.city
  county VARCHAR, -- County @alias address.county
  state VARCHAR, -- State, or its two-letter code @alias address.state
  postal_code VARCHAR, -- ZIP code, with its leading zeros @alias zip zip_code zipcode postcode post_code address.postal_code address.postcode address.zip address.zip_code
  relationship_code VARCHAR NOT NULL DEFAULT '18' CHECK (relationship_code IN ('18', '01', '19', '53', 'G8')), -- To the subscriber: 18 self, 01 spouse, 19 child, 53 life partner, G8 other @alias relationship @codes X12 INS02 @synonym self=18, subscriber=18, spouse=01, child=19, dependent=19, partner=53, life partner=53, domestic partner=53, other=G8
  subscriber_id VARCHAR REFERENCES members (member_id), -- The member who holds the contract; itself or nothing for a subscriber @acyclic
  pcp_npi VARCHAR(10), -- Primary care provider @alias pcp pcp_id @codes NPI
  address_line VARCHAR, -- Street and number @alias address street street_address address1 address.line address.line1 address.street address.street_address @sensitive
  phone VARCHAR, -- Telephone @alias phone_number telephone contact.phone @sensitive
  email VARCHAR, -- Electronic mail @alias email_address contact.email @sensitive
  ssn VARCHAR CHECK (replace(ssn, '-', '') GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]' AND (ssn GLOB '9*' OR ssn GLOB '666*' OR ssn GLOB '000*')), -- Social security number, from ranges that are never issued (9xx, 666, 000) @alias social_security_number @sensitive
  person_id VARCHAR, -- The same human across products
  CHECK (coverage_end IS NULL OR coverage_end >= coverage_start)
);

CREATE INDEX members_person_id ON members (person_id);

-- What a member is known to have @alias member_condition conditions_of_members
CREATE TABLE member_conditions (
  member_condition_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias condition_id
  member_id VARCHAR NOT NULL REFERENCES members (member_id), -- Who has it
  code VARCHAR NOT NULL, -- Code @alias diagnosis_code icd10 icd10_code icd_10_code icd_code condition_code
  description VARCHAR, -- The code in words @alias condition condition_name diagnosis display
  hcc VARCHAR, -- Hierarchical condition category @alias hcc_code hcc_category @codes CMS-HCC
  identified_date DATE, -- When it was found @alias onset_date diagnosis_date diagnosed_date
  code_system VARCHAR NOT NULL DEFAULT 'ICD-10-CM' -- Code system of code
);

-- Permissions to treat that were asked for @alias authorization prior_authorizations auths
CREATE TABLE authorizations (
  authorization_id VARCHAR PRIMARY KEY, -- Id in this scenario
  auth_number VARCHAR NOT NULL UNIQUE, -- Number given to the provider @alias authorization_number @codes X12 REF G1
  member_id VARCHAR NOT NULL REFERENCES members (member_id), -- For whom
  service_type VARCHAR NOT NULL, -- What for, in words @alias service service_category
  status VARCHAR NOT NULL CHECK (status IN ('requested', 'approved', 'partially approved', 'denied', 'pended', 'cancelled', 'expired')), -- Decision @alias auth_status authorization_status @codes X12 HCR01 @synonym A1=approved, certified=approved, A2=partially approved, modified=partially approved, A3=denied, not certified=denied, A4=pended, pending=pended, A6=partially approved, C=cancelled, canceled=cancelled
  requested_date DATE NOT NULL, -- When it was asked for @alias request_date
  decision_date DATE, -- When it was decided @alias decided_date
  procedure_code VARCHAR, -- Procedure asked for @alias code
  diagnosis_code VARCHAR, -- Reason @alias diagnosis @codes ICD-10-CM
  units_requested INTEGER CHECK (units_requested >= 0), -- Units asked for
  units_approved INTEGER CHECK (units_approved >= 0), -- Units granted
  effective_date DATE, -- First day that it is good for @alias start_date
  expiration_date DATE, -- Last day that it is good for @alias end_date expiry_date
  requesting_npi VARCHAR(10), -- Who asks @alias provider_npi @codes NPI
  CHECK (decision_date IS NULL OR decision_date >= requested_date)
);

-- Requests for payment @alias claim
CREATE TABLE claims (
  claim_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias claim_number
  member_id VARCHAR NOT NULL REFERENCES members (member_id), -- For whose treatment
  claim_type VARCHAR NOT NULL DEFAULT 'professional' CHECK (claim_type IN ('professional', 'institutional', 'dental', 'pharmacy')), -- Form: 837P, 837I, 837D, NCPDP @alias type @codes X12 @synonym 837P=professional, CMS-1500=professional, 837I=institutional, UB-04=institutional, facility=institutional, 837D=dental, NCPDP=pharmacy, rx=pharmacy, drug=pharmacy
  service_category VARCHAR, -- Kind of service: inpatient, outpatient, emergency, office, ... @alias category
  service_date DATE NOT NULL, -- First day of service @alias date_of_service dos service_start from_date claim_date
  total_charge DECIMAL(12,2) CHECK (total_charge >= 0), -- What was charged @alias charge_amount billed_amount total_charges total_billed amount @unit USD
  total_allowed DECIMAL(12,2) CHECK (total_allowed >= 0), -- What the contract allows @alias allowed_amount allowed @unit USD
  total_paid DECIMAL(12,2) CHECK (total_paid >= 0), -- What the payer paid @alias paid_amount paid @unit USD
  patient_responsibility DECIMAL(12,2) CHECK (patient_responsibility >= 0), -- What is left to the patient @alias member_responsibility patient_share @unit USD
  claim_status VARCHAR CHECK (claim_status IN ('submitted', 'pending', 'paid', 'denied', 'adjusted', 'reversed', 'rejected')), -- State @alias status @synonym pended=pending, in process=pending, open=pending, approved=paid, closed=paid, finalized=paid, voided=reversed
  principal_diagnosis VARCHAR, -- First diagnosis; may lack on dental and pharmacy claims @alias diagnosis diagnosis_code primary_diagnosis dx1 principal_dx
  diagnosis_code_system VARCHAR NOT NULL DEFAULT 'ICD-10-CM', -- Code system of principal_diagnosis
  diagnosis_description VARCHAR, -- principal_diagnosis in words
  other_diagnoses VARCHAR, -- Further diagnoses in their order, with spaces between @alias secondary_diagnoses
  place_of_service VARCHAR, -- Where @alias pos place_of_service_code @codes CMS Place of Service
  provider_npi VARCHAR(10), -- Who gave the service @alias npi rendering_npi rendering_provider_npi billing_npi @codes NPI
  provider_id VARCHAR, -- Who gave it, where there is no NPI
  provider_name VARCHAR, -- Who gave it, in words @alias provider
  end_date DATE, -- Last day of service @alias service_end thru_date to_date
  paid_date DATE, -- When the payer paid
  encounter_id VARCHAR, -- The visit behind it @references encounters(encounter_id)
  authorization_id VARCHAR REFERENCES authorizations (authorization_id), -- The permission behind it
  CHECK (provider_npi IS NOT NULL OR provider_id IS NOT NULL),
  CHECK (principal_diagnosis IS NOT NULL OR claim_type IN ('pharmacy', 'dental')),
  CHECK (total_allowed IS NULL OR total_allowed <= total_charge + 0.001),
  CHECK (end_date IS NULL OR end_date >= service_date)
);

CREATE INDEX claims_service_date ON claims (service_date);

-- Services on a claim @alias claim_line service_lines line_items
CREATE TABLE claim_lines (
  claim_line_id VARCHAR PRIMARY KEY, -- Id in this scenario @alias line_id
  claim_id VARCHAR NOT NULL REFERENCES claims (claim_id), -- On which claim @alias claim_number
  line_number INTEGER NOT NULL CHECK (line_number > 0), -- Position on the claim @alias line sequence line_no
  procedure_code VARCHAR NOT NULL, -- Service: CPT, HCPCS, CDT, NDC @alias code cpt cpt_code hcpcs hcpcs_code service_code
  procedure_description VARCHAR, -- The service in words @alias description display
  charge_amount DECIMAL(12,2) NOT NULL CHECK (charge_amount >= 0), -- What was charged @alias charge billed_amount amount @unit USD
  allowed_amount DECIMAL(12,2) CHECK (allowed_amount >= 0), -- What the contract allows @alias allowed @unit USD
  paid_amount DECIMAL(12,2) CHECK (paid_amount >= 0), -- What the payer paid @alias paid @unit USD
  patient_responsibility DECIMAL(12,2) CHECK (patient_responsibility >= 0), -- What is left to the patient @alias member_responsibility patient_share @unit USD
  copay_amount DECIMAL(12,2) CHECK (copay_amount >= 0), -- Fixed fee collected at the visit @alias copay @unit USD
  units REAL DEFAULT 1 CHECK (units >= 0), -- How many @alias quantity qty
  procedure_code_system VARCHAR, -- Code system of procedure_code
  modifiers VARCHAR, -- Modifiers of the procedure, with spaces between @alias modifier
  service_date DATE, -- Day of service @alias date_of_service dos
  revenue_code VARCHAR, -- Revenue centre @codes NUBC
  ndc_code VARCHAR, -- Drug, 11 digits @alias ndc @codes NDC
  UNIQUE (claim_id, line_number),
  CHECK (allowed_amount IS NULL OR allowed_amount <= charge_amount + 0.001)
);

-- Deductibles and maximums as they fill @alias accumulator
CREATE TABLE accumulators (
  accumulator_id VARCHAR PRIMARY KEY, -- Id in this scenario
  member_id VARCHAR NOT NULL REFERENCES members (member_id), -- Whose
  accumulator_type VARCHAR NOT NULL CHECK (accumulator_type IN ('individual deductible', 'family deductible', 'individual out-of-pocket', 'family out-of-pocket', 'benefit maximum')), -- What fills @alias type @synonym deductible=individual deductible, oop=individual out-of-pocket, oop max=individual out-of-pocket, moop=individual out-of-pocket, out-of-pocket=individual out-of-pocket, oop_max=individual out-of-pocket
  plan_year INTEGER NOT NULL CHECK (plan_year BETWEEN 1900 AND 2200), -- In which year @alias year benefit_year
  limit_amount DECIMAL(12,2) CHECK (limit_amount >= 0), -- Where it is full @alias limit maximum @unit USD
  used_amount DECIMAL(12,2) NOT NULL CHECK (used_amount >= 0), -- How far it is filled @alias used amount accumulated_amount met_amount @unit USD
  as_of_date DATE, -- When @alias as_of
  UNIQUE (member_id, accumulator_type, plan_year)
);

-- One member for a reader @card members
CREATE VIEW member_cards AS
SELECT
  member_id,
  given_name || ' ' || family_name || ' ('
    || CASE gender WHEN 'M' THEN 'Male' WHEN 'F' THEN 'Female' ELSE 'Unknown' END || ', '
    || (strftime('%Y', 'now') - strftime('%Y', birth_date)
         - (strftime('%m-%d', 'now') < strftime('%m-%d', birth_date)))
    || ')' AS member,
  member_number AS Member_Number,
  nullif(
    coalesce(nullif(payer_name, plan_type) || ' ', '') || coalesce(plan_type, '') || coalesce(' ' || plan_code, ''), ''
  ) AS Plan,
  coverage_start || coalesce(' to ' || coverage_end, ' on') AS Coverage,
  nullif(coalesce(city || ', ', '') || coalesce(state, ''), '') AS Residence,
  round(risk_score, 2) AS Risk_Score,
  (SELECT group_concat(said, ', ')
    FROM (
      SELECT coalesce(description || ' (' || code || ')', code) AS said
      FROM member_conditions AS c
      WHERE c.member_id = m.member_id
      GROUP BY code
      ORDER BY min(rowid)
      LIMIT 6
    )) AS Conditions,
  (SELECT n
      || CASE
        WHEN charge IS NULL THEN ', charges unknown'
        ELSE ' for $' || printf('%,d', charge) || substr(printf('%.2f', charge), -3)
      END
      || CASE
        WHEN paid IS NULL THEN ''
        ELSE ', paid $' || printf('%,d', paid) || substr(printf('%.2f', paid), -3)
      END
    FROM (
      SELECT count(*) AS n, round(sum(total_charge), 2) AS charge, round(sum(total_paid), 2) AS paid
      FROM claims AS c
      WHERE c.member_id = m.member_id
    )
    WHERE n > 0) AS Claims
FROM members AS m;
