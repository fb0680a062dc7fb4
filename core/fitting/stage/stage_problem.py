"""What a stage works on: the motion, seen through the stage's settings."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin, Weighing
from core.fitting.objective.pose import Pose
from core.fitting.objective.targets import MotionTargets
from core.fitting.objective.term import Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.recipe.settings import FitSettings
from core.fitting.shape.shape_solve import ShapeUnknowns
from core.fitting.solver.core_jacobian import core_jacobian, core_jacobian_bytes, seen_by_core
from core.fitting.solver.core_set import CoreSet, CoreShape, core_weights
from core.fitting.solver.core_steps import LEAST_ITERATIONS, core_serves
from core.fitting.solver.skin_products import NormalMatrix, SkinStatistics
from core.fitting.stage.frame_chunks import USUAL_BYTES
from core.fitting.stage.initial_pose import (
    relaxed_pose,
    start_rotations,
    unknowns,
    unseen_face,
    vertex_weights,
)
from core.fitting.stage.initial_pose_from_meshes import RestParts
from core.fitting.stage.partial_result import Parameters, ResultTable
from core.fitting.terms.given import Given, StageFacts, terms_of
from core.kept import kept
from core.measure.counted_vertices import uncounted
from core.measure.far_rows import without_rows
from core.measure.ground_contact import UNKNOWN_RATE
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.motion import Motion
from core.model.skinning import rotation_matrices


def stage_facts(
    motion: Motion,
    bodies: BodyPair,
    settings: FitSettings,
    free: Unknowns,
    is_beta: np.ndarray,
    knows_rotations: bool = True,
) -> StageFacts:
    """What the terms of all frames of a stage are made of.

    Args:
        motion: the source.
        bodies: of the stage.
        settings: of the stage.
        free: the unknowns of a frame.
        is_beta: (Z,) bool, which of the coefficients are of the shape.
        knows_rotations: the fit starts from the source's rotations.
    """
    target = bodies.target
    return StageFacts(
        settings,
        target.joint_names,
        np.isin(np.arange(target.num_joints), free.free),
        free.moves,
        unseen_face(bodies),
        target.joint_template,
        is_beta,
        motion.frame_rate or UNKNOWN_RATE,
        knows_rotations,
        motion.has_poses,
    )


# Men, women and others take turns among the clips of a data set: for each of them what it takes to fit them.
MOST_BYTES = 2**29


def _bytes(both: tuple[FitSkin, NormalMatrix]) -> int:
    skin, normal = both
    core = _CORES.get(skin)
    small = 0 if core is None else core.skin.patches.nbytes
    return skin.patches.nbytes + normal.nbytes + core_jacobian_bytes(skin) + small


@kept(_bytes, MOST_BYTES)
def prepared(
    target: BodyModel, weights: bytes, weighing: Weighing, coefficients: tuple[int, ...]
) -> tuple[FitSkin, NormalMatrix]:
    """What depends on the bodies and few settings, kept for the next run with the same ones."""
    skin = FitSkin(
        target, np.frombuffer(weights, dtype=np.float32), np.array(coefficients, dtype=int), weighing
    )
    return skin, NormalMatrix(skin)


_CORES: WeakKeyDictionary[FitSkin, CoreSet] = WeakKeyDictionary()
_MAKING = Lock()


def prepared_core(skin: FitSkin) -> CoreSet:
    """The core set of a skin, kept as long as the skin is."""
    with _MAKING:
        if skin not in _CORES:
            _CORES[skin] = CoreSet(skin, core_weights(skin))
        return _CORES[skin]


class StageProblem:
    """A motion to be fitted by one stage: skin, targets, priors, starts and unknowns of any of its frames.

    Args:
        motion: the source.
        bodies: on the device to fit on.
        settings: of the stage.
        table: what there is already.
        origin: where frames start: ``'source'``, ``'parts'`` or ``'current'``.
        painted: (V,) weights of the target's vertices beside the settings', or None.
        holds_shape: coefficients that frames share stay as they are, whatever the settings say.
        knows_rotations: the source has rotations, and is not treated as meshes alone.
        held_by_source: what is held is where the source has it; None where it ``knows_rotations``.
    """

    def __init__(
        self,
        motion: Motion,
        bodies: BodyPair,
        settings: FitSettings,
        table: ResultTable,
        origin: str = "source",
        painted: np.ndarray | None = None,
        holds_shape: bool = False,
        knows_rotations: bool = True,
        held_by_source: bool | None = None,
    ) -> None:
        self.motion, self.bodies, self.settings = motion, bodies, settings
        self.holds_shape = holds_shape
        self.table, self.origin, self.knows_rotations = table, origin, knows_rotations
        self._held_by_source = knows_rotations if held_by_source is None else held_by_source
        target = bodies.target
        vertex, edge = settings.metrics
        by_vertex = settings.robust_by == "vertex"
        weighing = Weighing(vertex, edge, settings.robust, by_vertex, settings.robust_scale / 1000)
        weights = vertex_weights(bodies, settings, without_rows(painted, table.far_rows, target.num_vertices))

        self.num_betas = min(max(settings.num_betas, table.num_betas), target.num_betas)
        expressive = settings.expression != "off" or bool(table.expression.any())
        self.num_expression = min(settings.num_expression, target.num_expression) if expressive else 0
        if expressive and table.expression[:, self.num_expression :].any():
            self.num_expression = target.num_expression
        columns = (*range(self.num_betas), *range(target.num_betas, target.num_betas + self.num_expression))
        self.skin, self.normal = prepared(target, weights.tobytes(), weighing, columns)

        self.counted: Tensor | None = None
        spoken = ~uncounted(target, table.held_hands, table.far_rows)[self.skin.vertices]
        if spoken.any() and not spoken.all():
            self.counted = torch.as_tensor(np.flatnonzero(spoken), device=target.device)

        moving = settings.stage != "translation"
        is_beta = np.arange(len(columns)) < self.num_betas
        mode = np.where(is_beta, settings.shape, settings.expression)
        # Of a body with more betas than are solved, the rest stay as they are.
        solvable = moving & (~is_beta | (np.arange(len(columns)) < settings.num_betas))
        solvable &= is_beta | (np.arange(len(columns)) < self.num_betas + settings.num_expression)
        own = np.flatnonzero(solvable & (mode == "per-frame"))
        shared = solvable & (mode == "shared") & (not holds_shape)
        self.own_coefficients = bool(len(own)) or table.has_own_coefficients
        self.unknowns: Unknowns = unknowns(bodies, settings, own)
        self._root_stays = not settings.free_transl and vertex > 0
        self.solves_shape = bool(shared.any())
        self._shared = torch.as_tensor(shared, device=target.device)
        self._by_frame = torch.zeros_like(self._shared)
        self._by_frame[own] = True

        self.targets = MotionTargets(motion, bodies, self.skin.vertices)
        self._facts = stage_facts(motion, bodies, settings, self.unknowns, is_beta, knows_rotations)
        self._own, self._solved_together = self._by_frame.cpu().numpy(), shared
        self.relaxed = rotation_matrices(target.tensor(relaxed_pose(target)))
        self._parts: RestParts | None = None

    @property
    def bytes_a_frame(self) -> tuple[int, int]:
        """What a frame needs on a GPU at once, alone and while the shape is solved."""
        width, count = 3 * self.skin.body.num_joints + 1, len(self.skin.coefficients)
        matrix, coupling = 4 * width * width, 4 * width * (count + 1)
        alone = USUAL_BYTES + 12 * matrix * self.settings.coupled
        if self.own_coefficients:
            alone += 2 * matrix * (count + 3)
        if self.settings.robust != "none":
            alone += 2 * matrix
        if seen_by_core(self.skin):
            # Each joint turns about three axes, each core vertex moves along three: some eight times over.
            alone += 8 * 9 * 4 * self.skin.body.num_joints * len(core_jacobian(self.skin).core.vertices)
        if self.settings.slow:
            # A weighted row of the skin's operator for every vertex.
            alone += 4 * width * len(self.skin.vertices)
        return alone, alone + 4 * matrix + 12 * coupling

    def core_at(self, found: SkinStatistics) -> CoreShape:
        """The core set of the skin at the shape of its products."""
        return prepared_core(self.skin).at(found.shape, found.shared)

    def shape_core(self, frames: int) -> CoreSet | None:
        """The core set that the shape is solved on first, from so many frames; None where it is not."""
        afar = self.origin != "current" and self.settings.iterations >= LEAST_ITERATIONS
        if self.own_coefficients or not (afar and core_serves(self.skin, frames)):
            return None
        return prepared_core(self.skin)

    def starts_beside(self, frames: int) -> bool:
        """Whether so many frames, solved together at the shape that there is, are a start for others."""
        beside = self.origin == "source" and self.settings.order != "chain" and not self.holds_shape
        return beside and bool(len(self.unknowns.free)) and self.shape_core(frames) is not None

    def terms(self, frames: np.ndarray, source: Tensor | None = None, *, together: bool = False) -> Terms:
        """What pulls on some frames beside their targets.

        Args:
            frames: (n,) ascending ids.
            source: as `source_rotations` gives it, where it is known already.
            together: the frames are solved together, and may pull on each other.
        """
        return terms_of(self._given(frames, self._own, source, together))

    def _given(
        self, frames: np.ndarray, coefficients: np.ndarray, source: Tensor | None, together: bool
    ) -> Given:
        return Given(
            self._facts,
            frames,
            coefficients,
            source=lambda: self.source_rotations(frames) if source is None else source,
            roots=lambda: self.targets.roots(frames),
            trans=self.motion.trans[frames],
            together=together,
        )

    def source_rotations(self, frames: np.ndarray) -> Tensor:
        """(n, J, 3, 3) the source's relative rotations; relaxed where it is meshes alone."""
        if not self.knows_rotations:
            return self.relaxed.expand(len(frames), -1, -1, -1)
        return start_rotations(self.motion, self.bodies, frames)

    def begin(self, frames: np.ndarray, targets: Tensor, betas: Tensor) -> Pose:
        """Where some frames start.

        Args:
            frames: (n,) ids.
            targets: (V, 3, n) of those frames, metres.
            betas: (Z,) coefficients that the frames share now.
        """
        if self.origin == "current":
            return self._with_held(frames, self.current(frames, self.table), betas)
        if self.origin == "parts":
            return self.at_parts(frames, targets, betas)
        return self.at_source(frames, betas)

    def at_source(self, frames: np.ndarray, betas: Tensor) -> Pose:
        """Some frames as the source has them; where the fit goes on from another, only what is free. Frames
        and betas as in `begin`."""
        rotations, roots = start_rotations(self.motion, self.bodies, frames), self.targets.roots(frames)
        if self.origin == "current":
            return self._freely(frames, rotations, roots, betas)
        return self._with_held(frames, Pose(self.skin.tree.world_rotations(rotations), roots), betas)

    def _freely(self, frames: np.ndarray, rotations: Tensor, roots: Tensor, betas: Tensor) -> Pose:
        """Some frames at a start, but for what is held: that is where the stage before has left it, or the
        source, or in the relaxed pose where there is neither.

        Args:
            frames: (n,) ids.
            rotations: (n, J, 3, 3) relative rotations of the start.
            roots: (n, 3) its roots, metres.
            betas: as in `begin`.
        """
        free, tree = torch.as_tensor(self.unknowns.free, device=roots.device), self.skin.tree
        if self.origin == "current":
            now = self.current(frames, self.table)
            held, root = tree.relative_rotations(now.world), now.root
        elif self._held_by_source:
            held, root = start_rotations(self.motion, self.bodies, frames), self.targets.roots(frames)
        else:
            # Of the source there is nothing but its skin, which says where the root is.
            held, root = self.relaxed.expand(len(frames), -1, -1, -1).clone(), roots
        held[:, free] = rotations[:, free]
        roots = roots if self.unknowns.moves else root
        return self._with_held(frames, Pose(tree.world_rotations(held), roots), betas)

    def _with_held(self, frames: np.ndarray, pose: Pose, betas: Tensor) -> Pose:
        """As `with_held`; frames with coefficients of their own have those that the table has."""
        if self.own_coefficients:
            pose = replace(pose, betas=self.coefficients(frames, self.table))
        return self.with_held(frames, pose, betas)

    def with_held(self, frames: np.ndarray, pose: Pose, betas: Tensor) -> Pose:
        """The poses with what no frame may change for itself: coefficients, and where the root joint is.

        Args:
            frames: (n,) ids.
            pose: of those frames.
            betas: (Z,) coefficients that frames share now.
        """
        if self._root_stays:
            pose = replace(pose, root=self.targets.roots(frames))
        if pose.betas is None:
            return pose
        held = torch.where(self._shared, betas, self.coefficients(frames, self.table))
        return replace(pose, betas=torch.where(self._by_frame, pose.betas, held))

    def at_parts(self, frames: np.ndarray, targets: Tensor, betas: Tensor) -> Pose:
        """Some frames with their parts laid onto their targets, but for what is held. Arguments as in
        `begin`."""
        if self._parts is None:
            weights = self.skin.metric.vertex_weights.flatten()
            self._parts = RestParts(
                self.bodies.target, self.skin.vertices, weights if self.skin.metric.sees_vertices else None
            )
        found = self._parts.start(targets)
        return self._freely(frames, found.rotations, found.roots, betas)

    def rotations(self, frames: np.ndarray, known: Parameters | ResultTable | None = None) -> Tensor:
        """(n, J, 3, 3) relative rotations of some frames now."""
        poses = (known or self.table).poses[frames]
        return rotation_matrices(torch.as_tensor(poses, device=self.bodies.target.device))

    def current(self, frames: np.ndarray, known: Parameters | ResultTable) -> Pose:
        """Where some frames are now."""
        relative, device = self.rotations(frames, known), self.bodies.target.device
        own = self.coefficients(frames, known)
        rest = self.skin.joint_template[0] + own @ self.skin.joint_basis[0].T
        offset = known.transl[frames].astype(np.float64) - self.motion.trans[frames]
        root = rest + torch.as_tensor(offset.astype(np.float32), device=device)
        return Pose(self.skin.tree.world_rotations(relative), root, own if self.own_coefficients else None)

    def coefficients(self, frames: np.ndarray, known: Parameters | ResultTable) -> Tensor:
        """(n, Z) coefficients of some frames."""
        out = np.zeros((len(frames), len(self.skin.coefficients)), dtype=np.float32)
        betas = known.betas if known.frame_betas is None else known.frame_betas[frames]
        count = min(betas.shape[-1], self.num_betas)
        out[:, :count] = betas[..., :count]
        out[:, self.num_betas :] = known.expression[frames, : self.num_expression]
        return torch.as_tensor(out, device=self.bodies.target.device)

    def shape_unknowns(self, frames: np.ndarray) -> ShapeUnknowns:
        """The coefficients that frames share, as the table has them, and which of them are solved."""
        known = self.coefficients(frames, self.table)
        # Not by their mean, which may have another last digit.
        start = known[0] if bool((known == known[:1]).all()) else known.mean(0)
        together = self._given(frames[:0], self._solved_together, None, False)
        return ShapeUnknowns(start, self._shared, terms_of(together, "shape", "expression"))
