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
  female_name VARCHAR, -- @pick female_names.name
  male_name VARCHAR, -- @pick male_names.name
  older_female_name VARCHAR, -- @pick older_female_names.name
  older_male_name VARCHAR, -- @pick older_male_names.name
  family_name VARCHAR, -- @pick family_names.name
  hispanic_family_name VARCHAR, -- @pick hispanic_family_names.name
  house INTEGER, -- @uniform 10, 9999
  street VARCHAR, -- Streets are named after people @pick family_names.name
  road VARCHAR, -- @choice Street=40, Avenue=25, Drive=15, Lane=8, Way=7, Court=5
  place INTEGER, -- @pick places
  birthday INTEGER, -- Days since the last birthday @uniform 0, 364
  line INTEGER -- Of the telephone: 555-0100 to 555-0199 are kept for fiction @uniform 100, 199
);

-- What a person may be called, and where one lives. A profile chooses by gender and age.
CREATE VIEW people AS
SELECT
  person.n, female_name, male_name, older_female_name, older_male_name, family_name,
  hispanic_family_name, birthday,
  house || ' ' || street || ' ' || road AS address_line,
  city, county, 'CA' AS state, postal_code,
  '555-0' || line AS phone
FROM person
JOIN places ON places.rowid = place;
