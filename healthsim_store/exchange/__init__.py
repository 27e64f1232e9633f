"""Files of other formats, in and out: readers, writers, mappings of foreign formats, the
data package of an export. Copies in our own format belong to `operations`.
"""
