"""The start page: what Refit is, what can be opened, and where bodies come from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QRect, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.files.builtin_files import builtin_by_title
from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.files.models_choice import ModelsChoice
from gui_app.style.live_theme import on_theme_change, set_sheet
from gui_app.style.theme import icon
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.text import building_words, menu_words, path_tip

READING = "Source and fit appear here side by side."
WHAT = (
    "See human motion in SMPL, SMPL-H or SMPL-X beside its fit by another of these bodies, find the frames "
    "that are off, fit them again."
)
BUILTIN = (
    "Refit comes with free bodies in the layout of SMPL, SMPL-H and SMPL-X. They are for trying it out; "
    "results to publish need the licensed models."
)
HOLDS = (
    ("smplh/male/model.npz", 'from <a href="https://mano.is.tue.mpg.de">mano.is.tue.mpg.de</a>'),
    ("smplx/SMPLX_MALE.npz", 'from <a href="https://smpl-x.is.tue.mpg.de">smpl-x.is.tue.mpg.de</a>'),
    ("transfer/smplh2smplx_deftrafo_setup.pkl", "SMPL-X model transfer data"),
    ("transfer/smplx_mask_ids.npy", "SMPL-X model transfer data"),
)
MOTION_COLUMNS = (3, 2)
MOST_RECENT = 5
COLUMN_WIDTH, LEAST_WIDTH = 440, 240
MOST_OF_A_NAME, MOST_HEIGHT = 400, 400
APART, LEAST_APART, BELOW = 64, 20, 18
"""Between the two columns; between their parts where they stand below each other."""
RECENT_STYLE = (
    "QPushButton { background: transparent; border: none; text-align: left; padding: 2px 0; color: $ACCENT; }"
    " QPushButton:hover { text-decoration: underline; }"
)
START_FLAG = "open_at_start"


class Welcome(QWidget):
    """In the place of the bodies while there are none, and by Help ▸ Start page."""

    left = Signal()

    def __init__(
        self,
        state: AppState,
        actions: Actions,
        preferences: Preferences,
        models: ModelsChoice,
        open_path: Callable[[Path], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._preferences, self._models, self._open = state, preferences, models, open_path
        self._title = QLabel("", self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setProperty("role", "title")
        self._words = _secondary("", self)
        _break_lines(self._words)
        self._words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._page = QWidget(self)
        self._motions: list[QPushButton] = []
        self.motions = QGridLayout()
        self.motions.setSpacing(8)
        self.recent = QVBoxLayout()
        self.recent.setSpacing(4)
        self._recent_title = _section("Recent", self)
        self.found = _secondary("", self)
        _break_lines(self.found)
        self._back = QPushButton("", self)
        self._back.setIcon(icon("arrow-left"))
        self._back.clicked.connect(self.left)
        self._at_start = QCheckBox("Open a built-in motion at start", self)
        self._at_start.setChecked(preferences.flag(START_FLAG, True))
        self._at_start.toggled.connect(self._keep_start)
        self._lay_out(actions)
        # A low window scrolls the page instead of squeezing it.
        inside = QWidget(self)
        self.area = QScrollArea(self)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setWidget(inside)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.area)
        self._column = column = QVBoxLayout(inside)
        column.setSpacing(10)
        column.addStretch(1)
        for widget in (self._title, self._words, self._page):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        # Where a motion has been opened, the page has made room for it by then.
        self._soon = Coalescer(self._fill_again, self)
        state.activity.opening_changed.connect(self._on_opening)
        self._title.setText("Refit")
        self._words.setText(WHAT)
        # Filled once it is wanted: looking for motions and models imports much that a start does not need.
        self._page.hide()
        on_theme_change(self._on_theme)

    def event(self, event: QEvent) -> bool:
        """Escape goes back to what is open, whatever else it does elsewhere."""
        escapes = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escapes and self._state.document.opened is not None:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.left.emit()
                return True
        return super().event(event)

    def _lay_out(self, actions: Actions) -> None:
        start = QVBoxLayout()
        start.setSpacing(9)
        open_button = self._button(actions.open, "Open a motion, a fit or a session…")
        open_button.setDefault(True)
        start.addWidget(_section("Open", self))
        start.addWidget(open_button, 0, Qt.AlignmentFlag.AlignLeft)
        start.addWidget(_secondary("or drop a motion or a folder on this window", self))
        start.addSpacing(10)
        start.addWidget(_section("Built-in motions", self))
        start.addLayout(self.motions)
        start.addSpacing(10)
        start.addWidget(self._recent_title)
        start.addLayout(self.recent)
        start.addStretch(1)
        bodies = QVBoxLayout()
        bodies.setSpacing(9)
        bodies.addWidget(_section("Bodies", self))
        bodies.addWidget(self.found)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._button(actions.models, "Choose models folder…"))
        buttons.addWidget(self._button(actions.builtin, "Use built-in bodies"))
        buttons.addStretch(1)
        bodies.addLayout(buttons)
        self.target = self._target_button(actions)
        self._on_target()
        bodies.addWidget(self.target, 0, Qt.AlignmentFlag.AlignLeft)
        bodies.addSpacing(10)
        bodies.addWidget(_section("A models folder holds", self))
        self._where = QLabel(self)
        self._where.setOpenExternalLinks(True)
        self._where.setToolTip("Also with female and neutral in place of male; sign up there to download")
        bodies.addWidget(self._where)
        bodies.addStretch(1)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setContentsMargins(0, 22, 0, 14)
        self._columns.setSpacing(APART)
        self._beside = (start, bodies)
        for column in self._beside:
            self._columns.addLayout(column)
        below = QHBoxLayout()
        below.addWidget(self._back)
        below.addStretch(1)
        below.addWidget(self._at_start)
        page = QVBoxLayout(self._page)
        page.setContentsMargins(0, 0, 0, 0)
        page.addLayout(self._columns)
        page.addLayout(below)

    def _button(self, action: QAction, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        return button

    def _target_button(self, actions: Actions) -> QPushButton:
        button = QPushButton(self)
        button.setToolTip("Which body is fitted to motions: SMPL-X, SMPL-H or SMPL")
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        menu.addActions(list(actions.targets.values()))
        button.setMenu(menu)
        self._targets = menu.actions()
        for action in self._targets:
            action.changed.connect(self._on_target)
        return button

    @Slot()
    def _on_target(self) -> None:
        chosen = next((action.text() for action in self._targets if action.isChecked()), "")
        words = chosen.removeprefix("Fit ")
        self.target.setText(f"Body to fit: {words}" if words else "Body to fit")

    @Slot()
    def look_again(self) -> None:
        """Reads anew which motions, recent files and models there are."""
        _clear(self.motions)
        _clear(self.recent)
        self._motions = []
        for title, path in builtin_by_title().items():
            button = QPushButton(title, self._page)
            button.clicked.connect(partial(self._open, path))
            # One that is not shown takes no room.
            button.show()
            self._motions.append(button)
        files = self._preferences.recent[:MOST_RECENT]
        self._recent_title.setVisible(bool(files))
        for path in files:
            name = self.fontMetrics().elidedText(path.name, Qt.TextElideMode.ElideMiddle, MOST_OF_A_NAME)
            button = QPushButton(menu_words(name), self)
            set_sheet(button, RECENT_STYLE)
            button.setToolTip(path_tip(path))
            button.clicked.connect(partial(self._open, path))
            self.recent.addWidget(button)
        self.found.setText(found_words(self._models.folder))
        opened = self._state.document.opened
        self._back.setVisible(opened is not None)
        self._back.setText(menu_words(f"Back to {opened.name}") if opened else "")
        self._page.show()
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column where there is no room for two."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        margins = self._column.contentsMargins()
        bar = self.area.verticalScrollBar().sizeHint().width()
        room = self.width() - margins.left() - margins.right() - bar
        for label, most in ((self.found, COLUMN_WIDTH), (self._words, self._words_width())):
            width = max(min(most, room), LEAST_WIDTH)
            space = QRect(0, 0, width, MOST_HEIGHT)
            lines = label.fontMetrics().boundingRect(space, Qt.TextFlag.TextWordWrap, label.text())
            label.setFixedSize(width, lines.height())
        self._arrange(room)

    def _arrange(self, room: int) -> None:
        """The first of the arrangements for which there is room, from the widest to the narrowest."""
        direction = QBoxLayout.Direction
        for beside, lines in ((True, True), (False, True), (False, False)):
            self._where.setText(holds_words(in_lines=lines))
            for columns in MOTION_COLUMNS:
                for number, button in enumerate(self._motions):
                    self.motions.addWidget(button, *divmod(number, columns))
                for layout in (self.motions, *self._beside):
                    layout.invalidate()
                widths = [column.minimumSize().width() for column in self._beside]
                wide = sum(widths) + LEAST_APART if beside else max(widths)
                if wide <= room:
                    break
            if wide <= room:
                break
        self._columns.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        self._columns.setSpacing(min(APART, room - wide + LEAST_APART) if beside else BELOW)

    def _words_width(self) -> int:
        lines = self._words.text().splitlines() or [""]
        return max(self._words.fontMetrics().horizontalAdvance(line) for line in lines) + 2

    @Slot()
    def _on_theme(self) -> None:
        # Links keep the colour that they were read with.
        self._where.setText("")
        self._make_room()

    @Slot(bool)
    def _keep_start(self, on: bool) -> None:
        self._preferences.store(START_FLAG, on)

    @Slot()
    def _on_opening(self) -> None:
        reading = bool(self._state.activity.opening)
        self._title.setText(f"Opening {self._state.activity.opening}…" if reading else "Refit")
        building = building_words(self._state.activity.building)
        self._words.setText(building.strip() or READING if reading else WHAT)
        self._make_room()
        if reading:
            self._page.hide()
        else:
            self._soon.ask()

    @Slot()
    def _fill_again(self) -> None:
        if self.isVisible() and not self._state.activity.opening:
            self.look_again()


def holds_words(*, in_lines: bool) -> str:
    """What a models folder holds, as HTML: each file in one line with where it comes from, or in two."""
    between = '</td><td style="padding:3px 0">' if in_lines else "<br>"
    style = "padding:3px 12px 3px 0"
    rows = "".join(
        f'<tr><td style="{style}"><code>{file}</code>{between}{of}</td></tr>' for file, of in HOLDS
    )
    return f'<table cellspacing="0" cellpadding="0">{rows}</table>'


def found_words(folder: Path | None) -> str:
    """Which models are found, in a sentence or two."""
    from core.errors import RefitError
    from core.files.bodies.model_folder import models_there
    from core.model.joints import FAMILY_LABEL

    if folder is None:
        return BUILTIN
    try:
        there = models_there(folder)
    except RefitError as error:
        return str(error)
    names = [f"{FAMILY_LABEL[family]} {', '.join(genders)}" for family, genders in there.items() if genders]
    return f"In use: {shown(str(folder))}\nFound there: {'; '.join(names) or 'no models'}"


def _secondary(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "secondary")
    return label


def _break_lines(label: QLabel) -> None:
    # In the middle of a page nobody asks how high a text is that is broken into lines: it is told its size.
    label.setWordWrap(True)
    policy = label.sizePolicy()
    policy.setHeightForWidth(False)
    label.setSizePolicy(policy)


def _section(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text.upper(), parent)
    label.setProperty("role", "section")
    return label


def _clear(layout: QGridLayout | QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
