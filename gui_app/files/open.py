"""Reading a file and everything that is needed to show it; runs away from the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import FileError
from core.model.joints import FAMILY_LABEL, MESH, other_family
from core.session.fit_origin import check_bodies, find_motion, find_source, licensed_gender
from gui_app.document.opened import Opened
from gui_app.files.open_question import Answer, read_motion
from gui_app.scene.subject import BodyShape, SceneDescription
from gui_app.widgets.text import FALLBACK_RATE

if TYPE_CHECKING:
    from core.model.body import BodyModel
    from core.model.body_pair import BodyPair
    from core.model.motion import Motion
    from core.session.session import Session

# Metres; beyond these a body would be shown too small to be seen.
MOST_HEIGHT, MOST_REACH = 2.6, 1.3
LEAST_HEIGHT, LEAST_REACH = 0.5, 0.4
AS_FAR_AS_SAID = Answer(final=True, trusts=True)
"""Nobody is asked."""


def open_file(
    path: Path,
    models: str | Path | None,
    source: Path | None = None,
    answer: Answer = AS_FAR_AS_SAID,
    read: Callable[[Motion, BodyPair], object] | None = None,
    targets: Mapping[str, str] | None = None,
) -> Opened:
    """Reads a motion, or a fit or a session together with the motion it was made from.

    Args:
        path: the file, or a folder of meshes.
        models: as in `core.correspond.load_bodies.load_bodies`.
        source: where the motion of a fit or session is; None where it is to be looked for.
        answer: what is known of a motion beside the file.
        read: told of a motion that has no fit and of its bodies, as soon as both are read.
        targets: families of the bodies that motions are fitted with, by their own; what is missing is as
            `core.model.joints.other_family` has it.

    Raises:
        Unanswered: something about a motion has to be asked.
        Doubted: what a motion means has to be asked.
        RefitError: the file, or the bodies for it, cannot be used.
    """
    from core.files.motions.load_motion import is_motion_folder
    from core.outputs.results import is_result
    from core.outputs.sessions import is_session

    if path.is_dir() and not is_motion_folder(path):
        raise FileError(path, "is a folder without meshes (.obj or .ply) and without a file a frame")
    if path.is_dir():
        return open_motion(path, models, answer, read, targets)
    if is_session(path):
        return open_session(path, models, source)
    if is_result(path):
        return open_fit(path, models, source)
    return open_motion(path, models, answer, read, targets)


def open_motion(
    path: Path,
    models: str | Path | None,
    answer: Answer = AS_FAR_AS_SAID,
    read: Callable[[Motion, BodyPair], object] | None = None,
    targets: Mapping[str, str] | None = None,
) -> Opened:
    """Reads a motion and loads the bodies that belong to it. A motion is not fitted with its own body, except
    where it is meshes.

    Raises:
        Unanswered: something about it has to be asked.
        Doubted: what it means has to be asked.
        RefitError: the file is none, or the bodies for it cannot be used.
    """
    from core.correspond.load_bodies import of_bodies_there

    motion = of_bodies_there(read_motion(path, models, answer), models)
    target = (targets or {}).get(motion.family, "")
    if not target or (motion.has_poses and target == motion.family):
        target = other_family(motion.family)
    return replace(_opened(motion, models, None, path, target, read), given_rate=answer.rate)


def open_fit(path: Path, models: str | Path | None, source: Path | None = None) -> Opened:
    """Reads a fit, its motion, and the bodies it was made with.

    Raises:
        RefitError: one of the three cannot be used, or the bodies in use are others.
    """
    from core.measure.vertex_mask import made_weights, measured_mask
    from core.outputs.results import load_result

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
    from core.outputs.sessions import load_session

    return open_stored(path, load_session(path), models, source)


def open_stored(
    path: Path, session: Session, models: str | Path | None, source: Path | None = None
) -> Opened:
    """What a session holds, with the bodies it was worked on with; ``path`` is the file it is from.

    Raises:
        RefitError: as `open_session`.
    """
    fits = session.fits
    made = fits[0] if fits else None
    motion = session.motion or find_source(path, session.source, source, made)
    target = fits[0].family if fits else session.target or other_family(motion.family)
    gender = licensed_gender(fits[0]) if fits else None
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
    target: str,
    read: Callable[[Motion, BodyPair], object] | None = None,
) -> Opened:
    from core.correspond.load_bodies import bodies_for, of_bodies_there
    from core.files.bodies.mesh_check import check_meshes
    from core.files.builtin_files import builtin_motions
    from core.fitting.posed_frames import PosedFrames
    from core.model.body_pair import in_body

    if len(motion) == 0:
        raise FileError(motion.path or file, "holds no frames")
    motion = of_bodies_there(motion, models, gender)
    bodies = bodies_for(motion, models, gender, target=target)
    motion = in_body(motion, bodies.source)
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


def describe_subject(motion: Motion, bodies: BodyPair) -> SceneDescription:
    """What the scene needs to know of a motion and its bodies."""
    from core.inspection.rest_places import rest_places
    from core.measure.surroundings import surroundings
    from core.model.posing import root_path

    around = surroundings(motion, bodies.source, motion.frame_rate or FALLBACK_RATE)
    roots = root_path(motion, bodies.source)
    ours, theirs = rest_places(bodies)
    # A mesh of a topology of its own says so by its name.
    role = "source" if motion.has_poses or motion.own is not None else "source · meshes"
    return SceneDescription(
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
    from core.correspond.closed_mesh import encloses

    return BodyShape(
        faces=np.asarray(body.faces),
        size=body.num_vertices,
        part=body.vertex_part,
        valid=valid,
        joint_names=body.joint_names,
        parents=np.asarray(body.parents),
        label=f"{role} · {_body_words(body)}",
        place=place,
        # Those of the models have rims in the mouth alone.
        solid=body.family != MESH or encloses(np.asarray(body.faces), body.v_template),
    )


def _body_words(body: BodyModel) -> str:
    label = FAMILY_LABEL.get(body.family, body.family)
    return label if body.family == MESH else f"{label} {body.gender}"
