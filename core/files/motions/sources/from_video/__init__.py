"""One module a tool that finds people in videos, likewise.

They have people by tracks, often before a camera with y down, and often a shape guessed anew in each frame.
Start with `tram`, a short one.
"""
