"""What is drawn: a menu of the toolbar that stays open while one ticks."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QWidget, QWidgetAction

from gui_app.actions import Actions
from gui_app.state import AppState
from gui_app.theme import tabular
from gui_app.view_buttons import MenuButton
from gui_app.view_options import LEAST_OPACITY

TIP = "What is drawn of the bodies and around them (W: wireframe, B: skeleton)"


class TickMenu(QMenu):
    """Ticking an entry does not close it."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ticks, or does what menus do."""
        action = self.activeAction()
        if action is not None and action.isCheckable() and action.isEnabled():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)


class OpacityRow(QWidget):
    """The slider for how dense the skin is."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(round(100 * LEAST_OPACITY), 100)
        self.slider.setFixedWidth(110)
        self.slider.setToolTip("How dense the skin is, in per cent")
        self.slider.valueChanged.connect(self._on_slider)
        self._figure = QLabel("100 %", self)
        self._figure.setFixedWidth(self._figure.fontMetrics().horizontalAdvance("100 %") + 4)
        self._figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tabular(self._figure)
        row = QHBoxLayout(self)
        row.setContentsMargins(32, 2, 14, 4)
        row.setSpacing(8)
        title = QLabel("opacity", self)
        title.setProperty("role", "secondary")
        for widget in (title, self.slider, self._figure):
            row.addWidget(widget)
        state.view_changed.connect(self._on_view)
        self._on_view()

    @Slot(int)
    def _on_slider(self, per_cent: int) -> None:
        self._state.set_view(layers=replace(self._state.layers, opacity=per_cent / 100))

    @Slot()
    def _on_view(self) -> None:
        layers = self._state.layers
        per_cent = round(100 * layers.opacity)
        with QSignalBlocker(self.slider):
            self.slider.setValue(per_cent)
        self.slider.setEnabled(layers.skin)
        self._figure.setText(f"{per_cent} %")


class LayersButton(MenuButton):
    """Skin, edges, skeleton, ground and path."""

    def __init__(self, state: AppState, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Layers", "stack", TIP, parent)
        menu = TickMenu(self)
        self.setMenu(menu)
        self.opacity = OpacityRow(state, menu)
        row = QWidgetAction(menu)
        row.setDefaultWidget(self.opacity)
        skin, *others = actions.layers
        menu.addAction(skin)
        menu.addAction(row)
        menu.addActions(others)
