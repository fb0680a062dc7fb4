"""Formats that hold arrays: npz, pickle, joblib, torch, sparse matrices; and files that are written whole
or not at all.

Nothing in a file is ever executed: pickles go through `pickles`, which knows arrays and stand-ins and
nothing else. The lowest of the files, imports no other part of ``core`` but errors. Start with
`core.files.containers.opening`.
"""
