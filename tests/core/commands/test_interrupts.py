"""Ctrl+C in the terminal, and what a progress bar says of a fit that hangs."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import TextColumn

from core.commands.telling.interrupts import second_ends_at_once
from core.commands.telling.progress_bar import ConversionBar
from core.files.builtin_files import builtin_motions
from core.fitting.no_progress import NO_PROGRESS_SECONDS, ProgressClock
from core.fitting.run import FitRun
from tests.core.clip_fits import clip
from tests.variants import body_pair

CONVERTS = """
import sys, threading, time
import core.commands.cli, core.fitting.run, core.commands.telling.interrupts
core.commands.telling.interrupts.NOTICE_SECONDS = 0.2

class Watched(core.fitting.run.PoseStage):
    def fit(self, frames):
        print("fits", flush=True)
        {then}
        return super().fit(frames)

core.fitting.run.PoseStage = Watched
motion, folder = sys.argv[1:]
sys.exit(core.commands.cli.main(["convert", motion, "-o", folder, "--device", "cpu", "--threads", "2"]))
"""


@contextmanager
def converting(then: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A command that converts a walk, and has begun to fit poses."""
    walk = next(path for path in builtin_motions() if path.name == "walk_poses.npz")
    command = [sys.executable, "-c", CONVERTS.format(then=then), str(walk), str(folder)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            # Two workers may write into one line.
            assert any("fits" in line for line in iter(process.stdout.readline, ""))
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_a_second_interrupt_ends_though_a_worker_hangs(tmp_path: Path) -> None:
    with converting("threading.Event().wait()", tmp_path / "out") as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert any("Ctrl+C again ends at once" in line for line in iter(process.stderr.readline, ""))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_one_interrupt_ends_in_order(tmp_path: Path) -> None:
    with converting("time.sleep(0.5)", tmp_path / "out") as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert "refit: interrupted; finished outputs are kept." in process.stderr.read()
    assert not list(tmp_path.rglob("*.npz"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_nothing_is_left_of_listening_where_nobody_interrupts() -> None:
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    with second_ends_at_once():
        listened = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(listened)
    now = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(now)
    assert now == before != listened


def test_a_progress_bar_says_that_nothing_goes_on() -> None:
    now = [0.0]
    silence = ProgressClock(lambda: now[0])
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    bar = ConversionBar(silence, [TextColumn("{task.description}")], console)
    bar.add_task("walk", total=1)

    def drawn() -> str:
        with console.capture() as capture:
            console.print(bar.get_renderable())
        return capture.get()

    silence.hear("shape")
    now[0] = NO_PROGRESS_SECONDS - 0.1
    assert "No progress" not in drawn()
    now[0] = NO_PROGRESS_SECONDS + 1.0
    assert "walk" in drawn()
    assert "No progress for 31 s: the fit is still in 'shape'. Ctrl+C stops it" in drawn()
    silence.hear("pose")
    assert "No progress" not in drawn()

    # The next one begins, and hangs in a stage before it has told anything of it.
    run = FitRun(clip("walk", 0, 2), body_pair("built-in"), threads=1)
    silence.hear()
    silence.follow(run)
    for run.doing, said in (("", "still starting"), ("pose", "still in 'pose'")):
        now[0] += NO_PROGRESS_SECONDS + 1.0
        assert f"the fit is {said}." in drawn()
    silence.hear()
    now[0] += NO_PROGRESS_SECONDS + 1.0
    assert "still starting" in drawn()
