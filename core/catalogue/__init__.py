"""What became of every clip of a folder of results: journals of the runs, and one table of all clips.

Each run of ``refit convert`` appends to a `journal` of its own; `index` builds the table (SQLite) from the
journals and the results, and can build it anew at any time. Start with `catalogue.Catalogue`, which lists
clips; `entry` is what is known of one, `expected` lists those that no run has named yet.
"""
