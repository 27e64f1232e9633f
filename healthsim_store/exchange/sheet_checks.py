"""A look at a workbook's XML before calamine reads it.

calamine reads on where a file is damaged, and then gives other rows than it has; it makes a place
for every cell up to the last one, so that one cell far away takes all memory; and what shows an
error, or a formula that was never calculated, it gives as an empty cell.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Sequence
from typing import Any, BinaryIO
from xml.parsers import expat

from ..base.text import shorten
from ..errors import SourceError
from . import compressed
from .source import Source

#: Bytes of all parts of a workbook.
MOST = 1_000_000_000
_PIECE = 1 << 20
_KINDS = ("b", "d", "e", "inlineStr", "n", "s", "str")
_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_BESIDE = ("xl/sharedStrings.xml", "xl/styles.xml")  # what a sheet is read with
#: The part that lists the sheets.
BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
#: Of the rectangle that has all cells: so many may be empty, and so many for each that is not.
_FREE, _PER_CELL = 2_000_000, 10


def check_workbook(source: Source, file: BinaryIO) -> int:
    """How many texts its cells share. Raises SourceError for a bomb.

    Args:
        source: the workbook.
        file: its bytes; one can go back in it.
    """
    packed = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        size = sum(info.file_size for info in infos)
        compressed.refuse_bomb(source.name, packed, size)
        if size > MOST:
            raise SourceError(
                f"{source.name} has {size:,} bytes of sheets.", hint="Save the sheet as CSV UTF-8."
            )
        if any(info.flag_bits & 1 for info in infos):
            raise SourceError(f"{source.name} has a password.", hint="Save it without one.")
        if len({info.filename.casefold() for info in infos}) < len(infos):
            raise damaged(source, "two of its parts have one name")
        names = {*archive.namelist()}
        shared = 0
        for name in (BOOK, _RELATIONS, *(name for name in _BESIDE if name in names)):
            parser = expat.ParserCreate(namespace_separator="}")
            promises = _Promises(source, archive.getinfo(name))
            parser.StartElementHandler = promises.start
            _parse(source, archive, name, parser)
            shared += promises.texts
        return shared


def check_sheet(source: Source, file: BinaryIO, sheet: str, shared: int) -> int:
    """How many cells have a formula. Raises SourceError for what would not be read as it is.

    Args:
        source: the workbook.
        file: its bytes; one can go back in it.
        sheet: the name of the one that is read.
        shared: how many texts the cells share.
    """
    with zipfile.ZipFile(file) as archive:
        member = _member(source, archive, sheet)
        cells = _Cells(source, sheet, shared)
        _parse(source, archive, member, cells.parser)
        cells.end()
        return cells.formulas


def damaged(source: Source, why: object) -> SourceError:
    """The error for a workbook that is not whole."""
    told = shorten(str(why), 200)
    return SourceError(
        f"{source.name} is not a whole workbook: {told}.", hint="Save it again as .xlsx."
    )


def _parse(source: Source, archive: zipfile.ZipFile, member: str, parser: Any) -> None:
    """Parse a part, whose check sum is compared at its end too."""

    def declared(version: str, encoding: str | None, standalone: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            raise damaged(source, f"{member} says that it is in {encoding!r:.40}")

    def typed(*_: Any) -> None:
        raise damaged(source, f"{member} declares entities of its own")

    parser.XmlDeclHandler = declared
    parser.StartDoctypeDeclHandler = typed
    try:
        with archive.open(member) as file:
            while piece := file.read(_PIECE):
                if piece.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise damaged(source, f"{member} is not UTF-8")
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise damaged(source, f"{member}: {error}") from error


def _member(source: Source, archive: zipfile.ZipFile, sheet: str) -> str:
    """The part that is a sheet, by the workbook's own relations."""
    # They were parsed before, and have no entities of their own.
    book = ElementTree.fromstring(archive.read(BOOK))  # noqa: S314
    keys = {
        key: value
        for one in book.iter()
        if _local(one.tag) == "sheet" and one.get("name") == sheet
        for key, value in one.attrib.items()
    }
    wanted = next((value for key, value in keys.items() if key.endswith("}id")), None)
    relations = ElementTree.fromstring(archive.read(_RELATIONS))  # noqa: S314
    for one in relations.iter():
        if wanted is not None and one.get("Id") == wanted:
            path = one.get("Target", "")
            path = path.lstrip("/") if path.startswith(("/", "xl/")) else f"xl/{path}"
            if path in archive.namelist():
                return path
    raise damaged(source, f"the part that is the sheet {sheet!r:.60} is not in it")


