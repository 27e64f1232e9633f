"""The version of this package, written once: the build and the front door take it from here."""

__version__ = "0.1.0"
