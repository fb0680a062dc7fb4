"""Motions in files: parameters over time, or meshes, whichever tool wrote them.

May import ``core.files.containers``, the model, the tools' modules in ``sources`` and what they share in
``parts``. Start with `load_motion`, the one entry; another format is another module in ``sources``.
"""
