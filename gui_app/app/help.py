"""The Help menu: the manual, the list of shortcuts, the log, and what this program is."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui_app.app.log_buffer import LogSheet
from gui_app.document.actions import SPECS, Actions
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.style.live_theme import set_sheet
from gui_app.widgets.docks import scrolled

if TYPE_CHECKING:
    from gui_app.manual.window import Manual

MOUSE = (
    ("Turn", "left drag"),
    ("Move", "Shift + left drag"),
    ("Zoom", "wheel, right drag"),
    ("Pin a vertex of the fit", "click on it"),
    ("Measure, once D is on", "click on two points"),
    ("Turn about a point", "double click on a body"),
    ("Go to a frame", "click or drag the timeline"),
    ("Select frames", "Shift + drag the timeline, drag its brackets"),
    ("Zoom the timeline", "wheel on it"),
    ("All frames again", "double click"),
)
AROUND = 72
"""Pixels beside and between the shortcuts and the borders of the window."""


def in_columns(most: int) -> list[list[str]]:
    """Every section with keys, in the order of the actions, and the mouse last, in ``most`` columns or fewer
    of about the same height. A section stays whole."""
    lines: dict[str, int] = {}
    for spec in SPECS.values():
        if spec.keys:
            lines[spec.section] = lines.get(spec.section, 1) + 1
    lines["Mouse"] = 1 + len(MOUSE)
    for height in range(max(lines.values()), sum(lines.values()) + 1):
        columns: list[list[str]] = [[]]
        full = 0
        for section, count in lines.items():
            if columns[-1] and full + count > height:
                columns.append([])
                full = 0
            columns[-1].append(section)
            full += count
        if len(columns) <= max(most, 1):
            break
    return columns


def _section(title: str) -> QLabel:
    label = QLabel(title.upper())
    label.setProperty("role", "section")
    label.setContentsMargins(0, 8, 0, 0)
    return label


def _key(text: str) -> QLabel:
    label = QLabel(text)
    set_sheet(label, "background: $RAISED; border: 1px solid $LINE; border-radius: 5px; padding: 2px 7px;")
    return label


class _Sheet(QDialog):
    """A dialog with a Close button that Escape presses too."""

    def __init__(self, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(24, 20, 24, 18)
        self.column.setSpacing(16)

    def add_close(self) -> None:
        """The button goes last."""
        button = QPushButton("Close", self)
        button.setDefault(True)
        button.clicked.connect(self.reject)
        self.column.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)


class Shortcuts(_Sheet):
    """Every key and mouse gesture, in as many columns as the window has room for; scrolled where they are
    higher than it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Keyboard shortcuts", parent)
        room = QGuiApplication.primaryScreen().availableGeometry().size()
        if parent is not None:
            room = room.boundedTo(parent.size())
        columns = len(in_columns(len(SPECS)))
        page = self._page(columns)
        while columns > 1 and page.sizeHint().width() + AROUND > room.width():
            columns -= 1
            page = self._page(columns)
        self.column.addWidget(scrolled(page, self), 1)
        self.add_close()
        wanted = page.sizeHint() + QSize(AROUND, 2 * AROUND)
        self.resize(wanted.width(), min(wanted.height(), room.height() - AROUND))

    def _page(self, columns: int) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 12, 0)
        row.setSpacing(16)
        for sections in in_columns(columns):
            grid = QGridLayout()
            grid.setHorizontalSpacing(9)
            grid.setVerticalSpacing(3)
            for section in sections:
                if section == "Mouse":
                    self._fill_mouse(grid)
                else:
                    self._fill(grid, section)
            grid.setRowStretch(grid.rowCount(), 1)
            row.addLayout(grid)
        return page

    def _fill(self, grid: QGridLayout, section: str) -> None:
        grid.addWidget(_section(section), grid.rowCount(), 0)
        for spec in SPECS.values():
            if spec.section == section and spec.keys:
                line = grid.rowCount()
                grid.addWidget(QLabel(spec.text), line, 0)
                keys = QHBoxLayout()
                keys.setSpacing(4)
                for key in spec.keys:
                    keys.addWidget(_key(QKeySequence(key).toString()))
                keys.addStretch(1)
                grid.addLayout(keys, line, 1)

    def _fill_mouse(self, grid: QGridLayout) -> None:
        grid.addWidget(_section("Mouse"), grid.rowCount(), 0)
        for what, how in MOUSE:
            line = grid.rowCount()
            grid.addWidget(QLabel(what), line, 0)
            gesture = QLabel(how)
            gesture.setProperty("role", "secondary")
            grid.addWidget(gesture, line, 1)


class About(_Sheet):
    """Versions and the bodies in use."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("About Refit", parent)
        from core import __version__

        title = QLabel(f"Refit {__version__}")
        title.setProperty("role", "title")
        self.column.addWidget(title)
        words = QLabel("Shows human motion in SMPL or SMPL-H beside its SMPL-X fit.")
        words.setProperty("role", "secondary")
        self.column.addWidget(words)
        grid = QGridLayout()
        grid.setHorizontalSpacing(22)
        grid.setVerticalSpacing(6)
        for name, value in (*bodies_lines(document), *version_lines()):
            line = grid.rowCount()
            left = QLabel(name)
            left.setProperty("role", "secondary")
            right = QLabel(value)
            right.setTextFormat(Qt.TextFormat.PlainText)
            right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            right.setMaximumWidth(460)
            right.setWordWrap(True)
            grid.addWidget(left, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(right, line, 1)
        grid.setColumnStretch(1, 1)
        self.column.addLayout(grid)
        self.add_close()


def bodies_lines(document: Document) -> list[tuple[str, str]]:
    """Name and value of each line about the bodies."""
    if document.opened is None:
        return [("Bodies", "none loaded: open a motion")]
    bodies = document.opened.bodies
    lines = [("Bodies", bodies.label)]
    for title, body in (("Source", bodies.source), ("Fit", bodies.target)):
        lines.append((title, f"{body.name} · {body.num_vertices:,} vertices · {body.sha256[:12]}"))
    return lines


def version_lines() -> list[tuple[str, str]]:
    """Versions of what the window stands on."""
    lines = [("Python", platform.python_version())]
    for package in ("PySide6-Essentials", "vtk", "pyvista", "pyvistaqt", "torch", "numpy"):
        try:
            lines.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            continue
    return lines


# What the Help menu opens: the manual, and sheets of keys, versions and the log.


class HelpActions(QObject):
    """Opens each of them over the window."""

    def __init__(self, document: Document, activity: Activity, actions: Actions, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._activity, self._window = document, activity, window
        self._manual: Manual | None = None
        actions.manual.triggered.connect(self._show_manual)
        actions.shortcuts.triggered.connect(self._show_shortcuts)
        actions.about.triggered.connect(self._show_about)
        actions.log.triggered.connect(self._show_log)

    @Slot()
    def _show_manual(self) -> None:
        from core.errors import RefitError
        from gui_app.manual.window import Manual

        if self._manual is None:
            try:
                self._manual = Manual(self._window)
            except RefitError as error:
                self._activity.fail(str(error))
                return
        self._manual.show()
        self._manual.raise_()
        self._manual.activateWindow()

    @Slot()
    def _show_shortcuts(self) -> None:
        _show(Shortcuts(self._window))

    @Slot()
    def _show_about(self) -> None:
        _show(About(self._document, self._window))

    @Slot()
    def _show_log(self) -> None:
        _show(LogSheet(self._window))


def _show(sheet: QDialog) -> None:
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    sheet.show()
