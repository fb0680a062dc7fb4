"""What can be exported, and how large it will be; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.model.motion import UpAxis
from gui_app.export.film import film_frames

KindName = Literal["npz", "pkl", "obj", "ply", "csv", "png", "mp4", "gif"]
RangeName = Literal["all", "selection", "current"]

VIDEO_SIZES = {
    "1280 × 720": (1280, 720),
    "1920 × 1080": (1920, 1080),
    "960 × 540": (960, 540),
    "1080 × 1080, square": (1080, 1080),
}
VIDEO_RATES = (24, 30, 60)
GIF_RATES = (10, 20, 25)
"""A GIF tells the time between pictures in hundredths of a second."""

# Measured on pictures of two bodies: bytes a picture and pixel of the whole.
_MP4_BYTES, _GIF_BYTES, _PNG_BYTES = 0.011, 0.15, 0.4


@dataclass(frozen=True)
class ExportKind:
    """One line of the list: what is written, and which frames may be chosen."""

    name: KindName
    title: str
    words: str
    about: str
    icon: str
    ranges: tuple[RangeName, ...]
    needs_fit: bool = True

    @property
    def suffix(self) -> str:
        """``.npz``."""
        return f".{self.name}"


KINDS = (
    ExportKind(
        "npz",
        "SMPL-X parameters",
        "AMASS keys, .npz",
        "Poses, shape and translation under AMASS's keys, with the error of every frame. "
        "Other tools for SMPL-X open it, and so does Refit where it holds all frames.",
        "database",
        ("all", "selection"),
    ),
    ExportKind(
        "pkl",
        "Parameters, pickle",
        "published tool, .pkl",
        "A dict of NumPy arrays with the published converter's keys: radians in one file, "
        "rotation matrices in a file for each frame.",
        "archive",
        ("all", "selection", "current"),
    ),
    ExportKind(
        "obj",
        "Meshes, Wavefront",
        "text, .obj",
        "Posed bodies in metres, one file a frame. Vertices keep their order, so that files compare "
        "vertex by vertex.",
        "polygon",
        ("all", "selection", "current"),
        False,
    ),
    ExportKind(
        "ply",
        "Meshes, PLY",
        "binary, .ply",
        "Posed bodies in metres, one file a frame, exact to the last digit. Vertices keep their order.",
        "cube",
        ("all", "selection", "current"),
        False,
    ),
    ExportKind(
        "csv",
        "Table",
        "errors or joints, .csv",
        "One line a frame, or one a joint and frame, for spreadsheets and plots.",
        "table",
        ("all", "selection", "current"),
    ),
    ExportKind(
        "png",
        "Picture",
        "the view as it is, .png",
        "The view as it is now: this frame, this camera, these colours.",
        "image",
        (),
        False,
    ),
    ExportKind(
        "mp4",
        "Video",
        "H.264, .mp4",
        "The motion as the window shows it, drawn anew at the size you choose.",
        "film-strip",
        ("all", "selection"),
        False,
    ),
    ExportKind(
        "gif",
        "Animation",
        "for pages and slides, .gif",
        "The motion as the window shows it, in 256 colours. For more than a few seconds a video "
        "is far smaller.",
        "gif",
        ("all", "selection"),
        False,
    ),
)
KIND = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Choice:
    """Everything the dialog asks, frozen when Export is pressed.

    Attributes:
        kind: what is written.
        frames: first and last frame, both included.
        step: every how manieth frame, of meshes.
        single: the range is one frame: one file in place of a folder.
        body: whose meshes.
        up_axis: of the meshes' world.
        one_file: a pickle of all frames in place of one a frame.
        table: errors or joints.
        size: of a video.
        rate: pictures a second of a video.
        speed: times faster than life.
        turntable: the camera of a video goes around the body.
        captions: labels and the colour bar are in pictures and videos.
        zoom: pixels of a picture a pixel of the window.
        transparent: a picture without background.
    """

    kind: KindName = "npz"
    frames: tuple[int, int] = (0, 0)
    step: int = 1
    single: bool = False
    body: Literal["fit", "source"] = "fit"
    up_axis: UpAxis = "z"
    one_file: bool = True
    table: Literal["errors", "joints"] = "errors"
    size: tuple[int, int] = (1280, 720)
    rate: int = 30
    speed: float = 1.0
    turntable: bool = False
    captions: bool = True
    zoom: int = 2
    transparent: bool = False

    @property
    def ids(self) -> np.ndarray:
        """Ids of the frames."""
        first, last = self.frames
        return np.arange(first, last + 1, self.step if self.is_mesh else 1)

    @property
    def is_mesh(self) -> bool:
        """A posed body."""
        return self.kind in ("obj", "ply")

    @property
    def needs_fit(self) -> bool:
        """There is nothing to write without a fit."""
        return KIND[self.kind].needs_fit or (self.is_mesh and self.body == "fit")

    @property
    def fitted_only(self) -> bool:
        """Frames that are not fitted are left out; where it is False, their place is kept."""
        whole = self.kind == "npz" or (self.kind == "csv" and self.table == "errors")
        return self.needs_fit and not whole

    @property
    def is_folder(self) -> bool:
        """Many files in a new folder, not one file."""
        return not self.single and (self.is_mesh or (self.kind == "pkl" and not self.one_file))

    @property
    def is_film(self) -> bool:
        """Drawn picture by picture."""
        return self.kind in ("mp4", "gif")

    def pictures(self, motion_rate: float) -> np.ndarray:
        """The frame in each picture of the film."""
        return film_frames(*self.frames, motion_rate, self.speed, self.rate)


@dataclass(frozen=True)
class Sizes:
    """What the estimate needs to know of what is open."""

    vertices: int
    faces: int
    joints: int
    coefficients: int
    metrics: int
    motion_rate: float
    view: tuple[int, int]


def estimate(choice: Choice, sizes: Sizes, count: int) -> tuple[int, int]:
    """About how many bytes in how many files; ``count`` frames are written."""
    from core.outputs.meshes import mesh_bytes

    floats = 3 * sizes.joints + 3 + sizes.coefficients
    if choice.kind == "npz":
        return 6_000 + count * (2 * floats + 20) * 3, 1
    if choice.kind == "pkl":
        if choice.one_file:
            return 1_000 + count * floats * 4, 1
        return count * (9 * sizes.joints * 4 + 2_000), count
    if choice.is_mesh:
        return count * mesh_bytes(f".{choice.kind}", sizes.vertices, sizes.faces), count
    if choice.kind == "csv":
        cells = 11 + sizes.metrics if choice.table == "errors" else 7 * sizes.joints
        return count * cells * 7, 1
    if choice.kind == "png":
        return int(sizes.view[0] * sizes.view[1] * choice.zoom**2 * _PNG_BYTES), 1
    a_pixel = _MP4_BYTES if choice.kind == "mp4" else _GIF_BYTES
    return int(choice.size[0] * choice.size[1] * a_pixel * len(choice.pictures(sizes.motion_rate))), 1


def size_words(size: float) -> str:
    """``420 kB``, ``1.3 GB``."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def default_place(folder: Path, stem: str, choice: Choice) -> Path:
    """A file, or a folder, named after the motion."""
    first, last = choice.frames
    if choice.is_mesh:
        stem += f"_{choice.body}"
    if choice.kind == "npz":
        return folder / f"{stem}_stageii.npz"
    if choice.kind == "csv":
        stem += f"_{choice.table}"
    if choice.is_folder:
        return folder / f"{stem}_{choice.kind}"
    if choice.single or choice.kind == "png":
        stem += f"_{first:06d}" if first == last else ""
    return folder / f"{stem}.{choice.kind}"
