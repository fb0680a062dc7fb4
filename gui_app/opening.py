"""Reading a file and everything that is needed to show it; runs away from the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import FileError
from core.fit_origin import find_motion, find_source, licensed_gender
from core.joints import FAMILY_LABEL
from gui_app.fit_origin import check_bodies
from gui_app.open_answer import Answer, read_motion
from gui_app.subject import BodyShape, Subject
from gui_app.words import FALLBACK_RATE

if TYPE_CHECKING:
    from core.bodies import BodyPair
    from core.body import BodyModel
    from core.fitting.result import FitResult
    from core.motion import Motion
    from core.posed import PosedFrames
    from core.session import Session

# Metres; beyond these a body would be shown too small to be seen.
MOST_HEIGHT, MOST_REACH = 2.6, 1.3
LEAST_HEIGHT, LEAST_REACH = 0.5, 0.4
AS_FAR_AS_SAID = Answer(final=True)
"""Nobody is asked."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A motion with its bodies, ready to be shown.

    Attributes:
        motion: the source.
        bodies: for source and fit.
        posed: both, frame by frame.
        subject: what the scene needs to know.
        builtin_motion: the motion comes with Refit.
        file: what was opened, the motion or the fit; None where there is no file.
        result: the fit, where one was opened.
        session: all that was left, where a session was opened.
        left_over: ``file`` is what Refit kept for the case that it ends unexpectedly, none of the user's.
        given_rate: frames a second that the user said, where the file does not.
    """

    motion: Motion
    bodies: BodyPair
    posed: PosedFrames
    subject: Subject
    builtin_motion: bool
    file: Path | None = None
    result: FitResult | None = None
    session: Session | None = None
    left_over: bool = False
    given_rate: float | None = None

    @property
    def name(self) -> str:
        """File name of the motion, with the person where the file has several."""
        return self.motion.label

    @property
    def valid(self) -> np.ndarray:
        """(V,) bool: which vertices of the fit's body count in fits and errors."""
        return self.bodies.correspondence.valid

    @cached_property
    def finite(self) -> np.ndarray:
        """(T,) bool: the frames whose source has finite numbers; the others cannot be fitted."""
        return self.motion.finite_frames()

    def with_valid(self, valid: np.ndarray) -> Opened:
        """The same with another mask; the frames posed already are kept.

        Raises:
            RefitError: nothing could be fitted with it.
        """
        bodies = self.bodies.with_valid(valid)
        if bodies is self.bodies:
            return self
        self.posed.set_bodies(bodies)
        fit = replace(self.subject.fit, valid=bodies.correspondence.valid)
        return replace(self, bodies=bodies, subject=replace(self.subject, fit=fit))

    def with_weights(self, weights: np.ndarray | None) -> Opened:
        """The same with other weights of single vertices in fits; the frames posed already are kept.

        Raises:
            RefitError: they are no weights of this body.
        """
        bodies = self.bodies.with_weights(weights)
        if bodies is self.bodies:
            return self
        self.posed.set_bodies(bodies)
        return replace(self, bodies=bodies)

    @property
    def stem(self) -> str:
        """The name without its ending, for the names of other files."""
        stem, person = Path(self.motion.name).stem.removesuffix("_poses"), self.motion.reading.person
        return stem if person is None else f"{stem}_{person.replace('/', '-')}"

    def motion_at(self, rate: float | None) -> Motion:
        """The motion, with another frame rate where one is given."""
        return self.motion if rate is None else replace(self.motion, frame_rate=rate)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was assumed or left out, of the motion and of the bodies."""
        return tuple(dict.fromkeys((*self.motion.notes, *self.bodies.notes)))


def pose_on_one_thread() -> None:
    """For the thread that poses frames to show: chunks are so small that a second thread only costs time."""
    import torch

    torch.set_num_threads(1)


def open_file(
    path: Path,
    models: str | Path | None,
    source: Path | None = None,
    answer: Answer = AS_FAR_AS_SAID,
    read: Callable[[Motion, BodyPair], object] | None = None,
) -> Opened:
    """Reads a motion, or a fit or a session together with the motion it was made from.

    Args:
        path: the file, or a folder of meshes.
        models: as in `core.bodies.load_bodies`.
        source: where the motion of a fit or session is; None where it is to be looked for.
        answer: what is known of a motion beside the file.
        read: told of a motion that has no fit and of its bodies, as soon as both are read.

    Raises:
        Unanswered: something about a motion has to be asked.
        RefitError: the file, or the bodies for it, cannot be used.
    """
    from core.files.mesh_motions import is_mesh_folder
    from core.files.results import is_result
    from core.files.sessions import is_session

    if path.is_dir() and not is_mesh_folder(path):
        raise FileError(path, "is a folder without meshes (.obj or .ply)")
    if path.is_dir():
        return open_motion(path, models, answer, read)
    if is_session(path):
        return open_session(path, models, source)
    if is_result(path):
        return open_fit(path, models, source)
    return open_motion(path, models, answer, read)


def open_motion(
    path: Path,
    models: str | Path | None,
    answer: Answer = AS_FAR_AS_SAID,
    read: Callable[[Motion, BodyPair], object] | None = None,
) -> Opened:
    """Reads a motion and loads the bodies that belong to it: to SMPL-X the SMPL-H body.

    Raises:
        Unanswered: something about it has to be asked.
        RefitError: the file is none, or the bodies for it cannot be used.
    """
    motion = read_motion(path, models, answer)
    target = "smplh" if motion.family == "smplx" else "smplx"
    return replace(_opened(motion, models, None, path, target, read), given_rate=answer.rate)


def open_fit(path: Path, models: str | Path | None, source: Path | None = None) -> Opened:
    """Reads a fit, its motion, and the bodies it was made with.

    Raises:
        RefitError: one of the three cannot be used, or the bodies in use are others.
    """
    from core.files.results import load_result
    from core.fitting.painted_mask import made_weights, measured_mask

    result = load_result(path)
    motion = find_motion(path, result, source)
    opened = _opened(motion, models, licensed_gender(result), path, result.family)
    check_bodies(path, result, opened.bodies)
    valid = measured_mask(result, opened.bodies.correspondence)
    opened = opened.with_valid(valid).with_weights(made_weights(result, opened.bodies.correspondence))
    return replace(opened, result=result)


def open_session(path: Path, models: str | Path | None, source: Path | None = None) -> Opened:
    """Reads a session and the bodies it was worked on with.

    Raises:
        RefitError: one of them cannot be used, its motion is missing, or the bodies in use are others.
    """
    from core.files.sessions import load_session

    session = load_session(path)
    motion = session.motion or find_source(path, session.source, source)
    fits = [step.result for step in session.steps if step.result is not None]
    gender, target = (licensed_gender(fits[0]), fits[0].family) if fits else (None, "smplx")
    opened = _opened(motion, models, gender, path, target)
    for fit in fits:
        check_bodies(path, fit, opened.bodies)
    own, now = opened.bodies.correspondence, session.now
    opened = opened.with_valid(now.mask(own)).with_weights(now.weighing(own))
    return replace(opened, result=session.now.result, session=session)


def _opened(
    motion: Motion,
    models: str | Path | None,
    gender: str | None,
    file: Path,
    target: str = "smplx",
    read: Callable[[Motion, BodyPair], object] | None = None,
) -> Opened:
    from core.bodies import bodies_for, of_bodies_there
    from core.builtin_files import builtin_motions
    from core.mesh_order import check_meshes
    from core.posed import PosedFrames

    if len(motion) == 0:
        raise FileError(motion.path or file, "holds no frames")
    motion = of_bodies_there(motion, models, gender)
    bodies = bodies_for(motion, models, gender, target=target)
    if not motion.has_poses:
        check_meshes(motion, bodies.source)
    if read is not None:
        read(motion, bodies)
    return Opened(
        motion=motion,
        bodies=bodies,
        posed=PosedFrames(motion, bodies),
        subject=describe_subject(motion, bodies),
        builtin_motion=motion.path in builtin_motions(),
        file=file,
    )


def describe_subject(motion: Motion, bodies: BodyPair) -> Subject:
    """What the scene needs to know of a motion and its bodies."""
    from core.inspection.rest_places import rest_places
    from core.posed import root_path
    from core.surroundings import surroundings

    around = surroundings(motion, bodies.source, motion.frame_rate or FALLBACK_RATE)
    roots = root_path(motion, bodies.source)
    ours, theirs = rest_places(bodies)
    role = "source" if motion.has_poses else "source · meshes"
    return Subject(
        source=_shape(bodies.source, np.ones(bodies.source.num_vertices, bool), ours, role),
        fit=_shape(bodies.target, bodies.correspondence.valid, theirs, "fit"),
        up_axis=motion.up_axis,
        path=around.path,
        roots=np.where(np.isfinite(roots), roots, around.path),
        floor=around.floor,
        height=min(max(around.height, LEAST_HEIGHT), MOST_HEIGHT),
        reach=min(max(around.reach, LEAST_REACH), MOST_REACH),
    )


def _shape(body: BodyModel, valid: np.ndarray, place: np.ndarray, role: str) -> BodyShape:
    return BodyShape(
        faces=np.asarray(body.faces),
        size=body.num_vertices,
        part=body.vertex_part,
        valid=valid,
        joint_names=body.joint_names,
        parents=np.asarray(body.parents),
        label=f"{role} · {_body_words(body)}",
        place=place,
    )


def _body_words(body: BodyModel) -> str:
    return f"{FAMILY_LABEL.get(body.family, body.family)} {body.gender}"
