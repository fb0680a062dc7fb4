"""The workers: processes of our own on this machine, or those of a Dask cluster that somebody has started.

Dask runs on pickles: whoever reaches a scheduler can run code on its workers. Ours listens on 127.0.0.1
alone.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import dask
import psutil
from dask.system import CPU_COUNT
from distributed import Client, Future, Nanny, Scheduler, Status
from distributed.deploy.spec import SpecCluster
from distributed.system import MEMORY_LIMIT

from core.batch.without_main import without_main
from core.batch.worker_count import HEAP
from core.errors import RefitError

HERE = "127.0.0.1"
FREE_PORT = f"{HERE}:0"
START_SECONDS = 120.0
REACH_SECONDS = 10.0
"""So long a scheduler elsewhere may take to answer."""
BEAT_SECONDS = 0.1
"""So often it is asked whether workers that start are still wanted."""
STOP_SECONDS = 0.7
"""So long what is under way may take to end in order when it is not wanted any more."""
GONE_SECONDS = 0.5
"""So long one that is killed may take to be gone."""
_SILENT = logging.CRITICAL


class Workers:
    """Workers that can be given tasks.

    Attributes:
        client: Dask's.
        ours: they end with this process.
        dashboard: address of a page that shows what they do, or empty.
    """

    def __init__(self, client: Client, cluster: SpecCluster | None = None) -> None:
        self.client, self._cluster = client, cluster
        self.ours = cluster is not None
        self._abandoned = False
        self.dashboard = ""
        if importlib.util.find_spec("bokeh") is not None:
            with suppress(Exception):
                self.dashboard = client.dashboard_link or ""

    @property
    def there(self) -> bool:
        """The scheduler can be reached."""
        return bool(self.client.status == "running")

    def count(self) -> int:
        """Tasks that can run at once."""
        with suppress(Exception):
            return int(sum(self.client.nthreads().values()))
        return 0

    def submit(self, work: Callable[..., Any], *arguments: Any, key: str, priority: int = 0) -> Future:
        """Gives a task to the workers.

        Args:
            work: called with the ``arguments``, of which those that are futures stand for their results.
            key: that no other task has.
            priority: of two that wait, the higher comes first.
        """
        return self.client.submit(told_briefly, work, *arguments, key=key, pure=False, priority=priority)

    def on_each(self, work: Callable[[], Any], seconds: float) -> None:
        """Does something on each worker, whatever it is at, and waits but so long for it."""
        with suppress(Exception):
            self.client.sync(self.client._run, work, wait=True, callback_timeout=seconds)

    @property
    def lost(self) -> bool:
        """None of our own will come back."""
        if self._cluster is None:
            return False
        over = (Status.closed, Status.closing, Status.failed)
        return all(nanny.status in over for nanny in list(self._cluster.workers.values()))

    def processes(self) -> list[int]:
        """Process numbers of our own workers."""
        if self._cluster is None:
            return []
        found = (getattr(nanny, "pid", None) for nanny in list(self._cluster.workers.values()))
        return [pid for pid in found if pid]

    def abandon(self) -> None:
        """Ends our own workers at once, and waits for nothing but that they are gone."""
        self._abandoned = True
        if self._cluster is None:
            return
        for nanny in list(self._cluster.workers.values()):
            nanny.status = Status.closing  # or it would start the next one
        pids = self.processes()
        for pid in pids:
            with suppress(OSError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        deadline = time.monotonic() + GONE_SECONDS
        while any(map(_runs, pids)) and time.monotonic() < deadline:
            time.sleep(0.01)
        self._cluster.shutdown_on_close = False  # or it is closed in order when Python ends

    def close(self) -> None:
        """Lets go of the cluster; our own ends."""
        if self._abandoned and self.ours:
            return
        with suppress(Exception):
            self.client.close(timeout=STOP_SECONDS)
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=2 * STOP_SECONDS)


def _runs(pid: int) -> bool:
    """Nobody may have asked for the end of one that is gone."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def told_briefly(work: Callable[..., Any], *arguments: Any) -> Any:
    """What the work returns. What it raises goes without the calls that led there: Dask sends them along, a
    thousand cannot be read again on the other side, and there the task would never be seen to end."""
    try:
        return work(*arguments)
    except Exception as error:
        error.__context__ = None
        raise error.with_traceback(None) from None


def _silence() -> None:
    """What goes wrong is told in a sentence, and not in Dask's logs too; each of its loggers has a level."""
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(_SILENT)


def machine() -> tuple[int, int]:
    """Processors, and bytes of memory, that this process may use, whatever the machine has."""
    return int(CPU_COUNT), int(MEMORY_LIMIT)


