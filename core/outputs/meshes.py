"""Posed bodies as meshes that other programs open: Wavefront ``.obj`` and binary ``.ply``.

Vertices keep the order of the body model, so that files of different frames can be compared vertex by vertex.
Positions far from their world's origin are written from one of their own, without loss, and a comment in the
file, ``origin x y z`` in metres, says where it lies.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from core.errors import RefitError
from core.files.containers.atomic import atomic_write
from core.files.containers.numbered import Progress, write_numbered
from core.geometry.up_axis import turned
from core.model.body import BodyModel
from core.model.motion import Motion, UpAxis
from core.model.posing import posed
from core.outputs.export_format import ExportFormat, ExportJob, Option

MeshSuffix = Literal[".obj", ".ply"]
POSED_AT_ONCE = 8


def write_mesh(
    path: str | Path,
    motion: Motion,
    body: BodyModel,
    frame: int,
    *,
    up_axis: UpAxis | None = None,
    overwrite: bool = False,
) -> None:
    """Writes one frame as a mesh; the end of the name, ``.obj`` or ``.ply``, says which.

    Args:
        path: the file.
        motion: in the body's own family.
        body: to pose.
        frame: of the motion.
        up_axis: of the file's world; None for the motion's own.
        overwrite: replace a file that is there.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        RefitError: another ending, or the frame's numbers are not finite.
    """
    path = Path(path)
    encode = _encoder(path.suffix.lower(), body.faces, _origin_words(motion, up_axis))
    vertices = next(_posed(motion, body, np.array([frame]), up_axis))[1]
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(encode(vertices))


def write_meshes(
    folder: str | Path,
    name: str,
    motion: Motion,
    body: BodyModel,
    frames: np.ndarray,
    *,
    suffix: MeshSuffix = ".obj",
    up_axis: UpAxis | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Writes a folder of meshes, ``name_000137.obj`` for frame 137: all of them or none.

    Args:
        folder: a new one; it appears when everything is written.
        name: how every file's name begins.
        motion: in the body's own family.
        body: to pose.
        frames: ids of the frames.
        suffix: ``'.obj'`` or ``'.ply'``.
        up_axis: of the files' world; None for the motion's own.
        overwrite: replace a folder of numbered files.
        progress: told how many are written.
        stop: looked at before every file.

    Raises:
        FileError: it cannot be written, or exists and may not be replaced.
        RefitError: a frame's numbers are not finite.
        Stopped: ``stop`` was set.
    """
    encode = _encoder(suffix, body.faces, _origin_words(motion, up_axis))
    posed = _posed(motion, body, np.asarray(frames), up_axis)
    files = ((frame, encode(vertices)) for frame, vertices in posed)
    write_numbered(
        folder, name, suffix, files, len(frames), overwrite=overwrite, progress=progress, stop=stop
    )


def mesh_bytes(suffix: str, vertices: int, faces: int) -> int:
    """About how large a file will be."""
    if suffix == ".ply":
        return 190 + 12 * vertices + 13 * faces
    return 31 * vertices + (5 + 3 * len(str(vertices))) * faces


def _posed(
    motion: Motion, body: BodyModel, frames: np.ndarray, up_axis: UpAxis | None
) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(frames), POSED_AT_ONCE):
        part = frames[start : start + POSED_AT_ONCE]
        for frame, points in zip(part, posed(motion, body, part)[0], strict=True):
            if not np.isfinite(points).all():
                raise RefitError(f"Frame {frame} of {motion.name} has numbers that are not finite: no mesh.")
            yield int(frame), turned(points, motion.up_axis, up_axis or motion.up_axis)


def _origin_words(motion: Motion, up_axis: UpAxis | None) -> str:
    """Where the origin of the vertices lies in the file's world, if it is not that world's own."""
    if motion.origin is None:
        return ""
    origin = turned(np.array(motion.origin), motion.up_axis, up_axis or motion.up_axis)
    return f"origin {' '.join(f'{value:.15g}' for value in (origin + 0.0).tolist())}"


