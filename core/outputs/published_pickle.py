"""Results as the published transfer tool pickles them, for code that reads its output.

The tool writes one pickle a frame with rotation matrices, and its ``merge_output`` one ``merged.pkl`` with
axis-angle vectors over all frames. Both forms hold the parameters only, and NumPy arrays where the tool
has torch's tensors, so that a reader needs nothing but NumPy. A third form is the tool's own, tensors with
the posed body beside the parameters, which its ``merge_output`` takes.
"""

from __future__ import annotations

import pickle
import threading
from pathlib import Path

import numpy as np
import torch

from core.files.containers.atomic import atomic_write
from core.files.containers.numbered import Progress, write_numbered
from core.model.body import BodyModel
from core.model.fit_result import AMASS_BETAS, FitResult, shapes
from core.model.posing import posed
from core.model.skinning import rotation_matrices
from core.outputs.export_format import BodySizes, ExportFormat, ExportJob, Option, Settings
from core.outputs.results import in_file_world

PROTOCOL = 2
EXPRESSION_SIZE = 10
"""Coefficients that readers expect; a fit without expression has zeros for them."""

_BODY = {"global_orient": slice(0, 1), "body_pose": slice(1, 22)}
_JOINTS: dict[str, dict[str, slice]] = {
    "smpl": {"global_orient": slice(0, 1), "body_pose": slice(1, 24)},
    "smplh": {**_BODY, "left_hand_pose": slice(22, 37), "right_hand_pose": slice(37, 52)},
    "smplx": {
        **_BODY,
        "jaw_pose": slice(22, 23),
        "leye_pose": slice(23, 24),
        "reye_pose": slice(24, 25),
        "left_hand_pose": slice(25, 40),
        "right_hand_pose": slice(40, 55),
    },
}


def write_merged(path: str | Path, result: FitResult, frames: np.ndarray, *, overwrite: bool = False) -> None:
    """Writes one pickle of all ``frames``, a dict of float32 arrays.

    ``global_orient`` (T, 3), ``body_pose`` (T, 63), ``left_hand_pose`` and ``right_hand_pose`` (T, 45),
    ``jaw_pose``, ``leye_pose``, ``reye_pose`` (T, 3) in radians, ``transl`` (T, 3) in metres, ``expression``
    (T, E), ``betas`` (B,), at most 16. The tool does not know two more keys: ``all_betas`` where there are
    more, and ``frame_betas`` (T, B) where each frame has its own, of which the others are the mean. They are
    what the poses go with.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
    """
    ids = np.asarray(frames)
    arrays = {
        key: _float32(result.poses[ids, joints].reshape(len(ids), -1))
        for key, joints in _JOINTS[result.family].items()
    }
    betas, own = result.betas, None
    if result.frame_betas is not None:
        betas, own = shapes(result.frame_betas[ids], result.fitted[ids])
    arrays |= {"transl": in_file_world(result)[ids], **_betas(betas)}
    if own is not None:
        arrays["frame_betas"] = _float32(own)
    if result.family == "smplx":
        arrays["expression"] = _expression(result, ids)
    with atomic_write(path, overwrite=overwrite) as file:
        pickle.dump(arrays, file, protocol=PROTOCOL)


