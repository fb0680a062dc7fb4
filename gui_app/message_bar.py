"""One sentence about what went wrong, above the bodies, until it is dismissed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from gui_app.icon_label import IconLabel
from gui_app.state import AppState
from gui_app.theme import icon
from gui_app.wrapped_label import WrappedLabel


class MessageBar(QFrame):
    """Hidden while there is nothing to say.

    A motion that opens takes the old complaint away. A fit that failed is told as long as it is shown.
    """

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._failure = ""
        self.setProperty("role", "message")
        sign = IconLabel(icon("warning-circle", "ERROR"), 18, self)
        self.words = WrappedLabel(self)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._dismiss = QToolButton(self)
        self._dismiss.setIcon(icon("x", "TEXT_SECONDARY"))
        self._dismiss.setToolTip("Dismiss")
        self._dismiss.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._dismiss.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(sign)
        row.addWidget(self.words, 1)
        row.addWidget(self._dismiss)
        self.hide()
        state.failed.connect(self.show_sentence)
        state.motion_changed.connect(self._on_motion)
        for signal in (state.result_changed, state.run_changed):
            signal.connect(self._on_fit)

    @Slot(str)
    def show_sentence(self, sentence: str) -> None:
        """Shows a sentence in place of the last one."""
        self.words.setText(sentence)
        self.show()

    @Slot()
    def _on_motion(self) -> None:
        self._failure = ""
        self.hide()

    @Slot()
    def _on_fit(self, *_: object) -> None:
        if self._state.run.active:
            return
        result = self._state.result
        failure = "" if result is None else result.failure
        if failure == self._failure:
            return
        if failure:
            self.show_sentence(_sentence(failure))
        elif self.words.text() == _sentence(self._failure):
            self.hide()
        self._failure = failure


def _sentence(failure: str) -> str:
    return f"This fit failed: {failure}."
