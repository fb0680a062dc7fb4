"""Saving everything as it is, and getting it back after a crash.

May import the base and ``files``. Start with `save`; what is saved is taken by `snapshot`, what a killed
window left is found by `crash_recovery`.
"""
