"""The file that somebody is likely to open next, read before it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.files.bodies.model_arrays import NO_FILE, FileState, file_state
from gui_app.tasks.background_job import BackgroundJob, tell_nobody
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from gui_app.document.opened import Opened
    from gui_app.files.open_controller import OpenRequest


@dataclass(frozen=True)
class Ready:
    """A file that was read, as it was then."""

    opened: Opened
    stamps: tuple[FileState, ...]


def stamps(*paths: Path | None) -> tuple[FileState, ...]:
    """States of files, as they are now."""
    return tuple(NO_FILE if path is None else file_state(path) for path in paths)


def read(request: OpenRequest, opens: Callable[..., object], check: Callable[[], object]) -> Ready | None:
    """Reads a file and poses its first frame; None where something would have to be asked first."""
    before = stamps(request.path)
    found: list[Opened] = []
    opens(request, tell_nobody, found.append, check, check)
    if not found:
        return None
    return Ready(found[0], before + stamps(found[0].motion.path))


class ReadAhead(QObject):
    """One file, in a thread of its own. Nothing is said of one that cannot be read: whoever opens it will be
    told.

    Args:
        opens: reads what a request asks for, as `gui_app.files.open_controller.read_and_pose` does.
        failed: takes a sentence about an error that nobody foresaw.
        parent: owns this object.
    """

    def __init__(
        self, opens: Callable[..., object], failed: Callable[[str], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._opens, self._failed = opens, failed
        self._request: OpenRequest | None = None
        self._ready: Ready | None = None
        self._job: BackgroundJob[Ready | None] | None = None
        self._awaited: Callable[[Opened | None], object] | None = None
        self._thread = self._new_thread()

    def _new_thread(self) -> JobThread:
        return JobThread("read ahead", self, self._failed, reads=True)

    @property
    def ready(self) -> bool:
        """A file is there."""
        return self._ready is not None

    def begin(self, request: OpenRequest) -> None:
        """Reads a file, in place of the one that was read last."""
        if request == self._request or self._thread.closed:
            return
        self.drop()
        self._request = request
        self._job = self._thread.job(
            self._on_read, failed=self._on_failed, cancelled=partial(self._on_failed, "")
        )
        self._job.start(read, request, self._opens, self._job.check)

    def drop(self) -> None:
        """What was read, or is being read, is not wanted any more."""
        self._request = self._ready = self._awaited = None
        if self._job is not None and self._job.under_way:
            # A disk that does not answer holds a read for ever.
            self._thread.leave()
            self._thread = self._new_thread()
        self._job = None

    def take(self, request: OpenRequest) -> Opened | None:
        """What was read of a file that is to be opened now, if it is there and as it was; whatever else was
        read is let go."""
        if request == self._request and self._job is not None and self._job.under_way:
            return None
        ready, same = self._ready, request == self._request
        self.drop()
        if ready is None or not same or ready.stamps != stamps(request.path, ready.opened.motion.path):
            return None
        return ready.opened

    def wait_for(self, request: OpenRequest, then: Callable[[Opened | None], object]) -> bool:
        """Hands on what is being read as soon as it is there, if that is what is to be opened.

        Args:
            request: what is to be opened.
            then: takes it, or None where it has to be read after all.

        Returns:
            ``then`` will be called.
        """
        if request != self._request or self._job is None or not self._job.under_way:
            return False
        self._awaited = then
        return True

    def _on_read(self, ready: Ready | None) -> None:
        awaited, self._awaited = self._awaited, None
        if awaited is None:
            self._ready = ready
            return
        self.drop()
        awaited(None if ready is None else ready.opened)

    def _on_failed(self, _sentence: str) -> None:
        awaited, self._awaited = self._awaited, None
        if awaited is not None:
            self.drop()
            awaited(None)
