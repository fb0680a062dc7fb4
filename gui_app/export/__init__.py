"""Exporting results, meshes, tables, pictures and films.

May import the base and ``fit``. Start with `kinds`, the list of what can be exported; `controller` runs a
`worker` with it, `offscreen` draws where no window is.
"""
