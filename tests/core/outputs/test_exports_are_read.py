"""Whatever is exported is read by who reads such files, with the same numbers, or refused in a sentence with
nothing on the disk."""

from __future__ import annotations

import csv
import os
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bvhio
import numpy as np
import pygltflib
import pytest

from core.errors import RefitError
from core.files.motions.load_motion import load_motion
from core.model.body import BodyModel
from core.model.motion import Motion, Reading
from core.model.posing import posed
from core.outputs.export_format import ExportFormat, ExportJob
from core.outputs.export_formats import EXPORT_FORMATS
from core.outputs.results import in_file_world, load_result
from tests.core.clip_fits import fitted_clip
from tests.core.outputs.glb_reader import Glb
from tests.core.outputs.test_export_formats import all_settings

COUNT = 8
MANY = int(os.environ.get("REFIT_FUZZ", "2000")) // 10
"""Files of each format that the slow test tries."""
NAN, INF = float("nan"), float("inf")
ODD = (NAN, INF, -INF, 0.0, 3.0, -200.0, 1e4, 1e6, 1e9, 1e20, 1e38, -1e38)
RATES = (None, 30.0, 59.94, 1e-300, 1e-9, 1e-3, 1e5, 1e300, 0.0, -1.0, NAN, INF)
ORIGINS = ((1e6, -5e6, 3.0), (0.1, 0.2, 0.3))
STEMS = ("walk", "Gang – 走", "a b", "=1+1", "x" * 120)


def job_of(format_: ExportFormat, seed: int) -> ExportJob:
    """Something to export, of a fit with a value or two that may not be right."""
    chance = random.Random(seed)
    motion, pair, result = fitted_clip("walk", 0, COUNT)
    changes: dict[str, Any] = {}
    for name in chance.sample(["poses", "transl", "betas"], chance.choice((0, 1, 1, 2))):
        changes[name] = odd(getattr(result, name), chance)
    rare = [chance.random() < 0.25 for _ in range(4)]
    if rare[0]:
        changes["frame_betas"] = odd(np.tile(result.betas, (COUNT, 1)), chance)
    if rare[1]:
        changes["expression"] = odd(np.zeros((COUNT, 10), np.float32), chance)
    if rare[2]:
        changes["provenance"] = {"source": {"origin": list(chance.choice(ORIGINS))}}
    if rare[3]:
        motion = replace(motion, trans=odd(motion.trans, chance))
    changes["frame_rate"] = rate = chance.choice((30.0, 30.0, chance.choice(RATES)))
    changes["fitted"] = np.array([chance.random() < 0.8 for _ in range(COUNT)])
    frames = np.array(sorted(chance.sample(range(COUNT), chance.randrange(1, 4))))
    settings = chance.choice(list(all_settings(format_)))
    return ExportJob(
        Path(),
        chance.choice(STEMS),
        frames,
        motion,
        pair,
        replace(result, **changes),
        settings=settings,
        frame_rate=rate,
    )


def odd(array: np.ndarray, chance: random.Random) -> np.ndarray:
    """The same with one value that may not be right."""
    found = array.astype(np.float32, copy=True)
    found.flat[chance.randrange(found.size)] = chance.choice(ODD)
    return found


def same(found: Any, wanted: Any, atol: float = 1e-5) -> None:
    np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=atol)


def is_result(job: ExportJob) -> None:
    found = load_result(job.path)
    same(found.poses, job.fit.poses[job.frames])
    places = in_file_world(job.fit)[job.frames]
    same(in_file_world(found), places, 1e-5 + 1e-6 * np.abs(job.fit.transl[job.frames]).max())
    if job.fit.frame_betas is None:
        same(found.betas, job.fit.betas)
    elif found.frame_betas is not None:
        same(found.frame_betas, job.fit.frame_betas[job.frames])


def posed_about_their_middles(motion: Motion, body: BodyModel, frames: Any) -> np.ndarray:
    """(n, V, 3) vertices, wherever they are; NaN in frames that have no pose."""
    found = posed(replace(motion, origin=None), body, frames)[0].astype(float)
    found[~motion.finite_frames()[frames]] = np.nan
    return found - found.mean(1, keepdims=True)


def is_pickle(job: ExportJob) -> None:
    if job.settings["one_file"] is not True:
        assert sorted(int(file.stem[-6:]) for file in job.path.iterdir()) == job.frames.tolist()
        return
    found = load_motion(job.path, Reading(up_axis="z"))
    assert len(found) == len(job.frames)
    theirs = posed_about_their_middles(found, job.bodies.target, np.arange(len(found)))
    ours = posed_about_their_middles(job.fit.as_motion(), job.bodies.target, job.frames)
    same(theirs, ours, 1e-4)


