"""SELECTs that do not end in any useful time, or take all that there is; each by its name.

A deadline that SQLite looks at between its steps ends the first kind alone. The tables are the toy
product's.
"""

from __future__ import annotations

LONG = "printf('%.*c', 7900000, 'a')"
HALF = "printf('%.*c', 3900000, 'a')"
SHORTER = f"{HALF} || 'b'"
OTHERS = "printf('%.*c', 900000, 'b')"
DIGITS = "printf('%.*d', 7900000, 1)"
JSON = f"'[' || replace({HALF}, 'a', '1,') || '1]'"
NESTED = (
    "replace(printf('%.*c', 900, 'a'), 'a', '[') || replace(printf('%.*c', 900, 'a'), 'a', ']')"
)
LOOP = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"


def _r(select: str, step: str = "x + 1", first: str = "1") -> str:
    """A SELECT over a table ``r`` of a column ``x`` that never ends."""
    return f"WITH RECURSIVE r(x) AS (SELECT {first} UNION ALL SELECT {step} FROM r) {select}"


def _n(count: int, select: str) -> str:
    """A SELECT over a table ``n`` of the numbers to ``count``."""
    return f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {count}) {select}"


def _doubled(count: int, one: str, two: str, last: str = "SELECT count(*) FROM c{}") -> str:
    steps = [f"c0 AS ({one})", *(f"c{n} AS ({two.format(n - 1)})" for n in range(1, count + 1))]
    return f"WITH {', '.join(steps)} {last.format(count)}"


def _nest(depth: int, inner: str, outer: str) -> str:
    for _ in range(depth):
        inner = outer.format(inner)
    return inner


def _crossed(table: str, count: int, select: str = "count(*)", where: str = "") -> str:
    return f"SELECT {select} FROM {', '.join(f'{table} AS t{n}' for n in range(count))} {where}"


# -- steps without an end --------------------------------------------------------------------

LOOPS = {
    "a loop": LOOP,
    "a loop, its sum": _r("SELECT sum(x) FROM r"),
    "a loop, its mean": _r("SELECT avg(x * 1.5) FROM r"),
    "a loop that finds nothing": _r("SELECT x FROM r WHERE x < 0"),
    "a loop in EXISTS": _r("SELECT EXISTS (SELECT 1 FROM r WHERE x < 0)"),
    "a loop in IN": _r("SELECT * FROM owners WHERE owner_id IN (SELECT x FROM r)"),
    "a loop in NOT IN": _r("SELECT * FROM owners WHERE 'a' NOT IN (SELECT x FROM r)"),
    "a loop in a scalar": _r("SELECT (SELECT max(x) FROM r) FROM owners"),
    "a loop for each row": _r("SELECT (SELECT max(x + length(owner_id)) FROM r) FROM owners"),
    "a loop in CASE": _r("SELECT CASE WHEN (SELECT min(x) FROM r) > 5 THEN 1 END"),
    "a loop in HAVING": _r("SELECT 1 FROM owners GROUP BY gender HAVING count(*) < (SELECT count(*)"
                           " FROM r)"),
    "a loop in LIMIT": _r("SELECT 1 FROM owners LIMIT (SELECT count(*) FROM r)"),
    "a loop in OFFSET": _r("SELECT 1 FROM owners LIMIT 1 OFFSET (SELECT count(*) FROM r)"),
    "a loop in ORDER BY": _r("SELECT 1 FROM owners ORDER BY (SELECT count(*) FROM r)"),
    "a loop, grouped": _r("SELECT x % 10, count(*) FROM r GROUP BY 1"),
    "a loop, grouped by each": _r("SELECT x, count(*) FROM r GROUP BY 1"),
    "a loop, distinct": _r("SELECT count(DISTINCT x) FROM r"),
    "a loop, distinct rows": _r("SELECT DISTINCT x % 7 FROM r"),
    "a loop, joined": _r("SELECT count(*) FROM r JOIN owners ON owner_id = x"),
    "a loop, left joined": _r("SELECT count(*) FROM owners LEFT JOIN r ON x = owner_id"),
    "a loop twice": _r("SELECT count(*) FROM r AS a JOIN r AS b ON a.x = b.x"),
    "a loop with a window": _r("SELECT max(s) FROM (SELECT sum(x) OVER (ORDER BY x) AS s FROM r)"),
    "a loop with ranks": _r("SELECT max(s) FROM (SELECT rank() OVER (ORDER BY -x) AS s FROM r)"),
    "a loop with a lag": _r("SELECT count(s) FROM (SELECT lag(x, 9) OVER () AS s FROM r)"),
    "a loop, numbered": _r("SELECT max(s) FROM (SELECT row_number() OVER () AS s FROM r)"),
    "a loop of a skipped page": _r("SELECT x FROM r LIMIT 10 OFFSET 900000000000"),
    "a loop, united": _r("SELECT x FROM r UNION SELECT x FROM r"),
    "a loop, taken away": _r("SELECT owner_id FROM owners EXCEPT SELECT x FROM r"),
    "a loop, in common": _r("SELECT owner_id FROM owners INTERSECT SELECT x FROM r"),
    "a loop in order": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x * 3 % 100003 FROM r"
                       " ORDER BY 1 DESC) SELECT count(*) FROM r",
    "a loop of unions": "WITH RECURSIVE r(x) AS (SELECT 1 UNION SELECT x * 2.0000001 + 1 FROM r)"
                        " SELECT count(*) FROM r",
    "a loop from two": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r UNION ALL"
                       " SELECT x + 2 FROM r) SELECT count(*) FROM r",
    "a loop of dates": _r("SELECT count(*) FROM r", "date(x, '+1 day', '-1 day')", "'2000-01-01'"),
    "a loop of texts": _r("SELECT max(length(x)) FROM r", "printf('%06d', x + 1)"),
    "a loop of JSON": _r("SELECT count(*) FROM r, json_each('[1,2,3]')"),
    "a loop of owners": _r("SELECT count(*) FROM r, owners, owners AS o"),
    "rows without an end": _r("SELECT x FROM r"),
    "rows without an end, padded": _r("SELECT printf('%5000d', x) FROM r"),
}  # fmt: skip

