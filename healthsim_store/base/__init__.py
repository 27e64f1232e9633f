"""What the packages above share and no scenario is needed for: SQL text, SQLite connections,
wording, tokens, files that appear whole. Nothing here knows what a scenario or an entity is.
"""
