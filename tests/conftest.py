"""What all tests share."""

from __future__ import annotations

import ctypes
import functools
import gc
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import core.correspond.load_bodies
from core.files.builtin_files import builtin_folder

SLOW_SECONDS = 3 * 3600


@pytest.fixture(scope="session", autouse=True)
def builtin_bodies_read_once() -> Iterator[None]:
    """Files of the built-in bodies, which no test changes, are read once; all others each time."""
    folder = builtin_folder()

    def once(read: Callable[..., Any]) -> Callable[..., Any]:
        kept = functools.cache(read)
        return lambda path, **more: (kept if Path(path).is_relative_to(folder) else read)(path, **more)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("read_model", "smpl_from_smplh", "read_correspondence"):
            read = getattr(core.correspond.load_bodies, name)
            patch.setattr(
                core.correspond.load_bodies,
                name,
                functools.cache(read) if name == "smpl_from_smplh" else once(read),
            )
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_kept_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is kept for the next process is kept for these tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("REFIT_CACHE", raising=False)
        yield


def pytest_configure() -> None:
    """What a shell starts in the background ignores Ctrl+C, and so would all that tests start."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long checks may take their time: some polish whole clips, or open hundreds of windows."""
    for item in items:
        if item.get_closest_marker("slow") is not None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


def pytest_collection_finish() -> None:
    """Looking for garbage costs half a second while it goes through all modules, too: they are left out."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)  # after its fixtures have gone
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What a file of tests keeps for its own tests goes with the last of them, and so do bodies and fits that
    hold each other: of all files together they are gigabytes. The C library gives free memory back only where
    it is told to."""
    if nextitem is None or nextitem.path != item.path:
        module = item.getparent(pytest.Module)
        for kept in vars(module.obj).values() if module else ():
            if hasattr(kept, "cache_clear") and kept.__module__ == module.obj.__name__:
                kept.cache_clear()
        gc.collect()
        if sys.platform == "linux":
            getattr(ctypes.CDLL(None), "malloc_trim", id)(0)
