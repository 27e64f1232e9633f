"""One scenario file and the folder that it lies in: the file format, the data dictionary, opening a
file to read or to write, storing rows, the cache and the trash; what needs two scenarios at once
belongs to `operations`.
"""
