"""Which bodies a motion is fitted with: the built-in ones, or licensed models in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import torch

from core.correspond.given_files import with_given
from core.correspond.mesh_bodies import mesh_pair, own_of
from core.environment import models_folder
from core.errors import FileError, RefitError
from core.files.bodies.correspondence_check import checked
from core.files.bodies.correspondences import read_correspondence, read_mask
from core.files.bodies.model_arrays import FileState, file_state
from core.files.bodies.model_folder import MASK_PATTERNS, find_correspondence, find_mask, find_model
from core.files.bodies.models import read_model, smpl_from_smplh
from core.files.builtin_files import builtin_folder
from core.files.containers.opening import checksum
from core.files.own_mesh import OwnMesh
from core.kept import kept
from core.model.body import BodyModel
from core.model.body_pair import BodyPair, left_out
from core.model.correspondence import Correspondence
from core.model.joints import FAMILY_LABEL, GENDERS, JOINT_NAMES, MESH
from core.model.motion import Motion

MOST_BYTES = 2**30
"""That bodies are kept in for the next motion: those of two genders, with all the coefficients there are."""


def load_bodies(
    models: str | Path | None = None,
    *,
    source: str = "smplh",
    target: str = "smplx",
    gender: str | None = None,
    device: str | torch.device = "cpu",
    transfer: str | Path | None = None,
    mask: str | Path | None = None,
    exclude: Sequence[str | Path] = (),
    own: OwnMesh | None = None,
) -> BodyPair:
    """The two bodies of a fit and their correspondence, in any direction between the families.

    SMPL and SMPL-H share one topology: between them every vertex is its own counterpart, and the files from
    and to SMPL-X serve both.

    Args:
        models: folder of licensed models; ``BUILTIN`` for the built-in bodies; None for the folder that the
            environment variable ``REFIT_MODELS`` names, or else the built-in bodies.
        source: family of the motion, ``'smpl'``, ``'smplh'`` or ``'smplx'``.
        target: family of the result, likewise.
        gender: of both bodies, ``'neutral'``, ``'female'`` or ``'male'``; None for neutral. The built-in
            bodies are neutral only, and a note says so where another is asked for.
        device: where the bodies are posed.
        transfer: the file of the correspondence, in place of the folder's.
        mask: the file of the target's valid vertices, in place of the folder's.
        exclude: files of target vertices that do not count.
        own: of a motion that is meshes of a topology of their own, in place of ``source``'s body and
            ``transfer``, see `core.correspond.mesh_bodies.own_of`.

    Raises:
        FileError: the folder lacks a file, or a file cannot be read. The built-in bodies never stand in.
        RefitError: an unknown family or gender.
    """
    if own is not None:
        alike = load_bodies(models, source=target, target=target, gender=gender, device=device)
        return mesh_pair(own, alike, mask, exclude)
    for family in (source, target):
        if family not in JOINT_NAMES:
            raise RefitError(f"'{family}' is no body family, expected smpl, smplh or smplx")
    gender = gender or "neutral"
    if gender not in GENDERS:
        raise RefitError(f"'{gender}' is no gender of a body model, expected neutral, female or male")
    chosen = models_folder(models)
    notes: list[str] = []
    if chosen is None:
        folder = builtin_folder() / "bodies"
        if gender != "neutral":
            notes.append(f"There is no built-in {gender} body: the neutral one is used.")
            gender = "neutral"
    else:
        folder = Path(chosen).expanduser()

    families = (source,) if source == target else (source, target)
    with ThreadPoolExecutor(len(families), "refit-read") as pool:
        # Most of the time goes into unpacking, which two threads do at once.
        read = [pool.submit(_read, folder, family, gender, chosen is None) for family in families]
        source_body, target_body = read[0].result(), read[-1].result()
    if chosen is not None:
        for body in {id(body): body for body in (source_body, target_body)}.values():
            if body.builtin:
                label = FAMILY_LABEL[body.family]
                notes.append(f"The {label} model in {folder} is the built-in body, not a licensed model.")
    correspondence = _correspond(folder, source_body, target_body, build=True)
    pair = BodyPair(
        source=source_body.to(device),
        target=target_body.to(device),
        correspondence=correspondence.to(device),
        builtin=source_body.builtin or target_body.builtin,
        folder=folder,
        notes=(*notes, *correspondence.notes),
    )
    return with_given(pair, transfer, mask, exclude) if transfer or mask or exclude else pair


def bodies_for(
    motion: Motion,
    models: str | Path | None = None,
    gender: str | None = None,
    device: str | torch.device = "cpu",
    target: str = "smplx",
) -> BodyPair:
    """The bodies to fit a motion with: from its own family and gender to another family.

    Args:
        motion: the source.
        models: as in `load_bodies`.
        gender: overrides the motion's own.
        device: where the bodies are posed.
        target: family of the result.

    Raises:
        FileError: as in `load_bodies`.
        RefitError: as in `load_bodies`.
    """
    gender = gender or motion.gender
    source, own = motion.family, own_of(motion)
    pair = load_bodies(models, source=source, target=target, gender=gender, device=device, own=own)
    return replace(pair, notes=(*pair.notes, *left_out(motion, pair.source)))


def reversed_bodies(pair: BodyPair, *, build: bool = False) -> BodyPair:
    """The way back: the same bodies, source and target exchanged.

    Args:
        pair: the way there, from `load_bodies`.
        build: where the folder has no correspondence in that direction, build one, which takes some seconds;
            otherwise only one that was built before is used.

    Raises:
        FileError: the folder has no correspondence in that direction.
        RefitError: the source is a mesh of a topology of its own.
    """
    if pair.source.family == MESH:
        raise RefitError(
            f"Nothing leads from the {pair.target.name} back to a {pair.source.name}, where a check would be."
        )
    return _reversed(pair, build)


def of_bodies_there(motion: Motion, models: str | Path | None, gender: str | None = None) -> Motion:
    """Meshes that may be of SMPL or SMPL-H: of SMPL where the folder has no SMPL-H body. Others as they are.

    Args:
        motion: the source.
        models: as in `load_bodies`.
        gender: overrides the motion's own.
    """
    chosen = models_folder(models)
    if motion.has_poses or motion.family != "smplh" or chosen is None:
        return motion
    folder, gender = Path(str(chosen)).expanduser(), gender or motion.gender or "neutral"
    there = [family for family in ("smplh", "smpl") if _has(folder, family, gender)]
    return replace(motion, family="smpl") if there == ["smpl"] else motion


def _has(folder: Path, family: str, gender: str) -> bool:
    try:
        find_model(folder, family, gender)
    except FileError:
        return False
    return True


@lru_cache(maxsize=2)
def _reversed(pair: BodyPair, build: bool) -> BodyPair:
    # Kept, as reading a correspondence takes longer than using it.
    correspondence = _correspond(pair.folder, pair.target, pair.source, build=build)
    return replace(
        pair,
        source=pair.target,
        target=pair.source,
        correspondence=correspondence.to(pair.correspondence.device),
        notes=correspondence.notes,
    )


def _read(folder: Path, family: str, gender: str, builtin: bool) -> BodyModel:
    if builtin and family == "smpl":
        return _as_smpl(_model(find_model(folder, "smplh", gender), gender, "smplh"))
    return _model(find_model(folder, family, gender), gender, family)


@lru_cache(maxsize=1)
def _as_smpl(body: BodyModel) -> BodyModel:
    return smpl_from_smplh(body)


def _model(path: Path, gender: str, family: str) -> BodyModel:
    return _kept(path, gender, family, file_state(path))


@kept(lambda body: body.nbytes, MOST_BYTES)
def _kept(path: Path, gender: str, family: str, state: FileState) -> BodyModel:
    # The next motion is likely to need the same bodies; a file that has changed has another state.
    return read_model(path, gender=gender, family=family)


def _correspond(folder: Path, source: BodyModel, target: BodyModel, *, build: bool) -> Correspondence:
    return checked(_found(folder, source, target, build), source, target, folder)


def _found(folder: Path, source: BodyModel, target: BodyModel, build: bool) -> Correspondence:
    if source.num_vertices == target.num_vertices:
        return Correspondence.identity(source.num_vertices)
    mask = find_mask(folder, target.family)
    try:
        path = find_correspondence(folder, source.family, target.family)
    except FileError as missing:
        return _built(missing, folder, source, target, mask, build)
    return read_correspondence(
        path,
        source_vertices=source.num_vertices,
        target_vertices=target.num_vertices,
        mask=mask,
        mask_expected=target.family in MASK_PATTERNS,
    )


def _built(
    missing: FileError, folder: Path, source: BodyModel, target: BodyModel, mask: Path | None, build: bool
) -> Correspondence:
    """The correspondence that is missing, built from the bodies."""
    from core.correspond.built_cache import built_correspondence, built_note

    try:
        found = built_correspondence(source, target, build=build)
    except RefitError as reason:
        lacks = missing.problem.partition(";")[0]
        raise FileError(folder, f"{lacks}; none can be built: {reason}") from None
    if found is None:
        raise missing
    note = built_note(folder, source, target, found)
    if mask is None:
        return replace(found, notes=(note,))
    valid = found.valid & read_mask(mask, target.num_vertices)
    return replace(found, valid=valid, mask_path=mask, mask_sha256=checksum(mask), notes=(note,))
