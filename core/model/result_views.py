"""A fit looked at from outside: in words, as a table, posed, as a mesh."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import RefitError
from core.model.joints import FAMILY_LABEL, PARTS

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult

FIGURES = ("mean_mm", "median_mm", "p95_mm", "max_mm")
FLAGS = ("converged", "edited", "left_degrees")
MESHES = ("pyvista", "trimesh")


class ResultViews:
    """What a `FitResult` can be looked at as; T frames, V vertices, J joints of its body."""

    def __repr__(self: FitResult) -> str:  # type: ignore[misc]
        figures = self.summary()
        done, count = int(figures["frames"]), len(self)
        words = [f"{self.family} {self.gender}", self.source_name or "unnamed motion"]
        words.append(_frames(count) if done == count else f"{done:,} of {_frames(count)} fitted")
        if done:
            words.append(f"mean {figures['mean']:.1f} mm, max {figures['max']:.1f} mm")
        return f"<FitResult {' · '.join([*words, *_remarks(self)])}>"

    def _repr_html_(self: FitResult) -> str:  # type: ignore[misc]
        from core.model.notebook import shown

        title = f"Fit of {self.source_name or 'an unnamed motion'} in {FAMILY_LABEL[self.family]}"
        return shown(self, title, result_rows(self))

    def to_frame(self: FitResult) -> Any:  # type: ignore[misc]
        """The errors of each frame as a table, a row a frame.

        Returns:
            a pandas ``DataFrame``, its index named ``frame``: ``time_s`` (seconds from the first frame, where
            the frame rate is known), ``fitted``, ``converged``, ``edited``, ``left_degrees`` (by which a
            joint may still turn), ``mean_mm``, ``median_mm``, ``p95_mm``, ``max_mm``, and the mean of each
            body part, ``head_mm`` to ``feet_mm``; NaN where a frame is not fitted.

        Raises:
            RefitError: pandas is not installed.
        """
        pandas = _library("pandas", "A table of the errors")
        columns: dict[str, np.ndarray] = {}
        if self.frame_rate:
            columns["time_s"] = np.arange(len(self)) / self.frame_rate
        columns |= {name: getattr(self, name) for name in ("fitted", *FLAGS, *FIGURES)}
        columns |= {f"{part}_mm": self.part_mm[:, index] for index, part in enumerate(PARTS)}
        return pandas.DataFrame(columns, index=pandas.RangeIndex(len(self), name="frame"))

    def vertices(  # type: ignore[misc]
        self: FitResult,
        frames: Any = None,
        bodies: BodyPair | str | Path | None = None,
    ) -> np.ndarray:
        """The body posed, in the source's own world.

        Args:
            frames: ids, (T,) booleans, a slice or problems; None for all, 126 KB a frame of SMPL-X.
            bodies: that it was fitted with, or their folder; None for those that were used last, or else the
                folder that ``REFIT_MODELS`` names, or the built-in ones.

        Returns:
            (n, V, 3) float32 metres, in the order of the frames; NaN where a frame is not fitted.

        Raises:
            FileError: the bodies cannot be read.
            RefitError: there is no such frame, or the fit was made with other bodies.
        """
        return _posed(self, frames, bodies)[0]

    def joints(  # type: ignore[misc]
        self: FitResult,
        frames: Any = None,
        bodies: BodyPair | str | Path | None = None,
    ) -> np.ndarray:
        """The joints of the body's chain, in the source's own world.

        Args:
            frames: as in `vertices`.
            bodies: as there.

        Returns:
            (n, J, 3) float32 metres, in the order of `core.model.joints.JOINT_NAMES`; NaN where a frame is
            not fitted.

        Raises:
            FileError: as `vertices`.
            RefitError: as `vertices`.
        """
        return _posed(self, frames, bodies)[1]

    def mesh(  # type: ignore[misc]
        self: FitResult,
        frame: int,
        bodies: BodyPair | str | Path | None = None,
        library: str = "pyvista",
    ) -> Any:
        """One frame as a mesh, its vertices in the body's own order, metres.

        Args:
            frame: its id.
            bodies: as in `vertices`.
            library: ``'pyvista'`` for a ``PolyData``, ``'trimesh'`` for a ``Trimesh``.

        Raises:
            FileError: as `vertices`.
            RefitError: as `vertices`; the frame is not fitted, or the library is not installed.
        """
        from core.session.bodies_of_fit import bodies_of

        if library not in MESHES:
            raise RefitError(f"library is {library!r}, expected one of {', '.join(MESHES)}.")
        made = _library(library, "A mesh")
        pair = bodies_of(self, bodies)
        found = _posed(self, frame, pair)[0]
        if len(found) != 1:
            raise RefitError(f"frame is {frame!r}, expected one id.")
        points = found[0]
        if not np.isfinite(points).all():
            raise RefitError(f"Frame {frame} is not fitted, so there is no mesh of it.")
        if library == "trimesh":
            # Unprocessed, as it would merge and reorder vertices.
            return made.Trimesh(points, pair.target.faces, process=False)
        return made.PolyData.from_regular_faces(points, np.asarray(pair.target.faces, np.int64))


def result_rows(result: FitResult) -> list[tuple[str, str]]:
    """Labels and values of what there is to say of a fit, without an analysis."""
    figures = result.summary()
    done, rate = int(figures["frames"]), result.frame_rate
    rows = [
        ("body", f"{FAMILY_LABEL[result.family]} {result.gender}" + " (built-in)" * result.builtin),
        ("frames", _frames(len(result)) + (f", {done:,} fitted" if done < len(result) else "")),
        ("frame rate", f"{rate:g} fps, {len(result) / rate:.1f} s" if rate else "not known"),
    ]
    if done:
        rows += [(label, f"{figures[label]:.2f} mm") for label in ("mean", "median", "p95", "max")]
        parts = zip(PARTS, result.part_means(), strict=True)
        rows.append(("mean by part", ", ".join(f"{p} {mm:.2f}" for p, mm in parts if not math.isnan(mm))))
        rows.append(("worst frame", f"{worst_frame(result)}"))
    if result.most_left is not None:
        rows.append(("may be left", left_words(*result.most_left)))
    rows += [("but", remark) for remark in _remarks(result) if remark != "built-in bodies"]
    if result.seconds:
        rows.append(("fitted in", f"{result.seconds:.1f} s"))
    return rows


def left_words(percent: float, degrees: float, joint: str) -> str:
    """What `FitResult.most_left` says, in words."""
    much = f"{percent:.2g} % of the objective at most"
    return f"{much}, by which no joint turns more than {degrees:.1f}° ({joint})"


def worst_frame(result: FitResult) -> int:
    """The fitted frame with the largest mean error; 0 where none is fitted."""
    return int(np.argmax(np.where(result.fitted & np.isfinite(result.mean_mm), result.mean_mm, -1)))


def _remarks(result: FitResult) -> list[str]:
    late = int((result.fitted & ~result.converged & ~result.edited).sum())
    edited = int(result.edited.sum())
    return [
        *[f"failed: {result.failure}"] * result.failed,
        *[f"{late:,} not converged"] * bool(late),
        *[f"{edited:,} edited by hand"] * bool(edited),
        *["stopped before its end"] * result.partial,
        *["built-in bodies"] * result.builtin,
    ]


def _frames(count: int) -> str:
    return f"{count:,} frame" + "s" * (count != 1)


def _posed(result: FitResult, frames: Any, bodies: Any) -> tuple[np.ndarray, np.ndarray]:
    """(n, V, 3) vertices and (n, J, 3) joints."""
    import torch

    from core.model.frame_choice import frame_ids
    from core.model.posing import posed
    from core.session.bodies_of_fit import bodies_of

    ids = frame_ids(frames, len(result))
    body = bodies_of(result, bodies).target
    with torch.no_grad():
        found = posed(result.as_motion(), body, ids)
    for points in found:
        points[~result.fitted[ids]] = np.nan
    return found


def _library(name: str, what: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise RefitError(f"{what} needs {name}, which is not installed: pip install {name}.") from None
