"""The panel of the mask beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QToolButton, QWidget

from gui_app.actions import Actions
from gui_app.joints_dock import MOST_WIDTH
from gui_app.mask_figures import MaskFigures
from gui_app.mask_painting import MaskPainting
from gui_app.mask_panel import MaskPanel
from gui_app.mask_preview import MaskPreview
from gui_app.preferences import Preferences
from gui_app.state import AppState
from gui_app.theme import icon


class MaskDock(QDockWidget):
    """Stands on the right. While it is in front, the fit's skin shows the mask."""

    def __init__(
        self,
        state: AppState,
        painting: MaskPainting,
        preview: MaskPreview,
        figures: MaskFigures,
        preferences: Preferences,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Mask", parent)
        self.setObjectName("mask")
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self.setAllowedAreas(Qt.DockWidgetArea.RightDockWidgetArea)
        self._painting, self._action = painting, actions.mask
        self.panel = MaskPanel(state, painting, preview, figures, preferences, actions, self)
        self.setWidget(self.panel)
        self.setMaximumWidth(MOST_WIDTH)
        self.setTitleBarWidget(self._title())
        self._action.toggled.connect(self._on_action)
        self.visibilityChanged.connect(self._on_visibility)
        self.hide()

    def _title(self) -> QWidget:
        bar = QWidget(self)
        bar.setAutoFillBackground(True)
        title = QLabel("MASK", bar)
        title.setProperty("role", "section")
        close = QToolButton(bar)
        close.setIcon(icon("x", "TEXT_SECONDARY"))
        close.setIconSize(QSize(14, 14))
        close.setFixedSize(24, 24)
        close.setStyleSheet("padding: 2px;")
        close.setToolTip(f"Hide the mask  ({self._action.shortcut().toString()})")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(partial(self._action.setChecked, False))
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 2, 4, 0)
        row.setSpacing(10)
        row.addWidget(title)
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
        self._painting.set_active(shown)

    @Slot(bool)
    def _on_visibility(self, visible: bool) -> None:
        # Behind another panel it is still there, but the skin has its own colours and the brush is down.
        self._action.setChecked(not self.isHidden())
        self._painting.set_active(visible and not self.isHidden())
