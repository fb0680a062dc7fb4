"""What a session file holds, from a session: the table of contents, and each array once."""

from __future__ import annotations

import datetime
import hashlib
import zipfile
from typing import Any, BinaryIO

import numpy as np

from core import __version__
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.session.session import Session, SessionStep, SourceFile

FORMAT = 1
"""Grows when something changes its meaning."""

CONTENTS, MARK = "session.json", "refit_session"
RESULT_TEXTS = ("family", "gender", "up_axis", "source_name")
FLAGS, ERRORS = ("fitted", "converged", "edited"), ("mean_mm", "median_mm", "p95_mm", "max_mm")


class SessionWriter:
    """Puts arrays into the zip, each once, and refers to them by name."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self.arrays: dict[str, np.ndarray] = {}

    def contents(self, session: Session) -> dict[str, Any]:
        """What ``session.json`` is to say; puts the arrays by."""
        people = [self._person(one) for one in session.people]
        return {
            "format": FORMAT,
            "made_by": f"Refit {__version__}",
            "saved_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            **self._person(session),
            **({"people": people} if people else {}),
        }

    def _person(self, session: Session) -> dict[str, Any]:
        motion = session.motion
        return {
            "source": _source(session.source),
            "motion": self._motion(motion) if motion is not None and motion.has_poses else None,
            "steps": [self._step(step) for step in session.steps],
            "at": session.at,
            "view": session.view,
            "target": session.target,
            **({} if session.compared is None else {"compared": self._step(session.compared)}),
        }

    def write(self, file: BinaryIO, contents: str) -> None:
        """The whole file."""
        # Numbers of a pose hardly get smaller by pressing harder.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(CONTENTS, contents)
            for name, array in {MARK: np.array(FORMAT), **self.arrays}.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)

    def _step(self, step: SessionStep) -> dict[str, Any]:
        return {
            "name": step.name,
            "rate": step.rate,
            "changed": None if step.changed is None else self._put(np.asarray(step.changed, np.int64)),
            "result": None if step.result is None else self._result(step.result),
            "accepted": [vars(one) for one in step.accepted],
            "valid": None if step.valid is None else self._put(step.valid),
            "weights": None if step.weights is None else self._put(step.weights),
            "markers": [vars(one) for one in step.markers],
        }

    def _result(self, result: FitResult) -> dict[str, Any]:
        return {
            **_plain_text({key: getattr(result, key) for key in RESULT_TEXTS}),
            "frame_rate": result.frame_rate,
            "seconds": result.seconds,
            "partial": result.partial,
            "failure": result.failure,
            "provenance": result.provenance,
            "arrays": {
                "betas": self._put(result.betas),
                **{name: self._put(values) for name, values in result.by_frame().items()},
            },
        }

    def _motion(self, motion: Motion) -> dict[str, Any]:
        names = ("poses", "trans", "betas", "expression", "frame_betas")
        arrays = {key: getattr(motion, key) for key in names}
        return {
            "family": motion.family,
            "gender": motion.gender,
            "frame_rate": motion.frame_rate,
            "up_axis": motion.up_axis,
            "notes": list(motion.notes),
            **motion.meaning_to_json(),
            "arrays": {key: self._put(array) for key, array in arrays.items() if array is not None},
        }

    def _put(self, array: np.ndarray) -> str:
        array = np.ascontiguousarray(array)
        if array.dtype.hasobject:
            raise TypeError("an array holds Python objects, expected numbers")
        key = (array.dtype.str, array.shape, hashlib.sha256(array.data if array.size else b"").digest())
        name = self._names.setdefault(key, f"arrays/{len(self._names):04d}")
        self.arrays[name] = array
        return name


def _source(source: SourceFile) -> dict[str, Any]:
    stored = _plain_text({key: value for key, value in vars(source).items() if key != "reading"})
    reading = source.reading.to_json()
    return {**stored, "reading": _plain_text(reading)} if reading else stored


def _plain_text(values: dict[str, Any]) -> dict[str, Any]:
    """File names may hold bytes that are no Unicode; json cannot."""
    return {
        key: value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
        for key, value in values.items()
    }
