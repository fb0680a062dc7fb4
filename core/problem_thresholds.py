"""From when on a frame is a problem. Each field carries its label, unit, range and help."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


def _threshold(default: float, label: str, help_: str, *, unit: str = "", low: float = 0, high: float) -> Any:
    return field(
        default=default, metadata={"label": label, "help": help_, "unit": unit, "range": (low, high)}
    )


@dataclass(frozen=True)
class ProblemThresholds:
    """How far a figure must exceed its usual value, its median over the motion, for a frame to be a problem.

    It must exceed it both by ``spread`` robust standard deviations (1.4826 times the median of the distances
    from the median) and by the figure's own bound below: a steady fit does not make specks of noise a
    problem, and a restless one does not make every second frame one. An error that is the same everywhere
    stands out nowhere; it is reported once, for the whole motion, from ``throughout_mm`` on.

    Raises:
        ValueError: a value outside its range.
    """

    spread: float = _threshold(
        8, "Spread", "Robust standard deviations above the usual value that are still usual.", high=100
    )
    whole_mm: float = _threshold(
        3, "Whole body", "Mean distance of all vertices above the usual.", unit="mm", high=1000
    )
    part_mm: float = _threshold(
        6, "Body part", "Mean distance of a part's vertices above the usual.", unit="mm", high=1000
    )
    hand_mm: float = _threshold(
        4, "Hand shape", "Distance above the usual with the palms laid on each other.", unit="mm", high=1000
    )
    joint_mm: float = _threshold(
        10, "Joint", "Distance of a joint from the source's above the usual.", unit="mm", high=1000
    )
    ceiling_mm: float = _threshold(
        50,
        "Ceiling",
        "Distance that is always a problem, unless three quarters of the frames have at least half of it.",
        unit="mm",
        high=10_000,
    )
    throughout_mm: float = _threshold(
        25,
        "Throughout",
        "Usual distance from which on the whole motion is a problem.",
        unit="mm",
        high=10_000,
    )
    jitter_mm: float = _threshold(
        4,
        "Jitter",
        "Acceleration of a part's vertices against their targets above the usual.",
        unit="mm/frame²",
        high=1000,
    )
    jump_mm: float = _threshold(
        6, "Joint jump", "Jump of a joint of the fit against the source's.", unit="mm", high=1000
    )
    turn_deg: float = _threshold(
        15, "Joint turn", "Sudden turn of a joint of the fit away from the source's.", unit="°", high=360
    )
    source_jump_mm: float = _threshold(
        25,
        "Source jump",
        "Jump of the source's whole body at 60 frames a second; more is allowed where they are fewer.",
        unit="mm",
        high=1000,
    )
    source_turn_deg: float = _threshold(
        20,
        "Source turn",
        "Sudden turn of a joint of the source at 60 frames a second; more is allowed where they are fewer.",
        unit="°",
        high=360,
    )
    penetration_mm: float = _threshold(
        8, "Ground penetration", "Depth below the floor beyond the source's.", unit="mm", high=1000
    )
    skate_mm: float = _threshold(
        3, "Foot skate", "Sliding of a resting foot beyond the source's.", unit="mm/frame", high=1000
    )
    join_frames: int = _threshold(
        2,
        "Join",
        "Stretches with at most this many good frames between them are one.",
        unit="frames",
        high=100,
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value, (low, high) = getattr(self, item.name), item.metadata["range"]
            if not low <= value <= high:
                raise ValueError(f"{item.name} is {value}, expected {low} to {high}")

    def as_dict(self) -> dict[str, Any]:
        """Plain json values."""
        return asdict(self)
