"""What panels beside the bodies share: an empty state, a size, and looking only while they can be seen."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QLabel, QStackedWidget, QToolButton, QVBoxLayout, QWidget

WIDTH, HEIGHT = 344, 420
# While frames go by, numbers that change more often than this cannot be read anyway.
REFRESH_SECONDS = 0.1


class SidePanel(QWidget):
    """Shows ``empty``, a sentence, or what `fill` was given.

    Args:
        sentence: what will appear here, and how.
        least_height: pixels; below it the lists cannot give way any more.
        parent: the dock.
    """

    def __init__(self, sentence: str, least_height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._least = QSize(WIDTH, least_height)
        self.setAutoFillBackground(True)
        self.empty = QLabel(sentence, self)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(28, 0, 28, 0)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def fill(self, content: QWidget) -> None:
        """What is shown where there is something to show."""
        self._stack.addWidget(content)

    def show_content(self, there: bool) -> None:
        """The content, or the sentence."""
        self._stack.setCurrentIndex(int(there))

    def sizeHint(self) -> QSize:
        """Wide enough for all columns."""
        return QSize(WIDTH, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Lists give way."""
        return self._least

    def showEvent(self, event: QShowEvent) -> None:
        """What went by while the panel was hidden is looked up now."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Shows everything as it is now."""
        raise NotImplementedError


def choice_button(
    group: QButtonGroup, number: int, words: str, tip: str, parent: QWidget, padding: str = "5px 7px"
) -> QToolButton:
    """One of several words in a row of which one is chosen."""
    button = QToolButton(parent)
    button.setText(words)
    button.setToolTip(tip)
    button.setCheckable(True)
    button.setStyleSheet(f"padding: {padding};")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    group.addButton(button, number)
    return button
