"""Where each vertex of both bodies is on the source at rest: the same place, the same numbers."""

from __future__ import annotations

import numpy as np

from core.model.body_pair import BodyPair


def rest_places(bodies: BodyPair) -> tuple[np.ndarray, np.ndarray]:
    """Places on the source's template, each axis from -1 to 1 over its extent.

    Of a target vertex it is the place of the point that it corresponds to, whatever its row sums to.

    Returns:
        (Vs, 3) and (Vt, 3) float32: to the left of the body, up, and to the front; an empty row is 0.
    """
    rest = bodies.source.v_template.astype(np.float64)
    low, high = rest.min(0), rest.max(0)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-9)
    # The body's own left and right, and not those of its box.
    middle[0] = 0.0 if low[0] < 0 < high[0] else middle[0]
    half[0] = np.abs(rest[:, 0] - middle[0]).max()
    places = (rest - middle) / half
    matrix = bodies.correspondence.matrix
    return places.astype(np.float32), np.asarray(matrix @ places, np.float32)
