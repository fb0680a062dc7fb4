"""The fit as it was before the last change, for as long as a key or a button is held."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QWidget

from gui_app.actions import SPECS, Actions, tip_with_keys
from gui_app.before_fit import BeforeFit
from gui_app.live_theme import dress
from gui_app.state import AppState
from gui_app.theme import SMALL_PIXELS
from gui_app.words import plain_tip

HOLD = "hold_before"
TOP = 12
NOTHING = "There is no earlier fit to look at: fit some frames again"


class HoldBefore(QObject):
    """The action is on while the key is down; from a menu it stays on until it is chosen again."""

    def __init__(self, state: AppState, before: BeforeFit, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._before, self.action = state, before, actions.hold_before
        self._key = Qt.Key(self.action.shortcut()[0].key())
        self.action.toggled.connect(self._on_toggled)
        before.changed.connect(self._on_change)
        state.peek_changed.connect(self._on_peek)
        self._on_change()

    @Slot()
    def _on_change(self) -> None:
        there = self._before.earlier is not None
        self.action.setEnabled(there)
        self.action.setToolTip(plain_tip(tip_with_keys(SPECS[HOLD], SPECS[HOLD].tip if there else NOTHING)))

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        application = QCoreApplication.instance()
        assert application is not None
        if on:
            application.installEventFilter(self)
            self._state.set_peek(self._before.earlier)
        else:
            application.removeEventFilter(self)
            self._state.set_peek(None)

    @Slot()
    def _on_peek(self) -> None:
        # A new fit, or a look at something else, ends it.
        if self._state.peeked is not self._before.earlier:
            self.action.setChecked(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The key is let go, or can no longer be seen to be."""
        over = event.type() == QEvent.Type.ApplicationDeactivate
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease:
            over = event.key() == self._key and not event.isAutoRepeat()
        if over:
            self.action.setChecked(False)
        return super().eventFilter(watched, event)


class PeekChip(QLabel):
    """Says over the 3D view that another fit is shown than the one there is."""

    def __init__(self, state: AppState, view: QWidget) -> None:
        super().__init__(view)
        self._state, self._view = state, view
        self.words = "before"
        dress(
            self,
            "QLabel { background: $ACCENT; color: $ON_ACCENT; border-radius: 9px; padding: 3px 12px;"
            f" font-weight: 600; font-size: {SMALL_PIXELS}px; }}",
        )
        self.hide()
        view.installEventFilter(self)
        state.peek_changed.connect(self._on_peek)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays at the top of the view."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_peek(self) -> None:
        self.setVisible(self._state.peeked is not None)
        if self._state.peeked is not None:
            self.setText(self._state.peek_words)
            self._place()
            self.raise_()

    def _place(self) -> None:
        self.adjustSize()
        self.move((self._view.width() - self.width()) // 2, TOP)
