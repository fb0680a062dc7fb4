"""A body of the SMPL family: arrays of one model file, and posing them.

Linear blend skinning with shape, expression and pose blend shapes, after Loper et al., "SMPL: A Skinned
Multi-Person Linear Model" (2015), eqs. 2-9, and Pavlakos et al., "Expressive Body Capture" (2019).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.model.body_views import BodyViews
from core.model.joints import PARTS, joint_part
from core.model.skinning import KinematicTree, constant, rotation_matrices

# Sparse products are stable enough for what is done with them here; the note would greet every user.
warnings.filterwarnings("ignore", message=r"(?s)Sparse (CSR tensor support is in beta|invariant checks)")

# Posed at once; more falls out of the processor's caches, fewer pays Python's overhead.
CHUNK_FRAMES = 32
# Fewer frames are blended with vertices last.
FEW_FRAMES = 12
# Below this share of non-zeros a sparse product beats the dense one several times over.
SPARSE_BELOW = 0.1


@dataclass(frozen=True, eq=False, repr=False)
class BodyModel(BodyViews):
    """One body model: V vertices, F faces, J joints, B shape and E expression coefficients.

    Attributes:
        family: ``'smpl'``, ``'smplh'`` or ``'smplx'``.
        gender: ``'neutral'``, ``'female'`` or ``'male'``.
        name: what to call it to people.
        builtin: it is one of the bodies Refit carries, not a licensed model.
        path: its file, or None.
        sha256: checksum of the file, hexadecimal.
        joint_names: J names.
        parents: (J,) parent of each joint, -1 for the root.
        faces: (F, 3) vertex ids.
        v_template: (V, 3) metres.
        shapedirs: (V, 3, B) metres per unit of beta.
        expressiondirs: (V, 3, E) metres per unit of expression.
        posedirs: (V, 3, 9(J-1)) metres per unit of the entries of R - I, joints 1... row by row.
        weights: (V, J) skinning weights.
        J_regressor: (J, V).
        hands_mean: (90,) axis-angle of the relaxed left and right hand, or None where the file has none.
        hands_components: (2, n, 45) principal components of the left and the right hand, or None.
        landmark_faces: (L,) triangles on which the landmarks of the face lie, or None.
        landmark_weights: (L, 3) their barycentric weights, or None.
        contour_faces: (A, C) triangles of points of the face's outline, by how the neck is turned, or None.
        contour_weights: (A, C, 3) their barycentric weights, or None.
        device: where it is posed.
    """

    family: str
    gender: str
    joint_names: tuple[str, ...]
    parents: np.ndarray
    faces: np.ndarray
    v_template: np.ndarray
    shapedirs: np.ndarray
    expressiondirs: np.ndarray
    posedirs: np.ndarray
    weights: np.ndarray
    J_regressor: np.ndarray
    hands_mean: np.ndarray | None = None
    hands_components: np.ndarray | None = None
    landmark_faces: np.ndarray | None = None
    landmark_weights: np.ndarray | None = None
    contour_faces: np.ndarray | None = None
    contour_weights: np.ndarray | None = None
    name: str = ""
    builtin: bool = False
    path: Path | None = None
    sha256: str = ""
    device: torch.device = field(default=torch.device("cpu"))

    @property
    def num_vertices(self) -> int:
        """V."""
        return self.v_template.shape[0]

    @property
    def num_joints(self) -> int:
        """J."""
        return len(self.joint_names)

    @property
    def num_betas(self) -> int:
        """B, every shape coefficient the file has."""
        return self.shapedirs.shape[2]

    @property
    def num_expression(self) -> int:
        """E."""
        return self.expressiondirs.shape[2]

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays of the file."""
        # Not `vars`: what other threads ask for meanwhile is made and put there.
        values = (getattr(self, item.name) for item in fields(self))
        return sum(value.nbytes for value in values if isinstance(value, np.ndarray))

    def to(self, device: str | torch.device) -> BodyModel:
        """The same body, posed on another device."""
        device = torch.device(device)
        return self if device == self.device else replace(self, device=device)

    def tensor(self, array: np.ndarray) -> Tensor:
        """``array`` as float32 on this body's device."""
        return torch.as_tensor(np.ascontiguousarray(array, dtype=np.float32), device=self.device)

    @cached_property
    def tree(self) -> KinematicTree:
        """The joint tree."""
        return KinematicTree(self.parents)

    @cached_property
    def vertex_part(self) -> np.ndarray:
        """(V,) index into `core.model.joints.PARTS`: the part of the joint that holds the vertex most."""
        part_of_joint = np.array([PARTS.index(joint_part(name)) for name in self.joint_names])
        return part_of_joint[self.held_by]

    @cached_property
    def held_by(self) -> np.ndarray:
        """(V,) the joint that holds each vertex most."""
        return self.weights.argmax(1)

    @constant
    def shape_basis(self) -> Tensor:
        """(V, 3, B + E): shape and expression directions side by side."""
        return self.tensor(np.concatenate((self.shapedirs, self.expressiondirs), 2))

    @constant
    def template(self) -> Tensor:
        """(V, 3) the mean shape."""
        return self.tensor(self.v_template)

    @constant
    def regressor(self) -> Tensor:
        """(J, V)."""
        return self.tensor(self.J_regressor)

    @constant
    def joint_template(self) -> Tensor:
        """(J, 3) rest joints of the mean shape."""
        counts, regressor = self._regressor
        return self.tensor(regressor @ self.v_template[counts])

    @constant
    def joint_basis(self) -> Tensor:
        """(J, 3, B + E) metres the rest joints move per unit of shape and expression."""
        counts, regressor = self._regressor
        basis = np.concatenate((self.shapedirs[counts], self.expressiondirs[counts]), 2)
        # Not by numpy, whose products leave a thread spinning for a while.
        product = torch.from_numpy(regressor) @ torch.from_numpy(basis.astype(regressor.dtype)).flatten(1)
        return self.tensor(product.unflatten(1, basis.shape[1:]).numpy())

    @cached_property
    def _regressor(self) -> tuple[np.ndarray, np.ndarray]:
        """Ids of the v vertices that regress any joint, and (J, v) their weights."""
        counts = np.flatnonzero(self.J_regressor.any(0))
        return counts, self.J_regressor[:, counts].astype(np.float64)

    @cached_property
    def moved_by(self) -> np.ndarray:
        """(V, 9(J-1)) bool: which pose features have a corrective at which vertex."""
        return (self.posedirs != 0).any(1)

    @constant
    def skin_weights(self) -> Tensor:
        """(V, J)."""
        return self.tensor(self.weights)

    @constant
    def correctives(self) -> Tensor:
        """(3V, 9(J-1)) posedirs, as a sparse matrix where they are sparse."""
        return corrective_matrix(self.tensor(self.posedirs))

    def coefficients(self, betas: Tensor | None, expression: Tensor | None) -> Tensor:
        """Shape and expression coefficients side by side; what is missing is zero.

        Args:
            betas: (..., up to B) or None.
            expression: (..., up to E) or None.

        Returns:
            (..., B + E).

        Raises:
            ValueError: more coefficients than the body has.
        """
        parts = []
        for values, count, what in (
            (betas, self.num_betas, "betas"),
            (expression, self.num_expression, "expression coefficients"),
        ):
            if values is None:
                values = torch.zeros(0, device=self.device)
            if values.shape[-1] > count:
                raise ValueError(f"{values.shape[-1]} {what} for a body that has {count}")
            parts.append(torch.nn.functional.pad(values.to(self.device), (0, count - values.shape[-1])))
        if parts[0].dim() != parts[1].dim():
            lead = max((p.shape[:-1] for p in parts), key=len)
            parts = [p.expand(*lead, -1) for p in parts]
        return torch.cat(parts, -1)

    def rest_joints(self, coefficients: Tensor) -> Tensor:
        """(..., B + E) coefficients to (..., J, 3) rest joints, metres."""
        return self.joint_template + (self.joint_basis @ coefficients[..., None, :, None]).squeeze(-1)

    def joints(
        self, poses: Tensor, betas: Tensor | None, transl: Tensor, expression: Tensor | None = None
    ) -> Tensor:
        """World joints, without computing a vertex.

        Args:
            poses: (N, J, 3) axis-angle, radians.
            betas: (B,) or (N, B), or None for the mean shape.
            transl: (N, 3) metres.
            expression: (E,) or (N, E), or None.

        Returns:
            (N, J, 3) metres.
        """
        world = self.tree.world_rotations(rotation_matrices(poses.to(self.device)))
        rest = self.rest_joints(self.coefficients(betas, expression))
        return self.tree.joint_positions(world, rest, rest[..., 0, :] + transl.to(self.device))

    def vertices(
        self, poses: Tensor, betas: Tensor | None, transl: Tensor, expression: Tensor | None = None
    ) -> Tensor:
        """World vertices.

        Args:
            poses: (N, J, 3) axis-angle, radians.
            betas: (B,) or (N, B), or None for the mean shape.
            transl: (N, 3) metres.
            expression: (E,) or (N, E), or None.

        Returns:
            (N, V, 3) metres.
        """
        out = torch.empty(len(poses), self.num_vertices, 3, device=self.device)
        for part, skin in self.vertex_chunks(poses, betas, transl, expression):
            out[part] = skin.permute(2, 0, 1)
        return out

    def vertex_chunks(
        self, poses: Tensor, betas: Tensor | None, transl: Tensor, expression: Tensor | None = None
    ) -> Iterator[tuple[slice, Tensor]]:
        """As `vertices`, a few frames at a time and vertices first: yields (frames, (V, 3, n)).

        Vertices first is the layout in which skinning is one matrix product over all frames of a chunk.
        """
        for part, skin, _ in self.posed_chunks(poses, betas, transl, expression):
            yield part, skin

    def posed_chunks(
        self, poses: Tensor, betas: Tensor | None, transl: Tensor, expression: Tensor | None = None
    ) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """As `vertex_chunks`, with the world joints (n, J, 3) of the same frames."""
        coefficients = self.coefficients(betas, expression)
        poses, transl = poses.to(self.device), transl.to(self.device)
        shared = coefficients.dim() == 1
        if shared:
            shaped, rest = self.shaped(coefficients), self.rest_joints(coefficients)
        for start in range(0, len(poses), CHUNK_FRAMES):
            part = slice(start, min(start + CHUNK_FRAMES, len(poses)))
            if not shared:
                shaped, rest = self.shaped(coefficients[part]), self.rest_joints(coefficients[part])
            relative = rotation_matrices(poses[part])
            world = self.tree.world_rotations(relative)
            joints = self.tree.joint_positions(world, rest, rest[..., 0, :].expand(len(world), 3))
            bent = shaped + corrective_offsets(self.correctives, relative)
            skin = blend(self.skin_weights, world, joints, rest, bent)
            # Added last, as everything before it is small: keeps the digits of bodies far from the origin.
            yield part, skin + transl[part].T, joints + transl[part, None]

    def shaped(self, coefficients: Tensor) -> Tensor:
        """(B + E,) to (V, 3, 1), or (N, B + E) to (V, 3, N): vertices before posing."""
        offsets = self.shape_basis @ coefficients.reshape(-1, coefficients.shape[-1]).T
        return self.template[..., None] + offsets


