"""A process that is killed while it writes leaves every file whole: as it was, or as it was to be."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.files.results import load_result
from core.files.sessions import load_session

FRAMES = 800
WRITES = """
import sys
from pathlib import Path
import numpy as np
from core.files.results import save_result
from core.files.sessions import save_session
from core.fitting.result import FitResult
from core.joints import PARTS
from core.session import Session, SessionStep, SourceFile
folder, frames = Path(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(0)
def fit(value):
    poses = random.normal(size=(frames, 55, 3)).astype(np.float32)
    poses[:, 0, 0] = value
    far, flags = np.full(frames, value, np.float32), np.ones(frames, bool)
    return FitResult("smplx", "neutral", poses, poses[:, 1], np.zeros(10, np.float32),
        np.zeros((frames, 10), np.float32), 30.0, "z", "a_poses.npz", flags, flags, far, far, far, far,
        np.zeros((frames, len(PARTS)), np.float32))
value = 0
while True:
    value += 1
    found = fit(value)
    source = SourceFile("a_poses.npz", "", "", 0, frames)
    save_session(folder / "kept.refit", Session(source, None, (SessionStep(found),)), overwrite=True)
    save_result(folder / "fit.npz", found, overwrite=True)
    print(value, flush=True)
"""


def killed_at_random(folder: Path, seed: int) -> int:
    """Kills the process at a random moment after its first round; returns how many rounds it said it did."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITES, str(folder), str(FRAMES)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(random.Random(seed).uniform(0.0, 0.3))
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read()
    writer.wait()
    writer.stdout.close()
    return 1 + rest.count("\n")


def check(folder: Path, seed: int) -> None:
    done = killed_at_random(folder, seed)
    session, result = load_session(folder / "kept.refit"), load_result(folder / "fit.npz")
    assert session.now.result is not None
    for found in (session.now.result, result):
        values = np.unique(found.poses[:, 0, 0])
        assert len(values) == 1, "two writes were mixed"
        assert values[0] >= done, "what was written before is lost"
        assert values[0] == found.mean_mm[0]


@pytest.mark.parametrize("seed", range(10))
def test_files_stay_whole(seed: int, tmp_path: Path) -> None:
    check(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_files_stay_whole_many_times(tmp_path: Path) -> None:
    for seed in range(200):
        check(tmp_path, seed)
