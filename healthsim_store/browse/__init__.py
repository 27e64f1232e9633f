"""The store in a browser: a Datasette plugin and the server that runs it; it asks the store and
draws pages, and computes nothing that another door would show.
"""
