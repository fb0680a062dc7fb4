"""Opening motions, fits and bodies: asked for, dropped, or chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QActionGroup, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from core.files.motions.mesh_readers import opened_as
from core.files.own_mesh import NothingLeads
from core.model.joints import FAMILY_LABEL
from core.session.fit_origin import SourceMissing
from gui_app.document.actions import SPECS, Actions
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.opened import Opened
from gui_app.document.preferences import Preferences
from gui_app.files import open_question
from gui_app.files.ask_lead import ask_lead, led_by
from gui_app.files.folder_memory import FolderMemory
from gui_app.files.models_choice import ModelsChoice
from gui_app.files.open_controller import OpenController, OpenRequest
from gui_app.files.open_question import NOTHING_SAID, Answer, Doubted, Unanswered
from gui_app.files.reading_question import Taken
from gui_app.files.save_actions import SaveActions
from gui_app.fit.fit_controller import FitController
from gui_app.tasks.job_thread import pose_on_one_thread
from gui_app.widgets.buttons import NO_MOTION, OPENING, allow
from gui_app.widgets.message_box import message_box

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.motion import Motion
    from core.session.session import Session

MESHES_FILTER = "Meshes: choose one, its folder opens (*.obj *.ply)"
NOT_TOLD = "Nothing of this file can be read in another way"
PATTERNS = "*.npz *.pkl *.pickle *.p *.pt *.pth *.npy *.smpl"
SOURCE_FILTER = f"Motions ({PATTERNS});;{MESHES_FILTER};;All files (*)"
MOTION_FILTER = f"Motions, fits and sessions ({PATTERNS} *.refit);;{MESHES_FILTER};;All files (*)"


class OpenActions(QObject):
    """Does what the actions for files and bodies say, unless there is unsaved work that the user keeps."""

    leaving = Signal(object)
    """What was opened, while all is still there that it takes the place of, a fit that goes on included."""
    shown = Signal(object)
    """What was opened, when all parts of the window know of it."""

    def __init__(
        self,
        document: Document,
        activity: Activity,
        actions: Actions,
        opening: OpenController,
        fitting: FitController,
        saving: SaveActions,
        models: ModelsChoice,
        preferences: Preferences,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._activity, self._actions, self._window = document, activity, actions, window
        self._opening, self._fitting, self._saving = opening, fitting, saving
        self._models, self._preferences = models, preferences
        self._open_folder: Callable[[Path], object] | None = None
        self._memory = FolderMemory(preferences)
        actions.open.triggered.connect(self._ask_open)
        actions.models.triggered.connect(self._ask_models)
        actions.builtin.triggered.connect(self._use_builtin)
        group = QActionGroup(self)
        for family, action in actions.targets.items():
            group.addAction(action)
            action.triggered.connect(partial(self._choose_target, family))
        opening.read.connect(self._on_read)
        opening.opened.connect(self._on_opened)
        opening.failed.connect(self._on_failed)
        opening.missing.connect(self._ask_source)
        opening.unled.connect(self._ask_lead)
        opening.unanswered.connect(self._ask_answer)
        document.rate_changed.connect(self._keep_rate)
        actions.reading.triggered.connect(self._ask_reading)
        document.motion_changed.connect(self._on_motion)
        activity.opening_changed.connect(self._on_motion)
        self._on_motion()

    def open_path(self, path: Path, *_: object, frame: int | None = None) -> None:
        """Opens a motion, a fit or a folder, the two at a frame where one is given; while the window closes
        nothing is asked any more."""
        if self._open_folder is not None and path.is_dir():
            self._open_folder(path)
        else:
            self.open_one(opened_as(path), frame=frame)

    def open_dropped(self, paths: Sequence[Path]) -> None:
        """Opens what was dropped on the window, as `open_path` does; of several nothing."""
        if len(paths) == 1:
            self.open_path(paths[0])
        else:
            self._activity.fail(f"{len(paths):,} files were dropped: one opens at a time, or their folder")

    def open_one(
        self,
        path: Path,
        *,
        frame: int | None = None,
        listed: str = "",
        listed_fit: Path | None = None,
    ) -> None:
        """Opens a motion, a fit or a folder that is one, at a frame where one is given.

        Args:
            path: of it.
            frame: to show first.
            listed: its place in a list, as in `Opened`; '' where it is one by itself.
            listed_fit: the file of its fit there, as in `Opened`.
        """
        again = partial(self.open_one, path, frame=frame, listed=listed, listed_fit=listed_fit)
        if not self._opening.closed and self._saving.may_lose_work(
            "Open another file without saving this work?", again
        ):
            self._opening.begin(self._request(path, frame, listed, listed_fit))

    def open_person(self, name: str, frame: int, stored: tuple[Path, Session] | None) -> None:
        """Opens another person of the file that is open at a frame; work on the one who was shown is kept by
        whoever listens to `leaving`. ``stored`` is what a session has of them, and where that lies."""
        request = self.person_request(name, frame, stored)
        if request is not None and not self._opening.closed:
            self._opening.begin(request)

    def person_request(
        self, name: str, frame: int, stored: tuple[Path, Session] | None
    ) -> OpenRequest | None:
        """How to open another person of the file that is open, in the way it is read, or as ``stored``; None
        where there is no file."""
        opened = self._document.opened
        if stored is not None:
            path, session = stored
            kept = opened is not None and opened.left_over
            models = self._models.models
            return OpenRequest(path, models, left_over=kept, frame=frame, beside=True, stored=session)
        if opened is None or opened.motion.path is None:
            return None
        path, reading = opened.motion.path, opened.motion.reading
        gender = self._memory.answer(path).reading.gender
        reading = replace(reading, person=name, gender=None, in_body=None)
        answer = Answer(reading, self._document.given_rate, final=True, trusts=True, remembered=gender)
        return replace(self._request(path, frame), answer=answer, beside=True)

    def come_back(self, opened: Opened) -> None:
        """Shows another person of the file once more, as they were left."""
        self._opening.cancel()
        self._on_opened(opened)

    def read_ahead(self, path: Path, frame: int | None, listed: str, listed_fit: Path | None) -> None:
        """Reads one of many in a list, which is likely to be opened next."""
        self._opening.ahead.begin(self._request(path, frame, listed, listed_fit))

    def _request(
        self, path: Path, frame: int | None, listed: str = "", listed_fit: Path | None = None
    ) -> OpenRequest:
        answer = self._memory.answer(path)
        models, targets = self._models.models, self._models.targets
        request = OpenRequest(path, models, answer=answer, frame=frame, listed=listed, targets=targets)
        return replace(request, listed_fit=listed_fit)

    @property
    def targets(self) -> dict[str, str]:
        """Which body motions of a family are fitted with, by that family."""
        return self._models.targets

    @property
    def models(self) -> str | Path:
        """The bodies in use, as `OpenRequest.models`."""
        return self._models.models

    def offer_folders(self, open_folder: Callable[[Path], object]) -> None:
        """What lists the clips of a folder; it hands those that are one motion to `open_one`."""
        self._open_folder = open_folder

    def open_first(self, path: Path | None, frame: int | None = None, *, handed_over: bool = False) -> None:
        """Opens what the window was started with, None for the built-in motion, at a frame where one is
        given; ``handed_over`` where the file is none of the user's, and goes with the window."""
        if path is not None and self._open_folder is not None and path.is_dir():
            self._open_folder(path)
            return
        path = None if path is None else opened_as(path)
        answer = self._memory.answer(path) if path is not None else NOTHING_SAID
        self._open(path, answer=answer, frame=frame, handed_over=handed_over)

    def _open(self, path: Path | None, **more: Any) -> None:
        """Opens it with the bodies that are chosen."""
        self._opening.open(path, self._models.models, targets=self._models.targets, **more)

    def nothing_opened(self) -> None:
        """What was asked for is nothing that can be shown."""
        self._opening.failed.emit()

    def open_left_over(self, path: Path) -> None:
        """Opens what Refit kept before it ended unexpectedly."""
        again = partial(self.open_left_over, path)
        if not self._opening.closed and self._saving.may_lose_work(
            "Restore it without saving this work?", again
        ):
            self._open(path, left_over=True)

    @Slot(object, object)
    def _ask_source(self, request: OpenRequest, error: SourceMissing) -> None:
        """Where is the motion that a fit or session belongs to?"""
        name = error.source.name or "its motion"
        question = f"{error.path.name} belongs to {name}, which is not where it was."
        lay = f"It lay at {error.source.path or 'a place that is not known'}."
        box = message_box(self._window, "Where is the motion?", question, lay)
        choose = box.addButton("Choose the file…", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(choose)
        box.exec()
        chosen = ""
        if box.clickedButton() is choose:
            folder = self._preferences.folder
            chosen, _ = QFileDialog.getOpenFileName(self._window, f"Where is {name}?", folder, SOURCE_FILTER)
        if chosen and request.path is not None:
            self._opening.begin(replace(request, source=opened_as(Path(chosen))))
        else:
            self._activity.fail(str(error))
            self._opening.failed.emit()

    @Slot(object, object)
    def _ask_lead(self, request: OpenRequest, asked: NothingLeads) -> None:
        """What leads from meshes of a topology of their own to a body?"""
        said = ask_lead(asked, self._preferences.folder, self._window)
        if said is None or request.path is None:
            self._opening.failed.emit()
            return
        self._opening.begin(replace(request, answer=led_by(request.answer, said)))

    @Slot(object, object)
    def _ask_answer(self, request: OpenRequest, asked: Unanswered | Doubted) -> None:
        """What does the file leave open?"""
        known = request.answer if request.answer.final else self._memory.answer(asked.path)
        answer = open_question.ask(asked, known, self._window)
        if answer is None:
            self._opening.failed.emit()
            return
        self._remember(asked.path, answer, asked.taken if isinstance(asked, Doubted) else None)
        answer = led_by(answer, request.answer.reading)
        self._opening.begin(replace(request, path=asked.path, answer=answer))

    @Slot()
    def _ask_reading(self) -> None:
        """How is the file that is open read, and how is it to be read?"""
        opened = self._document.opened
        taken = None if opened is None else Taken.of(opened.motion)
        if taken is None or self._opening.closed:
            return
        rate = self._document.given_rate if taken.lacks_rate else None
        answer = open_question.ask_reading(taken, rate, self._window, fit=self._document.has_fit)
        if answer is not None:
            self._read_again(taken, answer)

    def _read_again(self, taken: Taken, answer: Answer) -> None:
        again = partial(self._read_again, taken, answer)
        if self._saving.may_lose_work("Read the file again without saving this work?", again):
            self._remember(taken.path, answer, taken)
            self._open_again(taken.path, answer)

    def _remember(self, path: Path, answer: Answer, taken: Taken | None) -> None:
        """For the next file of the folder; what wins over a file says nothing of others."""
        if taken is not None and not taken.lacks_gender:
            answer = replace(answer, reading=replace(answer.reading, gender=None))
        self._memory.keep(path, answer)

    @Slot()
    def _on_motion(self) -> None:
        opened = self._document.opened
        unknown = NO_MOTION if opened is None else "" if Taken.of(opened.motion) is not None else NOT_TOLD
        allow(self._actions.reading, OPENING if self._activity.opening else unknown)
        for family, action in self._actions.targets.items():
            own = opened is not None and opened.motion.has_poses and opened.motion.family == family
            action.setEnabled(not own and not self._activity.opening)
            label, spec = FAMILY_LABEL[family], SPECS[f"target_{family}"]
            why_not = f"The motion is in {label} already" if own else ""
            action.setToolTip(OPENING if self._activity.opening else why_not or spec.tip)
            fitted = self._models.targets["smplh"] if opened is None else opened.bodies.target.family
            action.setChecked(family == fitted)

    @Slot()
    def _keep_rate(self) -> None:
        opened, rate = self._document.opened, self._document.given_rate
        if opened is not None and opened.motion.path is not None and rate is not None:
            self._memory.keep_rate(opened.motion.path, rate)

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
        if folder:
            self._change_bodies(partial(self._models.choose, Path(folder)))

    @Slot()
    def _use_builtin(self) -> None:
        self._change_bodies(self._models.use_builtin)

    def _choose_target(self, family: str, *_: object) -> None:
        opened = self._document.opened
        self._on_motion()
        if opened is None:
            self._models.choose_target(None, family)
            self._models.keep()
        elif family != opened.bodies.target.family:
            self._change_bodies(partial(self._models.choose_target, opened.motion.family, family))

    def _change_bodies(self, choose: Callable[[], object]) -> None:
        again = partial(self._change_bodies, choose)
        if self._saving.may_lose_work("Change the bodies without saving this work?", again):
            choose()
            self._reopen()

    def _reopen(self) -> None:
        opened = self._document.opened
        if opened is None:
            self._open(None)
            return
        motion = opened.motion
        answer = Answer(motion.reading, self._document.given_rate, final=motion.gender is not None)
        self._open_again(motion.path, answer)

    def _open_again(self, path: Path | None, answer: Answer) -> None:
        """Opens the motion that is open in another way; what is of a list stays so."""
        opened = self._document.opened
        of_list = {} if opened is None else {"listed": opened.listed, "listed_fit": opened.listed_fit}
        self._open(path, answer=answer, **of_list)

    @Slot(object, object)
    def _on_read(self, motion: Motion, bodies: BodyPair) -> None:
        if self._actions.autofit.isChecked():
            self._fitting.prepare(motion, bodies)

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        if opened.beside:
            self._document.settle()
        self.leaving.emit(opened)
        self._fitting.drop()
        pose_on_one_thread()
        self._models.keep()
        self._document.set_opened(opened)
        self.shown.emit(opened)
        builtin = opened.builtin_motion and opened.result is None and opened.session is None
        if opened.file is not None and not (builtin or opened.left_over or opened.listed or opened.beside):
            self._preferences.add_recent(opened.file)
            self._preferences.folder = str(opened.file.parent)
        untouched = opened.session is None or (opened.beside and len(opened.session.steps) == 1)
        if self._actions.autofit.isChecked() and opened.result is None and untouched:
            self._fitting.start_by_itself()

    @Slot()
    def _on_failed(self) -> None:
        self._models.revert()


def dragged_files(event: QDropEvent) -> tuple[Path, ...]:
    """The files and folders of this machine that are dragged over a window, whatever they are."""
    return tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