# -- as many steps as there are combinations -------------------------------------------------

NINE = "WITH n(i) AS (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)) "

CROSSES = {
    "a cross join of 40": NINE + _crossed("n", 40),
    "a cross join of 20, distinct": NINE + _crossed("n", 20, "count(DISTINCT t0.i + t19.i)"),
    "a cross join of 12, ordered": NINE + _crossed("n", 12, "t0.i") + " ORDER BY t1.i + t2.i",
    "owners with owners": _crossed("owners", 30),
    "owners that nothing fits": _crossed("owners", 24, where="WHERE t0.owner_id || t1.owner_id"
                                                             " || t23.owner_id = 'x'"),
    "columns with columns": _crossed("_columns", 9),
    "tables with tables": _crossed("sqlite_master", 12),
    "joins without indexes": _n(200_000, "SELECT count(*) FROM n a JOIN n b ON a.i + 0 > b.i + 0"
                                         " JOIN n c ON b.i + 0 > c.i + 0"),
    "a subquery for each row": _n(200_000, "SELECT sum((SELECT count(*) FROM n b WHERE b.i % 7 ="
                                           " a.i % 7)) FROM n a"),
    "LIKE with LIKE": _n(100_000, "SELECT count(*) FROM n a JOIN n b ON a.i LIKE '%' ||"
                                   " b.i || '%'"),
    "a window for each row": _n(300_000, "SELECT sum(s) FROM (SELECT max(i % 1000) OVER (ORDER BY"
                                         " i ROWS BETWEEN 100000 PRECEDING AND 100000 FOLLOWING)"
                                         " AS s FROM n)"),
    "groups of a window": _n(300_000, "SELECT count(s) FROM (SELECT group_concat(i) OVER (ORDER BY"
                                      " i % 3 GROUPS UNBOUNDED PRECEDING) AS s FROM n)"),
    "a triangle of sums": _n(10_000_000, "SELECT sum(s) FROM (SELECT (SELECT sum(b.i) FROM n b"
                                         " WHERE b.i <= a.i) AS s FROM n a)"),
    "JSON with JSON": f"SELECT count(*) FROM json_each({JSON}) a, json_each({JSON}) b",
    "a tree with a tree": f"SELECT count(*) FROM json_tree({JSON}) a, json_tree({JSON}) b",
    "JSON for each element": f"SELECT sum(json_array_length({JSON} || substr(' ', a.key, 1))) FROM"
                             f" json_each({JSON}) a",
}  # fmt: skip

