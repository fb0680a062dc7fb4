"""Workers that die over what they do. Cheap to import, as they import it, too."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from pathlib import Path

import pytest
from distributed import Future

from core.batch.claims import NoClaims
from core.batch.cluster import Workers
from core.batch.tasks import Feed
from core.batch.tries import SetAside, tried
from core.batch.turns import Turns


def does(name: str, tries_file: Path, run: str) -> str:
    """A task that ends the workers that do it, one of them or all."""
    with tried(tries_file, run):
        met = tries_file.with_suffix(".met")
        if name == "kills all" or (name == "kills one" and not met.exists()):
            met.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return f"{name}: done"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_ends_its_workers_is_set_aside_and_the_rest_is_done(workers: Workers, tmp_path: Path) -> None:
    names = ["kills all", "kills one", "plain", "plain too"]
    files = {name: tmp_path / f"{number}.tries" for number, name in enumerate(names)}

    def submit(name: str) -> Future:
        return workers.submit(does, name, files[name], "this-run", key=secrets.token_hex(4))

    feed = Feed(workers, Turns(names, NoClaims(), str, lambda _: False), submit)
    found = dict(feed.results())
    assert isinstance(found.pop("kills all"), SetAside)
    assert found == {name: f"{name}: done" for name in names[1:]}
    assert files["kills all"].read_text().split() == ["this-run"] * 2
    workers.client.wait_for_workers(2, timeout=60)


def fails(name: str) -> None:
    """A task that fails outside of all that looks after failures."""
    if name == "too deep":
        fails(name)
    raise TimeoutError("the disk does not answer")


def test_what_fails_ends_whatever_it_raises(workers: Workers) -> None:
    names = ["too deep", "too slow"]

    def submit(name: str) -> Future:
        return workers.submit(fails, name, key=secrets.token_hex(4))

    looks = iter(range(240))

    def beat() -> None:
        if next(looks, None) is None:
            raise AssertionError("a task that has failed is waited for")

    feed = Feed(workers, Turns(names, NoClaims(), str, lambda _: False), submit, beat)
    found = dict(feed.results())
    assert isinstance(found["too deep"], RecursionError)
    assert isinstance(found["too slow"], TimeoutError)
    assert str(found["too slow"]) == "the disk does not answer"
