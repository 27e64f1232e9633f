"""Damage to files that are imported: to bytes, to text, to JSON, and inside of archives.

Each mutator gets the bytes of a file and a source of chance, and gives other bytes. What cannot be
done to a file gives it as it was.
"""

from __future__ import annotations

import contextlib
import gzip
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence

import file_kinds
import nasty

Mutator = Callable[[bytes, random.Random], bytes]


def _place(data: bytes, chance: random.Random) -> int:
    return chance.randrange(len(data) + 1)


def _span(data: bytes, chance: random.Random, most: int = 40) -> tuple[int, int]:
    start = _place(data, chance)
    return start, min(len(data), start + chance.randrange(1, most))


# -- bytes --------------------------------------------------------------------------------------


def flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8])):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def overwrite(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance, 8)
    other = bytes(chance.choice([0, 255, 127, chance.randrange(256)]) for _ in range(end - start))
    return data[:start] + other + data[end:]


def cut_off(data: bytes, chance: random.Random) -> bytes:
    return data[: _place(data, chance)]


def cut_begin(data: bytes, chance: random.Random) -> bytes:
    return data[_place(data, chance) :]


def cut_out(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def double(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] + data[end:]


def twice(data: bytes, chance: random.Random) -> bytes:
    return data + data


def nul(data: bytes, chance: random.Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + b"\0" * chance.choice([1, 1, 100]) + data[at:]


def emptied(data: bytes, chance: random.Random) -> bytes:
    return chance.choice([b"", b"\n", b" ", b"\xef\xbb\xbf", b"\0"])


BYTES: list[Mutator] = [flip, flip, overwrite, cut_off, cut_begin, cut_out, double, twice, nul]

# -- text ---------------------------------------------------------------------------------------

_SIGNS = (
    '"', '""', "'", ",", ";", "\t", "|", "\n", "\r", "\r\n", "\n\n", "\ufeff", "\u2028", "\x0b",
    "\x0c", "\x1c", "\x1e", "\x85", "\x1b[2J", "\u202e", "#", "\\", "\\u0000", "\\ud800", " ",
    "sep=;\n", "NaN", "null", "True", "1e999", "-0.0", "9" * 400, "9" * 5000, "1e", "\xa0",
)  # fmt: skip


def insert(data: bytes, chance: random.Random) -> bytes:
    at, sign = _place(data, chance), chance.choice(_SIGNS)
    return data[:at] + sign.encode() + data[at:]


def swap_lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = chance.sample(range(len(lines)), 2)
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def double_line(data: bytes, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        lines.insert(_place(b"x" * len(lines), chance), chance.choice(lines))
    return b"".join(lines)


def drop_line(data: bytes, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        lines.pop(chance.randrange(len(lines)))
    return b"".join(lines)


def bom(data: bytes, chance: random.Random) -> bytes:
    return chance.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf" * 2]) + data


def encoded(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(
        chance.choice(["utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig"]), "replace"
    )


def line_ends(data: bytes, chance: random.Random) -> bytes:
    return data.replace(b"\n", chance.choice([b"\r", b"\r\n", b"\n\n", b"\r\r\n", b""]))


def number(data: bytes, chance: random.Random) -> bytes:
    """Another number in the place of one."""
    found = [*re.finditer(rb"\d+(\.\d+)?", data)]
    if not found:
        return data
    one, other = chance.choice(found), chance.choice(nasty.NUMBER_TEXTS)
    return data[: one.start()] + other.encode() + data[one.end() :]


_WORDS = [*nasty.TEXTS, *nasty.MOMENT_TEXTS, *nasty.JSON_TEXTS]


def word(data: bytes, chance: random.Random) -> bytes:
    """Another text in the place of one between two signs."""
    found = [*re.finditer(rb"(?<=[,\"\n:]) ?[^,\"\n:\[\]{}]+(?=[,\"\r\n])", data)]
    if not found:
        return data
    one, other = chance.choice(found), chance.choice(_WORDS)
    return data[: one.start()] + other.encode("utf-8", "surrogatepass") + data[one.end() :]


TEXT: list[Mutator] = [
    insert, insert, swap_lines, double_line, drop_line, bom, encoded, line_ends, number, number,
    word, word,
]  # fmt: skip

# -- JSON ---------------------------------------------------------------------------------------

_JSON_VALUES = (
    "[" * 100_000, '{"a":' * 5000, "[" * 400 + "]" * 400, "[[1]]", "{}", "[]", "NaN", "Infinity",
    "-Infinity", "1e400", "123456789012345678901234567890", "0.1e1", "-0", "01", "1.", "NULL",
    "true", "false", "null", '"\\ud800"', '"\\u0000"', '"\\x"', "'a'", "/* a */ 1", '{"a":1,"a":2}',
    '{"__proto__":1}', "9" * 5000, "2134.0", '"2024-02-30"',
)  # fmt: skip


def json_value(data: bytes, chance: random.Random) -> bytes:
    """Another value after a key."""
    found = [*re.finditer(rb'(?<=": )("(\\.|[^"\\])*"|[^,\s\]}]+)', data)]
    if not found:
        return data
    one, other = chance.choice(found), chance.choice(_JSON_VALUES)
    return data[: one.start()] + other.encode() + data[one.end() :]


def json_key_twice(data: bytes, chance: random.Random) -> bytes:
    found = [*re.finditer(rb'"\w+": ("(\\.|[^"\\])*"|[^,\s\[\]{}]+)', data)]
    if not found:
        return data
    one = chance.choice(found)
    return data[: one.end()] + b", " + one[0] + data[one.end() :]


def json_key(data: bytes, chance: random.Random) -> bytes:
    """Another key."""
    found = [*re.finditer(rb'"(\w+)": ', data)]
    if not found:
        return data
    one, other = chance.choice(found), chance.choice(found)
    names = (other[1], b"", b"NOTE", b"sample id", b"samples", b"data", b"\\u006eote", b"x" * 300)
    return data[: one.start(1)] + chance.choice(names) + data[one.end(1) :]


def json_wrapped(data: bytes, chance: random.Random) -> bytes:
    before, after = chance.choice(
        [("[", "]"), ('{"samples": ', "}"), ('{"sample": ', "}"), ('{"data": ', "}"),
         ('{"count": 1, "items": ', "}"), ("", ","), ("", " null"), ("", " {}"), ('"', '"')]
    )  # fmt: skip
    return before.encode() + data + after.encode()


JSON: list[Mutator] = [json_value, json_value, json_value, json_key_twice, json_key, json_wrapped]

# -- archives -----------------------------------------------------------------------------------


def gz_of(inner: Sequence[Mutator]) -> Mutator:
    """Damage to the text, which is then compressed again."""

    def mutate(data: bytes, chance: random.Random) -> bytes:
        try:
            text = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return data
        return gzip.compress(chance.choice(inner)(text, chance))

    return mutate


def gz_tail(data: bytes, chance: random.Random) -> bytes:
    """What stands after the end, or a check that is another one."""
    return chance.choice(
        [data + b"\0" * 100, data + b"garbage", data + gzip.compress(b""), data + data[:10],
         data[:-8] + b"\0" * 8, data[:-4], data + gzip.compress(b"x\n")]
    )  # fmt: skip


def zip_of(inner: Sequence[Mutator]) -> Mutator:
    """Damage to one of the files of an archive, which is then whole again."""

    def mutate(data: bytes, chance: random.Random) -> bytes:
        try:
            parts = file_kinds.parts_of(data)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
            return data
        if not parts:
            return data
        weights = [3 if "sheet1" in name or "Strings" in name else 1 for name in parts]
        (name,) = chance.choices([*parts], weights)
        parts[name] = chance.choice(inner)(parts[name], chance)
        return file_kinds.packed(parts)

    return mutate


_NAMES = (
    "../samples.csv", "/samples.csv", "a\\..\\samples.csv", "C:samples.csv", "samples.CSV",
    "samples (1).csv", "deep/er/samples.csv", ".samples.csv", "samples.txt", "samples",
    "__MACOSX/samples.csv", "x" * 300 + ".csv", "", "samples.csv/", "pets.csv", "sam\nples.csv",
    "samples.csv.gz", "samples.zip", "con.csv", "samples.json",
)  # fmt: skip


def zip_name(data: bytes, chance: random.Random) -> bytes:
    """Another name for a file of it, or one more."""
    try:
        parts = [*file_kinds.parts_of(data).items()]
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        return data
    if not parts:
        return data
    at = chance.randrange(len(parts))
    new = (chance.choice([*_NAMES, *(name for name, _ in parts)]), parts[at][1])
    if chance.random() < 0.5:
        parts[at] = new
    else:
        parts.append(new)
    made: dict[str, bytes] = dict(parts)
    with contextlib.suppress(ValueError, IndexError):
        return file_kinds.packed(made)
    return data


_XML = (
    (rb'\br="[A-Z]+\d+"', ['r="XFD1048576"', 'r="A1"', 'r="ZZZZZ9"', 'r="B99999999999"', 'r="1"',
                           'r=""', 'r="AA3"', 'r="C2"', ""]),
    (rb'<row r="\d+"', ['<row r="1048576"', '<row r="0"', '<row r="-1"', '<row r="2"', "<row"]),
    (rb'\bt="\w+"', ['t="e"', 't="n"', 't="b"', 't="d"', 't="str"', 't="s"', 't="x"', ""]),
    (rb'\bs="\d+"', ['s="0"', 's="1"', 's="2"', 's="99"', 's="-1"', ""]),
    (rb"<v>[^<]*</v>", ["<v>-1</v>", "<v>99999</v>", "<v>1e400</v>", "<v></v>", "<v/>",
                        "<v>1.5</v>", "<v>x</v>", "<v>60</v>", "<v>-5.5</v>", "<f>1+1</f>",
                        "<f>1+1</f><v>2</v>", "<v>1</v><v>2</v>", "<v>0.1</v>", "<v>2958466</v>"]),
    (rb"<c [^>]*>", ["<c>", '<c r="B2" t="inlineStr">', '<c r="C3">']),
    (rb"</sheetData>", ['</sheetData><mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>',
                        '</sheetData><mergeCells><mergeCell ref="A1"/></mergeCells>', ""]),
    (rb"<sheetData>", ['<dimension ref="A1:XFD1048576"/><sheetData>', "<sheetData/><sheetData>",
                       '<dimension ref="A1"/><sheetData>', "<!--<sheetData>"]),
    (rb"<t [^>]*>", ["<t>", "<t>&x;", "<t>_x0041_", "<t>&#0;", "<t>&#xD800;", "<t>&amp;lt;",
                     "<t><![CDATA[<b>]]>", "<r><t>a</t></r><t>"]),
    (rb"<\?xml[^>]*>", ['<?xml version="1.0" encoding="UTF-16"?>', "",
                        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "yyyy">]>',
                        '<?xml version="1.0" encoding="latin-1"?>']),
    (rb'numFmtId="\d+"', ['numFmtId="14"', 'numFmtId="0"', 'numFmtId="x"', 'numFmtId="46"',
                          'numFmtId="9"']),
    (rb'Target="[^"]*"', ['Target="worksheets/sheet2.xml"', 'Target="/xl/worksheets/sheet1.xml"',
                          'Target="../../etc/passwd"', 'Target="http://example.org/"']),
    (rb'<sheet [^>]*/>', ['<sheet name="a" sheetId="1" r:id="rId9"/>', "",
                          '<sheet name="a" sheetId="1" r:id="rId1"/>'
                          '<sheet name="b" sheetId="2" r:id="rId1"/>',
                          '<sheet name="a" sheetId="1" state="hidden" r:id="rId1"/>']),
    (rb"<sheets>", ['<workbookPr date1904="1"/><sheets>']),
    (rb'\bcount="\d+"', ['count="4294967295"', 'count="-1"', ""]),
    (rb'uniqueCount="\d+"', ['uniqueCount="4294967295"', 'uniqueCount="99999999999999999999"']),
    (rb"</(row|c|v|is|si|sst|worksheet|workbook)>", [""]),
)  # fmt: skip


def xml(data: bytes, chance: random.Random) -> bytes:
    """Another piece of a sheet's XML in the place of one."""
    fitting = [(found, new) for sign, new in _XML if (found := [*re.finditer(sign, data)])]
    if not fitting:
        return data
    found, new = chance.choice(fitting)
    one = chance.choice(found)
    return data[: one.start()] + chance.choice(new).encode() + data[one.end() :]


def xml_row_twice(data: bytes, chance: random.Random) -> bytes:
    found = [*re.finditer(rb"<(row|c|si)\b.*?</\1>", data, re.DOTALL)]
    if not found:
        return data
    one, at = chance.choice(found), chance.choice(found).start()
    return data[:at] + one[0] + data[at:]


def part_missing(data: bytes, chance: random.Random) -> bytes:
    try:
        parts = file_kinds.parts_of(data)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        return data
    if parts:
        parts.pop(chance.choice([*parts]))
    return file_kinds.packed(parts)


# -- Parquet ------------------------------------------------------------------------------------


def footer(data: bytes, chance: random.Random) -> bytes:
    """Bytes of the index at the end."""
    if len(data) < 12:
        return data
    (size,) = struct.unpack("<I", data[-8:-4])
    start = max(4, len(data) - 8 - size)
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 3])):
        at = chance.randrange(start, len(data) - 8) if start < len(data) - 8 else start - 1
        changed[at] = chance.choice([changed[at] ^ (1 << chance.randrange(8)),
                                     chance.randrange(256), 0, 255, changed[at] ^ 1])  # fmt: skip
    return bytes(changed)


def footer_size(data: bytes, chance: random.Random) -> bytes:
    size = chance.choice([0, 1, len(data), 2**31 - 1, 2**32 - 1, chance.randrange(len(data) + 1)])
    return data[:-8] + struct.pack("<I", size) + data[-4:] if len(data) >= 8 else data


#: How the files of each kind are damaged.
MUTATORS: dict[str, list[Mutator]] = {
    "CSV": [*BYTES, *TEXT, *TEXT, emptied],
    "JSON": [*BYTES, *TEXT, *JSON, *JSON, *JSON, emptied],
    "NDJSON": [*BYTES, *TEXT, *JSON, *JSON, *JSON, emptied],
    "Parquet": [*BYTES, *[footer] * 12, footer_size, emptied],
    "xlsx": [*BYTES, *[zip_of([xml])] * 16, zip_of([xml_row_twice]), zip_of([xml_row_twice]),
             zip_of(BYTES), zip_of(TEXT), part_missing, zip_name, emptied],
    ".gz": [*BYTES, *[gz_of([*BYTES, *TEXT])] * 8, gz_tail, gz_tail, emptied],
    ".zip": [*BYTES, *[zip_of([*BYTES, *TEXT])] * 6, *[zip_name] * 4, emptied],
    "mapped CSV": [*BYTES, *TEXT, *TEXT, emptied],
    "mapped JSON": [*BYTES, *TEXT, *JSON, *JSON, *JSON, emptied],
}  # fmt: skip


def mutate(kind: str, data: bytes, chance: random.Random) -> tuple[bytes, str]:
    """The file with one to three things done to it, and their names."""
    told = []
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        one = chance.choice(MUTATORS[kind])
        data = one(data, chance)
        told.append(getattr(one, "__qualname__", "").split(".")[0])
    return data, ", ".join(told)