# -- one function that takes minutes ---------------------------------------------------------

FUNCTIONS = {
    "a long function": f"SELECT instr({LONG}, {SHORTER})",
    "a long function of bytes": f"SELECT instr(CAST({LONG} AS BLOB), CAST({SHORTER} AS BLOB))",
    "a long function twice": f"SELECT instr({LONG}, {SHORTER}) + instr({LONG}, {SHORTER})",
    "a long function of each row": f"SELECT instr({LONG}, {SHORTER} || owner_id) FROM owners",
    "a long function in WHERE": f"SELECT 1 FROM owners WHERE instr({LONG}, {SHORTER} || owner_id)",
    "a long function in ORDER BY": f"SELECT 1 FROM owners ORDER BY instr({LONG}, {SHORTER} ||"
                                   " owner_id)",
    "a long function in a sum": f"SELECT sum(instr({LONG}, {SHORTER} || owner_id)) FROM owners",
    "a long replace": f"SELECT length(replace({LONG}, {SHORTER}, 'c'))",
    "a long replace of pairs": _nest(12, LONG, "replace({}, 'aa', 'a' || 'a')"),
    "a long replace, again": _nest(12, HALF, "replace(replace({}, 'a', 'bb'), 'bb', 'a')"),
    "a long trim": f"SELECT length(trim({LONG}, {OTHERS} || 'a'))",
    "a long left trim": f"SELECT length(ltrim({LONG}, {OTHERS} || 'a'))",
    "a long right trim": f"SELECT length(rtrim({LONG}, {OTHERS} || 'a'))",
    "a long like": f"SELECT {LONG} LIKE '%' || replace(printf('%.*c', 300, 'a'), 'a', '_%a') ||"
                   " 'b'",
    "a long like of one": f"SELECT {LONG} LIKE replace(printf('%.*c', 490, 'a'), 'a', '%a') || 'b'",
    "a long glob": f"SELECT {LONG} GLOB replace(printf('%.*c', 490, 'a'), 'a', '*a') || 'b'",
    "a long glob of sets": f"SELECT {LONG} GLOB replace(printf('%.*c', 190, 'a'), 'a', '*[ab]')"
                           " || 'c'",
    "a long like of each": _n(100_000, f"SELECT sum({LONG} LIKE '%' || i || 'b%') FROM n"),
    "a long patch": f"SELECT length(json_patch('{{' || replace({HALF}, 'aaaaaaaaaa', '\"a\":1,') ||"
                    f" '\"b\":1}}', '{{' || replace({HALF}, 'aaaaaaaaaa', '\"c\":1,') ||"
                    " '\"d\":1}'))",
    "many patches": _n(100_000, "SELECT length(group_concat(json_patch('{\"a\":1}', json_object('b'"
                                f" || i, {HALF})))) FROM n"),
    "a long extract": _n(100_000, f"SELECT sum(json_extract({JSON}, '$[' || i || ']')) FROM n"),
    "a long set": _n(100_000, f"SELECT sum(length(json_set({JSON}, '$[' || i || ']', i))) FROM n"),
    "a long remove": _n(100_000, f"SELECT sum(length(json_remove({JSON}, '$[' || i || ']')))"
                                 " FROM n"),
    "long hexes": _n(100_000, f"SELECT sum(length(hex({HALF}) || i)) FROM n"),
    "long quotes": _n(100_000, f"SELECT sum(length(quote({HALF} || i))) FROM n"),
    "long uppers": _n(100_000, f"SELECT sum(length(upper(lower({LONG} || i)))) FROM n"),
    "long lengths": _n(100_000, f"SELECT sum(length({LONG} || i)) FROM n"),
    "long numbers": _n(100_000, f"SELECT sum(CAST({DIGITS} || i AS REAL)) FROM n"),
    "long rounds": _n(3_000_000, "SELECT sum(length(printf('%.300f', i / 7e-9))) FROM n"),
    "long comparisons": _n(100_000, f"SELECT sum({LONG} < {LONG} || i) FROM n"),
    "long unions": _n(30_000, f"SELECT count(*) FROM (SELECT {HALF} || i FROM n UNION SELECT {HALF}"
                              " || i FROM n)"),
    "long substrings": _n(100_000, f"SELECT sum(length(substr({LONG}, -i, i))) FROM n"),
    "long characters": _n(100_000, f"SELECT sum(unicode(substr({LONG}, 7800000 - i))) FROM n"),
}  # fmt: skip
FUNCTIONS = {
    name: sql if sql.startswith(("SELECT", "WITH")) else f"SELECT length({sql})"
    for name, sql in FUNCTIONS.items()
}

