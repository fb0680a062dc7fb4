"""Pictures of clips for the page: source and fit at the worst frame, drawn off the screen and kept."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from core.catalogue.catalogue import Catalogue, Clip
from core.catalogue.journal import Stat
from core.errors import RefitError
from core.exporting.request import Request
from core.exporting.subject import open_subject
from core.files.beside_results import RUNS_FOLDER

if TYPE_CHECKING:
    from core.exporting.export import Draw

SIZE = (480, 270)
FOLDER = "pictures"
"""Below the folder of runs."""

NO_DRAWING = "There are no pictures: they are drawn by parts of the window, which are not at hand here."


def pictures_of(
    catalogue: Catalogue,
    ids: Sequence[int],
    most: int,
    models: str | Path | None,
    draw: Callable[[], Draw] | None,
    progress: Callable[[int, int], None],
) -> tuple[dict[int, str], list[str]]:
    """Pictures of the worst clips; those that were drawn of the same fits are taken as they are.

    Args:
        catalogue: up to date.
        ids: of the clips that are listed.
        most: how many pictures.
        models: folder of licensed models.
        draw: gives what draws; None where nothing can.
        progress: told how many are done, and of how many.

    Returns:
        By clip an address ``data:``; and sentences on what could not be drawn.
    """
    listed = set(ids)
    worst = [one for one in catalogue.ids(["mean!="], ["max"]) if one in listed][:most]
    pictures: dict[int, str] = {}
    troubles: list[str] = []
    drawing: Draw | None = None
    with ExitStack() as stack:
        place = _place(catalogue.folder, stack)
        for count, clip in enumerate(catalogue.clips(worst)):
            progress(count, len(worst))
            path = catalogue.folder / clip.opens
            kept = place / f"{_key(path, clip)}.jpg"
            try:
                if not kept.is_file():
                    if drawing is None:
                        if draw is None:
                            return pictures, [NO_DRAWING]
                        try:
                            drawing = draw()
                        except RefitError as error:
                            return pictures, [f"There are no pictures: {error}"]
                    subject = open_subject(path, models)
                    drawing(subject, Request(kept, frames=(clip.worst or 0,), body="both", size=SIZE), None)
                data = base64.b64encode(kept.read_bytes()).decode()
                pictures[clip.id] = f"data:image/jpeg;base64,{data}"
            except (RefitError, OSError) as error:
                troubles.append(str(error))
    return pictures, _in_short(troubles)


def _in_short(troubles: list[str]) -> list[str]:
    if len(troubles) < 2:
        return [f"A picture could not be drawn: {one}" for one in troubles]
    return [f"{len(troubles)} pictures could not be drawn, the first because: {troubles[0]}"]


def _place(folder: Path, stack: ExitStack) -> Path:
    place = folder / RUNS_FOLDER / FOLDER
    try:
        place.mkdir(parents=True, exist_ok=True)
        if os.access(place, os.W_OK):
            return place
    except OSError:
        pass
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="refit-")))


def _key(path: Path, clip: Clip) -> str:
    stat = Stat.of(path)
    said = f"{clip.output}\0{stat}\0{clip.worst}\0{SIZE}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]
