"""Places on the source at rest, on both bodies, against the raw arrays."""

from __future__ import annotations

import numpy as np

from core.correspond.load_bodies import load_bodies
from core.inspection.rest_places import rest_places


def test_a_target_vertex_is_where_the_point_is_that_it_corresponds_to() -> None:
    bodies = load_bodies()
    source, target = rest_places(bodies)
    rest, matrix = bodies.source.v_template.astype(float), bodies.correspondence.matrix
    assert np.abs(source).max() <= 1.0 + 1e-6
    for axis in range(3):
        assert np.corrcoef(source[:, axis], rest[:, axis])[0, 1] > 1 - 1e-9
    assert (np.sign(source[:, 0]) == np.sign(rest[:, 0])).all(), "left is left"
    for vertex in np.flatnonzero(bodies.correspondence.valid)[::500]:
        row = matrix[vertex]
        np.testing.assert_allclose(target[vertex], row.data @ source[row.indices], atol=1e-5)
    assert not target[np.diff(matrix.indptr) == 0].any()