class _Obj:
    """Text: ``v x y z`` in metres, ``f a b c`` from 1."""

    def __init__(self, faces: np.ndarray, about: str) -> None:
        self._about = f"# {about}\n".encode() if about else b""
        self._faces = "".join(map("f {} {} {}\n".format, *(faces.T.astype(int) + 1).tolist())).encode()

    def __call__(self, vertices: np.ndarray) -> bytes:
        lines = "".join(map("v {:.6f} {:.6f} {:.6f}\n".format, *vertices.T.astype(float).tolist()))
        return self._about + lines.encode() + self._faces


class _Ply:
    """Binary, little-endian: float32 metres, int32 ids."""

    def __init__(self, faces: np.ndarray, about: str) -> None:
        self._about = f"comment {about}\n" if about else ""
        rows = np.empty(len(faces), dtype=[("count", "u1"), ("ids", "<i4", 3)])
        rows["count"], rows["ids"] = 3, faces
        self._count, self._faces = len(faces), rows.tobytes()

    def __call__(self, vertices: np.ndarray) -> bytes:
        header = (
            f"ply\nformat binary_little_endian 1.0\ncomment metres\n{self._about}"
            f"element vertex {len(vertices)}\n"
            "property float x\nproperty float y\nproperty float z\n"
            f"element face {self._count}\nproperty list uchar int vertex_indices\nend_header\n"
        )
        return header.encode() + np.ascontiguousarray(vertices, "<f4").tobytes() + self._faces


def _encoder(suffix: str, faces: np.ndarray, about: str) -> _Obj | _Ply:
    if suffix == ".obj":
        return _Obj(np.asarray(faces), about)
    if suffix == ".ply":
        return _Ply(np.asarray(faces), about)
    raise RefitError(f"'{suffix}' is no mesh format, expected .obj or .ply")


# As formats to export in.

BODY = Option("body", "Body", (("Fit", "fit"), ("Source", "source")))
STEP = Option("step", "Write", tip="Every how manieth frame becomes a mesh")
UP_AXIS = Option("up_axis", "Up axis")


def _write(suffix: MeshSuffix, job: ExportJob) -> None:
    motion, body = job.posed
    up_axis = job.settings.get("up_axis")
    if job.single:
        write_mesh(job.path, motion, body, int(job.frames[0]), up_axis=up_axis, overwrite=job.overwrite)
        return
    write_meshes(
        job.path,
        f"{job.stem}_{job.settings.get('body', 'fit')}",
        motion,
        body,
        job.frames,
        suffix=suffix,
        up_axis=up_axis,
        overwrite=job.overwrite,
        progress=job.progress,
        stop=job.stop,
    )


def _mesh_format(suffix: MeshSuffix, title: str, words: str, about: str, icon: str) -> ExportFormat:
    return ExportFormat(
        suffix[1:],
        suffix,
        title,
        words,
        about,
        icon,
        lambda sizes, count, _settings: count * mesh_bytes(suffix, sizes.vertices, sizes.faces),
        partial(_write, suffix),
        options=(BODY, STEP, UP_AXIS),
        needs_fit=lambda settings: settings.get("body", "fit") == "fit",
        is_folder=lambda _settings: True,
        stem=lambda stem, settings: f"{stem}_{settings.get('body', 'fit')}",
    )


OBJ = _mesh_format(
    ".obj",
    "Meshes, Wavefront",
    "text, .obj",
    "Posed bodies in metres, one file a frame. Vertices keep their order, so that files compare "
    "vertex by vertex.",
    "polygon",
)
PLY = _mesh_format(
    ".ply",
    "Meshes, PLY",
    "binary, .ply",
    "Posed bodies in metres, one file a frame, exact to the last digit. Vertices keep their order.",
    "cube",
)
