"""Standards: datasets of a public standard, declared as layouts and SELECTs, and their writers.

A standard is a folder of .sql files. What it is called and what it says comes from there alone: no
module here knows a standard by its name. Files of other formats, and how an export becomes whole,
belong in `exchange`.
"""
