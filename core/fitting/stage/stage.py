"""One stage of a recipe: the shape where it is solved, then the poses of any frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Terms
from core.fitting.shape.shape_frames import ShapeChunk
from core.fitting.shape.shape_solve import ShapeFit
from core.fitting.solver.convergence import assured
from core.fitting.solver.core_steps import LEAST_ITERATIONS, by_core, fit_poses_by_core, made_once
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.gauss_newton import PoseFit, SolverContext, fit_poses
from core.fitting.solver.skin_products import SkinStatistics
from core.fitting.solver.temporal_solve import fit_window
from core.fitting.stage.breaks import Breaks, in_lots
from core.fitting.stage.chain_order import down_the_chain
from core.fitting.stage.frame_chunks import split
from core.fitting.stage.initial_pose_from_meshes import from_nearest_frame, outlying_frames
from core.fitting.stage.levels import LEAST_LEVELLED, LEVELLED, MOST_NEAR, in_levels
from core.fitting.stage.low_rises import over_low_rises
from core.fitting.stage.mending import Judged, mended, suspects
from core.fitting.stage.partial_result import FittedChunk, Parameters, fitted_chunk, joined
from core.fitting.stage.progress import Snapshot
from core.fitting.stage.snapshots import as_taken, taken
from core.fitting.stage.stage_problem import StageProblem
from core.fitting.stage.warm_start import KnownFrames, seldom_turned

# Where no fitted frame is near, every so many frames are fitted first and the others start from them.
ANCHOR_EVERY = 16
# Where steps are costly, every so many are fitted first even where some are near: the others take one step.
CLOSE_ANCHOR_EVERY = 4
# What frames from afar, which others start from, may have left of what is asked for.
FROM_AFAR = 0.1
# Steps from afar that take the pose correctives as constant.
FROZEN_STEPS = 2
# So many neighbouring frames share the correctives' part of their matrices, or all of their factors, but none
# do where within half of them most frames turn a joint far.
SHARE_CURVATURE, SHARE_FACTORS = 8, 4


class PoseStage:
    """Fits the poses of any frames, what they share held; safe to call from several threads.

    Args:
        problem: of the stage.
        frames: (n,) ids of frames that were solved together, or of any whose shared coefficients hold.
        solved: those frames, with the shape where the stage solves it; None for none.
        stopped: asked before each step.
        watch: told where the frames of a chunk stand before each step and in the end; None for nobody.
    """

    def __init__(
        self,
        problem: StageProblem,
        frames: np.ndarray,
        solved: ShapeFit | None,
        stopped: Callable[[], bool],
        watch: Callable[[Snapshot], None] | None = None,
    ) -> None:
        self.problem, self._watch = problem, watch
        self.shape_converged, self.curved = True, not problem.skin.patches.sparse
        self.known: KnownFrames | None = None
        # Frames are fitted in levels; those of the present one that are done, by all workers' copies.
        self.levelled, self._found = False, list[KnownFrames]()
        # What those of the levels before and of the present one came to.
        self._judged, self._results = Judged(), list[tuple[np.ndarray, np.ndarray]]()
        self._breaks: Breaks | None = None
        if solved is not None:
            self.shape_converged = solved.converged or not problem.solves_shape
            self.curved = solved.curved
            self.by = solved.stepping()
        else:
            shape = problem.skin.shape(problem.shape_unknowns(frames[:1]).start)
            self.by = SolverContext(
                problem.skin,
                shape,
                SkinStatistics(problem.skin, problem.normal, shape),
                problem.unknowns,
                CorrectiveCurvature(problem.skin, shape),
                problem.settings.iterations,
                problem.settings.tolerance,
                stopped,
            )
        # Made when first needed, and once for all workers' copies of the stage.
        self._core = made_once(partial(problem.core_at, self.by.found))
        # Those of the frames that go on from what was seen of them when they were solved together.
        self._ends: list[ShapeChunk] = []
        if solved is not None and problem.origin == "source":
            poses = [chunk.pose for chunk in solved.chunks]
            self.known = self._known(frames, poses, problem.source_rotations(frames))
            to_the_end = self.by.iterations >= LEAST_ITERATIONS and problem.settings.order != "chain"
            if to_the_end and not problem.own_coefficients:
                self._ends = [end for end in solved.ends() if end.seen and by_core(self.by, len(end.frames))]

    def rounds(self, ordered: Callable[[int], list[np.ndarray]], size: int) -> Iterator[list[np.ndarray]]:
        """Frames to fit in chunks. Each list of chunks is to be fitted before the next is asked for: in
        levels, frames start from those before.

        Args:
            ordered: gives all frames in chunks of so many.
            size: of a chunk.
        """
        problem, count = self.problem, sum(map(len, ordered(size)))
        alone = problem.settings.order != "chain" and not problem.own_coefficients
        by_source = problem.origin == "source" and not problem.holds_shape
        enough = count >= LEAST_LEVELLED or bool(self._ends)
        self.levelled = alone and by_source and by_core(self.by, count) and enough
        if self._ends:
            yield [end.frames for end in self._ends]
            if self.by.stopped():
                return
            self._take_in()
        ended = np.concatenate([np.empty(0, dtype=int), *(end.frames for end in self._ends)])

        def left(most: int) -> Iterator[np.ndarray]:
            some = (frames[~np.isin(frames, ended)] for frames in ordered(most))
            return (frames for frames in some if len(frames))

        if not self.levelled:
            yield list(left(size))
        first, judged = self.known, self._judged
        for frames in left(LEVELLED) if self.levelled else ():
            # No lot knows of another, so that it does not matter which are fitted, and in which order.
            self.known, self._judged = first, judged
            for some in in_levels(frames, first, problem.source_rotations(frames)):
                yield np.array_split(some, -(-len(some) // size))
                if self.by.stopped():
                    return
                self._take_in()
        if not alone or problem.origin != "source" or not problem.knows_rotations:
            return
        for breaks in in_lots(problem, ordered(LEVELLED)):
            self._breaks = breaks
            yield split(breaks.known.frames, size)
            if self.by.stopped():
                return

    def _take_in(self) -> None:
        """Frames that were fitted since are known from now on."""
        if found := [*self._found, *([] if self.known is None else [self.known])]:
            self.known = found[-1].with_frames(found[:-1])
        for frames, energy in self._results:
            self._judged = self._judged.with_more(frames, energy)
        self._found.clear()
        self._results.clear()

    def _known(self, frames: np.ndarray, poses: list[Pose], source: torch.Tensor) -> KnownFrames:
        betas = None if poses[0].betas is None else torch.cat([p.betas for p in poses if p.betas is not None])
        pose = Pose(torch.cat([p.world for p in poses]), torch.cat([p.root for p in poses]), betas)
        return KnownFrames(self.problem.skin, frames, pose, source, self.problem.targets.roots(frames))

    @torch.inference_mode()
    def fit(self, frames: np.ndarray) -> tuple[np.ndarray, FittedChunk]:
        """Fits a chunk of frames (ascending ids) and gives them back with what was found and how."""
        trace: list[float] = []
        watched = copy(self)
        watched.by = replace(self.by, seen=trace.append, watch=self._watcher(frames))
        found = watched._fit(frames)
        end = found.trace or (float(found.energy.mean()),)
        return frames, replace(found, trace=(*trace, *end))

    def _fit(self, frames: np.ndarray) -> FittedChunk:
        found = first = self._across(frames, self._breaks) if self._breaks else self._first(frames)
        if self.problem.settings.order != "chain" and self._breaks is None:
            found = mended(first, frames, self.by.iterations, self.by.stopped, self._starts(), self._judged)
            if self._ends:
                self._results.append((frames, found.energy))
        if self.problem.settings.order != "chain":
            found = over_low_rises(self.problem, self.by, frames, found, self._from_there)
        if found is not first and self._watch is not None:
            # Of the other tries only what came of them.
            self._watch(as_taken(self.problem, frames, found))
        # Poses at their best for a shape that is not yet at its own are not converged.
        return replace(found, converged=found.converged & self.shape_converged)

    def _across(self, frames: np.ndarray, breaks: Breaks) -> FittedChunk:
        problem, betas = self.problem, self.by.shape.betas

        def fit(places: np.ndarray, pose: Pose) -> FittedChunk:
            return self._from_there(frames[places], pose)

        found = fit(np.arange(len(frames)), problem.current(frames, problem.table))
        start, source = problem.at_source(frames, betas), problem.source_rotations(frames)
        return breaks.mended(frames, start, source, found, fit)

    def _from_there(self, frames: np.ndarray, pose: Pose) -> FittedChunk:
        """Some frames (ids) from poses near their optimum."""
        begun = self.problem.with_held(frames, pose, self.by.shape.betas)
        targets, terms = self.problem.targets.at(frames), self.problem.terms(frames)
        return self.chunk(frames, self._from(begun, targets, terms, frozen=0, quietly=True))

    def _starts(self) -> list[Callable[[np.ndarray], FittedChunk]]:
        """Other starts of frames that may have ended badly, each fits them from there."""
        problem = self.problem

        def again(frames: np.ndarray, at: Callable[[torch.Tensor], Pose]) -> FittedChunk:
            targets, terms = problem.targets.at(frames), problem.terms(frames)
            found = self._from(at(targets), targets, terms, frozen=FROZEN_STEPS, quietly=True)
            return self.chunk(frames, found)

        def source(frames: np.ndarray) -> FittedChunk:
            return again(frames, lambda _: problem.at_source(frames, self.by.shape.betas))

        def parts(frames: np.ndarray) -> FittedChunk:
            return again(frames, lambda targets: problem.at_parts(frames, targets, self.by.shape.betas))

        if not problem.knows_rotations:
            return []
        return [source, parts] if problem.origin == "source" else [source]

    def _first(self, frames: np.ndarray) -> FittedChunk:
        problem, in_chain = self.problem, self.problem.settings.order == "chain"
        if problem.origin == "source" and not in_chain:
            end = next((end for end in self._ends if np.array_equal(end.frames, frames)), None)
            return self._from_known(frames) if end is None else self._from_end(end)
        targets, terms = problem.targets.at(frames), problem.terms(frames)
        if in_chain:
            begun = self._begin(frames, targets)
            found = down_the_chain(self.by, begun, targets, terms, problem.bodies.target.parents)
            if found is None:
                found = self._from(begun, targets, terms, frozen=0)
            return self.chunk(frames, found)
        frozen = 0 if problem.origin == "current" else FROZEN_STEPS
        start = self._begin(frames, targets)
        found = self._from(start, targets, terms, frozen=frozen)
        if problem.origin == "parts":
            self._mend_outlying(found, start, targets, terms)
        return self.chunk(frames, found)

    @torch.inference_mode()
    def smooth(
        self, frames: np.ndarray, window: np.ndarray, known: Parameters
    ) -> tuple[np.ndarray, FittedChunk]:
        """Fits frames that pull on each other.

        Args:
            frames: ascending ids of those wanted.
            window: those and their neighbours, ascending: all are solved, only ``frames`` given back.
            known: what all of them have alone.
        """
        problem = self.problem
        found = fit_window(
            replace(self.by, watch=self._watcher(window)),
            problem.with_held(window, problem.current(window, known), self.by.shape.betas),
            problem.targets.at(window),
            problem.terms(window, together=True),
            curved=self.curved,
        )
        found.converged &= self.shape_converged
        wanted = torch.as_tensor(np.isin(window, frames), device=found.energy.device)
        return frames, self.chunk(frames, found[wanted])

    def _watcher(self, frames: np.ndarray) -> Callable[[PoseFit], None] | None:
        tell = self._watch
        if tell is None:
            return None
        return lambda found: tell(taken(self.problem, frames, self.by.shape, found))

    def chunk(self, frames: np.ndarray, found: PoseFit) -> FittedChunk:
        """What was found of some frames (ids), in the terms of files."""
        problem = self.problem
        trans = problem.motion.trans[frames]
        return fitted_chunk(found, problem.skin, self.by.shape.betas, trans, problem.counted)

    def _begin(self, frames: np.ndarray, targets: torch.Tensor) -> Pose:
        return self.problem.begin(frames, targets, self.by.shape.betas)

    def _from(
        self,
        pose: Pose,
        targets: torch.Tensor,
        terms: Terms,
        *,
        frozen: int,
        share: int = 1,
        quietly: bool = False,
        roughly: bool = False,
    ) -> PoseFit:
        by = replace(self.by, seen=None, watch=None) if quietly else self.by
        curved, asked = self.curved, by
        if frozen and self.levelled:
            # Others start from these.
            by = replace(by, tolerance=FROM_AFAR * by.tolerance)
        if not frozen and pose.betas is None and (self.levelled or by_core(by, len(pose.root))):
            found = fit_poses_by_core(by, self._core, pose, targets, terms, curved=curved, share=share)
        else:
            found = fit_poses(
                by, pose, targets, terms, frozen_steps=frozen, curved=curved, share=share, roughly=roughly
            )
        return assured(asked, found, targets, terms, near=not frozen, goes_on=not roughly)

    def _from_known(self, frames: np.ndarray) -> FittedChunk:
        """From the nearest fitted frames; where none are near enough, or steps are costly, a few of these
        first, and the others between them."""
        source, known = self.problem.source_rotations(frames), self.known
        if self.problem.holds_shape:
            # Frames asked for by themselves: often those that their neighbours led astray.
            return self.chunk(frames, self._beside(None, frames, source))
        if self.levelled:
            beside = known is not None and known.distance(frames).max() <= 1
            share = SHARE_FACTORS if beside and seldom_turned(source, SHARE_FACTORS // 2) else 1
            found = self._beside(known, frames, source, share=share)
            self._found.append(self._known(frames, [found.pose], source))
            return self.chunk(frames, found)
        near = known is not None and known.near(frames, source).mean() >= MOST_NEAR
        far, close = [] if near else [ANCHOR_EVERY], [CLOSE_ANCHOR_EVERY] if self.curved else []
        left, steps = np.ones(len(frames), dtype=bool), np.zeros(len(frames), dtype=np.int32)
        parts: list[tuple[np.ndarray, FittedChunk]] = []
        for every in (*far, *close, 1):
            # Not at the ends, and those of every 16 are among those of every 4.
            some = left & (np.arange(len(frames)) % every == min(every // 3, len(frames) - 1))
            if not some.any():
                continue
            last, theirs = bool((some == left).all()), source[torch.as_tensor(some)]
            share = _sharing(theirs) if every == 1 else 1
            found = self._beside(known, frames[some], theirs, share=share, quietly=not last, roughly=not last)
            found.steps += torch.as_tensor(steps[some], device=found.steps.device)
            if last:
                break
            # Those left before their last step go on with the others: few frames cost as much as many.
            done = found.converged | (found.steps >= self.by.iterations)
            if bool(done.any()):
                ended = frames[some][done.cpu().numpy()]
                parts.append((ended, self.chunk(ended, found[done])))
            steps[some] = found.steps.cpu().numpy()
            left[some] = ~done.cpu().numpy()
            fitted = self._known(frames[some], [found.pose], theirs)
            known = fitted if known is None else known.with_frames([fitted])
        # Only the steps of these are told.
        left_over = replace(self.chunk(frames[some], found), trace=(float(found.energy.mean()),))
        return joined([*parts, (frames[some], left_over)])

    def _from_end(self, end: ShapeChunk) -> FittedChunk:
        """Frames from where they were left when they were solved together."""
        found = fit_poses_by_core(
            self.by, self._core, end.pose, end.targets, end.terms, curved=self.curved, known=end.seen
        )
        found = assured(self.by, found, end.targets, end.terms, near=True, goes_on=True)
        source = self.problem.source_rotations(end.frames)
        self._found.append(self._known(end.frames, [found.pose], source))
        return self.chunk(end.frames, found)

    def _beside(
        self,
        known: KnownFrames | None,
        frames: np.ndarray,
        source: torch.Tensor,
        *,
        share: int = 1,
        quietly: bool = False,
        roughly: bool = False,
    ) -> PoseFit:
        """Fits frames of these source rotations from known ones, and from the source where these are not
        near; None: all from the source."""
        problem = self.problem
        targets, terms = problem.targets.at(frames), problem.terms(frames, source)
        if known is None:
            begun = self._begin(frames, targets)
            return self._from(begun, targets, terms, frozen=FROZEN_STEPS, quietly=quietly, roughly=roughly)
        pose = known.start(frames, source, problem.targets.roots(frames), problem.unknowns.moves)
        pose = problem.with_held(frames, pose, self.by.shape.betas)
        near = torch.as_tensor(known.near(frames, source), device=targets.device)
        if bool(near.all()):
            return self._from(pose, targets, terms, frozen=0, share=share, quietly=quietly, roughly=roughly)
        far = ~near
        begun = problem.at_source(frames[far.cpu().numpy()], self.by.shape.betas)
        quietly = quietly or bool(near.any())
        from_afar = self._from(
            begun, targets[..., far], terms[far], frozen=FROZEN_STEPS, quietly=quietly, roughly=roughly
        )
        if bool(far.all()):
            return from_afar
        beside = self._from(
            pose[near], targets[..., near], terms[near], frozen=0, share=share, quietly=True, roughly=roughly
        )
        return PoseFit.of(near, beside, from_afar)

    def _mend_outlying(self, found: PoseFit, start: Pose, targets: torch.Tensor, terms: Terms) -> None:
        """Fits frames that stand out from those around them, or did not converge, once more, from the nearest
        other frame; they keep the better. What stands out still is not called converged."""
        converged = found.converged.cpu().numpy()
        outlying = suspects(found.energy.cpu().numpy(), converged, self.by.iterations)
        if not outlying.any() or outlying.all():
            return
        which, unknowns = torch.as_tensor(outlying, device=targets.device), self.problem.unknowns
        pose = from_nearest_frame(self.problem.skin.tree, start, found.pose, outlying, unknowns.free)
        again = self._from(pose, targets[..., which], terms[which], frozen=FROZEN_STEPS, quietly=True)
        places = torch.nonzero(which).squeeze(1)
        better = again.energy < found.energy[places]
        found.put(places[better], again[better])
        still = torch.as_tensor(outlying_frames(found.energy.cpu().numpy()), device=targets.device)
        found.converged &= ~still


def _sharing(source: torch.Tensor) -> int:
    """How many frames in a row share the correctives' part of their matrices, from their source's relative
    rotations (n, J, 3, 3)."""
    return SHARE_CURVATURE if seldom_turned(source, SHARE_CURVATURE // 2) else 1
