"""Verbs on whole scenario files: persist, clone, merge, diff, check and upgrade; files of other
formats belong to `exchange`, answers to questions to `query`.
"""
