"""One file for another program, of a fit or of a motion: what the command line and Python export.

May import everything below the command line; the window has its own dialog over the same formats. Start with
`export`; `subject` says of what, `request` what is to be written and which format that is.
"""
