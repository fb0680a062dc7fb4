"""Moving skeletons as Biovision hierarchies, ``.bvh``, for programs that animate characters.

The text is written here and not by a library: the one that is kept up makes an object a joint and frame,
takes ten times as long, and chooses each frame's Euler angles without looking at those of the frame before,
which programs then go between the long way round.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from core.files.containers.atomic import atomic_write
from core.files.containers.numbered import Progress, tell
from core.geometry.up_axis import turned
from core.model.body import BodyModel
from core.outputs.export_format import BodySizes, ExportFormat, ExportJob, Option, Settings
from core.outputs.job_frames import gap_words, named, origin_words, rate_of, rate_words, usable
from core.outputs.meshes import STEP
from core.outputs.rig import Rig, rig_of

ORDER = "ZXY"
"""Of the rotations: about z, then the turned x, then the turned y, as most such files have it."""
FRAMES_AT_ONCE = 256
UNIT_SCALE = {"m": 1.0, "cm": 100.0}
MOVES_M = 1e-5
SHORT_M = 0.01
_POSITIONS = ("Xposition", "Yposition", "Zposition")
_ROTATIONS = tuple(f"{axis}rotation" for axis in ORDER)


def write_bvh(
    path: str | Path,
    rig: Rig,
    frame_time: float,
    *,
    from_up: str,
    up: str = "y",
    unit: str = "m",
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Writes the skeleton of a rig and how it moves.

    The root has no offset, and its position is where its joint is. Other joints have a position of their own
    only where it changes with shape or expression. Every joint without a child ends in the middle of the skin
    it holds, and as far again.

    Args:
        path: the file.
        rig: the body; its rest pose is that of the offsets.
        frame_time: seconds from frame to frame.
        from_up: up axis of the world the rig moves in.
        up: that of the file's world.
        unit: of lengths, ``'m'`` or ``'cm'``.
        overwrite: replace a file that is there.
        progress: told how many frames are written.
        stop: looked at every few hundred frames.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        Cancelled: ``stop`` was set.
    """
    scale, count = UNIT_SCALE[unit], len(rig.frames)
    places = rig.rest_offsets.copy()
    places[:, 0] = turned(places[:, 0] + rig.trans, from_up, up)
    turns = rig.rotations.copy()
    around = Rotation.from_matrix(turned(np.eye(3), from_up, up).T)
    turns[:, 0] = (around * Rotation.from_quat(turns[:, 0])).as_quat()
    offsets = places.mean(0)
    moving = np.abs(places - offsets).max((0, 2)) > MOVES_M
    moving[0], offsets[0] = True, 0.0
    order = _depth_first(rig.body.parents)
    with atomic_write(path, overwrite=overwrite) as file:
        lines = _hierarchy(rig.body, scale * offsets, scale * ends_of(rig), moving)
        file.write("\n".join((*lines, f"MOTION\nFrames: {count}\nFrame Time: {frame_time:.9g}\n")).encode())
        before: np.ndarray | None = None
        for start in range(0, count, FRAMES_AT_ONCE):
            tell(start, count, progress, stop)
            part = slice(start, start + FRAMES_AT_ONCE)
            angles = euler_angles(turns[part], before)
            before = angles[-1]
            columns = []
            for joint in order:
                columns += [scale * places[part, joint]] if moving[joint] else []
                columns.append(angles[:, joint])
            table = np.concatenate(columns, axis=1)
            line = " ".join(["%.6f"] * table.shape[1]) + "\n"
            file.write("".join([line % tuple(row) for row in table.tolist()]).encode())
        tell(count, count, progress, stop)


