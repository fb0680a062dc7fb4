"""A run keeps to its workers: the libraries below start no threads of their own beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Processor time of a hundredth of a second each; such a thread spins for a fifth of a second at least.
MOST_TICKS = 4
FITS = """
import os, threading, time

import torch

from core.correspond.load_bodies import load_bodies
from core.fitting.run import FitRun
from core.fitting.recipe.settings import FitSettings
from core.measure.measure_motion import measure_motion
from tests.core.fitting.judged import clip
from tests.variants import body_pair


def ticks():
    known = {thread.native_id for thread in threading.enumerate()}
    spent = 0
    for task in map(int, os.listdir("/proc/self/task")):
        try:
            with open(f"/proc/self/task/{task}/stat") as file:
                numbers = file.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        spent += 0 if task in known else int(numbers[11]) + int(numbers[12])
    return spent


# What torch does for the thread that runs this is another matter.
torch.set_num_threads(1)
pairs = body_pair("dense correctives"), load_bodies()
time.sleep(1)  # making them may have set some spinning
before = ticks()
for pair in pairs:
    motion = clip("dance", 100, 24)
    for settings in (FitSettings(), FitSettings(smoothness=0.3, robust="huber")):
        run = FitRun(motion, pair, settings, device="cpu", threads=2, measure_start=True)
        # The workers' own time is told apart only while they are there.
        print(*(ticks() - before for _ in run))
    measure_motion(motion, pair, run.result())
print(ticks() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are told apart by /proc")
def test_no_other_thread_works_beside_the_workers() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", FITS],
        env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert max(map(int, done.stdout.split())) <= MOST_TICKS, done.stdout
