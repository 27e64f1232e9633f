"""One scenario file and the folder that it lies in: the file format, the data dictionary, opening a
file to read or to write, storing rows, the cache and the trash; operations on two scenarios belong
to `operations`.
"""
