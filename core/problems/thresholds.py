"""From when on a frame is a problem. Each field carries its label, unit, range and help; those of a figure
come from its description (`core.measure.figures`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from core.measure.figure import with_further
from core.measure.figures import BOUND

Thresholds = TypeVar("Thresholds")


def _threshold(default: float, label: str, help_: str, *, unit: str = "", high: float) -> Any:
    metadata = {"label": label, "help": help_, "unit": unit, "range": (0, high), "over_median": False}
    return field(default=default, metadata=metadata)


def _of_figure(name: str) -> Any:
    """``over_median``: the bound is added to the figure's median; otherwise it holds as it stands."""
    figure, bound = BOUND[name]
    metadata = {
        "label": bound.label,
        "help": bound.help,
        "unit": figure.unit,
        "range": (bound.low, bound.high),
        "over_median": not bound.at_most,
    }
    return field(default=bound.usual, metadata=metadata)


def _with_all_bounds(cls: type[Thresholds]) -> type[Thresholds]:
    """The bounds of figures that have no line of their own below are thresholds as well."""
    return with_further(cls, {name: ("float", _of_figure(name)) for name in BOUND})


@dataclass(frozen=True)
@_with_all_bounds
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
    whole_mm: float = _of_figure("whole_mm")
    mean_most_mm: float = _of_figure("mean_most_mm")
    max_rise_mm: float = _of_figure("max_rise_mm")
    max_most_mm: float = _of_figure("max_most_mm")
    part_mm: float = _of_figure("part_mm")
    hand_mm: float = _of_figure("hand_mm")
    joint_mm: float = _of_figure("joint_mm")
    ceiling_mm: float = _threshold(
        50,
        "Part at most",
        "Error of a part, or distance of a joint, that is always a problem, unless three quarters of the "
        "frames have at least half of it.",
        unit="mm",
        high=10_000,
    )
    throughout_mm: float = _threshold(
        25,
        "Throughout",
        "Median error from which on the whole motion is a problem.",
        unit="mm",
        high=10_000,
    )
    jitter_mm: float = _of_figure("jitter_mm")
    jump_mm: float = _of_figure("jump_mm")
    turn_deg: float = _of_figure("turn_deg")
    source_jump_mm: float = _of_figure("source_jump_mm")
    source_turn_deg: float = _of_figure("source_turn_deg")
    penetration_mm: float = _of_figure("penetration_mm")
    skate_mm: float = _of_figure("skate_mm")
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