def _local(name: str) -> str:
    return name[name.rfind("}") + 1 :]


class _Promises:
    """How many elements a part says that it has, for which calamine makes room before it looks."""

    def __init__(self, source: Source, part: zipfile.ZipInfo) -> None:
        self._source = source
        self._part = part
        self.texts = 0  # that cells share

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Raise SourceError for an element that says that it has more others than it has bytes."""
        local = _local(name)
        self.texts += local == "si"
        # The count of shared strings is that of the cells that have one.
        for key in ("uniqueCount",) if local == "sst" else ("count", "uniqueCount"):
            told = attributes.get(key, "0")
            if not told.isascii() or not told.isdigit() or int(told) > self._part.file_size:
                raise damaged(self._source, f"{self._part.filename}: {key} is {told!r:.40}")


class _Cells:
    """The cells of a sheet, as its XML is parsed."""

    def __init__(self, source: Source, sheet: str, shared: int) -> None:
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.ordered_attributes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self._source = source
        self._sheet = sheet
        self._shared = shared
        self._kind = "n"
        self._letters: dict[str, int] = {}
        self._row = self._column = self._widest = self._count = 0
        self._place = ""  # of the cell that is open
        self._formula = self._value = False
        self.formulas = 0

    def _start(self, name: str, attributes: Sequence[str]) -> None:
        local = name[name.rfind("}") + 1 :]
        self.parser.CharacterDataHandler = None
        if local == "c":
            self._begin_cell(dict(zip(attributes[::2], attributes[1::2], strict=True)))
        elif local in ("v", "is"):
            if self._value:
                raise damaged(self._source, f"{self._place} has two values")
            self._value = True
            if self._kind == "s" and local == "v":
                self.parser.CharacterDataHandler = self._index
                self.parser.EndElementHandler = self._after_index
        elif local == "f":
            self._formula = True
            self.formulas += 1
        elif local == "row":
            self._begin_row(dict(zip(attributes[::2], attributes[1::2], strict=True)))

    def _index(self, text: str) -> None:
        if not text.isascii() or not text.isdigit() or int(text[:12]) >= self._shared:
            raise damaged(
                self._source, f"{self._place} has the text number {text!r:.20} of {self._shared}"
            )

    def _after_index(self, name: str) -> None:
        self.parser.CharacterDataHandler = self.parser.EndElementHandler = None

    def _begin_row(self, attributes: dict[str, str]) -> None:
        self._end_cell()
        number = attributes.get("r", str(self._row + 1))
        if not number.isascii() or not number.isdigit() or not self._row < int(number) <= 1 << 20:
            raise damaged(self._source, f"row {number:.20} comes after row {self._row}")
        self._row, self._column = int(number), 0

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._end_cell()
        place = attributes.get("r")
        if place is None:
            self._column += 1
            self._place = f"a cell of row {self._row}"
        else:
            match = _PLACE.fullmatch(place)
            column = self._column_of(match[1]) if match else 0
            if not match or int(match[2]) != self._row or column <= self._column:
                raise damaged(
                    self._source, f"the cell {place!r:.40} of row {self._row} is not in its place"
                )
            self._column, self._place = column, place
        self._widest = max(self._widest, self._column)
        self._count += 1
        if self._row * self._widest > _FREE + _PER_CELL * self._count:
            raise SourceError(
                f"{self._source.name}, sheet {self._sheet}: {self._place} is far away from the"
                " other cells.",
                hint="Delete what is not of the table, and save it again.",
            )
        kind = self._kind = attributes.get("t", "n")
        if kind not in _KINDS:
            raise damaged(self._source, f"{self._place} is of the kind {kind!r:.40}")
        if kind == "e":
            raise self._wrong("is an error")

    def _end_cell(self) -> None:
        if self._formula and not self._value:
            raise self._wrong("is a formula that was never calculated")
        self._formula = self._value = False

    def end(self) -> None:
        """There are no more."""
        self._end_cell()

    def _column_of(self, letters: str) -> int:
        found = self._letters.get(letters)
        if found is None:
            found = 0
            for letter in letters:
                found = 26 * found + ord(letter) - 64
            self._letters[letters] = found
        return found

    def _wrong(self, what: str) -> SourceError:
        return SourceError(
            f"{self._source.name}, sheet {self._sheet}: {self._place} {what}.",
            hint="Open the workbook in a spreadsheet program, mend it and save it.",
        )
