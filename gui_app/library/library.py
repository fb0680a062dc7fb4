"""The folder whose clips are listed: looked into, kept up to date, and opened clip by clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.files.open_actions import OpenActions
from gui_app.library.clip_folder import ClipFolder, look_into
from gui_app.library.clip_list import Arranged, ClipList, Order, bring_up_to_date
from gui_app.library.results_memory import ResultsMemory
from gui_app.tasks.background_job import BackgroundJob, tell_nobody
from gui_app.tasks.coalesce import Later
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from core.catalogue.catalogue import Clip

GOING_ON_MS = 2_000
"""How often results are looked for while a run goes on."""
WRITTEN_MS = 400
AS_FOUND_MS = 1_000
"""How often the list follows while results are being read."""


class Library(QObject):
    """Nothing of it waits for a disk in the GUI thread.

    Attributes:
        files: open its clips.
        folder: that is listed; None for none.
        order: in which its clips are asked for.
        listed: the clips, in that order.
        looking: a folder is being looked into.
        progress: results read and to be read, zeros while that is not known; None where nobody looks for any.
        why_not: why there is no list, in a sentence; ''.
        unreadable: because the index is damaged, and could be built anew.

    ``folder_changed`` tells of ``folder`` and ``looking``; ``arranged`` of ``listed`` and ``why_not``;
    ``progressed`` of ``progress``; ``known`` carries what is known of clips that `want` asked for; ``opened``
    the place of the clip that is shown, '' for none of the list.
    """

    folder_changed = Signal()
    arranged = Signal()
    progressed = Signal()
    known = Signal(object)
    opened = Signal(str)

    def __init__(
        self,
        state: AppState,
        files: OpenActions,
        actions: Actions,
        preferences: Preferences,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state, self.files, self._actions = state, files, actions
        self._preferences, self._window = preferences, window
        self._memory = ResultsMemory(preferences)
        self.folder: ClipFolder | None = None
        self.order, self.listed = Order(), Arranged()
        self.looking, self.unreadable, self.why_not = False, False, ""
        self.progress: tuple[int, int] | None = None
        self._first = self._refreshes = False
        self._list: ClipList | None = None
        self._arranging: BackgroundJob[Arranged] | None = None
        self._look = self._job_thread("library")
        self._index = self._job_thread("library index")
        self._again = Later(self.refresh, self, GOING_ON_MS)
        self._soon = Later(self.refresh, self, WRITTEN_MS)
        self._follow = Later(self._arrange, self, AS_FOUND_MS)
        self._look.closing.connect(self._stop)
        state.document.saved_changed.connect(self._on_saved)
        state.document.motion_changed.connect(self._on_motion)
        actions.open_folder.triggered.connect(self._ask_folder)
        files.offer_folders(self.open_folder)

    def _job_thread(self, name: str) -> JobThread:
        return JobThread(name, self, self._state.activity.fail)

    def open_folder(self, path: Path) -> None:
        """Lists the clips of a folder; one that is a motion itself is opened as one."""
        if self._look.closed:
            return
        # In a window that has nothing to show yet the first clip is opened.
        self._first = self._state.document.opened is None
        self._look_into(path, self._on_folder)

    @Slot()
    def look_again(self) -> None:
        """Looks for motions and results that have come or gone."""
        if self.folder is not None and not self._look.closed:
            self._look_into(self.folder.opened, self._on_same_folder)

    def _look_into(self, path: Path, then: Callable[[Path, ClipFolder | None], object]) -> None:
        self.looking = True
        self.folder_changed.emit()
        job = self._look.job(partial(then, path), failed=self._on_no_folder, latest=True)
        job.start(look_into, path, self._memory.known(), self.files.targets)

    def set_results(self, results: Path) -> None:
        """Says where the results of the motions that are listed lie."""
        if self.folder is not None and self.folder.motions is not None:
            self._memory.keep(self.folder.motions, results)
            self._look_into(self.folder.motions, self._on_same_folder)

    def set_order(self, order: Order) -> None:
        """Lists other clips, or the same in another order."""
        if order != self.order:
            self.order = order
            self._arrange()

    def want(self, ids: Sequence[int]) -> None:
        """Asks what is known of clips."""
        if self._list is not None and not self._look.closed:
            job: BackgroundJob[list[Clip]] = self._look.job(self.known.emit)
            job.start(self._list.rows, ids)

    def ask_to_fit(
        self, wanted: Sequence[int] | Order, then: Callable[[tuple[list[Clip], int]], object]
    ) -> None:
        """Looks up clips to be fitted, as `ClipList.to_fit` gives them."""
        if self._list is not None and not self._look.closed:
            self._look.job(then).start(self._list.to_fit, wanted)

    @Slot()
    def refresh(self) -> None:
        """Reads results that are new."""
        folder = self.folder
        if folder is None or folder.results is None or not folder.fitted or self._index.closed:
            return
        if self._index.busy:
            self._soon.ask()
            return
        job = self._index.job(self._on_refreshed, failed=self._on_not_refreshed)
        self._on_progress(0, 0)
        job.start(bring_up_to_date, folder.results, job.progress(self._on_progress))

    def build_anew(self) -> None:
        """Builds the index from journals and results once more."""
        if self.folder is not None:
            self._use(self.folder, rebuild=True)

    def open_clip(self, clip: Clip) -> None:
        """Shows a clip: its session, its fit at its worst frame, or its motion."""
        path, frame = self.file_of(clip)
        if path is not None:
            self.files.open_one(path, frame=frame, listed=clip.output, listed_fit=self._fit_of(clip))

    def read_ahead(self, clip: Clip) -> None:
        """Reads a clip that is likely to be opened next."""
        path, frame = self.file_of(clip)
        if path is not None and not self._state.activity.opening:
            self.files.read_ahead(path, frame, clip.output, self._fit_of(clip))

    def file_of(self, clip: Clip) -> tuple[Path | None, int | None]:
        """What is opened of a clip, and at which frame; None where nothing is known of its motion."""
        fit = self._fit_of(clip)
        if fit is not None:
            return fit.with_name(clip.opens.rpartition("/")[2]), clip.worst
        return (Path(clip.source) if clip.source else None), None

    def _fit_of(self, clip: Clip) -> Path | None:
        """The file of its fit; None where there is none."""
        results = self.folder.results if self.folder is not None else None
        return None if results is None or clip.frames is None else results / clip.output

    def _use(self, folder: ClipFolder, *, rebuild: bool = False) -> None:
        before, self._list = self._list, ClipList(folder, rebuild=rebuild)
        self._index.drop_jobs()
        if before is not None:
            self._look.job(tell_nobody).start(before.close)
        self.folder, self.listed, self.why_not, self.unreadable = folder, Arranged(), "", False
        self.progress, self._refreshes = None, True
        self.folder_changed.emit()
        self._arrange()

    def _on_folder(self, path: Path, folder: ClipFolder | None) -> None:
        self.looking = False
        if folder is None:
            self.folder_changed.emit()
            self.files.open_one(path)
            return
        self._preferences.add_recent(path)
        self._use(folder)
        self._actions.library.setChecked(True)

    def _on_same_folder(self, _path: Path, folder: ClipFolder | None) -> None:
        self.looking = False
        if folder is not None:
            self._use(folder)

    def _on_no_folder(self, sentence: str) -> None:
        self.looking = False
        self.folder_changed.emit()
        self._state.activity.fail(sentence)
        self.files.nothing_opened()

    @Slot()
    def _arrange(self) -> None:
        if self._list is None or self._look.closed:
            return
        if self._arranging is not None:
            self._arranging.drop()
        self._arranging = self._look.job(self._on_arranged, failed=self._on_not_listed)
        self._arranging.start(self._list.arrange, self.order)

    def _on_arranged(self, listed: Arranged) -> None:
        self.listed, self.why_not, self.unreadable = listed, listed.unreadable, bool(listed.unreadable)
        if self._refreshes and not listed.unreadable:
            self._refreshes = False
            self.refresh()
        if listed.states.get("running"):
            self._again.ask()
        self.arranged.emit()
        if self._first and not self._index.busy and not listed.ids:
            self._first = False
            self.files.nothing_opened()

    def take_first(self) -> bool:
        """Whether the first clip is to be opened now that it is listed; once."""
        first, self._first = self._first, False
        return first and self._state.document.opened is None and not self._state.activity.opening

    def _on_not_listed(self, sentence: str) -> None:
        self.why_not = sentence
        self.arranged.emit()

    def _on_not_refreshed(self, sentence: str) -> None:
        self.progress = None
        self.progressed.emit()
        self._state.activity.say(sentence)

    def _on_progress(self, done: int, total: int) -> None:
        self.progress = (done, total)
        self.progressed.emit()
        if total and not self.listed.clips:
            # The names are there, and what is known of the clips comes to them.
            self._arrange()
        elif done and not self._follow.isActive():
            self._follow.ask()

    def _on_refreshed(self, told: list[str]) -> None:
        self.progress = None
        self.progressed.emit()
        for sentence in told:
            self._state.activity.say(sentence)
        self._follow.stop()
        self._arrange()

    @Slot()
    def _on_saved(self) -> None:
        # What was written may lie beside the results.
        if self._state.document.saved and self.folder is not None:
            self._soon.ask()

    @Slot()
    def _on_motion(self) -> None:
        opened = self._state.document.opened
        self.opened.emit("" if opened is None else opened.listed)

    @Slot()
    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self._window, "Folder of motions or results", self._preferences.folder
        )
        if folder:
            self.open_folder(Path(folder))

    @Slot()
    def ask_results(self) -> Path | None:
        """Asks where the results of these motions lie, or are to lie; None where nobody says."""
        if self.folder is None or self.folder.motions is None:
            return None
        start = self.folder.results or self.folder.motions.parent
        name = shown(self.folder.motions.name)
        chosen = QFileDialog.getExistingDirectory(self._window, f"Folder of the fits of {name}", str(start))
        if not chosen:
            return None
        self.set_results(Path(chosen))
        return Path(chosen)

    @Slot()
    def _stop(self) -> None:
        for timer in (self._again, self._soon, self._follow):
            timer.stop()
