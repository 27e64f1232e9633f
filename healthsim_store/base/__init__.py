"""Tools that know nothing of scenarios or entities: SQL text, SQLite connections, checks of
arguments, wording, token counts and files that appear whole; what needs to know an entity type
belongs above.
"""
