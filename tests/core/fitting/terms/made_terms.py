"""Every term that a setting names, made for a few frames of a small random body in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.band import Band
from core.fitting.objective.objective import Evaluation, FitSkin
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed, Slope, Term
from core.fitting.objective.unknowns import Unknowns
from core.fitting.recipe.setting_rules import SETTINGS, term_modules
from core.fitting.recipe.settings import FitSettings
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.normal_equations import gradient, moved
from core.fitting.solver.skin_products import NormalMatrix, SkinStatistics
from core.fitting.terms.given import Given, StageFacts, terms_of
from core.model.body import BodyModel
from core.model.joints import FACE_JOINTS, LEFT_HAND
from core.model.skinning import rotation_matrices
from tests.core.fitting.small_problem import small_body

FRAMES, FPS = 5, 2.0


@dataclass(frozen=True, eq=False)
class Case:
    """A term with a state, and what is free of it."""

    term: Term
    unknowns: Unknowns
    body: BodyModel
    pose: Pose

    def at(self, step: Tensor | None = None) -> Posed:
        """The state after a step (n D,)."""
        pose = self.pose if step is None else self.moved(self.pose, step)
        return Posed(self.body.tree, pose)

    def moved(self, pose: Pose, step: Tensor) -> Pose:
        """Another pose after a step (n D,)."""
        return moved(pose, step.view(len(pose.world), -1), self.unknowns)

    @property
    def size(self) -> int:
        """n D."""
        free, own = len(self.unknowns.free), len(self.unknowns.coefficients)
        return FRAMES * (3 * free + 3 * self.unknowns.moves + own)

    def slope(self, at: Posed) -> tuple[Tensor, Tensor]:
        """(n,) value and (n D,) gradient."""
        slope = Slope.at_rest(at)
        value = self.term.add_gradient(slope, at)
        return value, gradient(as_evaluation(slope, at), self.unknowns).flatten()

    def blocks(self, at: Posed) -> list[Tensor]:
        """Of the band."""
        size = self.size // FRAMES
        blocks = [at.pose.root.new_zeros(FRAMES - apart, size, size) for apart in range(self.term.apart + 1)]
        self.term.add_blocks(Band(blocks, self.unknowns, at.parents), at)
        return blocks

    def matrix(self, at: Posed) -> Tensor:
        """(n D, n D)."""
        return dense(self.blocks(at))


def as_evaluation(slope: Slope, at: Posed) -> Evaluation:
    """The slope as the solver takes it."""
    none = at.pose.root.new_zeros(0)
    return Evaluation(none, slope.turned(at), slope.force, slope.betas, none)


def dense(blocks: list[Tensor]) -> Tensor:
    """(n D, n D) of a band's blocks, the upper half from the lower."""
    frames, size = len(blocks[0]), blocks[0].shape[1]
    out = blocks[0].new_zeros(frames, size, frames, size)
    for apart, some in enumerate(blocks):
        for frame, block in enumerate(some):
            out[frame + apart, :, frame] = block
            if apart:
                out[frame, :, frame + apart] = block.T
    return out.reshape(frames * size, frames * size)


def random_pose(body: BodyModel, seed: int, scale: float = 0.4) -> tuple[Tensor, Tensor, Tensor]:
    """(n, J, 3) axis-angle, (n, 3) roots and (n, Z) coefficients."""
    generator = torch.Generator().manual_seed(seed)
    sizes = ((body.num_joints, 3), (3,), (body.num_betas + body.num_expression,))
    draws = (torch.randn(FRAMES, *size, generator=generator, dtype=torch.float64) for size in sizes)
    poses, roots, coefficients = (scale * draw for draw in draws)
    return poses, roots, coefficients


def settings_with(weight: str) -> Iterator[FitSettings]:
    """Settings with one weight alone, for each way in which its term can be asked for."""
    none = {name: 0.0 for name, item in SETTINGS.items() if item.metadata["term"]}
    own = {"shape": "per-frame", "expression": "per-frame", "free_jaw": True, "free_eyes": True}
    only = FitSettings(**none | {weight: 0.3 * SETTINGS[weight].metadata["range"][1]} | own)
    yield only
    if SETTINGS[weight].metadata["of"] == "joints":
        yield from (replace(only, pose_prior_to=to) for to in ("zero", "previous"))


