"""Opening and saving: files, models' folders, what a file leaves open, what must not be lost.

May import the base and ``fit``. Start with `open_actions`; reading happens in a thread, see `open` and
`open_controller`.
"""
