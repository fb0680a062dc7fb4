"""Refit's numerics and files: fit SMPL-X to motion in SMPL or SMPL-H. Knows nothing of windows."""

from core import torch_start

__version__ = "0.1.0"

torch_start.watch()
