"""One stage of the recipe: on or off, run alone or from here on, its settings, and what it did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.fitting.recipe.draft import DraftStage
from core.fitting.recipe.setting_rules import OF_EXPRESSION, OF_JOINTS, OF_SHAPE, SETTINGS, with_value
from gui_app.document.preferences import Preferences
from gui_app.stages.free_groups import FreeGroups
from gui_app.stages.part_weights import PartWeights
from gui_app.stages.setting_rows import SettingRows
from gui_app.stages.text import (
    TITLES,
    changes_words,
    millimetres,
    objective_words,
    report_tip,
    report_words,
    setting_tip,
)
from gui_app.style.theme import icon, refresh_style, tabular
from gui_app.widgets.buttons import allow
from gui_app.widgets.cards import Dot, quiet_icon, tool
from gui_app.widgets.fold_button import FoldButton
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.sparkline import Sparkline
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.fitting.stage_reports import StageReport
    from core.model.body import BodyModel

SIMPLE = tuple(name for name, item in SETTINGS.items() if item.metadata["first"])
ADVANCED = tuple(name for name, item in SETTINGS.items() if item.metadata["advanced"])
# Whether the rest of Advanced is shown, as it is remembered.
REST = "stages_all_of_advanced"
REST_TIP = "The rest of the settings; those that were changed are shown in any case"
ELSEWHERE = ("stage", "part_weights")
# Settings that have the names of what they count of a body.
COUNTED = ("num_betas", "num_expression")
SPARK = QSize(76, 22)
ALONE = "Run this stage alone on the frames chosen below; it goes on from the fit shown"
FIRST_ALONE = "Run this stage alone on the frames chosen below, from where the recipe starts"
ONWARDS = "Run this stage and those after it on the frames chosen below; they go on from the fit shown"
FIRST_ONWARDS = "Run this stage and those after it on the frames chosen below, from where the recipe starts"
NOT_ALONE = "The published method runs all of its stages"


def rows_of(kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Settings in rows of a stage of a kind: the few that matter most, and the others."""
    left_out = (*OF_JOINTS, *OF_SHAPE, *OF_EXPRESSION) if kind == "translation" else ()
    names = [
        name
        for name in SETTINGS
        if not name.startswith("free_") and name not in ELSEWHERE and name not in left_out
    ]
    simple = tuple(name for name in SIMPLE if name in names)
    return simple, tuple(name for name in names if name not in simple)


