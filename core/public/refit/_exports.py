"""Files for other programs."""

from __future__ import annotations

import os
from typing import Any

from core.errors import RefitError
from core.exporting.export import Draw
from core.exporting.export import export as write
from core.exporting.picture_size import picture_size
from core.exporting.request import FOLDERS, JOINT_KINDS, Request
from core.exporting.subject import Subject, of_fit, of_motion
from core.inspection.joint_set import JointSet
from core.model.fit_result import FitResult
from core.model.frame_choice import frame_ids
from core.model.motion import UP_AXES, Motion
from core.outputs.joint_sets import read_joint_set
from core.session.bodies_of_fit import bodies_of
from refit._arguments import (
    AnyBodies,
    bodies_in,
    expect,
    motion_and_bodies,
    motion_of,
    one_of,
    path_of,
    rate_of,
)


def export(
    what: FitResult | Motion,
    path: str | os.PathLike[str],
    motion: Motion | None = None,
    bodies: AnyBodies | None = None,
    *,
    frames: Any = None,
    body: str | None = None,
    joints: str | os.PathLike[str] | None = None,
    up_axis: str | None = None,
    unit: str | None = None,
    frame_rate: float | None = None,
    size: tuple[int, int] | None = None,
    format: str | None = None,  # noqa: A002
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Writes a fit or a motion for another program, whole or not at all: what ``refit export`` does.

    Args:
        what: a fit, or a motion without one.
        path: its ending says what is written: ``.glb`` (skinned and animated), ``.bvh``, ``.obj``, ``.ply``,
            ``.csv``, ``.pkl``, ``.npz``, ``.png``, ``.mp4``, ``.gif``; or a folder, with ``format``.
        motion: that a fit was made from, where it is needed: for its source and for what is drawn.
        bodies: as in `measure`; of a motion as in `fit`.
        frames: ids, booleans, a slice or problems; None for all, and of a picture for the worst one.
        body: ``'fit'``, ``'source'``, ``'both'`` (``.glb`` and what is drawn) or ``'points'`` (meshes), the
            target points of the source, M·v; None for the fit, or the motion where there is none.
        joints: ``'chain'``, ``'all'``, ``'smpl'`` for SMPL's 24, or the file of a joint set: where joints
            are, as ``.npz`` or ``.csv``.
        up_axis: axis that points up in meshes and ``.bvh``.
        unit: of a ``.bvh``, ``'m'`` or ``'cm'``; None for metres.
        frame_rate: frames a second of what is written; None for those of the fit or the motion.
        size: pixels of what is drawn.
        format: ``'obj'``, ``'ply'``, ``'pkl'``, or ``'tool'``, the published tool's own pickles, of a folder
            with a file for each frame.
        overwrite: replace what is there.

    Returns:
        Sentences on what was written: of a ``.glb`` how far its skin is off without pose correctives.

    Raises:
        RefitError: it cannot be written, exists and ``overwrite`` is False, or an argument is none of what it
            may be.
    """
    if unit is not None:
        one_of("unit", unit, ("m", "cm"))
    if up_axis is not None:
        one_of("up_axis", up_axis, UP_AXES)
    if format is not None:
        one_of("format", format, FOLDERS)
    request = Request(
        path=path_of("path", path),
        format=format,
        body=body,
        joints=_joints(joints),
        up=up_axis,  # type: ignore[arg-type]
        unit=unit,
        frame_rate=rate_of("frame_rate", frame_rate),
        size=_size(size),
        overwrite=bool(overwrite),
        names={"up": "up_axis"},
    )
    subject = _subject(what, motion, bodies)
    ids = frame_ids(frames, len(subject))
    if not len(ids):
        raise RefitError("frames names no frame, expected one at least.")
    if frames is not None:
        request = Request(**{**vars(request), "frames": tuple(ids.tolist())})
    return write(subject, request, _drawing() if request.is_drawn else None)


def _subject(what: object, motion: Motion | None, bodies: AnyBodies | None) -> Subject:
    if isinstance(what, Motion):
        if motion is not None:
            raise RefitError("motion is for fits, and what is to be exported is a motion itself.")
        own, pair = motion_and_bodies(what, bodies)
        return of_motion(own, pair)
    fit = expect("what", what, FitResult)
    pair = bodies_of(fit, bodies_in(bodies))
    if motion is None:
        return of_fit(fit, pair)
    expect("motion", motion, Motion)
    if len(fit) != len(motion):
        raise RefitError(f"The fit has {len(fit)} frames, but {motion.name} has {len(motion)}.")
    return of_fit(fit, pair, motion_of(fit, motion, pair))


def _joints(joints: object) -> str | JointSet | None:
    if joints is None or (isinstance(joints, str) and joints in JOINT_KINDS):
        return joints
    if isinstance(joints, str) and not joints.lower().endswith(".json"):
        raise RefitError(f"joints is {joints!r}, expected one of {', '.join(JOINT_KINDS)}, or a .json file.")
    return read_joint_set(path_of("joints", joints))


def _size(size: object) -> tuple[int, int] | None:
    if size is None:
        return None
    if (
        isinstance(size, tuple | list)
        and len(size) == 2
        and all(isinstance(n, int) and not isinstance(n, bool) for n in size)
        and (even := picture_size(*size)) is not None
    ):
        return even
    raise RefitError(f"size is {size!r}, expected width and height in pixels, as (1280, 720).")


def _drawing() -> Draw:
    try:
        from gui_app.app.drawn_export import draw
    except ImportError as error:
        raise RefitError(f"Pictures and films cannot be drawn: {error}.") from None
    return draw
