"""A motion with the fits made of it, as one thing that can be kept.

May import the model, fits and problems; files of sessions are in `core.outputs.sessions`. Start with
`session.Session`.
"""
