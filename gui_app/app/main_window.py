"""The window: puts the parts together and connects what is done to what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from gui_app.app.command_palette import CommandPalette, Commands
from gui_app.app.copy_report import CopyReport
from gui_app.app.fit_menu import FitActions
from gui_app.app.help import HelpActions
from gui_app.app.layout import WindowLayout
from gui_app.app.menus import Menus
from gui_app.app.near_chosen import NearChosen
from gui_app.app.side_panels import PanelParts, SidePanels
from gui_app.app.start_page import START_FLAG, Welcome
from gui_app.app.status import MessageBar, ProgressLine, Status
from gui_app.app.toolbar import Toolbar
from gui_app.app.undo_actions import UndoActions
from gui_app.app.view_controls import ThemeChoice, ViewControls
from gui_app.document.actions import Actions
from gui_app.document.history import History
from gui_app.document.inspect_selection import Inspection
from gui_app.document.preferences import Preferences
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.rest_distance import RestDistance
from gui_app.document.state import AppState
from gui_app.files.models_choice import ModelsChoice
from gui_app.files.open_actions import OpenActions, dragged_files
from gui_app.files.open_controller import OpenController
from gui_app.files.save_actions import SaveActions
from gui_app.fit.device_choice import DeviceChoice
from gui_app.fit.fit_behind import FitBehind
from gui_app.fit.fit_controller import FitController
from gui_app.fit.run_strip import RunStrip
from gui_app.history.compare_bar import CompareBar
from gui_app.history.comparison import BeforeFit
from gui_app.history.distances import Distances
from gui_app.history.hold_earlier import HoldBefore, PeekChip
from gui_app.history.side_by_side import SideBySide
from gui_app.library.clip_fits import ClipFits
from gui_app.library.library import Library
from gui_app.mask.painting import MaskPainting
from gui_app.mask.remeasure import MaskFigures
from gui_app.parameters.editing import Editing
from gui_app.people.parts import people_parts
from gui_app.problems.analysis_controller import AnalysisController
from gui_app.problems.fix_trial import Fixing
from gui_app.problems.model import ProblemDesk
from gui_app.problems.navigation import ProblemSteps
from gui_app.problems.selection import ProblemChoice
from gui_app.problems.thresholds import KeptThresholds
from gui_app.problems.verdicts import ProblemVerdicts
from gui_app.session.crash_recovery import Autosave, LeftOverBar
from gui_app.session.save import SessionActions, SessionWriter
from gui_app.session.snapshot import SessionNow
from gui_app.session.window_title import WindowTitle
from gui_app.tasks.closing_wait import ClosingWait
from gui_app.tasks.job_thread import close_threads, leave_threads
from gui_app.timeline.earlier_curves import EarlierFigures
from gui_app.timeline.playback import PlaybackActions, Player
from gui_app.timeline.timeline import Timeline
from gui_app.viewport.opening_note import OpeningNote
from gui_app.viewport.pins import Pins, PinSpheres
from gui_app.viewport.rulers import Rulers
from gui_app.viewport.saved_cameras import SavedCameras
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import NO_MOTION, allow
from gui_app.widgets.control_keys import ControlKeys
from gui_app.widgets.under_bars import UnderBars

if TYPE_CHECKING:
    from gui_app.document.opened import Opened
    from gui_app.export.controller import ExportController
    from gui_app.export.dialog import ExportDialog

CLOSE_AGAIN_MS = 200


@dataclass(frozen=True)
class Options:
    """What the command line asked for, or a program: then ``file`` may be there for this window alone."""

    file: Path | None = None
    models: Path | None = None
    device: str | None = None
    threads: int | None = None
    frame: int | None = None
    to: str | None = None
    handed_over: bool = False


class MainWindow(QMainWindow):
    """Source and fit side by side, curves below."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._options = options
        self._started = False
        self._leaving = False
        self._closing_wait = ClosingWait()
        self.preferences = Preferences()
        self._opens_first = options.file is not None or self.preferences.flag(START_FLAG, True)
        self.models = ModelsChoice(self.preferences, options.models, options.to)
        self.state = state = AppState(self)
        document, activity = state.document, state.activity
        self.actions_ = Actions(self)
        ThemeChoice(self.actions_, self.preferences, self)
        self.views = ViewControls(state, self.actions_, self)
        self.playing = PlaybackActions(document, state.playback, self.actions_, self)
        Player(document, state.playback, self)
        self.history = History(document, activity, self)
        self.recipes = RecipeDesk(self.preferences, self)
        self.devices = DeviceChoice(self.preferences, options.device, options.threads, self)
        self.fitting = FitController(state, self.history, self.recipes, self.devices, self)
        self.opening = OpenController(state, self)
        self.analysing = AnalysisController(state, self)
        self.pins = Pins(state, self)
        self.before = before = BeforeFit(document, self.history, self.actions_, self.preferences, self)
        self.beside = SideBySide(state, self.history, before, self.actions_, self.preferences, self)
        self.distances = Distances(state, self.actions_, self)
        self.behind = FitBehind(state, self.recipes, self.devices, self.beside, self.actions_, self)
        self.earlier = EarlierFigures(state, before, self)
        self.fixing = Fixing(state, self.history, self.devices, self)
        hold = HoldBefore(document, state.view, before, self.actions_, self)
        self.fixing.changed.connect(hold.drop)
        KeptThresholds(document, self.preferences, self)
        self.verdicts = ProblemVerdicts(state, self)
        self.desk = ProblemDesk(state, self.history, before, self.verdicts, self)
        self.editing = Editing(state, self.history, self)
        self.saving = SaveActions(document, activity, self.actions_, self.preferences, self)
        self.files = OpenActions(
            document,
            activity,
            self.actions_,
            self.opening,
            self.fitting,
            self.saving,
            self.models,
            self.preferences,
            self,
        )
        self.library = Library(state, self.files, self.actions_, self.preferences, self)
        self.clip_fits = ClipFits(self.library, state, self.recipes, self.models, self.devices, self)
        FitActions(state, self.fitting, self.recipes, self.actions_, self.preferences, self)
        UndoActions(activity, self.history, self.actions_, self)
        HelpActions(document, activity, self.actions_, self)
        self.actions_.report.triggered.connect(CopyReport(document, activity, self.devices, self).copy)
        self._build()
        self._connect()
        self._restore()
        self._on_motion()
        self.setAcceptDrops(True)

    def _build(self) -> None:
        state = self.state
        document, playback, activity = state.document, state.playback, state.activity
        self.addToolBar(Toolbar(state, self.actions_, self))
        self.viewport = Viewport(document, state.view, playback, self)
        self.run_strip = RunStrip(activity, self.actions_.cancel, self.viewport)
        PeekChip(state, self.viewport)
        OpeningNote(activity, self.viewport)
        self.welcome = Welcome(
            state, self.actions_, self.preferences, self.models, self.files.open_path, self
        )
        self.message = MessageBar(document, activity, self)
        self.writer = SessionWriter(activity, self)
        now = SessionNow(state, self.history, self.recipes, self.beside, self.viewport, self)
        self.autosave = Autosave(activity, now, self.writer, self.preferences, self)
        self.left_over = LeftOverBar(self.files, self.autosave, self)
        self.sessions = SessionActions(
            document, activity, self.actions_, now, self.writer, self.files, self.preferences, self
        )
        self.saving.offer_session(self.sessions.save_then)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.welcome)
        self.bodies = UnderBars(self.viewport, self)
        self._pages.addWidget(self.bodies)
        if self._opens_first:
            self._pages.setCurrentWidget(self.bodies)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(ProgressLine(activity, self))
        column.addWidget(self.left_over)
        column.addWidget(self.message)
        self.compare_bar = CompareBar(state.view, playback, self.beside, self.distances, self.actions_, self)
        self.bodies.add(self.compare_bar, wide=True)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(centre)
        self.timeline = Timeline(
            state, self.history, self.actions_, self.pins, self.earlier, self.distances, self
        )
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.timeline)
        self.problem_steps = ProblemSteps(state, self.actions_, self.timeline.why, self.viewport, self)
        self.problem_choice = ProblemChoice(
            state, self.desk, self.fitting, self.fixing, self.recipes, self.actions_, self
        )
        self.spheres = PinSpheres(document, playback, self.pins, self.viewport)
        self.probe = VertexProbe(document, playback, self.pins, self.viewport)
        self.cameras = SavedCameras(state, self.viewport, self.actions_, self.preferences)
        self.rulers = Rulers(state, self.viewport, self.probe, self.actions_, self)
        self.people = people_parts(
            state, now, self.sessions, self.files, self.models, self.fitting, self.recipes, self.devices,
            self.actions_, self.preferences, self.viewport, self.probe,
        )  # fmt: skip
        self.bodies.add(self.people.row, first=True)
        self.inspection = Inspection(document, playback, self)
        NearChosen(
            state,
            self.inspection,
            self.problem_choice,
            self.problem_steps,
            self.viewport,
            self.actions_,
            self,
        )
        self.rest = RestDistance(state, self)
        self.painting = MaskPainting(state, self.history, self.rest, self)
        self.figures = MaskFigures(state, self.history, self)
        document.mask_changed.connect(self.inspection.looks_changed)
        self.panels = SidePanels(self._panel_parts(), self)
        self.layout_ = WindowLayout(self.actions_, self.panels, self.timeline, self._pages, self)
        self.setStatusBar(Status(document, activity, self.actions_, self.devices, self))
        commands = Commands(state, self.actions_, self.preferences, self.files.open_path)
        self.palette_ = CommandPalette(commands, self)
        people = self.people.menu
        Menus(self.menuBar(), state, self.actions_, self.preferences, self.files.open_path, people)
        ControlKeys(self, self.viewport)
        self.viewport.setFocus()
        self.setMinimumSize(900, 560)

    def _panel_parts(self) -> PanelParts:
        return PanelParts(
            state=self.state, actions=self.actions_, preferences=self.preferences, history=self.history,
            recipes=self.recipes, fitting=self.fitting, before=self.before, beside=self.beside,
            fixing=self.fixing,
            verdicts=self.verdicts, desk=self.desk, problem_steps=self.problem_steps,
            problem_choice=self.problem_choice, editing=self.editing, painting=self.painting,
            figures=self.figures, inspection=self.inspection, rest=self.rest, pins=self.pins,
            viewport=self.viewport, probe=self.probe, curves=self.timeline.curves,
            library=self.library, clip_fits=self.clip_fits,
        )  # fmt: skip

    def _connect(self) -> None:
        actions, state = self.actions_, self.state
        for action, slot in (
            (actions.export, self._open_export),
            (actions.copy_picture, self._copy_picture),
            (actions.cancel, self.opening.cancel),
            (actions.palette, self.palette_.open_up),
            (actions.start_page, self.show_start_page),
            (actions.quit, self.close),
            *((action, partial(self.viewport.show_view, name)) for name, action in actions.views.items()),
        ):
            action.triggered.connect(slot)
        self.welcome.left.connect(self.show_bodies)
        self.opening.failed.connect(self._on_open_failed)
        state.document.motion_changed.connect(self._on_motion)
        self.files.shown.connect(self._go_to_frame)  # after a session went to its own
        WindowTitle(state.document, state.activity, self.sessions.file, self)

    def _restore(self) -> None:
        stored = self.preferences
        self.layout_.restore(stored)
        self.playing.restore(stored)
        self.views.restore(stored)

    def showEvent(self, event: QShowEvent) -> None:
        """The first file is read once the window is on the screen."""
        super().showEvent(event)
        if not self._started:
            self._started = True
            QTimer.singleShot(0, self, self._open_first)

    @Slot()
    def _open_first(self) -> None:
        if self._opens_first:
            options = self._options
            self.files.open_first(options.file, options.frame, handed_over=options.handed_over)
        else:
            self.welcome.look_again()

    @Slot(object)
    def _go_to_frame(self, opened: Opened) -> None:
        if opened.frame is not None:
            self.state.playback.set_frame(opened.frame)

    @cached_property
    def exporting(self) -> ExportController:
        """What writes files; made when the first one is asked for."""
        from gui_app.export.controller import ExportController
        from gui_app.people.exported import everyone

        exporting = ExportController(self.state, self.viewport, self)
        exporting.offer_people(partial(everyone, self.people.desk, self.state, self.files))
        return exporting

    @cached_property
    def export_dialog(self) -> ExportDialog:
        """Where an export is begun, with what stands for it in the status bar once it is closed."""
        from gui_app.export.chip import ExportChip
        from gui_app.export.dialog import ExportDialog

        dialog = ExportDialog(self.state, self.exporting, self.preferences, self)
        self.people.desk.changed.connect(dialog.look_again)
        self.statusBar().addPermanentWidget(ExportChip(self.exporting, dialog, self))
        return dialog

    @Slot()
    def _copy_picture(self) -> None:
        self.exporting.copy_picture()

    @Slot()
    def _open_export(self) -> None:
        self.state.document.settle()
        self.export_dialog.open_for()

    @Slot()
    def show_start_page(self) -> None:
        """What can be opened, and where bodies come from."""
        self.state.playback.set_playing(False)
        self.welcome.look_again()
        self._pages.setCurrentWidget(self.welcome)
        self.welcome.setFocus()

    @Slot()
    def _on_open_failed(self) -> None:
        if self.state.document.opened is None:
            self.show_start_page()

    @Slot()
    def show_bodies(self) -> None:
        """Back from the start page."""
        opened = self.state.document.opened
        if opened is not None:
            self._pages.setCurrentWidget(self.bodies)
            # From a list the keys go on to the next one.
            if not opened.listed:
                self.viewport.setFocus()

    @Slot()
    def _on_motion(self) -> None:
        actions = self.actions_
        for action in (*actions.views.values(), actions.export, actions.copy_picture):
            allow(action, "" if self.state.document.opened is not None else NO_MOTION)
        self.show_bodies()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes files, and folders."""
        if dragged_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped, or says why not."""
        if paths := dragged_files(event):
            event.acceptProposedAction()
            self.files.open_dropped(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks about unsaved work, ends the threads or leaves those that hang, frees the graphics memory."""
        if not self._leaving and not self.saving.may_lose_work("Close without saving this work?", self.close):
            event.ignore()
            return
        self._leaving = True
        self.setEnabled(False)
        self.state.playback.set_playing(False)
        busy = close_threads(self)
        if busy:
            if not self._closing_wait.over(writing=any(thread.writes for thread in busy)):
                event.ignore()
                QTimer.singleShot(CLOSE_AGAIN_MS, self, self.close)
                return
            leave_threads(self)
        self.autosave.close()
        self.left_over.release()
        self.sessions.file.close()
        self._store()
        self.viewport.close_view()
        event.accept()

    def _store(self) -> None:
        self.beside.end()
        stored = self.preferences
        self.layout_.store(stored)
        self.playing.store(stored)
        self.views.store(stored)
        stored.sync()
