"""Workers fed with things to do: a few more than they can do at once, so that two runs can share the rest."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import Any, Generic, TypeVar

from distributed import Future, KilledWorker
from distributed import TimeoutError as DaskTimeoutError

from core.batch.cluster import STOP_SECONDS, Workers
from core.batch.tries import SetAside
from core.batch.turns import Turns
from core.errors import RefitError

BEAT_SECONDS = 0.25
AHEAD = 2
"""So many things for each worker: one that it does, and one that waits there."""
GONE_SECONDS = 10.0
_MOST_TIMES = 8

T = TypeVar("T")


class Feed(Generic[T]):
    """Feeds workers until nothing is left.

    Args:
        workers: that are fed.
        turns: what there is to do.
        submit: gives one thing to the cluster, as a future.
        beat: called from time to time.
    """

    def __init__(
        self,
        workers: Workers,
        turns: Turns[T],
        submit: Callable[[T], Future],
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._workers, self._turns, self._submit, self._beat = workers, turns, submit, beat
        self._running: dict[Any, tuple[T, Future]] = {}
        self._times: dict[int, int] = {}
        self._ended = queue.SimpleQueue[Future]()
        self._seen = time.monotonic()

    def results(self) -> Iterator[tuple[T, Any]]:
        """Each thing with what its task returned, or with the exception that ended it: `SetAside` where
        workers have died over it.

        Raises:
            RefitError: the scheduler is gone.
        """
        window = 0
        counted = -1.0
        while True:
            if time.monotonic() - counted > 2.0:
                window, counted = AHEAD * max(1, self._workers.count()), time.monotonic()
            while len(self._running) < window and (thing := self._turns.next()) is not None:
                self._begin(thing)
            if not self._running and self._turns.over:
                return
            self._beat()
            self._look_for_scheduler()
            try:
                future = self._ended.get(timeout=BEAT_SECONDS)
            except queue.Empty:
                continue
            found = self._running.pop(future.key, None)
            if found is None:
                continue
            thing, future = found
            result = self._result(thing, future)
            if result is not None:
                self._times.pop(id(thing), None)
                yield thing, result

    def stop(self, tell: Callable[[], Any]) -> None:
        """Ends what is under way: in order where that is quick, and our own workers at once where not.

        Args:
            tell: asks a worker to stop; called on each.
        """
        self._workers.on_each(tell, STOP_SECONDS / 2)
        deadline = time.monotonic() + STOP_SECONDS
        while self._running and time.monotonic() < deadline:
            with suppress(queue.Empty):
                self._running.pop(self._ended.get(timeout=0.02).key, None)
        self._workers.abandon()

    def _begin(self, thing: T) -> None:
        future = self._submit(thing)
        self._running[future.key] = (thing, future)
        future.add_done_callback(self._ended.put)

    def _result(self, thing: T, future: Future) -> Any:
        """None where it was begun once more."""
        failed = future.status == "error"
        try:
            return future.result(timeout=GONE_SECONDS)
        except KilledWorker:
            # Of many that waited at workers that died: whether it ended them, its tries tell.
            times = self._times[id(thing)] = self._times.get(id(thing), 0) + 1
            if times >= _MOST_TIMES:
                return SetAside()
            self._begin(thing)
            return None
        except (TimeoutError, FutureTimeoutError, DaskTimeoutError) as error:
            if failed:
                return error  # of the task itself, as of a disk that does not answer
            # The worker that held it died, and another one does it once more.
            self._running[future.key] = (thing, future)
            future.add_done_callback(self._ended.put)
            return None
        except Exception as error:
            self._look_for_scheduler(at_once=future.status in ("cancelled", "lost"))
            return error

    def _look_for_scheduler(self, at_once: bool = False) -> None:
        now = time.monotonic()
        if self._workers.there and not at_once:
            self._seen = now
        elif at_once or now - self._seen > GONE_SECONDS:
            raise RefitError(
                "The scheduler is gone; what is finished is kept, and the same command goes on with the rest."
            )
