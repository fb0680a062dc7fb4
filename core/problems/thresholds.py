"""From when on a frame is a problem. Each field carries its label, unit, range and help."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


def _threshold(
    default: float,
    label: str,
    help_: str,
    *,
    unit: str = "",
    low: float = 0,
    high: float,
    over_median: bool = False,
) -> Any:
    """``over_median``: the bound is added to the figure's median; otherwise it holds as it stands."""
    metadata = {"label": label, "help": help_, "unit": unit, "range": (low, high), "over_median": over_median}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ProblemThresholds:
    """From when on a figure makes a frame a problem: so far over its median over the motion, its usual value,
    or over what it may be at most, whatever is usual.

    Over the median, it must exceed it both by ``spread`` robust standard deviations (1.4826 times the median
    of the distances from the median) and by the figure's own bound below: a steady fit does not make specks
    of noise a problem, and a restless one does not make every second frame one. An error that is the same
    everywhere does not stand out from it; it is reported once, for the whole motion, from ``throughout_mm``
    on. A frame whose mean exceeds ``mean_most_mm`` or whose worst vertex exceeds ``max_most_mm`` is a problem
    in any case. Both lie well above what two families of bodies differ by: 2 to 8 mm in the mean, up to 30 mm
    at the worst vertex.

    Raises:
        ValueError: a value outside its range.
    """

    spread: float = _threshold(
        8, "Spread", "Robust standard deviations over the median that are still usual.", high=100
    )
    whole_mm: float = _threshold(
        3,
        "Mean over median",
        "Mean distance of all vertices over its median.",
        unit="mm",
        high=1000,
        over_median=True,
    )
    mean_most_mm: float = _threshold(
        20,
        "Mean at most",
        "A frame whose mean distance is over this is a problem, whatever the median.",
        unit="mm",
        low=0.5,
        high=10_000,
    )
    max_rise_mm: float = _threshold(
        25,
        "Max over median",
        "Distance of the worst vertex over its median.",
        unit="mm",
        high=1000,
        over_median=True,
    )
    max_most_mm: float = _threshold(
        50,
        "Max at most",
        "A frame whose worst vertex is over this is a problem, whatever the median.",
        unit="mm",
        low=0.5,
        high=10_000,
    )
    part_mm: float = _threshold(
        6,
        "Body part",
        "Mean distance of a part's vertices over its median.",
        unit="mm",
        high=1000,
        over_median=True,
    )
    hand_mm: float = _threshold(
        4,
        "Hand shape",
        "Distance over its median with the palms laid on each other.",
        unit="mm",
        high=1000,
        over_median=True,
    )
    joint_mm: float = _threshold(
        10,
        "Joint",
        "Distance of a joint from the source's over its median.",
        unit="mm",
        high=1000,
        over_median=True,
    )
    ceiling_mm: float = _threshold(
        50,
        "Part at most",
        "Distance of a part or joint that is always a problem, unless three quarters of the frames have at "
        "least half of it.",
        unit="mm",
        high=10_000,
    )
    throughout_mm: float = _threshold(
        25,
        "Throughout",
        "Median distance from which on the whole motion is a problem.",
        unit="mm",
        high=10_000,
    )
    jitter_mm: float = _threshold(
        4,
        "Jitter",
        "Acceleration of a part's vertices against their targets over its median.",
        unit="mm/frame²",
        high=1000,
        over_median=True,
    )
    jump_mm: float = _threshold(
        6,
        "Joint jump",
        "Jump of a joint of the fit against the source's, over its median.",
        unit="mm",
        high=1000,
        over_median=True,
    )
    turn_deg: float = _threshold(
        15,
        "Joint turn",
        "Sudden turn of a joint of the fit away from the source's, over its median.",
        unit="°",
        high=360,
        over_median=True,
    )
    source_jump_mm: float = _threshold(
        25,
        "Source jump",
        "Jump of the source's whole body at 60 frames a second; more is allowed where they are fewer.",
        unit="mm",
        high=1000,
        over_median=True,
    )
    source_turn_deg: float = _threshold(
        20,
        "Source turn",
        "Sudden turn of a joint of the source at 60 frames a second; more is allowed where they are fewer.",
        unit="°",
        high=360,
        over_median=True,
    )
    penetration_mm: float = _threshold(
        8,
        "Ground penetration",
        "Depth below the floor beyond the source's, over its median.",
        unit="mm",
        high=1000,
        over_median=True,
    )
    skate_mm: float = _threshold(
        3,
        "Foot skate",
        "Sliding of a resting foot beyond the source's, over its median.",
        unit="mm/frame",
        high=1000,
        over_median=True,
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

    @property
    def words(self) -> str:
        """``mean over its median + 3 mm or over 20 mm, max over its median + 25 mm or over 50 mm``."""
        bounds = (("mean", self.whole_mm, self.mean_most_mm), ("max", self.max_rise_mm, self.max_most_mm))
        return ", ".join(
            f"{name} over its median + {rise:g} mm or over {most:g} mm" for name, rise, most in bounds
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain json values."""
        return asdict(self)
