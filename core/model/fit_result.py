"""What a fit gives: parameters of the target body over time, and how far they are off."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from core.files.assumption import meaning_of_json
from core.model.joints import JOINT_NAMES, PARTS
from core.model.motion import Motion, UpAxis
from core.model.pose_parts import PoseParts
from core.model.result_views import ResultViews

LEFT = {"left_percent": np.nan, "left_degrees": np.nan, "left_joint": -1}
"""What frames may have left to gain, and what stands there where that is not known."""

AMASS_BETAS = 16
"""Files of AMASS have so many, and programs that open them expect no more."""


@dataclass(frozen=True, eq=False, repr=False)
class FitResult(ResultViews, PoseParts):
    """A motion of the target body with its errors against the source; T frames, J joints.

    Errors are distances in millimetres between the valid target vertices and the points of the source's
    surface that correspond to them (v2v). Frames that were not fitted hold NaN errors and, in place of a fit,
    the source's rotations and trans, or the pose of the nearest fitted frame where the source's are not
    finite.

    Attributes:
        family: of the target, ``'smplx'`` by default.
        gender: of the target body.
        poses: (T, J, 3) float32 axis-angle in radians; hands absolute.
        transl: (T, 3) float32 metres, in the source's own world.
        betas: (B,) float32, shared by all frames; their mean where each frame has its own.
        expression: (T, E) float32, or (T, 0).
        frame_rate: frames a second, or None where the source does not say.
        up_axis: the source's.
        source_name: file name of the source.
        fitted: (T,) bool.
        converged: (T,) bool: a further step would gain nothing worth having.
        mean_mm: (T,) float32.
        median_mm: (T,) float32.
        p95_mm: (T,) float32.
        max_mm: (T,) float32.
        part_mm: (T, len(PARTS)) float32: mean by body part, in the order of `core.model.joints.PARTS`.
        seconds: time the fit took.
        partial: it was stopped before every frame asked for was done.
        provenance: how it was made: bodies, checksums, settings, version. Plain json values.
        frame_betas: (T, B) float32 betas of each frame's own, or None.
        edited: (T,) bool: parameters were changed by hand since the frame was fitted; none by default.
        left_percent: (T,) float32: what a frame that has converged may have left to gain, per cent of its
            objective; NaN where that is not known, as in files of earlier versions.
        left_degrees: (T,) float32: how far, with no more to gain, the joint that may be furthest from its
            optimum may still turn against its parent; NaN likewise.
        left_joint: (T,) int16: id of that joint; -1 where it is not known.
        failure: why the fit has failed as a whole, in words (`core.measure.fit_failure`); empty where it has
        not, or
            where nobody has looked.
    """

    family: str
    gender: str
    poses: np.ndarray
    transl: np.ndarray
    betas: np.ndarray
    expression: np.ndarray
    frame_rate: float | None
    up_axis: UpAxis
    source_name: str
    fitted: np.ndarray
    converged: np.ndarray
    mean_mm: np.ndarray
    median_mm: np.ndarray
    p95_mm: np.ndarray
    max_mm: np.ndarray
    part_mm: np.ndarray
    seconds: float = 0.0
    partial: bool = False
    provenance: dict[str, Any] = field(default_factory=dict)
    frame_betas: np.ndarray | None = None
    edited: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    left_percent: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    left_degrees: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    left_joint: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    failure: str = ""

    def __post_init__(self) -> None:
        frames = len(self.poses)
        for name, nothing in (("edited", False), *LEFT.items()):
            if not len(getattr(self, name)):
                values = np.full(frames, nothing, dtype=getattr(self, name).dtype)
                object.__setattr__(self, name, values)
        for name, values in self.by_frame().items():
            if len(values) != frames:
                raise ValueError(f"{name} holds {len(values)} frames, poses {frames}")
        if self.part_mm.shape[1] != len(PARTS):
            raise ValueError(f"part_mm has shape {self.part_mm.shape}, expected ({frames}, {len(PARTS)})")

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def failed(self) -> bool:
        """The fit has failed as a whole; ``failure`` says why."""
        return bool(self.failure)

    @property
    def trans(self) -> np.ndarray:
        """(T, 3) float32 metres: ``transl`` by AMASS's name."""
        return self.transl

    @property
    def builtin(self) -> bool:
        """It was made with the bodies Refit carries: its numbers say nothing about licensed models."""
        return self.provenance.get("bodies") != "licensed"

    def summary(self) -> dict[str, float]:
        """Figures over the fitted frames: frames, mean, median, p95 and max in mm; NaN where nothing is
        fitted.

        ``median`` and ``p95`` are means over frames of the frame's own median and 95th percentile.
        """
        done = self.fitted
        if not done.any():
            return {"frames": 0, "mean": np.nan, "median": np.nan, "p95": np.nan, "max": np.nan}
        with np.errstate(over="ignore", invalid="ignore"):
            return {
                "frames": int(done.sum()),
                "mean": float(self.mean_mm[done].mean()),
                "median": float(self.median_mm[done].mean()),
                "p95": float(self.p95_mm[done].mean()),
                "max": float(self.max_mm[done].max()),
            }

    @property
    def most_left(self) -> tuple[float, float, str] | None:
        """What the frames that have converged may have left: per cent of their objective, degrees by which a
        joint may still turn against its parent, and the joint's name; None where that is not known."""
        known = self.fitted & self.converged & ~self.edited
        known &= np.isfinite(self.left_degrees) & np.isfinite(self.left_percent) & (self.left_joint >= 0)
        if not known.any():
            return None
        frame = int(np.where(known, self.left_degrees, -1).argmax())
        joint = JOINT_NAMES[self.family][int(self.left_joint[frame])]
        return float(self.left_percent[known].max()), float(self.left_degrees[frame]), joint

    def part_means(self) -> list[float]:
        """Mean mm of each body part over the fitted frames; NaN for a part without vertices or frames."""
        done = self.part_mm[self.fitted]
        with np.errstate(over="ignore", invalid="ignore"):
            return [float(column.mean()) if len(column) else np.nan for column in done.T]

    def by_frame(self) -> dict[str, np.ndarray]:
        """The arrays with a row for each frame, by name."""
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "betas"}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    def take(self, frames: np.ndarray) -> FitResult:
        """The fit of some frames only, given by ids."""
        cut: dict[str, Any] = {name: values[frames] for name, values in self.by_frame().items()}
        if self.frame_betas is not None:
            cut["betas"], cut["frame_betas"] = shapes(cut["frame_betas"], cut["fitted"])
        return replace(self, **cut)

    def as_motion(self) -> Motion:
        """The result as a motion of its own body, to be posed or exported."""
        source = self.provenance.get("source")
        return Motion(
            family=self.family,
            poses=self.poses,
            trans=self.transl,
            betas=self.betas,
            gender=self.gender,
            frame_rate=self.frame_rate,
            up_axis=self.up_axis,
            expression=self.expression if self.expression.shape[1] else None,
            frame_betas=self.frame_betas,
            origin=meaning_of_json(source if isinstance(source, dict) else {})["origin"],
        )


def shapes(frame_betas: np.ndarray, fitted: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Betas of frames' own as a fit holds them: `FitResult.betas` and `FitResult.frame_betas`.

    Args:
        frame_betas: (T, B) what the frames have.
        fitted: (T,) bool.

    Returns:
        (B,) and None where all frames have the same, else the mean of the fitted ones and (T, B).
    """
    if len(frame_betas) and bool((frame_betas == frame_betas[:1]).all()):
        return frame_betas[0].copy(), None
    known = frame_betas[fitted] if fitted.any() else frame_betas
    return known.mean(0) if len(known) else np.zeros(frame_betas.shape[1:], np.float32), frame_betas


def covers_more(one: FitResult, other: FitResult | None) -> bool:
    """``one`` holds more fitted frames than ``other``."""
    return other is None or int(one.fitted.sum()) > int(other.fitted.sum())