def corrective_matrix(posedirs: Tensor) -> Tensor:
    """(V, 3, P) posedirs as one (3V, P) matrix, sparse (CSR) where that is faster."""
    matrix = posedirs.flatten(0, 1)
    sparse = int(torch.count_nonzero(matrix)) < SPARSE_BELOW * matrix.numel()
    return matrix.to_sparse_csr() if sparse else matrix


def pose_features(relative: Tensor) -> Tensor:
    """(N, J, 3, 3) relative rotations to the (9(J-1), N) features R - I of the pose blend shapes."""
    identity = torch.eye(3, device=relative.device, dtype=relative.dtype)
    return (relative[:, 1:] - identity).flatten(1).T.contiguous()


def corrective_offsets(correctives: Tensor, relative: Tensor) -> Tensor:
    """Pose blend shapes: (3V, P) matrix and (N, J, 3, 3) relative rotations to (V, 3, N) metres."""
    return (correctives @ pose_features(relative)).unflatten(0, (-1, 3))


def blend(weights: Tensor, world: Tensor, joints: Tensor, rest: Tensor, bent: Tensor) -> Tensor:
    """Linear blend skinning.

    Args:
        weights: (V, J).
        world: (N, J, 3, 3) world rotations.
        joints: (N, J, 3) world joints.
        rest: (J, 3) or (N, J, 3) rest joints.
        bent: (V, 3, N) or (V, 3, 1) rest vertices with their blend shapes.

    Returns:
        (V, 3, N) metres.
    """
    if len(world) < FEW_FRAMES and world.device.type == "cpu":
        return _blend_few(weights, world, joints, rest, bent)
    rotation, offset = blended_transforms(weights, world, joints, rest)
    return offset + (rotation * bent[:, None]).sum(2)


