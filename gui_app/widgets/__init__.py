"""Small widgets that any panel may use: buttons, labels, tables, docks, fields, texts.

May import ``style`` and ``tasks``; knows nothing of bodies or of what is open. Start with `docks` and
`labels`.
"""
