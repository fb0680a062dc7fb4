"""Session files, ``.refit``: one zip of plain NumPy arrays and a table of contents in json.

``session.json`` names for every part of the session the arrays that belong to it; arrays that several steps
share are in the file once. Nothing in it is pickled.
"""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import __version__
from core.errors import FileError
from core.files.assumption import meaning_of_json
from core.files.containers.arrays import finite, ids, kind_of, lengths, numbers, shape_text
from core.files.containers.atomic import atomic_write, fit_for_a_file, not_saved
from core.files.containers.documents import json_object
from core.files.containers.npz import MOST_MEMBERS, npz_has, read_npz, read_text
from core.files.containers.refusals import reads
from core.model.fit_result import LEFT, FitResult
from core.model.joints import GENDERS, JOINT_NAMES, PARTS
from core.model.motion import MOST_RATE, UP_AXES, Motion, Reading
from core.outputs.session_writer import CONTENTS, ERRORS, FLAGS, FORMAT, MARK, RESULT_TEXTS, SessionWriter
from core.problems.accepted import Accepted
from core.session.fit_origin import path_on_this_machine
from core.session.marker import USUAL, Marker, plain_name
from core.session.session import Session, SessionStep, SourceFile

SUFFIX = ".refit"
_MOST_CONTENTS = 64 * 1024**2


def save_session(path: str | Path, session: Session, *, overwrite: bool = False) -> None:
    """Write a session: whole or not at all. A motion that is meshes does not go along: it is only named.

    Raises:
        FileError: the file exists and ``overwrite`` is False, cannot be written, or could not be opened
            again.
    """
    writer = SessionWriter()
    with fit_for_a_file(path):
        contents = json.dumps(writer.contents(session), indent=1)
    try:
        # As it would be read, but for the arrays, which are large, and in memory already.
        _check_size(path, contents, writer.arrays)
        _Reader(Path(path), contents, writer.arrays).session()
    except FileError as error:
        raise not_saved(path, error) from None
    with atomic_write(path, overwrite=overwrite) as file:
        writer.write(file, contents)


def _check_size(path: str | Path, contents: str, arrays: dict[str, np.ndarray]) -> None:
    if len(contents.encode()) > _MOST_CONTENTS:
        raise FileError(path, f"is longer than the {_MOST_CONTENTS} bytes allowed", key=CONTENTS)
    if len(arrays) + 2 > MOST_MEMBERS:
        raise FileError(path, f"holds {len(arrays)} arrays, expected at most {MOST_MEMBERS - 2}")


@reads("session", "a session of Refit")
def load_session(path: str | Path) -> Session:
    """The session in a file that `save_session` wrote.

    Raises:
        FileError: the file cannot be read, is no session, is of a later version, or something in it has the
            wrong type or shape.
    """
    path = Path(path)
    if not is_session(path):
        raise FileError(path, "is not a session of Refit")
    return _Reader(path, _contents(path), read_npz(path)).session()


def session_summary(path: str | Path) -> tuple[datetime.datetime, str, str]:
    """When a session was saved, the name of its motion and of the step that is shown.

    Raises:
        FileError: as `load_session`; its arrays are not looked at.
    """
    return _Reader(Path(path), _contents(path), {}).summary()


def is_session(path: str | Path) -> bool:
    """Whether the file is meant to be a session; its contents are not checked.

    Raises:
        FileError: the file cannot be read.
    """
    return npz_has(path, MARK)


def _contents(path: str | Path) -> str:
    return read_text(path, CONTENTS, _MOST_CONTENTS)


