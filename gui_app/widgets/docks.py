"""Panels beside the bodies: hidden until they are asked for, moved by their titles to any side, behind a
tab or into windows of their own; scrolled where they are higher than their room."""

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

RIGHT, LEFT = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.LeftDockWidgetArea


class PanelDock(QDockWidget):
    """Shown and hidden by ``action``; call `hold` once there is something to hold.

    Args:
        described: its title, as in ``'Parameters'``, and the side of the window where it opens first.
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
        feature = QDockWidget.DockWidgetFeature
        self.setFeatures(feature.DockWidgetClosable | feature.DockWidgetMovable | feature.DockWidgetFloatable)
        self._action, self._side = action, LEFT if described.side == "left" else RIGHT
        self._in_front = self._was_behind = False
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
        lower, keys = self.windowTitle().lower(), self._action.shortcut().toString()
        self.apart = _title_button("arrow-square-out", f"A window of its own for the {lower}, or back", bar)
        self.apart.clicked.connect(self._change_place)
        row.addWidget(self.apart)
        close = _title_button("x", f"Hide the {lower}  ({keys})", bar)
        close.clicked.connect(partial(self._action.setChecked, False))
        row.addWidget(close)
        self.setTitleBarWidget(bar)
        self._action.toggled.connect(self._on_asked)
        self._action.triggered.connect(self._on_pressed)
        self.visibilityChanged.connect(self._on_visibility)

    def stand_in(self, window: QMainWindow) -> None:
        """Takes the place in a window that it had the last time, or one behind a tab with what stands there
        already; shown if its action is checked."""
        shown = self._action.isChecked()
        if not window.restoreDockWidget(self):
            self._join_others(window)
        self._on_action(shown)

    def go_home(self, window: QMainWindow) -> None:
        """To the side where it opened first, hidden, behind a tab with what stands there."""
        self.setFloating(False)
        self._join_others(window)
        self.hide()

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

    @Slot()
    def _change_place(self) -> None:
        self.setFloating(not self.isFloating())

    @Slot(bool)
    def _on_asked(self, shown: bool) -> None:
        self._was_behind = self.is_behind()
        self._on_action(shown)

    @Slot(bool)
    def _on_pressed(self, shown: bool) -> None:
        # It was not to be seen: who presses its key wants to see it.
        if not shown and self._was_behind:
            self._action.setChecked(True)

    def is_behind(self) -> bool:
        """Open, but another panel's tab is in front."""
        window = self.parentWidget()
        return (
            not self.isHidden()
            and not self._in_front
            and isinstance(window, QMainWindow)
            and any(not other.isHidden() for other in window.tabifiedDockWidgets(self))
        )

    @Slot(bool)
    def _on_action(self, shown: bool) -> None:
        self.setVisible(shown)
        if shown:
            self.raise_()

    @Slot(bool)
    def _on_visibility(self, visible: bool) -> None:
        self._in_front = visible
        # Behind another panel it is still there.
        self._action.setChecked(not self.isHidden())


def _title_button(name: str, tip: str, bar: QWidget) -> QToolButton:
    button = QToolButton(bar)
    button.setIcon(icon(name, "TEXT_SECONDARY"))
    button.setIconSize(QSize(14, 14))
    button.setFixedSize(24, 24)
    button.setStyleSheet("padding: 2px;")
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition("  (")[0])
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


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

WIDTH, HEIGHT = 352, 420
# While frames go by, numbers that change more often than this cannot be read anyway.
REFRESH_SECONDS = 0.1


class PanelBody(QWidget):
    """What a dock holds, of its own size.

    Args:
        size: (width, height) pixels; where there is room, all columns are wide enough then.
        least: (width, height) below which the lists cannot give way any more.
        parent: the dock or the window.
    """

    def __init__(self, size: tuple[int, int], least: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size, self._least = QSize(*size), QSize(*least)

    def sizeHint(self) -> QSize:
        """Wide enough for all columns."""
        return self._size

    def minimumSizeHint(self) -> QSize:
        """Lists give way."""
        return self._least


class SidePanel(PanelBody):
    """Shows ``empty``, a sentence, or what `fill` was given.

    Args:
        sentence: what will appear here, and how.
        least_height: pixels; below it the lists cannot give way any more.
        parent: the dock.
        width: pixels; where there is room, all columns are wide enough then.
        height: pixels.
    """

    def __init__(
        self,
        sentence: str,
        least_height: int,
        parent: QWidget | None = None,
        width: int = WIDTH,
        height: int = HEIGHT,
    ) -> None:
        super().__init__((width, height), (WIDTH, least_height), parent)
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
