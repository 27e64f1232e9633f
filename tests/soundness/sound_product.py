"""A product with one entity type that has a column of each logical type, and of each rule on one.

And what the oracle needs to know of each column, said a second time by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conftest import PLUGIN, install

SCHEMA = """
-- Samples
CREATE TABLE samples (
  sample_id VARCHAR PRIMARY KEY, -- Id
  title VARCHAR NOT NULL, -- Text that must be there
  note VARCHAR, -- Text
  short VARCHAR(5), -- Text of at most five characters
  badge VARCHAR UNIQUE, -- A natural key that may be missing
  whole INTEGER, -- A whole number
  needed INTEGER NOT NULL, -- A whole number that must be there
  serial INTEGER UNIQUE, -- A whole number that is a natural key
  ratio REAL, -- A number
  money DECIMAL(12,2), -- Two decimals
  much DECIMAL(15,2), -- Two decimals, and as many digits as there can be
  units DECIMAL(4,0), -- No decimals
  rate DECIMAL(9,6), -- Six decimals
  tiny DECIMAL(15,15), -- Nothing but decimals
  flag BOOLEAN, -- Yes or no
  sure BOOLEAN NOT NULL, -- Yes or no, and one of them
  day DATE, -- A day
  born DATE NOT NULL, -- A day that must be there
  at TIMESTAMP, -- A moment
  doc JSON, -- Anything
  sex VARCHAR CHECK (sex IN ('F', 'M', 'not told')), -- One of three @synonym female=F, male=M
  level INTEGER CHECK (level IN (1, 2, 3)), -- One of three numbers
  species VARCHAR NOT NULL DEFAULT 'cat' CHECK (species IN ('cat', 'dog')) -- By default a cat
);
"""


@dataclass(frozen=True)
class Field:
    """What a column takes. ``filler`` is a value for where another column is tried."""

    name: str
    kind: str
    size: int = 0
    scale: int = 0
    required: bool = False
    unique: bool = False
    allowed: tuple[Any, ...] = ()
    synonyms: dict[str, str] = field(default_factory=dict)
    default: Any = None
    filler: Any = None


FIELDS = (
    Field("title", "text", required=True, filler="x"),
    Field("note", "text"),
    Field("short", "text", 5),
    Field("badge", "text", unique=True),
    Field("whole", "integer"),
    Field("needed", "integer", required=True, filler=7),
    Field("serial", "integer", unique=True),
    Field("ratio", "real"),
    Field("money", "decimal", 12, 2),
    Field("much", "decimal", 15, 2),
    Field("units", "decimal", 4, 0),
    Field("rate", "decimal", 9, 6),
    Field("tiny", "decimal", 15, 15),
    Field("flag", "boolean"),
    Field("sure", "boolean", required=True, filler=True),
    Field("day", "date"),
    Field("born", "date", required=True, filler="2000-02-29"),
    Field("at", "timestamp"),
    Field("doc", "json"),
    Field("sex", "text", allowed=("F", "M", "not told"), synonyms={"female": "F", "male": "M"}),
    Field("level", "integer", allowed=(1, 2, 3)),
    Field("species", "text", allowed=("cat", "dog"), default="cat"),
)
NAMES = ("sample_id", *(field.name for field in FIELDS))


def lay(folder: Path) -> Path:
    """The product as a distribution, to be put on the path."""
    files = {"__init__.py": PLUGIN.replace('name="toy"', 'name="sound"'), "schema.sql": SCHEMA}
    install(folder, "soundsim", files)
    return folder
