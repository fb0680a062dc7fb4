"""Two runs give the same numbers, and long motions need no more working memory than short ones."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.fitting.recipe.recipe import FAST
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.motion import Motion
from tests.core.fitting.judged import clip, fit

# Bytes that a frame may leave behind: its parameters and errors, in the run's table and in the result.
KEPT_A_FRAME = 8_000

SCRIPT = """
    import resource, sys
    import torch
    from core.correspond.load_bodies import load_bodies
    from core.fitting.run import FitRun
    from core.fitting.recipe.settings import FitSettings
    from tests.core.fitting.test_working_memory import looped

    torch.set_num_threads(1)
    run = FitRun(looped(int(sys.argv[1])), load_bodies(), FitSettings(**eval(sys.argv[2])), threads=1)
    for _ in run:
        pass
    assert run.result().fitted.all()
    print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def looped(frames: int) -> Motion:
    """The walk over and over."""
    walk = clip("walk")
    again = np.arange(frames) % len(walk)
    return replace(walk, poses=walk.poses[again], trans=walk.trans[again])


def peak_bytes(frames: int, settings: str) -> int:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(frames), settings]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


@pytest.mark.parametrize(
    "settings",
    [
        FitSettings(shape_frames=4),
        FitSettings(
            shape_frames=4, expression="per-frame", robust="huber", robust_by="vertex", robust_scale=2.0
        ),
        FitSettings(shape_frames=4, smoothness=0.3),
    ],
    ids=["plain", "own expressions, robust", "smooth"],
)
def test_two_runs_give_the_same_numbers(settings: FitSettings) -> None:
    motion, pair = clip("walk", 40, 6), load_bodies()
    one, other = fit(motion, pair, settings), fit(motion, pair, settings)
    for name in ("poses", "transl", "betas", "expression", "mean_mm", "max_mm", "part_mm", "converged"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted in other units elsewhere")
@pytest.mark.parametrize("settings", ["{'shape_frames': 16}", "{'shape_frames': 16, 'smoothness': 0.3}"])
def test_long_motions_need_no_more_working_memory(settings: str) -> None:
    # Both longer than a group that is known all at once. One run in a few meets a heap that is in the way.
    short, long = (min(peak_bytes(frames, settings) for _ in range(3)) for frames in (5000, 11_000))
    assert long - short < 6000 * KEPT_A_FRAME


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_hour_of_motion_is_converted() -> None:
    motion = looped(100_000)
    run = FitRun(motion, load_bodies(), FAST)
    for _ in run:
        pass
    result = run.result()
    assert result.fitted.all()
    assert not result.partial
    assert len(result) == 100_000
    assert result.mean_mm.max() < 10
