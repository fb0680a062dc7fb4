"""Every figure of how a fit follows its source, once: words, unit, bounds, and how it is had from joints.

A line here is all that another figure of joints takes: it is measured with the others, is an array of
`MotionMetrics`, a curve below the bodies and columns of tables; with a `Bound` it makes frames a problem,
with a threshold of its own on the slider, in ``thresholds={...}`` and in reports.
"""

from __future__ import annotations

import numpy as np

from core.measure.figure import Bound, Figure
from core.measure.joint_neighbours import breaks, second_differences, turning_breaks
from core.measure.joint_tracks import JointTracks, degrees, steps_of


def joint_jitter(tracks: JointTracks) -> np.ndarray:
    """(n,) mean over joints of the acceleration of the difference, mm/frame²."""
    return np.linalg.norm(second_differences(tracks.error), axis=2).mean(1)


def joint_turn(tracks: JointTracks) -> np.ndarray:
    """(n, k) how far a joint's rotation relative to its parent steps away from the source's step, beyond what
    it does in the frames around, degrees."""
    return turning_breaks(steps_of(tracks.apart), degrees(tracks.apart))


def source_jump(tracks: JointTracks) -> np.ndarray:
    """(n,) three quarters of the source's joints jump out of their path by at least this, mm."""
    return np.percentile(breaks(tracks.source), 25, axis=1)


