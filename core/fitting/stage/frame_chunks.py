"""Frames fitted in chunks by several workers, smaller ones where the device cannot hold so many."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

import numpy as np
import torch

from core.fitting.solver.gauss_newton import Stopped
from core.fitting.stage.partial_result import FittedChunk

# A device that cannot hold so few frames is left for the processor.
LEAST_CHUNK = 16

# What a frame whose matrices are shared needs on a GPU at once, with room for what else is there.
USUAL_BYTES = 4 << 20
# Frames at once on a GPU: fewer would leave it idle, more gain nothing.
_CUDA_FRAMES = (512, 4096)

Fitted = tuple[np.ndarray, FittedChunk]


def in_chunks(
    pool: Executor,
    workers: int,
    chunks: list[np.ndarray],
    fit: Callable[[np.ndarray], Fitted],
    stopped: Callable[[], bool],
) -> Iterator[tuple[np.ndarray, FittedChunk, str]]:
    """Fits chunks in the pool; when stopped, those that have begun come to their end.

    Args:
        pool: runs the chunks.
        workers: that it has.
        chunks: ids of the frames of each.
        fit: one chunk.
        stopped: asked before each.

    Yields:
        The frames of a chunk, as soon as it is there, what was found, and a sentence or nothing.

    Raises:
        torch.OutOfMemoryError: the device cannot hold even the smallest chunk.
    """

    def unless_stopped(frames: np.ndarray) -> Fitted | None:
        try:
            # A chunk that still waited for its turn when the run was cancelled need not begin.
            return None if stopped() else fit(frames)
        except Stopped:
            return None

    waiting = deque(chunks)
    running: dict[Future[Fitted | None], np.ndarray] = {}
    note = ""
    try:
        while True:
            while waiting and len(running) < workers + 1 and not stopped():
                frames = waiting.popleft()
                running[pool.submit(unless_stopped, frames)] = frames
            if not running:
                return
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ready:
                asked = running.pop(future)
                try:
                    fitted = future.result()
                except torch.OutOfMemoryError:
                    if len(asked) < 2 * LEAST_CHUNK:
                        raise
                    if torch.cuda.is_available():
                        torch.cuda.empty_cache()
                    waiting.extendleft(reversed(split(asked, -(-len(asked) // 2))))
                    note = "The device ran out of memory: fewer frames are fitted at once."
                    continue
                if fitted is not None:
                    yield (*fitted, note)
                    note = ""
    finally:
        # Of a chunk that failed the others need not begin.
        for future in running:
            future.cancel()


def cuda_chunk(device: torch.device, bytes_a_frame: int) -> int:
    """Frames fitted at once on a GPU: it is the busier the more there are, as far as its memory goes.

    Args:
        device: the GPU.
        bytes_a_frame: what a frame needs there, as `StageProblem.bytes_a_frame`.
    """
    free, _ = torch.cuda.mem_get_info(device)
    # What torch keeps for itself since an earlier lot is free, too.
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    least, most = _CUDA_FRAMES
    # Matrices of the frames' own may leave room for few.
    least = max(LEAST_CHUNK, least * USUAL_BYTES // max(bytes_a_frame, USUAL_BYTES))
    return min(max(free // bytes_a_frame, least), most)


def split(frames: np.ndarray, size: int) -> list[np.ndarray]:
    """The frames in chunks of at most ``size``."""
    return [frames[start : start + size] for start in range(0, len(frames), size)]


def spread(frames: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the frames, spread evenly over them."""
    count = min(most, len(frames))
    return frames[np.unique(np.linspace(0, len(frames) - 1, count).round().astype(int))]
