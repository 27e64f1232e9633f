"""Files of other formats, in and out: readers, writers, mappings of foreign layouts and the
datapackage.json of an export; copies in the scenario format itself belong to `operations`.
"""
