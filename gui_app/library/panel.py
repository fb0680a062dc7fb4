"""The panel of the library: the clips of a folder, the worst first, found, sorted and gone through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.library.clip_fits import ClipFits
from gui_app.library.clip_list import Order
from gui_app.library.fit_row import FitRow
from gui_app.library.library import Library
from gui_app.library.picture_button import PictureButton
from gui_app.library.pictures import ClipPictures
from gui_app.library.table import ClipTable
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon, tabular
from gui_app.tasks.coalesce import Coalescer, Later
from gui_app.widgets.buttons import quiet_button
from gui_app.widgets.cards import SHEET, quiet_icon
from gui_app.widgets.docks import PanelBody, PanelDock
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.panels import PANEL
from gui_app.widgets.text import path_tip, plain_tip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.catalogue.catalogue import Clip

WIDTH, LEAST_WIDTH, HEIGHT, LEAST_HEIGHT = 440, 360, 460, 236
BOX_SIDES = 48
"""What a box takes beside its words."""
TYPED_MS = 200
AHEAD_MS = 120
"""What is shown comes first."""
BY_SUBJECT = "library_by_subject"
STATES = (
    ("All clips", ""), ("Fitted", "state=done"), ("With problems", "problems>0"), ("Failed", "state=failed"),
    ("Waiting", "state=waiting"), ("Being fitted", "state=running"), ("Accepted", "accepted>0"),
)  # fmt: skip
FIND_TIP = (
    "Clips with all of these words in a name, a sentence or a note; or as in max>50, gender=female, "
    "kind~jump, guessed=up axis"
)
NO_FOLDER = (
    "The clips of a folder are listed here, fitted or not, the worst first.\n\nOpen a folder: Ctrl+Shift+O"
)
LOOKING = "Looking for motions and results…"
NO_MATCH = "No clip matches what is asked for above."


class LibraryPanel(PanelBody):
    """``head`` stands in the dock's title."""

    def __init__(
        self,
        library: Library,
        fits: ClipFits,
        preferences: Preferences,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__((WIDTH, HEIGHT), (LEAST_WIDTH, LEAST_HEIGHT), parent)
        self._library, self._fits, self._preferences = library, fits, preferences
        self._next: int | None = None
        self._pending: int | None = None
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        set_sheet(self, SHEET)
        self.head = QLabel(self)
        self.head.setProperty("role", "secondary")
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        tabular(self.head)
        self.place = QuietLine(self)
        self.results = quiet_button("tray", "Where the fits lie…", self)
        self.results.clicked.connect(library.ask_results)
        self.again = quiet_button("arrow-clockwise", "Look for new motions and results", self)
        self.again.clicked.connect(library.look_again)
        self.open = quiet_button("folder-open", actions.open_folder.toolTip(), self)
        self.open.clicked.connect(actions.open_folder.trigger)
        self.search = QLineEdit(self)
        self.search.setAccessibleName("Find clips")
        self.search.setPlaceholderText("Find, or max>50")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip(plain_tip(FIND_TIP))
        self.state = QComboBox(self)
        for words, wanted in STATES:
            self.state.addItem(words, wanted)
        self.state.setToolTip("Clips of this kind")
        self.state.setAccessibleName("Clips of this kind")
        self.state.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.state.view().setMinimumWidth(self.state.view().sizeHintForColumn(0) + BOX_SIDES)
        self.groups = QToolButton(self)
        self.groups.setProperty("role", "tool")
        self.groups.setCheckable(True)
        self.groups.setFixedSize(26, 26)
        self.groups.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.groups.setChecked(preferences.flag(BY_SUBJECT, False))
        self.groups.setAccessibleName("In groups, by subject")
        self.groups.setToolTip("In groups, by subject")
        self.table = ClipTable(self)
        self.with_pictures = PictureButton(ClipPictures(library, self), self.table, preferences, self)
        self.nothing = _sentence(self)
        self.rebuild = QPushButton("Build it anew", self)
        self.rebuild.setToolTip("From the journals and the results, which stay as they are")
        self.rebuild.clicked.connect(library.build_anew)
        self.bottom = QuietLine(self)
        self.fit = FitRow(fits, self)
        self.fit.chosen.connect(self._fit_chosen)
        self.fit.waiting.connect(self._fit_waiting)
        self.empty = _sentence(self)
        self._stack, self._middle = QStackedWidget(self), QStackedWidget(self)
        self._lay_out()
        self._sort = "max"
        self._typed = Later(self._on_order, self, TYPED_MS)
        self._ahead = Later(self._read_next, self, AHEAD_MS)
        self.search.textChanged.connect(self._typed.ask)
        self.state.currentIndexChanged.connect(self._on_order)
        self.groups.toggled.connect(self._on_groups)
        self.table.sorted_by.connect(self._on_sort)
        self.table.selectionModel().selectionChanged.connect(Coalescer(self._tell_fit, self).ask)
        self.table.sought.connect(self._on_sought)
        self.table.rows.wanted.connect(library.want)
        library.folder_changed.connect(self._on_folder)
        library.arranged.connect(self._on_arranged)
        library.known.connect(self._on_known)
        library.opened.connect(self._on_opened)
        library.progressed.connect(self._show_bottom)
        self._show_groups()
        self._on_order()
        self._on_folder()
        self._on_arranged()

    def _lay_out(self) -> None:
        above, asked = QHBoxLayout(), QHBoxLayout()
        above.setSpacing(2)
        above.addWidget(self.place, 1)
        for button in (self.results, self.again, self.open):
            above.addWidget(button)
        asked.setSpacing(6)
        asked.addWidget(self.search, 1)
        asked.addWidget(self.state)
        asked.addWidget(self.with_pictures)
        asked.addWidget(self.groups)
        no_rows = QWidget(self)
        column = QVBoxLayout(no_rows)
        column.addStretch(1)
        column.addWidget(self.nothing)
        column.addWidget(self.rebuild, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self._middle.addWidget(self.table)
        self._middle.addWidget(no_rows)
        full = QWidget(self)
        column = QVBoxLayout(full)
        column.setContentsMargins(10, 2, 8, 6)
        column.setSpacing(6)
        column.addLayout(above)
        column.addLayout(asked)
        column.addWidget(self._middle, 1)
        column.addWidget(self.bottom)
        column.addWidget(self.fit)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(full)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard goes to the list."""
        super().showEvent(event)
        if self._stack.currentIndex():
            self.table.setFocus()

    @Slot()
    def _on_folder(self) -> None:
        library = self._library
        folder = library.folder
        there = folder is not None
        self._stack.setCurrentIndex(int(there))
        self.empty.setText(LOOKING if library.looking else NO_FOLDER)
        if folder is None:
            self.head.setText("")
            return
        if not library.listed.clips:
            self.table.rows.forget()
        self.place.set_words(folder.opened.name)
        lines = [f"Motions: {folder.motions}" if folder.motions else "", "Fits: not chosen yet"]
        lines[1] = f"Fits: {folder.results}" if folder.results else lines[1]
        told = [shown(sentence) for sentence in folder.told]
        self.place.setToolTip(plain_tip("\n".join(shown(line) for line in (*lines, *told) if line)))
        self.results.setVisible(folder.motions is not None)
        self.results.setToolTip(
            path_tip(f"Where the fits lie: {folder.results}") if folder.results else "Where the fits lie…"
        )
        self._show_rows()

    @Slot()
    def _on_arranged(self) -> None:
        listed = self._library.listed
        rows = self.table.rows
        rows.arrange(listed)
        states = listed.states
        words = [f"{listed.clips:,} clip{'s' * (listed.clips != 1)}"] if listed.clips else []
        if len(listed.ids) < listed.clips:
            words.insert(0, f"{len(listed.ids):,} of")
        words = [" ".join(words)] if words else []
        for state, said in (("running", "being fitted"), ("failed", "failed"), ("waiting", "waiting")):
            words += [f"{states[state]:,} {said}"] if states.get(state) else []
        self.head.setText(" · ".join(words))
        self.head.setToolTip(self.head.text())
        self._show_rows()
        self._tell_fit()
        if listed.ids:
            # Asks for it where it is not known: it may be the one to begin with.
            rows.clip(rows.row_of(listed.ids[0]))
            self._begin()

    def _show_rows(self) -> None:
        library = self._library
        self._middle.setCurrentIndex(0 if library.listed.ids else 1)
        folder = library.folder
        empty = NO_MATCH
        if library.why_not:
            empty = shown(library.why_not)
        elif not library.listed.clips:
            name = shown(folder.opened.name) if folder is not None else ""
            busy = library.looking or library.progress is not None
            told = "" if folder is None else "\n\n".join(map(shown, folder.told[:3]))
            empty = LOOKING if busy else f"There are no motions and no fits in {name}.\n\n{told}".strip()
        self.nothing.setText(empty)
        self.rebuild.setVisible(library.unreadable)
        self._show_bottom()

    @Slot()
    def _show_bottom(self) -> None:
        progress = self._library.progress
        words = (
            ""
            if progress is None or not progress[1]
            else f"Reading results: {progress[0]:,} of {progress[1]:,}"
        )
        if self._library.why_not and self._library.listed.ids:
            words = self._library.why_not  # what is listed is as it was asked for before
        self.bottom.set_words(words)
        self.bottom.setToolTip(plain_tip(shown(words)))
        self.bottom.setVisible(bool(words))

    @Slot(object)
    def _on_known(self, clips: Iterable[Clip]) -> None:
        self.table.rows.take(clips)
        self._begin()
        if self._pending is not None:
            row, self._pending = self._pending, None
            self._open(row)
        self._ahead.ask()

    def _begin(self) -> None:
        """The first clip is shown where nothing else is."""
        rows = self.table.rows
        clip = rows.clip(rows.row_of(rows.ids[0])) if rows.ids else None
        # While clips are only named, nobody knows which is the worst.
        named = clip is not None and clip.mean is None and self._library.progress is not None
        if clip is not None and not named and self._library.take_first():
            self.table.go_to(rows.row_of(rows.ids[0]))

    @Slot(int, int)
    def _on_sought(self, row: int, towards: int) -> None:
        self._next = row + towards
        self._open(row)

    def _open(self, row: int) -> None:
        clip = self.table.rows.clip(row)
        if clip is None:
            self._pending = row
        else:
            self._library.open_clip(clip)

    @Slot(str)
    def _on_opened(self, place: str) -> None:
        self.table.rows.set_opened(place)
        if not place:
            self._next = None
        self._ahead.ask()

    @Slot()
    def _read_next(self) -> None:
        """Of what was gone to last the next one, in the direction in which somebody goes."""
        rows, row = self.table.rows, self._next
        if row is None or not self.isVisible():
            return
        if 0 <= row < len(rows.shown()) and not rows.clip_id(row):
            row += 1 if row > self.table.currentIndex().row() else -1
        if not 0 <= row < len(rows.shown()) or not rows.clip_id(row):
            return
        clip = rows.clip(row)
        if clip is not None:
            self._library.read_ahead(clip)

    @Slot()
    def _on_order(self) -> None:
        # As wide as what is chosen; the list that opens is as wide as all.
        words = self.state.fontMetrics().horizontalAdvance(self.state.currentText())
        self.state.setFixedWidth(words + BOX_SIDES)
        wanted = [str(self.state.currentData())] if self.state.currentData() else []
        sort = (self._sort,)
        filters = (*wanted, *_asked(self.search.text()))
        self._library.set_order(Order(filters, sort, self.groups.isChecked()))

    @Slot(str)
    def _on_sort(self, sort: str) -> None:
        self._sort = sort
        self._on_order()

    @Slot(bool)
    def _on_groups(self, on: bool) -> None:
        self._preferences.store(BY_SUBJECT, on)
        self._show_groups()
        self._on_order()

    @Slot()
    def _tell_fit(self) -> None:
        chosen = len(self.table.selectionModel().selectedRows())
        self.fit.tell(chosen, self._library.listed.waiting)

    @Slot()
    def _fit_chosen(self) -> None:
        self._fits.fit(self.table.selected)

    @Slot()
    def _fit_waiting(self) -> None:
        self._fits.fit(self._library.order)

    def _show_groups(self) -> None:
        self.groups.setIcon(icon("rows", "ACCENT") if self.groups.isChecked() else quiet_icon("rows"))


def _asked(text: str) -> list[str]:
    """What is typed, as the catalogue takes it: words, and filters between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _sentence(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "secondary")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setContentsMargins(28, 0, 28, 0)
    label.setMinimumWidth(1)
    return label


# The panel of the library beside the bodies, hidden until a folder is opened.


class LibraryDock(PanelDock):
    """Stands on the left, with the stages."""

    def __init__(self, panel: LibraryPanel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(PANEL["library"], actions.library, parent)
        self.panel = panel
        self.hold(panel, [panel.head])
