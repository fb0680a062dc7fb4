"""One module a tool or data set that writes motions; each knows its own files and nothing of the others.

A module says whether a file is one of its own, who is in it, and reads it; `registry` lists them. They
import ``core.files.containers`` and the model. Start with `aist`, a short one, and `registry`.
"""
