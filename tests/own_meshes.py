"""Meshes of a topology of their own, made from the body of a motion so that the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from core.files.bodies.correspondences import write_correspondence
from core.geometry.closest_point import closest_on_surface
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from core.model.motion import Motion
from core.model.posing import posed
from tests.core.files.motions.mesh_files import obj


@dataclass(frozen=True, eq=False)
class MadeMesh:
    """A finer skin of a body, its vertices in another order.

    Attributes:
        pair: the body, and what it is fitted to.
        faces: (F, 3) of the mesh.
        matrix: (V, Vs) from the body's vertices to the mesh's.
        place: (Vs,) which vertex of the mesh each of the body's is.
    """

    pair: BodyPair
    faces: np.ndarray
    matrix: sparse.csr_matrix
    place: np.ndarray

    @classmethod
    def of(cls, pair: BodyPair, seed: int = 0) -> MadeMesh:
        """Each triangle of the source's body cut into four, the vertices shuffled."""
        body = pair.source
        a, b, c = body.faces.T.astype(np.int64)
        ends = np.sort(np.concatenate([np.stack(two, 1) for two in ((a, b), (b, c), (c, a))]), axis=1)
        edges, which = np.unique(ends, axis=0, return_inverse=True)
        ab, bc, ca = which.reshape(3, -1) + body.num_vertices
        cut = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
        rows = np.repeat(np.arange(len(edges)), 2)
        middles = sparse.csr_matrix(
            (np.full(edges.size, 0.5), (rows, edges.ravel())), shape=(len(edges), body.num_vertices)
        )
        matrix = sparse.csr_matrix(sparse.vstack((sparse.identity(body.num_vertices), middles)))
        order = np.random.default_rng(seed).permutation(matrix.shape[0])
        place = np.argsort(order)
        return cls(pair, place[cut], sparse.csr_matrix(matrix[order]), place[: body.num_vertices])

    @property
    def count(self) -> int:
        """V."""
        return self.matrix.shape[0]

    @property
    def rest(self) -> np.ndarray:
        """(V, 3) metres: the mesh of the body at rest."""
        return np.asarray(self.matrix @ self.pair.source.v_template)

    def vertices(self, motion: Motion) -> np.ndarray:
        """(T, V, 3) float32 metres of a motion in the body."""
        skin, _ = posed(motion, self.pair.source, slice(None))
        return np.stack([self.matrix @ one for one in skin]).astype(np.float32)

    def led(self) -> Correspondence:
        """The pair's own correspondence, from the mesh."""
        own = self.pair.correspondence
        moved = own.matrix.tocoo()
        shape = moved.shape[0], self.count
        matrix = sparse.csr_matrix((moved.data, (moved.row, self.place[moved.col])), shape=shape)
        return Correspondence(matrix, own.valid)

    def write(self, folder: Path, motion: Motion) -> tuple[Path, Path, Path]:
        """Writes the motion, the correspondence and the rest mesh."""
        folder.mkdir(exist_ok=True)
        clip, transfer, rest = folder / "clip.npz", folder / "mesh2smplx.npz", folder / "rest.obj"
        np.savez(clip, vertices=self.vertices(motion), faces=self.faces, fps=motion.frame_rate)
        write_correspondence(transfer, self.led())
        rest.write_bytes(obj(self.rest, faces_text(self.faces)))
        return clip, transfer, rest

    def write_mapping(self, path: Path) -> None:
        """Writes the same correspondence as MHR's mappings are: a triangle of the mesh, and weights on it,
        for every vertex of the target; one without counterpart has any."""
        met = closest_on_surface(self.led().matrix @ self.rest, self.rest, self.faces)
        np.savez(path, triangle_ids=met.face, baryc_coords=met.weights)


def faces_text(faces: np.ndarray) -> str:
    """Lines of an ``.obj``."""
    return "\n".join("f {} {} {}".format(*face) for face in (faces + 1).tolist())
