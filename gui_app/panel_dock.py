"""A panel beside the bodies: hidden until it is asked for, with one line for its title."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QToolButton, QWidget

from gui_app.theme import icon

# With this much at most the bodies keep half of a window of any size.
MOST_WIDTH = 440
RIGHT, LEFT = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.LeftDockWidgetArea


class PanelDock(QDockWidget):
    """Shown and hidden by ``action``; call `hold` once there is something to hold.

    Args:
        name: of the panel, as in ``'Parameters'``.
        action: checked while it is shown.
        side: of the window, where it stays.
        parent: the window.
    """

    def __init__(
        self,
        name: str,
        action: QAction,
        side: Qt.DockWidgetArea = RIGHT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, parent)
        self.setObjectName(name.lower())
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self.setAllowedAreas(side)
        self._action, self._side = action, side
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
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
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
