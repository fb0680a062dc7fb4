"""Starts and stops exports, one at a time, and says how far they are."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from core.errors import RefitError
from core.outputs.export_format import ExportJob
from core.outputs.people_folder import write_people
from core.session.inputs import lost_by
from core.shown_text import size_words
from gui_app.document.state import AppState
from gui_app.export.everyone import Everyone, nobody
from gui_app.export.film import Film, FilmPlan
from gui_app.export.kinds import Choice, Sizes, estimate
from gui_app.export.picture_file import picture_image, write_picture
from gui_app.export.text import ExportStatus, written_words
from gui_app.export.window_view import draw_still, view_of
from gui_app.tasks.background_job import BackgroundJob, tell_nobody
from gui_app.tasks.coalesce import Later
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from gui_app.viewport.viewport import Viewport

CLIPBOARD_ZOOM = 2
SPARE_BYTES = 20_000_000
DRAW_SOON_MS = 50
UNEXPECTED = "The export stopped because of an unexpected error; details are in the log"


class ExportController(QObject):
    """One exporting thread; films are drawn in the GUI thread, where the bodies live."""

    changed = Signal()

    def __init__(self, state: AppState, viewport: Viewport, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._viewport = state, viewport
        self.status = ExportStatus()
        self.everyone: Callable[[], Everyone | None] = nobody
        self._job: BackgroundJob[str | None] | None = None
        self._film: Film | None = None
        self._pending: tuple[Choice, Path, bool] | None = None
        self._saves: object = None
        self._begun = 0.0
        self._draw = Later(self._draw_picture, self, DRAW_SOON_MS)
        self._thread = JobThread("export", self, self._fail, unexpected=UNEXPECTED, one_torch_thread=True)
        self._thread.closing.connect(self._draw.stop)
        self._thread.closing.connect(self._close_film)

    def offer_people(self, everyone: Callable[[], Everyone | None]) -> None:
        """Who there is to be exported together is asked of ``everyone``."""
        self.everyone = everyone

    def ids(self, choice: Choice) -> np.ndarray:
        """The frames that an export would write: of a fit, those that are fitted."""
        ids = choice.ids
        if choice.fitted_only and self._state.document.result is not None:
            ids = ids[self._state.document.result.fitted[ids]]
        return ids

    def sizes(self, choice: Choice) -> Sizes:
        """What the estimate needs to know; a motion must be open."""
        state = self._state
        assert state.document.opened is not None
        bodies = state.document.opened.bodies
        body = bodies.source if choice.body == "source" else bodies.target
        result = state.document.result
        coefficients = 0 if result is None else result.expression.shape[1]
        return Sizes(
            vertices=body.num_vertices,
            faces=len(body.faces),
            joints=bodies.target.num_joints,
            coefficients=coefficients,
            metrics=0 if state.document.analysis is None else 20,
            motion_rate=state.document.rate,
            view=self.view_size(),
        )

    def view_size(self) -> tuple[int, int]:
        """Device pixels of the window's view."""
        plotter = self._viewport.plotter
        scale = plotter.devicePixelRatioF()
        return max(round(plotter.width() * scale), 2), max(round(plotter.height() * scale), 2)

    def too_little_space(self, choice: Choice, path: Path) -> str:
        """A sentence where the disk has no room for the export, or ''."""
        try:
            free = shutil.disk_usage(path.parent).free
        except OSError:
            return ""
        wanted = self.estimate(choice)[0] + SPARE_BYTES
        if wanted <= free:
            return ""
        return (
            f"The disk of {path.parent} has {size_words(free)} free and this needs about "
            f"{size_words(wanted)}: choose another folder or fewer frames."
        )

    def estimate(self, choice: Choice) -> tuple[int, int]:
        """About how many bytes in how many files."""
        everyone = self.everyone() if choice.everyone else None
        if everyone is None:
            return estimate(choice, self.sizes(choice), len(self.ids(choice)))
        sizes = self.sizes(choice)
        each = [estimate(choice, sizes, len(one.frames(choice)))[0] for one in everyone.fitted]
        return sum(each), len(each)

    def start(self, choice: Choice, path: Path, overwrite: bool) -> None:
        """Begins to write; what goes wrong later is said through ``status``."""
        state = self._state
        if state.document.opened is None or self.status.active or self._thread.closed:
            return
        sentence = lost_by(path, state.document.inputs) or self.too_little_space(choice, path)
        if sentence:
            self._fail(sentence)
            return
        self._begun = time.monotonic()
        self._saves = (
            state.document.result
            if choice.format.is_result and not choice.everyone and len(choice.ids) == state.document.frames
            else None
        )
        self._set(ExportStatus("running", choice.is_film, path=path))
        if choice.everyone:
            self._start_people(choice, path)
        elif choice.is_film:
            self._start_film(choice, path, overwrite)
        elif choice.is_still:
            self._pending = (choice, path, overwrite)
            self._draw.start()
        else:
            self._start_writing(choice, path, overwrite)

    def _start_writing(self, choice: Choice, path: Path, overwrite: bool) -> None:
        opened, document = self._state.document.opened, self._state.document
        assert opened is not None
        assert choice.format.write is not None, "films and pictures are drawn in the GUI thread"
        analysis = document.analysis
        metrics = analysis.metrics if analysis and analysis.result is document.result else None
        job = self._job = self._thread.job(self._end_well, cancelled=self._stopped)
        job.start(
            choice.format.write,
            ExportJob(
                path=path,
                stem=opened.stem,
                frames=self.ids(choice),
                motion=opened.motion,
                bodies=opened.bodies,
                result=document.result,
                metrics=metrics,
                settings=choice.settings,
                single=choice.single,
                overwrite=overwrite,
                progress=job.progress(self._show_progress),
                stop=job.stop,
                frame_rate=document.given_rate,
            ),
        )

    def _start_people(self, choice: Choice, path: Path) -> None:
        everyone = self.everyone()
        if everyone is None or not everyone.fitted:
            self._fail("Nobody is fitted yet.")
            return
        assert choice.format.write is not None
        job = self._job = self._thread.job(
            partial(self._end_people, everyone, choice), cancelled=self._stopped
        )
        job.start(
            write_people,
            path,
            choice.format.write,
            everyone.files(choice),
            job.progress(self._show_progress),
            job.stop,
        )

    def _end_people(self, everyone: Everyone, choice: Choice, told: str | None) -> None:
        path = self.status.path
        if choice.format.is_result and path is not None:
            everyone.file(choice, path)
        self._end_well(". ".join(words for words in (everyone.left_out, told) if words))

    def _start_film(self, choice: Choice, path: Path, overwrite: bool) -> None:
        plan = FilmPlan(
            choice.pictures(self._state.document.rate),
            choice.rate,
            choice.size,
            choice.turntable,
            choice.captions,
        )
        try:
            film = Film(path, view_of(self._viewport, self._state), plan, overwrite=overwrite, parent=self)
        except RefitError as error:
            self._fail(str(error))
            return
        self._film = film
        # A window that closes waits for this thread, and so for the encoder.
        self._thread.job(tell_nobody).start(film.over.wait)
        film.progressed.connect(self._show_progress)
        film.finished.connect(self._on_film_finished)
        film.stopped.connect(self._on_film_stopped)
        film.failed.connect(self._on_film_failed)

    @Slot()
    def _draw_picture(self) -> None:
        if self._pending is None or self._state.document.opened is None:
            self._stopped()
            return
        (choice, path, overwrite), self._pending = self._pending, None
        try:
            view = view_of(self._viewport, self._state)
            picture = draw_still(view, choice.zoom, captions=choice.captions, transparent=choice.transparent)
        except RefitError as error:
            self._fail(str(error))
            return
        self._job = self._thread.job(self._end_well, cancelled=self._stopped)
        self._job.start(write_picture, path, picture, overwrite)

    @Slot()
    def copy_picture(self) -> None:
        """Puts the view on the clipboard."""
        if self._state.document.opened is None or self._thread.closed:
            return
        image = picture_image(draw_still(view_of(self._viewport, self._state), CLIPBOARD_ZOOM))
        QGuiApplication.clipboard().setImage(image)
        self._state.activity.say(f"Copied the view, {image.width():,} × {image.height():,} pixels")

    @Slot()
    def cancel(self) -> None:
        """Stops after the file or picture under way; nothing half-written is left."""
        if self.status.phase != "running":
            return
        self._set(replace(self.status, phase="stopping"))
        if self._film is not None:
            self._film.cancel()
        elif self._pending is not None:
            self._pending = None
        elif self._job is not None:
            self._job.cancel()

    @Slot()
    def _close_film(self) -> None:
        if self._film is not None:
            self._film.close()

    def _set(self, status: ExportStatus) -> None:
        self.status = status
        self.changed.emit()

    @Slot(int, int)
    def _show_progress(self, done: int, total: int) -> None:
        if self.status.phase != "running":
            return
        left = None
        if done > 2:
            left = (time.monotonic() - self._begun) / done * (total - done)
        self._set(replace(self.status, done=done, total=total, seconds_left=left))

    def _end(self, words: str, told: str = "") -> None:
        self._set(ExportStatus(words=f"{words}. {told}" if told else words, path=self.status.path))
        self._state.activity.say(words)

    def _fail(self, sentence: str) -> None:
        self._set(ExportStatus(words=sentence, failed=True))
        self._state.activity.fail(sentence)

    def _end_well(self, told: str | None = None) -> None:
        path = self.status.path
        assert path is not None
        if self._saves is not None and self._saves is self._state.document.result:
            self._state.document.set_saved(path)
        self._saves = None
        self._end(written_words(path), told or "")

    @Slot()
    def _on_film_finished(self) -> None:
        self._drop_film()
        self._end_well()

    @Slot()
    def _on_film_stopped(self) -> None:
        self._drop_film()
        self._stopped()

    @Slot(str)
    def _on_film_failed(self, sentence: str) -> None:
        self._drop_film()
        self._fail(sentence)

    def _stopped(self) -> None:
        self._set(replace(self.status, path=None))
        self._end("Export stopped; nothing was left behind")

    def _drop_film(self) -> None:
        if self._film is not None:
            self._film.deleteLater()
            self._film = None
