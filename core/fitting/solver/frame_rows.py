"""Poses of n frames with all that a Gauss-Newton step needs of them, as rows of numbers with frames last, for
devices: an operation there takes as long as what it does to some hundred frames, so there are to be few.

World rotations are unit quaternions, moved by q <- (cos |w|/2, sin |w|/2 w/|w|) q. Quaternions of a joint, of
its parent and of one against the other lie one after the other, so that one product of all of them makes all
rotation matrices; a joint that does not turn comes before the root. With X the stacked rotations, U the skin
of the shape and L the change of X by the unknowns, the data term's Gauss-Newton matrix is L^T U^T W U L, two
products over all joints at once. The pull on relative rotations adds rows to the residual.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.fitting.objective.band import Band
from core.fitting.objective.joint_tables import JointTables, product_table, quaternion_table
from core.fitting.objective.one_patch import one_patch
from core.fitting.objective.patches import Patch
from core.fitting.objective.pose import Pose
from core.fitting.objective.rows import Rows
from core.fitting.objective.term import Pull, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.stacked_secants import StackedSecants
from core.model.on_device.few_launches import quaternions

# Added to a quaternion whose length is divided by.
_TINY = 1e-12
# Of the mean of a matrix's diagonal, added to all of it.
FLOOR = 1e-6
# Of the curvature that a step reckons with, met at least where it teaches anything.
LEAST_MET = 1e-3


def serves(pose: Pose, terms: Terms, unknowns: Unknowns) -> bool:
    """Whether frames can be seen so: they have no coefficients of their own, something turns, and terms
    are nothing but pulls on relative rotations."""
    plain = pose.betas is None and not len(unknowns.coefficients) and len(unknowns.free) > 0
    return plain and all(term.pull is not None for term in terms)


@dataclass(frozen=True, eq=False)
class _Skin:
    """The skin of the shape as one patch; V vertices.

    Attributes:
        basis: (V, 3J + 1) U.
        weights: (V, J) skinning weights.
        directions: (3V, 9(J - 1)) posedirs, the entries of a rotation column by column.
        offsets: (3V, 1) what they give for no rotation, with its sign turned, metres.
    """

    basis: Tensor
    weights: Tensor
    directions: Tensor
    offsets: Tensor

    @classmethod
    def of(cls, data: DataTerm) -> _Skin:
        """That of some frames' data term, kept with the products of its shape."""
        kept = data.found.__dict__
        if "_frame_rows" not in kept:
            patches, joints = data.skin.patches, data.skin.body.num_joints
            whole = patches.posing[0]
            if patches.posing is patches.patches:
                whole = one_patch(patches.patches, joints)
            kept["_frame_rows"] = cls._made(whole, data.shape.betas, joints)
        found: _Skin = kept["_frame_rows"]
        return found

    @classmethod
    def _made(cls, whole: Patch, betas: Tensor, joints: int) -> _Skin:
        basis = whole.basis[0] + torch.tensordot(betas, whole.basis[1:], 1)
        by_column = whole.directions.unflatten(1, (joints - 1, 3, 3)).transpose(2, 3).flatten(1)
        still = torch.eye(3, dtype=basis.dtype, device=basis.device).flatten().repeat(joints - 1)
        offsets = -(by_column @ still)[:, None]
        return cls(basis, whole.weights, by_column.contiguous(), offsets)


@dataclass(frozen=True, eq=False)
class _Towards:
    """A pull of n frames' relative rotations.

    Attributes:
        towards: (J, 4, n) quaternions of where it pulls to.
        tables: (J, 8, 16) from products of a quaternion with those to what lies between them, real part,
            nothing and vector, and to its vector once more, times twice the roots of the weights.
        roots: (J, 1, 1) the roots of the weights.
    """

    towards: Tensor
    tables: Tensor
    roots: Tensor

    @classmethod
    def of(cls, pull: Pull) -> _Towards:
        """That of a term."""
        like = pull.rotations
        towards = quaternions(like).permute(1, 2, 0).contiguous()
        between = product_table("with the second turned back", like.dtype, like.device)
        roots = pull.weights.sqrt()[:, None, None]
        nothing = torch.zeros_like(between[:1])
        plain = torch.cat((between[:1], nothing, between[1:])).expand(len(roots), -1, -1)
        tables = torch.cat((plain, 2 * roots * between[1:]), 1)
        return cls(towards, tables, roots)

    def __getitem__(self, frames: Tensor) -> _Towards:
        return replace(self, towards=self.towards[..., frames])


