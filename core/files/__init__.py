"""Readers of everything that comes from outside. Whatever is in a file, it opens or one sentence says why
not.

`builtin_files` finds what Refit carries, `assumption` says what a file was taken to mean, `own_mesh` what
leads from a mesh of a topology of its own to a body. ``containers`` knows bytes, ``bodies`` models and what
belongs to them, ``motions`` what moves. They import the model, never what fits it. What Refit itself writes
is in `core.outputs`.
"""
