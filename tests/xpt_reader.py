"""Reads SAS transport files of version 5, written from SAS's description TS-140 and from nothing
else: pandas takes 0 for 5.4e-79, and a last row that ends with blanks for none."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Dataset:
    """What a file has: names, labels, and rows of texts and floats, None for a missing number."""

    name: str
    label: str
    names: list[str]
    labels: list[str]
    rows: list[list[str | float | None]]


def number(data: bytes) -> float | None:
    """IBM's floating point: None where it is SAS's missing value."""
    if data[0] in b"._ABCDEFGHIJKLMNOPQRSTUVWXYZ" and not any(data[1:]):
        return None
    whole = int.from_bytes(data[1:], "big")
    sign = -1.0 if data[0] & 128 else 1.0
    return sign * float(whole) * 16.0 ** ((data[0] & 127) - 64 - 14)


def read(path: Path) -> Dataset:
    data = path.read_bytes()
    assert len(data) % 80 == 0
    records = [data[at : at + 80] for at in range(0, len(data), 80)]
    heads = [number for number, one in enumerate(records) if one.startswith(b"HEADER RECORD")]
    kinds = [records[number][20:28].decode().strip() for number in heads]
    assert kinds == ["LIBRARY", "MEMBER", "DSCRPTR", "NAMESTR", "OBS"]
    described = heads[2]
    name = records[described + 1][8:16].decode().rstrip()
    label = records[described + 2][32:72].decode().rstrip()
    count = int(records[heads[3]][54:58])
    names, labels, columns = [], [], []
    begin = (heads[3] + 1) * 80
    for at in range(begin, begin + 140 * count, 140):
        one = data[at : at + 140]
        kind, _, length, _ = struct.unpack(">hhhh", one[:8])
        names.append(one[8:16].decode().rstrip())
        labels.append(one[16:56].decode().rstrip())
        (position,) = struct.unpack(">l", one[84:88])
        columns.append((kind, position, length))
    width = sum(length for _, _, length in columns)
    body = data[(heads[4] + 1) * 80 :]
    rows = []
    for at in range(0, len(body) - width + 1, width):
        row = body[at : at + width]
        if not row.strip(b" "):  # what fills the last record up
            break
        cells = [(kind, row[begin : begin + length]) for kind, begin, length in columns]
        rows.append([number(cell) if kind == 1 else cell.decode().rstrip() for kind, cell in cells])
    return Dataset(name, label, names, labels, rows)
