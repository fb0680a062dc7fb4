"""``report.html``: the catalogue as one file that a browser opens, without a network and without a server.

`page` makes it of a catalogue; ``page.css`` and ``page.js`` are put into it as they stand. What comes from
files is data in it, and never markup or code.
"""
