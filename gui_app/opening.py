"""Reading a file and everything that is needed to show it; runs away from the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import FileError
from gui_app.scene import Subject, upright

if TYPE_CHECKING:
    from core.bodies import BodyPair
    from core.fitting.result import FitResult
    from core.motion import Motion
    from core.posed import PosedFrames

FAMILY_NAMES = {"smpl": "SMPL", "smplh": "SMPL-H", "smplx": "SMPL-X"}
SAMPLES = 24
# Metres; beyond these a body would be shown too small to be seen.
MOST_HEIGHT, MOST_REACH = 2.6, 1.3


@dataclass(frozen=True, eq=False)
class Opened:
    """A motion with its bodies, ready to be shown; ``result`` where a finished fit was opened with it."""

    motion: Motion
    bodies: BodyPair
    posed: PosedFrames
    subject: Subject
    builtin_motion: bool
    result: FitResult | None = None

    @property
    def name(self) -> str:
        """File name of the motion."""
        return self.motion.name


def pose_on_one_thread() -> None:
    """For the thread that poses frames to show: chunks are so small that a second thread only costs time."""
    import torch

    torch.set_num_threads(1)


def open_file(path: Path, models: Path | None) -> Opened:
    """Reads a motion, or a fit together with the motion it was made from.

    Raises:
        RefitError: the file, or the bodies for it, cannot be used.
    """
    from core.files.results import is_result, load_result

    if is_result(path):
        result = load_result(path)
        motion_path = _source_of(path, result.source_name)
        opened = open_motion(motion_path, models)
        if len(opened.motion) != len(result):
            raise FileError(
                path,
                f"holds {len(result)} frames, but {motion_path.name} beside it holds {len(opened.motion)}",
            )
        return replace(opened, result=result)
    return open_motion(path, models)


def _source_of(path: Path, source_name: str) -> Path:
    """The motion that a fit was made from: beside it, or one of those that come with the program."""
    from core.bodies import builtin_motions

    beside = path.parent / source_name
    if source_name and beside.is_file():
        return beside
    for builtin in builtin_motions():
        if builtin.name == source_name:
            return builtin
    raise FileError(
        path,
        f"is a fit of {source_name or 'an unnamed motion'}, which is not beside it: put both in one folder",
    )


def open_motion(path: Path, models: Path | None) -> Opened:
    """Reads a motion and loads the bodies that belong to it."""
    from core.bodies import bodies_for, builtin_motions
    from core.files.motions import load_motion
    from core.posed import PosedFrames

    motion = load_motion(path)
    if len(motion) == 0:
        raise FileError(path, "holds no frames")
    bodies = bodies_for(motion, models)
    posed = PosedFrames(motion, bodies)
    builtin = any(path == known for known in builtin_motions())
    return Opened(motion, bodies, posed, describe_subject(motion, bodies), builtin)


def describe_subject(motion: Motion, bodies: BodyPair) -> Subject:
    """Floor, extent and path of a motion, from a few of its frames."""
    import torch

    finite = np.flatnonzero(motion.finite_frames())
    if len(finite) == 0:
        raise FileError(motion.path or motion.name, "holds no frame whose numbers are all finite")
    picked = finite[np.unique(np.linspace(0, len(finite) - 1, SAMPLES).round().astype(int))]
    source = bodies.source
    poses, trans, betas = (
        torch.as_tensor(np.asarray(array, np.float32))
        for array in (motion.poses[picked], motion.trans[picked], motion.betas[: source.num_betas])
    )
    with torch.no_grad():
        vertices = source.vertices(poses, betas, trans).cpu().numpy()
        root = source.joints(poses[:1], betas, trans[:1])[0, 0].cpu().numpy()
    path = smooth_path(motion, finite) + (root - motion.trans[picked[0]])
    seen = upright(vertices, motion.up_axis)
    floor = float(seen[..., 2].min())
    aside = seen[..., :2] - upright(path[picked], motion.up_axis)[:, None, :2]
    return Subject(
        source_faces=np.asarray(source.faces),
        fit_faces=np.asarray(bodies.target.faces),
        source_size=source.num_vertices,
        fit_size=bodies.target.num_vertices,
        up_axis=motion.up_axis,
        path=path,
        floor=floor,
        height=float(np.clip(np.percentile(seen[..., 2].max(axis=1), 95) - floor, 0.5, MOST_HEIGHT)),
        reach=float(np.clip(np.percentile(np.linalg.norm(aside, axis=-1).max(axis=1), 80), 0.4, MOST_REACH)),
        source_label=f"source · {_body_words(source)}",
        fit_label=f"fit · {_body_words(bodies.target)}",
    )


def _body_words(body: Any) -> str:
    return f"{FAMILY_NAMES.get(body.family, body.family)} {body.gender}"


def smooth_path(motion: Motion, finite: np.ndarray) -> np.ndarray:
    """(T, 3) the translation without its trembling, and without gaps, for a camera to follow."""
    from scipy.ndimage import gaussian_filter1d

    frames = np.arange(len(motion))
    filled = np.column_stack([np.interp(frames, finite, motion.trans[finite, axis]) for axis in range(3)])
    return gaussian_filter1d(filled, 0.35 * (motion.frame_rate or 30.0), axis=0, mode="nearest")