class FrameRows:
    """n frames of one shape: where they are, their objective and its gradient.

    Args:
        data: the data term of the frames.
        terms: of the frames beside the data term, as `serves` allows.
        unknowns: of each frame, D numbers.

    Attributes:
        damping: (n, 1).
    """

    def __init__(self, data: DataTerm, terms: Terms, unknowns: Unknowns, damping: float) -> None:
        self.data, self.unknowns = data, unknowns
        self.targets = data.targets.contiguous()
        pulls = [term.pull for term in terms if term.pull is not None]
        self.pulls = [_Towards.of(pull) for pull in pulls]
        self.skin = _Skin.of(data)
        like = self.targets
        tree = data.skin.tree
        self.tables = JointTables.of(tree.parents, unknowns, like.dtype, like.device)
        size = 3 * len(unknowns.free) + 3 * unknowns.moves
        pull = like.new_zeros(1, size, size)
        band = Band([pull], unknowns, tree.above(like.device))
        for each in pulls:
            band.add_pull(each.weights)
        self.pull, self.floored, self.secants = pull, False, StackedSecants()
        self.damping = like.new_full((like.shape[2], 1), damping)
        self._room()
        self.now, self.next, self.before = self._rows(), self._rows(), self._rows()

    def _room(self) -> None:
        """What is written anew in each step."""
        like, tables = self.targets, self.tables
        vertices, _, frames = like.shape
        joints, size = tables.joints, self.pull.shape[1]
        self.residual = like.new_zeros(3 * (vertices + joints * len(self.pulls)), frames)
        # By relative rotations, world rotations and the root position; then twists and torques.
        self.back = like.new_zeros(18 * (joints + 1) + 3 + 6 * (joints + 1), frames)
        levers = like.new_zeros(frames, 3 * joints + 1, 3, size)
        if self.unknowns.moves:
            levers[:, -1, :, -3:].diagonal(dim1=1, dim2=2).fill_(1)
        self.levers = levers

    def _rows(self) -> Rows:
        like, groups = self.targets, 0
        metric = self.data.skin.metric
        if metric.loss != "none":
            groups = len(like) if metric.groups is None else metric.group_count
        return Rows.of(like, self.tables.joints, self.pull.shape[1], groups)

    def begin(self, pose: Pose, *, frozen: bool) -> None:
        """Puts the frames where they begin; arguments as of `evaluate`."""
        for rows in (self.now, self.next, self.before):
            rows.turns[0] = 0
            rows.turns[0, 0] = 1
            rows.turns[1:] = quaternions(pose.world).permute(1, 2, 0)
            rows.root[:] = pose.root.T
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
        if self.unknowns.moves:
            torch.sub(now.root, step[:, -3:].T, out=there.root)
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
            self._pull(pull, rows, self.residual[start : start + 3 * joints].view(joints, 3, frames))
        metric, pulled = self.data.skin.metric, residual
        if metric.local and metric.unit_weights:
            torch.sum(self.residual * self.residual, 0, out=rows.energy)
        else:
            energy, pulled, robust = metric.energy_and_pull(residual)
            rows.energy.copy_(energy).mul_(2).add_(self.residual[count:].square().sum(0))
            if robust is not None:
                rows.robust.copy_(robust)
        back, edge = self.back, 18 * (joints + 1)
        world = 9 * (joints + 1)
        flat = pulled.view(-1, 3 * frames)
        torch.mm(skin.basis.T, flat, out=back[world + 9 : edge + 3].view(-1, 3 * frames))
        moments = offsets[:, :, None] * pulled[:, None]
        back[world + 9 : edge].view(joints, -1).addmm_(skin.weights.T, moments.view(len(pulled), -1))
        if frozen:
            back[:world].zero_()
        else:
            torch.mul(blended, pulled[:, None], out=moments)
            turned = moments.sum(2).view(count, frames)
            torch.mm(skin.directions.T, turned, out=back[18:world])
        pulls = back[:edge].view(-1, 3, 3, frames)
        turned = back[edge + 3 :].view(-1, 3, frames)
        torch.sum(torch.linalg.cross(rows.both.view(-1, 3, 3, frames), pulls, dim=2), 1, out=turned)
        twist = turned[: joints + 1]
        for place, pull in enumerate(self.pulls):
            start = count + 3 * joints * place
            twist[1:].addcmul_(self.residual[start : start + 3 * joints].view(joints, 3, frames), pull.roots)
        torch.sum(rows.above * twist[:, :, None], 1, out=twist)
        torch.mm(tables.ends, back[edge:].view(-1, 3 * frames), out=rows.slope.view(-1, 3 * frames))

    def _residual(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """(V, 3, n) the skin's, metres; (V, 3, 3, n) blended rotations, transposed, and (V, 3, n) offsets
        before they are turned."""
        skin, (vertices, _, frames) = self.skin, self.targets.shape
        flat = self.residual[: 3 * vertices].view(vertices, -1)
        torch.addmm(self.targets.view(vertices, -1), skin.basis, rows.stacked, beta=-1, out=flat)
        blended = torch.mm(skin.weights, rows.world.view(-1, 9 * frames)).view(-1, 3, 3, frames)
        offsets = torch.addmm(skin.offsets, skin.directions, rows.relative).view(-1, 3, frames)
        residual = flat.view(-1, 3, frames)
        for axis in range(3):
            residual.addcmul_(blended[:, axis], offsets[:, axis, None])
        return residual, blended, offsets

    @staticmethod
    def _pull(pull: _Towards, rows: Rows, out: Tensor) -> None:
        """(J, 3, n) how far relative rotations are from where they are pulled to, times the roots of the
        weights."""
        both = (rows.turns_between[1:, :, None] * pull.towards[:, None]).flatten(1, 2)
        found = torch.baddbmm(_tiny(both), pull.tables, both)
        length = torch.linalg.vector_norm(found[:, 1:5], dim=1)
        # An angle beyond a half turn is one the other way, which the sign of the real part says.
        share = (length / found[:, 0]).atan_().div_(length)
        torch.mul(found[:, 5:], share[:, None], out=out)

    def step(self, *, curved: bool) -> tuple[Tensor, Tensor]:
        """By new factors, damped: steps (n, D) to be taken backwards, and (n,) twice what they promise."""
        rows, tables, levers = self.now, self.tables, self.levers
        frames, size = len(levers), levers.shape[3]
        blocks = torch.mm(rows.all_world.T, tables.levers)
        levers.view(frames, -1).index_copy_(1, tables.places, blocks)
        normal = self._normal()
        turned = torch.bmm(normal.expand(frames, -1, -1), levers.view(frames, -1, 3 * size))
        every = levers.view(frames, -1, size)
        matrix = torch.baddbmm(self.pull, every.transpose(1, 2), turned.view(frames, -1, size))
        if curved:
            self._add_curvature(matrix)
        diagonal = matrix.diagonal(dim1=1, dim2=2)
        if not self.floored:
            floor = FLOOR * diagonal.mean() + _TINY
            self.pull = self.pull + torch.diag(floor.expand(size))
            diagonal += floor
            self.floored = True
        diagonal.addcmul_(diagonal, self.damping)
        # What is no matrix to step by leads nowhere, and is damped more the next time.
        factor, _ = torch.linalg.cholesky_ex(matrix)
        slope = rows.slope.T[:, :, None]
        if self.secants:
            left, amounts = self.secants.before(slope)
            step = self.secants.after(torch.cholesky_solve(left, factor), amounts)
        else:
            step = torch.cholesky_solve(slope, factor)
        return step.squeeze(2), torch.bmm(slope.transpose(1, 2), step).view(-1)

    def _normal(self) -> Tensor:
        """(1 or n, K, K) U^T W U."""
        metric, found = self.data.skin.metric, self.data.found
        if metric.loss == "none":
            return found.shared[None]
        pose = self.pose() if found.by_vertex else Pose(self.now.world, self.now.root)
        normal = found.of(pose, self.now.robust, False).normal
        return normal if normal.dim() == 3 else normal[None]

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
        return Pose(rows.world.permute(3, 0, 2, 1).contiguous(), rows.root.T.contiguous())

    def seen(self) -> tuple[Tensor, Tensor]:
        """(n,) the objective, square metres, and (V, 3, n) residuals, metres, where the frames are."""
        residual = self._residual(self.now)[0]
        return 0.5 * self.now.energy, residual.clone()


def _tiny(like: Tensor) -> Tensor:
    """(1, 8, 1) next to nothing where there is nothing, so that no length is zero."""
    return quaternion_table("tiny", like.dtype, like.device)
