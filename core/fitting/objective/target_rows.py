"""Rows of a correspondence, applied to skins that lie vertices first."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag


class TargetRows:
    """r points of a surface, each a weighted mean of a few of its V vertices.

    Args:
        rows: (r, V) sparse (CSR), float32.
    """

    def __init__(self, rows: Tensor) -> None:
        self._rows = rows
        self._vertices, self._starts, self._weights = rows.col_indices(), rows.crow_indices(), rows.values()

    def of(self, flat: Tensor) -> Tensor:
        """(V, k) float32 of the vertices to (r, k) of the points."""
        if flat.device.type != "cpu":
            return self._rows @ flat
        # A fourth of the time that a sparse product takes.
        return embedding_bag(
            self._vertices,
            flat,
            self._starts,
            mode="sum",
            per_sample_weights=self._weights,
            include_last_offset=True,
        )

    def part(self, some: slice) -> TargetRows:
        """Those of some rows that follow each other."""
        start, stop = (int(self._starts[end]) for end in (some.start, some.stop))
        return TargetRows(
            torch.sparse_csr_tensor(
                self._starts[some.start : some.stop + 1] - start,
                self._vertices[start:stop],
                self._weights[start:stop],
                size=(some.stop - some.start, self._rows.shape[1]),
            )
        )