@contextmanager
def our_workers(environments: Sequence[dict[str, str]]) -> Iterator[Workers]:
    """Processes on this machine with a thread each, which end with the block, or with this process.

    Args:
        environments: of each worker, what is added to its environment.

    Raises:
        RefitError: they cannot be started.
    """
    with dask.config.set(settings()), without_main():
        cluster = client = None
        try:
            _silence()
            cluster = SpecCluster(
                scheduler={"cls": Scheduler, "options": scheduler_options()},
                workers={
                    number: {"cls": Nanny, "options": worker_options(given, len(environments))}
                    for number, given in enumerate(environments)
                },
                silence_logs=_SILENT,
                name="refit",
            )
            client = Client(cluster, timeout=START_SECONDS, set_as_default=False)
        except Exception as error:
            if cluster is not None:
                with suppress(Exception):
                    cluster.close(timeout=STOP_SECONDS)
            raise RefitError(f"The workers cannot be started: {error!r}; use --jobs 1.") from None
        workers = Workers(client, cluster)
        try:
            yield workers
        finally:
            workers.close()


def settings() -> dict[str, Any]:
    """What is asked of Dask for our own cluster.

    A worker that dies is started again, and how often a task is tried is counted by `core.batch.tries`.
    Nothing is kept in memory, so that there is nothing to put on the disk, or to wait for.
    """
    return {
        f"distributed.nanny.pre-spawn-environ.{HEAP}": None,
        # Where a new process needs longer than this to come, its nanny would be closed, and nobody be left.
        "distributed.deploy.lost-worker-timeout": "1 day",
        "distributed.scheduler.allowed-failures": 10,
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.daemon": True,
        # A hundred times a second, of which each second is kept for an hour: 160 MB by its end.
        "distributed.worker.profile.enabled": False,
        "distributed.worker.preload": [],
        "distributed.nanny.preload": [],
        "distributed.scheduler.preload": [],
        "distributed.diagnostics.nvml": False,
        "distributed.admin.low-level-log-length": 1000,
    }


def scheduler_options() -> dict[str, Any]:
    """Of our own scheduler: nobody reaches it from another machine."""
    return {"host": HERE, "port": 0, "dashboard": True, "dashboard_address": FREE_PORT}


def worker_options(environment: dict[str, str], workers: int) -> dict[str, Any]:
    """Of one of our own workers.

    Args:
        environment: what is added to its own.
        workers: how many there are, which share the memory.
    """
    return {
        "host": HERE,
        "nthreads": 1,
        "memory_limit": int(MEMORY_LIMIT) // workers,
        "dashboard": False,
        "dashboard_address": FREE_PORT,
        "death_timeout": START_SECONDS,
        "silence_logs": _SILENT,
        "env": environment,
    }


def started(starts: AbstractContextManager[Workers], beat: Callable[[], object]) -> Workers:
    """Workers that a thread of its own starts or reaches, which may take long.

    Args:
        starts: `our_workers` or `workers_of`, to be left by whoever asks; after an error that is done.
        beat: called several times a second; what it raises ends it at once, and what has begun ends by itself
            once it is there.

    Raises:
        RefitError: as by ``starts``.
    """
    lock, wanted = threading.Lock(), True
    made = queue.SimpleQueue[Workers | BaseException]()

    def start() -> None:
        try:
            workers = starts.__enter__()
        except BaseException as error:
            made.put(error)
            return
        with lock:
            if wanted:
                made.put(workers)
                return
        workers.abandon()
        starts.__exit__(None, None, None)

    threading.Thread(target=start, name="refit-workers", daemon=True).start()
    found: Workers | BaseException | None = None
    try:
        while found is None:
            with suppress(queue.Empty):
                found = made.get(timeout=BEAT_SECONDS)
            if found is None:
                beat()
    except BaseException:
        with lock:
            wanted = False
            with suppress(queue.Empty):
                found = made.get_nowait()
        if isinstance(found, Workers):
            found.abandon()
            starts.__exit__(None, None, None)
        raise
    if isinstance(found, BaseException):
        raise found
    return found


@contextmanager
def workers_of(address: str) -> Iterator[Workers]:
    """The workers of a cluster that is there.

    Args:
        address: of its scheduler, ``tcp://host:8786``.

    Raises:
        RefitError: it cannot be reached.
    """
    with dask.config.set({"distributed.comm.timeouts.connect": f"{REACH_SECONDS}s"}):
        try:
            _silence()
            client = Client(address, timeout=1.5 * REACH_SECONDS, set_as_default=False)
        except Exception as error:
            why = str(error).partition("\n")[0]
            raise RefitError(f"--scheduler {address}: no scheduler answers there ({why}).") from None
        workers = Workers(client)
        try:
            yield workers
        finally:
            workers.close()
