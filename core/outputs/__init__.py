"""What Refit writes and reads again: results, sessions, recipes, joint sets; and exports for other
programs.

May import everything below the command line. What today's version writes, every later one opens: formats
carry a number, and readers accept what is older. Start with `results`; `export_formats` lists what can be
exported.
"""
