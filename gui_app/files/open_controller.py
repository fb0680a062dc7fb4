"""Opens files in a thread of their own; only the last one asked for is shown."""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.environment import models_folder
from core.errors import RefitError
from core.files.bodies.model_arrays import reading_ahead
from core.files.builtin_files import builtin_folder, default_motion
from core.session.fit_origin import SourceMissing
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.files.open import open_file
from gui_app.files.open_question import NOTHING_SAID, Answer, Unanswered
from gui_app.tasks.worker_thread import WAIT_MS, WorkerThread, pose_on_one_thread

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.motion import Motion

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OpenRequest:
    """A file to open, None for the default motion; ``models`` and ``source`` as in `opening.open_file`.

    ``left_over`` where Refit kept it itself before it ended unexpectedly; ``answer`` what is known of it
    beside the file.
    """

    request_id: int
    path: Path | None
    models: str | Path | None
    source: Path | None = None
    left_over: bool = False
    answer: Answer = NOTHING_SAID


class Dropped(Exception):
    """Nobody waits any more for what is being opened."""


class OpenWorker(QObject):
    """Lives in the opening thread. Whatever is built for another request than the ``newest`` is given up."""

    read = Signal(int, object, object)
    opened = Signal(int, object)
    built = Signal(int, float)
    failed = Signal(int, str)
    missing = Signal(object, object)
    unanswered = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.newest = 0

    @Slot(object)
    def open(self, request: OpenRequest) -> None:
        """Reads the file and says once how it went; nothing where it is not wanted any more."""
        with _bodies_read_ahead(request.models):
            self._open(request)

    def _open(self, request: OpenRequest) -> None:
        pose_on_one_thread()
        from core.correspond.built_cache import telling

        try:
            path = request.path
            if path is None:
                path = default_motion()
            with telling(partial(self._tell, request.request_id)):
                read = partial(self.read.emit, request.request_id)
                opened = open_file(path, request.models, request.source, request.answer, read)
            if request.left_over:
                opened = replace(opened, left_over=True)
            opened.posed.frame(0)
            self.opened.emit(request.request_id, opened)
            # While the first frame is drawn and fitted.
            opened.posed.prepare()
        except Dropped:
            log.info("Opening %s was given up", request.path)
        except Unanswered as asked:
            self.unanswered.emit(request, asked)
        except SourceMissing as error:
            self.missing.emit(request, error)
        except RefitError as error:
            self.failed.emit(request.request_id, str(error))
        except Exception:
            log.exception("Opening %s stopped", request.path)
            name = request.path or "The built-in motion"
            words = f"{name}: cannot be opened because of an unexpected error; details are in the log"
            self.failed.emit(request.request_id, words)

    def _tell(self, request_id: int, share: float) -> None:
        # A plain number, which the GUI thread writes and this one reads.
        if request_id != self.newest:
            raise Dropped
        self.built.emit(request_id, share)


def _bodies_read_ahead(models: str | Path | None) -> AbstractContextManager[None]:
    """Reads the built-in bodies, where they are likely wanted, while torch is imported for the first file."""
    if "torch" in sys.modules or models_folder(models) is not None:
        return nullcontext()
    try:
        return reading_ahead((builtin_folder() / "bodies").rglob("*.npz"))
    except RefitError:
        # Whoever asks for them is told that they are missing.
        return nullcontext()


class OpenController(QObject):
    """One opening thread. A file that cannot be opened leaves what was open as it is."""

    read = Signal(object, object)
    """A motion that has no fit, and its bodies: what it takes to show them is still being worked out."""
    opened = Signal(object)
    failed = Signal()
    missing = Signal(object, object)
    """A request whose motion is not where it should be, and what is known of it (`SourceMissing`)."""
    unanswered = Signal(object, object)
    """A request about whose file something has to be asked first, and what (`Unanswered`)."""

    _start = Signal(object)

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._request_id = 0
        self._worker = OpenWorker()
        self._start.connect(self._worker.open)
        replies = [
            (self._worker.read, self._on_read),
            (self._worker.opened, self._on_opened),
            (self._worker.built, self._on_built),
            (self._worker.failed, self._on_failed),
            (self._worker.missing, self._on_missing),
            (self._worker.unanswered, self._on_unanswered),
        ]
        self._thread = WorkerThread("open", self._worker, replies, self)

    @property
    def closed(self) -> bool:
        """Nothing is opened any more."""
        return self._thread.closed

    def open(
        self,
        path: Path | None,
        models: str | Path | None,
        *,
        source: Path | None = None,
        left_over: bool = False,
        answer: Answer = NOTHING_SAID,
    ) -> None:
        """Starts reading; ``path`` None opens the default motion. While the window closes nothing opens."""
        if self.closed:
            return
        self._next_request()
        name = path.name if path else "the built-in motion"
        self._state.activity.set_opening("what was kept" if left_over else name)
        self._start.emit(OpenRequest(self._request_id, path, models, source, left_over, answer))

    @Slot()
    def cancel(self) -> None:
        """Gives up what is being opened while something has to be built for it; that alone takes long."""
        if self._state.activity.building is not None:
            self._next_request()
            name = self._state.activity.opening
            self._state.activity.set_opening("")
            self._state.activity.say(f"Opening {name} was cancelled")
            self.failed.emit()

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        self._next_request()
        return self._thread.close(wait_ms)

    def _next_request(self) -> None:
        self._request_id += 1
        self._worker.newest = self._request_id

    @Slot(int, float)
    def _on_built(self, request_id: int, share: float) -> None:
        if request_id == self._request_id and self._state.activity.opening:
            self._state.activity.set_opening(self._state.activity.opening, share)

    @Slot(int, object, object)
    def _on_read(self, request_id: int, motion: Motion, bodies: BodyPair) -> None:
        if request_id == self._request_id:
            self.read.emit(motion, bodies)

    @Slot(int, object)
    def _on_opened(self, request_id: int, opened: Opened) -> None:
        if request_id == self._request_id:
            self._state.activity.set_opening("")
            self.opened.emit(opened)

    @Slot(object, object)
    def _on_missing(self, request: OpenRequest, error: SourceMissing) -> None:
        if request.request_id == self._request_id:
            self._state.activity.set_opening("")
            self.missing.emit(request, error)

    @Slot(object, object)
    def _on_unanswered(self, request: OpenRequest, asked: Unanswered) -> None:
        if request.request_id == self._request_id:
            self._state.activity.set_opening("")
            self.unanswered.emit(request, asked)

    @Slot(int, str)
    def _on_failed(self, request_id: int, sentence: str) -> None:
        if request_id == self._request_id:
            self._state.activity.set_opening("")
            self._state.activity.fail(sentence)
            self.failed.emit()
