"""3DPW: a pickle of Python 2 in which everything is a list, one entry a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import numbers
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take, array_of, items_of

NAME = "3DPW"
_LISTS = ("poses", "trans", "betas")


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of 3DPW's sequences."""
    table = contents.table
    return (
        contents.kind == "pickle"
        and table.keys() >= {*_LISTS}
        and isinstance(table["poses"], (list, tuple))
        and isinstance(table["trans"], (list, tuple))
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, one or two, by their place in the lists.

    ``poses`` (T, 72) radians and ``trans`` (T, 3) metres are aligned with the images, in a y-up world;
    ``genders`` are ``'m'`` or ``'f'``. There is no frame rate in the file.

    Raises:
        FileError: a key has the wrong type or shape.
    """
    path, table = contents.path, contents.table
    poses = items_of(path, "poses", table["poses"])
    trans, betas = (items_of(path, key, table[key], len(poses)) for key in ("trans", "betas"))
    genders: list[Any] = [None] * len(poses)
    for key in ("genders", "gender"):
        if key in table:
            genders = items_of(path, key, table[key], len(poses))
            break
    return [
        _person(path, str(index), *values)
        for index, values in enumerate(zip(poses, trans, betas, genders, strict=True))
    ]


def _person(path: Path, person: str, poses: Any, trans: Any, betas: Any, gender: Any) -> Take:
    def at(
        key: str, value: Any, shape: tuple[int | None, ...], kind: type[np.floating] = np.float32
    ) -> np.ndarray:
        key = f"{key}[{person}]"
        return numbers(path, key, array_of(path, key, value), shape, kind)

    turned = at("poses", poses, (None, 72))
    shape = array_of(path, f"betas[{person}]", betas)
    arrays = {
        "poses": turned,
        "trans": at("trans", trans, (len(turned), 3), np.float64),
        "betas": shape.reshape(-1) if shape.ndim == 2 and 1 in shape.shape else shape,
        "refit_up_axis": np.array("y"),
    }
    if gender is not None:
        if not isinstance(gender, (str, bytes, np.ndarray)):
            raise FileError(path, f"is a {type(gender).__name__}, expected text", key=f"genders[{person}]")
        arrays["gender"] = np.asarray(gender)
    return Take(arrays, person=person)
