"""Exporting results, meshes, tables, pictures and films.

May import the base and ``fit``. Start with `kinds`, what can be exported: the formats of
`core.outputs.export_formats` and what is drawn; `controller` writes it in a thread, `offscreen` draws where
no window is.
"""
