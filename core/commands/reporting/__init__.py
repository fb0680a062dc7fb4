"""``refit report``: the catalogue of a folder of results as a table, as json, as CSV and as a page.

`arguments` are its options, cheap to import; `command` does what they say.
"""