class StageCard(QFrame):
    """``edited`` carries what the stage becomes; the others what is to be done with it."""

    edited = Signal(object)
    run_alone = Signal()
    run_onwards = Signal()
    moved = Signal(int)
    doubled = Signal()
    removed = Signal()

    def __init__(
        self, entry: DraftStage, method: str, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.entry, self._method, self._preferences = entry, method, preferences
        self._is_first = False
        self._counts: dict[str, int] = {}
        self.report: StageReport | None = None
        self.rows: SettingRows | None = None
        self.more_rows: SettingRows | None = None
        self.groups: FreeGroups | None = None
        self.weights: PartWeights | None = None
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(6, 4, 6, 5)
        self._column.setSpacing(2)
        self._column.addLayout(self._head())
        self._column.addWidget(self._report_row())
        self._body: QWidget | None = None

    def _head(self) -> QHBoxLayout:
        self.caret = tool("caret-right", "Show the settings of this stage", self)
        self.caret.setCheckable(True)
        self.caret.toggled.connect(self._on_caret)
        self.on = QCheckBox(self)
        self.on.setAccessibleName("Stage is on")
        self.on.setToolTip("Fits have this stage")
        self.on.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.on.clicked.connect(self._on_on)
        self.title = QLabel(self)
        self.title.setProperty("role", "name")
        self.title.setToolTip(plain_tip(setting_tip("stage")))
        self.dot = Dot(self)
        self.summary = QuietLine(self)
        self.alone = tool("play", ALONE, self)
        self.alone.clicked.connect(self.run_alone)
        self.onwards = tool("skip-forward", ONWARDS, self)
        self.onwards.clicked.connect(self.run_onwards)
        self.more = tool("dots-three", "Move, duplicate, reset, remove", self)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        self.up = menu.addAction(quiet_icon("arrow-up"), "Move up")
        self.down = menu.addAction(quiet_icon("arrow-down"), "Move down")
        self.double = menu.addAction(quiet_icon("copy"), "Duplicate")
        self.reset = menu.addAction(quiet_icon("arrow-counter-clockwise"), "Reset all settings")
        menu.addSeparator()
        self.remove = menu.addAction(quiet_icon("trash"), "Remove")
        for action, slot in (
            (self.up, self._on_up),
            (self.down, self._on_down),
            (self.double, self.doubled),
            (self.reset, self._on_reset),
            (self.remove, self.removed),
        ):
            action.triggered.connect(slot)
        self.more.setMenu(menu)
        row = QHBoxLayout()
        row.setSpacing(3)
        for widget in (self.caret, self.on, self.title, self.dot):
            row.addWidget(widget)
        row.addWidget(self.summary, 1)
        for button in (self.alone, self.onwards, self.more):
            row.addWidget(button)
        return row

    def _report_row(self) -> QWidget:
        self.figures = QWidget(self)
        self.millimetres, self.figure_words = QLabel(self.figures), QuietLine(self.figures)
        self.objective = QuietLine(self.figures)
        self.millimetres.setProperty("role", "report")
        self.millimetres.setTextFormat(Qt.TextFormat.PlainText)
        tabular(self.millimetres)
        self.sparkline = Sparkline(self.figures, least_steps=1)
        self.sparkline.setFixedSize(SPARK)
        self.sparkline.setToolTip("Objective a frame (m²) after each iteration of this stage")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.millimetres)
        words.addWidget(self.objective)
        words.addWidget(self.figure_words)
        row = QHBoxLayout(self.figures)
        row.setContentsMargins(30, 0, 6, 2)
        row.addLayout(words, 1)
        row.addWidget(self.sparkline)
        self.figures.hide()
        return self.figures

    @property
    def is_open(self) -> bool:
        """Its settings are shown."""
        return self.caret.isChecked()

    def open_up(self, shown: bool) -> None:
        """Shows its settings, or not."""
        self.caret.setChecked(shown)

    def show_entry(self, entry: DraftStage, method: str, number: int, count: int) -> None:
        """Shows what the stage is now: the ``number``-th of ``count``, from 0."""
        self.entry, self._method, self._is_first = entry, method, number == 0
        settings = entry.settings
        self.on.setChecked(entry.on)
        self.title.setText(f"{number + 1}  {TITLES[settings.stage]}")
        self.title.setEnabled(entry.on)
        self.dot.set_shown(settings != entry.base)
        self.summary.set_words(changes_words(entry))
        self.summary.setToolTip(plain_tip(self.summary.words))
        allow(self.up, "" if number > 0 else "It is the first stage")
        allow(self.down, "" if number + 1 < count else "It is the last stage")
        allow(self.remove, "" if count > 1 else "There is no other stage")
        allow(self.reset, "" if settings != entry.base else "No setting was changed")
        if self._body is not None:
            self._show_body()

    def set_body(self, body: BodyModel | None) -> None:
        """Settings that count what the body has go no further than that; None for no body yet."""
        counts = {} if body is None else {name: getattr(body, name) for name in COUNTED}
        if counts != self._counts:
            self._counts = counts
            if self._body is not None:
                self._show_body()

    def set_runnable(self, why_not: str) -> None:
        """Whether it can be run now; ``why_not`` is empty where it can."""
        published = NOT_ALONE if self._method != "gauss-newton" else ""
        tips = (FIRST_ALONE, FIRST_ONWARDS) if self._is_first else (ALONE, ONWARDS)
        for button, tip in zip((self.alone, self.onwards), tips, strict=True):
            button.setEnabled(not (why_not or published))
            button.setToolTip(published or why_not or tip)

    def show_report(self, report: StageReport | None, running: bool) -> None:
        """Shows what the stage did, or does; None for nothing."""
        self.report = report
        busy = running and report is not None and not report.over
        if busy != bool(self.property("busy")):
            self.setProperty("busy", busy)
            refresh_style(self)
        self.figures.setVisible(report is not None)
        if report is None:
            return
        self.millimetres.setText(millimetres(report.before_mm, report.now_mm))
        self.objective.set_words(objective_words(report))
        self.figure_words.set_words(report_words(report))
        self.sparkline.set_values(report.objective)
        self.sparkline.setVisible(len(report.objective) > 1)
        self.figures.setToolTip(plain_tip(report_tip(report)))

    @Slot(bool)
    def _on_caret(self, shown: bool) -> None:
        self.caret.setIcon(icon("caret-down") if shown else quiet_icon("caret-right"))
        if shown and self._body is None:
            self._build_body()
            self._show_body()
        if self._body is not None:
            self._body.setVisible(shown)

    def _build_body(self) -> None:
        self._body = QWidget(self)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(8, 4, 4, 2)
        column.setSpacing(7)
        kind = self.entry.settings.stage
        simple, _ = rows_of(kind)
        self.rows = SettingRows(simple, self._body)
        self.rows.edited.connect(self._on_edited)
        column.addWidget(self.rows)
        if kind != "translation":
            self.groups = FreeGroups(self._body)
            self.groups.edited.connect(self._on_edited)
            column.addWidget(self.groups)
        self.weights = PartWeights(self._body)
        self.weights.edited.connect(self._on_edited)
        column.addWidget(self.weights)
        self.advanced = FoldButton("Every other setting of this stage", self._body, "Advanced")
        self.advanced.toggled.connect(self._on_advanced)
        column.addWidget(self.advanced)
        self._column.addWidget(self._body)

    @Slot(bool)
    def _on_advanced(self, shown: bool) -> None:
        if shown and self.more_rows is None and self._body is not None:
            _, others = rows_of(self.entry.settings.stage)
            self.more_rows = SettingRows(others, self._body)
            self.more_rows.edited.connect(self._on_edited)
            self.rest = FoldButton(REST_TIP, self._body)
            self.rest.setChecked(self._preferences.flag(REST, False))
            self.more_rows.fold(() if self.rest.isChecked() else ADVANCED)
            self.rest.toggled.connect(self._on_rest)
            self.more_rows.show_entry(self.entry, self._method, self._counts)
            layout = self._body.layout()
            assert layout is not None
            layout.addWidget(self.more_rows)
            layout.addWidget(self.rest)
        if self.more_rows is not None:
            self.more_rows.setVisible(shown)
            self.rest.setVisible(shown)

    @Slot(bool)
    def _on_rest(self, shown: bool) -> None:
        self._preferences.store(REST, shown)
        if self.more_rows is not None:
            self.more_rows.fold(() if shown else ADVANCED)

    def _show_body(self) -> None:
        for rows in (self.rows, self.more_rows):
            if rows is not None:
                rows.show_entry(self.entry, self._method, self._counts)
        for part in (self.groups, self.weights):
            if part is not None:
                part.show_entry(self.entry, self._method)
        changed = sum(self.entry.changed(name) for name in rows_of(self.entry.settings.stage)[1])
        self.advanced.setText(f"Advanced  ·  {changed} changed" if changed else "Advanced")

    @Slot(str, object)
    def _on_edited(self, name: str, value: Any) -> None:
        settings = with_value(self.entry.settings, name, value)
        if settings is None:
            # It makes no sense beside the others: the control goes back.
            self._show_body()
            return
        self.edited.emit(replace(self.entry, settings=settings))

    @Slot()
    def _on_on(self) -> None:
        self.edited.emit(replace(self.entry, on=self.on.isChecked()))

    @Slot()
    def _on_reset(self) -> None:
        self.edited.emit(replace(self.entry, settings=self.entry.base))

    @Slot()
    def _on_up(self) -> None:
        self.moved.emit(-1)

    @Slot()
    def _on_down(self) -> None:
        self.moved.emit(1)
