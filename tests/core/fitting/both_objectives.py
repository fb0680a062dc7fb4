"""One stage's objective twice at the same state: by the fitting engine and by autograd."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from core.correspond.load_bodies import load_bodies
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.objective.objective import Evaluation, FitSkin, Weighing
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed, Slope, Term, Terms
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_objective import AutogradObjective
from core.fitting.reference.autograd_unknowns import FitState, solves_expression, solves_shape
from core.fitting.reference.smplx_layer import SmplxLayer
from core.fitting.stage.initial_pose import shows_fingers, source_pose, vertex_weights
from core.fitting.stage.partial_result import ResultTable
from core.fitting.stage.stage_problem import StageProblem
from core.measure.ground_contact import UNKNOWN_RATE
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from core.model.joints import LEFT_HAND, PARTS
from core.model.motion import Motion
from core.model.skinning import rotation_matrices, rotation_vectors
from tests.core.fitting.small_problem import small_body

FRAMES = 3


def small_pair() -> BodyPair:
    """The built-in SMPL-H body to a random body of 60 vertices, the same numbers in either precision."""
    pair, body, rng = load_bodies(), small_body(), np.random.default_rng(6)
    names = ("v_template", "shapedirs", "expressiondirs", "posedirs", "weights", "J_regressor")
    body = replace(body, **{name: getattr(body, name).astype(np.float32) for name in names})
    shape = (body.num_vertices, pair.source.num_vertices)
    rows = np.repeat(np.arange(shape[0]), 3)
    columns = rng.integers(0, shape[1], len(rows))
    matrix = sparse.csr_matrix((np.full(len(rows), 1 / 3, np.float32), (rows, columns)), shape=shape)
    valid = np.arange(shape[0]) % 6 > 0
    return replace(pair, target=body, correspondence=Correspondence(matrix, valid))


@lru_cache
def clip(frames: int = FRAMES) -> Motion:
    """A few frames of the default motion."""
    return load_motion(default_motion()).cut(300, 300 + frames)


def in_precision(term: Term, dtype: torch.dtype) -> Term:
    """A term with all its numbers of a type, its rotations orthogonal to that precision."""
    changed: dict[str, Tensor] = {}
    for item in fields(term):  # type: ignore[arg-type]
        value = getattr(term, item.name)
        if isinstance(value, Tensor):
            exact = value.double()
            if exact.shape[-2:] == (3, 3) and exact.dim() == 4:
                exact = rotation_matrices(rotation_vectors(exact))
            changed[item.name] = exact.to(dtype)
    return replace(term, **changed)  # type: ignore[type-var]


@lru_cache(maxsize=8)
def exact_skin(body: BodyModel, counted: bytes, coefficients: tuple[int, ...]) -> FitSkin:
    """A skin in float64 whose (V,) flags ``counted`` say what takes part; any metric can be put on it."""
    taken = np.frombuffer(counted, dtype=bool).astype(np.float32)
    return FitSkin(body, taken, np.array(coefficients, dtype=int), dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class Slopes:
    """Value and derivative of an objective of n frames.

    Attributes:
        value: summed over the frames, square metres.
        turns: (n, F, 3) by exp([w]x) G of the free joints; those held turn with their parents.
        transl: (n, 3), the shape held.
        betas: like the state's, transl held; None where they are not solved.
        expression: like the state's, or None.
    """

    value: float
    turns: Tensor
    transl: Tensor
    betas: Tensor | None
    expression: Tensor | None


class BothObjectives:
    """A stage of a fit at a random state.

    Args:
        pair: bodies.
        motion: n frames.
        settings: of the stage.
        painted: (V,) weights beside the settings', or None.
        seed: of the state.
        layer: of the target, to share one.
    """

    def __init__(
        self,
        pair: BodyPair,
        motion: Motion,
        settings: FitSettings,
        painted: np.ndarray | None = None,
        seed: int = 0,
        layer: SmplxLayer | None = None,
    ) -> None:
        self.pair, self.settings, self.frames = pair, settings, np.arange(len(motion))
        self.problem = StageProblem(motion, pair, settings, ResultTable(motion, pair), painted=painted)
        self.skin = self._exact_skin(painted)
        self.targets = self.problem.targets.at(self.frames)  # (V, 3, n) in the order of the engine's skin
        posed = torch.as_tensor(source_pose(motion, pair, self.frames)).double()
        self.source = rotation_matrices(posed)
        self.state = self._random_state(seed)
        self._judge = lambda one: one._autograd(painted, layer)
        self.autograd = self._judge(self)
        self.free = np.flatnonzero(self.autograd.free)

    def at(self, seed: int) -> BothObjectives:
        """The same stage at another random state."""
        other = copy(self)
        other.state = self._random_state(seed)
        other.autograd = self._judge(other)
        return other

    def _exact_skin(self, painted: np.ndarray | None) -> FitSkin:
        """The problem's skin in float64."""
        settings = self.settings
        vertex, edge = settings.metrics
        weighing = Weighing(
            vertex, edge, settings.robust, settings.robust_by == "vertex", settings.robust_scale / 1000
        )
        weights, like = vertex_weights(self.pair, settings, painted), self.problem.skin
        exact = exact_skin(like.body, (weights > 0).tobytes(), tuple(like.coefficients.tolist()))
        return exact.weighed(weights, weighing)

    def _random_state(self, seed: int) -> FitState:
        generator = torch.Generator().manual_seed(seed)
        settings, body, count = self.settings, self.pair.target, len(self.frames)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        def coefficients(how_many: int, solved: int, own: bool) -> Tensor:
            found = normal(count, how_many) if own else normal(how_many)
            found[..., solved:] = 0
            return found

        turned = rotation_matrices(0.4 * normal(*self.source.shape[:2], 3)) @ self.source
        expressive = settings.expression != "off"
        return FitState(
            rotation_vectors(turned),
            0.1 * normal(count, 3),
            coefficients(body.num_betas, settings.num_betas, settings.shape == "per-frame"),
            coefficients(
                body.num_expression,
                settings.num_expression if expressive else 0,
                settings.expression == "per-frame",
            ),
        )

    def _autograd(self, painted: np.ndarray | None, layer: SmplxLayer | None) -> AutogradObjective:
        settings, body = self.settings, self.pair.target
        targets = torch.zeros(len(self.frames), body.num_vertices, 3)
        targets[:, self.skin.vertices] = self.targets.permute(2, 0, 1)
        plain = vertex_weights(self.pair, replace(settings, part_weights=(1.0,) * len(PARTS)), painted)
        return AutogradObjective(
            body,
            targets,
            plain,
            settings,
            self.source,
            trans=self.problem.motion.trans[self.frames],
            fps=self.problem.motion.frame_rate or UNKNOWN_RATE,
            source_has_fingers=shows_fingers(self.pair, LEFT_HAND),
            layer=layer,
        )

    def world(self) -> Tensor:
        """(n, J, 3, 3) of the state."""
        return self.pair.target.tree.world_rotations(rotation_matrices(self.state.poses))

    def coefficients(self) -> Tensor:
        """(n, Z) of the state, in the engine's order."""
        problem, count = self.problem, len(self.frames)
        betas = self.state.betas[..., : problem.num_betas].expand(count, -1)
        return torch.cat((betas, self.state.expression[..., : problem.num_expression].expand(count, -1)), 1)

    def terms(self, dtype: torch.dtype = torch.float64, *, together: bool = True) -> Terms:
        """The engine's, its rotations made orthogonal to double precision."""
        found = self.problem.terms(self.frames, together=together)
        return Terms(tuple(in_precision(term, dtype) for term in found))

    def evaluate(self, skin: FitSkin) -> Evaluation:
        """The engine's sum over single frames at the state, in the precision of a skin."""
        dtype, given = skin.joint_template.dtype, self.coefficients()
        root = self.state.transl + self.skin.joint_template[0] + given @ self.skin.joint_basis[0].T
        own = given.to(dtype) if self.problem.own_coefficients else None
        pose = Pose(self.world().to(dtype), root.to(dtype), own)
        shape = skin.shape(given[0].to(dtype))
        targets, terms = self.targets.to(dtype), self.terms(dtype).alone
        return skin.evaluate(pose, shape, targets, terms, by_betas=True)

    def engine(self) -> Slopes:
        """By the engine."""
        problem, skin, given = self.problem, self.skin, self.coefficients()
        found = self.evaluate(skin)
        value = found.energy.sum()
        root = self.state.transl + skin.joint_template[0] + given @ skin.joint_basis[0].T
        pose = Pose(self.world(), root)
        at = Posed(skin.tree, pose)
        added = Slope(found.torque.clone(), torch.zeros_like(found.torque), found.force.clone())
        for term in self.terms().between:
            value = value + term.add_gradient(added, at).sum()
        torque, force = added.turned(at), added.force
        assert found.betas is not None
        by_each = found.betas if found.betas.dim() == 2 else None
        together = found.betas if by_each is None else by_each.sum(0)
        # The root goes with the shape where transl is held.
        together = together + skin.joint_basis[0].T @ force.sum(0)
        if by_each is not None:
            by_each = by_each + force @ skin.joint_basis[0]
        shared = problem.shape_unknowns(self.frames)
        still = Posed(skin.tree, Pose(pose.world[:1], pose.root[:1], given[:1]))
        alike = Slope.at_rest(still)
        for term in shared.terms:
            value = value + len(self.frames) * term.add_gradient(alike, still).sum()
        assert alike.betas is not None
        together = together + len(self.frames) * alike.betas[0]

        def slope(columns: slice, kind: str) -> Tensor | None:
            if kind in ("off", "fixed"):
                return None
            if kind == "shared":
                return together[columns]
            assert by_each is not None
            return by_each[:, columns]

        betas, rest = slice(0, problem.num_betas), slice(problem.num_betas, None)
        return Slopes(
            float(value),
            self._of_free_joints(torque),
            force,
            slope(betas, self.settings.shape),
            slope(rest, self.settings.expression),
        )

    def _of_free_joints(self, torque: Tensor) -> Tensor:
        """(n, J, 3) to (n, F, 3): a held joint turns with its parent, and a held root not at all."""
        gathered = torque.clone()
        for joint in reversed(range(1, torque.shape[1])):
            if joint not in self.free:
                gathered[:, self.pair.target.parents[joint]] += gathered[:, joint]
        return gathered[:, self.free]

    def by_autograd(self) -> Slopes:
        """By autograd, with increments on the manifold."""
        state, settings = self.state, self.settings
        count = len(self.frames)
        turns = torch.zeros(count, len(self.free), 3, dtype=torch.float64, requires_grad=True)
        transl, betas, expression = (
            value.clone().requires_grad_() for value in (state.transl, state.betas, state.expression)
        )
        relative, world = rotation_matrices(state.poses), self.world()
        place = {int(joint): at for at, joint in enumerate(self.free)}
        turned: list[Tensor] = []
        after: list[Tensor] = []
        for joint, parent in enumerate(self.pair.target.parents):
            before = turned[parent] if parent >= 0 else torch.eye(3, dtype=torch.float64)
            if joint in place:
                turned.append(rotation_matrices(turns[:, place[joint]]) @ world[:, joint])
                after.append(before.transpose(-1, -2) @ turned[joint])
            else:
                turned.append(before @ relative[:, joint])
                after.append(relative[:, joint])
        poses = rotation_vectors(torch.stack(after, 1))
        value = self.autograd.value(FitState(poses, transl, betas, expression))
        found = torch.autograd.grad(
            value, (turns, transl, betas, expression), allow_unused=True, materialize_grads=True
        )
        num_betas, num_expression = self.problem.num_betas, self.problem.num_expression
        return Slopes(
            float(value.detach()),
            found[0],
            found[1],
            found[2][..., :num_betas] if solves_shape(settings) else None,
            found[3][..., :num_expression] if solves_expression(settings) else None,
        )
