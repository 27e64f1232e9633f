"""One scenario file and the folder it lies in: the format, the data dictionary, the ways to
open a file, writing rows, cache, trash. What several files have in common belongs to `operations`.
"""
