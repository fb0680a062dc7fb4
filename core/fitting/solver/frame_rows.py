"""Poses of n frames with all that a Gauss-Newton step needs of them, as rows of numbers with frames last, for
devices: an operation there takes as long as what it does to some hundred frames, so there are to be few.

World rotations are unit quaternions, moved by q <- (cos |w|/2, sin |w|/2 w/|w|) q. Quaternions of a joint, of
its parent and of one against the other lie one after the other, so that one product of all of them makes all
rotation matrices; a joint that does not turn comes before the root. With X the stacked rotations, U the skin
of the shape and L the change of X by the unknowns, the data term's Gauss-Newton matrix is L^T U^T W U L, two
products over all joints at once. The pull on relative rotations adds rows to the residual.

Where frames have coefficients b_z of their own, U X is one product too, U_z side by side with b_z X one below
the other; U^T W U and what couples the coefficients, U^T W U_z X and <U_y X, W U_z X>, are contractions of
the products U_y^T W U_z that all frames share. Only the lower half of a matrix is made there, as it is read.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor

from core.fitting.objective.band import Band
from core.fitting.objective.joint_tables import JointTables
from core.fitting.objective.objective import FitSkin
from core.fitting.objective.pose import Pose
from core.fitting.objective.pull_rows import PullRows
from core.fitting.objective.rows import Rows
from core.fitting.objective.skin_rows import JacobianRows, SkinRows
from core.fitting.objective.term import Pull, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.core_jacobian import core_jacobian, seen_by_core
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.skin_products import Statistics
from core.fitting.solver.stacked_secants import StackedSecants
from core.model.on_device.few_launches import quaternions

# Added to a quaternion whose length is divided by.
_TINY = 1e-12
# Of the mean of a matrix's diagonal, added to all of it.
FLOOR = 1e-6
# Of the curvature that a step reckons with, met at least where it teaches anything.
LEAST_MET = 1e-3


def serves(terms: Terms, unknowns: Unknowns) -> bool:
    """Whether frames can be seen so: something turns, and terms are nothing but pulls."""
    return len(unknowns.free) > 0 and all(term.pull is not None for term in terms)


Kind = TypeVar("Kind", SkinRows, JacobianRows)


class FrameRows:
    """n frames of one shape: where they are, their objective and its gradient.

    Args:
        data: the data term of the frames.
        terms: of the frames beside the data term, as `serves` allows.
        unknowns: of each frame, D numbers, C of them coefficients.
        own: frames have coefficients of their own.

    Attributes:
        damping: (n, 1).
    """

    def __init__(
        self, data: DataTerm, terms: Terms, unknowns: Unknowns, damping: float, *, own: bool = False
    ) -> None:
        self.data, self.unknowns = data, unknowns
        self.targets = like = data.targets.contiguous()
        self.own = 1 + len(data.skin.coefficients) if own else 0
        self.skin = self._kept(SkinRows, data.skin)
        tree = data.skin.tree
        self.tables = JointTables.of(tree.parents, unknowns, self.own, like.dtype, like.device)
        self.turns = 3 * len(unknowns.free)
        size = self.turns + 3 * unknowns.moves + len(unknowns.coefficients)
        pull = like.new_zeros(1, size, size)
        band = Band([pull], unknowns, tree.above(like.device))
        self.pulls: list[PullRows] = []
        roots = None
        for each in (term.pull for term in terms):
            if isinstance(each, Pull):
                band.add_pull(each.weights)
                self.pulls.append(PullRows.of(each))
            elif each is not None:
                band.add_coefficients(each.weights)
                roots = each.weights if roots is None else roots + each.weights
        # Of the pull on coefficients, the roots of its weights (Z, 1).
        self.roots = None if roots is None else roots.sqrt()[:, None]
        self.pull, self.floored, self.secants = pull, False, StackedSecants()
        self.damping = like.new_full((like.shape[2], 1), damping)
        self._room()
        self.now, self.next, self.before = self._rows(), self._rows(), self._rows()

    def _kept(self, kind: type[Kind], skin: FitSkin) -> Kind:
        """What is made of a skin, kept with the products of its shape."""
        kept, key = self.data.found.__dict__.setdefault("_rows", {}), (kind, bool(self.own))
        if key not in kept:
            kept[key] = kind.of(skin, self.data.shape.betas, bool(self.own))
        found: Kind = kept[key]
        return found

    def _room(self) -> None:
        """What is written anew in each step."""
        like, tables = self.targets, self.tables
        vertices, _, frames = like.shape
        joints, size = tables.joints, self.pull.shape[1]
        pulled = 3 * joints * len(self.pulls) + (0 if self.roots is None else len(self.roots))
        self.residual = like.new_zeros(3 * vertices + pulled, frames)
        # By relative rotations, world rotations and the root position; then twists and torques.
        self.back = like.new_zeros(18 * (joints + 1) + 3 + 6 * (joints + 1), frames)
        levers = like.new_zeros(frames, 3 * joints + 1, 3, size)
        if self.unknowns.moves:
            levers[:, -1, :, self.turns : self.turns + 3].diagonal(dim1=1, dim2=2).fill_(1)
        self.levers = levers

    def _rows(self) -> Rows:
        like, groups = self.targets, 0
        metric = self.data.skin.metric
        if metric.loss != "none":
            # The last of them is that of the edges.
            groups = len(like) if metric.groups is None else self.data.found.normal.terms
        return Rows.of(like, self.tables.joints, self.own, self.pull.shape[1], groups)

    def begin(self, pose: Pose, *, frozen: bool) -> None:
        """Puts the frames where they begin; arguments as of `evaluate`."""
        for rows in (self.now, self.next, self.before):
            rows.turns[0] = 0
            rows.turns[0, 0] = 1
            rows.turns[1:] = quaternions(pose.world).permute(1, 2, 0)
            rows.root[:] = pose.root.T
            rows.own[:1], rows.robust[:] = 1, 1
            if pose.betas is not None:
                rows.own[1:] = pose.betas.T
        self.evaluate(self.now, frozen=frozen)

    def __getitem__(self, frames: Tensor) -> FrameRows:
        """Some of the frames (m,), as they are."""
        some = object.__new__(FrameRows)
        some.__dict__.update(self.__dict__)
        some.data, some.targets = self.data[frames], self.targets[..., frames].contiguous()
        some.pulls = [pull[frames] for pull in self.pulls]
        some.damping = self.damping[frames]
        some.now, some.next, some.before = self.now[frames], self.next[frames], self.before[frames]
        some.secants.keep(frames)
        some._room()
        return some

    def try_step(self, step: Tensor, *, frozen: bool) -> None:
        """Evaluates the frames where steps (n, D), taken backwards, lead them: `next`."""
        now, there, tables = self.now, self.next, self.tables
        # Twice, the second time by pi shorter, as sinc has a pi in it.
        halves = torch.mm(tables.spread, step.T).view(-1, 2, 4, step.shape[0])
        angles = torch.linalg.vector_norm(halves, dim=2)
        turn = halves[:, 0] * torch.sinc(angles[:, 1])[:, None]
        torch.cos(angles[:, 0], out=turn[:, 0])
        both = (turn[:, :, None] * now.turns[:, None]).flatten(1, 2)
        torch.bmm(tables.product.expand(len(both), -1, -1), both, out=there.turns)
        if self.unknowns.moves or len(self.unknowns.coefficients):
            torch.addmm(now.shifted, tables.shifts, step.T, alpha=-1, out=there.shifted)
        self.evaluate(there, frozen=frozen)

    def evaluate(self, rows: Rows, *, frozen: bool) -> None:
        """Finds what follows from where frames are: their rotation matrices, objective and gradient.

        Args:
            rows: the frames.
            frozen: the correctives are constant, as of `FitSkin.evaluate`.
        """
        tables, skin, frames = self.tables, self.skin, self.targets.shape[2]
        joints, count = tables.joints, 3 * len(self.targets)
        torch.index_select(rows.turns, 0, tables.above, out=rows.turns_above)
        both = (rows.turns_above[:, :, None] * rows.turns[:, None]).flatten(1, 2)
        torch.bmm(tables.between.expand(len(both), -1, -1), both, out=rows.turns_between)
        every = rows.all_turns
        squares = (every[:, :, None] * every[:, None]).flatten(1, 2)
        torch.bmm(tables.matrix.expand(len(every), -1, -1), squares, out=rows.matrices)
        residual, blended, offsets = self._residual(rows)
        for place, pull in enumerate(self.pulls):
            start = count + 3 * joints * place
            pull.put(rows, self.residual[start : start + 3 * joints].view(joints, 3, frames))
        if self.roots is not None:
            torch.mul(rows.own[1:], self.roots, out=self.residual[-len(self.roots) :])
        metric, pulled = self.data.skin.metric, residual
        if metric.local and metric.unit_weights:
            torch.sum(self.residual * self.residual, 0, out=rows.energy)
        else:
            energy, pulled, robust = metric.energy_and_pull(residual)
            pulls = self.residual[count:].square().sum(0)
            torch.add(pulls, energy, alpha=2, out=rows.energy)
            if robust is not None:
                rows.robust[: len(robust)] = robust
        back, edge = self.back, 18 * (joints + 1)
        world = 9 * (joints + 1)
        self._back(rows, pulled.view(-1, 3 * frames), back[world + 9 : edge + 3].view(-1, 3 * frames))
        moments = offsets[:, :, None] * pulled[:, None]
        back[world + 9 : edge].view(joints, -1).addmm_(skin.weights.T, moments.view(len(pulled), -1))
        if frozen:
            back[:world].zero_()
        else:
            torch.mul(blended, pulled[:, None], out=moments)
            turned = moments.sum(2).view(count, frames)
            torch.mm(skin.directions.T, turned, out=back[18:world])
        by_turns = back[:edge].view(-1, 3, 3, frames)
        turned = back[edge + 3 :].view(-1, 3, frames)
        torch.sum(torch.linalg.cross(rows.both.view(-1, 3, 3, frames), by_turns, dim=2), 1, out=turned)
        twist = turned[: joints + 1]
        for place, pull in enumerate(self.pulls):
            start = count + 3 * joints * place
            twist[1:].addcmul_(self.residual[start : start + 3 * joints].view(joints, 3, frames), pull.roots)
        torch.sum(rows.above * twist[:, :, None], 1, out=twist)
        slope = rows.slope[: self.turns + 3 * self.unknowns.moves]
        torch.mm(tables.ends, back[edge:].view(-1, 3 * frames), out=slope.view(-1, 3 * frames))

    def _back(self, rows: Rows, pulled: Tensor, out: Tensor) -> None:
        """The derivative by the stacked rotations and the root position, (K, 3n), from that by the skin,
        (V, 3n); and that by coefficients of the frames' own, into the slope."""
        count = len(self.unknowns.coefficients)
        if not self.own:
            torch.mm(self.skin.basis.T, pulled, out=out)
            return
        frames = rows.every.shape[1]
        each = torch.mm(self.skin.basis.T, pulled).view(self.own, -1, frames)
        torch.sum(each * rows.own[:, None], 0, out=out.view(-1, frames))
        if not count:
            return
        chosen = self.tables.own
        wanted = each[1:] if chosen is None else each.index_select(0, chosen)
        slope = rows.slope[-count:]
        torch.sum(wanted * rows.stacked.view(-1, frames), 1, out=slope)
        if self.roots is not None:
            roots, residual = self.roots, self.residual[-len(self.roots) :]
            if chosen is not None:
                roots, residual = (each.index_select(0, chosen - 1) for each in (roots, residual))
            slope.addcmul_(roots, residual)

    def _residual(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """(V, 3, n) the skin's, metres; (V, 3, 3, n) blended rotations, transposed, and (V, 3, n) offsets
        before they are turned."""
        skin, (vertices, _, frames) = self.skin, self.targets.shape
        flat = self.residual[: 3 * vertices].view(vertices, -1)
        stacked = rows.stacked
        if self.own:
            stacked = (rows.own[:, None] * stacked.view(-1, frames)).view(-1, 3 * frames)
        torch.addmm(self.targets.view(vertices, -1), skin.basis, stacked, beta=-1, out=flat)
        blended = torch.mm(skin.weights, rows.world.view(-1, 9 * frames)).view(-1, 3, 3, frames)
        offsets = torch.addmm(skin.offsets, skin.directions, rows.relative).view(-1, 3, frames)
        residual = flat.view(-1, 3, frames)
        for axis in range(3):
            residual.addcmul_(blended[:, axis], offsets[:, axis, None])
        return residual, blended, offsets

    def step(self, *, curved: bool) -> tuple[Tensor, Tensor]:
        """By new factors, damped: steps (n, D) to be taken backwards, and (n,) twice what they promise."""
        matrix, size = self._matrix(curved), self.pull.shape[1]
        diagonal = matrix.diagonal(dim1=1, dim2=2)
        if not self.floored:
            floor = FLOOR * diagonal.mean() + _TINY
            self.pull = self.pull + torch.diag(floor.expand(size))
            diagonal += floor
            self.floored = True
        diagonal.addcmul_(diagonal, self.damping)
        # What is no matrix to step by leads nowhere, and is damped more the next time.
        factor, _ = torch.linalg.cholesky_ex(matrix)
        slope = self.now.slope.T[:, :, None]
        if self.secants:
            left, amounts = self.secants.before(slope)
            step = self.secants.after(torch.cholesky_solve(left, factor), amounts)
        else:
            step = torch.cholesky_solve(slope, factor)
        return step.squeeze(2), torch.bmm(slope.transpose(1, 2), step).view(-1)

    def _matrix(self, curved: bool) -> Tensor:
        """(n, D, D) Gauss-Newton matrices, of which the lower half is read."""
        tables, levers, data = self.tables, self.levers, self.data
        count, size = len(self.unknowns.coefficients), self.pull.shape[1]
        if curved and seen_by_core(data.skin):
            jacobian = self._by_core()
            return torch.baddbmm(self.pull, jacobian.transpose(1, 2), jacobian)
        frames = len(levers)
        blocks = torch.mm(self.now.all_world.T, tables.levers)
        levers.view(frames, -1).index_copy_(1, tables.places, blocks)
        found = self._products()
        turned = torch.bmm(found.normal, levers.view(frames, -1, 3 * size)).view(frames, -1, 3, size)
        if found.products is not None:
            turned[..., -count:] = self._chosen(found.products, 1).permute(0, 2, 3, 1)
        turned, every = turned.view(frames, -1, size), levers.view(frames, -1, size)
        matrix = torch.baddbmm(self.pull, turned.transpose(1, 2), every)
        if found.squares is not None:
            matrix[:, -count:, -count:].add_(self._chosen(self._chosen(found.squares, 1), 2))
        if curved:
            self._add_curvature(matrix[:, : size - count, : size - count])
        return matrix

    def _by_core(self) -> Tensor:
        """(n, r, D) the derivative of a core set of the skin, weighed by roots."""
        core, rows, robust = core_jacobian(self.data.skin), self.now, None
        if len(rows.robust):
            robust = rows.robust.index_select(0, core.group).sqrt_()
        made = self._kept(JacobianRows, core.core)
        return made.of_frames(rows, self.tables, robust)

    def _chosen(self, values: Tensor, dim: int) -> Tensor:
        """Of values by all coefficients, those that are unknowns."""
        own = self.tables.own
        return values if own is None else values.index_select(dim, own - 1)

    def _products(self) -> Statistics:
        """The products of the skin with itself; `Statistics.normal` of each frame."""
        metric, found, rows = self.data.skin.metric, self.data.found, self.now
        frames, own = rows.every.shape[1], rows.own.T
        count = len(self.unknowns.coefficients)
        if metric.loss != "none" or (self.own and found.normal.wide):
            pose = self.pose() if found.by_vertex or self.own else Pose(rows.world, rows.root)
            robust = rows.robust if len(rows.robust) else None
            of_frames = found.of(pose, robust, count > 0)
            normal = of_frames.normal
            return of_frames if normal.dim() == 3 else Statistics(normal.expand(frames, -1, -1))
        if not self.own:
            return Statistics(found.shared.expand(frames, -1, -1))
        blocks = found.normal.blocks[0]
        width, stacked = blocks.shape[2], rows.stacked.view(-1, 3, frames).permute(2, 0, 1)
        each = torch.mm(own, blocks.view(self.own, -1)).view(frames, self.own, -1)
        normal = torch.bmm(own[:, None], each).view(frames, width, width)
        if not count:
            return Statistics(normal)
        products = torch.bmm(each.view(frames, -1, width), stacked).view(frames, self.own, width, 3)
        outer = torch.bmm(stacked, stacked.transpose(1, 2)).view(frames, -1)
        squares = torch.mm(outer, blocks.view(-1, width * width).T).view(frames, self.own, self.own)
        return Statistics(normal, products[:, 1:], squares[:, 1:, 1:])

    def _add_curvature(self, matrix: Tensor) -> None:
        curvature, size = self.data.curvature, matrix.shape[1]
        if self.unknowns.moves:
            curvature.add_to(matrix, self.pose(), self.unknowns)
            return
        wide = matrix.new_zeros(len(matrix), size + 3, size + 3)
        curvature.add_to(wide, self.pose(), self.unknowns)
        matrix += wide[:, :size, :size]

    def take(self, good: Tensor) -> None:
        """Frames that are ``good`` (n,) bool are from now on where they were tried."""
        torch.where(good, self.next.every, self.now.every, out=self.before.every)
        self.now, self.before = self.before, self.now

    def learn(self, step: Tensor, promise: Tensor) -> None:
        """Learns of steps (n, D) that were just taken backwards, and of what they promised."""
        change = torch.sub(self.before.slope, self.now.slope).T
        self.secants.learn_of_all(step, change, LEAST_MET * promise)

    def pose(self) -> Pose:
        """Where the frames are."""
        rows = self.now
        betas = rows.own[1:].T.contiguous() if self.own else None
        return Pose(rows.world.permute(3, 0, 2, 1).contiguous(), rows.root.T.contiguous(), betas)

    def seen(self) -> tuple[Tensor, Tensor]:
        """(n,) the objective, square metres, and (V, 3, n) residuals, metres, where the frames are."""
        residual = self._residual(self.now)[0]
        return 0.5 * self.now.energy, residual.clone()
