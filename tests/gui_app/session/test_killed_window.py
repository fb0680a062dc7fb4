"""A window that is killed at any moment loses a minute's work at most, leaves whole files and no litter."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest

from core.files.containers.atomic import UNTOUCHED_SECONDS
from core.outputs.results import load_result
from core.outputs.sessions import load_session
from tests.gui_app.session.working_window import EVERY_SECONDS, MOTION, RESULT, SESSION, last_work

KILLS = int(os.environ.get("REFIT_KILLS", "200"))
MOST_SECONDS = 60.0
"""That may be lost, though more is kept every second: on a busy machine writing takes its time."""


@dataclass
class Kills:
    """One window after another on the same folder and settings, each killed.

    Attributes:
        kept: the last edit that is known to be on the disk, None while nothing was kept.
        works: edits with their moments, as far as they are not lost.
        killed_at: moment of the last kill of a window that was ready.
        during: what was done when the kills came.
        lost_seconds: for each start, how long before the kill the first lost edit was made; 0 where none was.
        litter: temporary files that were found after kills.
    """

    folder: Path
    settings: Path
    kept: int | None = None
    works: dict[int, float] = field(default_factory=dict)
    killed_at: float = 0.0
    during: Counter[str] = field(default_factory=Counter)
    lost_seconds: list[float] = field(default_factory=list)
    litter: int = 0

    def start(self, seed: int, *more: str) -> subprocess.Popen[str]:
        words = [
            sys.executable,
            "-m",
            "tests.gui_app.session.working_window",
            str(self.folder),
            str(seed),
            *more,
        ]
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ})

    def one(self, seed: int) -> None:
        """A start and its end; one in five comes while the window is not ready yet."""
        chance = random.Random(seed)
        window = self.start(seed)
        assert window.stdout is not None
        lines: list[str] = []
        if chance.random() < 0.2:
            time.sleep(chance.uniform(0.3, 6.0))
        else:
            lines = until("ready", window.stdout)
            doing = chance.choice(("fit", "save", "export", ""))
            lines += until(f"doing {doing}", window.stdout) if doing else []
            time.sleep(chance.uniform(0.0, 0.4 if doing else 2.0))
        window.send_signal(signal.SIGKILL)
        killed_at = time.monotonic()
        lines += window.stdout.read().splitlines()
        assert window.wait() == -signal.SIGKILL, lines
        window.stdout.close()
        self.hear(lines)
        if "ready" in lines:
            self.killed_at = killed_at
        self.look()

    def hear(self, lines: list[str]) -> None:
        """What a window has said."""
        doing, saved = "starting", None
        for name, *rest in (line.split() for line in lines):
            doing = rest[0] if name == "doing" else "editing" if name in ("ready", "work") else doing
            if name == "nothing":
                assert self.kept is None, "what was kept is not offered"
                self.works = {}
            elif name == "restored":
                self.restored(int(rest[0]))
            elif name == "work":
                self.works[int(rest[0])] = float(rest[1])
            elif name == "kept":
                self.kept = int(rest[0])
            elif name == "saved":
                saved = int(rest[0])
        self.during[doing] += 1
        if saved is not None:
            session = load_session(self.folder / SESSION)
            assert last_work([step.name for step in session.steps[: session.at + 1]]) >= saved

    def restored(self, work: int) -> None:
        """No more is lost than what was done since the last time that anything was kept."""
        assert work >= (self.kept or 0), "what was kept is lost"
        lost = [self.killed_at - moment for number, moment in self.works.items() if number > work]
        self.lost_seconds.append(max(lost, default=0.0))
        assert self.lost_seconds[-1] < MOST_SECONDS
        self.works = {number: moment for number, moment in self.works.items() if number <= work}
        self.kept = work

    def look(self) -> None:
        """Files are whole; what was half written becomes old, so that later starts may delete it."""
        if (self.folder / SESSION).exists():
            assert load_session(self.folder / SESSION).now.result is not None
        if (self.folder / RESULT).exists():
            assert np.isfinite(load_result(self.folder / RESULT).poses).all()
        long_ago = time.time() - 2 * UNTOUCHED_SECONDS
        for folder in (self.folder, self.settings / "kept"):
            for path in folder.glob(".refit-*"):
                if path.stat().st_mtime > long_ago + UNTOUCHED_SECONDS:
                    self.litter += 1
                    os.utime(path, (long_ago, long_ago))

    def end(self) -> None:
        """One more window, which is closed in order, leaves its files and nothing else."""
        window = self.start(0, "end")
        assert window.stdout is not None
        self.hear(window.stdout.read().splitlines())
        assert window.wait() == 0
        window.stdout.close()
        assert sorted(path.name for path in self.folder.iterdir()) == sorted([MOTION, RESULT, SESSION])
        assert list((self.settings / "kept").iterdir()) == []

    def told(self) -> str:
        """The figures."""
        during = ", ".join(f"{name} {count}" for name, count in sorted(self.during.items()))
        most = max(self.lost_seconds, default=0.0)
        return (
            f"{self.during.total()} windows ({during}), {len(self.lost_seconds)} restored, at most "
            f"{most:.1f} s lost where it is kept every {EVERY_SECONDS:.0f} s, {self.litter} stray files swept"
        )


def until(word: str, lines: TextIO) -> list[str]:
    """The lines up to the one that is ``word``."""
    found = []
    for line in lines:
        found.append(line.strip())
        if found[-1] == word:
            return found
    raise AssertionError(f"the window ended by itself: {found}")


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_many_kills(walk: Path, own_settings: Path, tmp_path: Path) -> None:
    shutil.copy(walk, tmp_path / MOTION)
    kills = Kills(tmp_path, own_settings)
    for seed in range(KILLS):
        kills.one(seed)
    kills.end()
    print(kills.told())
    assert {"fit", "save", "export"} <= set(kills.during)
