"""What a problem is called, and its colour; no Qt."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gui_app.style import colours
from gui_app.widgets.text import which_frames

if TYPE_CHECKING:
    from core.problems.detect import Problem
    from core.problems.rules import ProblemKind
    from core.problems.thresholds import ProblemThresholds

GRAVE = ("OFF", "OVER", "NOT_FINITE", "THROUGHOUT")


def kind_colour(kind: ProblemKind) -> str:
    """Error colour where the fit is off or missing, warning colour where its motion is doubtful."""
    return colours.of(kind_role(kind))


def kind_role(kind: ProblemKind) -> str:
    """The same as the role of a colour, which holds in any theme."""
    return "ERROR" if kind.name in GRAVE else "WARNING"


def stretch_span(stretch: tuple[Problem, ...]) -> tuple[int, int]:
    """First and last frame."""
    return min(problem.first for problem in stretch), max(problem.last for problem in stretch)


def stretch_tip(stretch: tuple[Problem, ...]) -> str:
    """A tooltip: where, and every reason, the most telling first."""
    reasons = "".join(f"<br>• {escape(problem.reason)}" for problem in dict.fromkeys(stretch))
    return f"<qt><nobr><b>{which_frames(*stretch_span(stretch)).capitalize()}</b></nobr>{reasons}</qt>"


def body_part(problem: Problem) -> str:
    """The one of `core.model.joints.PARTS` that a problem is about, '' where it is the whole body."""
    from core.problems.changes import body_part as part_of

    return part_of(problem.part)


def part_words(problem: Problem) -> str:
    """The part or joint as people say it."""
    from core.problems.rules import plain

    return plain(problem.part)


def amount_words(value: float, unit: str, digits: str = ".1f") -> str:
    """A figure with its unit, in a column that has little room: ``12.3 mm``, ``84.0°``, ``37.7 mm/f²``."""
    return f"{value:{digits}}{'' if unit in ('', '°') else ' '}{unit.replace('/frame', '/f')}"


def no_problems_words(thresholds: ProblemThresholds) -> str:
    """That there are none, and what that means."""
    return (
        f"No problem frames: none stands out from its median, none is over {thresholds.mean_most_mm:g} mm in "
        f"the mean or {thresholds.max_most_mm:g} mm at its worst vertex"
    )


def problems_words(count: int) -> str:
    """``no problem frames``, ``1 problem frame``, ``12 problem frames``."""
    return f"{count:,} problem frame{'' if count == 1 else 's'}" if count else "no problem frames"
