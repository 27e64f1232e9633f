"""The version, written once: the build and the package take it from here."""

__version__ = "0.1.0"
