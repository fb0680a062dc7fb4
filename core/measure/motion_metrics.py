"""Every figure on how a fit follows its source over a motion."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

import numpy as np

from core.geometry import rigid_alignment
from core.measure import ground_contact
from core.model.joints import PARTS


def _metric(
    label: str, help_: str, *, unit: str = "mm", columns: str = "", over: str = "frames"
) -> dict[str, str]:
    return {"label": label, "unit": unit, "help": help_, "columns": columns, "over": over}


@dataclass(frozen=True, eq=False, repr=False)
class MotionMetrics:
    """Figures over T frames, V target vertices and k joints that source and target share.

    Arrays are float32, NaN where there is nothing to say: frames that are not fitted or not finite, their
    neighbours where a figure takes several frames, vertices and parts that do not count. Each array's
    metadata hold its label, unit, help, what its columns are (`columns`) and whether it runs over frames or
    vertices.

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
    mean_mm: np.ndarray = field(
        metadata=_metric("Whole body", "Mean distance of the vertices from their targets.")
    )
    max_mm: np.ndarray = field(
        metadata=_metric("Worst vertex", "Distance of the vertex that is furthest from its target.")
    )
    part_mm: np.ndarray = field(metadata=_metric("Body part", "Mean distance by body part.", columns="parts"))
    hand_mm: np.ndarray = field(
        metadata=_metric(
            "Hand shape", "Mean distance over a hand once the palms are laid on each other.", columns="hands"
        )
    )
    joint_mm: np.ndarray = field(
        metadata=_metric("Joint", "Distance of a joint from the source's of the same name.", columns="joints")
    )
    jitter_mm: np.ndarray = field(
        metadata=_metric(
            "Jitter",
            "Mean acceleration of the vertices against their targets.",
            unit="mm/frame²",
            columns="parts",
        )
    )
    joint_jitter_mm: np.ndarray = field(
        metadata=_metric(
            "Joint jitter", "Mean acceleration of the joints against the source's.", unit="mm/frame²"
        )
    )
    jump_mm: np.ndarray = field(
        metadata=_metric(
            "Joint jump",
            "How far a joint of the fit, against the source's, jumps out of its path.",
            columns="joints",
        )
    )
    turn_deg: np.ndarray = field(
        metadata=_metric(
            "Joint turn",
            "How far a joint of the fit suddenly turns away from the source's own turning.",
            unit="°",
            columns="joints",
        )
    )
    source_jump_mm: np.ndarray = field(
        metadata=_metric(
            "Source jump",
            "How far the source's own body jumps out of its path, three quarters of its joints.",
        )
    )
    source_turn_deg: np.ndarray = field(
        metadata=_metric(
            "Source turn",
            "How far a joint of the source itself suddenly turns.",
            unit="°",
            columns="joints",
        )
    )
    penetration_mm: np.ndarray = field(
        metadata=_metric(
            "Ground penetration", "How much deeper than the source the fit sinks below the floor."
        )
    )
    skate_mm: np.ndarray = field(
        metadata=_metric(
            "Foot skate",
            "How much further than the source's a resting foot slides from frame to frame.",
            unit="mm/frame",
            columns="feet",
        )
    )
    vertex_mean_mm: np.ndarray = field(
        metadata=_metric("Vertex mean", "Mean distance of a vertex over all frames.", over="vertices")
    )
    vertex_max_mm: np.ndarray = field(
        metadata=_metric("Vertex max", "Largest distance of a vertex in any frame.", over="vertices")
    )

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
