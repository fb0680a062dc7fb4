"""AIST++: a pickle of SMPL poses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.assumption import GENDER, UNIT, UP_AXIS, Doubt, known
from core.files.containers.arrays import number
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take, array_of, numbers_in, places_in

NAME = "AIST++"
_KEYS = {"smpl_poses", "smpl_trans"}
_NAMES = {"poses": "smpl_poses", "trans": "smpl_trans"}
# Nobody dances so far from the origin, in metres; without its scaling a dancer stands some hundreds away.
_MOST_METRES = 20.0


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of AIST++'s motions."""
    return contents.kind == "pickle" and contents.table.keys() >= _KEYS


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one dancer, in the male SMPL body, with which all were fitted.

    ``smpl_poses`` (T, 72) radians; ``smpl_trans`` (T, 3) in units of which ``smpl_scaling`` are a metre; the
    world is y-up. Tools that learned from AIST++ write metres and no scaling, in a world of their own: up is
    where the bodies stand. There is no shape in such a file: betas are zero, and so noted.

    Raises:
        FileError: a key has the wrong type or shape.
    """
    path, table = contents.path, contents.table
    poses = numbers_in(path, table, "smpl_poses", (None, 72))
    trans = places_in(path, table, "smpl_trans", len(poses))
    notes = ["The file does not say the shape: betas are zero.", "AIST++ was fitted with the male SMPL body."]
    doubts: tuple[Doubt, ...] = ()
    known_of = [known(GENDER, "male", "AIST++ is fitted with the male body")]
    if "smpl_scaling" in table:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            trans = trans / _scaling(path, table)
        known_of.append(known(UP_AXIS, "y", "AIST++ writes it so"))
    else:
        doubts = _no_metres(trans)
        notes.append("There is no 'smpl_scaling': 'smpl_trans' is in metres, unless you say otherwise.")
    arrays: dict[str, Any] = {
        "poses": poses,
        "trans": trans,
        "betas": np.zeros(10, np.float32),
    }
    return [Take(arrays, tuple(notes), known=tuple(known_of), keys=_NAMES, doubts=doubts)]


def _scaling(path: Path, table: dict[Any, Any]) -> float:
    scaling = number(path, "smpl_scaling", array_of(path, "smpl_scaling", table["smpl_scaling"]))
    if not (np.isfinite(scaling) and scaling > 0):
        raise FileError(path, f"is {scaling:g}, expected a positive number", key="smpl_scaling")
    return scaling


def _no_metres(trans: np.ndarray) -> tuple[Doubt, ...]:
    finite = trans[np.isfinite(trans).all(1)]
    farthest = float(np.median(np.abs(finite).max(1))) if len(finite) else 0.0
    if farthest <= _MOST_METRES:
        return ()
    words = (
        f"'smpl_trans' lies {farthest:.0f} from the origin, which are no metres, and there is no "
        "'smpl_scaling' that says how many of them are one"
    )
    return (Doubt(UNIT, words, "cm", True),)