def euler_angles(quaternions: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    """Angles in the order `ORDER` that go from frame to frame without jumps.

    Of the two triples that give a rotation, and all that differ by whole turns, each frame has the one that
    is nearest to the frame before.

    Args:
        quaternions: (n, J, 4) x, y, z, w.
        before: (J, 3) degrees of the frame before the first, or None.

    Returns:
        (n, J, 3) degrees.
    """
    with warnings.catch_warnings():
        # Where an arm points straight up one angle is free, and is taken as zero.
        warnings.filterwarnings("ignore", message="Gimbal lock")
        first = Rotation.from_quat(quaternions.reshape(-1, 4)).as_euler(ORDER, degrees=True)
    first = first.reshape(*quaternions.shape[:2], 3)
    second = np.stack((first[..., 0] + 180, 180 - first[..., 1], first[..., 2] + 180), -1)
    out = np.empty_like(first)
    last = first[0] if before is None else before
    for frame, both in enumerate(np.stack((first, second), 1)):
        near = both + 360 * np.round((last - both) / 360)
        best = np.abs(near - last).sum(-1).argmin(0)
        last = out[frame] = np.take_along_axis(near, best[None, :, None], 0)[0]
    return out


def ends_of(rig: Rig) -> np.ndarray:
    """(J, 3) metres from each joint to where it ends, NaN for joints that have a child."""
    body, ends = rig.body, np.full(rig.joints.shape, np.nan)
    holds = rig.joint_ids[:, 0]
    for joint in np.setdiff1d(np.arange(len(ends)), body.parents):
        skin = rig.vertices[holds == joint].astype(np.float64)
        way = 2 * (skin.mean(0) - rig.joints[joint]) if len(skin) else np.zeros(3)
        # An eye turns about its middle; bodies at rest look along z.
        ends[joint] = way if np.linalg.norm(way) > SHORT_M else (0.0, 0.0, 2 * SHORT_M)
    return ends


def _depth_first(parents: np.ndarray, joint: int = 0) -> list[int]:
    order = [joint]
    for child in np.flatnonzero(parents == joint).tolist():
        order += _depth_first(parents, child)
    return order


def _hierarchy(body: BodyModel, offsets: np.ndarray, ends: np.ndarray, moving: np.ndarray) -> Iterator[str]:
    def joint_lines(joint: int, depth: int) -> Iterator[str]:
        tabs, inside = "\t" * depth, "\t" * (depth + 1)
        channels = (*_POSITIONS, *_ROTATIONS) if moving[joint] else _ROTATIONS
        yield f"{tabs}{'JOINT' if depth else 'ROOT'} {body.joint_names[joint]}"
        yield f"{tabs}{{"
        yield f"{inside}OFFSET {_numbers(offsets[joint])}"
        yield f"{inside}CHANNELS {len(channels)} {' '.join(channels)}"
        for child in np.flatnonzero(body.parents == joint).tolist():
            yield from joint_lines(child, depth + 1)
        if np.isfinite(ends[joint]).all():
            yield from (f"{inside}End Site", f"{inside}{{")
            yield from (f"{inside}\tOFFSET {_numbers(ends[joint])}", f"{inside}}}")
        yield f"{tabs}}}"

    yield "HIERARCHY"
    yield from joint_lines(0, 0)


def _numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in values.tolist())


# As a format to export in.

SKELETON = Option("skeleton", "Skeleton", (("Fit", "fit"), ("Source", "source")))
UP = Option("bvh_up", "Up axis", (("y up, as such files have it", "y"), ("z up", "z")))
UNIT = Option("unit", "Unit", (("Metres, as Blender takes it", "m"), ("Centimetres", "cm")))


def _write(job: ExportJob) -> str:
    role, up = job.settings.get("skeleton", "fit"), job.settings.get("bvh_up", "y")
    unit = job.settings.get("unit", "m")
    motion, body = job.of(role)
    there = usable(job, role)
    grid = even_grid(job.frames)
    posed = np.zeros(len(grid), bool)
    posed[np.searchsorted(grid, job.frames)] = there
    rig = rig_of(motion, body, held(grid, posed))
    write_bvh(
        job.path,
        rig,
        float(grid[1] - grid[0] if len(grid) > 1 else 1) / rate_of(job),
        from_up=motion.up_axis,
        up=up,
        unit=unit,
        overwrite=job.overwrite,
        progress=job.progress,
        stop=job.stop,
    )
    words = [f"Joints in {'metres' if unit == 'm' else 'centimetres'}, {up} up."]
    words += (*gap_words(there, "they keep that of the frame before"), *rate_words(job))
    if between := len(grid) - len(job.frames):
        are = "1 frame is" if between == 1 else f"{between:,} frames are"
        words.append(f"{are} between those asked for, which are not evenly apart: they keep the pose before.")
    return " ".join((*words, *origin_words(motion, up)))


def even_grid(frames: np.ndarray) -> np.ndarray:
    """The frames, ascending, and those between them that make all of them evenly apart, as few as possible:
    a file has one time from frame to frame."""
    return np.arange(frames[0], frames[-1] + 1, max(int(np.gcd.reduce(np.diff(frames))), 1))


def held(frames: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The frames with each gap filled by the last frame before it, or the first one there is."""
    known = np.flatnonzero(there)
    return frames[known[np.maximum(np.searchsorted(known, np.arange(len(frames)), "right") - 1, 0)]]


def _size(sizes: BodySizes, count: int, _settings: Settings) -> int:
    return 180 * sizes.joints + count * (33 * sizes.joints + 30)


BVH = ExportFormat(
    "bvh",
    ".bvh",
    "Skeleton, BVH",
    "motion of joints, .bvh",
    "The joints alone, by their names in the body, and how they turn, frame by frame; for programs that "
    "animate characters. Frames without a pose keep that of the frame before.",
    "person-simple-walk",
    _size,
    _write,
    options=(SKELETON, UP, UNIT, STEP),
    stem=lambda stem, settings: named(stem, settings.get("skeleton", "fit")),
    needs_fit=lambda settings: settings.get("skeleton", "fit") == "fit",
    keeps_places=lambda _settings: True,
)
