"""Conversions that are killed: whole results, journals that are read, and a next run that goes on."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.catalogue.catalogue import Catalogue
from core.commands.cli import main
from core.files.beside_results import RUNS_FOLDER
from core.files.containers.atomic import UNTOUCHED_SECONDS
from core.outputs.results import load_result
from tests.core.clip_files import clip_arrays

KILLS = int(os.environ.get("REFIT_KILLS", "60"))
FRAMES = 12
CLIPS = tuple(
    f"{name}-{number}" for name in ("walk", "dance", "cartwheel", "spinkick") for number in range(3)
)
ORPHANS_SECONDS = 60.0
"""Workers whose run is killed end by themselves within these."""
WAYS: tuple[tuple[str, ...], ...] = (
    ("--threads", "1"),
    ("--threads", "1", "--force"),
    ("--threads", "1", "--share-shape"),
    ("--jobs", "2", "--share-shape"),
)


@dataclass
class Kills:
    """One run after another into the same folder, each killed.

    Attributes:
        during: in which way, and how far each was.
        results: that were there after kills, and opened.
        litter: temporary files that were found.
    """

    source: Path
    out: Path
    report: Path
    during: Counter[str] = field(default_factory=Counter)
    results: int = 0
    litter: int = 0

    def one(self, seed: int) -> None:
        """A run and its end, at any moment: one in five while it starts."""
        chance, way = random.Random(seed), WAYS[seed % len(WAYS)]
        before = {path: path.stat().st_mtime_ns for path in self.out.rglob("*_stageii.npz")}
        words = ["convert", self.source, "-o", self.out, "--preset", "fast", "--report", self.report, *way]
        command = [sys.executable, "-m", "core", *map(str, words)]
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with subprocess.Popen(command, start_new_session=True, **quiet) as run:  # type: ignore[call-overload]
            lines: list[str] = []
            if chance.random() < 0.2:
                time.sleep(chance.uniform(0.3, 4.0))
            else:
                ticks = chance.randrange(1, len(CLIPS) // 2)
                for line in run.stdout:
                    lines.append(line)
                    if sum("✓" in one for one in lines) >= ticks:
                        break
                time.sleep(chance.uniform(0.0, 0.5))
            over = run.poll() is not None
            children = [] if over else psutil.Process(run.pid).children(recursive=True)
            run.kill()
            lines += run.stdout.readlines()
        _, orphans = psutil.wait_procs(children, ORPHANS_SECONDS)
        assert orphans == []
        done = sum("✓" in line for line in lines)
        assert not any("Traceback" in line for line in lines), "".join(lines)
        how = "over" if over else "begun" if done else "starting"
        self.during[f"{'workers' if '--jobs' in way else 'one process'}, {how}"] += 1
        self.look(before, "--force" in way)

    def look(self, before: dict[Path, int], forced: bool) -> None:
        """All that is there opens; what was there before still is."""
        found = sorted(self.out.rglob("*_stageii.npz"))
        for path in found:
            result = load_result(path)
            assert len(result) == FRAMES
            assert np.isfinite(result.poses).all()
        self.results += len(found)
        assert before.keys() <= set(found), "a result was lost"
        if not forced:
            assert all(path.stat().st_mtime_ns == moment for path, moment in before.items())
        if self.report.exists():
            json.loads(self.report.read_text())
        if self.out.exists():
            with Catalogue(self.out) as catalogue:
                catalogue.refresh()
                done = {clip.output for clip in catalogue.clips(catalogue.ids()) if clip.state == "done"}
            assert done == {path.relative_to(self.out).as_posix() for path in found}
        long_ago = time.time() - 2 * UNTOUCHED_SECONDS
        for path in [*self.out.rglob(".refit-*"), *self.report.parent.glob(".refit-*")]:
            if path.stat().st_mtime > long_ago + UNTOUCHED_SECONDS:
                self.litter += 1
                os.utime(path, (long_ago, long_ago))

    def told(self) -> str:
        """The figures."""
        during = " · ".join(f"{name} {count}" for name, count in sorted(self.during.items()))
        kills = f"{self.during.total()} kills ({during})"
        return f"{kills}: {self.results} results opened, {self.litter} stray files"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_many_kills(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for number, clip in enumerate(CLIPS):
        betas = np.random.default_rng(number % 2).normal(size=16)
        path = source / f"subject{number % 2}" / f"{clip}_poses.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **clip_arrays(clip.split("-")[0], slice(FRAMES), betas=betas))
    kills = Kills(source, out, tmp_path / "report.json")
    for seed in range(KILLS):
        if len(list(out.rglob("*_stageii.npz"))) == len(CLIPS):
            shutil.rmtree(out)
        kills.one(seed)
    print(kills.told())
    words = ["convert", str(source), "-o", str(out), "--preset", "fast", "--force", "--threads", "1"]
    assert main([*words, "--report", str(kills.report)]) == 0
    assert len(list(out.rglob("*_stageii.npz"))) == len(CLIPS)
    assert [*out.rglob(".refit-*"), *tmp_path.glob(".refit-*"), *out.rglob("*.claim")] == []
    left = {path.suffix for path in (out / RUNS_FOLDER).rglob("*") if path.is_file()}
    assert left <= {".jsonl", ".log"}
