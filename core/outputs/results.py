"""Results: a fitted motion with its errors, in AMASS's keys, so that other programs open it as well."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import ids, key_list, lengths, number, shape_text, text, texts
from core.files.containers.atomic import fit_for_a_file, not_saved, write_npz
from core.files.containers.documents import json_object
from core.files.containers.npz import check_written, npz_has, npz_headers
from core.files.containers.refusals import reads
from core.files.motions.conventions import from_origin
from core.files.motions.load_motion import motion_in
from core.files.motions.parts.file_contents import Contents
from core.files.motions.sources.amass import FRAME_RATE_KEYS, POSE_PARTS
from core.model.fit_result import AMASS_BETAS, LEFT, FitResult
from core.model.joints import PARTS
from core.outputs.export_format import BodySizes, ExportFormat, ExportJob, Settings
from core.outputs.job_frames import step_between

FORMAT = 1
"""Grows when a key changes its meaning."""

ERROR_KEYS = ("mean_mm", "median_mm", "p95_mm", "max_mm")
_MOST_PROVENANCE = 1 << 26
_FLAG_KEYS = ("fitted", "converged")
_REQUIRED = tuple(f"refit_{key}" for key in (*ERROR_KEYS, *_FLAG_KEYS, "part_mm", "part_names", "provenance"))


def save_result(path: str | Path, result: FitResult, *, overwrite: bool = False) -> None:
    """Write a result: whole or not at all.

    The motion is in the keys of AMASS files of its family: ``poses`` (T, 165) for SMPL-X, (T, 156) for
    SMPL-H, (T, 72) for SMPL, ``trans``, ``betas``, ``gender`` and so on; radians, metres. SMPL-X and SMPL-H
    have the pieces of the pose as well (``root_orient``, ``pose_body``, ...), SMPL-X ``expression`` (T, E).
    ``betas`` holds the first 16, as AMASS does and its readers expect; where there are more, ``refit_betas``
    (B,) holds all of them. Everything else has the prefix ``refit_`` as well: errors in millimetres by frame
    and part, which frames are fitted and converged, the up axis, ``refit_frame_betas`` (T, B) where each
    frame has betas of its own (the others are their mean), ``refit_edited`` where frames were changed by hand
    since they were fitted, ``refit_left_percent``, ``refit_left_degrees`` and ``refit_left_joint`` where it
    is known what frames may have left to gain (`FitResult`), ``refit_failed``, a boolean, with
    ``refit_failure``, why, in words (`core.measure.fit_failure`), and ``refit_provenance``, a json text. Both
    spellings of the frame rate are written, or neither where it is not known.

    Raises:
        FileError: the file exists and ``overwrite`` is False, cannot be written, or could not be opened
            again.
    """
    with fit_for_a_file(path):
        for words in (result.gender, result.up_axis, result.source_name, result.failure):
            if words.endswith("\0"):  # numpy would leave it out
                raise ValueError(f"{words!r} ends with a character that no array keeps")
        own = result.frame_betas
        if own is not None and own.shape[1:] != result.betas.shape:  # what is missing would be made up
            raise ValueError(f"frames have betas of shape {own.shape}, and all have {result.betas.shape}")
        arrays = _arrays(result)
        for key, array in arrays.items():
            if array.dtype.hasobject:
                raise TypeError(f"'{key}' is {type(array.flat[0]).__name__}")
    try:
        # As it would be read, but for the arrays, which are in memory already.
        with np.errstate(all="ignore"):
            _result_in(Contents.of_arrays(Path(path), arrays))
    except FileError as error:
        raise not_saved(path, error) from None
    write_npz(path, arrays, overwrite=overwrite, reader=partial(check_written, arrays=arrays))


@reads("result", "a result of Refit")
def load_result(path: str | Path) -> FitResult:
    """The result in a file that `save_result` wrote.

    Raises:
        FileError: the file cannot be read, is no result, or a key has the wrong type or shape.
    """
    path = Path(path)
    return _result_in(Contents(path, "npz", npz_headers(path)))


def _result_in(contents: Contents) -> FitResult:
    """The result in what a file holds."""
    path, headers = contents.path, contents.table
    missing = [key for key in _REQUIRED if key not in headers]
    if missing:
        raise FileError(
            path, f"is not a Refit result: it has no {key_list(missing)}, found {key_list(headers)}"
        )
    motion = motion_in(contents, sha256="")
    if "refit_origin" not in headers:
        motion = from_origin(motion, None)
    arrays = contents.read([key for key in headers if key.startswith("refit_")])
    version = number(path, "refit_format", arrays["refit_format"]) if "refit_format" in arrays else FORMAT
    if version > FORMAT:
        raise FileError(path, f"is of format {version:g}, expected at most {FORMAT}", key="refit_format")
    frames = len(motion)
    names = texts(path, "refit_part_names", arrays["refit_part_names"])
    if names != PARTS:
        raise FileError(path, f"are {key_list(names)}, expected {key_list(PARTS)}", key="refit_part_names")
    errors = {key: lengths(path, f"refit_{key}", arrays[f"refit_{key}"], (frames,)) for key in ERROR_KEYS}
    flags = {key: _flags(path, f"refit_{key}", arrays[f"refit_{key}"], frames) for key in _FLAG_KEYS}
    return FitResult(
        family=motion.family,
        gender=motion.gender or "neutral",
        poses=motion.poses,
        transl=motion.trans,
        betas=motion.betas,
        expression=motion.expression if motion.expression is not None else np.zeros((frames, 0), np.float32),
        frame_rate=motion.frame_rate,
        up_axis=motion.up_axis,
        source_name=_said(path, arrays, "refit_source_name"),
        part_mm=lengths(path, "refit_part_mm", arrays["refit_part_mm"], (frames, len(PARTS))),
        seconds=_counted(path, arrays, "refit_seconds"),
        partial=bool(_counted(path, arrays, "refit_partial")),
        provenance=_provenance(path, arrays["refit_provenance"]),
        frame_betas=motion.frame_betas,
        edited=_edited(path, arrays, frames),
        **_left(path, arrays, frames, motion.poses.shape[1]),
        failure=_failure(path, arrays),
        **errors,
        **flags,
    )


def is_result(path: str | Path) -> bool:
    """Whether the file is meant to be a result of Refit; its contents are not checked.

    Raises:
        FileError: the file cannot be read.
    """
    return npz_has(path, "refit_provenance")


def in_file_world(result: FitResult) -> np.ndarray:
    """(T, 3) translation in the world of the source's file: float32, but for one far from its origin."""
    source = result.provenance.get("source")
    origin = source.get("origin") if isinstance(source, dict) else None
    near = np.asarray(result.transl, np.float32)
    try:
        middle = np.asarray(origin, np.float64)
    except (TypeError, ValueError):
        return near
    return near + middle if middle.shape == (3,) and np.isfinite(middle).all() else near


