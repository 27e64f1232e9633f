"""The store in a browser: a Datasette plugin and the server that runs it. It asks the store
and draws pages; no answer is worked out here.
"""
