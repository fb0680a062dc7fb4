"""Rows of a correspondence, applied to skins that lie vertices first."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from core.kept import kept
from core.model.correspondence import Correspondence

MOST_BYTES = 2**23
"""That rows are kept in: those of a dozen or two pairs of bodies and masks."""


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

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        each = (self._vertices, self._starts, self._weights)
        return sum(tensor.numel() * tensor.element_size() for tensor in each)

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


def target_rows(
    correspondence: Correspondence, vertices: np.ndarray, source_order: np.ndarray | None = None
) -> TargetRows:
    """The rows of some target vertices, kept for the next motion; arguments as of `Correspondence.rows`."""
    order = None if source_order is None else source_order.astype(np.int64).tobytes()
    return _made(correspondence, vertices.astype(np.int64).tobytes(), order)


@kept(lambda rows: rows.nbytes, MOST_BYTES)
def _made(correspondence: Correspondence, vertices: bytes, source_order: bytes | None) -> TargetRows:
    order = None if source_order is None else np.frombuffer(source_order, np.int64)
    with torch.inference_mode(False):
        return TargetRows(correspondence.rows(np.frombuffer(vertices, np.int64), order))
