"""A process that is killed while it writes leaves every file whole: as it was, or as it was to be."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.outputs.results import load_result
from core.outputs.sessions import load_session

FRAMES = 800
WRITES = """
import os, sys
from pathlib import Path
import numpy as np
from core.outputs.results import save_result
from core.outputs.sessions import save_session
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.session.session import Session, SessionStep, SourceFile
frames = int(sys.argv[1])
def write_on_and_on(folder):
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
for line in sys.stdin:
    writer = os.fork()
    if not writer:
        write_on_and_on(Path(line.rstrip()))
    print("writer", writer, flush=True)
    os.waitpid(writer, 0)
    print("over", flush=True)
"""
"""Forks a writer for each folder that it reads, so that all is imported once."""


@pytest.fixture(scope="module")
def writers() -> Iterator[subprocess.Popen[str]]:
    """The process that forks writers."""
    command = [sys.executable, "-c", WRITES, str(FRAMES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def killed_at_random(writers: subprocess.Popen[str], folder: Path, seed: int) -> int:
    """Kills a writer at a random moment after its first round; returns how many rounds it said it did."""
    assert writers.stdin is not None
    assert writers.stdout is not None
    print(folder, file=writers.stdin, flush=True)
    writer, said = 0, 0
    while not (writer and said):
        word, *rest = writers.stdout.readline().split()
        if word == "writer":
            writer = int(rest[0])
        else:
            said = int(word)
    time.sleep(random.Random(seed).uniform(0.0, 0.3))
    os.kill(writer, signal.SIGKILL)
    for line in writers.stdout:
        if line == "over\n":
            break
        said = int(line)
    return said


def check(writers: subprocess.Popen[str], folder: Path, seed: int) -> None:
    done = killed_at_random(writers, folder, seed)
    session, result = load_session(folder / "kept.refit"), load_result(folder / "fit.npz")
    assert session.now.result is not None
    for found in (session.now.result, result):
        values = np.unique(found.poses[:, 0, 0])
        assert len(values) == 1, "two writes were mixed"
        assert values[0] >= done, "what was written before is lost"
        assert values[0] == found.mean_mm[0]


@pytest.mark.parametrize("seed", range(10))
def test_files_stay_whole(writers: subprocess.Popen[str], seed: int, tmp_path: Path) -> None:
    check(writers, tmp_path, seed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_files_stay_whole_many_times(writers: subprocess.Popen[str], tmp_path: Path) -> None:
    for seed in range(200):
        check(writers, tmp_path, seed)