class _Reader:
    """Takes a file's contents apart; every surprise is a sentence with the place in ``session.json``."""

    def __init__(self, path: Path, text: str, arrays: dict[str, np.ndarray]) -> None:
        """``text`` is ``session.json``."""
        self._path = path
        contents = json_object(path, text, CONTENTS)
        version = self._one(contents, "format", int)
        if version > FORMAT:
            raise FileError(
                path,
                f"is a session of format {version}, written by {str(contents.get('made_by'))[:40]}, "
                f"expected at most {FORMAT}, which is what Refit {__version__} reads",
            )
        self._contents = contents
        self._arrays = arrays
        self._is_inside = False

    def _person(self, index: int, stored: object) -> Session:
        """Another of the people, who is told in the same way."""
        where = f"people[{index}]"
        if self._is_inside or not isinstance(stored, dict):
            raise FileError(self._path, f"{where} is not a json object of a person", key=CONTENTS)
        other = copy.copy(self)
        other._contents, other._is_inside = stored, True
        try:
            return other.session()
        except FileError as error:
            inside = "" if error.key in (None, CONTENTS) else f".{error.key}"
            raise FileError(self._path, error.problem, key=where + inside) from None

    def _shown_step(self) -> dict[str, Any]:
        steps, at = self._one(self._contents, "steps", list), self._one(self._contents, "at", int)
        if not 0 <= at < len(steps) or not isinstance(steps[at], dict):
            raise FileError(self._path, f"is {at}, which is no step", key="at")
        shown: dict[str, Any] = steps[at]
        return shown

    def summary(self) -> tuple[datetime.datetime, str, str]:
        source = self._one(self._contents, "source", dict)
        step = self._shown_step()
        try:
            when = datetime.datetime.fromisoformat(self._one(self._contents, "saved_at", str))
        except ValueError:
            raise FileError(self._path, "is no date", key="saved_at") from None
        return when, self._one(source, "name", str, "source."), self._one(step, "name", str, "steps.")

    def session(self) -> Session:
        stored = self._one(self._contents, "source", dict)
        texts = {key: self._one(stored, key, str, "source.") for key in ("name", "path", "sha256")}
        counts = {key: self._one(stored, key, int, "source.") for key in ("start", "frames")}
        source = SourceFile(**texts, **counts, reading=Reading.of_json(stored.get("reading")))
        stored = self._one(self._contents, "motion", dict, none=True)
        motion = None if stored is None else self._motion(stored, source)
        listed = self._one(self._contents, "steps", list)
        steps = tuple(self._step(f"steps[{index}]", step) for index, step in enumerate(listed))
        view = self._one(self._contents, "view", dict)
        # Earlier versions knew no target but that of the fits.
        target = self._one(self._contents, "target", str, none=True)
        self._among("target", target or "smplx", tuple(JOINT_NAMES))
        # They knew no more than one person of a file, either.
        listed = self._one(self._contents, "people", list, none=True) or []
        people = tuple(self._person(index, stored) for index, stored in enumerate(listed))
        # Nor of fits beside those of the steps.
        stored = self._one(self._contents, "compared", dict, none=True)
        compared = None if stored is None else self._step("compared", stored)
        at = self._one(self._contents, "at", int)
        try:
            return Session(source, motion, steps, at, view, target, people, compared)
        except ValueError as error:
            raise FileError(self._path, f"does not fit together: {error}", key=CONTENTS) from None

    def _step(self, where: str, step: object) -> SessionStep:
        if not isinstance(step, dict):
            raise FileError(self._path, f"{where} is not a json object", key=CONTENTS)
        result = self._one(step, "result", dict, where + ".", none=True)
        changed = self._one(step, "changed", str, where + ".", none=True)
        return SessionStep(
            None if result is None else self._result(where + ".result", result),
            self._rate(step, "rate", where + "."),
            self._one(step, "name", str, where + "."),
            None if changed is None else self._ids(where + ".changed", changed),
            self._accepted(where + ".accepted", step),
            self._valid(where + ".valid", step),
            self._weights(where + ".weights", step),
            self._markers(where + ".markers", step),
        )

    def _markers(self, where: str, step: dict[str, Any]) -> tuple[Marker, ...]:
        """Moments with names; earlier versions knew none."""
        found: list[Marker] = []
        frames = self._one(self._one(self._contents, "source", dict), "frames", int, "source.")
        for index, stored in enumerate(self._one(step, "markers", list, none=True) or []):
            dot = f"{where}[{index}]."
            if not isinstance(stored, dict):
                raise FileError(self._path, f"{dot[:-1]} is not a json object", key=CONTENTS)
            name = plain_name(self._one(stored, "name", str, dot)) or USUAL
            marker = Marker(self._one(stored, "frame", int, dot), name)
            if not (found[-1].frame if found else -1) < marker.frame < frames:
                raise FileError(
                    self._path,
                    f"is {marker.frame}, expected ascending frames below {frames}",
                    key=dot + "frame",
                )
            found.append(marker)
        return tuple(found)

    def _weights(self, where: str, step: dict[str, Any]) -> np.ndarray | None:
        """What single vertices weighed; earlier versions knew nothing of it."""
        name = self._one(step, "weights", str, where.removesuffix("weights"), none=True)
        if name is None:
            return None
        weights = numbers(self._path, where, self._array(where, name), (None,))
        if not (np.isfinite(weights).all() and (weights > 0).all()):
            raise FileError(self._path, f"{where} holds weights that are not above zero", key=CONTENTS)
        return weights

    def _valid(self, where: str, step: dict[str, Any]) -> np.ndarray | None:
        """What was painted; earlier versions knew the masks of fits only."""
        name = self._one(step, "valid", str, where.removesuffix("valid"), none=True)
        if name is None:
            return None
        valid = self._arrays.get(name)
        if valid is None or valid.dtype != bool or valid.ndim != 1:
            found = "not there" if valid is None else f"{kind_of(valid)} of shape {shape_text(valid.shape)}"
            raise FileError(self._path, f"{where} is {found}, expected a list of booleans", key=CONTENTS)
        return valid

    def _accepted(self, where: str, step: dict[str, Any]) -> tuple[Accepted, ...]:
        """What was accepted; earlier versions knew nothing of it."""
        found = []
        for index, stored in enumerate(self._one(step, "accepted", list, none=True) or []):
            dot = f"{where}[{index}]."
            if not isinstance(stored, dict):
                raise FileError(self._path, f"{dot[:-1]} is not a json object", key=CONTENTS)
            texts = {key: self._one(stored, key, str, dot) for key in ("metric", "part", "note")}
            frames = {key: self._one(stored, key, int, dot) for key in ("first", "last")}
            value: float = self._one(stored, "value", float, dot)
            found.append(Accepted(value=value, **texts, **frames))
        return tuple(found)

    def _result(self, where: str, stored: dict[str, Any]) -> FitResult:
        dot = where + "."
        texts: dict[str, Any] = {key: self._one(stored, key, str, dot) for key in RESULT_TEXTS}
        family = self._among(dot + "family", texts["family"], tuple(JOINT_NAMES))
        self._among(dot + "up_axis", texts["up_axis"], UP_AXES)
        self._among(dot + "gender", texts["gender"], GENDERS)
        take = self._taker(dot + "arrays.", self._one(stored, "arrays", dict, dot))
        poses = take("poses", (None, len(JOINT_NAMES[family]), 3))
        frames = len(poses)
        betas = take("betas", (None,))
        own = take("frame_betas", (frames, len(betas)), missing=True)
        arrays: dict[str, Any] = {key: take(key, (frames,), errors=True) for key in ERRORS}
        arrays |= {key: take(key, (frames,), flags=True) for key in FLAGS}
        for key in LEFT:
            # Earlier versions did not know it.
            below = poses.shape[1] if key == "left_joint" else 0
            arrays[key] = take(key, (frames,), errors=True, ids_below=below, missing=True)
        return FitResult(
            poses=finite(self._path, dot + "arrays.poses", poses),
            transl=finite(self._path, dot + "arrays.transl", take("transl", (frames, 3))),
            betas=finite(self._path, dot + "arrays.betas", betas),
            expression=take("expression", (frames, None)),
            frame_rate=self._rate(stored, "frame_rate", dot),
            part_mm=take("part_mm", (frames, len(PARTS)), errors=True),
            seconds=self._one(stored, "seconds", float, dot),
            partial=self._one(stored, "partial", bool, dot),
            provenance=self._one(stored, "provenance", dict, dot),
            frame_betas=own if len(own) else None,
            # Earlier versions knew nothing of it.
            failure=self._one(stored, "failure", str, dot, none=True) or "",
            **texts,
            **arrays,
        )

    def _motion(self, stored: dict[str, Any], source: SourceFile) -> Motion:
        dot = "motion."
        family = self._among(dot + "family", self._one(stored, "family", str, dot), tuple(JOINT_NAMES))
        up_axis = self._among(dot + "up_axis", self._one(stored, "up_axis", str, dot), UP_AXES)
        gender = self._one(stored, "gender", str, dot, none=True)
        self._among(dot + "gender", gender or GENDERS[0], GENDERS)
        notes = [note for note in self._one(stored, "notes", list, dot) if isinstance(note, str)]
        arrays = self._one(stored, "arrays", dict, dot)
        take = self._taker(dot + "arrays.", arrays)
        poses = take("poses", (None, len(JOINT_NAMES[family]), 3))
        frames = len(poses)
        betas = finite(self._path, dot + "arrays.betas", take("betas", (None,)))
        expression = take("expression", (frames, None)) if "expression" in arrays else None
        own = take("frame_betas", (frames, len(betas)), missing=True)
        return Motion(
            family=family,
            poses=poses,
            trans=take("trans", (frames, 3)),
            betas=betas,
            gender=gender or None,
            frame_rate=self._rate(stored, "frame_rate", dot),
            up_axis=up_axis,  # type: ignore[arg-type]
            expression=expression,
            path=path_on_this_machine(source.path) or Path(source.name),
            sha256=source.sha256,
            start=source.start,
            notes=tuple(notes),
            **meaning_of_json(stored),
            frame_betas=own if len(own) else None,
            reading=source.reading,
        )

    def _taker(self, dot: str, named: dict[str, Any]) -> Callable[..., np.ndarray]:
        def take(
            key: str,
            shape: tuple[int | None, ...],
            *,
            flags: bool = False,
            errors: bool = False,
            ids_below: int = 0,
            missing: bool = False,
        ) -> np.ndarray:
            if missing and key not in named:
                return np.empty(0, np.int16 if ids_below else np.float32)
            array = self._array(dot + key, named.get(key))
            if ids_below:
                return ids(self._path, dot + key, array, shape, ids_below)
            if not flags:
                return (lengths if errors else numbers)(self._path, dot + key, array, shape)
            if array.dtype.kind != "b" or array.shape != shape:
                found = f"{kind_of(array)} of shape {shape_text(array.shape)}"
                raise FileError(
                    self._path, f"is {found}, expected {shape_text(shape)} booleans", key=dot + key
                )
            return array

        return take

    def _ids(self, where: str, name: str) -> np.ndarray:
        array = self._array(where, name)
        frames = self._contents["source"]["frames"]
        if array.dtype.kind not in "iu" or array.ndim != 1 or (array >= frames).any() or (array < 0).any():
            raise FileError(self._path, f"is no list of frames below {frames}", key=where)
        return array.astype(np.intp)

    def _array(self, where: str, name: object) -> np.ndarray:
        if not isinstance(name, str) or name not in self._arrays:
            raise FileError(self._path, "names no array that is in the file", key=where)
        return self._arrays[name]

    def _rate(self, table: dict[str, Any], key: str, dot: str) -> float | None:
        rate: float | None = self._one(table, key, float, dot, none=True)
        if rate is not None and not 0 < rate < MOST_RATE:
            raise FileError(
                self._path, f"is {rate:g}, expected frames a second below {MOST_RATE:g}", key=dot + key
            )
        return rate

    def _among(self, where: str, value: str, choices: tuple[str, ...]) -> str:
        if value not in choices:
            raise FileError(self._path, f"is {value[:40]!r}, expected one of {', '.join(choices)}", key=where)
        return value

    def _one(self, table: dict[str, Any], key: str, kind: type, dot: str = "", *, none: bool = False) -> Any:
        """The value of a key, if it is of the kind; a whole number counts as a float too."""
        value = table.get(key)
        if value is None and none:
            return None
        right = isinstance(value, (int, float) if kind is float else kind)
        if not right or (isinstance(value, bool) and kind is not bool):
            found = "missing" if key not in table else f"a json {type(value).__name__}"
            raise FileError(self._path, f"is {found}, expected {_WORDS[kind]}", key=dot + key)
        if kind is not float or value is None:
            return value
        try:
            return float(value)
        except OverflowError:
            raise FileError(self._path, "is too large a number", key=dot + key) from None


_WORDS: dict[type, str] = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a whole number",
    list: "a list",
    str: "a text",
}
