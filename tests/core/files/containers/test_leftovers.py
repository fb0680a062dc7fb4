"""What killed processes leave goes with the next one; what a suspended one is at stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from core.files.containers import atomic
from core.files.containers.atomic import atomic_write, name_after, take_away, temporary_beside

WRITES = """
import os, signal, sys
from core.files.containers.atomic import atomic_write
from core.files.containers.numbered import write_numbered
def stop():
    os.kill(os.getpid(), signal.SIGSTOP)
def files():
    yield 1, b"one"
    stop()
    yield 2, b"two"
if sys.argv[1] == "file":
    with atomic_write(sys.argv[2]) as file:
        file.write(b"one")
        file.flush()
        stop()
        file.write(b"two")
else:
    write_numbered(sys.argv[2], "a", ".obj", files(), 2, overwrite=False, progress=None, stop=None)
"""


def test_what_a_killed_process_left_goes_with_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic, "_looked_through", set())
    old, folder, fresh = (tmp_path / f".refit-{n:016x}.tmp" for n in range(3))
    other, film = tmp_path / ".refit-notes", tmp_path / f".refit-{3:016x}.mp4"
    folder.mkdir()
    (folder / "a_000001.obj").write_bytes(b"half")
    for path in (old, fresh, other, film):
        path.write_bytes(b"half")
    for path in (old, folder, other, film):
        os.utime(path, (time.time() - 7200,) * 2)
    with atomic_write(tmp_path / "a") as file:
        file.write(b"new")
    assert sorted(tmp_path.iterdir()) == sorted([fresh, other, tmp_path / "a"])
    os.utime(fresh, (time.time() - 7200,) * 2)
    with atomic_write(tmp_path / "b") as file:
        file.write(b"new")
    assert fresh.exists(), "a folder is looked through once"


def test_what_the_processes_of_a_run_left_can_be_taken_away_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic, "_run", "")
    other, folder = temporary_beside(tmp_path / "a"), tmp_path / "b"
    notes = tmp_path / ".refit-0badcafe-notes"
    name_after("0badcafe")
    half, lost = temporary_beside(tmp_path / "a"), atomic.set_aside(folder)
    for path in (other, half, notes):
        path.write_bytes(b"half")
    lost.mkdir()
    take_away(tmp_path, "0badcafe")
    assert sorted(tmp_path.iterdir()) == sorted([other, folder, notes])


def test_what_was_set_aside_and_never_replaced_gets_its_name_back(tmp_path, monkeypatch):
    lost, replaced = tmp_path / "lost", tmp_path / "replaced"
    for folder in (lost, replaced):
        folder.mkdir()
        (folder / "a_000001.obj").write_bytes(b"old")
        folder.rename(atomic.set_aside(folder))
    replaced.mkdir()
    monkeypatch.setattr(atomic, "_looked_through", set())
    with atomic_write(tmp_path / "b"):
        pass
    assert not lost.exists()
    monkeypatch.setattr(atomic, "UNTOUCHED_SECONDS", -1.0)
    monkeypatch.setattr(atomic, "_looked_through", set())
    with atomic_write(tmp_path / "c"):
        pass
    assert (lost / "a_000001.obj").read_bytes() == b"old"
    assert list(replaced.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="there a file that is open cannot be deleted")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_a_suspended_process_is_at_stays(tmp_path, monkeypatch, what):
    target = tmp_path / "written"
    with subprocess.Popen([sys.executable, "-c", WRITES, what, str(target)]) as writer:
        try:
            os.waitpid(writer.pid, os.WUNTRACED)
            (at,) = tmp_path.iterdir()
            os.utime(at, (time.time() - 7200,) * 2)
            monkeypatch.setattr(atomic, "_looked_through", set())
            with atomic_write(tmp_path / "other") as file:
                file.write(b"new")
            assert sorted(tmp_path.iterdir()) == sorted([at, tmp_path / "other"])
            os.kill(writer.pid, signal.SIGCONT)
            assert writer.wait(60) == 0
        finally:
            writer.kill()
    written = [target] if what == "file" else sorted(target.iterdir())
    assert b"".join(path.read_bytes() for path in written) == b"onetwo"


@pytest.mark.skipif(os.name == "nt", reason="there a file that is open cannot be deleted")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_it_was_at_when_it_was_killed_goes(tmp_path, monkeypatch, what):
    with subprocess.Popen([sys.executable, "-c", WRITES, what, str(tmp_path / "written")]) as writer:
        os.waitpid(writer.pid, os.WUNTRACED)
        writer.kill()
    (left,) = tmp_path.iterdir()
    os.utime(left, (time.time() - 7200,) * 2)
    monkeypatch.setattr(atomic, "_looked_through", set())
    with atomic_write(tmp_path / "other"):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]


def test_where_the_disk_has_no_locks_time_alone_counts(tmp_path, monkeypatch):
    def refuses(*_):
        raise OSError("no locks available")

    if atomic.fcntl is not None:
        monkeypatch.setattr(atomic.fcntl, "flock", refuses)
    left = tmp_path / f".refit-{1:016x}.tmp"
    left.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)
    monkeypatch.setattr(atomic, "_looked_through", set())
    with atomic_write(tmp_path / "a") as file:
        file.write(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
