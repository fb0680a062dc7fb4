"""Opening motions, fits and bodies: asked for, dropped, or chosen by name."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from gui_app.actions import Actions
from gui_app.fit_controller import FitController
from gui_app.models_choice import ModelsChoice
from gui_app.open_controller import OpenController
from gui_app.opening import Opened, pose_on_one_thread
from gui_app.preferences import Preferences
from gui_app.save_actions import SaveActions
from gui_app.state import AppState

MOTION_FILTER = "Motions and fits (*.npz);;All files (*)"


class OpenActions(QObject):
    """Does what the actions for files and bodies say, unless there is unsaved work that the user keeps."""

    def __init__(
        self,
        state: AppState,
        actions: Actions,
        opening: OpenController,
        fitting: FitController,
        saving: SaveActions,
        models: ModelsChoice,
        preferences: Preferences,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state, self._actions, self._window = state, actions, window
        self._opening, self._fitting, self._saving = opening, fitting, saving
        self._models, self._preferences = models, preferences
        actions.open.triggered.connect(self._ask_open)
        actions.models.triggered.connect(self._ask_models)
        actions.builtin.triggered.connect(self._use_builtin)
        opening.opened.connect(self._on_opened)
        opening.failed.connect(self._on_failed)

    def open_path(self, path: Path, *_: object) -> None:
        """Opens a motion or a fit; while the window closes nothing is asked any more."""
        if not self._opening.closed and self._saving.may_lose_work(
            "Open another file without saving this fit?"
        ):
            self._opening.open(path, self._models.models)

    @Slot()
    def _ask_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, "Open", self._preferences.folder, MOTION_FILTER)
        if name:
            self.open_path(Path(name))

    @Slot()
    def _ask_models(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self._window, "Folder of SMPL-H and SMPL-X models", str(self._models.folder or "")
        )
        if folder and self._may_change_bodies():
            self._models.choose(Path(folder))
            self._reopen()

    @Slot()
    def _use_builtin(self) -> None:
        if self._may_change_bodies():
            self._models.use_builtin()
            self._reopen()

    def _may_change_bodies(self) -> bool:
        return self._saving.may_lose_work("Change the bodies without saving this fit?")

    def _reopen(self) -> None:
        opened = self._state.opened
        self._opening.open(opened.motion.path if opened else None, self._models.models)

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        self._fitting.drop()
        pose_on_one_thread()
        self._models.keep()
        self._state.set_opened(opened)
        if opened.file is not None and not (opened.builtin_motion and opened.result is None):
            self._preferences.add_recent(opened.file)
            self._preferences.folder = str(opened.file.parent)
        if self._actions.autofit.isChecked() and opened.result is None:
            self._fitting.start()

    @Slot()
    def _on_failed(self) -> None:
        self._models.revert()


def dropped_file(event: QDropEvent) -> Path | None:
    """The .npz file that is dragged over a window, None where it is anything else."""
    urls = event.mimeData().urls()
    if len(urls) == 1 and urls[0].isLocalFile() and urls[0].toLocalFile().lower().endswith(".npz"):
        return Path(urls[0].toLocalFile())
    return None
