"""The panel of joints beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QToolButton, QWidget

from gui_app.actions import Actions
from gui_app.inspection import Inspection
from gui_app.joints_panel import JointsPanel
from gui_app.preferences import Preferences
from gui_app.state import AppState
from gui_app.theme import icon
from gui_app.viewport import Viewport

# With this much at most the bodies keep half of a window of any size.
MOST_WIDTH = 440


class JointsDock(QDockWidget):
    """Stands on the right. While it is open, what is chosen in it shows on the bodies."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Joints", parent)
        self.setObjectName("joints")
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self.setAllowedAreas(Qt.DockWidgetArea.RightDockWidgetArea)
        self._state, self._inspection = state, inspection
        self._action, self._none = actions.joints, actions.choose_none
        self.panel = JointsPanel(state, inspection, viewport, preferences, self)
        self.setWidget(self.panel)
        self.setMaximumWidth(MOST_WIDTH)
        self.setTitleBarWidget(self._title())
        self._action.toggled.connect(self._on_action)
        self._none.triggered.connect(inspection.choose_nothing)
        inspection.looks_changed.connect(self._on_looks)
        state.run_changed.connect(self._on_looks)
        self.visibilityChanged.connect(self._on_visibility)
        self.hide()
        self._on_looks()

    def _title(self) -> QWidget:
        bar = QWidget(self)
        bar.setAutoFillBackground(True)
        close = QToolButton(bar)
        close.setIcon(icon("x", "TEXT_SECONDARY"))
        close.setIconSize(QSize(14, 14))
        close.setFixedSize(24, 24)
        close.setStyleSheet("padding: 2px;")
        close.setToolTip(f"Hide the joints  ({self._action.shortcut().toString()})")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(partial(self._action.setChecked, False))
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 3, 4, 0)
        row.setSpacing(6)
        row.addWidget(self.panel.title, 1)
        row.addWidget(self.panel.head, 1)
        row.addWidget(close)
        return bar

    def stand_in(self, window: QMainWindow) -> None:
        """Takes its place on the right of a window, behind one tab with what stands there already."""
        right = Qt.DockWidgetArea.RightDockWidgetArea
        others = [dock for dock in window.findChildren(QDockWidget) if window.dockWidgetArea(dock) == right]
        window.addDockWidget(right, self)
        for other in others:
            if other is not self:
                window.tabifyDockWidget(other, self)
        self.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing hides it."""
        super().closeEvent(event)
        self._action.setChecked(False)

    @Slot(bool)
    def _on_action(self, shown: bool) -> None:
        self.setVisible(shown)
        if shown:
            self.raise_()
        self._inspection.set_active(shown)

    @Slot(bool)
    def _on_visibility(self, _visible: bool) -> None:
        # Behind another panel it is still there.
        self._action.setChecked(not self.isHidden())

    @Slot()
    def _on_looks(self) -> None:
        # While a fit runs, the same key cancels it.
        self._none.setEnabled(self._inspection.shows_something and not self._state.run.active)
