"""Many clips: on workers as in one process, whoever dies, and shared by several runs."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import psutil
import pytest

from core.batch import cluster
from core.batch.claims import Claims
from core.commands import loops, one_clip, worker_clip, worker_loop
from core.commands.body_cache import Shelf
from core.commands.cli import main
from core.commands.from_program import convert_files, options_of
from core.commands.known_outcomes import KnownOutcomes
from core.commands.output_paths import Job
from core.commands.telling.run_figures import UNTOLD_SECONDS, RunFigures
from core.commands.telling.terminal import Terminal
from core.files.beside_results import RUNS_FOLDER
from core.files.containers import atomic
from core.fitting.recipe.recipe import PRESETS
from core.fitting.stage import stage
from core.model.motion import AS_IT_IS
from core.outputs.results import load_result
from tests.core.clip_files import clip_arrays
from tests.core.conftest import said

FRAMES = 6
TALL = (1.5 * np.random.default_rng(1).normal(size=16)).astype(np.float32)

KILLING = """
import os, signal
import core.commands.worker_clip as worker_clip

# Dask runs this once more in the process that takes the place of one that died.
if not hasattr(worker_clip, "kills"):
    convert_one, solve = worker_clip.convert_one, worker_clip.SolvedSubject.of

def meets_once(path):
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)

def kills(job, *more):
    if "killer" in job.source.name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "once" in job.source.name:
        meets_once(job.source.with_suffix(".met"))
    return convert_one(job, *more)

def of(subject):
    if "02" in subject.name:
        meets_once(subject.clips[0].source.with_suffix(".shape"))
    return solve(subject)

if not hasattr(worker_clip, "kills"):
    worker_clip.convert_one, worker_clip.SolvedSubject.of = kills, of
    worker_clip.kills = kills
"""
"""What a worker does first, which dies over some clips."""


def write(folder: Path, *names: str, betas: np.ndarray | None = None, frames: int = FRAMES) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    changes = {} if betas is None else {"betas": betas}
    for name in names:
        motion = name.split("-")[-1]
        np.savez(folder / f"{name}_poses.npz", **clip_arrays(motion, slice(frames), **changes))


def results(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*_stageii.npz"))


def workers_begin_with(code: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers of our own run it before all else."""
    path.write_text(code)
    settings = cluster.settings
    monkeypatch.setattr(cluster, "settings", lambda: settings() | {"distributed.worker.preload": [str(path)]})


def left_behind(out: Path) -> list[str]:
    """Claims and halves of files."""
    there = [path.name for path in out.rglob("*") if path.is_file()]
    return [name for name in there if not name.endswith(("_stageii.npz", ".log", ".jsonl"))]


