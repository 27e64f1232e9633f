-- Who people are and where they live: a part that profiles include. What a profile is about it adds
-- in a table of its own, with one row for each person.

-- @names first_name_female en_US
CREATE TABLE female_names (name VARCHAR);

-- @names first_name_male en_US
CREATE TABLE male_names (name VARCHAR);

-- Names as they were given about 1940, which those above, given a generation later, are not
-- @csv older_female_names.csv
CREATE TABLE older_female_names (name VARCHAR, weight INTEGER);

-- @csv older_male_names.csv
CREATE TABLE older_male_names (name VARCHAR, weight INTEGER);

-- @names last_name en_US
CREATE TABLE family_names (name VARCHAR);

-- @names last_name es_MX
CREATE TABLE hispanic_family_names (name VARCHAR);

-- Cities of California with their county and a ZIP code that is theirs, by population
-- @csv california.csv
CREATE TABLE places (city VARCHAR, county VARCHAR, postal_code VARCHAR, weight INTEGER);

-- A person @for count
CREATE TABLE person (
  female_name INTEGER, -- @pick female_names
  male_name INTEGER, -- @pick male_names
  older_female_name INTEGER, -- @pick older_female_names
  older_male_name INTEGER, -- @pick older_male_names
  family_name INTEGER, -- @pick family_names
  hispanic_family_name INTEGER, -- @pick hispanic_family_names
  house INTEGER, -- @uniform 10, 9999
  street INTEGER, -- Streets are named after people @pick family_names
  road VARCHAR, -- @choice Street=40, Avenue=25, Drive=15, Lane=8, Way=7, Court=5
  place INTEGER, -- @pick places
  birthday INTEGER, -- Days since the last birthday @uniform 0, 364
  line INTEGER -- Of the telephone: 555-0100 to 555-0199 are kept for fiction @uniform 100, 199
);

-- What a person may be called, and where one lives. A profile chooses by gender and age.
CREATE VIEW people AS
SELECT
  person.n,
  female_names.name AS female_name,
  male_names.name AS male_name,
  older_female_names.name AS older_female_name,
  older_male_names.name AS older_male_name,
  family_names.name AS family_name,
  hispanic_family_names.name AS hispanic_family_name,
  house || ' ' || streets.name || ' ' || road AS address_line,
  city,
  county,
  'CA' AS state,
  postal_code,
  birthday,
  '555-0' || line AS phone
FROM person
JOIN female_names ON female_names.rowid = person.female_name
JOIN male_names ON male_names.rowid = person.male_name
JOIN older_female_names ON older_female_names.rowid = person.older_female_name
JOIN older_male_names ON older_male_names.rowid = person.older_male_name
JOIN family_names ON family_names.rowid = person.family_name
JOIN hispanic_family_names ON hispanic_family_names.rowid = person.hispanic_family_name
JOIN family_names AS streets ON streets.rowid = person.street
JOIN places ON places.rowid = person.place;
