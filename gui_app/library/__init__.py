"""The library: the clips of a folder, with what became of each, and the way from one to the next.

May import the base, ``files``, ``fit`` and ``export``. Start with `library`; the list itself is asked for in
a thread, see `clip_list` and, for what a folder is, `clip_folder`; `clip_fits` has clips fitted, and
`pictures` has them drawn.
"""
