-- What is drawn about the money of at most 17 claims: a part for profiles that include _claims.sql before

-- What is not of the service but of the money @for person @times 17 @when claims
CREATE TABLE claim (
  price INTEGER, -- Three digits for each of three lines @uniform 0, 999999999
  allowed_percent INTEGER, -- Of the charge @normal 45, 10, 25, 75
  denied BOOLEAN, -- @chance 0.04
  paid_after INTEGER -- Days @uniform 10, 45
);
