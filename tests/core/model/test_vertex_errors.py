"""Errors of frames: ranks are right however numpy orders what it need not order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.model import vertex_errors
from core.model.vertex_errors import frame_errors


class InAnyOrder(np.ndarray):
    """Partitioned as numpy may: which instructions a processor has decides the order on both sides."""

    def partition(self, kth: Any, axis: Any = -1, *_: Any) -> None:  # type: ignore[override]
        ordered = np.sort(np.asarray(self), axis)
        self[:, :kth] = ordered[:, :kth][:, ::-1]
        self[:, kth] = ordered[:, kth]
        self[:, kth + 1 :] = ordered[:, kth + 1 :][:, ::-1]


@pytest.mark.parametrize("count", [1, 2, 19, 20, 501])
def test_ranks_do_not_hang_on_the_order_of_the_rest(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = np.ascontiguousarray
    monkeypatch.setattr(vertex_errors.np, "ascontiguousarray", lambda array: plain(array).view(InAnyOrder))
    residual = torch.from_numpy(np.random.default_rng(count).normal(size=(count, 3, 4)).astype(np.float32))
    found = frame_errors(residual, np.zeros(count, int))
    ordered = np.sort(1000 * np.linalg.norm(residual.numpy(), axis=1), axis=0)
    np.testing.assert_allclose(found.median, ordered[(count + 1) // 2 - 1], rtol=1e-5)
    np.testing.assert_allclose(found.p95, ordered[int(np.ceil(0.95 * count)) - 1], rtol=1e-5)
    np.testing.assert_allclose(found.max, ordered[-1], rtol=1e-5)
    np.testing.assert_allclose(found.part[:, 0], ordered.mean(0), rtol=1e-4)
