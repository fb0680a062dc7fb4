"""One module a tool or data set that writes motions; each knows its own files and nothing of the others.

A module says whether a file is one of its own, who is in it, and reads it; `core.files.motions.registry` has
them all. They import ``core.files.containers``, the model and ``parts``. Start with `emdb`, a short one;
tools that find people in videos are in ``from_video``.
"""
