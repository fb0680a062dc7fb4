"""Refit's numerics and files: fit SMPL-X to motion in SMPL or SMPL-H. Knows nothing of windows."""

__version__ = "0.1.0"
