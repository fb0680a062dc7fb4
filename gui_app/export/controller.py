"""Starts and stops exports, one at a time, and says how far they are."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from core.errors import RefitError
from gui_app.document.state import AppState
from gui_app.export.film import Film, FilmPlan
from gui_app.export.kinds import Choice, Sizes, estimate, size_words
from gui_app.export.text import ExportStatus, written_words
from gui_app.export.window_view import draw_still, view_of
from gui_app.export.worker import ExportRequest, ExportWorker, picture_image
from gui_app.tasks.coalesce import Later
from gui_app.tasks.worker_thread import WAIT_MS, WorkerThread

if TYPE_CHECKING:
    from gui_app.viewport.viewport import Viewport

CLIPBOARD_ZOOM = 2
SPARE_BYTES = 20_000_000
DRAW_SOON_MS = 50


class ExportController(QObject):
    """One exporting thread; films are drawn in the GUI thread, where the bodies live."""

    changed = Signal()
    _start = Signal(object)

    def __init__(self, state: AppState, viewport: Viewport, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._viewport = state, viewport
        self.status = ExportStatus()
        self._request_id = 0
        self._stop = threading.Event()
        self._film: Film | None = None
        self._pending: tuple[Choice, Path, bool] | None = None
        self._saves: object = None
        self._begun = 0.0
        self._worker = ExportWorker()
        self._start.connect(self._worker.write)
        replies = [
            (self._worker.progressed, self._on_written),
            (self._worker.finished, self._on_finished),
            (self._worker.stopped, self._on_stopped),
            (self._worker.failed, self._on_failed),
        ]
        self._thread = WorkerThread("export", self._worker, replies, self)
        self._draw = Later(self._draw_picture, self, DRAW_SOON_MS)

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
        wanted = estimate(choice, self.sizes(choice), len(self.ids(choice)))[0] + SPARE_BYTES
        if wanted <= free:
            return ""
        return (
            f"The disk of {path.parent} has {size_words(free)} free and this needs about "
            f"{size_words(wanted)}: choose another folder or fewer frames."
        )

    def start(self, choice: Choice, path: Path, overwrite: bool) -> None:
        """Begins to write; what goes wrong later is said through ``status``."""
        state = self._state
        if state.document.opened is None or self.status.active or self._thread.closed:
            return
        sentence = self.too_little_space(choice, path)
        if sentence:
            self._end(sentence, failed=True)
            return
        self._begun = time.monotonic()
        self._request_id += 1
        self._stop = threading.Event()
        self._saves = (
            state.document.result
            if choice.format.is_result and len(choice.ids) == state.document.frames
            else None
        )
        self._set(ExportStatus("running", choice.format.title, path=path))
        if choice.is_film:
            self._start_film(choice, path, overwrite)
        elif choice.is_still:
            self._pending = (choice, path, overwrite)
            self._draw.start()
        else:
            self._send(choice, path, overwrite, None)

    def _send(self, choice: Choice, path: Path, overwrite: bool, picture: np.ndarray | None) -> None:
        opened, state = self._state.document.opened, self._state
        assert opened is not None
        metrics = (
            state.document.analysis.metrics
            if state.document.analysis and state.document.analysis.result is state.document.result
            else None
        )
        self._start.emit(
            ExportRequest(
                self._request_id, choice, path, overwrite, self.ids(choice), opened.stem, opened.motion,
                opened.bodies, state.document.result, metrics, picture, self._stop,
            )
        )  # fmt: skip

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
            self._end(str(error), failed=True)
            return
        self._film = film
        film.progressed.connect(self._on_drawn)
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
            self._end(str(error), failed=True)
            return
        self._send(choice, path, overwrite, picture)

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
        self._stop.set()
        self._set(replace(self.status, phase="stopping"))
        if self._film is not None:
            self._film.cancel()
        elif self._pending is not None:
            self._pending = None

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Stops what is going on and ends the thread; False if it is still busy."""
        self._stop.set()
        self._draw.stop()
        film_over = True
        if self._film is not None:
            film_over = self._film.close(wait_ms / 1000)
            if film_over:
                self._film = None
        return self._thread.close(wait_ms) and film_over

    def _set(self, status: ExportStatus) -> None:
        self.status = status
        self.changed.emit()

    def _progress(self, done: int, total: int) -> None:
        if self.status.phase != "running":
            return
        left = None
        if done > 2:
            left = (time.monotonic() - self._begun) / done * (total - done)
        self._set(replace(self.status, done=done, total=total, seconds_left=left))

    def _end(self, words: str, *, failed: bool = False) -> None:
        path = None if failed else self.status.path
        self._set(ExportStatus(words=words, failed=failed, path=path))
        if failed:
            self._state.activity.fail(words)
        elif words:
            self._state.activity.say(words)

    def _end_well(self) -> None:
        path = self.status.path
        assert path is not None
        if self._saves is not None and self._saves is self._state.document.result:
            self._state.document.set_saved()
        self._saves = None
        self._end(written_words(path))

    @Slot(int, int, int)
    def _on_written(self, request_id: int, done: int, total: int) -> None:
        if request_id == self._request_id:
            self._progress(done, total)

    @Slot(int)
    def _on_finished(self, request_id: int) -> None:
        if request_id == self._request_id:
            self._end_well()

    @Slot(int)
    def _on_stopped(self, request_id: int) -> None:
        if request_id == self._request_id:
            self._stopped()

    @Slot(int, str)
    def _on_failed(self, request_id: int, sentence: str) -> None:
        if request_id == self._request_id:
            self._end(sentence, failed=True)

    @Slot(int, int)
    def _on_drawn(self, done: int, total: int) -> None:
        self._progress(done, total)

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
        self._end(sentence, failed=True)

    def _stopped(self) -> None:
        self._set(replace(self.status, path=None))
        self._end("Export stopped; nothing was left behind")

    def _drop_film(self) -> None:
        if self._film is not None:
            self._film.deleteLater()
            self._film = None
