"""The toolbar: files, fitting, views, and how the error is coloured."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from gui_app import colours
from gui_app.action_button import action_button
from gui_app.actions import Actions
from gui_app.fit_menu import fill_fit_menu
from gui_app.layers_button import LayersButton
from gui_app.state import AppState
from gui_app.theme import ICON_PIXELS, icon, tabular
from gui_app.view_buttons import CameraButton, ColourButton

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
        self._give_way = [self._add(actions.open, "Open"), self._add(actions.save, "Save fit")]
        self._full_width = 0
        self.addSeparator()
        self._fit = fit = self._add(actions.fit, "Fit all")
        actions.fit.changed.connect(self._darken_fit)
        self._darken_fit()
        fit.setProperty("primary", True)
        menu = QMenu(fit)
        fill_fit_menu(menu, actions)
        fit.setMenu(menu)
        fit.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self._give_way.append(self._add(actions.cancel, "Cancel"))
        self.addSeparator()
        self._add(actions.undo)
        self._add(actions.redo)
        self.addSeparator()
        for layout in actions.layouts:
            self._add(layout)
        self.addSeparator()
        self._add(actions.home)
        self._add(actions.follow)
        self.addWidget(CameraButton(actions, self))
        self.addSeparator()
        self.addWidget(ColourButton(state, actions, self))
        upto = QLabel("0 to", self)
        upto.setProperty("role", "secondary")
        upto.setContentsMargins(6, 0, 4, 0)
        self._upto = self.addWidget(upto)
        self._range = QDoubleSpinBox(self)
        self._range.setRange(LEAST_RANGE_MM, MOST_RANGE_MM)
        self._range.setDecimals(0)
        self._range.setSingleStep(5)
        self._range.setSuffix(" mm")
        self._range.setValue(state.range_mm)
        self._range.setFixedWidth(72)
        self._range.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._range.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._range.setToolTip("Error at the bright end of the colours (scroll or type)")
        self._range.valueChanged.connect(self._on_range)
        self._range.editingFinished.connect(self._range.clearFocus)
        tabular(self._range)
        self._range_field = self.addWidget(self._range)
        self.addWidget(LayersButton(state, actions, self))
        gap = QWidget(self)
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self._add(actions.parameters)
        self._add(actions.joints)
        self._add(actions.shortcuts)
        state.view_changed.connect(self._on_view)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window some words give way, so that all buttons are there."""
        if self._upto.isVisible():
            self._full_width = self.sizeHint().width()
        missing = self._full_width - self.width()
        self._upto.setVisible(missing <= 0 and self._range.isEnabled())
        style = Qt.ToolButtonStyle
        narrow = missing > self.widgetForAction(self._upto).sizeHint().width()
        for button in self._give_way:
            button.setToolButtonStyle(style.ToolButtonIconOnly if narrow else style.ToolButtonTextBesideIcon)
        super().resizeEvent(event)

    def _add(self, action: QAction, text: str = "") -> QToolButton:
        button = action_button(action, self, words=bool(text))
        if text:
            action.setIconText(text)
        self.addWidget(button)
        return button

    @Slot()
    def _darken_fit(self) -> None:
        # On the accent colour; in menus the same action has a light icon.
        self._fit.setIcon(icon("lightning", colours.ON_ACCENT))

    @Slot(float)
    def _on_range(self, value: float) -> None:
        self._state.set_view(range_mm=value)

    @Slot()
    def _on_view(self) -> None:
        with QSignalBlocker(self._range):
            self._range.setValue(self._state.range_mm)
        ranged = self._state.colouring == "error"
        self._range.setEnabled(ranged)
        # The longer words of other colours take its room.
        self._range_field.setVisible(ranged)
        self._upto.setVisible(ranged and self._full_width <= self.width())
