"""What is asked of one scenario and answered in short: pages of rows, statistics, questions,
samples, the summary. Nothing here writes.
"""
