"""Short answers about one scenario: pages of rows, row streams, statistics, questions, samples and
the summary; nothing here writes to a scenario.
"""
