"""A body's skin in patches, posed as products of small dense matrices.

Skinning is linear in the world rotations: with u_ia = W_ia (x_i - j_a) + sum over children c of a of A_ic
(j_c - j_a), where A_ic sums W over the subtree of c, every vertex is v_i = s + sum_a G_a u_ia plus its pose
corrective. Stacked, v = U X, with U (V, 3J + 1) a function of the shape alone and linear in it. A row of U
has entries for few joints only: those that hold the vertex, and their ancestors. So the skin is cut into
patches by the joint that holds each vertex most, and each patch keeps only the columns and pose features it
needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective import patch_products as products
from core.fitting.objective.skinning_rows import SkinningRows
from core.fitting.objective.smooth_correctives import Correctives, SmoothCorrectives, take_little
from core.model.body import BodyModel
from core.model.joints import joint_part

# Pose features of frames in a row, written with few columns: bodies move smoothly.

# Fewer frames than this gain nothing, and more need more columns than are tried.
LEAST_FRAMES, MOST_FRAMES = 128, 512
# Columns tried, one after the other.
RANKS = (48, 72, 96)
# Of a feature, an entry of a rotation matrix: with dense correctives two micrometres of skin at the
# most, and a tenth of one in the mean.
TOLERANCE = 3e-4


def in_time(features: Tensor) -> tuple[Tensor, Tensor | None]:
    """Features of n frames as a product, where that is cheaper.

    Args:
        features: (P, n).

    Returns:
        (P, k) columns and (k, n) how they are mixed in each frame, right to 3e-4 in every entry; or the
        features themselves and None.
    """
    frames = features.shape[1]
    if not LEAST_FRAMES <= frames <= MOST_FRAMES or len(features) < 2 * RANKS[-1]:
        return features, None
    # Any mixtures of them span the space (Halko, Martinsson and Tropp 2011).
    axes, _ = torch.linalg.qr(features @ _start(frames, features.dtype, features.device))
    for rank in RANKS:
        columns = axes[:, :rank]
        mixed = columns.T @ features
        if float((features - columns @ mixed).abs().max()) <= TOLERANCE:
            return columns, mixed
    return features, None


@lru_cache(maxsize=4)
def _start(frames: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(frames, RANKS[-1], generator=generator, dtype=dtype).to(device)


# How large pose features are, and how far a coordinate of the skin must move with them to move far, metres.
TYPICAL_FEATURE, FAR = 0.3, 1.5e-3

# Vertices that a patch of several joints may have.
JOINED_VERTICES = 400


@dataclass(frozen=True, eq=False)
class Patch:
    """r vertices that one joint, or a few in a row, hold most; the first b of them have pose correctives.

    Attributes:
        joint: the first of those joints.
        rows: where they lie in the skin.
        columns: (c,) the columns of U that are not zero.
        basis: (Z + 1, r, c) U of the mean shape, then its derivative by each coefficient.
        holders: (h,) joints that hold the first b vertices.
        weights: (b, h) their skinning weights.
        features: (q,) pose features that move them.
        directions: (3b, q) posedirs, metres per unit of feature.
        correctives: the same, as they take fewest products.
        skinning: how the vertices hang on joints, from which U of any shape is made.
    """

    joint: int
    rows: slice
    columns: Tensor
    basis: Tensor
    holders: Tensor
    weights: Tensor
    features: Tensor
    directions: Tensor
    correctives: Correctives
    skinning: SkinningRows

    @cached_property
    def side_by_side(self) -> Tensor:
        """(r, (Z + 1) c) the basis of the mean shape and of each coefficient, side by side."""
        return self.basis.permute(1, 0, 2).flatten(1).contiguous()

    @cached_property
    def by_column(self) -> Tensor:
        """(3b, q) the directions with the entries of each rotation column by column, where all are there."""
        return self.directions.unflatten(1, (-1, 3, 3)).transpose(2, 3).flatten(1).contiguous()

    @property
    def nbytes(self) -> int:
        """Bytes that it takes by now, `side_by_side` and `by_column` too once they are made."""
        held = (*vars(self).values(), *vars(self.skinning).values(), *vars(self.correctives).values())
        # Plain correctives are the directions.
        tensors = {id(each): each for each in held if isinstance(each, Tensor)}.values()
        return sum(each.numel() * each.element_size() for each in tensors)

    @property
    def bent(self) -> slice:
        """Where the vertices with correctives lie in the skin."""
        return slice(self.rows.start, self.rows.start + len(self.weights))

    def pose(
        self,
        basis: Tensor,
        stacked: Tensor,
        features: tuple[Tensor, Tensor | None],
        out: Tensor,
        own: Tensor | None = None,
        less: Tensor | None = None,
    ) -> list[Tensor]:
        """Poses the vertices of n frames; see `core.fitting.objective.patch_products.pose`.

        Args:
            basis: (r, c) U of the shape; `side_by_side` with ``own``.
            stacked: (K, 3, n) X of `stack`.
            features: (P, n) pose features, and None; or as `Patches.features_of` gives them.
            out: (r, 3, n) takes the vertices, metres.
            own: (Z + 1, n) coefficients of each frame, a one first, in place of the shape; or None.
            less: (r, 3, n) taken off the vertices, or None.

        Returns:
            What the way back needs.
        """
        return products.pose(basis, *self.layout, stacked, features[0], out, features[1], own, less)

    @property
    def layout(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """As `core.fitting.objective.patch_products` takes it."""
        return self.columns, self.holders, self.weights, *self.correctives.layout


class Patches:
    """The chosen vertices of a body, cut into patches.

    Args:
        body: on the device to pose on.
        vertices: ids of the vertices wanted.
        coefficients: (Z,) ids into the body's shape and expression coefficients that may differ from zero.
        dtype: float32, or float64 for checks.

    Attributes:
        vertices: the ids, in the order of the patches: the skin's order.
        patches: one for each joint that holds a vertex most.
        posing: what the skin is posed by: the patches, or on a device one of the whole skin.
        features: P of the body.
    """

    def __init__(
        self, body: BodyModel, vertices: np.ndarray, coefficients: np.ndarray, dtype: torch.dtype
    ) -> None:
        self.features, self._joints = body.posedirs.shape[2], body.num_joints
        holder = joined_holders(body, body.held_by[vertices])
        still = ~body.moved_by[vertices].any(1)
        order = np.lexsort((still, holder))
        self.vertices = vertices[order]
        self.patches: list[Patch] = []
        start = 0
        for joint in np.unique(holder):
            count = int((holder == joint).sum())
            rows = slice(start, start + count)
            bent = int((~still[order[rows]]).sum())
            self.patches.append(_patch(body, self.vertices[rows], rows, joint, bent, coefficients, dtype))
            start += count
        self.posing = self.patches if body.device.type == "cpu" else [self.whole]

    def __len__(self) -> int:
        return len(self.vertices)

    @cached_property
    def whole(self) -> Patch:
        """The whole skin as one patch."""
        with torch.inference_mode(False):
            return one_patch(self.patches, self._joints)

    @property
    def nbytes(self) -> int:
        """Bytes that the patches take by now."""
        made = self.__dict__.get("whole")
        kept = self.patches if made is None else [*self.patches, made]
        return sum(patch.nbytes for patch in kept)

    @cached_property
    def sparse(self) -> bool:
        """Most patches need few of the pose features."""
        return needs_few((patch.directions for patch in self.patches), self.features)

    @cached_property
    def light(self) -> bool:
        """Correctives take few products."""
        return take_little((patch.correctives for patch in self.patches), self.features)

    @cached_property
    def strong(self) -> bool:
        """Pose correctives are dense, and most of the skin moves far with them."""
        if self.sparse:
            return False
        moves = torch.cat([patch.directions.square().sum(1) for patch in self.patches])
        return TYPICAL_FEATURE * float(moves.median().sqrt()) > FAR

    def bases(self, coefficients: Tensor) -> list[Tensor]:
        """(r, c) U of each patch of `posing`, of (Z,) coefficients."""
        return [of_coefficients(patch.basis, coefficients) for patch in self.posing]

    def cut(self, bases: list[Tensor]) -> list[Tensor]:
        """(r, c) U of each patch, from those that `bases` gives."""
        if self.posing is self.patches:
            return bases
        return [bases[0][patch.rows][:, patch.columns] for patch in self.patches]

    def joined(self, bases: list[Tensor]) -> list[Tensor]:
        """The other way round: those of `posing`, from (r, c) U of each patch."""
        if self.posing is self.patches:
            return bases
        whole = torch.zeros_like(self.posing[0].basis[0])
        for patch, basis in zip(self.patches, bases, strict=True):
            whole[patch.rows, patch.columns] = basis
        return [whole]

    def features_of(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        """Pose features (P, n) of frames in a row as patches take them, with few columns where that pays."""
        return (features, None) if self.light or features.device.type != "cpu" else in_time(features)


def needs_few(directions: Iterable[Tensor], features: int) -> bool:
    """Patches need few of a body's pose features, as their (3b, q) posedirs tell."""
    shapes = [each.shape for each in directions]
    return sum(rows * used for rows, used in shapes) <= 0.25 * features * sum(rows for rows, _ in shapes)