# Every kind of joint that terms tell apart, in few.
JOINTS = (
    "pelvis", "left_hip", "left_knee", "spine1", "neck", "head", "jaw", "left_eye_smplhf", "left_shoulder",
    "left_wrist", "left_index1", "left_index2",
)  # fmt: skip


@lru_cache
def body() -> BodyModel:
    """A body of twelve joints, one for all cases."""
    full = small_body()
    chosen = [full.joint_names.index(name) for name in JOINTS]
    parents = []
    for joint in chosen:
        above = int(full.parents[joint])
        while above >= 0 and above not in chosen:
            above = int(full.parents[above])
        parents.append(chosen.index(above) if above >= 0 else -1)
    weights = full.weights[:, chosen]
    return replace(
        full,
        joint_names=JOINTS,
        parents=np.array(parents),
        weights=weights / weights.sum(1, keepdims=True),
        J_regressor=full.J_regressor[chosen],
        posedirs=np.zeros((full.num_vertices, 3, 9 * (len(chosen) - 1))),
    )


def cases() -> Iterator[tuple[str, Case]]:
    """Every term of every weight, all free and with much held, and the data term."""
    target = body()
    count, names = target.num_joints, target.joint_names
    total = target.num_betas + target.num_expression
    is_beta = np.arange(total) < target.num_betas
    poses, roots, coefficients = random_pose(target, 0)
    pose = Pose(target.tree.world_rotations(rotation_matrices(poses)), roots, coefficients)
    source_poses, source_roots, _ = random_pose(target, 1)
    # No source has a face here.
    source_poses[:, np.isin(names, FACE_JOINTS)] = 0
    source = rotation_matrices(source_poses)
    hand = {joint for joint, name in enumerate(names) if name in LEFT_HAND}
    unseen = np.isin(names, FACE_JOINTS)
    everything = Unknowns.of(target.parents, set(), True, np.arange(total))
    little = Unknowns.of(target.parents, {0, 3, *hand}, False, np.arange(2))
    for free in (everything, little):
        solved = np.isin(np.arange(total), free.coefficients)
        which = np.isin(np.arange(count), free.free)
        said = "" if free is everything else ", much held"
        for weight in (name for name, item in SETTINGS.items() if item.metadata["term"]):
            for settings in settings_with(weight):
                facts = StageFacts(settings, names, which, free.moves, unseen, roots[0], is_beta, FPS)
                given = Given(
                    facts,
                    np.array([3, 4, 5, 6, 8]),
                    solved,
                    source=lambda: source,
                    roots=lambda: source_roots,
                    trans=0.1 * source_roots.numpy() ** 2,
                    together=True,
                )
                for term in terms_of(given):
                    to = settings.pose_prior_to
                    yield f"{weight}, {to}{said}", Case(term, free, target, pose)
    yield from (("data", data_case(pose, everything)), ("data, much held", data_case(pose, little)))


def data_case(pose: Pose, free: Unknowns) -> Case:
    """The data term of targets that a pose nearby meets, without correctives: their block is approximate, and
    is tested by itself."""
    target = body()
    total = target.num_betas + target.num_expression
    skin = FitSkin(target, np.ones(target.num_vertices), np.arange(total), dtype=torch.float64)
    shape = skin.shape(pose.root.new_zeros(total))
    found = SkinStatistics(skin, NormalMatrix(skin), shape)
    turned, roots, coefficients = random_pose(target, 9, 0.05)
    met = Pose(rotation_matrices(turned) @ pose.world, pose.root + roots, coefficients)
    nothing = torch.zeros(len(skin.vertices), 3, FRAMES, dtype=torch.float64)
    _, targets = skin.value_and_residuals(met, shape, nothing)
    return Case(DataTerm(skin, shape, found, CorrectiveCurvature(skin, shape), targets), free, target, pose)


def modules() -> tuple[str, ...]:
    """Names of the modules that hold terms."""
    return term_modules()
