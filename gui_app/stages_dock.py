"""The stages panel beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from gui_app.stages_panel import StagesPanel
from gui_app.theme import icon


class StagesDock(QDockWidget):
    """Stands on the left; hidden until it is asked for."""

    def __init__(self, panel: StagesPanel, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__("Stages", parent)
        self.setObjectName("stages")
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea)
        self._action = action
        self.panel = panel
        self.setWidget(self.panel)
        self.setTitleBarWidget(self._title())
        action.toggled.connect(self.setVisible)
        self.visibilityChanged.connect(self._on_visibility)
        self.hide()

    def _title(self) -> QWidget:
        bar = QWidget(self)
        bar.setAutoFillBackground(True)
        title = QLabel("STAGES", bar)
        title.setProperty("role", "section")
        close = QToolButton(bar)
        close.setIcon(icon("x", "TEXT_SECONDARY"))
        close.setIconSize(QSize(14, 14))
        close.setFixedSize(24, 24)
        close.setStyleSheet("padding: 2px;")
        close.setToolTip(f"Hide the stages  ({self._action.shortcut().toString()})")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(partial(self._action.setChecked, False))
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 2, 4, 0)
        row.setSpacing(10)
        row.addWidget(title)
        row.addStretch(1)
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
