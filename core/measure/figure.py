"""What a figure of a fit is: its name, unit and words, and from when on it makes a frame a problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from core.measure.joint_tracks import JointTracks

Columns = Literal["", "parts", "hands", "feet", "joints"]
Described = TypeVar("Described", bound=type)


@dataclass(frozen=True)
class Bound:
    """From when on a figure makes a frame a problem: its threshold, and what is said then.

    Attributes:
        name: of the threshold, a field of `core.problems.thresholds.ProblemThresholds`.
        usual: the threshold where nobody says otherwise, in the figure's unit.
        label: what people read beside its slider.
        help: what it is the bound of, one sentence.
        kind: of problem, one of the values of `core.problems.rules.ProblemKind`.
        words: the reason, with places for ``part``, ``value``, ``usual`` and ``limit``.
        called: the figure in the table of problems; '' for its label.
        low: the least that it may be.
        high: the most.
        worst_column: the worst column speaks for all of them; otherwise each speaks for itself.
        distance: the ceiling holds, and it may be too much throughout.
        source_rate: it is for 60 frames a second.
        at_most: it holds as it stands, whatever is usual; otherwise it is added to the median.
    """

    name: str
    usual: float
    label: str
    help: str
    kind: str
    words: str
    called: str = ""
    low: float = 0
    high: float = 1000
    worst_column: bool = False
    distance: bool = False
    source_rate: bool = False
    at_most: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure over frames or vertices, an array of `core.measure.motion_metrics.MotionMetrics`.

    Attributes:
        name: of the array; ends in its unit.
        label: what people read.
        help: what is measured, one sentence.
        unit: of its values.
        columns: what its columns are; '' where it is a plain series.
        over: whether it has a row for each frame or for each vertex.
        bounds: from when on it makes a frame a problem; none where it only is to be seen.
        takes: the frames that it takes, of -1, 0 and 1 from its own; a problem is booked to the one among
            them that is off most.
        of_joints: gives it for some frames, (n,) or (n, columns), NaN where there is nothing to say; None
            where `core.measure.measure_motion` has it from the vertices.
    """

    name: str
    label: str
    help: str
    unit: str = "mm"
    columns: Columns = ""
    over: Literal["frames", "vertices"] = "frames"
    bounds: tuple[Bound, ...] = ()
    takes: tuple[int, ...] = (0,)
    of_joints: Callable[[JointTracks], np.ndarray] | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """What the field of the array carries."""
        return {
            "label": self.label,
            "unit": self.unit,
            "help": self.help,
            "columns": self.columns,
            "over": self.over,
        }


def with_further(cls: Described, further: Mapping[str, tuple[str, Any]]) -> Described:
    """A class that is to become a dataclass, with fields after those that it declares itself.

    Args:
        cls: the class.
        further: annotation and `dataclasses.field` by name; what the class declares stays as it is, and gets
            the field where it declares the annotation alone.
    """
    for name, (annotation, value) in further.items():
        cls.__annotations__.setdefault(name, annotation)
        if name not in vars(cls):
            setattr(cls, name, value)
    return cls
