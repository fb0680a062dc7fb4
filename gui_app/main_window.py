"""The window: puts the parts together and connects what is done to what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from gui_app.actions import Actions
from gui_app.analysis_controller import AnalysisController
from gui_app.command_palette import CommandPalette
from gui_app.commands_found import Commands
from gui_app.dialogs import About, Shortcuts
from gui_app.editing import Editing
from gui_app.export_chip import ExportChip
from gui_app.export_controller import ExportController
from gui_app.export_dialog import ExportDialog
from gui_app.fit_controller import FitController
from gui_app.fit_menu import FitActions
from gui_app.history import History
from gui_app.menus import Menus
from gui_app.message_bar import MessageBar
from gui_app.models_choice import ModelsChoice
from gui_app.open_controller import OpenController
from gui_app.opening import Opened, pose_on_one_thread
from gui_app.parameters_dock import ParametersDock
from gui_app.pin_spheres import PinSpheres
from gui_app.pins import Pins
from gui_app.playback import Player
from gui_app.preferences import Preferences
from gui_app.problem_steps import ProblemSteps
from gui_app.progress_line import ProgressLine
from gui_app.recent_log import LogSheet
from gui_app.run_strip import RunStrip
from gui_app.saving import ask_where, save_fit
from gui_app.state import SPEEDS, AppState
from gui_app.status import Status
from gui_app.threshold import DEFAULT_MM
from gui_app.timeline import Timeline
from gui_app.toolbar import Toolbar
from gui_app.undo_actions import UndoActions
from gui_app.vertex_probe import VertexProbe
from gui_app.view_controls import ViewControls
from gui_app.viewport import Viewport
from gui_app.welcome import START_FLAG, Welcome
from gui_app.words import plain_tip

MOTION_FILTER = "Motions and fits (*.npz);;All files (*)"
LAYOUT_VERSION = 1
DEFAULT_SIZE = QSize(1440, 900)


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    file: Path | None = None
    models: Path | None = None
    device: str = "auto"
    threads: int | None = None


class MainWindow(QMainWindow):
    """Source and fit side by side, curves below."""

    def __init__(self, options: Options | None = None) -> None:
        super().__init__()
        self._options = options or Options()
        self._started = False
        self._leaving = False
        self.preferences = Preferences()
        self.models = ModelsChoice(self.preferences, self._options.models)
        self.state = AppState(self)
        self.actions_ = Actions(self)
        self.views = ViewControls(self.state, self.actions_, self)
        self.player = Player(self.state, self)
        self.history = History(self.state, self)
        options = self._options
        self.fitting = FitController(self.state, self.history, options.device, options.threads, self)
        self.opening = OpenController(self.state, self)
        self.analysing = AnalysisController(self.state, self)
        self.pins = Pins(self.state, self)
        self.editing = Editing(self.state, self.history, self)
        self._build()
        self._connect()
        self._restore()
        self._on_change()
        self.setAcceptDrops(True)

    def _build(self) -> None:
        self.addToolBar(Toolbar(self.state, self.actions_, self))
        self.viewport = Viewport(self.state, self)
        self.run_strip = RunStrip(self.state, self.actions_.cancel, self.viewport)
        self.welcome = Welcome(self.state, self.actions_, self.preferences, self.models, self.open_path, self)
        self.message = MessageBar(self.state, self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.viewport)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(ProgressLine(self.state, self))
        column.addWidget(self.message)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(centre)
        self.timeline = Timeline(self.state, self.actions_, self.pins, self)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.timeline)
        self.parameters = ParametersDock(self.state, self.editing, self.actions_.parameters, self)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.parameters)
        self.problems = ProblemSteps(self.state, self.actions_, self.timeline.why, self.viewport, self)
        self.spheres = PinSpheres(self.state, self.pins, self.viewport)
        self.probe = VertexProbe(self.state, self.pins, self.viewport)
        self.setStatusBar(Status(self.state, self))
        self.exporting = ExportController(self.state, self.viewport, self)
        self.export_dialog = ExportDialog(self.state, self.exporting, self.preferences, self)
        self.statusBar().addPermanentWidget(ExportChip(self.exporting, self.export_dialog, self))
        commands = Commands(self.state, self.actions_, self.preferences, self.open_path)
        self.palette_ = CommandPalette(commands, self)
        self.menus = Menus(self, self.actions_, self.preferences)
        self.setMinimumSize(900, 560)

    def _connect(self) -> None:
        actions, state = self.actions_, self.state
        for action, slot in (
            (actions.open, self.ask_open),
            (actions.save, self.ask_save),
            (actions.export, self.ask_export),
            (actions.copy_picture, self.exporting.copy_picture),
            (actions.palette, self.palette_.open_up),
            (actions.start_page, self.show_start_page),
            (actions.log, self.show_log),
            (actions.quit, self.close),
            (actions.cancel, self.fitting.cancel),
            (actions.play, self._toggle_play),
            (actions.slower, partial(self._change_speed, -1)),
            (actions.faster, partial(self._change_speed, 1)),
            (actions.back, partial(state.step, -1)),
            (actions.forward, partial(state.step, 1)),
            (actions.back_ten, partial(state.step, -10)),
            (actions.forward_ten, partial(state.step, 10)),
            (actions.first, self._go_first),
            (actions.last, self._go_last),
            (actions.home, partial(self.viewport.look, "home")),
            (actions.front, partial(self.viewport.look, "front")),
            (actions.side, partial(self.viewport.look, "side")),
            (actions.top, partial(self.viewport.look, "top")),
            (actions.models, self.ask_models),
            (actions.builtin, self.use_builtin),
            (actions.shortcuts, self.show_shortcuts),
            (actions.about, self.show_about),
        ):
            action.triggered.connect(slot)
        FitActions(state, self.fitting, actions, self.preferences, self)
        UndoActions(state, self.history, actions, self)
        actions.loop.toggled.connect(state.set_loop)
        actions.follow.toggled.connect(self._set_follow)
        self.welcome.left.connect(self.show_bodies)
        self.opening.opened.connect(self._on_opened)
        self.opening.failed.connect(self._on_open_failed)
        for signal in (
            state.motion_changed,
            state.result_changed,
            state.run_changed,
            state.playback_changed,
            state.opening_changed,
            state.saved_changed,
        ):
            signal.connect(self._on_change)

    def _restore(self) -> None:
        stored, actions = self.preferences, self.actions_
        if not self.restoreGeometry(stored.bytes("geometry")):
            self.resize(DEFAULT_SIZE.boundedTo(self.screen().availableGeometry().size()))
        if not self.restoreState(stored.bytes("layout"), LAYOUT_VERSION):
            self.resizeDocks(
                [self.timeline], [min(330, round(0.34 * self.height()))], Qt.Orientation.Vertical
            )
        actions.autofit.setChecked(stored.flag("autofit", True))
        actions.loop.setChecked(stored.flag("loop", True))
        actions.follow.setChecked(stored.flag("follow", True))
        self.state.set_loop(actions.loop.isChecked())
        self.state.set_view(
            range_mm=stored.number("range_mm", self.state.range_mm),
            follow=actions.follow.isChecked(),
        )
        self.timeline.curves.threshold.set_mm(stored.number("threshold_mm", DEFAULT_MM))
        self.views.restore(stored)

    def showEvent(self, event: QShowEvent) -> None:
        """The first file is read once the window is on the screen."""
        super().showEvent(event)
        if not self._started:
            self._started = True
            QTimer.singleShot(0, self, self._open_first)

    @Slot()
    def _open_first(self) -> None:
        if self._options.file is not None or self.preferences.flag(START_FLAG, True):
            self.opening.open(self._options.file, self.models.models)
        else:
            self.welcome.look_again()

    def open_path(self, path: Path, *_: object) -> None:
        """Opens a motion or a fit, unless there is unsaved work that the user wants to keep."""
        if self._leaving:
            return
        if self._may_lose_work("Open another file without saving this fit?"):
            self.opening.open(Path(path), self.models.models)

    @Slot()
    def ask_open(self) -> None:
        """Asks for a file and opens it."""
        name, _ = QFileDialog.getOpenFileName(self, "Open", self.preferences.folder, MOTION_FILTER)
        if name:
            self.open_path(Path(name))

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        self.fitting.drop()
        pose_on_one_thread()
        self.models.keep()
        self.state.set_opened(opened)
        self._pages.setCurrentWidget(self.viewport)
        if opened.file is not None and not (opened.builtin_motion and opened.result is None):
            self.preferences.add_recent(opened.file)
            self.preferences.folder = str(opened.file.parent)
        if self.actions_.autofit.isChecked() and opened.result is None:
            self.fitting.start()

    @Slot()
    def _on_open_failed(self) -> None:
        self.models.revert()

    @Slot()
    def ask_save(self) -> bool:
        """Asks where to save the fit, and saves it; True if it is saved."""
        state = self.state
        state.settle()
        if state.opened is None or state.result is None:
            return False
        from core.outputs import stageii_name

        start = Path(self.preferences.folder or Path.home()) / stageii_name(Path(state.opened.name))
        place = ask_where(self, start)
        return place is not None and save_fit(state, place, self.preferences)

    @Slot()
    def ask_export(self) -> None:
        """Opens the dialog of everything that can be written."""
        self.state.settle()
        self.export_dialog.open_for()

    @Slot()
    def ask_models(self) -> None:
        """Asks for a folder of licensed models and opens the motion with them."""
        folder = QFileDialog.getExistingDirectory(
            self, "Folder of SMPL-H and SMPL-X models", str(self.models.folder or "")
        )
        if folder and self._may_lose_work("Change the bodies without saving this fit?"):
            self.models.choose(Path(folder))
            self._reopen()

    @Slot()
    def use_builtin(self) -> None:
        """Goes back to the bodies that come with the program."""
        if self._may_lose_work("Change the bodies without saving this fit?"):
            self.models.use_builtin()
            self._reopen()

    def _reopen(self) -> None:
        opened = self.state.opened
        self.opening.open(opened.motion.path if opened else None, self.models.models)

    @Slot()
    def _toggle_play(self) -> None:
        self.state.set_playing(not self.state.playing)

    def _change_speed(self, by: int, *_: object) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.state.speed))
        self.state.set_speed(SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)])

    @Slot()
    def _go_first(self) -> None:
        self.state.step(-self.state.frames)

    @Slot()
    def _go_last(self) -> None:
        self.state.step(self.state.frames)

    @Slot(bool)
    def _set_follow(self, on: bool) -> None:
        self.state.set_view(follow=on)

    @Slot()
    def show_shortcuts(self) -> None:
        """The list of keys."""
        self._show_sheet(Shortcuts(self))

    @Slot()
    def show_about(self) -> None:
        """Versions and bodies."""
        self._show_sheet(About(self.state, self))

    @Slot()
    def show_start_page(self) -> None:
        """What can be opened, and where bodies come from."""
        self.state.set_playing(False)
        self.welcome.look_again()
        self._pages.setCurrentWidget(self.welcome)

    @Slot()
    def show_bodies(self) -> None:
        """Back from the start page."""
        if self.state.opened is not None:
            self._pages.setCurrentWidget(self.viewport)

    @Slot()
    def show_log(self) -> None:
        """What went wrong lately, in detail."""
        self._show_sheet(LogSheet(self))

    def _show_sheet(self, sheet: Shortcuts | About | LogSheet) -> None:
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.show()

    @Slot()
    def _on_change(self, *_: object) -> None:
        state, actions = self.state, self.actions_
        motion = state.opened is not None
        running = state.run.phase == "running"
        for action in (
            actions.play, actions.back, actions.forward, actions.back_ten, actions.forward_ten, actions.first,
            actions.last, actions.home, actions.front, actions.side, actions.top, actions.export,
            actions.copy_picture,
        ):  # fmt: skip
            action.setEnabled(motion)
        actions.cancel.setEnabled(running)
        actions.cancel.setIconText("Cancelling…" if state.run.phase == "cancelling" else "Cancel")
        actions.save.setEnabled(state.result is not None and bool(state.result.fitted.any()))
        actions.set_playing(state.playing)
        mark = " ● unsaved" if not state.saved else ""
        partial_mark = (
            " (partial)" if state.result is not None and state.result.partial and not running else ""
        )
        name = state.opened.name if state.opened else ""
        self.setWindowTitle(f"{name}{partial_mark}{mark} — Refit" if name else "Refit")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes one .npz file."""
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped."""
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.open_path(path)

    def _may_lose_work(self, question: str) -> bool:
        self.state.settle()
        if not self.state.worth_asking:
            return True
        box = QMessageBox(QMessageBox.Icon.NoIcon, "Unsaved fit", question, parent=self)
        name = self.state.opened.name if self.state.opened else ""
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText(plain_tip(f"The fit of {name} is not in a file yet."))
        save = box.addButton("Save fit…", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("Don't save", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(save)
        box.exec()
        if box.clickedButton() is save:
            return self.ask_save()
        return box.clickedButton() is discard

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks about unsaved work, ends the threads, frees the graphics memory."""
        if not self._leaving and not self._may_lose_work("Close without saving this fit?"):
            event.ignore()
            return
        self._leaving = True
        self.setEnabled(False)
        self.state.set_playing(False)
        parts = (self.analysing, self.pins, self.editing, self.fitting, self.opening, self.exporting)
        over = [part.close() for part in parts]
        if not all(over):
            event.ignore()
            QTimer.singleShot(500, self, self.close)
            return
        self._store()
        self.viewport.close_view()
        event.accept()

    def _store(self) -> None:
        stored, actions = self.preferences, self.actions_
        stored.store("geometry", self.saveGeometry())
        stored.store("layout", self.saveState(LAYOUT_VERSION))
        stored.store("autofit", actions.autofit.isChecked())
        stored.store("loop", actions.loop.isChecked())
        stored.store("follow", actions.follow.isChecked())
        stored.store("range_mm", self.state.range_mm)
        stored.store("threshold_mm", self.timeline.curves.threshold.mm)
        self.views.store(stored)
        stored.sync()


def _dropped(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    if len(urls) == 1 and urls[0].isLocalFile() and urls[0].toLocalFile().lower().endswith(".npz"):
        return Path(urls[0].toLocalFile())
    return None
