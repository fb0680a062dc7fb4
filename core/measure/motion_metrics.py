"""Every figure on how a fit follows its source over a motion."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TypeVar

import numpy as np

from core.geometry import rigid_alignment
from core.measure import ground_contact
from core.measure.figure import with_further
from core.measure.figures import FIGURE
from core.model.joints import PARTS

Metrics = TypeVar("Metrics")


def _with_all_figures(cls: type[Metrics]) -> type[Metrics]:
    """Figures carry what describes them; those that have no line of their own below are fields as well."""
    further = {name: ("np.ndarray", field(metadata=figure.metadata)) for name, figure in FIGURE.items()}
    return with_further(cls, further)


@dataclass(frozen=True, eq=False, repr=False)
@_with_all_figures
class MotionMetrics:
    """Figures over T frames, V target vertices and k joints that source and target share.

    Arrays are float32, NaN where there is nothing to say: frames that are not fitted or not finite, their
    neighbours where a figure takes several frames, vertices and parts that do not count. There is one for
    each of `core.measure.figures`; its metadata hold its label, unit, help, what its columns are (`columns`)
    and whether it runs over frames or vertices.

    Attributes:
        joint_names: the k joints.
        finite: (T,) bool: the source's numbers are finite.
        fitted: (T,) bool: there is a fit of the frame, and its numbers are finite.
        converged: (T,) bool; frames edited by hand, which have nothing to converge to, count as well.
        frame_rate: frames a second, or None where the source does not say.
        floor: height of the floor along the up axis, metres, from the source.
    """

    joint_names: tuple[str, ...]
    finite: np.ndarray
    fitted: np.ndarray
    converged: np.ndarray
    frame_rate: float | None
    floor: float
    mean_mm: np.ndarray
    max_mm: np.ndarray
    part_mm: np.ndarray
    hand_mm: np.ndarray
    joint_mm: np.ndarray
    jitter_mm: np.ndarray
    joint_jitter_mm: np.ndarray
    jump_mm: np.ndarray
    turn_deg: np.ndarray
    source_jump_mm: np.ndarray
    source_turn_deg: np.ndarray
    penetration_mm: np.ndarray
    skate_mm: np.ndarray
    vertex_mean_mm: np.ndarray
    vertex_max_mm: np.ndarray

    def __len__(self) -> int:
        return len(self.fitted)

    def __repr__(self) -> str:
        words = f"{len(self):,} frame" + "s" * (len(self) != 1)
        return f"<MotionMetrics {words} · mean {_mean(self.mean_mm):.1f} mm, max {_most(self.max_mm):.1f} mm>"

    def column_names(self, name: str) -> tuple[str, ...]:
        """What the columns of the array ``name`` are; empty for a plain series."""
        columns = next(item for item in fields(self) if item.name == name).metadata["columns"]
        return {
            "parts": PARTS,
            "hands": rigid_alignment.SIDES,
            "feet": ground_contact.SIDES,
            "joints": self.joint_names,
            "": (),
        }[columns]

    def summary(self) -> dict[str, dict[str, float]]:
        """By metric over frames: ``mean`` and ``max`` over all its finite numbers, and by column its mean
        (``"mean left hand"``); NaN where there are none. Joints are not listed one by one."""
        said: dict[str, dict[str, float]] = {}
        for name in per_frame():
            values = getattr(self, name)
            columns = self.column_names(name)
            said[name] = {"mean": _mean(values), "max": _most(values)}
            if columns != self.joint_names:
                for index, column in enumerate(columns):
                    said[name][f"mean {column}"] = _mean(values[:, index])
        return said


def per_frame() -> tuple[str, ...]:
    """Names of the arrays of `MotionMetrics` that run over frames, in order."""
    return tuple(item.name for item in fields(MotionMetrics) if item.metadata.get("over") == "frames")


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else math.nan


def _most(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else math.nan
