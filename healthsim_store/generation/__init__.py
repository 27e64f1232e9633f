"""Entities made by a profile, which is a recipe in one SQL file: reading the file, sampling its
tables, running its statements and storing the result; the profiles themselves and the entity types
belong to plugins.
"""
