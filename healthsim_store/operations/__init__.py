"""Verbs on whole scenario files: which file a persist goes to and its reply, clone, merge, diff,
check and upgrade; files of other formats belong to `exchange`, answers to questions to `query`.
"""
