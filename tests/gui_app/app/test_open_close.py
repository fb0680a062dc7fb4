"""Windows opened, fitted and closed over and over in one process leave nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

MOST_MB = 50


def lives(count: int, seconds: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.show.open_close", str(count)],
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    grown = re.search(r"grew by (-?\d+) MB", done.stdout)
    assert grown
    assert int(grown[1]) < MOST_MB
    assert "files left: stroll_poses.npz\n" in done.stdout


@pytest.mark.timeout(280)
def test_ten_windows_leave_nothing_behind() -> None:
    lives(10, 270)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_windows_leave_nothing_behind() -> None:
    lives(200, 3500)
