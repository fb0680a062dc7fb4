"""The dark theme and the light one: contrast, and a change while the window is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.app.start_page import START_FLAG
from gui_app.app.toolbar import Toolbar
from gui_app.app.view_controls import theme_of
from gui_app.document.actions import SPECS
from gui_app.document.preferences import Preferences
from gui_app.export.window_view import draw_still, view_of
from gui_app.scene.vtk_tools import LABEL_MARGIN
from gui_app.style import colours
from gui_app.style.colours import Theme
from gui_app.style.live_theme import switch_theme
from gui_app.style.theme import _phosphor, icon
from gui_app.widgets.labels import IconLabel
from tests.gui_app.conftest import FIT_MS

THEMES: tuple[Theme, ...] = ("dark", "light")
LEAST_CONTRAST = 4.5
# Words, and everything they stand on.
GROUNDS = {
    "TEXT": (
        "BACKGROUND", "PANEL", "RAISED", "LINE", "CHOSEN", "CHOSEN_HOVER", "HOVER", "BUTTON_HOVER",
        "ERROR_GROUND", "VIEW_TOP", "VIEW_BOTTOM",
    ),
    "TEXT_SECONDARY": ("BACKGROUND", "PANEL", "RAISED", "CHOSEN", "HOVER", "VIEW_TOP", "VIEW_BOTTOM"),
    "ACCENT": ("BACKGROUND", "PANEL", "RAISED", "CHOSEN"),
    "ON_ACCENT": ("ACCENT", "ACCENT_HOVER"),
    "WARNING": ("PANEL", "WARNING_GROUND"),
    "ERROR": ("PANEL",),
    "SOURCE_WORDS": ("VIEW_TOP",),
    "FIT_WORDS": ("VIEW_TOP",),
    "CURVE_MEAN": ("RAISED",),
    "CURVE_P95": ("RAISED",),
    "MAX_WORDS": ("RAISED",),
}  # fmt: skip


@pytest.fixture(autouse=True)
def dark_afterwards(qapp: QApplication) -> Iterator[None]:
    """The next test finds the theme as it is without settings."""
    yield
    switch_theme(qapp, "dark")


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    parts = np.array(colours.rgb_unit(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: str, other: str) -> float:
    """Contrast ratio after WCAG 2.2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_all_words_can_be_read(theme: Theme) -> None:
    pairs = [
        (words, colours.of(words, theme), colours.of(ground, theme))
        for words, grounds in GROUNDS.items()
        for ground in grounds
    ]
    colours.use(theme)
    pairs += [(f"pin {number}", pin, colours.RAISED) for number, pin in enumerate(colours.PINS)]
    colours.use("dark")
    faint = {f"{words} on {ground}": contrast(colour, ground) for words, colour, ground in pairs}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < LEAST_CONTRAST} == {}


def test_the_themes_have_the_same_roles() -> None:
    roles = {name for name in vars(colours) if name.isupper() and not name.startswith("_")}
    dark = {name: vars(colours)[name] for name in roles}
    colours.use("light")
    kept = {name for name in roles if vars(colours)[name] == dark[name]}
    colours.use("dark")
    # What bodies and edges are told apart by needs no other hue on a light ground.
    assert kept == {"PARTS", "INVALID_SKIN", "EDGES"}
    assert {name: vars(colours)[name] for name in roles} == dark


def test_the_system_is_followed_where_it_says_something() -> None:
    assert theme_of("system", Qt.ColorScheme.Light) == "light"
    assert theme_of("system", Qt.ColorScheme.Dark) == "dark"
    assert theme_of("system", Qt.ColorScheme.Unknown) == "dark"
    assert theme_of("light", Qt.ColorScheme.Dark) == "light"