def write_frames(
    folder: str | Path,
    name: str,
    result: FitResult,
    frames: np.ndarray,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Writes a folder with one pickle a frame, ``name_000137.pkl``: all of them or none.

    Each is a dict of float32 arrays with a first dimension of one: poses as rotation matrices, ``body_pose``
    (1, 21, 3, 3), ``global_orient`` (1, 1, 3, 3) and so on; ``transl`` (1, 3), ``betas`` (1, B), at most 16,
    and ``all_betas`` (1, B) where there are more; ``expression`` (1, E).

    Raises:
        FileError: it cannot be written, or exists and may not be replaced.
        Stopped: ``stop`` was set.
    """
    ids = np.asarray(frames).tolist()
    files = ((frame, pickle.dumps(_one_frame(result, frame), protocol=PROTOCOL)) for frame in ids)
    write_numbered(folder, name, ".pkl", files, len(ids), overwrite=overwrite, progress=progress, stop=stop)


def write_as_the_tool(
    folder: str | Path,
    result: FitResult,
    body: BodyModel,
    frames: np.ndarray,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Writes a folder with one pickle a frame, ``000137.pkl``, as the tool itself does: all or none.

    Each is a dict of torch tensors: the parameters as `write_frames` has them, ``full_pose`` (1, J, 3, 3),
    ``vertices`` (1, V, 3) and ``joints`` (1, J, 3) in metres, of the body's own joints; ``faces`` (F, 3) is
    an array.

    Args:
        folder: a new one.
        result: the fit.
        body: of the fit.
        frames: which to write.
        overwrite: as in `write_frames`.
        progress: likewise.
        stop: likewise.

    Raises:
        FileError: it cannot be written, or exists and may not be replaced.
        Stopped: ``stop`` was set.
    """
    ids = np.asarray(frames).tolist()
    files = ((frame, as_the_tool(result, body, frame)) for frame in ids)
    write_numbered(folder, "", ".pkl", files, len(ids), overwrite=overwrite, progress=progress, stop=stop)


def as_the_tool(result: FitResult, body: BodyModel, frame: int) -> bytes:
    """One frame as the tool pickles it; see `write_as_the_tool`."""
    shift = in_file_world(result)[frame].astype(np.float64) - result.transl[frame]
    vertices, joints = posed(result.as_motion(), body, np.array([frame]))
    matrices = rotation_matrices(torch.as_tensor(_float32(result.poses[frame]))).numpy()
    placed = {"vertices": vertices, "joints": joints}
    arrays = _one_frame(result, frame) | {"full_pose": matrices[None]}
    arrays |= {key: _kept(value, shift) for key, value in placed.items()}
    tensors = {key: torch.as_tensor(value) for key, value in arrays.items()}
    faces = np.asarray(body.faces, dtype=np.int64)
    return pickle.dumps(tensors | {"faces": faces}, protocol=PROTOCOL)


def _kept(places: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Positions in the file's world, in float64 only where float32 would lose digits there."""
    return places + shift if shift.any() else places


def _one_frame(result: FitResult, frame: int) -> dict[str, np.ndarray]:
    matrices = rotation_matrices(torch.as_tensor(_float32(result.poses[frame]))).numpy()
    betas = result.betas if result.frame_betas is None else result.frame_betas[frame]
    arrays = {key: _float32(matrices[None, joints]) for key, joints in _JOINTS[result.family].items()}
    arrays |= {"transl": in_file_world(result)[frame][None], **_betas(betas[None])}
    if result.family == "smplx":
        arrays["expression"] = _expression(result, np.array([frame]))
    return arrays


def _betas(betas: np.ndarray) -> dict[str, np.ndarray]:
    """(..., B) as the tool's readers take them, and all of them where those are not."""
    first = {"betas": _float32(betas[..., :AMASS_BETAS])}
    return first if betas.shape[-1] <= AMASS_BETAS else first | {"all_betas": _float32(betas)}


def _expression(result: FitResult, ids: np.ndarray) -> np.ndarray:
    if result.expression.shape[1]:
        return _float32(result.expression[ids])
    return np.zeros((len(ids), EXPRESSION_SIZE), np.float32)


def _float32(values: np.ndarray) -> np.ndarray:
    # A contiguous copy: pickled strides are of no use to a reader.
    return np.array(values, dtype=np.float32, order="C")


# As a format to export in.


def _write(job: ExportJob) -> None:
    as_tool = job.settings.get("one_file") == TOOL
    if as_tool and job.single:
        with atomic_write(job.path, overwrite=job.overwrite) as file:
            file.write(as_the_tool(job.fit, job.bodies.target, int(job.frames[0])))
    elif as_tool:
        write_as_the_tool(
            job.path,
            job.fit,
            job.bodies.target,
            job.frames,
            overwrite=job.overwrite,
            progress=job.progress,
            stop=job.stop,
        )
    elif _is_folder(job.settings) and not job.single:
        write_frames(
            job.path,
            job.stem,
            job.fit,
            job.frames,
            overwrite=job.overwrite,
            progress=job.progress,
            stop=job.stop,
        )
    else:
        write_merged(job.path, job.fit, job.frames, overwrite=job.overwrite)


def _is_folder(settings: Settings) -> bool:
    return settings.get("one_file", True) is not True


def _size(sizes: BodySizes, count: int, settings: Settings) -> int:
    if settings.get("one_file") == TOOL:
        return count * (12 * (sizes.vertices + 5 * sizes.joints) + 12 * 2 * sizes.faces + 6_000)
    if _is_folder(settings):
        return count * (9 * sizes.joints * 4 + 2_000)
    return 1_000 + count * (3 * sizes.joints + 3 + sizes.coefficients) * 4


TOOL = "tool"
FILES = Option(
    "one_file",
    "Files",
    (
        ("One file, axis-angle", True),
        ("One file a frame, matrices", False),
        ("One file a frame, for merge_output.py", TOOL),
    ),
    "For merge_output.py: tensors, with vertices, joints and full_pose, in files named by their number.",
)
PUBLISHED_PICKLE = ExportFormat(
    "pkl",
    ".pkl",
    "Parameters, pickle",
    "published tool, .pkl",
    "A dict of NumPy arrays with the published converter's keys: radians in one file, "
    "rotation matrices in a file for each frame, or its own files with the posed body.",
    "archive",
    _size,
    _write,
    options=(FILES,),
    is_folder=_is_folder,
)
