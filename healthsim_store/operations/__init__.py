"""Whole scenario files in, a new file or a report out: clone, merge, diff, check,
upgrade. Files of other formats belong to `exchange`.
"""
