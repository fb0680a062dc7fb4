"""A call that is made beside the window; its answer, its error and its progress are told in the window."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from core.errors import Cancelled, RefitError

if TYPE_CHECKING:
    from gui_app.tasks.job_thread import JobThread

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.1

P = ParamSpec("P")
R = TypeVar("R")


class BackgroundJob(Generic[R]):
    """One call in a `JobThread`, which makes it: ``thread.job(self._show_rows).start(read_rows, path)``.

    The call is any function with its arguments. What it is to know of the job is handed to it as one of them:
    ``progress=job.progress(self._show_progress)``, ``stop=job.stop``, ``check=job.check``, or, for anything
    else that it has to tell while it goes on, ``found=job.tells(self._show_found)``.

    Handlers are bound methods of what lives in the GUI thread, and are called there: one of ``done``,
    ``failed`` and ``cancelled``, once, and none at all of a job that was dropped. The call itself must not be
    a method of anything that belongs to the window, which it may outlive.

    Args:
        thread: that makes the call.
        done: takes what the call returns.
        failed: takes one sentence: that of a `RefitError`, or ``unexpected``.
        cancelled: the call, or the job before it, saw that it was to stop.
        unexpected: what is said of any other error, which is logged.

    Attributes:
        stop: set once nobody wants the call to go on, for functions that look at such an event.
    """

    def __init__(
        self,
        thread: JobThread,
        done: Callable[[R], object],
        failed: Callable[[str], object],
        cancelled: Callable[[], object] | None,
        unexpected: str,
    ) -> None:
        self.stop = threading.Event()
        self._thread = thread
        self._done, self._failed, self._cancelled = done, failed, cancelled or tell_nobody
        self._unexpected = unexpected
        self._slots: list[Callable[..., object]] = []
        self._paced: list[_Progress] = []
        self._call: Callable[[], R] | None = None
        self._started = self._over = False

    def start(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> BackgroundJob[R]:
        """Has the call made when its turn comes; never, once the thread is closed. Gives the job itself."""
        self._call = partial(call, *args, **kwargs)
        self._started = True
        self._thread.take(self)
        return self

    @property
    def under_way(self) -> bool:
        """It was started, and its answer is still to come."""
        return self._started and not self._over

    def cancel(self) -> None:
        """Asks the call to stop. How it ends is told all the same, with an answer if it has one."""
        self.stop.set()

    def drop(self) -> None:
        """Asks the call to stop; nothing is told of this job any more."""
        self.stop.set()
        self._end()

    def check(self, *_: object) -> None:
        """For the call, which may hand on any progress to it.

        Raises:
            Cancelled: it is to stop.
        """
        if self.stop.is_set():
            raise Cancelled

    def tells(self, slot: Callable[..., object]) -> Callable[..., None]:
        """A function for the call, which has ``slot`` called in the GUI thread with the same arguments."""
        self._slots.append(slot)
        return partial(self._send, len(self._slots) - 1)

    def progress(self, slot: Callable[..., object]) -> Callable[..., None]:
        """The same for what is told often: at most ten times a second, but the last time always. Raises
        `Cancelled` as `check` does."""
        self._paced.append(_Progress(self, self.tells(slot)))
        return self._paced[-1]

    def make_call(self) -> None:
        """What the thread does with it."""
        call, self._call = self._call, None
        if call is None or self._over:
            return
        try:
            self.check()
            self._thread.prepare()
            found = call()
            for progress in self._paced:
                progress.tell_last()
            self._send_end("_done", found)
        except Cancelled:
            self._send_end("_cancelled")
        except RefitError as error:
            self._send_end("_failed", str(error))
        except BaseException:  # the thread is to make other calls after this one
            log.exception("%s: %s stopped", self._thread.objectName(), getattr(call, "func", call))
            self._send_end("_failed", self._unexpected)

    def _send(self, index: int, *told: Any) -> None:
        if not self._over:
            self._thread.told.emit(partial(self._hear, index, told))

    def _hear(self, index: int, told: tuple[Any, ...]) -> None:
        if not self._over:
            self._slots[index](*told)

    def _send_end(self, name: str, *told: Any) -> None:
        if not self._over:
            self._thread.told.emit(partial(self._hear_end, name, told))

    def _hear_end(self, name: str, told: tuple[Any, ...]) -> None:
        if not self._over:
            handler = getattr(self, name)
            self._end()
            handler(*told)

    def _end(self) -> None:
        """Handlers belong to the window, which a call that hangs must not keep alive."""
        self._over = True
        self._thread.forget(self)
        self._done = self._failed = self._cancelled = tell_nobody
        self._slots.clear()


class _Progress:
    """Lets through what is told first and then as often as `PROGRESS_SECONDS` say."""

    def __init__(self, job: BackgroundJob[Any], tell: Callable[..., None]) -> None:
        self._job, self._send = job, tell
        self._last = 0.0
        self._held: tuple[Any, ...] | None = None

    def __call__(self, *told: Any) -> None:
        self._job.check()
        now = time.monotonic()
        self._held = told
        if now - self._last >= PROGRESS_SECONDS:
            self._last = now
            self.tell_last()

    def tell_last(self) -> None:
        """Tells what was held back."""
        held, self._held = self._held, None
        if held is not None:
            self._send(*held)


def tell_nobody(*_: object) -> None:
    """The handler of what nobody wants to know."""