def test_one_process_needs_no_dask(tmp_path: Path) -> None:
    write(tmp_path / "in", "walk", "dance")
    words = [
        "convert",
        str(tmp_path / "in"),
        "-o",
        str(tmp_path / "out"),
        "--preset",
        "fast",
        "--threads",
        "1",
    ]
    script = (
        "import sys; from core.commands.cli import main; code = main(sys.argv[1:]); "
        "print(sorted({'dask', 'distributed', 'tornado'} & set(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert results(tmp_path / "out") == ["dance_stageii.npz", "walk_stageii.npz"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_workers_do_what_one_process_does_though_some_die(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, alone = tmp_path / "CMU", tmp_path / "out", tmp_path / "alone"
    write(source / "02", "dance", "once-walk", betas=TALL)
    write(source / "07", "cartwheel", "spinkick", betas=-TALL)
    (source / "07" / "broken_poses.npz").write_bytes(b"no zip")
    assert main(["convert", str(source), "-o", str(alone), "--threads", "1", "--share-shape"]) == 1
    assert said(capsys).count("broken_poses.npz: ") == 1
    write(source / "07", "killer-walk")
    workers_begin_with(KILLING, tmp_path / "killing.py", monkeypatch)
    report = tmp_path / "report.json"
    words = ["convert", str(source), "-o", str(out), "--jobs", "2", "--share-shape", "--report", str(report)]
    assert main(words) == 1
    told = said(capsys)
    assert "Fitted by 2 processes" in told
    assert "One shape for subject 02: 12 frames of 2 clips" in told
    assert "✓ once-walk_poses.npz" in told
    assert "2 of 6 failed:" in told
    assert "killer-walk_poses.npz: 2 workers died over it, so it was set aside" in told
    assert told.count("broken_poses.npz: ") == 1
    assert results(out) == results(alone)
    for name in ("02/dance_stageii.npz", "02/once-walk_stageii.npz"):
        one, other = load_result(alone / name), load_result(out / name)
        assert np.array_equal(one.betas, other.betas)
        assert np.abs(one.poses - other.poses).max() < 1e-5
        assert one.provenance["held_shape"] == other.provenance["held_shape"]
    sources = [Path(entry["source"]).name for entry in json.loads(report.read_text())["inputs"]]
    assert sources == [
        "dance_poses.npz",
        "once-walk_poses.npz",
        "broken_poses.npz",
        "cartwheel_poses.npz",
        "killer-walk_poses.npz",
        "spinkick_poses.npz",
    ]
    assert left_behind(out) == []
    (log,) = (out / RUNS_FOLDER).glob("*.log")
    assert "✓ once-walk_poses.npz" in log.read_text()
    assert all(line[:2] == "20" for line in log.read_text().splitlines())


SHORT_LOTS = """
import core.fitting.parts as parts
import core.fitting.stage.stage as stage
stage.LEVELLED = parts.PART_FRAMES = 64
"""


def test_a_long_clip_is_done_by_all_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in", "dance", frames=129)
    write(tmp_path / "in", "walk")
    (tmp_path / "in" / "bad_poses.npz").write_bytes(b"none" * 99)
    out, alone, quick = tmp_path / "out", tmp_path / "alone", {"preset": "fast", "threads": 1}
    monkeypatch.setattr(stage, "LEVELLED", 64)
    convert_files(options_of([tmp_path / "in"], alone, quick))
    workers_begin_with(SHORT_LOTS, tmp_path / "short_lots.py", monkeypatch)
    monkeypatch.setattr(loops, "LEAST_BYTES", 99)
    monkeypatch.setattr(loops, "part_count", lambda frames: 2 if frames > 100 else 1)
    submitted = []
    parts_of = worker_loop.WorkerLoop._parts

    def seen(*arguments: Any) -> Any:
        submitted.append(len(found := parts_of(*arguments)))
        return found

    monkeypatch.setattr(worker_loop.WorkerLoop, "_parts", seen)
    found = convert_files(options_of([tmp_path / "in"], out, {**quick, "jobs": 2}))
    assert sorted(submitted) == [0, 0, 2]
    assert [outcome.status for outcome in found] == ["failed", "done", "done"]
    one, other = (load_result(folder / "dance_stageii.npz") for folder in (alone, out))
    assert np.array_equal(one.betas, other.betas)
    assert np.array_equal(one.converged, other.converged)
    assert np.abs(one.mean_mm - other.mean_mm).max() < 1e-4
    assert left_behind(out) == []
    # By itself it has workers, too.
    options = options_of([tmp_path / "in" / "dance_poses.npz"], out / "one.npz", {**quick, "jobs": 9})
    options.otherwise, options.to = AS_IT_IS, "smplx"
    work = loops.Work(
        options,
        PRESETS["fast"],
        Shelf(options),
        [Job(options.inputs[0], options.output)],
        [],
        {},
        None,
        Terminal(),
        KnownOutcomes(Terminal()),
    )
    assert loops._count(work) == 2


HANGS_AS_IT_WRITES = """
import time
from pathlib import Path
import core.files.containers.atomic as atomic
def hang(*_):
    Path({written!r}).touch()
    time.sleep(60)
atomic._read_back = hang
"""


def test_a_worker_that_is_ended_while_it_writes_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in", "walk", "dance")
    out = tmp_path / "out"
    written = tmp_path / "written"
    hangs = HANGS_AS_IT_WRITES.format(written=str(written))
    workers_begin_with(hangs, tmp_path / "hangs.py", monkeypatch)

    def interrupt(_: object) -> None:
        if written.exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_files(options_of([tmp_path / "in"], out, {"preset": "fast", "jobs": 2}), interrupt)
    assert left_behind(out) == []
    assert results(out) == []


def test_a_clip_whose_worker_died_once_it_was_written_has_its_figures(tmp_path: Path) -> None:
    write(tmp_path, "walk")
    options = options_of([tmp_path / "walk_poses.npz"], tmp_path, {"preset": "fast"})
    options.otherwise, options.to = AS_IT_IS, "smplx"
    setup = worker_clip.Setup(
        worker_clip.for_workers(options, elsewhere=False), PRESETS["fast"], "run", tmp_path
    )
    job = Job(tmp_path / "walk_poses.npz", tmp_path / "walk_stageii.npz")
    first, again, later = (worker_clip.work(setup, job, missing=missing) for missing in (True, True, False))
    assert [told.outcome.status for told in (first, again, later)] == ["done", "done", "skipped"]
    assert again.outcome.figures == first.outcome.figures
    assert again.outcome.fit == first.outcome.fit == "written"
    assert again.outcome.entry == first.outcome.entry


def test_a_clip_whose_parts_do_not_go_is_told_of_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "walk")
    options = options_of([tmp_path / "walk_poses.npz"], tmp_path, {"preset": "fast"})
    options.otherwise, options.to = AS_IT_IS, "smplx"
    for_workers = worker_clip.for_workers(options, elsewhere=False)
    setup = worker_clip.Setup(for_workers, PRESETS["fast"], "whole", tmp_path, 0.0)
    told: list[dict[str, int]] = []
    monkeypatch.setattr(worker_clip, "_event", told.append)
    job = Job(tmp_path / "walk_poses.npz", tmp_path / "walk_stageii.npz")
    assert worker_clip.work(setup, job, parts=(None, None)).outcome.status == "done"
    # What a part has told before it died counts no more.
    by_part = {0: 4, 1: 3}
    assert worker_loop.frames_done(by_part, 6) == 6
    seen = []
    for one in told:
        by_part[one["part"]] = one["frames"]
        seen.append(worker_loop.frames_done(by_part, one["total"]))
    assert seen == [one["frames"] for one in told]
    assert seen[-1] == 6


