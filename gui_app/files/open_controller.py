"""Opens files in a thread of their own; only the last one asked for is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.environment import models_folder
from core.errors import RefitError
from core.files.bodies.model_arrays import reading_ahead
from core.files.builtin_files import builtin_folder, default_motion
from core.files.containers.opening import watched
from core.files.own_mesh import NothingLeads
from core.session.fit_origin import SourceMissing
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.files.open import open_file, open_stored
from gui_app.files.open_question import NOTHING_SAID, Answer, Doubted, Unanswered
from gui_app.files.read_ahead import ReadAhead
from gui_app.tasks.job_thread import JobThread, pose_on_one_thread

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.motion import Motion
    from core.session.session import Session


@dataclass(frozen=True)
class OpenRequest:
    """A file to open, None for the default motion; ``models``, ``source`` and ``targets`` as in `open_file`.

    ``left_over`` where Refit kept it itself before it ended unexpectedly; ``answer`` what is known of it
    beside the file; ``frame`` the one to show first, None for the file's own; ``listed`` its place where it
    is one of many in a list, and not to be remembered by itself, and ``listed_fit`` the file of its fit
    there; ``handed_over`` where the file is there for this window alone, and nobody knows it; ``beside``
    where it is another person of what is open, and ``stored`` what the session at ``path`` has of them.
    """

    path: Path | None
    models: str | Path | None
    source: Path | None = None
    left_over: bool = False
    answer: Answer = NOTHING_SAID
    frame: int | None = None
    listed: str = ""
    targets: Mapping[str, str] = field(default_factory=dict)
    handed_over: bool = False
    beside: bool = False
    stored: Session | None = None
    listed_fit: Path | None = None


def read_and_pose(
    request: OpenRequest,
    tell_read: Callable[[Motion, BodyPair], None],
    tell_opened: Callable[[Opened], None],
    tell_built: Callable[[float], None],
    check: Callable[[], object],
) -> SourceMissing | Unanswered | Doubted | NothingLeads | None:
    """Opens a file, and tells of it when its first frame is posed; gives what somebody has to answer first.

    ``tell_built`` hears how much of what has to be built is there. It and ``check`` raise `Cancelled` where
    nobody waits for it any more; ``check`` is called between two pieces of what is read.
    """
    with _bodies_read_ahead(request.models):
        pose_on_one_thread()
        from core.correspond.built_cache import telling

        path = default_motion() if request.path is None else request.path
        try:
            with telling(tell_built), watched(check):
                if request.stored is not None:
                    opened = open_stored(path, request.stored, request.models)
                else:
                    opened = open_file(
                        path, request.models, request.source, request.answer, tell_read, request.targets
                    )
        except (SourceMissing, Unanswered, Doubted, NothingLeads) as question:
            return question
        opened = replace(
            opened,
            left_over=request.left_over,
            listed=request.listed,
            listed_fit=request.listed_fit,
            beside=request.beside,
        )
        if request.handed_over:
            opened = replace(opened, file=None)
        if request.frame is not None:
            opened = replace(opened, frame=min(max(request.frame, 0), len(opened.motion) - 1))
        opened.posed.frame(opened.frame or 0)
        tell_opened(opened)
        # While the first frame is drawn and fitted.
        opened.posed.prepare()
        return None


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
    """One opening thread. A file that cannot be opened leaves what was open as it is.

    A read that is not wanted any more ends with the piece of the file that it is at. That may take for ever,
    on a disk that does not answer: so the thread is left to itself, and the next file has one of its own.
    """

    read = Signal(object, object)
    """A motion that has no fit, and its bodies: what it takes to show them is still being worked out."""
    opened = Signal(object)
    failed = Signal()
    missing = Signal(object, object)
    """A request whose motion is not where it should be, and what is known of it (`SourceMissing`)."""
    unled = Signal(object, object)
    """A request whose motion is meshes of a topology of their own, and that nothing leads to a body
    (`NothingLeads`)."""
    unanswered = Signal(object, object)
    """A request about whose file something has to be asked first, and what (`Unanswered`, `Doubted`)."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._thread = self._new_thread()
        self.ahead = ReadAhead(read_and_pose, state.activity.fail, self)

    def _new_thread(self) -> JobThread:
        return JobThread("open", self, self._on_failed, reads=True)

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
        frame: int | None = None,
        listed: str = "",
        listed_fit: Path | None = None,
        targets: Mapping[str, str] | None = None,
        handed_over: bool = False,
    ) -> None:
        """Starts reading; ``path`` None opens the default motion. While the window closes nothing opens."""
        request = OpenRequest(path, models, source, left_over, answer, frame, listed, targets or {})
        self.begin(replace(request, handed_over=handed_over, listed_fit=listed_fit))

    def begin(self, request: OpenRequest) -> None:
        """Starts reading what is asked for, once more where a question about it was answered."""
        if self.closed:
            return
        self._give_up()
        opened = self.ahead.take(request)
        if opened is not None:
            self._on_opened(opened)
            return
        name = request.path.name if request.path else "the built-in motion"
        self._state.activity.set_opening("what was kept" if request.left_over else name)
        if not self.ahead.wait_for(request, partial(self._on_ahead, request)):
            self._read(request)

    def _read(self, request: OpenRequest) -> None:
        path = request.path
        job = self._thread.job(
            partial(self._ask_about, request),
            unexpected=f"{path or 'The built-in motion'}: cannot be opened because of an unexpected error; "
            "details are in the log",
            latest=True,
        )
        job.start(
            read_and_pose,
            request,
            job.tells(self.read.emit),
            job.tells(self._on_opened),
            job.progress(self._on_built),
            job.check,
        )

    @Slot()
    def cancel(self) -> None:
        """Gives up what is being opened; what was open stays."""
        name = self._state.activity.opening
        if name and not self.closed:
            self._give_up()
            self.ahead.drop()
            self._state.activity.set_opening("")
            self._state.activity.say(f"Opening {name} was cancelled")
            self.failed.emit()

    def _give_up(self) -> None:
        """Nobody waits any more for what is being opened, if anything is."""
        if self._state.activity.opening:
            self._thread.leave()
            self._thread = self._new_thread()

    def _on_built(self, share: float) -> None:
        if self._state.activity.opening:
            self._state.activity.set_opening(self._state.activity.opening, share)

    def _on_ahead(self, request: OpenRequest, opened: Opened | None) -> None:
        if opened is None:
            self._read(request)
        else:
            self._on_opened(opened)

    def _on_opened(self, opened: Opened) -> None:
        self._state.activity.set_opening("")
        self.opened.emit(opened)

    def _ask_about(
        self, request: OpenRequest, question: SourceMissing | Unanswered | Doubted | NothingLeads | None
    ) -> None:
        if question is not None:
            self._state.activity.set_opening("")
            asks = {SourceMissing: self.missing, NothingLeads: self.unled}
            asks.get(type(question), self.unanswered).emit(request, question)

    def _on_failed(self, sentence: str) -> None:
        self._state.activity.set_opening("")
        self._state.activity.fail(sentence)
        self.failed.emit()
