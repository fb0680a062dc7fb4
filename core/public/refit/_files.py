"""What is read and written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from core.correspond.load_bodies import load_bodies as load_pair
from core.correspond.mesh_bodies import own_of
from core.errors import RefitError
from core.files.motions.load_motion import load_motion as read_motion
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import GENDERS, JOINT_NAMES, other_family
from core.model.motion import CHOICES, Motion, Reading
from core.outputs.results import RESULT, save_result
from core.outputs.results import load_result as read_result
from refit._arguments import bodies_in, expect, one_of, path_of, paths_of, rate_of


def load_motion(
    path: str | os.PathLike[str],
    *,
    person: str | int | None = None,
    coordinates: str | None = None,
    frame_rate: float | None = None,
    gender: str | None = None,
    up_axis: str | None = None,
    fps: float | None = None,
    family: str | None = None,
    unit: str | None = None,
    angles: str | None = None,
    hands: str | None = None,
    sides: str | None = None,
    transfer: str | os.PathLike[str] | None = None,
    rest_mesh: str | os.PathLike[str] | None = None,
    strict: bool = False,
) -> Motion:
    """The motion in a file: of AMASS, of one of the tools that the manual lists
    (What opens), the arguments of the `smplx` package, or meshes.

    Nothing in the file is executed. What it does not say stays None and is told in ``motion.notes``; what was
    taken, and why, is in ``motion.assumed``, and which keys were not used in ``motion.unused``.

    Args:
        path: the file, or a folder of meshes (``.obj``, ``.ply``).
        person: who of several people in the file.
        coordinates: ``'world'`` or ``'camera'``, where the file has both; None for the world's.
        frame_rate: frames a second; like all below, it wins over what the file says, and the notes tell.
        gender: of the body.
        up_axis: ``'y'``, ``'z'``, ``'x'``, ``'-y'``, ``'-z'`` or ``'-x'``, of the file's world.
        fps: frames a second to resample to; None for the file's own frames.
        family: ``'smpl'``, ``'smplh'`` or ``'smplx'``.
        unit: of lengths, ``'m'``, ``'cm'`` or ``'mm'``.
        angles: ``'radians'`` or ``'degrees'``.
        hands: ``'flat'``, or ``'mean'`` where the body's mean hand is to be added to the file's.
        sides: ``'as-is'``, or ``'swapped'`` where the file calls left what is right.
        transfer: of meshes of a topology of their own (those of MHR, SOMA, Anny, a registered template): the
            correspondence that leads from them to the body to fit, as ``mhr2smplx_mapping.npz``.
        rest_mesh: of such meshes: one of them, ``.obj`` or ``.ply``, registered to the body at rest, from
            which the correspondence is built.
        strict: refuse a file of which anything would have to be guessed.

    Returns:
        T frames: ``global_orient`` (T, 3), ``body_pose`` (T, 63 or 69) and so on in radians, ``transl`` (T,
        3) in metres, in the file's own world, ``betas`` (B,).

    Raises:
        RefitError: the file cannot be read, is no motion, or holds several people and none is named; an
            argument is none of what it may be.
    """
    said = {"coordinates": coordinates, "gender": gender, "up_axis": up_axis, "family": family}
    said |= {"unit": unit, "angles": angles, "hands": hands, "sides": sides}
    chosen: dict[str, Any] = {
        "person": None if person is None else str(person),
        "frame_rate": rate_of("frame_rate", frame_rate),
        "fps": rate_of("fps", fps),
        "transfer": None if transfer is None else str(path_of("transfer", transfer)),
        "rest_mesh": None if rest_mesh is None else str(path_of("rest_mesh", rest_mesh)),
        **{name: None if one is None else one_of(name, one, CHOICES[name]) for name, one in said.items()},
    }
    doubts = "strict" if strict else "refuse"
    return read_motion(path_of("path", path), Reading(**chosen), doubts=doubts)


def load_bodies(
    models: str | os.PathLike[str] | None = None,
    motion: Motion | None = None,
    *,
    source: str | None = None,
    target: str | None = None,
    gender: str | None = None,
    transfer: str | os.PathLike[str] | None = None,
    mask: str | os.PathLike[str] | None = None,
    exclude: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
) -> BodyPair:
    """The two bodies of a fit, and how their surfaces correspond.

    Args:
        models: folder of licensed models, of any layout; ``'builtin'`` for the built-in bodies; None for the
            folder that the environment variable ``REFIT_MODELS`` names, or else the built-in bodies.
        motion: what is to be fitted: says family and gender where they are not given, and of meshes of a
            topology of their own what they are: they have no body, and a mesh stands in for it.
        source: family of the motion, ``'smpl'``, ``'smplh'`` or ``'smplx'``; None for the motion's own, or
            SMPL-H.
        target: family of the fit; None for SMPL-X, or SMPL-H where the source is SMPL-X.
        gender: ``'neutral'``, ``'female'`` or ``'male'``; None for the motion's own, or neutral. The built-in
            bodies are neutral.
        transfer: the file of the correspondence, ``smplh2smplx_deftrafo_setup.pkl``; None for the folder's.
        mask: the file with ids of valid vertices, ``smplx_mask_ids.npy``; None for the folder's.
        exclude: a file with ids of vertices that do not count, or several.

    Returns:
        ``source`` and ``target``, each a `BodyModel`, their ``correspondence``, and ``notes`` on what was
        assumed.

    Raises:
        RefitError: the folder lacks a file (the built-in bodies never stand in), or a file cannot be read; an
            argument is none of what it may be.
    """
    own = None
    if motion is not None:
        expect("motion", motion, Motion)
        own = motion.own
        if own is not None and transfer is not None:
            own = replace(own, transfer=path_of("transfer", transfer))
        own = own if own is None or own.led else own_of(motion)
        source = "smplh" if own is not None else source
        source, gender = source or motion.family, gender or motion.gender
    source = one_of("source", source or "smplh", tuple(JOINT_NAMES))
    target = one_of("target", target or other_family(source), tuple(JOINT_NAMES))
    if gender is not None:
        one_of("gender", gender, GENDERS)
    folder = bodies_in(models)
    if isinstance(folder, BodyPair):
        raise RefitError("models is a BodyPair, expected a folder of models.")
    return load_pair(
        folder,
        source=source,
        target=target,
        gender=gender,
        transfer=None if transfer is None else path_of("transfer", transfer),
        mask=None if mask is None else path_of("mask", mask),
        exclude=paths_of("exclude", exclude),
        own=own,
    )


def save(fit: FitResult, path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Writes a fit as ``.npz`` with the keys of AMASS, whole or not at all; `load_result` reads it again.

    Args:
        fit: with its errors and how it was made.
        path: where, with the ending ``.npz``.
        overwrite: replace a file that is there.

    Raises:
        RefitError: the file exists and ``overwrite`` is False, or it cannot be written; ``fit`` is no
            `FitResult`, or the name has another ending.
    """
    target = path_of("path", path)
    if target.suffix.lower() != RESULT.suffix:
        raise RefitError(f"path is {os.fspath(path)!r}, expected a name that ends in {RESULT.suffix}.")
    save_result(target, expect("fit", fit, FitResult), overwrite=bool(overwrite))


def load_result(path: str | os.PathLike[str]) -> FitResult:
    """The fit in a file that `save`, the command line or the window wrote.

    Args:
        path: the ``.npz``.

    Returns:
        The fit with its errors and how it was made.

    Raises:
        RefitError: the file cannot be read, is no result, or an array in it has the wrong type or shape.
    """
    return read_result(path_of("path", path))