def _arrays(result: FitResult) -> dict[str, np.ndarray]:
    poses = np.asarray(result.poses, np.float32).reshape(len(result), -1)
    betas = np.asarray(result.betas, np.float32)
    arrays = {
        "poses": poses,
        "trans": in_file_world(result),
        "betas": betas[:AMASS_BETAS],
        "num_betas": np.array(len(betas[:AMASS_BETAS])),
        "gender": np.array(result.gender),
        "surface_model_type": np.array(result.family),
        **_pieces(result.family, poses),
    }
    if result.family == "smplx" or result.expression.shape[1]:
        arrays["expression"] = np.asarray(result.expression, np.float32)
        arrays["num_expressions"] = np.array(result.expression.shape[1])
    if result.frame_rate is not None:
        arrays |= {key: np.array(float(result.frame_rate)) for key in FRAME_RATE_KEYS}
        with np.errstate(divide="ignore"):
            arrays["mocap_time_length"] = np.array(len(result) / np.float64(result.frame_rate))
    arrays |= {
        f"refit_{key}": np.asarray(getattr(result, key), np.float32) for key in (*ERROR_KEYS, "part_mm")
    }
    arrays |= {f"refit_{key}": np.asarray(getattr(result, key), bool) for key in _FLAG_KEYS}
    if len(betas) > AMASS_BETAS:
        arrays["refit_betas"] = betas
    if result.frame_betas is not None:
        arrays["refit_frame_betas"] = np.asarray(result.frame_betas, np.float32)
    if arrays["trans"].dtype == np.float64:
        arrays["refit_origin"] = np.asarray(result.provenance["source"]["origin"], np.float64)
    if result.edited.any():
        arrays["refit_edited"] = np.asarray(result.edited, bool)
    if np.isfinite(result.left_degrees).any():
        arrays |= {f"refit_{key}": getattr(result, key) for key in LEFT}
    return arrays | {
        "refit_format": np.array(FORMAT),
        "refit_part_names": np.array(PARTS),
        "refit_up_axis": np.array(result.up_axis),
        "refit_source_name": np.array(result.source_name.encode("utf-8", "replace").decode("utf-8")),
        "refit_seconds": np.array(float(result.seconds)),
        "refit_partial": np.array(bool(result.partial)),
        "refit_failed": np.array(result.failed),
        "refit_failure": np.array(result.failure),
        "refit_provenance": np.array(json.dumps(result.provenance)),
    }


