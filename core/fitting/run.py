"""A run: a motion fitted stage by stage, step by step, with the caller in charge of the loop.

    run = FitRun(motion, bodies)
    for progress in run:
        print(progress.frames_done, progress.mean_mm)
    result = run.result()

To cancel, call `FitRun.cancel` from any thread, or stop iterating; `FitRun.result` then gives what was
reached, marked partial.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
import torch

from core.errors import RefitError
from core.files.bodies.mesh_check import check_meshes
from core.fitting.devices import gpu_label
from core.fitting.recipe.recipe import Recipe, for_meshes
from core.fitting.recipe.settings import FitSettings
from core.fitting.shape.shape_solve import ShapeFit
from core.fitting.solver.gauss_newton import Stopped
from core.fitting.solver.temporal_solve import overlap
from core.fitting.stage.far_off import LOOKED_AT, leave_out, shows_rows
from core.fitting.stage.frame_chunks import cuda_chunk, in_chunks, split, spread
from core.fitting.stage.initial_pose import check_weights, held_hands
from core.fitting.stage.left_over import left_over
from core.fitting.stage.partial_result import FittedChunk, ResultTable
from core.fitting.stage.progress import Progress, Snapshot
from core.fitting.stage.provenance import provenance
from core.fitting.stage.snapshots import shape_taken
from core.fitting.stage.stage import PoseStage
from core.fitting.stage.stage_problem import StageProblem
from core.fitting.stage.together import known_shape_fit, shape_fit, start_mm
from core.fitting.workers import Workers, one_thread
from core.measure.counted_vertices import NOTE
from core.measure.far_rows import recorded_far_rows
from core.measure.vertex_mask import kept
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion

# Frames fitted at once: few enough to stay in a processor's caches, enough to make its loops long.
CPU_CHUNK = 128
# Dense pose correctives are read from memory again for every lot of frames.
DENSE_CHUNK = 256
# Frames fitted at once where each has large matrices of its own.
SLOW_CHUNK = 32
# Frames at once while the shape is solved; the same whatever the workers, so that the result is too.
SHAPE_CHUNK = 48


class FitRun:
    """Fits a motion to the target body of a pair.

    Args:
        motion: source motion, in the family of ``bodies.source``.
        bodies: source, target and correspondence.
        recipe: what to do, or the settings of a single stage. Of a motion that is meshes alone it starts from
            the parts, where it would from the source.
        frames: ids of the frames to fit; None for all.
        start: a fit of the same motion to go on from, where the recipe starts from ``'current'``, and whose
            other frames are kept where only some are fitted. The shape that frames share is then held.
        vertex_weights: (V,) non-negative weights of the target's vertices, beside those of the settings.
        first_frame: one that somebody looks at: it is fitted as soon as there is a first guess of the shape,
            and again with the frames around it, the first after those of the shape; None for none.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        threads: workers over chunks of frames; None for one a processor.
        stop: cancels the run when set, at its next step; None for one of its own.
        measure_start: the first step tells the mean v2v of where the first stage starts (not of the published
            method).
        betas: (B,) the shape that stages with a fixed one begin with; None for that of ``start``, or none.
        watch: told from a worker's thread where the frames stand before each step and in the end, for runs of
            a single frame (not of the published method); None for nobody.
        replaces: the frames are to take the place of those of ``start``, and to be compared with them: their
            figures are over the same vertices, and what is held is where the source has it from any start.

    Attributes:
        doing: the stage that it is in, as `Progress.stage` and from its beginning; empty before the first.

    Raises:
        RefitError: the bodies do not suit the motion, there is no frame to fit, or the recipe goes on from a
            fit that is not given.
    """

    def __init__(
        self,
        motion: Motion,
        bodies: BodyPair,
        recipe: Recipe | FitSettings | None = None,
        *,
        frames: np.ndarray | None = None,
        start: FitResult | None = None,
        vertex_weights: np.ndarray | None = None,
        first_frame: int | None = None,
        device: str = "auto",
        threads: int | None = None,
        stop: threading.Event | None = None,
        measure_start: bool = False,
        betas: np.ndarray | None = None,
        watch: Callable[[Snapshot], None] | None = None,
        replaces: bool = False,
    ) -> None:
        if motion.family != bodies.source.family:
            raise RefitError(
                f"{motion.name} is a {motion.family} motion, but the source body is {bodies.source.family}."
            )
        self.motion = motion
        self.recipe = Recipe((recipe,)) if isinstance(recipe, FitSettings) else recipe or Recipe()
        if not motion.has_poses:
            check_meshes(motion, bodies.source)
            self.recipe = for_meshes(self.recipe)
        if vertex_weights is not None:
            check_weights(vertex_weights, bodies.target.num_vertices)
        if self.recipe.start == "current" and start is None:
            raise RefitError("The recipe goes on from a fit, but there is none yet.")
        self._workers = Workers(device, threads)
        if self.recipe.method != "gauss-newton":
            # The published method knows nothing of them, and its result must not claim them.
            bodies = bodies.with_weights(None)
        self.bodies = bodies
        try:
            self.bodies = bodies.to(self.device)
        except RuntimeError as error:
            self._leave_device(error)
        finite = np.flatnonzero(motion.finite_frames())
        self.frames = finite if frames is None else np.intersect1d(finite, frames)
        if not len(self.frames):
            among = " among those asked for" if len(finite) else ""
            raise RefitError(f"{motion.name} has no frame with finite numbers to fit{among}.")
        self.first_frame = first_frame
        self.vertex_weights = vertex_weights
        self._start = start
        self._watch = watch if len(self.frames) == 1 else None
        self._holds_shape = start is not None and len(self.frames) < len(finite)
        self._replaces = replaces
        self._stop = stop or threading.Event()
        self._measures_start = measure_start
        self._left = self._cut = self._finished = self._again = False
        self.doing = ""
        self._started = 0.0
        self._seconds = 0.0
        self._table = ResultTable(motion, self.bodies, start)
        self._table.held_hands = held_hands(bodies, self.recipe, start, self._holds_shape or replaces)
        if betas is not None:
            self._table.set_betas(betas)
        # Frames that are kept, or compared with these, were fitted without them.
        self._looks = start is None or not (self._holds_shape or replaces)
        if start is not None and not self._looks:
            self._table.far_rows = recorded_far_rows(start.provenance, bodies.target.num_vertices)

    @property
    def device(self) -> torch.device:
        """Where it fits: a device that fails is left."""
        return self._workers.device

    @property
    def left_device(self) -> str:
        """Why it has left the device that was asked for, a sentence; empty where it has not."""
        return self._workers.left

    @property
    def threads(self) -> int:
        """Workers on processors."""
        return self._workers.threads

    @property
    def keeps_others(self) -> bool:
        """Frames that are not asked for keep the fit that the run goes on from, and its shape."""
        return self._holds_shape

    def cancel(self) -> None:
        """Ends the run after the step it is in; safe from any thread."""
        self._stop.set()

    def _stopped(self) -> bool:
        return self._left or self._stop.is_set()

    def __iter__(self) -> Iterator[Progress]:
        if self._started:
            raise RuntimeError("a run can be iterated once; make a new FitRun to fit again")
        self._started = time.perf_counter()
        try:
            if self.recipe.method != "gauss-newton":
                yield from self._anywhere(self._published)
                self._finished = not self._stopped()
                return
            origin = self.recipe.start
            for index, settings in enumerate(self.recipe.stages):
                if self._table.held_hands and not index:
                    self._workers.note = self._workers.note or NOTE
                self._again = True
                while self._again:
                    self._again = False
                    for progress in self._anywhere(partial(self._steps, settings, origin)):
                        yield replace(progress, kind=settings.stage, index=index)
                    if self._stopped():
                        return
                    origin = "current"
            self._finished = True
        finally:
            self._left = True
            self._workers.end()
            self._seconds = time.perf_counter() - self._started

    def _anywhere(self, steps: Callable[[], Iterator[Progress]]) -> Iterator[Progress]:
        """The steps on the device, and once more on the processor where the device fails."""
        while True:
            try:
                for progress in steps():
                    note, self._workers.note = self._workers.note or progress.note, ""
                    yield replace(progress, note=note)
                return
            except RuntimeError as error:
                self._leave_device(error)

    def _leave_device(self, error: RuntimeError) -> None:
        self._workers.leave_device(error)
        self.bodies = self.bodies.to(self.device)

    def _published(self) -> Iterator[Progress]:
        # Brings the smplx package and scipy's optimisers along, which nothing else needs.
        from core.fitting.reference.published_run import published_steps

        frames = np.concatenate(self._ordered(1))
        return published_steps(self.motion, self.bodies, self.recipe, frames, self._table, self._stopped)

    def prepare(self) -> None:
        """Prepares what the first stage needs of the bodies; it is kept, for other runs with them too."""
        if self.recipe.method == "gauss-newton":
            with ThreadPoolExecutor(1, "refit-prepare", initializer=one_thread) as pool:
                try:
                    pool.submit(self._prepared).result()
                except RuntimeError as error:
                    self._leave_device(error)

    def _prepared(self) -> None:
        problem = self._problem(self.recipe.stages[0], self.recipe.start)
        if problem.solves_shape:
            problem.shape_core(min(len(self.frames), problem.settings.shape_frames))

    def _problem(self, settings: FitSettings, origin: str) -> StageProblem:
        return StageProblem(
            self.motion,
            self.bodies,
            settings,
            self._table,
            origin,
            self.vertex_weights,
            self._holds_shape,
            self.motion.has_poses and self.recipe.start != "parts",
            self.motion.has_poses and (self.recipe.start != "parts" or self._replaces),
        )

    def _steps(self, settings: FitSettings, origin: str) -> Iterator[Progress]:
        if settings.shape == "per-frame" and origin != "current" and settings.stage != "translation":
            # From the mean shape each frame's own is far away: from one for all it is near.
            expression = "shared" if settings.expression == "per-frame" else settings.expression
            shared = replace(settings, shape="shared", expression=expression)
            yield from self._solve(shared, origin, only_shape=True)
        if not self._stopped():
            yield from self._solve(settings, origin)

    def _finds_far_rows(self, problem: StageProblem) -> bool:
        some, pool = spread(self.frames, LOOKED_AT), self._workers.pool
        if not self._looks or not shows_rows(problem.settings, len(some)):
            return False
        self._looks = False
        note = pool.submit(leave_out, problem, some, self._table).result()
        self._workers.note = note or self._workers.note
        return bool(note)

    def _solve(self, settings: FitSettings, origin: str, only_shape: bool = False) -> Iterator[Progress]:
        pool = self._workers.pool
        problem = pool.submit(self._problem, settings, origin).result()
        if self._stopped():
            return
        chosen = spread(self.frames, settings.shape_frames)
        if self._measures_start:
            self._measures_start = False
            distance = pool.submit(start_mm, problem, self.frames).result()
            yield Progress("start", 0, 0, len(self.frames), float("nan"), distance)
        size, shape_size = self._chunk_sizes(problem)
        solved: ShapeFit | None = None
        if problem.solves_shape:
            self.doing = "shape"
            solved = shape_fit(problem, split(chosen, shape_size), pool, self._stopped)
            self._show_shape(problem, chosen, solved)
            before = solved.energy / solved.frames
            for iteration in range(1, settings.iterations + 1):
                finished = solved.step()
                if self._stopped():
                    return
                self._show_shape(problem, chosen, solved)
                objective = solved.energy / solved.frames
                seen = np.empty(0, dtype=int)
                if iteration == 1 and origin != "current" and not only_shape:
                    seen = self._fit_seen(pool, problem, chosen, solved)
                told = Progress("shape", iteration, 0, len(self.frames), objective, solved.mean_mm, seen)
                yield replace(told, steps=iteration, trace=(before, objective))
                before = objective
                if finished:
                    break
            self._table.share(problem.settings, solved.betas.cpu().numpy(), problem.num_betas)
        elif not self._stopped():
            chosen, solved = known_shape_fit(problem, self.frames, pool, self._stopped)
        if self._stopped() or only_shape:
            return
        stage = PoseStage(problem, chosen, solved, self._stopped, self._watch)
        yield from self._collected("pose", problem, stage.rounds(self._ordered, size), stage.fit)
        if settings.coupled and not self._stopped():
            known = self._table.parameters()
            extra = overlap(problem.terms(self.frames[:3], together=True))

            def smooth(frames: np.ndarray) -> tuple[np.ndarray, FittedChunk]:
                first, last = np.searchsorted(self.frames, frames[[0, -1]])
                window = self.frames[max(0, first - extra) : last + 1 + extra]
                return stage.smooth(frames, window, known)

            yield from self._collected("smooth", problem, [self._ordered(size)], smooth)
        if not self._stopped():
            ended = self.frames[self._table.converged[self.frames]]
            self._table.tell_left(ended, *pool.submit(left_over, stage, ended).result())
            self._again = self._finds_far_rows(problem)

    def _chunk_sizes(self, problem: StageProblem) -> tuple[int, int]:
        """Frames fitted at once, alone and while the shape is solved."""
        if self.device.type == "cuda":
            alone, with_shape = problem.bytes_a_frame
            return cuda_chunk(self.device, alone), cuda_chunk(self.device, with_shape)
        if problem.settings.slow or problem.own_coefficients:
            return SLOW_CHUNK, SHAPE_CHUNK
        return CPU_CHUNK if problem.skin.patches.sparse else DENSE_CHUNK, SHAPE_CHUNK

    def _show_shape(self, problem: StageProblem, chosen: np.ndarray, solved: ShapeFit) -> None:
        if self._watch is not None:
            self._watch(shape_taken(problem, chosen, solved))

    def _fit_seen(
        self, pool: ThreadPoolExecutor, problem: StageProblem, chosen: np.ndarray, solved: ShapeFit
    ) -> np.ndarray:
        """Fits the frame that is looked at with the shape as it is so far; returns its id in an array."""
        seen = self.frames[self.frames == self.first_frame]
        if not len(seen):
            return seen
        stage = PoseStage(problem, chosen, solved, self._stopped)
        try:
            frames, found = pool.submit(stage.fit, seen).result()
        except Stopped:
            return seen[:0]
        self._table.share(problem.settings, solved.betas.cpu().numpy(), problem.num_betas)
        self._table.store(frames, found, problem.num_betas, problem.num_expression)
        return frames

    def _collected(
        self,
        name: str,
        problem: StageProblem,
        rounds: Iterable[list[np.ndarray]],
        fit: Callable[[np.ndarray], tuple[np.ndarray, FittedChunk]],
    ) -> Iterator[Progress]:
        """Fits chunks in the pool, round by round, and takes in what comes back."""
        self.doing = name
        iteration, done = 0, np.zeros(len(self.motion), dtype=bool)
        pool, workers = self._workers.pool, self._workers.count
        each = (in_chunks(pool, workers, chunks, fit, self._stopped) for chunks in rounds)
        for frames, found, note in chain.from_iterable(each):
            # A chunk cut short keeps its best so far; one that never took a step is dropped, and so is one
            # whose frames may have a better fit to go back to.
            if self._stopped() and (
                not found.steps.any() or (self._holds_shape and not found.converged.all())
            ):
                continue
            self._cut = self._cut or (self._stopped() and not found.converged.all())
            self._table.store(frames, found, problem.num_betas, problem.num_expression)
            iteration += 1
            # Some come back better.
            done[frames] = True
            energy, distance = self._table.energy[done], self._table.errors["mean"][done]
            means = float(energy.mean(dtype=float)), float(distance.mean(dtype=float))
            told = Progress(name, iteration, len(energy), len(self.frames), *means, frames)
            yield replace(told, note=note, steps=int(found.steps.max()), trace=found.trace)

    def _ordered(self, size: int) -> list[np.ndarray]:
        """The frames to fit in chunks, those from ``first_frame`` on first."""
        at = int(np.searchsorted(self.frames, self.first_frame or 0)) // size * size
        return [*split(self.frames[at:], size), *split(self.frames[:at], size)]

    def result(self) -> FitResult:
        """What has been fitted so far, as a copy; partial unless every stage has come to its end."""
        running = self._seconds == 0.0 and self._started > 0.0
        seconds = time.perf_counter() - self._started if running else self._seconds
        partial = self._cut or not self._finished or not bool(self._table.fitted[self.frames].all())
        made = provenance(self.motion, self.bodies, self.recipe, str(self.device), gpu_label(self.device))
        if self._start is not None and self._holds_shape:
            made = kept(made, self._start)
        return self._table.result(seconds, partial, made)
