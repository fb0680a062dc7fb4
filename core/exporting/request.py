"""What is to be exported, as it is asked for; and which format and settings that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import RefitError
from core.inspection.joint_set import JointSet
from core.model.motion import UpAxis
from core.outputs.export_format import ExportFormat
from core.outputs.export_formats import DRAWN, EXPORT_FORMATS, FILE_ENDINGS
from core.outputs.joint_sets import JOINTS, KIND
from core.outputs.meshes import OBJ, PLY
from core.outputs.published_pickle import PUBLISHED_PICKLE, TOOL
from core.outputs.tables import TABLE

JOINT_ENDINGS = (".npz", ".csv")
JOINT_KINDS: tuple[str, ...] = tuple(value for _, value in KIND.choices)
FOLDERS = ("obj", "ply", "pkl", TOOL)
"""Names of what is a folder with a file for each frame; the last are the published tool's own pickles."""

TIMELESS = (OBJ, PLY, PUBLISHED_PICKLE)
"""Formats in which nothing says how fast frames follow each other."""

# What is asked for by one name, and the options of formats that it sets.
OPTIONS = {
    "body": ("rigs", "skeleton", "body", "whose"),
    "up": ("up_axis", "bvh_up"),
    "unit": ("unit",),
    "joints": ("joints",),
}


@dataclass(frozen=True)
class Request:
    """What is asked for; None for what is usual.

    Attributes:
        path: the file, or the folder of several.
        format: one of `FOLDERS`; None for what the ending of the path says.
        frames: ids, ascending; None for all, and of a picture for the one with the largest error.
        body: ``'fit'``, ``'source'``, ``'both'`` or ``'points'``, M·v.
        joints: one of `JOINT_KINDS`, or a set.
        up: axis that points up in the file.
        unit: of lengths, ``'m'`` or ``'cm'``.
        frame_rate: frames a second of what is written; None for those of the fit or the motion.
        size: pixels of what is drawn.
        overwrite: replace what is there.
        names: what whoever asks calls these, where that is something else.
    """

    path: Path
    format: str | None = None
    frames: tuple[int, ...] | None = None
    body: str | None = None
    joints: str | JointSet | None = None
    up: UpAxis | None = None
    unit: str | None = None
    frame_rate: float | None = None
    size: tuple[int, int] | None = None
    overwrite: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def called(self, asked: str) -> str:
        """What whoever asks calls one of these."""
        return self.names.get(asked, asked)

    @property
    def is_drawn(self) -> bool:
        """A picture or a film."""
        return self.format is None and self.path.suffix.lower() in DRAWN

    @property
    def needs_both_bodies(self) -> bool:
        """The body of the motion alone is not enough."""
        return self.joints == "smpl" or self.body == "points" or self.is_drawn


def check_asked(request: Request) -> None:
    """Raises RefitError where something is asked for that what is drawn does not have, or what is not."""
    if not request.is_drawn:
        if request.size is not None:
            raise RefitError(f"{request.called('size')} is of pictures and films (.png, .mp4, .gif).")
        return
    for asked in ("joints", "up", "unit"):
        if getattr(request, asked) is not None:
            what = f"pictures and films ({request.path.suffix.lower()})"
            raise RefitError(f"{request.called(asked)} means nothing for {what}.")


def format_of(request: Request) -> ExportFormat:
    """The format that is asked for.

    Raises:
        RefitError: there is none, or it has no joints where these are asked for.
    """
    ending = request.path.suffix.lower()
    if request.joints is not None:
        if ending not in JOINT_ENDINGS or request.format not in (None, JOINTS.name):
            raise RefitError(f"{request.path} is no name for joints; it must end in .npz or .csv.")
        return JOINTS
    if request.format == TOOL:
        return PUBLISHED_PICKLE
    for format_ in EXPORT_FORMATS:
        if request.format == format_.name or (request.format is None and ending == format_.suffix):
            return format_
    raise RefitError(
        f"{request.path} has no ending that says what to write; expected {', '.join(FILE_ENDINGS)}, or the "
        "name of a format for a folder."
    )


def settings_of(request: Request, format_: ExportFormat, *, fitted: bool) -> dict[str, Any]:
    """What is chosen of the format's options.

    Args:
        request: what is asked for.
        format_: of it.
        fitted: there is a fit; without one the source is meant where nothing is said.

    Raises:
        RefitError: something is asked for that the format does not have.
    """
    settings = {option.name: option.choices[0][1] for option in format_.options if option.choices}
    if format_ is PUBLISHED_PICKLE:
        one = request.format is None and request.path.suffix.lower() == format_.suffix
        settings["one_file"] = TOOL if request.format == TOOL else one
    for asked, names in OPTIONS.items():
        value = getattr(request, asked)
        option = next((one for one in format_.options if one.name in names), None)
        if format_ is TABLE:
            option = None  # of errors: there are none but the fit's
        if value is None:
            if asked == "body" and option is not None and not fitted:
                settings[option.name] = "source"
            continue
        if option is None:
            raise RefitError(f"{request.called(asked)} means nothing for {format_.title} ({format_.suffix}).")
        values = [choice for _, choice in option.choices]
        if values and not isinstance(value, JointSet) and value not in values:
            words, name = ", ".join(map(str, values)), request.called(asked)
            raise RefitError(f"{name} is {value}, expected {words} for {format_.title} ({format_.suffix}).")
        settings[option.name] = value
    return settings