FIGURES: tuple[Figure, ...] = (
    Figure(
        "mean_mm",
        "Whole body",
        "Mean v2v error: distance of the vertices from their targets.",
        bounds=(
            Bound(
                "whole_mm",
                3,
                "Mean over median",
                "Mean error of all vertices over its median.",
                "off",
                "{part} {value} off, usually {usual}",
                distance=True,
            ),
            Bound(
                "mean_most_mm",
                20,
                "Mean at most",
                "A frame whose mean error is over this is a problem, whatever the median.",
                "over",
                "mean {value}, over {limit}",
                called="Mean",
                low=0.5,
                high=10_000,
                at_most=True,
            ),
        ),
    ),
    Figure(
        "max_mm",
        "Worst vertex",
        "Error of the vertex that is furthest from its target.",
        bounds=(
            Bound(
                "max_rise_mm",
                25,
                "Max over median",
                "Error of the worst vertex over its median.",
                "off",
                "max {value}, usually {usual}",
                called="Max",
            ),
            Bound(
                "max_most_mm",
                50,
                "Max at most",
                "A frame whose worst vertex is over this is a problem, whatever the median.",
                "over",
                "max {value}, over {limit}",
                called="Max",
                low=0.5,
                high=10_000,
                at_most=True,
            ),
        ),
    ),
    Figure(
        "part_mm",
        "Body part",
        "Mean error by body part.",
        columns="parts",
        bounds=(
            Bound(
                "part_mm",
                6,
                "Body part",
                "Mean error of a part's vertices over its median.",
                "off",
                "{part} {value} off, usually {usual}",
                distance=True,
            ),
        ),
    ),
    Figure(
        "hand_mm",
        "Hand shape",
        "Mean error over a hand once the palms are laid on each other.",
        columns="hands",
        bounds=(
            Bound(
                "hand_mm",
                4,
                "Hand shape",
                "Error over its median with the palms laid on each other.",
                "off",
                "shape of the {part} {value} off, usually {usual}",
                distance=True,
            ),
        ),
    ),
    Figure(
        "joint_mm",
        "Joint",
        "Distance of a joint from the source's of the same name.",
        columns="joints",
        of_joints=lambda tracks: tracks.length,
        bounds=(
            Bound(
                "joint_mm",
                10,
                "Joint",
                "Distance of a joint from the source's over its median.",
                "off",
                "{part} {value} from the source's, usually {usual}",
                worst_column=True,
                distance=True,
            ),
        ),
    ),
    Figure(
        "jitter_mm",
        "Jitter",
        "Mean acceleration of the vertices against their targets.",
        unit="mm/frame²",
        columns="parts",
        takes=(-1, 0, 1),
        bounds=(
            Bound(
                "jitter_mm",
                4,
                "Jitter",
                "Acceleration of a part's vertices against their targets over its median.",
                "jumps",
                "{part} shaking by {value}",
                worst_column=True,
            ),
        ),
    ),
    Figure(
        "joint_jitter_mm",
        "Joint jitter",
        "Mean acceleration of the joints against the source's.",
        unit="mm/frame²",
        of_joints=joint_jitter,
    ),
    Figure(
        "jump_mm",
        "Joint jump",
        "How far a joint of the fit, against the source's, jumps out of its path.",
        columns="joints",
        of_joints=lambda tracks: breaks(tracks.error, tracks.length),
        bounds=(
            Bound(
                "jump_mm",
                6,
                "Joint jump",
                "Jump of a joint of the fit against the source's, over its median.",
                "jumps",
                "{part} jumps {value} out of its path",
                worst_column=True,
            ),
        ),
    ),
    Figure(
        "turn_deg",
        "Joint turn",
        "How far a joint of the fit suddenly turns away from the source's own turning.",
        unit="°",
        columns="joints",
        of_joints=joint_turn,
        bounds=(
            Bound(
                "turn_deg",
                15,
                "Joint turn",
                "Sudden turn of a joint of the fit away from the source's, over its median.",
                "jumps",
                "{part} suddenly turns {value} away from the source's",
                high=360,
                worst_column=True,
            ),
        ),
    ),
    Figure(
        "source_jump_mm",
        "Source jump",
        "How far the source's own body jumps out of its path, three quarters of its joints.",
        of_joints=source_jump,
        bounds=(
            Bound(
                "source_jump_mm",
                25,
                "Source jump",
                "Jump of the source's whole body at 60 frames a second; more is allowed where they are "
                "fewer.",
                "source jumps",
                "the source jumps {value}",
                source_rate=True,
            ),
        ),
    ),
    Figure(
        "source_turn_deg",
        "Source turn",
        "How far a joint of the source itself suddenly turns.",
        unit="°",
        columns="joints",
        of_joints=lambda tracks: turning_breaks(steps_of(tracks.turned)),
        bounds=(
            Bound(
                "source_turn_deg",
                20,
                "Source turn",
                "Sudden turn of a joint of the source at 60 frames a second; more is allowed where they are "
                "fewer.",
                "source jumps",
                "{part} of the source suddenly turns {value}",
                high=360,
                worst_column=True,
                source_rate=True,
            ),
        ),
    ),
    Figure(
        "penetration_mm",
        "Ground penetration",
        "How much deeper than the source the fit sinks below the floor.",
        bounds=(
            Bound(
                "penetration_mm",
                8,
                "Ground penetration",
                "Depth below the floor beyond the source's, over its median.",
                "ground",
                "sinks {value} deeper than the source",
            ),
        ),
    ),
    Figure(
        "skate_mm",
        "Foot skate",
        "How much further than the source's a resting foot slides from frame to frame.",
        unit="mm/frame",
        columns="feet",
        takes=(-1, 0),
        bounds=(
            Bound(
                "skate_mm",
                3,
                "Foot skate",
                "Sliding of a resting foot beyond the source's, over its median.",
                "ground",
                "{part} slides {value} more than the source's",
            ),
        ),
    ),
    Figure("vertex_mean_mm", "Vertex mean", "Mean error of a vertex over all frames.", over="vertices"),
    Figure("vertex_max_mm", "Vertex max", "Largest error of a vertex in any frame.", over="vertices"),
)
"""In the order in which they stand in menus and tables."""

FIGURE = {figure.name: figure for figure in FIGURES}
BOUND = {bound.name: (figure, bound) for figure in FIGURES for bound in figure.bounds}
"""By the name of the threshold: the figure, and its bound."""

OF_JOINTS = {figure.name: figure.of_joints for figure in FIGURES if figure.of_joints is not None}
