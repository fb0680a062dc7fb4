"""Paths at which there is something, but no file that could be read to its end or written over."""

from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = ("pipe", "socket", "zero", "process", "link")


@contextmanager
def odd_places(folder: Path) -> Iterator[dict[str, Path]]:
    """Such paths by name; all of them are as they were when the block ends."""
    pipe, at, link = folder / "pipe.npz", folder / "socket.npz", folder / "link.npz"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    here = os.getcwd()
    os.chdir(folder)  # the whole path may be too long for a socket
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(at.name)
            os.chdir(here)
            places = {"pipe": pipe, "socket": at, "link": link}
            if sys.platform.startswith("linux"):
                places |= {"zero": Path("/dev/zero"), "process": Path("/proc/self/pagemap")}
            kinds = {path: stat.S_IFMT(path.stat().st_mode) for path in places.values()}
            yield places
            assert kinds == {path: stat.S_IFMT(path.stat().st_mode) for path in places.values()}
    finally:
        os.chdir(here)
