"""Settings of a fit. Each field carries its label, unit, range and help, to build controls from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


def _setting(default: Any, label: str, help_: str, *, unit: str = "", low: float = 0, high: float = 1) -> Any:
    return field(
        default=default, metadata={"label": label, "help": help_, "unit": unit, "range": (low, high)}
    )


@dataclass(frozen=True)
class FitSettings:
    """How a motion is fitted; frozen, so that a run can never change under its own settings.

    The objective of a frame is

        1/2 sum_i w_i |v_i - T_i|^2  +  1/2 sum_a prior_a |log(R_a R_source,a^T)|^2

    over valid vertices i and joints a, in square metres and square radians, plus 1/2 ``shape_prior``
    |betas|^2 for each frame that the shape is solved from.

    Raises:
        ValueError: a value outside its range.
    """

    iterations: int = _setting(
        12, "Iterations", "Most Gauss-Newton steps a frame takes.", unit="steps", low=1, high=100
    )
    tolerance: float = _setting(
        2e-4,
        "Tolerance",
        "A frame is converged when its next step promises less than this share of its objective.",
        low=1e-8,
        high=0.1,
    )
    pose_prior: float = _setting(
        1e-3,
        "Pose prior",
        "Pull of every joint towards the source's rotation; steadies joints that the skin says little about.",
        unit="m²/rad²",
        high=10,
    )
    shape_prior: float = _setting(
        1e-3, "Shape prior", "Pull of betas towards the mean shape, for each frame.", unit="m²", high=10
    )
    shape_frames: int = _setting(
        64,
        "Shape frames",
        "The shape is solved from this many frames, spread evenly over the motion, with their poses.",
        unit="frames",
        low=1,
        high=100_000,
    )
    num_betas: int = _setting(
        16,
        "Betas",
        "Shape coefficients that are solved, as far as the body has them; those beyond stay zero.",
        low=1,
        high=100,
    )
    free_jaw: bool = _setting(
        False, "Fit jaw", "Let the jaw turn. A source without a face says little about it."
    )
    free_eyes: bool = _setting(False, "Fit eyes", "Let the eyes turn.")
    free_fingers: bool | None = _setting(
        None,
        "Fit fingers",
        "Let the fingers move. Where the source has no fingers they keep a relaxed hand unless this is set.",
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or value is None:
                continue
            low, high = item.metadata["range"]
            if not low <= value <= high:
                raise ValueError(f"{item.name} is {value}, expected {low} to {high}")

    def as_dict(self) -> dict[str, Any]:
        """Plain json values."""
        return asdict(self)
