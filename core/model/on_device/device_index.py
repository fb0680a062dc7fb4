"""Index arrays as tensors, kept on every device that they were asked for on."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class DeviceIndex:
    """An array that tensors of any device are indexed with: it goes to each of them once.

    Args:
        array: that stays as it is.
    """

    def __init__(self, array: np.ndarray) -> None:
        self._array, self._there = np.ascontiguousarray(array), dict[torch.device, Tensor]()

    def on(self, device: torch.device) -> Tensor:
        """The array on a device."""
        if device not in self._there:
            # Not of inference mode alone, in which it may be asked for first.
            with torch.inference_mode(False):
                self._there[device] = torch.as_tensor(self._array, device=device)
        return self._there[device]
