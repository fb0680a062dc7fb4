"""What is inspected: two bodies, and a motion and its fit where there are any."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from core.correspond.load_bodies import load_bodies, of_bodies_there, reversed_bodies
from core.correspond.mesh_bodies import own_of
from core.errors import FileError, RefitError
from core.files.bodies.mesh_check import check_meshes
from core.files.motions.load_motion import load_motion
from core.files.motions.settle import REFUSE
from core.geometry.mesh_graph import MeshGraph
from core.geometry.regions import region_masks
from core.inspection.rest_distance import SurfaceDistance, surface_distance
from core.measure.vertex_mask import with_measured_mask
from core.model.body import BodyModel
from core.model.body_joints import BodyJoint, body_joints
from core.model.body_pair import BodyPair, left_out, within
from core.model.fit_result import FitResult
from core.model.motion import AS_IT_IS, Motion, Reading
from core.model.posing import posed
from core.outputs.reading_words import changes_nothing
from core.outputs.results import is_result, load_result
from core.session.fit_origin import find_motion, licensed_gender, other_bodies

WHICH = ("source", "target")


@dataclass(frozen=True, eq=False)
class Inspected:
    """Two bodies and what they do.

    Attributes:
        bodies: source, target and correspondence.
        motion: of the source, or None for the bodies alone.
        result: its fit, or None.
        notes: sentences on what was assumed.
    """

    bodies: BodyPair
    motion: Motion | None = None
    result: FitResult | None = None
    notes: tuple[str, ...] = ()

    def body(self, which: str) -> BodyModel:
        """The ``'source'`` or the ``'target'``."""
        return self.bodies.source if which == "source" else self.bodies.target

    def moves(self, which: str) -> Motion | None:
        """The motion of one body; None where it has none."""
        if which == "source":
            return self.motion
        return None if self.result is None else self.result.as_motion()

    def joints(self, which: str, regressor: np.ndarray | None = None) -> tuple[BodyJoint, ...]:
        """All joints of one body, with another regressor if there is one."""
        return body_joints(self.body(which), regressor)

    def pose(self, which: str, frame: int | None) -> tuple[np.ndarray, np.ndarray]:
        """(V, 3) skin and (J, 3) joints of the chain, metres: in a frame, or in the rest pose.

        Raises:
            RefitError: there is no such frame, or the body has no pose in it.
        """
        body, motion = self.body(which), self.moves(which)
        if frame is None:
            return body.v_template, body.joint_template.cpu().numpy()
        if self.motion is None:
            raise RefitError("There is no motion to take a frame from; give one, or leave out --frame.")
        if not 0 <= frame < len(self.motion):
            last = len(self.motion) - 1
            raise RefitError(f"{self.motion.name} has no frame {frame}; its frames are 0 to {last}.")
        if motion is None:
            raise RefitError("The target has no pose without a fit; inspect a fit, or give --body source.")
        if not motion.finite_frames()[frame]:
            raise RefitError(f"Frame {frame} of {self.motion.name} holds numbers that are not finite.")
        if which == "target" and self.result is not None and not self.result.fitted[frame]:
            raise RefitError(f"Frame {frame} of the fit is not fitted.")
        skin, chain = posed(motion, body, slice(frame, frame + 1))
        return skin[0], chain[0]

    def valid(self, which: str) -> np.ndarray | None:
        """(V,) bool: vertices of the target that count in a fit, of the source that have a counterpart.

        None where the folder has no correspondence in that direction.
        """
        if which == "target":
            return self.bodies.correspondence.valid
        try:
            return reversed_bodies(self.bodies).correspondence.valid
        except RefitError:
            return None

    @cached_property
    def graphs(self) -> dict[str, MeshGraph]:
        """The skin of each body as a graph, in its rest shape."""
        return {which: MeshGraph(self.body(which).faces, self.body(which).v_template) for which in WHICH}

    @cached_property
    def regions(self) -> dict[str, dict[str, np.ndarray]]:
        """`core.geometry.regions.region_masks` of each body."""
        return {which: region_masks(self.body(which), self.graphs[which]) for which in WHICH}

    @cached_property
    def rest(self) -> SurfaceDistance:
        """The two bodies laid on each other in the rest pose."""
        return surface_distance(self.bodies)


def inspect_bodies(
    models: str | Path | None, source: str = "smplh", target: str = "smplx", gender: str | None = None
) -> Inspected:
    """The bodies alone.

    Raises:
        RefitError: as `core.correspond.load_bodies.load_bodies`.
    """
    bodies = load_bodies(models, source=source, target=target, gender=gender)
    return Inspected(bodies, notes=bodies.notes)


def inspect_file(
    path: Path,
    models: str | Path | None,
    target: str | None = None,
    gender: str | None = None,
    reading: Reading = AS_IT_IS,
    doubts: str = REFUSE,
) -> Inspected:
    """A motion with the bodies that it would be fitted with, or a fit with its motion and its bodies.

    Args:
        path: of either.
        models: as in `core.correspond.load_bodies.load_bodies`.
        target: family of the other body; None for SMPL-X, or SMPL-H where the motion is in SMPL-X. A fit has
            its own.
        gender: of the bodies; None for what the file says.
        reading: how a motion file is read; a fit keeps its motion as it was read when it was made.
        doubts: as in `core.files.motions.load_motion.load_motion`.

    Raises:
        RefitError: a file cannot be used, or the bodies are not those that the fit was made with.
    """
    result = None if os.path.isdir(path) or not is_result(path) else load_result(path)
    motion = load_motion(path, reading, doubts=doubts) if result is None else find_motion(path, result)
    if not len(motion):
        raise FileError(path, "holds no frames")
    motion = of_bodies_there(motion, models, gender)
    if result is not None:
        target, gender = result.family, licensed_gender(result) or gender
    elif target is None:
        target = "smplh" if motion.family == "smplx" else "smplx"
    gender, own = gender or motion.gender, own_of(motion)
    bodies = load_bodies(models, source=motion.family, target=target, gender=gender, own=own)
    if not motion.has_poses:
        check_meshes(motion, bodies.source)
    if result is not None and (made_with := other_bodies(result, bodies)):
        raise FileError(
            path, f"was made with {made_with}, not with the {bodies.label}; --models DIR chooses others"
        )
    if result is not None:
        bodies = with_measured_mask(bodies, result)
    failed = () if result is None or not result.failed else (f"This fit failed: {result.failure}.",)
    told = () if result is None else changes_nothing(replace(reading, gender=None), doubts)
    beyond = left_out(motion, bodies.source)
    motion = within(motion, bodies.source)
    return Inspected(bodies, motion, result, (*failed, *told, *motion.notes, *bodies.notes, *beyond))
