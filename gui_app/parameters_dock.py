"""The parameters panel beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from gui_app.editing import Editing
from gui_app.parameters_panel import ParametersPanel
from gui_app.state import AppState
from gui_app.theme import icon


class ParametersDock(QDockWidget):
    """Stands on the right; hidden until it is asked for."""

    def __init__(
        self, state: AppState, editing: Editing, action: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__("Parameters", parent)
        self.setObjectName("parameters")
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self.setAllowedAreas(Qt.DockWidgetArea.RightDockWidgetArea)
        self._action = action
        self.panel = ParametersPanel(state, editing, self)
        self.setWidget(self.panel)
        self.setTitleBarWidget(self._title())
        action.toggled.connect(self.setVisible)
        self.visibilityChanged.connect(self._on_visibility)
        self.hide()

    def _title(self) -> QWidget:
        bar = QWidget(self)
        bar.setAutoFillBackground(True)
        title = QLabel("PARAMETERS", bar)
        title.setProperty("role", "section")
        close = QToolButton(bar)
        close.setIcon(icon("x", "TEXT_SECONDARY"))
        close.setIconSize(QSize(14, 14))
        close.setFixedSize(24, 24)
        close.setStyleSheet("padding: 2px;")
        close.setToolTip(f"Hide the parameters  ({self._action.shortcut().toString()})")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(partial(self._action.setChecked, False))
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 2, 4, 0)
        row.setSpacing(10)
        row.addWidget(title)
        row.addWidget(self.panel.head, 1)
        row.addWidget(close)
        return bar

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing hides it."""
        super().closeEvent(event)
        self._action.setChecked(False)

    @Slot(bool)
    def _on_visibility(self, _visible: bool) -> None:
        # Behind another panel it is still there.
        self._action.setChecked(not self.isHidden())
