"""How a correspondence is built from two bodies. Light to import: controls are made from it at the start."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any

from core.errors import RefitError


@dataclass(frozen=True)
class BuildSettings:
    """How a correspondence is built. Each field carries its label, unit, range and help, to build controls
    from.

    Attributes:
        max_distance_mm: a vertex further from the source's surface than this has no counterpart.
        with_hidden: eyes, their sockets and the inner mouth may have counterparts as well.
        max_angle_deg: a vertex has no counterpart where the surfaces face apart by more than this.
    """

    max_distance_mm: float = field(
        default=20.0,
        metadata={
            "label": "Distance",
            "help": "A vertex further from the source's surface than this has no counterpart",
            "unit": "mm",
            "range": (0.1, 1000.0),
        },
    )
    with_hidden: bool = field(
        default=False,
        metadata={
            "label": "Eyes and inner mouth",
            "help": "Eyes, their sockets and the inner mouth may have counterparts as well",
        },
    )
    max_angle_deg: float = field(
        default=84.0,
        metadata={
            "label": "Angle",
            "help": "A vertex has no counterpart where the two surfaces face apart by more than this",
            "unit": "°",
            "range": (1.0, 180.0),
        },
    )

    def __post_init__(self) -> None:
        if not 0 < self.max_distance_mm <= 1000:
            raise RefitError(
                f"A distance of {self.max_distance_mm:g} mm is no limit; it must be above 0 and at most 1000."
            )
        if not 0 < self.max_angle_deg <= 180:
            raise RefitError(
                f"An angle of {self.max_angle_deg:g}° is no limit; it must be above 0 and at most 180."
            )


BUILD_SETTINGS: dict[str, Field[Any]] = {item.name: item for item in fields(BuildSettings)}
"""Every setting of a build, by name."""
