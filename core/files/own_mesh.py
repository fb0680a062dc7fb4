"""Meshes of a topology of their own, which no body model has: of MHR, SOMA, Anny, a registered template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import FileError


@dataclass(frozen=True, eq=False)
class OwnMesh:
    """What is known of meshes of one topology.

    Attributes:
        faces: (F, 3) vertex ids.
        rest: (V, 3) float32 metres, one shape of it: the rest mesh, or else a mesh of the motion.
        transfer: the file of a correspondence from it to a body, or None.
        rest_mesh: the file of ``rest`` where that is registered to a body at rest, or None.
    """

    faces: np.ndarray
    rest: np.ndarray
    transfer: Path | None = None
    rest_mesh: Path | None = None

    @property
    def led(self) -> bool:
        """Something leads from it to a body."""
        return self.transfer is not None or self.rest_mesh is not None


class NothingLeads(FileError):
    """Meshes have a topology of their own, and nobody has said what leads from it to a body.

    Attributes:
        vertices: of each mesh.
    """

    def __init__(self, path: str | Path, vertices: int) -> None:
        super().__init__(
            path,
            f"is meshes of {vertices} vertices, a topology of their own: say what leads from it to a body, "
            "by --transfer FILE (a correspondence) or --rest-mesh FILE (one of the meshes, registered to the "
            "body at rest)",
        )
        self.vertices = vertices
