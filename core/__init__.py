"""Refit's numerics and files: fit SMPL-X to motion in SMPL or SMPL-H. Knows nothing of windows.

``model`` is what everything is made of, ``files`` reads it and ``outputs`` writes it; ``fitting`` does the
work, ``problems`` looks for what went wrong, ``commands`` is the command line. A folder imports only
folders below it, in the order that ``tests/test_layers.py`` holds. Start with `core.fitting.run.FitRun`.
"""

from core import torch_start

__version__ = "0.2.0"

torch_start.watch()
