"""What can be exported, and how large it will be; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.commands.output_paths import OUTPUT_ENDING
from core.model.motion import UpAxis
from core.outputs.export_format import BodySizes, ExportFormat, Option, Settings
from core.outputs.export_formats import EXPORT_FORMATS
from core.outputs.results import RESULT
from gui_app.export.film import film_frames

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


SIZE = Option("size", "Size, pixels", tuple(VIDEO_SIZES.items()))
RATE = Option("rate", "Pictures a second")
SPEED = Option("speed", "Speed", tip="Times faster than life")
CAMERA = Option("turntable", "Camera", (("As in the window", False), ("Once around the body in 12 s", True)))
ZOOM = Option("zoom", "Size, pixels")
CAPTIONS = Option("captions", "Captions")
TRANSPARENT = Option("transparent", "Background")
FILM_OPTIONS = (SIZE, RATE, SPEED, CAMERA, CAPTIONS)


@dataclass(frozen=True)
class Sizes(BodySizes):
    """With what is known of the window: frames a second, and device pixels of the view."""

    motion_rate: float
    view: tuple[int, int]


def _still_size(sizes: Sizes, _count: int, settings: Settings) -> int:
    return int(sizes.view[0] * sizes.view[1] * settings["zoom"] ** 2 * _PNG_BYTES)


def _film_size(a_pixel: float, _sizes: Sizes, count: int, settings: Settings) -> int:
    width, height = settings["size"]
    return int(width * height * a_pixel * count)


PICTURE = ExportFormat(
    "png",
    ".png",
    "Picture",
    "the view as it is, .png",
    "The view as it is now: this frame, this camera, these colours.",
    "image",
    _still_size,
    None,
    ranges=(),
    options=(ZOOM, CAPTIONS, TRANSPARENT),
    needs_fit=False,
)
VIDEO = ExportFormat(
    "mp4",
    ".mp4",
    "Film",
    "H.264, .mp4",
    "The motion as the window shows it, drawn anew at the size you choose.",
    "film-strip",
    partial(_film_size, _MP4_BYTES),
    None,
    ranges=("all", "selection"),
    options=FILM_OPTIONS,
    needs_fit=False,
)
ANIMATION = ExportFormat(
    "gif",
    ".gif",
    "Animation",
    "for pages and slides, .gif",
    "The motion as the window shows it, in 256 colours. For more than a few seconds MP4 is far smaller.",
    "gif",
    partial(_film_size, _GIF_BYTES),
    None,
    ranges=("all", "selection"),
    options=FILM_OPTIONS,
    needs_fit=False,
)
FILMS = (VIDEO, ANIMATION)
KINDS: tuple[ExportFormat, ...] = (*EXPORT_FORMATS, PICTURE, *FILMS)
"""What the dialog offers, in this order: what is written of the motion, then what is drawn."""
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
        one_file: a pickle of all frames in place of one a frame, or ``'tool'`` for the tool's own files.
        table: errors or joints.
        size: of a video.
        rate: pictures a second of a video.
        speed: times faster than life.
        turntable: the camera of a video goes around the body.
        captions: labels and the colour bar are in pictures and videos.
        zoom: pixels of a picture a pixel of the window.
        transparent: a picture without background.
        everyone: all people of the file, a file each, with all of their frames.
        further: what is chosen of options that have no line here, by their names.
    """

    kind: str = RESULT.name
    frames: tuple[int, int] = (0, 0)
    step: int = 1
    single: bool = False
    body: Literal["fit", "source", "points"] = "fit"
    up_axis: UpAxis = "z"
    one_file: bool | str = True
    table: Literal["errors", "joints"] = "errors"
    size: tuple[int, int] = (1280, 720)
    rate: int = 30
    speed: float = 1.0
    turntable: bool = False
    captions: bool = True
    zoom: int = 2
    transparent: bool = False
    everyone: bool = False
    further: Mapping[str, Any] = field(default_factory=dict)

    @property
    def format(self) -> ExportFormat:
        """What is written, as it describes itself."""
        return KIND[self.kind]

    @property
    def settings(self) -> dict[str, Any]:
        """What is chosen of each option of the format."""
        usual = {option.name: option.choices[0][1] for option in self.format.options if option.choices}
        asked = {option.name for option in self.format.options}
        own = {item.name: getattr(self, item.name) for item in fields(self) if item.name in asked}
        return usual | own | {name: value for name, value in self.further.items() if name in asked}

    @property
    def ids(self) -> np.ndarray:
        """Ids of the frames."""
        first, last = self.frames
        return np.arange(first, last + 1, self.settings.get("step", 1))

    @property
    def needs_fit(self) -> bool:
        """There is nothing to write without a fit."""
        return self.format.asks_fit(self.settings)

    @property
    def fitted_only(self) -> bool:
        """Frames that are not fitted are left out; where it is False, their place is kept."""
        return self.needs_fit and not self.format.keeps_places(self.settings)

    @property
    def suits_everyone(self) -> bool:
        """It can be a file for each person."""
        fmt = self.format
        return fmt.write is not None and self.needs_fit and not fmt.is_folder(self.settings)

    @property
    def is_folder(self) -> bool:
        """Many files in a new folder, not one file."""
        return self.everyone or (not self.single and self.format.is_folder(self.settings))

    @property
    def is_still(self) -> bool:
        """The view as it is."""
        return self.format is PICTURE

    @property
    def is_film(self) -> bool:
        """Drawn picture by picture."""
        return self.format in FILMS

    def pictures(self, motion_rate: float) -> np.ndarray:
        """The frame in each picture of the film."""
        return film_frames(*self.frames, motion_rate, self.speed, self.rate)


def estimate(choice: Choice, sizes: Sizes, count: int) -> tuple[int, int]:
    """About how many bytes in how many files; ``count`` frames are written."""
    if choice.is_film:
        count = len(choice.pictures(sizes.motion_rate))
    files = count if choice.is_folder else 1
    return choice.format.size(sizes, count, choice.settings), files


def default_place(folder: Path, stem: str, choice: Choice, family: str = "smplx") -> Path:
    """A file, or a folder, named after the motion; a fit also after the ``family`` of its body."""
    if choice.everyone:
        return folder / f"{stem}_people_{choice.kind}"
    if choice.format.is_result:
        return folder / f"{stem}{OUTPUT_ENDING[family]}"
    first, last = choice.frames
    stem = choice.format.stem(stem, choice.settings)
    if choice.is_folder:
        return folder / f"{stem}_{choice.kind}"
    if choice.single or choice.is_still:
        stem += f"_{first:06d}" if first == last else ""
    return folder / f"{stem}{choice.format.suffix}"
