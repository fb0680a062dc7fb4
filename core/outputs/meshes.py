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
from typing import Any, Literal

import numpy as np
import torch
from scipy.spatial import cKDTree

from core.errors import RefitError
from core.files.containers.atomic import atomic_write
from core.files.containers.numbered import Progress, write_numbered
from core.geometry.up_axis import turned
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.motion import Motion, UpAxis
from core.model.posing import posed
from core.outputs.export_format import ExportFormat, ExportJob, Option
from core.world_origin import exact_numbers

MeshSuffix = Literal[".obj", ".ply"]
POSED_AT_ONCE = 8


def write_mesh(
    path: str | Path,
    motion: Motion,
    body: BodyModel,
    frame: int,
    *,
    up_axis: UpAxis | None = None,
    through: BodyPair | None = None,
    overwrite: bool = False,
) -> None:
    """Writes one frame as a mesh; the end of the name, ``.obj`` or ``.ply``, says which.

    Args:
        path: the file.
        motion: in the body's own family.
        body: to pose.
        frame: of the motion.
        up_axis: of the file's world; None for the motion's own.
        through: bodies whose source the body is: the points of its skin that the target's vertices correspond
            to are written in its place, see `Shape`.
        overwrite: replace a file that is there.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        RefitError: another ending, or the frame's numbers are not finite.
    """
    path = Path(path)
    shape = Shape(body, through)
    encode = _encoder(path.suffix.lower(), shape.faces, _about(motion, up_axis, shape))
    vertices = next(_posed(motion, shape, np.array([frame]), up_axis))[1]
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
    through: BodyPair | None = None,
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
        through: as in `write_mesh`.
        overwrite: replace a folder of numbered files.
        progress: told how many are written.
        stop: looked at before every file.

    Raises:
        FileError: it cannot be written, or exists and may not be replaced.
        RefitError: a frame's numbers are not finite.
        Stopped: ``stop`` was set.
    """
    shape = Shape(body, through)
    encode = _encoder(suffix, shape.faces, _about(motion, up_axis, shape))
    meshes = _posed(motion, shape, np.asarray(frames), up_axis)
    files = ((frame, encode(vertices)) for frame, vertices in meshes)
    write_numbered(
        folder, name, suffix, files, len(frames), overwrite=overwrite, progress=progress, stop=stop
    )


def mesh_bytes(suffix: str, vertices: int, faces: int) -> int:
    """About how large a file will be."""
    if suffix == ".ply":
        return 190 + 12 * vertices + 13 * faces
    return 31 * vertices + (5 + 3 * len(str(vertices))) * faces


class Shape:
    """What is written of a posed body: its skin, or what it gives of another one.

    The target points of a fit are M·v, the correspondence times the source's vertices. A vertex without a
    counterpart has none: it lies where the nearest one in the rest pose that has one does, so that ids stay
    those of the target, and no face uses it.

    Args:
        body: that is posed.
        through: bodies whose source it is, or None for its own skin.

    Attributes:
        faces: (F, 3) ids.
        without: how many vertices have no counterpart.
    """

    def __init__(self, body: BodyModel, through: BodyPair | None) -> None:
        self.body, self._through = body, through
        self.faces, self.without = np.asarray(body.faces), 0
        if through is None:
            return
        target, there = through.target, through.correspondence.filled
        self.faces, self.without = target.faces[there[target.faces].all(1)], int((~there).sum())
        known = np.flatnonzero(there)
        nearest = cKDTree(target.v_template[known]).query(target.v_template)[1]
        self._stand_in = np.where(there, np.arange(len(there)), known[nearest])

    def of(self, vertices: np.ndarray) -> np.ndarray:
        """(n, V, 3) vertices of the body to (n, W, 3) float32, what is written."""
        if self._through is None:
            return vertices
        points = self._through.correspondence.apply(torch.as_tensor(vertices)).cpu().numpy()
        return points[:, self._stand_in]


def _posed(
    motion: Motion, shape: Shape, frames: np.ndarray, up_axis: UpAxis | None
) -> Iterator[tuple[int, np.ndarray]]:
    usable = motion.finite_frames()
    for start in range(0, len(frames), POSED_AT_ONCE):
        part = frames[start : start + POSED_AT_ONCE]
        meshes = shape.of(posed(motion, shape.body, part)[0])
        for frame, points in zip(part, meshes, strict=True):
            if not (usable[frame] and np.isfinite(points).all()):
                raise RefitError(
                    f"Frame {frame} of {motion.name} has numbers that are not finite, or beyond those of a "
                    "pose: no mesh."
                )
            yield int(frame), turned(points, motion.up_axis, up_axis or motion.up_axis)


def _about(motion: Motion, up_axis: UpAxis | None, shape: Shape) -> list[str]:
    """Comments: where the origin of the vertices lies in the file's world, if it is not that world's own, and
    vertices without a place of their own."""
    words = []
    if motion.origin is not None:
        origin = turned(np.array(motion.origin), motion.up_axis, up_axis or motion.up_axis)
        words.append(f"origin {' '.join(exact_numbers(origin))}")
    if shape.without:
        words.append(f"{shape.without} vertices have no counterpart and are in no face")
    return words


class _Obj:
    """Text: ``v x y z`` in metres, ``f a b c`` from 1."""

    def __init__(self, faces: np.ndarray, about: list[str]) -> None:
        self._about = "".join(f"# {line}\n" for line in about).encode()
        self._faces = "".join(map("f {} {} {}\n".format, *(faces.T.astype(int) + 1).tolist())).encode()

    def __call__(self, vertices: np.ndarray) -> bytes:
        lines = "".join(map("v {:.6f} {:.6f} {:.6f}\n".format, *vertices.T.astype(float).tolist()))
        return self._about + lines.encode() + self._faces


class _Ply:
    """Binary, little-endian: float32 metres, int32 ids."""

    def __init__(self, faces: np.ndarray, about: list[str]) -> None:
        self._about = "".join(f"comment {line}\n" for line in about)
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


def _encoder(suffix: str, faces: np.ndarray, about: list[str]) -> _Obj | _Ply:
    if suffix == ".obj":
        return _Obj(np.asarray(faces), about)
    if suffix == ".ply":
        return _Ply(np.asarray(faces), about)
    raise RefitError(f"'{suffix}' is no mesh format, expected .obj or .ply")


# As formats to export in.

BODY = Option(
    "body",
    "Body",
    (("Fit", "fit"), ("Source", "source"), ("Target points of the source", "points")),
    tip="Target points: what the fit is drawn to, the correspondence times the source's vertices (M·v)",
)
STEP = Option("step", "Write", tip="Every how manieth frame becomes a mesh")
UP_AXIS = Option("up_axis", "Up axis")


def _write(suffix: MeshSuffix, job: ExportJob) -> None:
    which = job.settings.get("body", "fit")
    motion, body = job.of("fit" if which == "fit" else "source")
    more: dict[str, Any] = {
        "up_axis": job.settings.get("up_axis"),
        "through": job.bodies if which == "points" else None,
        "overwrite": job.overwrite,
    }
    if job.single:
        write_mesh(job.path, motion, body, int(job.frames[0]), **more)
        return
    write_meshes(
        job.path,
        f"{job.stem}_{which}",
        motion,
        body,
        job.frames,
        suffix=suffix,
        **more,
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
