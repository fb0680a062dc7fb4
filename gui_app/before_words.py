"""What a fit has over the one before it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gui_app.words import frames_words, which_frames

if TYPE_CHECKING:
    from core.fit_comparison import Change, FitComparison

NO_EARLIER = "There is no earlier fit to compare with: fit some frames again"
SAME_ERRORS = "The fit before this one has the same errors"
AS_GOOD = "as good as before"


def change_words(change: Change) -> str:
    """``3.4 → 2.1``, millimetres."""
    return f"{change.before:.1f} → {change.now:.1f}"


def comparison_words(found: FitComparison, frames: int) -> str:
    """``frames 120–180: mean 3.4 → 2.1 mm, max 22.0 → 9.0 mm; better on 58 of 61``, or ``frames 120–180: as
    good as before, mean 2.1 mm``.

    Args:
        found: the comparison.
        frames: of the whole motion.
    """
    if unchanged(found):
        return f"{_which(found, frames)}: {AS_GOOD}, mean {found.mean_mm.now:.1f} mm"
    figures = f"mean {change_words(found.mean_mm)} mm, max {change_words(found.max_mm)} mm"
    return f"{_which(found, frames)}: {figures}; {_better(found)}"


def comparison_tip(found: FitComparison, frames: int) -> str:
    """The same with all figures, over several lines."""
    rows = (
        ("mean", found.mean_mm), ("median", found.median_mm), ("p95", found.p95_mm), ("max", found.max_mm),
    )  # fmt: skip
    which = _which(found, frames)
    lines = [f"{which[:1].upper()}{which[1:]}, before → now", _better(found)]
    if found.better and found.worse:
        lines[1] += f", worse on {found.worse:,}"
    return "\n".join([*lines, *(f"{name} {change_words(change)} mm" for name, change in rows)])


def unchanged(found: FitComparison) -> bool:
    """No frame is better or worse by as much as people can read."""
    return not found.better and not found.worse


def _which(found: FitComparison, frames: int) -> str:
    first, last = int(found.frames[0]), int(found.frames[-1])
    if len(found) == frames > 1:
        return f"all {frames_words(frames)}"
    return which_frames(first, last) if last - first + 1 == len(found) else frames_words(len(found))


def _better(found: FitComparison) -> str:
    if unchanged(found):
        return AS_GOOD
    word, count = ("better", found.better) if found.better else ("worse", found.worse)
    return word if len(found) == 1 else f"{word} on {count:,} of {len(found):,}"
