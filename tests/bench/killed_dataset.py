"""A data set converted while all is killed: ``python -m tests.bench.killed_dataset [--clips N] [--kills N]``.

Very short clips, cut from the built-in motions, go through ``--jobs 2``, and in turns through a Dask
scheduler and two workers started as the manual has it. At random moments a worker, the scheduler or the run
itself is killed; the same command goes on. In the end every clip must be done: none written twice, none
broken, nothing left behind.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from core.catalogue.catalogue import Catalogue
from core.files.builtin_files import builtin_motions
from core.outputs.results import load_result
from tests.core.clip_files import clip_arrays

FRAMES = 12
WAYS = ("worker", "run", "scheduler")
"""What is killed in turn."""
ENV = os.environ | {"DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON": "{'MALLOC_TRIM_THRESHOLD_': None}"}


def write(folder: Path, count: int) -> None:
    """Clips of ten people, each elsewhere in one of the motions."""
    names = [path.stem.removesuffix("_poses") for path in builtin_motions()]
    chance = np.random.default_rng(5)
    people = chance.normal(size=(10, 16))
    for number in range(count):
        first = int(chance.integers(60))
        arrays = clip_arrays(
            names[number % len(names)], slice(first, first + FRAMES), betas=people[number % 10]
        )
        path = folder / f"person{number % 10}" / f"{number:04d}_poses.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **arrays)


@contextlib.contextmanager
def cluster() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and two workers; its address, and the scheduler's process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": ENV}

    def started(module: str, *more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *more, "--no-dashboard"]
        return subprocess.Popen(command, **quiet)  # type: ignore[call-overload, no-any-return]

    scheduler = started("dask_scheduler", "--host", "127.0.0.1", "--port", str(port))
    workers = started("dask_worker", address, "--nworkers", "2", "--nthreads", "1")
    try:
        yield address, scheduler
    finally:
        end([workers.pid, scheduler.pid])
        workers.wait()
        scheduler.wait()


def end(pids: list[int]) -> None:
    """Kills processes and theirs."""
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            there = [process, *process.children(recursive=True)]
            for one in there:
                with contextlib.suppress(psutil.Error):
                    one.kill()
            psutil.wait_procs(there, 60)


class Dataset:
    """A folder that is converted, and what is known of its results."""

    def __init__(self, folder: Path, clips: int, seed: int) -> None:
        self.source, self.out, self.clips = folder / "in", folder / "out", clips
        self._told = folder / "told.txt"
        self._chance = random.Random(seed)
        self._seen: dict[Path, tuple[int, int]] = {}
        self.killed, self.codes, self.said = Counter[str](), Counter[int](), Counter[str]()
        write(self.source, clips)

    def look(self) -> int:
        """How many results there are; one that is another file than before was written twice."""
        for path in self.out.rglob("*_stageii.npz"):
            stat = path.stat()
            now = (stat.st_ino, stat.st_mtime_ns)
            assert self._seen.setdefault(path, now) == now, f"{path} was written twice"
        return len(self._seen)

    def run(self, *more: str) -> subprocess.Popen[bytes]:
        """The command that is killed and begun again."""
        words = ["convert", self.source, "-o", self.out, "--preset", "fast", *more]
        command = [sys.executable, "-m", "core", *map(str, words)]
        with self._told.open("w") as told:  # of a pipe that nobody reads a run would wait for its end
            return subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT, env=ENV)

    def wait_for(self, more: int, run: subprocess.Popen[bytes]) -> None:
        """Until so many more results are there, and a moment longer."""
        wanted = self.look() + more
        while self.look() < min(wanted, self.clips) and run.poll() is None:
            time.sleep(0.2)
        time.sleep(self._chance.uniform(0, 1))

    def ended(self, run: subprocess.Popen[bytes], seconds: float = 120.0) -> None:
        """Takes in how a run ended."""
        run.wait(seconds)
        said = self._told.read_text()
        assert "Traceback" not in said, said
        self.codes[run.returncode] += 1
        for sentence in ("workers died over it", "The scheduler is gone", "The workers died"):
            self.said[sentence] += said.count(sentence)
        self.look()

    def kill(self, kills: int) -> None:
        """Runs and kills, evenly over the clips."""
        step = max(1, self.clips // (kills + 1))
        while self.killed.total() < kills:
            with contextlib.ExitStack() as stack:
                scheduler = None
                if WAYS[self.killed.total() % len(WAYS)] == "scheduler":
                    address, scheduler = stack.enter_context(cluster())
                    run = self.run("--scheduler", address)
                else:
                    run = self.run("--jobs", "2")
                while run.poll() is None and self.killed.total() < kills:
                    what = WAYS[self.killed.total() % len(WAYS)]
                    if what == "scheduler" and scheduler is None:
                        what = "run"  # in the same process
                    self.wait_for(step, run)
                    if run.poll() is not None:
                        break
                    of_worker = [
                        one
                        for one in psutil.Process(run.pid).children()
                        if "spawn_main" in " ".join(one.cmdline())
                    ]
                    if what == "worker" and of_worker:
                        self._chance.choice(of_worker).kill()
                    elif what == "scheduler" and scheduler is not None:
                        scheduler.kill()
                    else:
                        what = "run"
                        run.kill()
                    self.killed[what] += 1
                    print(f"{self.killed.total()}: {what}, {self.look()} results", flush=True)
                    if what != "worker":
                        break
                self.ended(run)
            if self.look() == self.clips:
                break

    def finish(self) -> None:
        """One more run, and all is looked at."""
        run = self.run("--jobs", "2")
        self.ended(run, 3600.0)
        assert run.returncode == 0
        found = sorted(self.out.rglob("*_stageii.npz"))
        assert len(found) == self.clips
        assert all(len(load_result(path)) == FRAMES for path in found)
        left = [path for path in self.out.rglob("*") if path.is_file() and path not in self._seen]
        strays = [path for path in left if path.suffix not in (".jsonl", ".log")]
        with Catalogue(self.out) as catalogue:
            told = catalogue.refresh().told
            states = catalogue.states()
        assert states["done"] == self.clips, states
        print(f"{self.clips} clips done after {self.killed.total()} kills: {dict(self.killed)}")
        print(f"exit codes {dict(self.codes)}; told {dict(self.said)}; catalogue {dict(states)}, {told}")
        print(f"left beside them: {[path.name for path in strays]}")


def main() -> None:
    """Prints what became of them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=1000)
    options.add_argument("--kills", type=int, default=30)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        data = Dataset(Path(name), chosen.clips, chosen.seed)
        data.kill(chosen.kills)
        data.finish()
    print(f"{(time.perf_counter() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
