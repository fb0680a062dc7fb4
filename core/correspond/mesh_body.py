"""What stands in for the body of meshes of a topology of their own.

Such a mesh has no joints and no skinning. What is asked of a source's body is taken from the body that it is
fitted to, through the correspondence: its joints are those that the target's regressor finds on the points
that the target's vertices correspond to, and each of its vertices follows the joints that these follow.
"""

from __future__ import annotations

import hashlib

import numpy as np
from scipy import sparse

from core.files.own_mesh import OwnMesh
from core.model.body import BodyModel
from core.model.correspondence import Correspondence
from core.model.joints import MESH

LEAST_SUPPORT = 0.9
"""A joint is known where so much of the weight of its regressor lies on vertices that count."""


def bare_body(own: OwnMesh) -> BodyModel:
    """The mesh as a body without joints: what a correspondence is built from and judged by."""
    count = len(own.rest)
    return BodyModel(
        family=MESH,
        gender="neutral",
        joint_names=(),
        parents=np.zeros(0, dtype=np.int64),
        faces=own.faces,
        v_template=own.rest,
        shapedirs=np.zeros((count, 3, 0), np.float32),
        expressiondirs=np.zeros((count, 3, 0), np.float32),
        posedirs=np.zeros((count, 3, 0), np.float32),
        weights=np.zeros((count, 0), np.float32),
        J_regressor=np.zeros((0, count), np.float32),
        name=f"mesh of {count:,} vertices",
        path=own.rest_mesh,
        sha256=mesh_checksum(own.faces, own.rest),
    )


def mesh_body(own: OwnMesh, target: BodyModel, correspondence: Correspondence) -> BodyModel:
    """The mesh as the source's body of a fit.

    Its checksum is that of the topology alone, as the shape may be that of any frame.

    Args:
        own: the mesh.
        target: the body that it is fitted to.
        correspondence: from the mesh to ``target``.
    """
    count, valid = len(own.rest), correspondence.valid
    matrix = sparse.csr_matrix(correspondence.matrix.multiply(valid[:, None]), dtype=np.float64)
    support = np.abs(target.J_regressor[:, valid]).sum(1) / np.abs(target.J_regressor).sum(1).clip(1e-30)
    kept = support >= LEAST_SUPPORT
    kept[0] = True
    names = np.flatnonzero(kept)
    above = np.arange(target.num_joints)
    for joint, parent in enumerate(target.parents):
        if not kept[joint]:
            above[joint] = above[parent]
    parents = [-1, *np.searchsorted(names, above[target.parents[names[1:]]]).tolist()]

    regressor = np.asarray((matrix.T @ target.J_regressor[names].T.astype(np.float64)).T)
    total = regressor.sum(1, keepdims=True)
    regressor = np.where(np.abs(total) > 1e-6, regressor / np.where(total, total, 1), 1 / count)

    follows = np.zeros((target.num_joints, len(names)))
    follows[np.arange(target.num_joints), np.searchsorted(names, above)] = 1
    weights = np.asarray(abs(matrix).T @ (target.weights.astype(np.float64) @ follows))
    sums = weights.sum(1)
    led = sums > 1e-6
    weights[led] /= sums[led, None]
    if not led.all():
        # What no vertex corresponds to follows what the nearest skin does. Other files open sooner without
        # what looks for it.
        from scipy.spatial import cKDTree

        _, nearest = cKDTree(own.rest[led]).query(own.rest[~led])
        weights[~led] = weights[led][nearest]
    return BodyModel(
        family=MESH,
        gender=target.gender,
        joint_names=tuple(target.joint_names[joint] for joint in names),
        parents=np.array(parents, dtype=target.parents.dtype),
        faces=own.faces,
        v_template=own.rest,
        shapedirs=np.zeros((count, 3, 0), np.float32),
        expressiondirs=np.zeros((count, 3, 0), np.float32),
        # It is never posed by rotations: one zero stands for all.
        posedirs=np.broadcast_to(np.float32(0), (count, 3, 9 * (len(names) - 1))),
        weights=weights.astype(np.float32),
        J_regressor=regressor.astype(np.float32),
        name=f"mesh of {count:,} vertices",
        builtin=target.builtin,
        path=own.rest_mesh,
        sha256=mesh_checksum(own.faces, np.array([count])),
    )


def mesh_checksum(*arrays: np.ndarray) -> str:
    """Of the numbers of faces and places, whatever their types, hexadecimal."""
    digest = hashlib.sha256()
    for array in arrays:
        kind = np.int64 if array.dtype.kind in "iu" else np.float32
        digest.update(np.ascontiguousarray(array, dtype=kind).data)
    return digest.hexdigest()
