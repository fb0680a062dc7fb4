"""The fit that the one on show has replaced, and what has changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.actions import SPECS, Actions, tip_with_keys
from gui_app.before_words import NO_EARLIER, SAME_ERRORS, comparison_tip
from gui_app.history import History
from gui_app.preferences import Preferences
from gui_app.soon import Soon
from gui_app.state import AppState
from gui_app.words import plain_tip

if TYPE_CHECKING:
    from core.fit_comparison import FitComparison
    from core.fitting.result import FitResult

BEFORE = "before_fit"


class BeforeFit(QObject):
    """Follows the history; keeps the earlier fit no longer than the history does.

    Attributes:
        shown: the fit that is compared, as it was when this last looked.
        earlier: the one before it, or None.
        comparison: of both, None without an earlier one or where no error has changed.
        wanted: the user wants to see it.
    """

    changed = Signal()

    def __init__(
        self, state: AppState, history: History, actions: Actions, preferences: Preferences, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._history, self._action, self._preferences = (
            state, history, actions.before_fit, preferences,
        )  # fmt: skip
        self.shown: FitResult | None = None
        self.earlier: FitResult | None = None
        self.comparison: FitComparison | None = None
        self._other: FitResult | None = None
        self._newest = history.moments[-1]
        self.wanted = preferences.flag(BEFORE, True)
        self._action.setChecked(self.wanted)
        self._action.toggled.connect(self._on_toggled)
        self._soon = Soon(self._look, self)
        for signal in (state.motion_changed, state.result_changed, history.changed):
            signal.connect(self._soon.ask)
        self._present()

    @property
    def on(self) -> bool:
        """There is something to show, it is wanted, and it belongs to the fit on show."""
        return self.wanted and self.comparison is not None and self.shown is self._state.result

    def compare_with(self, other: FitResult) -> None:
        """Another fit of the history takes the place of the one before, until something new is done."""
        self._other, self._newest = other, self._history.moments[-1]
        self._look()

    def _earlier(self, shown: FitResult | None) -> FitResult | None:
        other, history = self._other, self._history
        known = any(moment.result is other for moment in history.moments)
        # What is done after the choice is compared with what there was before it again.
        if other is None or not known or history.moments[-1] is not self._newest:
            self._other, self._newest = None, history.moments[-1]
            return history.before(shown)
        return history.before(shown) if shown is None or shown.poses is other.poses else other

    @Slot()
    def _look(self) -> None:
        shown = self._state.result
        earlier = self._earlier(shown)
        if shown is self.shown and earlier is self.earlier:
            return
        self.shown, self.earlier, self.comparison = shown, earlier, None
        if shown is not None and earlier is not None:
            from core.fit_comparison import compare_fits

            self.comparison = compare_fits(earlier, shown)
        self._present()
        self.changed.emit()

    @Slot(bool)
    def _on_toggled(self, wanted: bool) -> None:
        self.wanted = wanted
        self._preferences.store(BEFORE, wanted)
        self.changed.emit()

    def _present(self) -> None:
        self._action.setEnabled(self.comparison is not None)
        if self.comparison is not None:
            tip = comparison_tip(self.comparison, self._state.frames)
        else:
            tip = NO_EARLIER if self.earlier is None else SAME_ERRORS
        self._action.setToolTip(plain_tip(tip_with_keys(SPECS[BEFORE], tip)))