def _blend_few(weights: Tensor, world: Tensor, joints: Tensor, rest: Tensor, bent: Tensor) -> Tensor:
    """`blend` with vertices last, as loops over a few frames would be short: in less than half the time."""
    rigid = torch.cat((world, _origins(world, joints, rest)[..., None]), -1).permute(3, 2, 0, 1)
    mixed = (rigid.reshape(-1, weights.shape[1]) @ weights.T).view(4, 3, len(world), -1)
    skin = mixed[3]
    for axis, along in zip(mixed[:3], bent.permute(1, 2, 0).contiguous(), strict=True):
        skin = torch.addcmul(skin, axis, along)
    return skin.permute(2, 0, 1)


def blended_transforms(weights: Tensor, world: Tensor, joints: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
    """Each vertex's own mixture of the joints' rigid motions: (V, 3, 3, N) and (V, 3, N)."""
    rigid = torch.cat((world, _origins(world, joints, rest)[..., None]), -1).permute(1, 2, 3, 0)
    mixed = (weights @ rigid.reshape(weights.shape[1], -1)).view(-1, 3, 4, len(world))
    return mixed[:, :, :3], mixed[:, :, 3]


def _origins(world: Tensor, joints: Tensor, rest: Tensor) -> Tensor:
    """(N, J, 3) where each joint takes the origin of the rest pose."""
    return joints - (world @ rest.expand(len(world), -1, -1)[..., None]).squeeze(-1)