@contextmanager
def running(words: list[str]):  # type: ignore[no-untyped-def]
    command = [sys.executable, "-m", "core", "convert", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_an_interrupt_ends_workers_and_the_next_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in", *(f"{number}-walk" for number in range(6)))
    out = tmp_path / "out"
    words = [str(tmp_path / "in"), "-o", str(out)]
    with running([*words, "--jobs", "2"]) as process:
        assert any("✓" in line for line in process.stdout)
        children = psutil.Process(process.pid).children(recursive=True)
        # As a terminal does: workers get it, too.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == "refit: interrupted; finished outputs are kept.\n"
    _, there = psutil.wait_procs(children, 30)
    assert there == []
    assert left_behind(out) == []
    finished = results(out)
    assert all(len(load_result(out / name)) == FRAMES for name in finished)
    assert 0 < len(finished) < 6
    assert main(["convert", *words, "--threads", "1", "--preset", "accurate"]) == 0
    assert said(capsys).count("is done already") == len(finished)
    assert len(results(out)) == 6


def test_a_run_waits_for_what_another_does_and_takes_what_that_leaves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in", "walk", "dance")
    out = tmp_path / "out"
    other = Claims(out)
    assert other.take("walk_stageii.npz")

    def leaves() -> None:
        for _ in range(600):
            if (out / "dance_stageii.npz").exists():
                break
            time.sleep(0.05)
        assert not (out / "walk_stageii.npz").exists()
        other.close()

    thread = threading.Thread(target=leaves)
    thread.start()
    assert main(["convert", str(tmp_path / "in"), "-o", str(out), "--preset", "fast", "--threads", "1"]) == 0
    thread.join()
    words = said(capsys)
    assert words.index("✓ dance_poses.npz") < words.index("✓ walk_poses.npz")
    assert results(out) == ["dance_stageii.npz", "walk_stageii.npz"]
    assert left_behind(out) == []


def test_parts_together_are_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in", "walk", "dance", "backflip")
    out = tmp_path / "out"
    words = ["convert", str(tmp_path / "in"), "-o", str(out), "--preset", "fast", "--threads", "1"]
    assert main([*words, "--shard", "2/2"]) == 0
    assert "Part 2/2: 1 of 3 clips." in said(capsys)
    assert results(out) == ["dance_stageii.npz"]
    for name, value in (("ID", "0"), ("COUNT", "2"), ("MIN", "0"), ("STEP", "1")):
        monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", value)
    assert main(words) == 0
    assert results(out) == ["backflip_stageii.npz", "dance_stageii.npz", "walk_stageii.npz"]


def test_a_full_disk_ends_the_run_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in", "1-walk", "2-walk", "3-walk", "4-walk")
    out = tmp_path / "out"
    write_arrays, written = np.savez_compressed, []

    def fills(file: BinaryIO, **arrays: np.ndarray) -> None:
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(file)
        write_arrays(file, **arrays)

    report = tmp_path / "report.json"
    words = ["convert", str(tmp_path / "in"), "-o", str(out), "--preset", "fast", "--threads", "1"]
    with monkeypatch.context() as patch:
        patch.setattr(atomic.np, "savez_compressed", fills)
        assert main([*words, "--report", str(report)]) == 1
    told = said(capsys)
    assert "is full: 2 clips were not begun. What is finished is kept" in told
    assert [entry["status"] for entry in json.loads(report.read_text())["inputs"]] == ["done", "failed"]
    assert results(out) == ["1-walk_stageii.npz"]
    assert left_behind(out) == []
    assert main(words) == 0
    assert len(results(out)) == 4


def test_how_far_a_run_is() -> None:
    now = [0.0]
    figures = RunFigures(1000, lambda: now[0])
    assert figures.words() == "0 of 1,000 clips · 0 frames"
    now[0] = 10.0
    figures.ended("a", 300, 1.5)
    figures.ended("b", 100, 2.5)
    figures.ended("c", failed=True)
    figures.ended("d")
    figures.under_way("e", 100)
    assert figures.words() == (
        "4 of 1,000 clips · 500 frames · 50 frames/s · 1.75 mm · 1 failed · 83 min left"
    )
    assert not figures.is_due()
    now[0] += UNTOLD_SECONDS
    assert figures.is_due()
    assert not figures.is_due()


def test_a_clip_that_nobody_wants_is_no_failure(tmp_path: Path) -> None:
    from core.errors import Cancelled

    write(tmp_path / "in", "walk")

    def cancels(*_: object, **more: object) -> None:
        raise Cancelled

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_clip, "load_motion", cancels)
        with pytest.raises(Cancelled):
            main(["convert", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--threads", "1"])
