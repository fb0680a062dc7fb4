"""A run: a motion fitted frame by frame, step by step, with the caller in charge of the loop.

    run = FitRun(motion, bodies)
    for progress in run:
        print(progress.frames_done, progress.mean_mm)
    result = run.result()

To cancel, call `FitRun.cancel` from any thread, or stop iterating; `FitRun.result` then gives what was
reached, marked partial.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
import torch

from core.bodies import BodyPair
from core.errors import RefitError
from core.fitting.problem import PoseStage, Problem
from core.fitting.provenance import provenance
from core.fitting.result import FitResult
from core.fitting.result_table import FittedChunk, ResultTable
from core.fitting.settings import FitSettings
from core.fitting.shape import ShapeFit
from core.motion import Motion

# Frames fitted at once: as many as stay in a processor's caches; a GPU wants more.
CPU_CHUNK = 32
CUDA_CHUNK = 512


@dataclass(frozen=True)
class Progress:
    """One step of a run.

    Attributes:
        stage: ``'shape'`` while betas are solved, then ``'pose'``.
        iteration: steps of this stage so far.
        frames_done: frames that are finished.
        frames_total: frames to fit.
        objective: mean objective a frame, square metres.
        mean_mm: mean v2v, millimetres: of the frames in this step, then of all finished ones.
        frames: ids of the frames that this step finished.
    """

    stage: str
    iteration: int
    frames_done: int
    frames_total: int
    objective: float
    mean_mm: float
    frames: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))


def pick_device(name: str) -> torch.device:
    """``'auto'``, ``'cpu'`` or ``'cuda'`` to a device.

    Raises:
        RefitError: CUDA was asked for and there is none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise RefitError("This machine has no CUDA device that torch can use; fit with --device cpu.")
    return torch.device(name)


def available_processors() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _one_thread() -> None:
    # Small batched factorisations on several threads are many times slower on a busy machine.
    torch.set_num_threads(1)


class FitRun:
    """Fits a motion to the target body of a pair.

    Args:
        motion: source motion, in the family of ``bodies.source``.
        bodies: source, target and correspondence.
        settings: frozen.
        first_frame: the frames around it are fitted first.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        threads: workers over chunks of frames; None for one a processor.
        stop: cancels the run when set, at its next step; None for one of its own.

    Raises:
        RefitError: the bodies do not suit the motion, or there is no frame to fit.
    """

    def __init__(
        self,
        motion: Motion,
        bodies: BodyPair,
        settings: FitSettings | None = None,
        *,
        first_frame: int = 0,
        device: str = "auto",
        threads: int | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        if motion.family != bodies.source.family:
            raise RefitError(
                f"{motion.name} is a {motion.family} motion, but the source body is {bodies.source.family}."
            )
        self.motion = motion
        self.settings = settings or FitSettings()
        self.device = pick_device(device)
        self.bodies = bodies.to(self.device)
        self.threads = threads or available_processors()
        finite = np.flatnonzero(motion.finite_frames())
        if not len(finite):
            raise RefitError(f"{motion.name} has no frame with finite numbers to fit.")
        self.frames = finite
        self.first_frame = first_frame
        self._stop = stop or threading.Event()
        self._left = False
        self._cut = False
        self._started = 0.0
        self._seconds = 0.0
        self._table = ResultTable(motion, bodies, self.settings.num_betas)

    def cancel(self) -> None:
        """Ends the run after the step it is in; safe from any thread."""
        self._stop.set()

    def _stopped(self) -> bool:
        return self._left or self._stop.is_set()

    def __iter__(self) -> Iterator[Progress]:
        if self._started:
            raise RuntimeError("a run can be iterated once; make a new FitRun to fit again")
        self._started = time.perf_counter()
        workers = 1 if self.device.type == "cuda" else self.threads
        pool = ThreadPoolExecutor(workers, "refit-fit", initializer=_one_thread)
        try:
            yield from self._steps(pool, workers)
        finally:
            self._left = True
            pool.shutdown(wait=True, cancel_futures=True)
            self._seconds = time.perf_counter() - self._started

    def _steps(self, pool: ThreadPoolExecutor, workers: int) -> Iterator[Progress]:
        settings = self.settings
        problem = pool.submit(Problem, self.motion, self.bodies, settings).result()
        if self._stopped():
            return
        size = CUDA_CHUNK if self.device.type == "cuda" else CPU_CHUNK
        shape_frames = self._shape_frames()
        chunks = list(pool.map(problem.shape_chunk, _split(shape_frames, size)))
        shape_fit = ShapeFit(
            problem.skin, problem.normal, chunks, problem.free, settings, pool, self._stopped
        )
        for iteration in range(1, settings.iterations + 1):
            finished = shape_fit.step()
            if self._stopped():
                return
            objective = shape_fit.energy / shape_fit.frames
            yield Progress("shape", iteration, 0, len(self.frames), objective, shape_fit.mean_mm)
            if finished:
                break
        if self._stopped():
            return
        self._table.betas[:] = shape_fit.betas.cpu().numpy()
        stage = PoseStage(problem, shape_fit, shape_frames, self._stopped)
        yield from self._pose_steps(pool, workers, stage, self._ordered(size))

    def _pose_steps(
        self,
        pool: ThreadPoolExecutor,
        workers: int,
        stage: PoseStage,
        chunks: list[np.ndarray],
    ) -> Iterator[Progress]:
        waiting = iter(chunks)
        running: set[Future[tuple[np.ndarray, FittedChunk]]] = set()
        iteration, objective, distance, done = 0, 0.0, 0.0, 0
        while True:
            while len(running) < workers + 1 and not self._stopped():
                frames = next(waiting, None)
                if frames is None:
                    break
                running.add(pool.submit(stage.fit, frames))
            if not running:
                return
            ready, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ready:
                frames, found = future.result()
                # A chunk cut short keeps its best so far; one that never took a step is dropped.
                if self._stopped() and not found.steps.any():
                    continue
                self._cut = self._cut or (self._stopped() and not found.converged.all())
                self._table.store(frames, found)
                iteration += 1
                done += len(frames)
                objective += float(found.energy.sum())
                distance += float(found.errors.mean.sum())
                yield Progress(
                    "pose",
                    iteration,
                    done,
                    len(self.frames),
                    objective / done,
                    distance / done,
                    frames,
                )

    def _shape_frames(self) -> np.ndarray:
        count = min(self.settings.shape_frames, len(self.frames))
        return self.frames[np.unique(np.linspace(0, len(self.frames) - 1, count).round().astype(int))]

    def _ordered(self, size: int) -> list[np.ndarray]:
        """The frames to fit in chunks, those from ``first_frame`` on first."""
        at = int(np.searchsorted(self.frames, self.first_frame)) // size * size
        return [*_split(self.frames[at:], size), *_split(self.frames[:at], size)]

    def result(self) -> FitResult:
        """What has been fitted so far, as a copy; partial unless every finite frame is done to its end."""
        running = self._seconds == 0.0 and self._started > 0.0
        seconds = time.perf_counter() - self._started if running else self._seconds
        partial = self._cut or not bool(self._table.fitted[self.frames].all())
        made = provenance(self.motion, self.bodies, self.settings, str(self.device))
        return self._table.result(seconds, partial, made)


def _split(frames: np.ndarray, size: int) -> list[np.ndarray]:
    return [frames[start : start + size] for start in range(0, len(frames), size)]
