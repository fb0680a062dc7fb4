"""Motions that are meshes: an ``.npz`` with ``vertices`` (T, V, 3), a folder of ``.obj`` or ``.ply``, or a
single one of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.assumption import (
    ANGLES,
    COORDINATES,
    FAMILY,
    FRAME_RATE,
    GENDER,
    HANDS,
    SIDES,
)
from core.files.bodies.models import NUM_VERTICES
from core.files.containers.array_header import ArrayHeader
from core.files.containers.arrays import shape_text
from core.files.containers.npz import npz_headers, read_float32, read_npz
from core.files.containers.opening import MAX_BYTES, checksum, read_bytes
from core.files.motions.conventions import in_metres
from core.files.motions.detective import doubt_rate, meshes_stand_along, up_as_they_stand
from core.files.motions.mesh_readers import MOST_BYTES, READERS, have_gaps, mesh_vertices, natural
from core.files.motions.motion_arrays import frame_rate_in, gender_in, up_axis_in
from core.files.motions.parts.file_contents import Contents, names_in
from core.files.motions.settle import NOT_TOLD_APART, REFUSE, Settling, reading_kept
from core.files.motions.sources.amass import RATE_KEYS
from core.model.motion import AS_IT_IS, MOST_FRAMES, MOST_METRES, Motion, Reading, motion_of_meshes

NAME = "meshes"
KEY = "vertices"
FAMILY_OF_COUNT = {NUM_VERTICES["smplh"]: "smplh", NUM_VERTICES["smplx"]: "smplx"}
"""Whose vertices they are. SMPL's are SMPL-H's, whose fingers can follow them."""

REGRESSED = "The source is meshes: its joints are found by the body's regressor, and it has no rotations."
# Meshes that are looked at.
_SAMPLES = 24
# Metres from which on float32 has no millimetres, and that nobody is tall.
_FAR, _MOST_TALL = 1e4, 10.0
_SAID = ("gender", "refit_up_axis", *RATE_KEYS)


def is_mesh_folder(path: str | Path) -> bool:
    """Whether it is a folder with meshes in it."""
    return bool(Path(path).is_dir() and _listed(Path(path)))


def is_meshes(path: str | Path) -> bool:
    """Whether it is a folder with meshes in it, or a single mesh."""
    path = Path(path)
    return is_mesh_folder(path) or (path.suffix.lower() in READERS and path.is_file())


def holds_vertices(contents: Contents) -> bool:
    """Whether a file that is no other motion is meshes over time."""
    header = contents.table.get(KEY)
    return contents.kind == "npz" and isinstance(header, ArrayHeader)


def load_meshes(path: Path, reading: Reading, otherwise: Reading = AS_IT_IS, doubts: str = REFUSE) -> Motion:
    """The motion in an ``.npz`` with ``vertices``, metres, or in a folder of meshes.

    Raises:
        FileError: a file cannot be read, or its vertices are not those of a body, or far from the origin.
    """
    if reading.person is not None:
        raise FileError(path, f"is meshes, expected no choice of person ('{reading.person[:40]}')")
    arrays, unused = dict[str, np.ndarray](), tuple[str, ...]()
    if is_meshes(path):
        vertices, sha256, notes = _of_files(path, _listed(path))
    else:
        vertices, arrays, notes, unused = _of_npz(path)
        sha256 = checksum(path)
    settling = Settling(reading.by_quantity(), otherwise.by_quantity(), (), doubts)
    family = FAMILY_OF_COUNT[vertices.shape[1]]
    settling.take(FAMILY, tool=(family, f"the meshes have {vertices.shape[1]} vertices"))
    vertices = in_metres(vertices, settling)
    notes += _far_away(path, vertices)
    for quantity in (HANDS, ANGLES, SIDES):
        settling.does_not_apply(quantity, "meshes have no rotations")
    settling.does_not_apply(COORDINATES, NOT_TOLD_APART)
    said = up_axis_in(path, arrays.get("refit_up_axis"))
    file = None if said is None else (said, f"'refit_up_axis' is {said}")
    up = up_as_they_stand(meshes_stand_along(vertices), settling, notes, "Meshes do", file)
    gender = gender_in(path, arrays.get("gender"))
    gender = settling.take(GENDER, file=None if gender is None else (gender, f"'gender' is {gender}"))
    rate = settling.take(FRAME_RATE, file=frame_rate_in(path, arrays, notes))
    who_does = "The file does" if arrays else "Meshes do"
    for quantity, value in ((GENDER, gender), (FRAME_RATE, rate)):
        if value is None:
            notes.append(f"{who_does} not say the {quantity}.")
    settling.doubt(FRAME_RATE, lambda: doubt_rate(rate))
    settling.judge(path)
    motion = motion_of_meshes(
        family,
        vertices,
        gender=gender,
        frame_rate=rate,
        up_axis=up,
        path=path,
        sha256=sha256,
        reading=reading_kept(reading, settling, otherwise),
        assumed=tuple(settling.assumed),
        unused=unused,
        doubts=(*settling.doubts, *settling.unclear),
    )
    return replace(motion, notes=(REGRESSED, *notes, *settling.notes))


def says(path: Path) -> tuple[int, bool, bool]:
    """How many frames there are, and whether the frame rate and the gender are missing, without reading them.

    Raises:
        FileError: a file cannot be read.
    """
    if is_meshes(path):
        return len(_listed(path)), True, True
    headers = npz_headers(path)
    frames, _ = _counts(path, headers[KEY])
    arrays, _ = _said(path, headers)
    return frames, frame_rate_in(path, arrays) is None, gender_in(path, arrays.get("gender")) is None


def mesh_count(folder: Path) -> int | None:
    """How many vertices the first mesh in a folder has; None where it cannot be read."""
    try:
        return len(mesh_vertices(_listed(folder)[0]))
    except (FileError, IndexError):
        return None


def _counts(path: Path, header: ArrayHeader) -> tuple[int, int]:
    """How many frames and vertices there are, at least one and as many as the bodies have."""
    shape = header.shape
    wanted = [shape_text((None, count, 3)) for count in sorted(FAMILY_OF_COUNT)]
    if len(shape) != 3 or shape[2] != 3 or shape[1] not in FAMILY_OF_COUNT:
        raise FileError(path, f"has shape {shape_text(shape)}, expected {' or '.join(wanted)}", key=KEY)
    if shape[0] == 0:
        raise FileError(path, "holds no frames, expected at least one", key=KEY)
    return shape[0], shape[1]


def _said(path: Path, headers: dict[str, ArrayHeader]) -> tuple[dict[str, np.ndarray], list[str]]:
    """What is said beside the vertices, and the keys that would say more but are never opened."""
    closed = sorted(key for key in _SAID if key in headers and not headers[key].plain)
    return read_npz(path, set(_SAID) - set(closed)), closed


def _of_npz(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray], list[str], tuple[str, ...]]:
    """Vertices, what is said beside them, notes, and the keys that were not used."""
    headers = npz_headers(path)
    _check_size(path, *_counts(path, headers[KEY]))
    arrays, closed = _said(path, headers)
    notes = [f"'{key}' is a pickled Python object, which is never opened." for key in closed]
    return read_float32(path, KEY), arrays, notes, tuple(sorted(set(headers) - {*arrays, KEY}))


def _of_files(folder: Path, files: list[Path]) -> tuple[np.ndarray, str, list[str]]:
    """Vertices of all meshes in their order, a checksum of names and contents, and notes."""
    kinds = sorted({file.suffix.lower() for file in files})
    if len(kinds) > 1:
        counts = " and ".join(f"{sum(f.suffix.lower() == kind for f in files)} {kind}" for kind in kinds)
        raise FileError(folder, f"has {counts} files, expected meshes of one kind")
    if not files:
        raise FileError(folder, f"has no meshes ({', '.join(READERS)})")
    digest, vertices, notes = hashlib.sha256(), np.empty((0, 0, 3), np.float32), list[str]()
    if have_gaps([file.stem for file in files]):
        notes.append("The numbers of the files leave gaps: the meshes follow one another all the same.")
    for frame, file in enumerate(files):
        data = read_bytes(file, MOST_BYTES)
        mesh = mesh_vertices(file, data)
        if frame == 0:
            if len(mesh) not in FAMILY_OF_COUNT:
                wanted = " or ".join(map(str, sorted(FAMILY_OF_COUNT)))
                raise FileError(file, f"has {len(mesh)} vertices, expected {wanted}, as the bodies have")
            _check_size(folder, len(files), len(mesh))
            vertices = np.empty((len(files), len(mesh), 3), np.float32)
        if len(mesh) != vertices.shape[1]:
            raise FileError(
                file, f"has {len(mesh)} vertices, expected {vertices.shape[1]} as {files[0].name} has"
            )
        vertices[frame] = mesh
        digest.update(file.name.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256(data).digest())
    return vertices, digest.hexdigest(), notes


def _listed(folder: Path) -> list[Path]:
    """The meshes in a folder as people count them: 1, 2, 10; a single mesh is alone."""
    if not folder.is_dir():
        return [folder]
    names = names_in(folder, READERS)
    return [folder / name for name in sorted(names, key=lambda name: (natural(name), name))]


def _far_away(path: Path, vertices: np.ndarray) -> list[str]:
    """A sentence on meshes so far from the origin that float32 tells no millimetres there; else nothing.

    Raises:
        FileError: they are of a body's size, but so far that none of it would be left.
    """
    some = vertices[np.linspace(0, len(vertices) - 1, min(len(vertices), _SAMPLES)).astype(int)]
    some = some[np.isfinite(some).all((1, 2))].astype(np.float64)
    if not len(some) or (np.ptp(some, axis=1) > _MOST_TALL).any():
        return []
    away = float(np.abs(some.mean(1)).max(1).min())
    advice = "take the same place off all of them to keep their shape"
    if away >= MOST_METRES:
        raise FileError(path, f"lie {away:.0f} m from the origin, expected meshes near it: {advice}", key=KEY)
    if away < _FAR:
        return []
    step = 1000 * float(np.spacing(np.float32(away)))
    return [f"The meshes lie {away:.0f} m from the origin, in steps of {step:.2g} mm: {advice}."]


def _check_size(path: Path, frames: int, count: int) -> None:
    most = min(MOST_FRAMES, MAX_BYTES // (12 * count))
    if frames > most:
        raise FileError(path, f"has {frames} frames of {count} vertices, expected at most {most} at once")
