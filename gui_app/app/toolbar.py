"""The toolbar: files, fitting, views, and how the error is coloured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QAction, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolBar,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from gui_app.app.fit_menu import fill_fit_menu
from gui_app.app.view_buttons import CameraButton, ColourButton
from gui_app.document.actions import Actions
from gui_app.document.state import AppState
from gui_app.scene.view_options import LEAST_OPACITY
from gui_app.style.theme import ICON_PIXELS, icon, tabular
from gui_app.widgets.buttons import MenuButton, action_button
from gui_app.widgets.panels import PANELS

# What is drawn: a menu of the toolbar that stays open while one ticks.

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
        state.view.changed.connect(self._on_view)
        self._on_view()

    @Slot(int)
    def _on_slider(self, per_cent: int) -> None:
        self._state.view.change(layers=replace(self._state.view.layers, opacity=per_cent / 100))

    @Slot()
    def _on_view(self) -> None:
        layers = self._state.view.layers
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


LEAST_RANGE_MM, MOST_RANGE_MM = 1.0, 200.0


class Toolbar(QToolBar):
    """Stays where it is; the menus hold the same actions."""

    def __init__(self, state: AppState, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Toolbar", parent)
        self._state = state
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(ICON_PIXELS, ICON_PIXELS))
        on_left = self._add_panels(actions, "left")
        self.addSeparator()
        open_, save = self._add(actions.open, "Open"), self._add(actions.save_session, "Save")
        self.addSeparator()
        self._fit = fit = self._add(actions.fit, "Fit all")
        actions.fit.changed.connect(self._darken_fit)
        self._darken_fit()
        fit.setProperty("primary", True)
        menu = QMenu(fit)
        fill_fit_menu(menu, actions)
        fit.setMenu(menu)
        fit.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        cancel = self._add(actions.cancel, "Cancel")
        back = [self.addSeparator()]
        back += [self.addWidget(action_button(action, self)) for action in (actions.undo, actions.redo)]
        self.addSeparator()
        for layout in actions.layouts:
            self._add(layout)
        compare = [self.addWidget(action_button(actions.compare, self))]
        self.addSeparator()
        near = [self.addWidget(action_button(action, self)) for action in (actions.home, actions.follow)]
        camera, colour = CameraButton(actions, self), ColourButton(state, actions, self)
        self.addWidget(camera)
        self.addSeparator()
        self.addWidget(colour)
        upto = QLabel("0 to", self)
        upto.setProperty("role", "secondary")
        upto.setContentsMargins(6, 0, 4, 0)
        range_ = [self.addWidget(upto)]
        self._range = QDoubleSpinBox(self)
        self._range.setAccessibleName("Range of the colours")
        self._range.setRange(LEAST_RANGE_MM, MOST_RANGE_MM)
        self._range.setDecimals(0)
        self._range.setSingleStep(5)
        self._range.setSuffix(" mm")
        self._range.setValue(state.view.range_mm)
        self._range.setFixedWidth(72)
        self._range.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._range.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._range.setToolTip("Millimetres at the far end of the colours (scroll or type)")
        self._range.valueChanged.connect(self._on_range)
        self._range.editingFinished.connect(self._range.clearFocus)
        tabular(self._range)
        range_.append(self.addWidget(self._range))
        self._range_places = range_
        layers = LayersButton(state, actions, self)
        self.addWidget(layers)
        gap = QWidget(self)
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        on_right = self._add_panels(actions, "right")
        keys = [self.addWidget(action_button(actions.shortcuts, self))]
        # What gives way first stands first, icons that everybody knows; the menus have all of it.
        self._giving_way: list[Callable[[bool], None]] = [
            *(partial(_speak, button) for button in (cancel, save, open_)),
            camera.set_spoken, layers.set_spoken,
            *(partial(_speak, button) for button in (*reversed(on_right), *on_left)),
            colour.set_spoken, partial(_show_all, range_), partial(_show_all, near),
            partial(_show_all, keys), partial(_show_all, compare), partial(_show_all, back),
            partial(_speak, fit),
        ]  # fmt: skip
        state.view.changed.connect(self._on_view)

    def _add(self, action: QAction, text: str = "") -> QToolButton:
        button = action_button(action, self, words=bool(text))
        if text:
            action.setIconText(text)
        self.addWidget(button)
        return button

    def _add_panels(self, actions: Actions, side: str) -> list[QToolButton]:
        """Buttons of the panels that open first on a side, where they stand in the window."""
        return [
            self._add(action, panel.title)
            for panel, action in zip(PANELS, actions.panels, strict=True)
            if panel.on_toolbar and panel.side == side
        ]

    @Slot()
    def _darken_fit(self) -> None:
        # On the accent colour; in menus the same action has a light icon.
        self._fit.setIcon(icon("lightning", "ON_ACCENT"))

    @Slot(float)
    def _on_range(self, value: float) -> None:
        self._state.view.set_scale_end(value)

    @Slot()
    def _on_view(self) -> None:
        end = self._state.view.scale_end_mm
        with QSignalBlocker(self._range):
            self._range.setValue(self._state.view.range_mm if end is None else end)
        self._range.setEnabled(end is not None)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shows as much as there is room for."""
        super().resizeEvent(event)
        self._make_room()

    def showEvent(self, event: QShowEvent) -> None:
        """Only now all sizes are known."""
        super().showEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        for show in self._giving_way:
            show(True)
        if not self._range.isEnabled():
            # The longer words of other colours take its room.
            _show_all(self._range_places, False)
        layout = self.layout()
        assert layout is not None
        for show in self._giving_way:
            layout.invalidate()
            if layout.sizeHint().width() <= self.width():
                break
            show(False)


def _speak(button: QToolButton, spoken: bool) -> None:
    style = Qt.ToolButtonStyle
    button.setToolButtonStyle(style.ToolButtonTextBesideIcon if spoken else style.ToolButtonIconOnly)


def _show_all(widgets: list[QAction], shown: bool) -> None:
    for widget in widgets:
        widget.setVisible(shown)
