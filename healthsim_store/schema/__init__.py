"""What a product declares: read from its .sql files, kept as values, written as tables. No
file of a store is opened here.
"""