def of_coefficients(basis: Tensor, coefficients: Tensor) -> Tensor:
    """(r, c) U of (Z,) coefficients, from (Z + 1, r, c) that of the mean shape and its derivatives."""
    flat = basis.flatten(1)
    return torch.addmv(flat[0], flat[1:].t(), coefficients).view(basis.shape[1:])


def with_mean(coefficients: Tensor) -> Tensor:
    """(..., Z) coefficients to (..., Z + 1): the mean shape counts once."""
    return torch.cat((torch.ones_like(coefficients[..., :1]), coefficients), -1)


def stack(world: Tensor, root: Tensor) -> Tensor:
    """World rotations (n, J, 3, 3) and root positions (n, 3) as X (3J + 1, 3, n): the rotations
    transposed."""
    frames, joints = world.shape[:2]
    out = world.new_empty(3 * joints + 1, 3, frames)
    out[:-1].view(joints, 3, 3, frames).copy_(world.permute(1, 3, 2, 0))
    out[-1] = root.T
    return out


def joined_holders(body: BodyModel, holder: np.ndarray) -> np.ndarray:
    """(V,) joints by which to cut the skin, from those that hold each vertex most: a joint goes with the only
    one that it hangs on, as the joints of a finger do, while they are small. A small patch takes as many
    operations as a large one."""
    parents, out = body.tree.parents, holder.copy()
    branches = np.bincount(parents[1:], minlength=len(parents))
    part = [joint_part(name) for name in body.joint_names]
    goes = np.arange(len(parents))
    for joint in range(1, len(parents)):
        top = goes[parents[joint]]
        together = np.isin(out, (joint, top))
        if branches[parents[joint]] == 1 and part[joint] == part[top] and together.sum() <= JOINED_VERTICES:
            goes[joint] = top
            out[together] = top
    return out


