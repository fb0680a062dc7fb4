"""The pair of bodies of a fit and the correspondence of their surfaces: found in a folder, or built from
the bodies.

May import the model, geometry and readers of bodies. Start with `core.correspond.load_bodies`; how a
correspondence is built where the folder has none is in `core.correspond.build`.
"""
