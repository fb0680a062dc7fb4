"""The outline of the face: points that slide over the skin as the neck turns, so that they stay its outline.

Which they are is read from a table of the SMPL-X file by the angle of the neck about the vertical axis of the
file's world, in whole degrees from -39 to 39, as the `smplx` package has it (``use_face_contour``).
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation
from torch import Tensor

from core.model.body import BodyModel
from core.model.motion import Motion

_MOST_DEGREES = 39


class FaceContour:
    """Some points of the outline of a body's face.

    Args:
        body: with ``contour_faces`` and ``contour_weights``.
        points: (c,) which of its points.
    """

    def __init__(self, body: BodyModel, points: np.ndarray) -> None:
        assert body.contour_faces is not None
        assert body.contour_weights is not None
        self._corners = body.faces[body.contour_faces[:, points]].astype(np.int64)
        self._weights = body.contour_weights[:, points]
        self.vertices = np.unique(self._corners)
        """(n,) ids of the vertices that the points may lie between."""
        self._rows = np.searchsorted(self.vertices, self._corners)
        self._necks = [joint := body.joint_names.index("neck")]
        while (joint := int(body.parents[joint])) >= 0:
            self._necks.insert(0, joint)

    def places(self, motion: Motion, frames: np.ndarray, skin: Tensor) -> np.ndarray:
        """Where the points are in n frames.

        Args:
            motion: of poses, in the body's family.
            frames: (n,) ids of frames whose numbers are finite.
            skin: (k, 3, n) metres, the posed `vertices`.

        Returns:
            (n, c, 3) float64 metres.
        """
        turned = table_row(motion.poses[frames][:, self._necks])
        held = skin.cpu().numpy().astype(np.float64).transpose(2, 0, 1)
        corners = held[np.arange(len(frames))[:, None, None], self._rows[turned]]
        return np.einsum("ncv,ncvx->ncx", self._weights[turned], corners)


def table_row(chain: np.ndarray) -> np.ndarray:
    """The row of the table for the pose of the neck.

    Args:
        chain: (n, k, 3) axis-angle of the joints from the root to the neck.

    Returns:
        (n,) 0 to 39: degrees to one side; 40 to 78: 1 to 39 degrees to the other.
    """
    world = Rotation.identity(len(chain))
    for joint in range(chain.shape[1]):
        world = world * Rotation.from_rotvec(chain[:, joint].astype(np.float64))
    matrix = world.as_matrix()
    angle = np.arctan2(-matrix[:, 2, 0], np.hypot(matrix[:, 0, 0], matrix[:, 1, 0]))
    degrees = np.clip(np.round(-np.degrees(angle)), -_MOST_DEGREES, _MOST_DEGREES).astype(int)
    return np.where(degrees < 0, _MOST_DEGREES - degrees, degrees)