# -- what is slow before it begins -----------------------------------------------------------

WIDE = ", ".join(f"1 AS c{n}" for n in range(1_500))

PARSED = {
    "22 doublings": _doubled(22, "SELECT 1 AS x", "SELECT a.x FROM c{0} a, c{0} b"),
    "26 doublings of columns": _doubled(26, "SELECT 1 AS x", "SELECT a.x + b.x AS x FROM c{0} a"
                                                             " JOIN c{0} b"),
    "24 doubled unions": _doubled(24, "SELECT 1 AS x", "SELECT x FROM c{0} UNION ALL SELECT x FROM"
                                                       " c{0}"),
    "22 doubled scalars": _doubled(22, "SELECT 1 AS x", "SELECT (SELECT x FROM c{0}) + (SELECT x"
                                                        " FROM c{0}) AS x"),
    "22 doubled EXISTS": _doubled(22, "SELECT 1 AS x", "SELECT 1 AS x WHERE EXISTS (SELECT 1 FROM"
                                                       " c{0}) AND EXISTS (SELECT 1 FROM c{0})"),
    "22 doubled IN": _doubled(22, "SELECT 1 AS x", "SELECT x FROM c{0} WHERE x IN (SELECT x FROM"
                                                   " c{0})"),
    "14 fourfold": _doubled(14, "SELECT 1 AS x", "SELECT a.x FROM c{0} a, c{0} b, c{0} c, c{0} d"),
    "20 doubled windows": _doubled(20, "SELECT 1 AS x", "SELECT sum(a.x) OVER () AS x FROM c{0} a,"
                                                        " c{0} b"),
    "20 doubled groups": _doubled(20, "SELECT 1 AS x", "SELECT max(a.x) AS x FROM c{0} a, c{0} b"
                                                       " GROUP BY b.x"),
    "22 doublings, materialized": _doubled(22, "SELECT 1 AS x UNION ALL SELECT 2",
                                           "SELECT a.x FROM c{0} a, c{0} b").replace(
                                               " AS (", " AS MATERIALIZED ("),
    "22 doublings, explained": "EXPLAIN " + _doubled(22, "SELECT 1 AS x",
                                                     "SELECT a.x FROM c{0} a, c{0} b"),
    "22 doublings, planned": "EXPLAIN QUERY PLAN " + _doubled(22, "SELECT 1 AS x",
                                                              "SELECT a.x FROM c{0} a, c{0} b"),
    "doubled columns": _doubled(12, f"SELECT {WIDE}", "SELECT a.* FROM c{0} a JOIN c{0} b"
                                                      " USING (c0)"),
    "natural joins of wide tables": f"WITH w AS (SELECT {WIDE}) SELECT count(*) FROM "
                                    + " NATURAL JOIN ".join(f"w AS w{n}" for n in range(60)),
    "60 tables to put in order": "WITH n(i, j) AS (SELECT rowid, rowid FROM owners) "
                                 + _crossed("n", 60, where="WHERE " + " AND ".join(
                                     f"t{n}.i = t{(n * 7 + 3) % 60}.j" for n in range(60))),
    "ORs to put in order": _crossed("owners", 30, where="WHERE " + " AND ".join(
        f"(t{n}.owner_id = t{(n + 1) % 30}.mentor_id OR t{n}.tax_number = t{(n + 7) % 30}.owner_id)"
        for n in range(30))),
    "a compound of 500": " UNION ".join(f"SELECT {n} AS x FROM owners a, owners b, _columns c,"
                                        " _columns d, _columns e" for n in range(500)),
}  # fmt: skip