def is_mesh(job: ExportJob) -> None:
    files = sorted(job.path.iterdir())
    assert [int(file.stem[-6:]) for file in files] == job.frames.tolist()
    which = job.settings["body"]
    motion, body = job.of("fit" if which == "fit" else "source")
    found = load_motion(job.path, Reading(up_axis="z"))
    assert found.vertices is not None
    assert np.isfinite(found.vertices).all()
    if which != "points":
        theirs = found.vertices.astype(float)
        same(
            theirs - theirs.mean(1, keepdims=True), posed_about_their_middles(motion, body, job.frames), 1e-4
        )


def is_bvh(job: ExportJob) -> None:
    head, _, body = job.path.read_text().partition("MOTION\n")
    said, time, *rows = body.splitlines()
    assert int(said.split()[1]) == len(rows)
    assert 0 < float(time.split()[2]) < INF
    channels = sum(int(line.split()[1]) for line in head.splitlines() if "CHANNELS" in line)
    assert np.isfinite([[float(word) for word in row.split()] for row in rows]).all()
    assert {len(row.split()) for row in rows} == {channels}
    read = bvhio.readAsBvh(str(job.path))
    assert read.FrameCount == len(rows)


def is_glb(job: ExportJob) -> None:
    pygltflib.GLTF2().load(str(job.path))
    found = Glb(job.path)
    for sampler in (one for animation in found.json["animations"] for one in animation["samplers"]):
        assert (np.diff(found.accessor(sampler["input"])[:, 0]) > 0).all()
    for number in range(len(found.json["accessors"])):
        assert np.isfinite(found.accessor(number).astype(float)).all()


def is_table(job: ExportJob) -> None:
    with job.path.open(newline="", encoding="utf-8") as file:
        titles, *rows = csv.reader(file)
    assert {len(row) for row in rows} == {len(titles)}
    assert len(rows) % len(job.frames) == 0
    frames = titles.index("frame")
    assert {int(row[frames]) for row in rows} == set(job.frames.tolist())
    for title, *column in zip(titles, *rows, strict=True):
        if title in ("x", "y", "z", "seconds", "time") or title.endswith("_mm"):
            assert all(cell == "" or np.isfinite(float(cell)) for cell in column)


def is_joints(job: ExportJob) -> None:
    with np.load(job.path, allow_pickle=False) as found:
        places, rate = found["joints"], found.get("mocap_frame_rate")
    motion, _ = job.of(job.settings.get("whose", "fit"))
    assert len(places) == len(job.frames)
    assert (np.isfinite(places).all((1, 2)) == motion.finite_frames()[job.frames]).all()
    assert rate is None or 0 < float(rate) < INF


READERS: dict[str, Callable[[ExportJob], None]] = {
    ".npz": is_result,
    ".glb": is_glb,
    ".bvh": is_bvh,
    ".pkl": is_pickle,
    ".obj": is_mesh,
    ".ply": is_mesh,
    ".csv": is_table,
}


def written_and_read(format_: ExportFormat, seed: int) -> bool:
    """Whether it was written; it was refused otherwise."""
    job = job_of(format_, seed)
    assert format_.write is not None
    with tempfile.TemporaryDirectory() as folder:
        is_folder = format_.is_folder(job.settings)
        path = Path(folder) / ("out" if is_folder else f"out{format_.suffix}")
        try:
            format_.write(replace(job, path=path))
        except RefitError:
            assert list(Path(folder).iterdir()) == []
            return False
        assert list(Path(folder).iterdir()) == [path]
        reader = is_joints if format_.name == "joints" else READERS[format_.suffix]
        reader(replace(job, path=path))
    return True


def check(format_: ExportFormat, seeds: Sequence[int]) -> None:
    done = 0
    for seed in seeds:
        try:
            done += written_and_read(format_, seed)
        except Exception as error:
            raise AssertionError(f"seed {seed} of {format_.name}") from error
    assert 0 < done < len(seeds)
    print(f"{format_.name}: {len(seeds)} exports, {len(seeds) - done} refused")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("format_", EXPORT_FORMATS, ids=lambda one: one.name)
def test_exports_are_read(format_: ExportFormat) -> None:
    check(format_, (*range(16), 203))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("format_", EXPORT_FORMATS, ids=lambda one: one.name)
def test_very_many_exports_are_read(format_: ExportFormat) -> None:
    check(format_, range(100, 100 + MANY))