def _pieces(family: str, poses: np.ndarray) -> dict[str, np.ndarray]:
    """The poses once more, cut as AMASS SMPL-X files have them."""
    if family == "smpl":
        return {}
    pieces, start = {}, 0
    for key, width in POSE_PARTS.items():
        if family == "smplh" and key in ("pose_jaw", "pose_eye"):
            continue
        pieces[key] = poses[:, start : start + width]
        start += width
    return pieces


def _flags(path: Path, key: str, array: np.ndarray, frames: int) -> np.ndarray:
    if array.dtype.kind != "b" or array.shape != (frames,):
        raise FileError(
            path,
            f"has shape {shape_text(array.shape)} of {array.dtype}, expected ({frames},) booleans",
            key=key,
        )
    return array


def _edited(path: Path, arrays: dict[str, np.ndarray], frames: int) -> np.ndarray:
    key = "refit_edited"
    return _flags(path, key, arrays[key], frames) if key in arrays else np.zeros(frames, dtype=bool)


def _left(path: Path, arrays: dict[str, np.ndarray], frames: int, joints: int) -> dict[str, np.ndarray]:
    """What frames may have left to gain, where the file says it: earlier versions did not."""
    found = {key: arrays[f"refit_{key}"] for key in LEFT if f"refit_{key}" in arrays}
    return {
        key: ids(path, f"refit_{key}", array, (frames,), joints)
        if key == "left_joint"
        else lengths(path, f"refit_{key}", array, (frames,))
        for key, array in found.items()
    }


def _failure(path: Path, arrays: dict[str, np.ndarray]) -> str:
    """Why the fit has failed; nothing where it has not, or the file, of an earlier version, does not say."""
    if not _counted(path, arrays, "refit_failed"):
        return ""
    return _said(path, arrays, "refit_failure") or "the file does not say why"


def _said(path: Path, arrays: dict[str, np.ndarray], key: str) -> str:
    return text(path, key, arrays[key]) if key in arrays else ""


def _counted(path: Path, arrays: dict[str, np.ndarray], key: str) -> float:
    return number(path, key, arrays[key]) if key in arrays else 0.0


def _provenance(path: Path, array: np.ndarray) -> dict[str, Any]:
    if array.nbytes > _MOST_PROVENANCE:
        raise FileError(path, f"is longer than the {_MOST_PROVENANCE} bytes allowed", key="refit_provenance")
    return json_object(path, text(path, "refit_provenance", array), "refit_provenance")


# As a format to export in.


def _write(job: ExportJob) -> str | None:
    result, step = job.fit, step_between(job.frames)
    if len(job.frames) != len(result):
        from core.measure.fit_failure import judged

        result = judged(result.take(job.frames))
        if result.frame_rate is not None and step is not None:
            result = replace(result, frame_rate=result.frame_rate / step)
    save_result(job.path, result, overwrite=job.overwrite)
    if result.frame_rate is None or step is not None:
        return None
    return f"The frames are not evenly apart; the file says {result.frame_rate:g} frames a second."


def _size(sizes: BodySizes, count: int, _settings: Settings) -> int:
    return 6_000 + count * (2 * (3 * sizes.joints + 3 + sizes.coefficients) + 20) * 3


RESULT = ExportFormat(
    "npz",
    ".npz",
    "Parameters",
    "AMASS keys, .npz",
    "Poses, shape and translation under AMASS's keys, with the error of every frame. "
    "Other tools for its body open it, and so does Refit where it holds all frames.",
    "database",
    _size,
    _write,
    ranges=("all", "selection"),
    keeps_places=lambda _settings: True,
    is_result=True,
)