def bright(widget: QWidget) -> float:
    """The share of bright pixels of what a widget shows."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return float((rows[:, : image.width()] > 127).mean())


def view(window: MainWindow) -> np.ndarray:
    """(height, width, 3) of the 3D view as it was drawn last."""
    return np.asarray(window.viewport.plotter.screenshot(return_img=True), int)


def test_the_icon_of_every_action_is_one_of_the_font(qapp: QApplication) -> None:
    known = _phosphor().charmap["ph"]
    assert {name: spec.icon for name, spec in SPECS.items() if spec.icon and spec.icon not in known} == {}


def test_an_icon_takes_the_colour_of_its_role_as_it_is_now(qtbot: QtBot, qapp: QApplication) -> None:
    label = IconLabel(icon("square", "ERROR"), 32)
    qtbot.addWidget(label)
    for theme in THEMES:
        switch_theme(qapp, theme)
        image = label.grab().toImage()
        seen = {image.pixelColor(x, y).name() for x in range(32) for y in range(32)}
        assert QColor(colours.ERROR).name() in seen


def test_another_theme_while_the_window_is_open(fitted: MainWindow, qtbot: QtBot) -> None:
    actions, viewport = fitted.actions_, fitted.viewport
    qtbot.waitUntil(lambda: fitted.state.document.analysis is not None, timeout=FIT_MS)
    actions.parameters.trigger()
    fitted.state.playback.set_frame(5)
    fitted.state.playback.set_selection((3, 9))
    qtbot.waitUntil(lambda: viewport.scene.frame == 5, timeout=FIT_MS)
    qtbot.waitUntil(lambda: fitted.panels.parameters.panel.frame.text().endswith("5"), timeout=FIT_MS)
    shown = (
        fitted.menuBar(), fitted.findChild(Toolbar), fitted.statusBar(), fitted.panels.parameters,
        fitted.timeline.transport, fitted.timeline.why, fitted.timeline.curves,
    )  # fmt: skip
    camera = np.array(viewport.plotter.renderers[0].camera.position)
    pictured = (*shown, fitted.timeline.strip, fitted.timeline.marks)
    before = [widget.grab().toImage() for widget in pictured]
    assert max(bright(widget) for widget in shown) < 0.3
    actions.theme_light.trigger()
    qtbot.waitUntil(lambda: min(bright(widget) for widget in shown) > 0.7)
    qtbot.waitUntil(lambda: np.abs(view(fitted)[2, -3] - colours.rgb(colours.VIEW_TOP)).max() <= 3)
    red, _, blue = np.moveaxis(view(fitted), 2, 0)
    assert (red - blue > 30).mean() > 0.005, "no skin"
    assert viewport.scene.frame == 5
    assert np.allclose(viewport.plotter.renderers[0].camera.position, camera)
    clear = draw_still(view_of(viewport, fitted.state), 1, transparent=True)
    assert clear[2, 2, 3] == 0
    # Nothing is behind words either: they are there, and more than half of the room about them is not.
    margin = round(LABEL_MARGIN * viewport.devicePixelRatioF())
    corner = clear[margin + 2 : margin + 10, margin : margin + 100, 3]
    assert corner.max() > 200
    assert (corner == 0).mean() > 0.4
    actions.theme_dark.trigger()
    qtbot.waitUntil(lambda: [widget.grab().toImage() for widget in pictured] == before)


def test_the_theme_is_remembered_and_follows_the_system(
    make_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    Preferences().store(START_FLAG, False)
    first = make_window(None, wait=False)
    first.actions_.theme_light.trigger()
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible(), timeout=FIT_MS)
    switch_theme(QApplication.instance(), "dark")
    second = make_window(None, wait=False)
    assert colours.theme == "light"
    assert second.actions_.theme_light.isChecked()
    second.actions_.theme_system.trigger()
    for scheme, theme in ((Qt.ColorScheme.Dark, "dark"), (Qt.ColorScheme.Light, "light")):
        QGuiApplication.styleHints().colorSchemeChanged.emit(scheme)
        assert colours.theme == theme
    second.actions_.theme_dark.trigger()
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert colours.theme == "dark"


def test_the_toolbar_fits_narrow_windows(window: MainWindow, qtbot: QtBot) -> None:
    toolbar = window.findChild(Toolbar)
    more = toolbar.findChild(QToolButton, "qt_toolbar_ext_button")
    last = toolbar.widgetForAction(toolbar.actions()[-2])
    # A longer word on one of the buttons counts, too.
    for colouring in (window.actions_.colour_error, window.actions_.colour_invalid):
        colouring.trigger()
        for width in (1600, 1280, 900, 1280):
            window.resize(width, 720)
            qtbot.waitUntil(lambda width=width: toolbar.width() == width)
            qtbot.waitUntil(lambda: not more.isVisible() and last.geometry().right() < toolbar.width())
    for button in toolbar.findChildren(QToolButton):
        action = button.defaultAction()
        if action is not None and not action.shortcut().isEmpty():
            assert action.shortcut().toString() in button.toolTip()
