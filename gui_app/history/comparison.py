"""The fit that the one on show has replaced, what has changed since, and both in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.actions import SPECS, Actions, tip_with_keys
from gui_app.document.document import Document
from gui_app.document.history import History
from gui_app.document.preferences import Preferences
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.text import frames_words, plain_tip, which_frames

if TYPE_CHECKING:
    from core.measure.fit_comparison import FigureChange, FitComparison
    from core.model.fit_result import FitResult

# What a fit has over the one before it, in words.

NO_EARLIER = "There is no earlier fit to compare with: fit some frames again"
SAME_ERRORS = "The fit before this one has the same errors"
OTHER_SKIN = "The fit before this one was measured with other fingers left out, so the two are not compared"
AS_GOOD = "as good as before"


def change_words(change: FigureChange) -> str:
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


BEFORE = "before_fit"


class BeforeFit(QObject):
    """Follows the history; keeps the earlier fit no longer than the history does.

    Attributes:
        shown: the fit that is compared, as it was when this last looked.
        earlier: the one before it, or None.
        comparison: of both, None without an earlier one, or where no error has changed or the two have
            figures over other skin.
        wanted: the user wants to see it.
    """

    changed = Signal()

    def __init__(
        self,
        document: Document,
        history: History,
        actions: Actions,
        preferences: Preferences,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._document, self._history, self._action, self._preferences = (
            document, history, actions.before_fit, preferences,
        )  # fmt: skip
        self.shown: FitResult | None = None
        self.earlier: FitResult | None = None
        self.comparison: FitComparison | None = None
        self._other: FitResult | None = None
        self._newest = history.steps[-1]
        self.wanted = preferences.flag(BEFORE, True)
        self._action.setChecked(self.wanted)
        self._action.toggled.connect(self._on_toggled)
        self._soon = Coalescer(self._follow_document, self)
        for signal in (document.motion_changed, document.result_changed, history.changed):
            signal.connect(self._soon.ask)
        self._present()

    @property
    def on(self) -> bool:
        """There is something to show, it is wanted, and it belongs to the fit on show."""
        return self.wanted and self.comparison is not None and self.shown is self._document.result

    def compare_with(self, other: FitResult) -> None:
        """Another fit of the history takes the place of the one before, until something new is done."""
        self._other, self._newest = other, self._history.steps[-1]
        self._follow_document()

    def _earlier(self, shown: FitResult | None) -> FitResult | None:
        other, history = self._other, self._history
        known = any(step.result is other for step in history.steps)
        # What is done after the choice is compared with what there was before it again.
        if other is None or not known or history.steps[-1] is not self._newest:
            self._other, self._newest = None, history.steps[-1]
            return history.before(shown)
        return history.before(shown) if shown is None or shown.poses is other.poses else other

    @Slot()
    def _follow_document(self) -> None:
        shown = self._document.result
        earlier = self._earlier(shown)
        if shown is self.shown and earlier is self.earlier:
            return
        self.shown, self.earlier, self.comparison = shown, earlier, None
        if shown is not None and earlier is not None:
            from core.measure.fit_comparison import compare_fits

            self.comparison = compare_fits(earlier, shown)
        self._present()
        self.changed.emit()

    @Slot(bool)
    def _on_toggled(self, wanted: bool) -> None:
        self.wanted = wanted
        self._preferences.store(BEFORE, wanted)
        self.changed.emit()

    def _why_not(self) -> str:
        if self.earlier is None:
            return NO_EARLIER
        if self.shown is None:
            return SAME_ERRORS
        # Brings torch along, which a window without a fit can do without.
        from core.measure.counted_vertices import same_skin

        return SAME_ERRORS if same_skin(self.earlier, self.shown) else OTHER_SKIN

    def _present(self) -> None:
        self._action.setEnabled(self.comparison is not None)
        if self.comparison is not None:
            tip = comparison_tip(self.comparison, self._document.frames)
        else:
            tip = self._why_not()
        self._action.setToolTip(plain_tip(tip_with_keys(SPECS[BEFORE], tip)))
