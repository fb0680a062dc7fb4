"""Rows of a correspondence give what its matrix gives, also where a row is empty or a number is not one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse
import torch

from core.fitting.objective.target_rows import TargetRows, target_rows
from core.model.correspondence import Correspondence

ROWS = [[0, 0.25, 0.75, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0.5, 0.2, 0.3, 0], [0, 0, 0, 0]]
MATRIX = sparse.csr_matrix(np.array(ROWS, dtype=np.float32))


@pytest.mark.parametrize("some", [slice(0, 5), slice(1, 4), slice(1, 2), slice(3, 5)])
def test_points_are_those_of_the_matrix(some: slice) -> None:
    rows = Correspondence(MATRIX, np.ones(5, dtype=bool)).rows(np.arange(5))
    skin = torch.randn(4, 9, generator=torch.Generator().manual_seed(2))
    # No row has it.
    skin[3] = torch.nan
    found = TargetRows(rows).part(some).of(skin)
    expected = MATRIX[some].toarray()[:, :3] @ skin[:3].numpy()
    assert found.shape == expected.shape
    assert np.abs(found.numpy() - expected).max() < 1e-6


def test_rows_of_the_same_vertices_are_made_once() -> None:
    one, other = (Correspondence(MATRIX, np.ones(5, dtype=bool)) for _ in range(2))
    some, order = np.array([0, 3]), np.array([3, 2, 1, 0])
    found = target_rows(one, some, order)
    assert target_rows(one, some.copy(), order.copy()) is found
    assert target_rows(one, some) is not found
    assert target_rows(one, some[::-1], order) is not found
    assert target_rows(other, some, order) is not found
    skin = torch.arange(4.0)[:, None]
    assert np.allclose(found.of(skin[[3, 2, 1, 0]]).numpy(), MATRIX[some] @ skin.numpy())
