"""The tools of the mask beside the brush: sets of vertices, and files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.mask.painting import NO_TOOLS, MaskPainting
from gui_app.mask.strokes import LEAST_WEIGHT, MOST_WEIGHT
from gui_app.scene.mask_colours import Shows
from gui_app.style.theme import icon, tabular
from gui_app.widgets.buttons import OWN_TIP, allow
from gui_app.widgets.drag_field import DragField
from gui_app.widgets.fold_button import FoldButton
from gui_app.widgets.save_dialog import FileKind, ask_where

LISTS = "Lists of vertices (*.npy *.txt *.json *.npz *.pkl);;All files (*)"
LIST = FileKind("Save the mask", "Ids of valid vertices", ".npy")
WEIGHT_FILES = "Weights of vertices (*.npz *.npy);;All files (*)"
WEIGHTS = FileKind(
    "Save the weights", "Ids and their weights", ".npz", (("A weight for each vertex", ".npy"),)
)
RESET_TIPS = ("Back to the mask of the models' files", "All vertices weigh 1 again")
LOAD_TIPS = (
    "Load a mask from a file: ids, booleans, or a head-bun list…",
    "Load weights from a file: .npz with ids and weights, or .npy…",
)
SAVE_TIPS = ("Save the ids of the valid vertices to a file…", "Save the weights to a file…")
OF_THE_MASK, AT_FIRST = "This is done to the mask: choose Exclude or Include", "It is as it was at first"
QUICK = (0.1, 0.5, 2.0, 10.0)
SHOWS: tuple[tuple[Shows, str, str], ...] = (
    ("validity", "Valid", "The skin shows which vertices are valid, and why others are not"),
    (
        "distance",
        "Rest distance",
        "The skin shows how far each vertex is from the source's surface, mean shapes in the rest pose",
    ),
    ("weight", "Weight", "The skin shows how much each vertex counts in a fit, 0.1 to 10 times"),
)
# Tenths of a millimetre.
NEAREST, FURTHEST, BEYOND = 5, 400, 50
# Whether the tools that few ask for are shown, as it is remembered.
MORE = "mask_more"
MORE_TIP = "By regions of the head, and by the distance from the source's surface"
REGIONS = ("eyes", "eye sockets", "inner mouth", "ears")


class MaskSets(QWidget):
    """Rows of buttons."""

    def __init__(
        self, state: AppState, painting: MaskPainting, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._painting, self._preferences = state, painting, preferences
        self.grow = self._button("Grow", "Exclude one more ring of vertices around the excluded ones")
        self.shrink = self._button("Shrink", "Include the outermost ring of the excluded vertices again")
        self.invert = self._button("Invert", "Exclude what is valid, include what is excluded")
        self.mirror = self._button("Mirror", "Exclude the mirror image of what is excluded as well")
        for button, slot in (
            (self.grow, painting.grow),
            (self.shrink, painting.shrink),
            (self.invert, painting.invert),
            (self.mirror, painting.mirror),
        ):
            button.clicked.connect(slot)
        self.parts, self.regions = QMenu(self), QMenu(self)
        self.parts.aboutToShow.connect(self._fill_parts)
        self.regions.aboutToShow.connect(self._fill_regions)
        by_part = self._menu("Body part", "Exclude a body part, or include it", self.parts)
        self.by_region = self._menu("Region", "Exclude eyes, mouth or ears, or include them", self.regions)
        self.reset = self._button("", RESET_TIPS[0])
        self.reset.setAccessibleName("Reset the mask")
        self.reset.setIcon(icon("arrow-u-up-left", "TEXT_SECONDARY"))
        self.reset.clicked.connect(painting.reset)
        self.load = self._button("", LOAD_TIPS[0])
        self.load.setAccessibleName("Load the mask")
        self.load.setIcon(icon("folder-open", "TEXT_SECONDARY"))
        self.load.clicked.connect(self._load)
        self.save = self._button("", SAVE_TIPS[0])
        self.save.setAccessibleName("Save the mask")
        self.save.setIcon(icon("floppy-disk", "TEXT_SECONDARY"))
        self.save.clicked.connect(self._save)
        self.beyond = QSlider(Qt.Orientation.Horizontal, self)
        self.beyond.setAccessibleName("Distance from the source")
        self.beyond.setRange(NEAREST, FURTHEST)
        self.beyond.setPageStep(10)
        self.beyond.setValue(BEYOND)
        self.beyond.setMinimumWidth(60)
        self.beyond.setToolTip("Distance from the source's surface, mean shapes in the rest pose")
        self.beyond.valueChanged.connect(self.refresh)
        self._beyond_words = QLabel(self)
        tabular(self._beyond_words)
        width = self._beyond_words.fontMetrics().horizontalAdvance("00.0 mm") + 4
        self._beyond_words.setFixedWidth(width)
        self._beyond_words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.use_beyond = self._button("Exclude", "")
        self.use_beyond.clicked.connect(self._use_beyond)
        self.shows = QButtonGroup(self)
        colour = QLabel("colour", self)
        beyond = QLabel("beyond", self)
        for label in (colour, beyond):
            label.setProperty("role", "secondary")
        choices = []
        for number, (shows, words, tip) in enumerate(SHOWS):
            choice = self._button(words, tip)
            choice.setCheckable(True)
            choice.setChecked(shows == painting.shows)
            self.shows.addButton(choice, number)
            choices.append(choice)
        self.shows.idClicked.connect(self._on_shows)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._weight_row())
        column.addLayout(_row(self.grow, self.shrink, self.invert, self.mirror, None))
        column.addLayout(_row(by_part, None, self.reset, self.load, self.save))
        column.addLayout(_row(colour, *choices, None))
        column.addWidget(self.by_region, 0, Qt.AlignmentFlag.AlignLeft)
        self.by_distance = _held(_row(beyond, self.beyond, self._beyond_words, self.use_beyond), self)
        column.addWidget(self.by_distance)
        self.more = FoldButton(MORE_TIP, self)
        self.more.setChecked(preferences.flag(MORE, False))
        self.more.toggled.connect(self._on_more)
        column.addWidget(self.more)
        self._distance_seen = False
        self._all = (
            self.grow, self.shrink, self.invert, self.mirror, by_part, self.by_region, self.load,
        )  # fmt: skip
        self.refresh()

    def _weight_row(self) -> QWidget:
        title = QLabel("weight", self)
        title.setProperty("role", "secondary")
        self.weight = DragField("", 2, 0.05, MOST_WEIGHT, self)
        self.weight.setAccessibleName("Weight")
        self.weight.setRange(LEAST_WEIGHT, MOST_WEIGHT)
        self.weight.setPrefix("×")
        self.weight.setFixedWidth(70)
        self.weight.setToolTip(
            "How much a painted vertex counts in a fit, 0.1 to 10 times; not in the published method"
        )
        self.weight.edited.connect(self._painting.set_weight)
        buttons: list[QWidget | None] = []
        for value in QUICK:
            button = self._button(f"×{value:g}", f"Paint a weight of {value:g}")
            button.setStyleSheet("padding: 4px 1px;")
            button.clicked.connect(partial(_use, self._painting.set_weight, value))
            buttons.append(button)
        self.weighing = _held(_row(title, self.weight, None, *buttons), self)
        return self.weighing

    def _button(self, words: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(words)
        button.setToolTip(tip)
        button.setStyleSheet("padding: 4px 6px;")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _menu(self, words: str, tip: str, menu: QMenu) -> QToolButton:
        button = self._button(f"{words} ▾", tip)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setStyleSheet("QToolButton { padding: 4px 6px; } QToolButton::menu-indicator { image: none; }")
        return button

    @Slot()
    def refresh(self, *_: object) -> None:
        """What can be done now, and the words that say how much."""
        painting = self._painting
        able, weighs = not painting.blocked, painting.weighs
        self.weighing.setVisible(weighs)
        self.weight.show_value(painting.weighing.weight)
        blocked, measured = painting.blocked, "" if painting.tools is not None else NO_TOOLS
        for button, tips in ((self.reset, RESET_TIPS), (self.load, LOAD_TIPS), (self.save, SAVE_TIPS)):
            button.setProperty(OWN_TIP, tips[weighs])
        for button in self._all:
            allow(button, blocked)
        for button in (self.grow, self.shrink, self.mirror):
            allow(button, blocked or measured)
        if weighs:
            for button in (self.grow, self.shrink, self.invert):
                allow(button, OF_THE_MASK)
        allow(self.reset, blocked or ("" if painting.resets else AT_FIRST))
        allow(self.save, "" if painting.valid is not None else blocked)
        for number, choice in enumerate(SHOWS):
            self.shows.button(number).setChecked(choice[0] == painting.shows)
        self._place()
        distance = self.beyond.value() / 10
        self._beyond_words.setText(f"{distance:.1f} mm")
        which = painting.beyond(distance) if self.by_distance.isVisible() else None
        way = self._way()
        self.use_beyond.setText(way)
        self.use_beyond.setEnabled(able and which is not None)
        if blocked:
            self.use_beyond.setToolTip(blocked)
        elif which is None or painting.valid is None:
            self.use_beyond.setToolTip("The rest pose is being measured…")
        else:
            concerned = which & (~painting.valid if painting.puts_back else painting.valid)
            count = int((which if weighs else concerned).sum())
            self.use_beyond.setToolTip(f"{way} {count:,} vertices further than {distance:.1f} mm")

    def _place(self) -> None:
        """Shows what is asked for, and what is not as usual: that stays until it is folded anew, as it would
        be gone in the middle of a drag."""
        if self.beyond.value() != BEYOND or self._painting.shows == "distance":
            self._distance_seen = True
        self.by_region.setVisible(self.more.isChecked())
        self.by_distance.setVisible(self.more.isChecked() or self._distance_seen)

    @Slot(bool)
    def _on_more(self, shown: bool) -> None:
        self._preferences.store(MORE, shown)
        self._distance_seen = False
        self.refresh()

    def _way(self) -> str:
        if self._painting.weighs:
            return f"Set weight ×{self._painting.weighing.weight:g}"
        return "Include" if self._painting.puts_back else "Exclude"

    @Slot()
    def _fill_parts(self) -> None:
        from core.model.joints import PARTS

        self._fill(self.parts, PARTS, self._painting.use_part)

    @Slot()
    def _fill_regions(self) -> None:
        tools = self._painting.tools
        known = () if tools is None else tuple(name for name in REGIONS if name in tools.regions)
        self._fill(self.regions, known, self._painting.use_region)
        if not known:
            self.regions.addAction("The body is being looked at…").setEnabled(False)

    def _fill(self, menu: QMenu, names: tuple[str, ...], use: object) -> None:
        menu.clear()
        way = self._way()
        for name in names:
            menu.addAction(f"{way} {name}").triggered.connect(partial(_use, use, name))

    @Slot()
    def _use_beyond(self) -> None:
        self._painting.use_distance(self.beyond.value() / 10)

    @Slot(int)
    def _on_shows(self, number: int) -> None:
        self._painting.set_shows(SHOWS[number][0])

    @Slot()
    def _load(self) -> None:
        title, files = ("Load weights", WEIGHT_FILES) if self._painting.weighs else ("Load a mask", LISTS)
        name, _ = QFileDialog.getOpenFileName(
            self.window(), title, self._preferences.text("mask_folder", ""), files
        )
        if name:
            self._preferences.store("mask_folder", str(Path(name).parent))
            self._painting.load(Path(name))

    @Slot()
    def _save(self) -> None:
        folder = self._preferences.text("mask_folder", "") or str(Path.home())
        weighs = self._painting.weighs
        start = Path(folder) / ("vertex_weights.npz" if weighs else "valid_vertices.npy")
        place = ask_where(self.window(), start, WEIGHTS if weighs else LIST)
        if place is not None and self._painting.save(place.path, place.replace):
            self._preferences.store("mask_folder", str(place.path.parent))


def _use(use: object, name: str | float, *_: object) -> None:
    assert callable(use)
    use(name)


def _held(row: QHBoxLayout, parent: QWidget) -> QWidget:
    """A row that can be hidden."""
    held = QWidget(parent)
    row.setContentsMargins(0, 0, 0, 0)
    held.setLayout(row)
    return held


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is a gap that takes what is left."""
    row = QHBoxLayout()
    row.setSpacing(3)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
