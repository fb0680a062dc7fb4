"""Checks that look back from the fit to the source: its surface mapped back, and SMPL's 24 joints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from core.correspond.load_bodies import reversed_bodies
from core.errors import RefitError
from core.files.bodies.models import smpl_from_smplh
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL, JOINT_NAMES, MESH
from core.model.motion import Motion
from core.model.posing import joints_of, skin_chunks
from core.model.vertex_errors import FrameErrors, frame_errors, lengths_mm

SMPL_JOINTS = JOINT_NAMES["smpl"]
# SMPL's one hand joint lies where the middle finger starts; see `core.files.bodies.models.smpl_from_smplh`.
_HANDS = {"left_hand": "left_middle1", "right_hand": "right_middle1"}


@dataclass(frozen=True, eq=False)
class JointErrors:
    """SMPL's 24 joints (`SMPL_JOINTS`) of a fit, regressed from its surface; T frames, NaN where not fitted.

    Attributes:
        joints: (T, 24, 3) float32 metres, in the source's own world.
        error_mm: (T, 24) float32 distance from the source's own joints, those of its kinematic chain. A
            regressor only approximates these on a posed surface, by the distance of the next two fields.
        regressed_error_mm: (T, 24) float32 distance from the joints that the same regressor finds on the
            source's surface: what the fit alone is responsible for.
    """

    joints: np.ndarray
    error_mm: np.ndarray
    regressed_error_mm: np.ndarray

    def by_joint(self) -> dict[str, float]:
        """Mean of ``error_mm`` over the fitted frames, by the name of the joint; NaN where none is fitted."""
        return {name: _mean(column) for name, column in zip(SMPL_JOINTS, self.error_mm.T, strict=True)}

    def summary(self) -> dict[str, float]:
        """Mean and largest ``error_mm``, and mean of ``regressed_error_mm``; NaN where nothing is fitted."""
        return {
            "mean": _mean(self.error_mm),
            "max": _most(self.error_mm),
            "regressed_mean": _mean(self.regressed_error_mm),
        }


@dataclass(frozen=True, eq=False)
class InverseCheck:
    """How far the way back from the fit misses the source; T frames.

    Attributes:
        surface: v2v of the fit mapped back by the inverse correspondence, against the source's own vertices;
            (T,) and (T, parts), NaN where not fitted.
        joints: of SMPL's 24 joints.
    """

    surface: FrameErrors
    joints: JointErrors

    def surface_summary(self) -> dict[str, float]:
        """Mean and p95 (means over the fitted frames) and max of ``surface`` in mm; NaN if nothing is."""
        return {
            "mean": _mean(self.surface.mean),
            "p95": _mean(self.surface.p95),
            "max": _most(self.surface.max),
        }


def check_inverse(motion: Motion, bodies: BodyPair, result: FitResult) -> InverseCheck:
    """Maps a fit back to the source, and measures its surface and SMPL's 24 joints there.

    The joints are those of SMPL parameters, had the fit been given in them: the fit's vertices, mapped to
    SMPL's topology, times SMPL's J_regressor (of the pair's own SMPL body, or of its SMPL-H body with the
    fingers' joints left out). Frames are posed a few at a time, so that memory does not grow with them.

    Args:
        motion: the source of the fit.
        bodies: the pair it was made with.
        result: the fit.

    Where the folder of models has no correspondence from the target to the source, one is built, which takes
    some seconds, once.

    Raises:
        FileError: there is none, and none can be built.
        RefitError: motion, bodies and result do not belong together.
    """
    inverse = reversed_bodies(bodies, build=True).correspondence
    regress = SmplRegressor(bodies)
    surface = _nothing(len(motion), result.part_mm.shape[1])
    empty = np.full((len(motion), len(SMPL_JOINTS)), np.nan, dtype=np.float32)
    joints = JointErrors(np.full((*empty.shape, 3), np.nan, dtype=np.float32), empty, empty.copy())
    valid = torch.as_tensor(inverse.valid, device=bodies.source.device)
    part = bodies.source.vertex_part[inverse.valid]
    for frames, source, fit in _surfaces(motion, bodies, result):
        _store(surface, frames, frame_errors((_mapped(inverse, fit) - source)[valid], part))
        found, same = regress.target(fit), regress.source(source)
        own = _own_joints(motion, bodies.source, frames)
        joints.joints[frames] = found.permute(2, 0, 1).cpu().numpy() + motion.trans[frames, None]
        joints.error_mm[frames] = lengths_mm(found - own, 1).T.cpu().numpy()
        joints.regressed_error_mm[frames] = lengths_mm(found - same, 1).T.cpu().numpy()
    return InverseCheck(surface, joints)


class SmplRegressor:
    """SMPL's joints from either surface of a pair.

    Args:
        bodies: the pair; at least one of the two has SMPL's topology.

    Attributes:
        over_source: (24, Vs) the regressor over the source's own vertices; a row of NaN where none of a
            joint's vertices has a counterpart.
        over_target: (24, Vt) likewise over the target's; where the way back is missing it is built.
    """

    def __init__(self, bodies: BodyPair) -> None:
        if bodies.source.family == MESH:
            raise RefitError("SMPL's joints of a fit need a source in SMPL or SMPL-H, and it is a mesh.")
        self._bodies = bodies
        self.matrix = _smpl_body(bodies).J_regressor.astype(np.float64)

    @cached_property
    def over_source(self) -> Tensor:
        return self._over(self._bodies)

    @cached_property
    def over_target(self) -> Tensor:
        bodies = self._bodies
        if bodies.target.family != "smplx":
            return bodies.target.tensor(self.matrix)
        return self._over(reversed_bodies(bodies, build=True))

    def source(self, vertices: Tensor) -> Tensor:
        """(Vs, 3, n) to (24, 3, n)."""
        return (self.over_source @ vertices.flatten(1)).unflatten(1, vertices.shape[1:])

    def target(self, vertices: Tensor) -> Tensor:
        """(Vt, 3, n) to (24, 3, n)."""
        return (self.over_target @ vertices.flatten(1)).unflatten(1, vertices.shape[1:])

    def _over(self, there: BodyPair) -> Tensor:
        """(24, V): the regressor over the vertices of the source of a pair, whose target may be SMPL's."""
        body = there.source
        if body.family != "smplx":
            return body.tensor(self.matrix)
        # Vertices without counterpart leave their weight to the others of the joint; NaN if there is none.
        over = np.asarray(self.matrix @ there.correspondence.matrix.astype(np.float64))
        total = over.sum(1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return body.tensor(over * (self.matrix.sum(1, keepdims=True) / total))


@lru_cache(maxsize=2)
def _smpl_body(bodies: BodyPair) -> BodyModel:
    pair = {body.family: body for body in (bodies.source, bodies.target)}
    if "smpl" in pair:
        return pair["smpl"]
    if "smplh" not in pair:
        raise RefitError("SMPL's joints need a body in SMPL or SMPL-H, and both are in SMPL-X.")
    return smpl_from_smplh(pair["smplh"])


def _surfaces(
    motion: Motion, bodies: BodyPair, result: FitResult
) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
    """Ids of n fitted frames, and source (Vs, 3, n) and fit (Vt, 3, n), the source's trans taken off."""
    _check_belonging(motion, bodies, result)
    fit = result.as_motion()
    done = np.flatnonzero(result.fitted)
    # `vertex_chunks` divides both alike, as they have the same frames. The source's trans is left away, so
    # that a body far from the origin keeps its digits.
    at_source = np.zeros_like(motion.trans[done])
    apart = (fit.trans[done].astype(np.float64) - motion.trans[done]).astype(np.float32)
    for (frames, first), (_, second) in zip(
        _vertex_chunks(motion, bodies.source, done, at_source),
        _vertex_chunks(fit, bodies.target, done, apart),
        strict=True,
    ):
        yield done[frames], first, second


def _vertex_chunks(
    motion: Motion, body: BodyModel, frames: np.ndarray, transl: np.ndarray
) -> Iterator[tuple[slice, Tensor]]:
    return skin_chunks(motion, body, frames, torch.as_tensor(transl))


def chain_ids(body: BodyModel) -> list[int]:
    """Which joints of a body's kinematic chain are SMPL's 24."""
    names = [name if name in body.joint_names else _HANDS[name] for name in SMPL_JOINTS]
    return [body.joint_names.index(name) for name in names]


def _own_joints(motion: Motion, body: BodyModel, frames: np.ndarray) -> Tensor:
    """(24, 3, n) the motion's own joints, of its chain where it has one, that are SMPL's, its trans taken
    off."""
    joints = joints_of(motion, body, frames, torch.zeros(len(frames), 3))
    return joints[:, chain_ids(body)].permute(1, 2, 0)


def _mapped(correspondence: Correspondence, vertices: Tensor) -> Tensor:
    """(Vs, 3, n) to (Vt, 3, n) by a correspondence."""
    flat = correspondence.operator @ vertices.reshape(len(vertices), -1)
    return flat.view(-1, 3, vertices.shape[2])


def _check_belonging(motion: Motion, bodies: BodyPair, result: FitResult) -> None:
    if len(motion) != len(result):
        raise RefitError(f"The fit has {len(result)} frames and {motion.name} {len(motion)}.")
    for family, body, what in (
        (motion.family, bodies.source, "motion"),
        (result.family, bodies.target, "fit"),
    ):
        if family != body.family:
            raise RefitError(
                f"The {what} is in {FAMILY_LABEL[family]}, but its body is {FAMILY_LABEL[body.family]}."
            )


def _nothing(frames: int, parts: int) -> FrameErrors:
    mean, median, p95, most = (np.full(frames, np.nan, dtype=np.float32) for _ in range(4))
    return FrameErrors(mean, median, p95, most, np.full((frames, parts), np.nan, dtype=np.float32))


def _store(errors: FrameErrors, frames: np.ndarray, found: FrameErrors) -> None:
    for name in ("mean", "median", "p95", "max", "part"):
        getattr(errors, name)[frames] = getattr(found, name)


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else np.nan


def _most(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else np.nan
