"""Panels beside the bodies: hidden until they are asked for, scrolled where they are higher than their
room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui_app.style.theme import icon
from gui_app.widgets.panels import PanelDescription

# With this much at most the bodies keep half of a window of any size.
MOST_WIDTH = 440
RIGHT, LEFT = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.LeftDockWidgetArea


class PanelDock(QDockWidget):
    """Shown and hidden by ``action``; call `hold` once there is something to hold.

    Args:
        described: its title, as in ``'Parameters'``, and the side of the window where it stays.
        action: checked while it is shown.
        parent: the window.
    """

    def __init__(
        self,
        described: PanelDescription,
        action: QAction,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(described.title, parent)
        self.setObjectName(described.title.lower())
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self._action, self._side = action, LEFT if described.side == "left" else RIGHT
        self.setAllowedAreas(self._side)
        self.hide()

    def hold(self, panel: QWidget, head: Sequence[QWidget] = (), *, titled: bool = True) -> None:
        """Shows a panel, with some of its widgets in the line of the title."""
        self.setWidget(panel)
        bar = QWidget(self)
        bar.setAutoFillBackground(True)
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 2, 4, 0)
        row.setSpacing(10 if titled else 6)
        if titled:
            title = QLabel(self.windowTitle().upper(), bar)
            title.setProperty("role", "section")
            row.addWidget(title)
        for widget in head:
            row.addWidget(widget, 1)
        if not head:
            row.addStretch(1)
        close = QToolButton(bar)
        close.setIcon(icon("x", "TEXT_SECONDARY"))
        close.setIconSize(QSize(14, 14))
        close.setFixedSize(24, 24)
        close.setStyleSheet("padding: 2px;")
        keys = self._action.shortcut().toString()
        close.setToolTip(f"Hide the {self.windowTitle().lower()}  ({keys})")
        close.setAccessibleName(f"Hide the {self.windowTitle().lower()}")
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(partial(self._action.setChecked, False))
        row.addWidget(close)
        self.setTitleBarWidget(bar)
        self._action.toggled.connect(self._on_action)
        self.visibilityChanged.connect(self._on_visibility)

    def stand_in(self, window: QMainWindow) -> None:
        """Takes the place in a window that it had the last time, or one behind a tab with what stands there
        already; shown if its action is checked."""
        shown = self._action.isChecked()
        if not window.restoreDockWidget(self):
            self._join_others(window)
        self._on_action(shown)

    def _join_others(self, window: QMainWindow) -> None:
        others = [d for d in window.findChildren(QDockWidget) if window.dockWidgetArea(d) == self._side]
        window.addDockWidget(self._side, self)
        for other in others:
            if other is not self:
                window.tabifyDockWidget(other, self)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing hides it."""
        super().closeEvent(event)
        self._action.setChecked(False)

    @Slot(bool)
    def _on_action(self, shown: bool) -> None:
        self.setVisible(shown)
        if shown:
            self.raise_()

    @Slot(bool)
    def _on_visibility(self, _visible: bool) -> None:
        # Behind another panel it is still there.
        self._action.setChecked(not self.isHidden())


# What may be higher than its panel.


def scrolled(inside: QWidget, parent: QWidget) -> QScrollArea:
    """A frameless area as wide as what is in it, which scrolls up and down only."""
    area = QScrollArea(parent)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    return area


# What panels beside the bodies share: an empty state, a size, and looking only while they can be seen.

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
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    group.addButton(button, number)
    return button
