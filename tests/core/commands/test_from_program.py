"""A conversion that a program drives: events instead of lines, and an end when it wants no more."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from core.commands import conversion_events, conversion_plan, convert, one_clip, room, worker_clip
from core.commands.conversion_events import Began, Ended, Event, Going, Planned, UnderWay
from core.commands.from_program import convert_files, options_of
from core.commands.output_paths import Job, Plan
from core.commands.shapes.subjects import SolvedSubject
from core.errors import Cancelled, RefitError
from core.files.beside_results import RUNS_FOLDER
from core.files.motions import folder_walk
from core.fitting.recipe.recipe import PRESETS
from core.model.motion import Motion
from core.outputs.results import load_result
from tests.core.clip_files import clip_arrays

QUICK = {"preset": "fast", "threads": 1}


def write(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        np.savez(folder / f"{name}_poses.npz", **clip_arrays(name.split("-")[-1], slice(6)))
    return folder


def left_behind(out: Path) -> list[str]:
    return [path.name for path in out.rglob("*") if path.suffix not in (".npz", ".jsonl", ".log", "")]


def test_what_happens_is_told_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in", "dance", "walk")
    (source / "broken_poses.npz").write_bytes(b"none")
    told: list[Event] = []
    found = convert_files(options_of([source], tmp_path / "out", QUICK), told.append)
    planned, *rest = (one for one in told if getattr(one, "note", "") != conversion_events.LOOKING)
    assert isinstance(planned, Planned)
    names = [job.source.name for job in planned.jobs]
    assert names == ["broken_poses.npz", "dance_poses.npz", "walk_poses.npz"]
    assert [one.job for one in rest if isinstance(one, Began)] == list(planned.jobs)
    assert tuple(one.outcome for one in rest if isinstance(one, Ended)) == found
    assert [outcome.status for outcome in found] == ["failed", "done", "done"]
    walked = [one for one in rest if isinstance(one, UnderWay) and one.job == planned.jobs[2]]
    assert (walked[-1].frames, walked[-1].total) == (6, 6)
    last = rest[-1]
    assert isinstance(last, Going)
    assert (last.figures.done, last.figures.failed, last.figures.frames) == (3, 1, 12)
    assert capsys.readouterr().out == ""


def test_some_clips_of_a_folder_are_converted_where_they_belong(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in", "dance", "walk"), tmp_path / "out"
    job = Job(source / "walk_poses.npz", out / "s1" / "walk_stageii.npz")
    (found,) = convert_files(options_of([source], out, QUICK), planned=Plan((job,)))
    assert (found.job, found.status) == (job, "done")
    assert [path.relative_to(out).as_posix() for path in out.rglob("*.npz")] == ["s1/walk_stageii.npz"]


def test_options_are_those_of_the_command_line(tmp_path: Path) -> None:
    given = {"share_shape": True, "to": "smplh", "set": ["vertex.robust=huber", "vertex.iterations=3"]}
    options = options_of(["-odd.npz"], tmp_path, {**given, "betas": None, "force": False})
    assert (options.share_shape, options.to, options.betas, options.force) == (True, "smplh", None, False)
    assert options.assignments == ["vertex.robust=huber", "vertex.iterations=3"]
    assert options.inputs == [Path("-odd.npz")]
    with pytest.raises(RefitError, match="'0' is no number of workers; use 1 or more, or auto"):
        options_of(["walk.npz"], tmp_path, {"jobs": 0})


def test_options_leave_the_streams_of_other_threads_alone(tmp_path: Path) -> None:
    streams = []

    class Clip:
        def __str__(self) -> str:
            streams.append(sys.stderr)
            return "walk.npz"

    options_of([Clip()], tmp_path)  # type: ignore[list-item]
    assert streams == [sys.stderr]


@pytest.mark.parametrize("error", [Cancelled(), ValueError("enough"), RefitError("Enough.")])
def test_what_the_listener_raises_ends_it_and_the_next_one_goes_on(tmp_path: Path, error: Exception) -> None:
    options = options_of([write(tmp_path / "in", "dance", "walk")], tmp_path / "out", QUICK)

    def hear(event: Event) -> None:
        if isinstance(event, UnderWay) and event.job.source.name == "walk_poses.npz":
            raise error

    with pytest.raises(type(error)) as raised:
        convert_files(options, hear)
    assert raised.value is error
    assert [path.name for path in (tmp_path / "out").glob("*.npz")] == ["dance_stageii.npz"]
    assert left_behind(tmp_path / "out") == []
    (journal,) = (tmp_path / "out" / RUNS_FOLDER).glob("*.jsonl")
    assert '"ended"' in journal.read_text().splitlines()[-1]
    options = options_of([tmp_path / "in"], tmp_path / "out", QUICK)
    assert [outcome.status for outcome in convert_files(options)] == ["skipped", "done"]


def test_it_ends_while_clips_are_read_for_the_shape_that_they_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "in", *(f"{number}-walk" for number in range(4)))
    read: list[Path] = []
    reads, notes = conversion_plan.read_motion, list[str]()

    def counted(job: Job, options: argparse.Namespace) -> Motion:
        read.append(job.source)
        return reads(job, options)

    def hear(event: Event) -> None:
        if isinstance(event, Going) and event.note.startswith(convert.READING):
            notes.append(event.note)
            if len(read) == 2:
                raise Cancelled

    monkeypatch.setattr(conversion_plan, "read_motion", counted)
    monkeypatch.setattr(conversion_events, "TOLD_SECONDS", 0.0)
    options = options_of([source], tmp_path / "out", {"share_shape": True, **QUICK})
    with pytest.raises(Cancelled):
        convert_files(options, hear)
    assert len(read) == 2
    # In the middle of the second file, too.
    assert notes[0] == "reading clips for their shapes: 0 of 4"
    assert notes[-1] == "reading clips for their shapes: 1 of 4"
    assert not list((tmp_path / "out").rglob("*.npz"))
    monkeypatch.undo()
    assert [outcome.status for outcome in convert_files(options)] == ["done"] * 4


@pytest.mark.parametrize(
    ("module", "name"),
    [(folder_walk, "file_kind"), (room, "frames_in"), (room, "is_there")],
    ids=["walk", "frames", "outputs"],
)
def test_it_ends_while_it_is_looked_at_what_there_is_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    source, out = write(tmp_path / "in", *(f"{number}-walk" for number in range(6))), tmp_path / "out"
    for number in range(6):
        (source / f"{number}.txt").write_text("none of the motions")
    asked: list[object] = []
    told: list[Event] = []
    does = getattr(module, name)

    def counted(*what: object, **more: object) -> Any:
        asked.append(what)
        return does(*what, **more)

    def hear(event: Event) -> None:
        told.append(event)
        if len(asked) >= 2:
            raise Cancelled

    options = options_of([source], out, {"jobs": 2, **QUICK})
    monkeypatch.setattr(conversion_events, "TOLD_SECONDS", 0.0)
    monkeypatch.setattr(module, name, counted)
    with pytest.raises(Cancelled):
        convert_files(options, hear)
    assert len(asked) <= 4
    assert all(isinstance(event, Going) and event.note == conversion_events.LOOKING for event in told)
    assert not out.exists()


def test_a_fit_that_is_made_is_written_though_nobody_wants_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write(tmp_path / "in", "dance", "walk"), tmp_path / "out"
    begun, save = list[Path](), one_clip.save_result

    def saved(path: Path, *what: Any, **more: Any) -> None:
        begun.append(path)
        save(path, *what, **more)

    def hear(_: Event) -> None:
        if begun:
            raise Cancelled

    monkeypatch.setattr(conversion_events, "TOLD_SECONDS", 0.0)
    monkeypatch.setattr(one_clip, "save_result", saved)
    with pytest.raises(Cancelled):
        convert_files(options_of([source], out, QUICK), hear)
    assert [path.name for path in begun] == ["dance_stageii.npz"]
    assert len(load_result(begun[0])) == 6


def test_it_ends_while_workers_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts, ended = threading.Event(), threading.Event()
    asked = list[str]()

    class Slow:
        ours, dashboard = True, ""

        def abandon(self) -> None:
            asked.append("abandoned")

        def __enter__(self) -> Slow:
            asked.append("started")
            starts.wait(60)
            return self

        def __exit__(self, *_: object) -> None:
            asked.append("left")
            ended.set()

    def hear(event: Event) -> None:
        if isinstance(event, Going) and event.note == conversion_events.STARTING and asked:
            raise Cancelled

    monkeypatch.setattr(conversion_events, "TOLD_SECONDS", 0.0)
    monkeypatch.setattr("core.batch.cluster.our_workers", lambda _: Slow())
    source = write(tmp_path / "in", "dance", "walk")
    with pytest.raises(Cancelled):
        convert_files(options_of([source], tmp_path / "out", {"jobs": 2, **QUICK}), hear)
    assert asked == ["started"]
    # What was about to come ends once it is there.
    starts.set()
    assert ended.wait(60)
    assert asked == ["started", "abandoned", "left"]


def test_a_worker_reads_no_more_clips_for_a_shape_that_nobody_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "in", *(f"{number}-walk" for number in range(4)))
    options = options_of([source], tmp_path / "out", {"share_shape": True, **QUICK})
    options.models = "builtin"
    conversion_plan.take_transfer_config(options)
    setup = worker_clip.Setup(options, PRESETS["fast"], "not wanted soon", None)
    jobs = [Job(path, tmp_path / path.name) for path in sorted(source.iterdir())]
    read: list[Job] = []
    reads = worker_clip.clip_of

    def counted(job: Job, *more: Any) -> Any:
        read.append(job)
        found = reads(job, *more)
        worker_clip.stop(setup.run)
        return found

    monkeypatch.setattr(worker_clip, "clip_of", counted)
    with pytest.raises(Cancelled):
        worker_clip.solve_shape(setup, SolvedSubject("all", "", {}), jobs)
    assert read == jobs[:2]


def test_workers_are_told_of_and_ended_from_any_thread(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in", *(f"{number}-walk" for number in range(8))), tmp_path / "out"
    options = options_of([source], out, {"jobs": 2, **QUICK})
    told: list[Event] = []
    workers: list[psutil.Process] = []
    ended: list[Any] = []

    def hear(event: Event) -> None:
        told.append(event)
        if isinstance(event, Ended):
            there = psutil.Process().children(recursive=True)
            workers.extend(one for one in there if "spawn_main" in " ".join(one.cmdline()))
            raise Cancelled

    def convert() -> None:
        try:
            convert_files(options, hear)
        except Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=convert)
    thread.start()
    thread.join(120)
    assert len(ended) == 1
    assert isinstance(told[-1], Ended)
    assert told[-1].outcome.status == "done"
    assert any(isinstance(event, Going) and event.figures.clips == 8 for event in told)
    assert len(workers) == 2
    _, there = psutil.wait_procs(workers, 30)
    assert there == []
    assert 0 < len(list(out.glob("*.npz"))) < 8
    assert all(len(load_result(path)) == 6 for path in out.glob("*.npz"))
    assert left_behind(out) == []