# -- what takes all memory, or the whole disk ------------------------------------------------

LARGE = {
    "a text of 2 GB": "SELECT printf('%.*c', 2000000000, 'x')",
    "a text that doubles": _r("SELECT max(length(x)) FROM r", "x || x", "'abcdefgh'"),
    "long values, many times": "WITH m AS MATERIALIZED (SELECT " + LONG + " AS v), "
                               + _n(1_500, "SELECT v, i FROM m, n").removeprefix("WITH RECURSIVE "),
    "long columns": f"WITH m AS MATERIALIZED (SELECT {LONG} AS v) SELECT "
                    + ", ".join(f"v AS v{n}" for n in range(1_500)) + " FROM m",
    "long rows": _n(100_000, f"SELECT {LONG} || i FROM n"),
    "a long sort": _n(90_000_000, "SELECT printf('%200d', i * 7919 % 1000003) AS y FROM n ORDER BY"
                                  " y, i"),
    "a long sort of long values": _n(100_000, f"SELECT {HALF} || i AS y FROM n ORDER BY y DESC"),
    "a sort without an end": _r("SELECT x FROM r ORDER BY x DESC"),
    "a distinct of all": _r("SELECT DISTINCT printf('%500d', x) FROM r"),
    "a distinct of long values": _n(100_000, f"SELECT count(DISTINCT {HALF} || i) FROM n"),
    "a group of all": _r("SELECT length(group_concat(printf('%200d', x))) FROM r"),
    "a group of long values": _n(100_000, f"SELECT length(group_concat({LONG})) FROM n"),
    "groups of long values": _n(100_000, f"SELECT i % 1000, max({HALF} || i) FROM n GROUP BY 1"),
    "an array of all": _r("SELECT length(json_group_array(x)) FROM r"),
    "an object of all": _r("SELECT length(json_group_object(x, printf('%200d', x))) FROM r"),
    "a table of all": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r), m AS"
                      " MATERIALIZED (SELECT printf('%500d', x) AS y FROM r)"
                      " SELECT count(*) FROM m",
    "a table of long values": "WITH m AS MATERIALIZED (" + _n(100_000, f"SELECT {HALF} || i AS y"
                              " FROM n") + ") SELECT count(*), max(y) FROM m a",
    "an index of all": _n(90_000_000, "SELECT count(*) FROM owners JOIN (SELECT printf('%99d', i)"
                                      " AS y FROM n) ON y = owner_id"),
    "a window of all": _r("SELECT count(s) FROM (SELECT count(*) OVER () AS s, printf('%500d', x)"
                          " FROM r)"),
    "a window of long values": _n(100_000, f"SELECT max(s) FROM (SELECT last_value({HALF} || i)"
                                           " OVER () AS s FROM n)"),
    "values in groups": _n(100_000, "SELECT length(group_concat(v, '')) FROM (SELECT"
                                    f" group_concat({HALF}, i) AS v FROM n GROUP BY i / 2)"),
    "deep JSON": _n(1_000_000, f"SELECT sum(length(json({NESTED}) || i)) FROM n"),
    "a tree of deep JSON": _n(1_000_000, f"SELECT count(fullkey) FROM n, json_tree({NESTED})"),
    "keys of a tree": f"SELECT max(length(fullkey)) FROM json_tree('[' || replace({HALF}, 'aaaaaa',"
                      " '[[1]],') || '1]') ORDER BY fullkey",
}  # fmt: skip

BOMBS: dict[str, str] = LOOPS | CROSSES | FUNCTIONS | PARSED | LARGE

#: One of each kind, the worst that were found, where all would take too long.
FEW = (
    "a loop", "a long function", "22 doublings", "long values, many times", "a long sort",
    "a text of 2 GB", "a cross join of 40", "long rows",
)  # fmt: skip
