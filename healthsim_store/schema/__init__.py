"""What a product declares (entity types, columns, statistics, rules, questions), read from its .sql
files, kept as plain values and written as CREATE TABLE; scenario files are not opened here.
"""
