"""Motions in files: parameters over time, or meshes, whichever tool wrote them.

May import ``core.files.containers``, the model and the tools' modules in ``sources``. Start with
`load_motion`, the one entry; another format is another module in ``sources``.
"""
