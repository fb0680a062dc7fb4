"""Every control is reached by Tab and has a name; menus, Escape and the space bar do as elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QMenu,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.actions import SPECS, tip_with_keys
from gui_app.document.inspect_selection import PAGES_OF
from gui_app.document.run_status import RunStatus
from gui_app.widgets.name_field import NameField
from gui_app.widgets.panels import PANELS
from tests.gui_app.conftest import FIT_MS

CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QTabBar,
)  # fmt: skip
PARTS = (QScrollBar, QHeaderView)
LOW_SCREEN = 690
"""Pixels that a screen of 720 has beside a taskbar, about."""


def controls(window: MainWindow) -> Iterator[QWidget]:
    """What can be worked with and is seen; not the parts that such controls are made of."""
    for widget in window.findChildren(QWidget):
        whole = not isinstance(widget, PARTS) and not isinstance(
            widget.parent(), (QAbstractSpinBox, QComboBox, QLineEdit)
        )
        if isinstance(widget, CONTROLS) and whole and widget.isVisible():
            yield widget


def wanting(window: MainWindow) -> list[str]:
    """Those that Tab does not reach, or that have no name to be read out."""
    QApplication.processEvents()
    found = []
    for widget in controls(window):
        name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
        if isinstance(widget, QTabBar) and not widget.count():
            continue
        if isinstance(widget, QTabBar):
            # Its tabs are what is read.
            name = " ".join(filter(None, map(widget.tabText, range(widget.count()))))
        tabbed = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if not tabbed or not name.strip():
            found.append(
                f"{type(widget).__name__} “{name}” {widget.toolTip()[:40]} of {type(widget.parent())}"
            )
    return found


def test_every_control_is_reached_by_tab_and_has_a_name(fitted: MainWindow, qtbot: QtBot) -> None:
    window = fitted
    window.resize(1500, 950)
    assert wanting(window) == []
    window.state.playback.set_selection((3, 9))
    for panel, action in zip(PANELS, window.actions_.panels, strict=True):
        action.setChecked(True)
        assert wanting(window) == [], action.text()
        if action is window.actions_.stages:
            for card in window.panels.stages.panel.cards:
                card.open_up(True)
            assert wanting(window) == []
        for page in PAGES_OF.get(panel.name, ()):
            window.inspection.set_page(page)
            qtbot.wait(20)
            assert wanting(window) == [], page
        if action is window.actions_.parameters:
            for place in range(window.panels.parameters.panel.tabs.buttons().__len__()):
                window.panels.parameters.panel.tabs.button(place).click()
                assert wanting(window) == [], place
        action.setChecked(False)
    window.show_start_page()
    assert wanting(window) == []


def test_menus_open_by_their_letters_and_escape_leaves_the_start_page(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    titles = [action.text() for action in window.menuBar().actions()]
    letters = [title[title.index("&") + 1].lower() for title in titles]
    assert len(set(letters)) == len(letters), titles
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QMenu)
    assert popup.title() == "&File"
    popup.close()
    assert QApplication.activePopupWidget() is None
    qtbot.keyClick(window, Qt.Key.Key_F10)
    assert window.menuBar().activeAction() is window.menuBar().actions()[0]
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()

    window.show_start_page()
    qtbot.waitUntil(window.welcome.isVisible, timeout=FIT_MS)
    focused = window.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, Qt.Key.Key_Escape)
    qtbot.waitUntil(window.viewport.isVisible, timeout=FIT_MS)


def test_no_menu_is_higher_than_a_small_screen(window: MainWindow) -> None:
    for action in window.menuBar().actions():
        menu = action.menu()
        assert isinstance(menu, QMenu)
        menu.aboutToShow.emit()
        assert menu.sizeHint().height() <= LOW_SCREEN, action.text()


def test_where_a_control_goes_the_keyboard_comes_back_to_the_bodies(fitted: MainWindow, qtbot: QtBot) -> None:
    window, actions = fitted, fitted.actions_
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    actions.problems.trigger()
    panel = window.panels.problems.panel
    qtbot.waitUntil(panel.search.isVisible, timeout=FIT_MS)
    panel.search.setFocus()
    qtbot.waitUntil(panel.search.hasFocus, timeout=FIT_MS)
    panel.search.hide()
    qtbot.wait(20)
    # Within the panel it goes on from there.
    assert window.panels.dock("problems").isAncestorOf(window.focusWidget())
    panel.search.show()
    panel.search.setFocus()
    actions.problems.trigger()
    qtbot.waitUntil(window.viewport.hasFocus, timeout=FIT_MS)

    qtbot.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: isinstance(window.focusWidget(), QLineEdit), timeout=FIT_MS)
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(window.viewport.hasFocus, timeout=FIT_MS)
    assert len(window.state.document.markers) == 1
    qtbot.keyClick(window.viewport, Qt.Key.Key_Space)
    assert window.state.playback.playing


def test_a_field_that_is_left_for_another_one_leaves_it_the_keyboard(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    """It hides because it is left; what was clicked has the keyboard, and not the bodies."""
    window = fitted
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    window.actions_.problems.trigger()
    search = window.panels.problems.panel.search
    qtbot.waitUntil(search.isVisible, timeout=FIT_MS)
    window.viewport.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: isinstance(window.focusWidget(), NameField), timeout=FIT_MS)
    field = window.focusWidget()
    qtbot.mouseClick(search, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(field.isHidden, timeout=FIT_MS)
    qtbot.wait(20)
    assert search.hasFocus()
    assert len(window.state.document.markers) == 1


@pytest.mark.parametrize("tabbed", [False, True])
def test_the_space_bar_plays_unless_a_button_has_the_keyboard(
    window: MainWindow, qtbot: QtBot, tabbed: bool
) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    loops = window.actions_.loop.isChecked()
    button = next(
        one
        for one in window.findChildren(QAbstractButton)
        if getattr(one, "defaultAction", lambda: None)() is window.actions_.loop
    )
    if tabbed:
        button.setFocus(Qt.FocusReason.TabFocusReason)
        assert window.focusWidget() is button
        qtbot.keyClick(button, Qt.Key.Key_Space)
    else:
        # A click leaves the keyboard with the bodies.
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert window.focusWidget() is window.viewport
        qtbot.keyClick(window.viewport, Qt.Key.Key_Space)
    assert window.actions_.loop.isChecked() is not loops
    assert window.state.playback.playing is not tabbed
    window.viewport.setFocus()
    assert [key.toString() for key in window.actions_.play.shortcuts()] == ["Space"]


def silent(window: MainWindow) -> list[str]:
    """Actions that cannot be done now and do not say why: their tooltip is what they do."""
    actions = {name: getattr(window.actions_, name) for name in SPECS}
    return [
        name
        for name, action in actions.items()
        if action.isVisible()
        and not action.isEnabled()
        and action.toolTip() == tip_with_keys(SPECS[name], SPECS[name].tip or SPECS[name].text)
    ]


def test_whatever_cannot_be_done_says_why(
    make_window: Callable[..., MainWindow], fitted: MainWindow, qtbot: QtBot
) -> None:
    empty = make_window(None, wait=False)
    empty.opening.cancel()
    assert empty.state.document.opened is None
    assert not empty.actions_.front.isEnabled()
    assert silent(empty) == []
    assert empty.actions_.front.toolTip() == "<qt>Open a motion first: Ctrl+O  (1)</qt>"
    assert fitted.actions_.front.toolTip() == "See the body from the front  (1)"
    assert silent(fitted) == []
    for panel in PANELS:
        fitted.actions_.panel(panel.name).setChecked(True)
        qtbot.wait(20)
    fitted.state.activity.set_run(RunStatus("running"))
    assert not fitted.actions_.fit.isEnabled()
    assert silent(fitted) == []
    fitted.state.activity.set_run(RunStatus())
