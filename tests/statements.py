"""Statements of strangers: those that must be refused or stopped, and those that must not."""

from __future__ import annotations

from healthsim_store.errors import (
    HealthsimStoreError,
    QueryError,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
)

LOOP = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
DOUBLING = (
    "WITH x(s) AS (SELECT 'a' UNION ALL SELECT s || s FROM x LIMIT 40) SELECT max(length(s)) FROM x"
)


ATTACKS: list[tuple[str, type[HealthsimStoreError]]] = [
    ("DELETE FROM owners", QueryRefused),
    ("DROP TABLE owners", QueryRefused),
    ("UPDATE owners SET full_name = 'x'", QueryRefused),
    ("INSERT INTO owners (owner_id) VALUES ('x')", QueryRefused),
    ("CREATE TABLE x (a)", QueryRefused),
    ("CREATE TEMP TABLE x (a)", QueryRefused),
    ("SELECT 1; DELETE FROM owners", QueryRefused),
    ("ATTACH 'stolen.db' AS x", QueryRefused),
    ("DETACH main", QueryRefused),
    ("PRAGMA query_only = 0", QueryRefused),
    ("PRAGMA journal_mode = WAL", QueryRefused),
    ("PRAGMA table_info(owners)", QueryRefused),
    ("SELECT * FROM pragma_table_info('owners')", QueryRefused),
    ("VACUUM", QueryRefused),
    ("VACUUM INTO 'stolen.db'", QueryRefused),
    ("SELECT load_extension('x')", QueryRefused),
    ("SELECT fts3_tokenizer('simple')", QueryRefused),
    ("SELECT randomblob(1000000000)", QueryRefused),
    ("WITH x AS (SELECT 1) DELETE FROM owners", QueryRefused),
    ("BEGIN", QueryRefused),
    ("SAVEPOINT x", QueryRefused),
    ("ANALYZE", QueryRefused),
    ("REINDEX", QueryRefused),
    ("", QueryRefused),
    ("-- only a comment", QueryRefused),
    (LOOP, QueryTimeout),
    (DOUBLING, QueryTooLarge),
    ("SELECT length(replace(hex(zeroblob(200000000)), '0', '11'))", QueryRefused),
    ("SELECT replace(printf('%7000000d', 1), ' ', '1234567890')", QueryTooLarge),
    ("SELECT " + "(" * 5000 + "1" + ")" * 5000, QueryTooLarge),
    ("SELECT 1 " + "+ 1" * 50_000, QueryTooLarge),
    ("SELECT nothing FROM owners", QueryError),
    ("SELECT * FROM nobody", QueryError),
    ("SELEC 1", QueryError),
    ("SELECT '\0'; DROP TABLE owners", QueryError),
]


HARMLESS = [
    "SELECT count(*) FROM owners WHERE full_name = 'update pending'",
    "SELECT 1 AS \"drop\", 'insert; -- pragma' AS x",
    "SELECT * FROM owners WHERE full_name LIKE '%pragmatic%'",
    "SELECT ';' AS a, '--' AS b -- a comment; with a semicolon",
    "SELECT 1;",
    "SELECT 1; -- the end",
    "WITH t AS (SELECT 1 AS x) SELECT * FROM t",
    "SELECT owner_id, row_number() OVER (ORDER BY owner_id) FROM owners",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT * FROM pets INDEXED BY pets_owner_id WHERE owner_id = 'o1'",
    "SELECT json_extract('{\"a\": 5}', '$.a'), json_group_array(owner_id) FROM owners",
    "SELECT value FROM json_each('[1, 2]')",
    "EXPLAIN QUERY PLAN SELECT * FROM owners",
    "SELECT name FROM sqlite_master",
    "SELECT column_name, type FROM _columns WHERE entity_type = 'owners'",
    "SELECT date('now'), strftime('%Y', born) FROM owners",
    "SELECT group_concat(full_name, ';') FROM owners",
]
