"""Palette, style sheet and icons."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import qtawesome
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QWidget
from qtawesome.iconic_font import IconicFont

from gui_app.style import colours as c

FONT_PIXELS = 13
SMALL_PIXELS = 12
ICON_PIXELS = 18


def style_sheet() -> str:
    """How widgets look, in the colours of the theme in use."""
    caret, caret_up, caret_on_accent, check = (
        _drawing(name) for name in ("caret", "caret_up", "caret_on_accent", "check")
    )
    return f"""
* {{ outline: none; }}
QMainWindow {{ background: {c.BACKGROUND}; }}
QDialog, QMessageBox {{ background: {c.PANEL}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QDialogButtonBox QPushButton {{ min-width: 56px; }}
QMessageBox QPushButton {{ min-width: 92px; }}
QMessageBox QLabel#qt_msgbox_label {{ font-weight: 600; }}
QTreeView, QListView {{ background: {c.BACKGROUND}; border: 1px solid {c.LINE}; border-radius: 6px; }}
QTreeView::item:selected, QListView::item:selected {{ background: {c.CHOSEN}; color: {c.TEXT}; }}
QHeaderView::section {{ background: {c.RAISED}; color: {c.TEXT_SECONDARY}; border: none; padding: 4px 8px; }}
QHeaderView::up-arrow, QHeaderView::down-arrow {{ width: 9px; height: 9px;
    subcontrol-position: center left; margin-left: 3px; }}
QHeaderView::up-arrow {{ image: url("{caret_up}"); }}
QHeaderView::down-arrow {{ image: url("{caret}"); }}
QMainWindow::separator {{ background: {c.BACKGROUND}; width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {c.LINE}; }}
QMenuBar {{ background: {c.PANEL}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 5px 10px; border-radius: 5px; background: transparent; color: {c.TEXT}; }}
QMenuBar::item:selected, QMenuBar::item:pressed {{ background: {c.RAISED}; }}
QMenu {{ background: {c.RAISED}; border: 1px solid {c.LINE}; border-radius: 8px; padding: 5px; }}
QMenu::item {{ padding: 6px 28px 6px 10px; border-radius: 5px; color: {c.TEXT}; }}
QMenu::item:selected {{ background: {c.HOVER}; }}
QMenu::item:disabled {{ color: {c.TEXT_DISABLED}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {c.LINE}; margin: 5px 8px; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::indicator {{ width: 14px; height: 14px; margin-left: 8px; }}
QMenu::indicator:checked {{ image: url("{check}"); }}
QMenu QLabel[role="section"] {{ padding: 6px 10px 3px 10px; }}
QToolBar {{ background: {c.PANEL}; border: none; border-bottom: 1px solid {c.LINE}; padding: 5px 8px;
    spacing: 3px; }}
QToolBar::separator {{ background: {c.LINE}; width: 1px; margin: 5px 7px; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px 8px;
    color: {c.TEXT}; }}
QToolButton:hover {{ background: {c.RAISED}; }}
QToolButton:pressed {{ background: {c.LINE}; }}
QToolButton:checked {{ background: {c.CHOSEN}; color: {c.ACCENT}; }}
QToolButton:disabled {{ color: {c.TEXT_DISABLED}; }}
QToolButton:focus {{ border-color: {c.ACCENT}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton[primary="true"] {{ background: {c.ACCENT}; color: {c.ON_ACCENT}; font-weight: 600;
    padding: 5px 12px; }}
QToolButton[primary="true"]:hover {{ background: {c.ACCENT_HOVER}; }}
QToolButton[primary="true"]:disabled {{ background: {c.RAISED}; color: {c.TEXT_DISABLED}; }}
QToolButton[primary="true"][popupMode="1"] {{ padding-right: 30px; }}
QToolButton::menu-button {{ border: none; border-left: 1px solid {c.ACCENT_LINE}; width: 22px;
    border-top-right-radius: 6px; border-bottom-right-radius: 6px; }}
QToolButton::menu-button:disabled {{ border-left-color: {c.LINE}; }}
QToolButton::menu-arrow {{ image: url("{caret}"); width: 12px; height: 12px; }}
QToolButton[primary="true"]::menu-arrow {{ image: url("{caret_on_accent}"); }}
QToolButton[primary="true"]::menu-arrow:disabled {{ image: url("{caret}"); }}
QPushButton {{ background: {c.RAISED}; border: 1px solid {c.LINE}; border-radius: 6px; padding: 6px 16px;
    color: {c.TEXT}; }}
QPushButton:hover {{ background: {c.BUTTON_HOVER}; }}
QPushButton:pressed {{ background: {c.LINE}; }}
QPushButton:focus {{ border-color: {c.ACCENT}; }}
QPushButton:default {{ background: {c.ACCENT}; border-color: {c.ACCENT}; color: {c.ON_ACCENT}; }}
QPushButton:default:hover {{ background: {c.ACCENT_HOVER}; }}
QPushButton:disabled {{ color: {c.TEXT_DISABLED}; }}
QDoubleSpinBox, QSpinBox, QComboBox, QLineEdit {{ background: {c.RAISED}; border: 1px solid {c.LINE};
    border-radius: 6px; padding: 4px 8px; color: {c.TEXT}; selection-background-color: {c.ACCENT};
    selection-color: {c.ON_ACCENT}; }}
QDoubleSpinBox:focus, QSpinBox:focus, QComboBox:focus, QLineEdit:focus {{ border-color: {c.ACCENT}; }}
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button, QSpinBox::up-button, QSpinBox::down-button
    {{ width: 0; border: none; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: url("{caret}"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {c.RAISED}; border: 1px solid {c.LINE}; padding: 4px;
    selection-background-color: {c.HOVER}; color: {c.TEXT}; }}
QSlider {{ min-height: 22px; }}
QSlider::groove:horizontal {{ height: 4px; background: {c.LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {c.ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
    background: {c.TEXT}; }}
QSlider::handle:horizontal:hover {{ background: {c.HANDLE_HOVER}; }}
QSlider::sub-page:horizontal:disabled {{ background: {c.LINE}; }}
QSlider::handle:horizontal:disabled {{ background: {c.TEXT_DISABLED}; }}
QMainWindow > QTabBar {{ background: {c.PANEL}; }}
QMainWindow > QTabBar::tab {{ background: {c.PANEL}; color: {c.TEXT_SECONDARY}; border: none;
    border-top: 2px solid transparent; padding: 6px 14px; }}
QMainWindow > QTabBar::tab:selected {{ color: {c.TEXT}; border-top-color: {c.ACCENT}; }}
QMainWindow > QTabBar::tab:hover:!selected {{ background: {c.RAISED}; }}
QDockWidget {{ color: {c.TEXT_SECONDARY}; }}
QStatusBar {{ background: {c.PANEL}; border-top: 1px solid {c.LINE}; color: {c.TEXT_SECONDARY};
    font-size: {SMALL_PIXELS}px; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {c.TEXT_SECONDARY}; font-size: {SMALL_PIXELS}px; }}
QToolTip {{ background: {c.RAISED}; color: {c.TEXT}; border: 1px solid {c.LINE}; padding: 5px 7px; }}
QLabel {{ color: {c.TEXT}; background: transparent; }}
QLabel[role="secondary"] {{ color: {c.TEXT_SECONDARY}; }}
QLabel[role="warning"] {{ color: {c.WARNING}; }}
QLabel[role="title"] {{ font-size: 20px; font-weight: 600; }}
QLabel[role="section"] {{ color: {c.TEXT_SECONDARY}; font-weight: 600; font-size: 11px; }}
QStatusBar QLabel[role="chip"] {{ background: {c.RAISED}; color: {c.TEXT}; border: 1px solid {c.LINE};
    border-radius: 9px; padding: 1px 9px; margin: 3px 0 3px 8px; }}
QStatusBar QLabel[role="chip"][kind="builtin"] {{ color: {c.WARNING}; border-color: {c.WARNING_LINE};
    background: {c.WARNING_GROUND}; }}
QFrame[role="message"] {{ background: {c.ERROR_GROUND}; border: none; border-bottom: 1px solid {c.ERROR}; }}
QFrame[role="offer"] {{ background: {c.PANEL}; border: none; border-bottom: 1px solid {c.ACCENT_LINE}; }}
QFrame[role="panel"] {{ background: {c.PANEL}; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 10px; }}
QScrollBar::handle:vertical {{ background: {c.LINE}; border-radius: 5px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QCheckBox {{ color: {c.TEXT}; spacing: 7px; }}
"""


def _drawing(name: str) -> str:
    """A style sheet takes pictures from files only, and one colour each."""
    return (Path(__file__).parent / f"{name}_{c.theme}.svg").as_posix()


def palette() -> QPalette:
    """The palette, for everything the style sheet does not reach."""
    roles = {
        QPalette.ColorRole.Window: c.PANEL,
        QPalette.ColorRole.WindowText: c.TEXT,
        QPalette.ColorRole.Base: c.BACKGROUND,
        QPalette.ColorRole.AlternateBase: c.PANEL,
        QPalette.ColorRole.Text: c.TEXT,
        QPalette.ColorRole.Button: c.RAISED,
        QPalette.ColorRole.ButtonText: c.TEXT,
        QPalette.ColorRole.BrightText: c.ERROR,
        QPalette.ColorRole.Highlight: c.ACCENT,
        QPalette.ColorRole.HighlightedText: c.ON_ACCENT,
        QPalette.ColorRole.ToolTipBase: c.RAISED,
        QPalette.ColorRole.ToolTipText: c.TEXT,
        QPalette.ColorRole.PlaceholderText: c.TEXT_SECONDARY,
        QPalette.ColorRole.Link: c.ACCENT,
        QPalette.ColorRole.Mid: c.LINE,
        QPalette.ColorRole.Dark: c.BACKGROUND,
        QPalette.ColorRole.Shadow: c.SHADOW,
    }
    result = QPalette()
    for role, colour in roles.items():
        result.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(c.TEXT_DISABLED))
    return result


def apply_theme(app: QApplication) -> None:
    """Gives the whole application the look of the theme in use."""
    app.setStyle("Fusion")
    app.setPalette(palette())
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(FONT_PIXELS)
    app.setFont(font)
    app.setStyleSheet(style_sheet())


@lru_cache(maxsize=1)
def _phosphor() -> IconicFont:
    """Phosphor alone: `qtawesome.icon` reads a dozen fonts at its first call, before the window is there."""
    return IconicFont(next(files for files in qtawesome._BUNDLED_FONTS if files[0] == "ph"))


class _Outlined(QIconEngine):
    """Looks up its colours when it is painted, so that icons follow the theme."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name, self._role = name, role

    def _icon(self) -> QIcon:
        colour = self._role if self._role.startswith("#") else c.of(self._role)
        return _phosphor().icon(
            f"ph.{self._name}", color=colour, color_disabled=c.TEXT_DISABLED, color_on=c.ACCENT
        )

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Paints it in its colour of now."""
        self._icon().paint(painter, rect, Qt.AlignmentFlag.AlignCenter, mode, state)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The same as a picture."""
        return self._icon().pixmap(size, mode, state)

    def clone(self) -> QIconEngine:
        """Another one like it."""
        return _Outlined(self._name, self._role)


def icon(name: str, role: str = "TEXT") -> QIcon:
    """An outlined icon of Phosphor, as ``folder-open``, in the colour of a role or ``#rrggbb``."""
    return QIcon(_Outlined(name, role))


def tabular(widget: QWidget) -> None:
    """Gives a widget digits of one width, so that changing numbers do not make it tremble."""
    font = QFont(widget.font())
    font.setFeature(QFont.Tag("tnum"), 1)
    widget.setFont(font)


def refresh_style(widget: QWidget) -> None:
    """Applies the style sheet anew after a property that it looks at has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
