"""One person's motion as a source's module hands it on: in AMASS's keys, not yet checked as a motion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.assumption import Assumption, Doubt
from core.files.containers.arrays import key_list, numbers, shape_text
from core.model.motion import MOST_FRAMES, BodyTerms

_MOST_ID = 10**15
WORLD, CAMERA = "world", "camera"


@dataclass(frozen=True, eq=False)
class Take:
    """One person in a file.

    Attributes:
        arrays: in AMASS's keys, and ``refit_up_axis``; ``betas`` (B,), or (T, B) where ``own_shapes``.
            ``trans`` in all digits that the file has: see `places_in`.
        notes: sentences on what was assumed or left out.
        person: what the file calls the person; None where it holds but one and has no name for it.
        own_shapes: each frame may have a shape of its own.
        ids: (n,) in which frames the n rows of ``arrays`` are seen, ascending; None for one after the other.
        ids_key: where the ids are from, for messages.
        step: how far apart the ids of frames are that follow each other.
        there: the coordinates that the file has, where it says so.
        body_terms: what the arrays tell in terms of the body; None for nothing.
        known: what the tool is known to mean where its files do not say, from
            `core.files.assumption.known`: ``known(GENDER, 'male', 'AIST++ is fitted with the male body')``,
            likewise of `UP_AXIS`, `FAMILY`, `HANDS` (``'flat'``; ``'mean'`` for hands to which the body's
            mean hand is to be added), `FRAME_RATE`, `UNIT`. What the file says wins over it, and what the
            user says over both.
        keys: what the file calls a key of AMASS's, where it has another name for it: ``{'poses':
            'fullpose'}``. Where the poses have none, it is the tool and not the file that says the family.
        doubts: what speaks against the tool's usual meaning of the numbers.
        unreliable: (g,) the rows that the file itself holds for no pose: gaps.
        scene: what the file calls the place and time that those who are together share; empty where all are.
    """

    arrays: dict[str, np.ndarray]
    notes: tuple[str, ...] = ()
    person: str | None = None
    own_shapes: bool = False
    ids: np.ndarray | None = None
    ids_key: str = ""
    step: int = 1
    there: tuple[str, ...] = ()
    body_terms: BodyTerms | None = None
    known: tuple[Assumption, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    unreliable: np.ndarray | None = None
    scene: str = ""

    @property
    def seen(self) -> int:
        """In how many frames the person is."""
        poses = self.arrays.get("poses", self.arrays.get("root_orient"))
        return 0 if poses is None or not poses.ndim else len(poses)

    @property
    def frames(self) -> int:
        """How many there are from the first to the last, gaps included."""
        if self.ids is not None and len(self.ids):
            return (int(self.ids[-1]) - int(self.ids[0])) // self.step + 1
        return self.seen

    def whole(self, path: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The arrays with a row for every frame, and (g,) the ids of those in which the person is not seen.

        Betas of such a frame are the mean of the others, all else is not a number.

        Raises:
            FileError: the frames are too far apart to be a motion.
        """
        if self.ids is None or not len(self.ids):
            return self.arrays, np.empty(0, int) if self.unreliable is None else self.unreliable
        if self.frames > MOST_FRAMES:
            raise FileError(
                path, f"reach over {self.frames} frames, expected at most {MOST_FRAMES}", key=self.ids_key
            )
        places = (self.ids - self.ids[0]) // self.step
        wide = dict(self.arrays)
        for key in ("poses", "trans", "betas", "expression"):
            array = self.arrays.get(key)
            if array is None or (key == "expression" and len(array) != len(places)):
                continue
            fill = array.mean(0) if key == "betas" else np.nan
            kind = np.float64 if key == "trans" else np.float32
            wide[key] = np.full((self.frames, *array.shape[1:]), fill, kind)
            wide[key][places] = array
        return wide, np.setdiff1d(np.arange(self.frames), places)

    def whole_terms(self) -> BodyTerms | None:
        """The terms with a row for every frame, zero where the person is not seen."""
        terms = self.body_terms
        if terms is None or terms.hand_components is None or self.ids is None or not len(self.ids):
            return terms
        wide = np.zeros((self.frames, *terms.hand_components.shape[1:]), np.float32)
        wide[(self.ids - self.ids[0]) // self.step] = terms.hand_components
        return replace(terms, hand_components=wide)


def array_of(path: Path, key: str, value: Any) -> np.ndarray:
    """What a pickle has under a key, as an array; lists of numbers, too.

    Raises:
        FileError: it is something else.
    """
    if isinstance(value, (list, tuple)):
        found = plain_array(path, key, value)
        if found.dtype.kind in "biuf":
            return found
    if not isinstance(value, (np.ndarray, np.number, int, float)):
        raise FileError(path, f"is a {type(value).__name__}, expected an array of numbers", key=key)
    return np.asarray(value)


def plain_array(path: Path, key: str, value: Any) -> np.ndarray:
    """What a pickle has under a key as an array of numbers or text, as an npz would have it.

    Raises:
        FileError: it is something else.
    """
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        raise FileError(path, "holds Python objects, expected numbers or text", key=key)
    if isinstance(value, (np.ndarray, np.generic, str, bytes, bool, int, float)):
        return np.asarray(value)
    if isinstance(value, (list, tuple)):
        try:
            found = np.asarray(value)
        except ValueError:
            raise FileError(path, "is a list whose entries differ in length", key=key) from None
        if not found.dtype.hasobject:
            return found
    raise FileError(path, f"is a {type(value).__name__}, expected an array of numbers", key=key)


def value_in(path: Path, table: Mapping[Any, Any], key: str, where: str = "") -> Any:
    """The value under a key.

    Raises:
        FileError: there is none.
    """
    if key not in table:
        found = key_list(str(name) for name in table)
        raise FileError(path, f"is not in the file, found {found}", key=where + key)
    return table[key]


def numbers_in(
    path: Path,
    table: Mapping[Any, Any],
    key: str,
    shape: tuple[int | None, ...],
    where: str = "",
    kind: type[np.floating] = np.float32,
) -> np.ndarray:
    """The array under a key as numbers of the given shape.

    Args:
        path: the file, for the message.
        table: what the file holds.
        key: of the array.
        shape: lengths expected; None where any will do.
        where: what the table is called, with its dot, for the message.
        kind: as in `numbers`.

    Raises:
        FileError: there is none, or it is something else.
    """
    name = where + key
    return numbers(path, name, array_of(path, name, value_in(path, table, key, where)), shape, kind)


def places_in(path: Path, table: Mapping[Any, Any], key: str, frames: int, where: str = "") -> np.ndarray:
    """(T, 3) float64 under a key: far from the origin float32 has no millimetres, and it is taken off later.

    Raises:
        FileError: there is none, or it is something else.
    """
    return numbers_in(path, table, key, (frames, 3), where, np.float64)


def items_of(path: Path, key: str, value: Any, count: int | None = None) -> list[Any]:
    """What a list, tuple or array of objects holds.

    Raises:
        FileError: it is none of them, or has another length than ``count``.
    """
    if not isinstance(value, (list, tuple, np.ndarray)) or (isinstance(value, np.ndarray) and not value.ndim):
        raise FileError(path, f"is a {type(value).__name__}, expected a list", key=key)
    if count is not None and len(value) != count:
        raise FileError(path, f"has {len(value)} entries, expected {count}", key=key)
    return list(value)


def in_order(path: Path, key: str, ids: np.ndarray) -> np.ndarray:
    """``ids``, if they are numbers of frames in ascending order.

    Raises:
        FileError: they are not.
    """
    if len(ids) and (ids[0] < 0 or ids[-1] > _MOST_ID or (ids[1:] <= ids[:-1]).any()):
        raise FileError(path, "are not frames in ascending order, each once", key=key)
    return ids


def frame_ids_in(path: Path, key: str, value: Any, frames: int) -> np.ndarray:
    """(T,) int64, in which frames of the video the rows of a motion are, ascending.

    Raises:
        FileError: they are something else, or not as many as ``frames``.
    """
    ids = array_of(path, key, value)
    if ids.dtype.kind not in "iu" or ids.ndim != 1:
        raise FileError(path, "is no row of frame numbers", key=key)
    return in_order(path, key, same_frames(path, key, ids.astype(np.int64), frames))


def choose_coordinates(path: Path, there: Iterable[str], wanted: str | None) -> tuple[str, tuple[str, ...]]:
    """The coordinates to read a motion in: the world's before the camera's, and notes on the choice.

    Raises:
        FileError: those that are wanted are not there.
    """
    known = tuple(there)
    if wanted is None:
        chosen = WORLD if WORLD in known else known[0]
    elif wanted in known:
        chosen = wanted
    else:
        raise FileError(path, f"has no {wanted} coordinates, only {' and '.join(known)} coordinates")
    if len(known) > 1:
        other = next(name for name in known if name != chosen)
        return chosen, (f"In {chosen} coordinates; the file has {other} coordinates as well.",)
    return chosen, (f"In {chosen} coordinates.",) if chosen == CAMERA else ()


def frames_of_video(
    path: Path, table: dict[Any, Any], key: str, frames: int, where: str = ""
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(T,) as `frame_ids_in`, of a table that may name them, or None; and the sentence of `first_frame`.

    Args:
        path: the file.
        table: may have ``key``.
        key: of the frame numbers.
        frames: T.
        where: what errors put before the key.

    Raises:
        FileError: as `frame_ids_in`.
    """
    if table.get(key) is None:
        return None, ()
    ids = frame_ids_in(path, where + key, table[key], frames)
    return ids, first_frame(ids)


def first_frame(ids: np.ndarray) -> tuple[str, ...]:
    """A sentence on where in the video a motion begins, unless that is at its first frame."""
    return (f"Frame 0 is frame {ids[0]} of the video.",) if len(ids) and ids[0] else ()


def flags_in(path: Path, key: str, value: Any, frames: int) -> np.ndarray:
    """(T,) bool, one for each frame of a motion.

    Raises:
        FileError: they are something else, or not as many as ``frames``.
    """
    flags = same_frames(path, key, array_of(path, key, value), frames)
    if flags.dtype.kind != "b" or flags.ndim != 1:
        raise FileError(path, "is no row of booleans", key=key)
    return flags


def same_frames(path: Path, key: str, array: np.ndarray, frames: int) -> np.ndarray:
    """``array``, if it has as many rows as the motion has frames.

    Raises:
        FileError: it has not.
    """
    if array.shape[:1] != (frames,):
        raise FileError(
            path, f"has shape {shape_text(array.shape)}, expected {frames} rows, one a frame", key=key
        )
    return array
