"""Which point of the source's surface each target vertex corresponds to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Correspondence:
    """A sparse map from source vertices to target vertices, and which target vertices it holds for.

    Attributes:
        matrix: (Vt, Vs) CSR float32; a row holds the barycentric weights of one target vertex.
        valid: (Vt,) bool: vertices that count in a fit. A row without weights is never valid.
        path: the file of the matrix, or None.
        sha256: checksum of the matrix file, hexadecimal.
        mask_path: the file of valid ids, or None.
        mask_sha256: checksum of that file, hexadecimal, or empty.
        notes: sentences on what was assumed while reading.
        device: where it is applied.
        as_read: (Vt,) bool: the mask that the files give, where ``valid`` was painted since; else None.
        weights: (Vt,) float32 above zero: how much each vertex counts in a fit, beside what the settings of a
            stage say; None for all alike.
    """

    matrix: sparse.csr_matrix
    valid: np.ndarray
    path: Path | None = None
    sha256: str = ""
    mask_path: Path | None = None
    mask_sha256: str = ""
    notes: tuple[str, ...] = ()
    device: torch.device = field(default=torch.device("cpu"))
    as_read: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.valid.shape != (self.matrix.shape[0],) or self.valid.dtype != bool:
            raise ValueError(f"valid must be {self.matrix.shape[0]} booleans, got {self.valid.shape}")
        object.__setattr__(self, "valid", self.valid & self.filled)

    @cached_property
    def filled(self) -> np.ndarray:
        """(Vt,) bool: the vertex has a counterpart, so that it may be valid."""
        return np.asarray(np.diff(self.matrix.indptr) > 0)

    @property
    def own(self) -> np.ndarray:
        """(Vt,) bool: the mask that the files give, whatever was painted since."""
        return self.valid if self.as_read is None else self.as_read

    @property
    def painted(self) -> bool:
        """The mask is another one than the files give."""
        return self.as_read is not None

    def with_valid(self, valid: np.ndarray) -> Correspondence:
        """The same map with another mask, (Vt,) bool; vertices without a counterpart stay invalid."""
        valid = valid & self.filled
        if np.array_equal(valid, self.valid):
            return self
        own = None if np.array_equal(valid, self.own) else self.own
        return self._like(replace(self, valid=valid, as_read=own))

    def with_weights(self, weights: np.ndarray | None) -> Correspondence:
        """The same map with other weights of the vertices, (Vt,) above zero; None for all alike."""
        if weights is not None:
            weights = np.asarray(weights, dtype=np.float32)
            weights = None if bool((weights == 1).all()) else weights
        if same_weights(weights, self.weights):
            return self
        return self._like(replace(self, weights=weights))

    def _like(self, other: Correspondence) -> Correspondence:
        # What depends on neither mask nor weights need not be made again.
        for name in ("operator", "by_source"):
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    def to(self, device: str | torch.device) -> Correspondence:
        """The same map, applied on another device."""
        device = torch.device(device)
        return self if device == self.device else replace(self, device=device)

    @classmethod
    def identity(cls, vertices: int) -> Correspondence:
        """Between two bodies of one topology: every vertex is its own counterpart."""
        eye = sparse.identity(vertices, dtype=np.float32, format="csr")
        return cls(sparse.csr_matrix(eye), np.ones(vertices, dtype=bool))

    @cached_property
    def operator(self) -> Tensor:
        """The matrix as a sparse tensor (CSR) on the device."""
        return self.rows(np.arange(self.matrix.shape[0]))

    @cached_property
    def by_source(self) -> sparse.csc_matrix:
        """The matrix by columns: which target vertices a source vertex counts in."""
        return self.matrix.tocsc()

    def rows(self, vertices: np.ndarray, source_order: np.ndarray | None = None) -> Tensor:
        """The rows of some target vertices as a sparse tensor (CSR) on the device.

        Args:
            vertices: ids of target vertices.
            source_order: ids of the source vertices in the order of the columns wanted; None for their own.
        """
        part = self.matrix[vertices]
        part = sparse.csr_matrix(part if source_order is None else part[:, source_order])
        part.sum_duplicates()
        return torch.sparse_csr_tensor(
            torch.as_tensor(part.indptr, dtype=torch.int64),
            torch.as_tensor(part.indices, dtype=torch.int64),
            torch.as_tensor(part.data, dtype=torch.float32),
            size=part.shape,
            device=self.device,
        )

    def apply(self, vertices: Tensor) -> Tensor:
        """(N, Vs, 3) source vertices to the (N, Vt, 3) points that the target vertices should meet."""
        frames = vertices.shape[0]
        flat = vertices.to(self.device).permute(1, 2, 0).reshape(vertices.shape[1], -1)
        return (self.operator @ flat).view(-1, 3, frames).permute(2, 0, 1).contiguous()


def same_weights(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Two lists of weights say the same; None says that all are alike."""
    return one is other or (one is not None and other is not None and np.array_equal(one, other))
