"""Which module reads a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol, cast

from core.errors import FileError
from core.files.motions.parts.file_contents import Contents, contents_of
from core.files.motions.parts.person_track import Take
from core.files.motions.sources import (
    aist,
    amass,
    bedlam,
    emdb,
    frame_folder,
    grab,
    interhuman,
    mosh,
    motion_x,
    omomo,
    smpl_codec,
    smplx_arguments,
    three_dpw,
)
from core.files.motions.sources.from_video import (
    easy_mocap,
    glamr,
    gvhmr,
    phalp,
    prompt_hmr,
    romp,
    slahmr,
    tram,
    wham,
)


class Source(Protocol):
    """What every module offers."""

    NAME: str

    def looks_like(self, contents: Contents) -> bool:
        """Whether the file is one of this source's."""

    def takes(self, contents: Contents, coordinates: str | None = None) -> list[Take]:
        """Its people; ``coordinates`` are those to prefer, None for the world's."""


SOURCES = tuple(
    cast(Source, module)
    for module in (
        slahmr,  # before AMASS: its keys, of several people
        amass,
        mosh,
        bedlam,
        aist,
        three_dpw,
        wham,
        phalp,
        gvhmr,  # before the arguments of smplx, which it has within
        smplx_arguments,
        motion_x,
        emdb,
        interhuman,
        tram,
        smpl_codec,
        grab,
        omomo,
        glamr,
        prompt_hmr,
        romp,
        frame_folder,
        easy_mocap,
    )
)
"""In the order in which they are asked."""

NAMES = ", ".join(source.NAME for source in SOURCES[:-1]) + f" or {SOURCES[-1].NAME}"


_FOLDERS = (frame_folder, easy_mocap)


def is_frame_folder(path: str | Path) -> bool:
    """Whether it is a folder with a file a frame."""
    if not os.path.isdir(path):
        return False
    try:
        contents = contents_of(Path(path))
        return any(source.looks_like(contents) for source in _FOLDERS)
    except FileError:
        return False


def source_of(contents: Contents) -> Source | None:
    """The module that reads the file; None where it is none of their motions."""
    return next((source for source in SOURCES if source.looks_like(contents)), None)
