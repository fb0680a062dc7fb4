"""The fit as it was before the last change, for as long as a key or a button is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QWidget

from gui_app.document.actions import SPECS, Actions, tip_with_keys
from gui_app.document.document import Document
from gui_app.document.state import AppState
from gui_app.document.view import View
from gui_app.history.comparison import BeforeFit
from gui_app.scene.view_options import places
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import SMALL_PIXELS
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.model.fit_result import FitResult

HOLD, KEY = "hold_before", Qt.Key.Key_A
EDGE = 12
# Below the words that name the fit, beside which there may be no room.
BELOW = 32
# The same where each of two fits has a title, of several lines.
BELOW_TITLE = 100
NOTHING = "There is no earlier fit to look at: fit some frames again"


class HoldBefore(QObject):
    """The action is on while the key is down; from a menu it stays on until it is chosen again.

    Where something else than the fit is looked at, the fit as it is takes the place of the earlier one.
    """

    def __init__(
        self, document: Document, view: View, before: BeforeFit, actions: Actions, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view, self._before, self.action = view, before, actions.hold_before
        self._showing: FitResult | None = None
        self._back: tuple[FitResult | None, str] = (None, "")
        self.action.toggled.connect(self._on_toggled)
        before.changed.connect(self._on_change)
        view.peek_changed.connect(self._on_peek)
        document.result_changed.connect(self.drop)
        self._on_change()

    @Slot()
    def _on_change(self) -> None:
        there = self._before.earlier is not None or self._view.peeked is not None
        self.action.setEnabled(there or self.action.isChecked())
        self.action.setToolTip(plain_tip(tip_with_keys(SPECS[HOLD], SPECS[HOLD].tip if there else NOTHING)))

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        application, view = QCoreApplication.instance(), self._view
        assert application is not None
        if on:
            application.installEventFilter(self)
            self._back = (view.peeked, view.peek_words)
            self._showing = self._before.earlier if view.peeked is None else None
            view.set_peek(self._showing)
            return
        application.removeEventFilter(self)
        back, self._back = self._back, (None, "")
        if view.peeked is self._showing:
            view.set_peek(*back)

    @Slot()
    def drop(self, *_: object) -> None:
        """Ends it, for what it would go back to is gone."""
        self._back = (None, "")
        self.action.setChecked(False)

    @Slot()
    def _on_peek(self) -> None:
        if self.action.isChecked() and self._view.peeked is not self._showing:
            self.action.setChecked(False)
        self._on_change()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The key is let go, or can no longer be seen to be."""
        over = event.type() == QEvent.Type.ApplicationDeactivate
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease:
            over = event.key() == KEY and not event.isAutoRepeat()
        if over:
            self.action.setChecked(False)
        return super().eventFilter(watched, event)


class PeekChip(QLabel):
    """Says over the 3D view that another fit is shown than the one there is."""

    def __init__(self, state: AppState, view: QWidget) -> None:
        super().__init__(view)
        self._state, self._view = state, view
        set_sheet(
            self,
            "QLabel { background: $ACCENT; color: $ON_ACCENT; border-radius: 9px; padding: 3px 12px;"
            f" font-weight: 600; font-size: {SMALL_PIXELS}px; }}",
        )
        self.hide()
        view.installEventFilter(self)
        state.view.peek_changed.connect(self._on_peek)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays in its place."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_peek(self) -> None:
        self.setVisible(self._state.view.peeked is not None)
        if self._state.view.peeked is not None:
            self.setText(self._state.view.peek_words)
            self._place()
            self.raise_()

    def _place(self) -> None:
        self.adjustSize()
        view = self._state.view
        source, *fits = places(view.layout, view.second is not None)
        left, _, right, _ = next(filter(None, fits), (0.0, 0.0, 1.0, 1.0))
        if source is not None and left > 0:
            below = BELOW if view.second is None else BELOW_TITLE
            self.move(round(left * self._view.width()) + EDGE, below)
        else:
            # In the left corner are the words of two bodies.
            self.move(round(right * self._view.width()) - self.width() - EDGE, EDGE)
