"""Meshes of a topology of their own: their faces, and the mesh that is registered to a body at rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.containers.npz import read_npz
from core.files.motions.mesh_faces import checked_faces, face_lines, mesh_faces
from core.files.motions.mesh_readers import READERS, mesh_places
from core.files.own_mesh import OwnMesh
from core.geometry.edge_lengths import edge_lengths
from core.model.motion import MOST_METRES, Reading

FACE_KEYS = ("faces", "f")
LEAST_VERTICES = 4

OWN = (
    "The source is meshes of a topology of their own: its joints are those that the regressor of the fit's "
    "body finds on the points that correspond to it, and it has no rotations."
)

# A rest mesh in another unit than the motion has edges of another length by a power of ten.
_UNITS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
_SOME_EDGES = 5000


class FacesOfFiles:
    """The faces of meshes that come one by one, all alike.

    Args:
        vertices: that each mesh has.
    """

    def __init__(self, vertices: int) -> None:
        self._vertices = vertices
        self._first: Path | None = None
        self._lines: list[bytes] = []
        self.faces: np.ndarray | None = None

    def take(self, path: Path, data: bytes) -> None:
        """The next mesh.

        Raises:
            FileError: its faces are none, or others than those of the first.
        """
        # Most files say the same faces in the same words.
        lines = face_lines(data) if path.suffix.lower() == ".obj" else []
        if lines and lines == self._lines:
            return
        faces = mesh_faces(path, self._vertices, data)
        if self._first is None:
            self._first, self.faces, self._lines = path, faces, lines
            return
        same = faces is self.faces or (
            faces is not None and self.faces is not None and np.array_equal(faces, self.faces)
        )
        if not same:
            raise FileError(
                path, f"has other faces than {self._first.name}, expected one topology throughout"
            )


def faces_in(path: Path, key: str, vertices: int) -> np.ndarray:
    """(F, 3) int64 faces in an ``.npz``.

    Raises:
        FileError: they are none of these vertices.
    """
    return checked_faces(path, read_npz(path, (key,))[key], vertices, key)


def own_mesh(path: Path, vertices: np.ndarray, faces: np.ndarray | None, reading: Reading) -> OwnMesh:
    """What is known of the topology of a motion's meshes.

    Args:
        path: of the motion.
        vertices: (T, V, 3) float32 metres.
        faces: (F, 3) that the motion's file says; None where the rest mesh has them.
        reading: names the files that lead from it to a body.

    Raises:
        FileError: no mesh is finite, or the rest mesh cannot be one of this topology.
    """
    files = reading.transfer, reading.rest_mesh
    transfer, rest_mesh = (None if one is None else Path(one) for one in files)
    with np.errstate(invalid="ignore"):
        frame = next((mesh for mesh in vertices if (np.abs(mesh) < MOST_METRES).all()), None)
    if frame is None:
        raise FileError(path, "holds no frame whose numbers are all finite")
    rest = frame - frame.mean(0)
    if rest_mesh is not None:
        rest, faces = _registered(rest_mesh, path, rest, faces)
    assert faces is not None
    return OwnMesh(faces, rest, transfer, rest_mesh)


def _registered(
    path: Path, motion: Path, frame: np.ndarray, faces: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3) float32 and (F, 3) of the rest mesh in a file, in the motion's unit."""
    if path.suffix.lower() not in READERS:
        raise FileError(path, f"is no rest mesh, expected a name that ends in {' or '.join(READERS)}")
    places = mesh_places(path)
    if len(places) != len(frame):
        raise FileError(path, f"has {len(places)} vertices, expected {len(frame)} as {motion.name} has")
    if not np.isfinite(places).all():
        raise FileError(path, "has vertices that are not finite")
    own = mesh_faces(path, len(places))
    if own is None and faces is None:
        raise FileError(path, f"has no faces, and neither has {motion.name}")
    if own is not None and faces is not None and not np.array_equal(own, faces):
        raise FileError(path, f"has other faces than {motion.name}, expected one topology")
    faces = own if faces is None else faces
    assert faces is not None
    ratio = _edge(frame, faces) / max(_edge(places, faces), 1e-30)
    scale = min(_UNITS, key=lambda unit: abs(np.log(max(ratio, 1e-30) / unit)))
    return (places * scale).astype(np.float32), faces


def _edge(vertices: np.ndarray, faces: np.ndarray) -> float:
    return float(np.median(edge_lengths(vertices, faces[:_SOME_EDGES, :2])))
