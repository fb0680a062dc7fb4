"""Of what something is exported: a fit or a motion, with its bodies."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from core.correspond.load_bodies import load_bodies, of_bodies_there
from core.correspond.mesh_bodies import own_of
from core.errors import FileError, RefitError
from core.files.bodies.mesh_check import check_meshes
from core.files.motions.load_motion import load_motion
from core.files.motions.settle import REFUSE
from core.measure.vertex_mask import with_measured_mask
from core.model.body_pair import BodyPair, left_out, within
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL
from core.model.motion import AS_IT_IS, Motion, Reading
from core.outputs.reading_words import changes_nothing
from core.outputs.results import is_result, load_result
from core.outputs.sessions import is_session, load_session
from core.session.bodies_of_fit import OtherBodies, bodies_of
from core.session.fit_origin import find_motion, find_source, licensed_gender, other_bodies
from core.session.inputs import inputs_of
from core.session.session import Session


@dataclass(frozen=True, eq=False)
class Subject:
    """A fit, or a motion without one.

    Attributes:
        name: of the motion's file.
        bodies: of source and fit; of a motion alone both may be its own.
        motion: the source; None where it has not been looked for, see ``source``.
        result: the fit, or None.
        notes: sentences on what was assumed.
        path: the file of the fit or session, beside which its motion may lie; None where there is none.
    """

    name: str
    bodies: BodyPair
    motion: Motion | None = None
    result: FitResult | None = None
    notes: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Files and folders that an export is not to write over."""
        return inputs_of(self.bodies, self.motion, self.result, self.path)

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return Path(self.name).stem.removesuffix("_poses")

    @cached_property
    def source(self) -> Motion:
        """The motion, looked for where a fit's is not at hand.

        Raises:
            RefitError: it is nowhere.
        """
        if self.motion is not None:
            return self.motion
        if self.result is None or self.path is None:
            raise RefitError("The motion that the fit was made from is needed: give it as motion.")
        return within(find_motion(self.path, self.result), self.bodies.source)

    def __len__(self) -> int:
        held = self.result if self.result is not None else self.source
        return len(held)


def open_subject(
    path: Path,
    models: str | Path | None = None,
    gender: str | None = None,
    reading: Reading = AS_IT_IS,
    doubts: str = REFUSE,
    *,
    both_bodies: bool = False,
) -> Subject:
    """A fit, the fit that a session shows, or a motion.

    Args:
        path: of any of them, or of a folder that is a motion.
        models: as in `core.correspond.load_bodies.load_bodies`.
        gender: of a motion's body; None for what its file says.
        reading: how a motion file is read; a fit keeps its motion as it was read when it was made.
        doubts: as in `core.files.motions.load_motion.load_motion`.
        both_bodies: of a motion alone the other body is needed, too.

    Raises:
        RefitError: the file or the bodies cannot be used.
    """
    # The frame rate counts for what is written, whoever says it.
    told = changes_nothing(replace(reading, gender=gender, frame_rate=None), doubts)
    if not os.path.isdir(path) and is_session(path):
        return _of_session(path, load_session(path), models, told)
    if not os.path.isdir(path) and is_result(path):
        result = load_result(path)
        try:
            bodies = bodies_of(result, models, path)
        except OtherBodies as error:
            raise _with_others(path, error.made_with, error.there) from None
        return of_fit(result, bodies, notes=told, path=path)
    motion = load_motion(path, reading, doubts=doubts)
    if not len(motion):
        raise FileError(path, "holds no frames")
    motion = of_bodies_there(motion, models, gender)
    other = ("smplh" if motion.family == "smplx" else "smplx") if both_bodies else motion.family
    if motion.own is not None:
        other = "smplx"
    gender = gender or motion.gender
    bodies = load_bodies(models, source=motion.family, target=other, gender=gender, own=own_of(motion))
    if not motion.has_poses:
        check_meshes(motion, bodies.source)
    return of_motion(motion, bodies)


def of_fit(
    result: FitResult,
    bodies: BodyPair,
    motion: Motion | None = None,
    *,
    notes: tuple[str, ...] = (),
    path: Path | None = None,
) -> Subject:
    """A fit with the bodies that it was made with; its motion is looked for where it is needed."""
    failed = (f"This fit failed: {result.failure}.",) if result.failed else ()
    return Subject(result.source_name or "fit", bodies, motion, result, (*failed, *notes), path)


def of_motion(motion: Motion, bodies: BodyPair) -> Subject:
    """A motion in the source of a pair of bodies."""
    if motion.family != bodies.source.family:
        ours, theirs = FAMILY_LABEL[motion.family], FAMILY_LABEL[bodies.source.family]
        raise RefitError(f"{motion.name} is a motion of {ours}, but the bodies are from {theirs}.")
    notes = left_out(motion, bodies.source)
    motion = within(motion, bodies.source)
    return Subject(motion.name, bodies, motion, None, (*motion.notes, *bodies.notes, *notes))


def _of_session(path: Path, session: Session, models: str | Path | None, told: tuple[str, ...]) -> Subject:
    fits = [step.result for step in session.steps if step.result is not None]
    motion = session.motion or find_source(path, session.source, None, fits[0] if fits else None)
    result = session.now.result
    target = result.family if result is not None else "smplh" if motion.family == "smplx" else "smplx"
    gender = licensed_gender(result) if result is not None else motion.gender
    own = own_of(motion)
    bodies = load_bodies(models, source=motion.family, target=target, gender=gender, own=own)
    if result is None:
        alone = of_motion(motion, bodies)
        return replace(alone, notes=(*alone.notes, *told))
    if made_with := other_bodies(result, bodies):
        raise _with_others(path, made_with, f"the {bodies.label}")
    bodies = with_measured_mask(bodies, result)
    return of_fit(result, bodies, within(motion, bodies.source), notes=told, path=path)


def _with_others(path: Path, made_with: str, there: str) -> FileError:
    return FileError(path, f"was made with {made_with}, not with {there}; --models DIR chooses others")
