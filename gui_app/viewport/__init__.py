"""The picture in the window: drawn when needed, pointed at, pinned, measured; cameras that are saved.

May import the base below it: ``scene`` and ``document``. Start with `viewport`; `vertex_probe` answers the
pointer.
"""