_SMOOTH: WeakKeyDictionary[BodyModel, SmoothCorrectives] = WeakKeyDictionary()
_MAKING = Lock()


def smooth_correctives(body: BodyModel) -> SmoothCorrectives:
    """Those of a body, by how its whole skin is cut; kept for its next skin, as long as the body is."""
    with _MAKING, torch.inference_mode(False), torch.no_grad():
        if body not in _SMOOTH:
            _SMOOTH[body] = SmoothCorrectives(body, joined_holders(body, body.held_by))
        return _SMOOTH[body]


def _patch(
    body: BodyModel,
    vertices: np.ndarray,
    rows: slice,
    joint: int,
    bent: int,
    coefficients: np.ndarray,
    dtype: torch.dtype,
) -> Patch:
    wanted = torch.as_tensor(coefficients, device=body.device)

    def tensor(array: np.ndarray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(array), device=body.device).to(dtype)

    skinning = SkinningRows.of(body, vertices, dtype)
    points = body.shape_basis[skinning.vertices][..., wanted].permute(2, 0, 1)
    points = torch.cat((body.template[skinning.vertices][None], points)).to(dtype)
    rest = torch.cat((body.joint_template[None], body.joint_basis[..., wanted].permute(2, 0, 1))).to(dtype)
    basis = skinning.basis(points, rest)

    used = np.flatnonzero(body.moved_by[vertices[:bent]].any(0))
    directions = body.posedirs[vertices[:bent, None, None], np.arange(3)[:, None], used]
    weights = body.weights[vertices[:bent]]
    holders = np.flatnonzero(weights.any(0))
    device = body.device
    features = torch.as_tensor(used, device=device)
    directions = tensor(directions.reshape(3 * bent, len(used)))
    correctives = Correctives.plain(features, directions)
    if device.type == "cpu" and dtype == torch.float32 and len(used) == body.posedirs.shape[2]:
        correctives = smooth_correctives(body).of(vertices[:bent], correctives)
    return Patch(
        joint,
        rows,
        skinning.columns(body.num_joints),
        basis,
        torch.as_tensor(holders, device=device),
        tensor(weights[:, holders]),
        features,
        directions,
        correctives,
        skinning,
    )


def one_patch(patches: Sequence[Patch], joints: int) -> Patch:
    """A whole skin as one patch, for devices: a few products with many zeros in place of many without. It has
    all vertices of the patches, in their order, with all columns, joints and pose features.

    Args:
        patches: that cover a skin one after the other.
        joints: of the body.
    """
    first = patches[0]
    like, count = first.basis, patches[-1].rows.stop
    width, features = 3 * joints + 1, 9 * (joints - 1)
    basis = like.new_zeros(len(like), count, width)
    weights, directions = like.new_zeros(count, joints), like.new_zeros(count, 3, features)
    for patch in patches:
        basis[:, patch.rows, patch.columns] = patch.basis
        weights[patch.bent, patch.holders] = patch.weights
        directions[patch.bent, :, patch.features] = patch.directions.view(len(patch.weights), 3, -1)
    device = like.device
    every, flat = torch.arange(features, device=device), directions.flatten(0, 1)
    return replace(
        first,
        rows=slice(0, count),
        columns=torch.arange(width, device=device),
        basis=basis,
        holders=torch.arange(joints, device=device),
        weights=weights,
        features=every,
        directions=flat,
        correctives=Correctives.plain(every, flat),
    )
