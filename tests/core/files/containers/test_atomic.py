from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from core.errors import FileError
from core.files.containers.atomic import atomic_write, check_place, write_npz
from core.files.containers.numbered import write_numbered


def test_writes_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "ü 文.bin"
    with atomic_write(path) as file:
        file.write(b"abc")
        assert not path.exists()
    assert path.read_bytes() == b"abc"
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_file_is_kept_unless_asked(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(FileError, match="already exists"), atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    with atomic_write(path, overwrite=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    path = tmp_path / "a"

    def write():
        with atomic_write(path) as file:
            file.write(b"new")
            path.write_bytes(b"other")

    with pytest.raises(FileError, match="already exists"):
        write()
    assert path.read_bytes() == b"other"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError("bug"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_no_trace(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def write():
        with atomic_write(path, overwrite=True) as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(FileError, match="no space left on the disk"), atomic_write(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_failing_sync(tmp_path, monkeypatch):
    def fails(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(FileError, match="Input/output error"), atomic_write(tmp_path / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_no_folder_a_folder_and_a_zero_byte(tmp_path):
    with pytest.raises(FileError, match="no folder"), atomic_write(tmp_path / "none" / "a"):
        pass
    with pytest.raises(FileError, match="is a folder"), atomic_write(tmp_path, overwrite=True):
        pass
    with pytest.raises(FileError, match="zero bytes"), atomic_write(tmp_path / "a\0b"):
        pass
    with pytest.raises(FileError), atomic_write(tmp_path / ("n" * 500)):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(FileError, match="write-protected"), atomic_write(folder / "a"):
        pass


def test_write_protection_is_a_sentence(tmp_path):
    with pytest.raises(FileError, match="write-protected"), atomic_write(tmp_path / "a"):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    with atomic_write(link, overwrite=True) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_link_in_a_circle_is_a_sentence(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(link)
    with (
        pytest.raises(FileError, match=r"link: cannot be written: .* leads in a circle"),
        atomic_write(link, overwrite=True),
    ):
        pass
    assert list(tmp_path.iterdir()) == [link]
    assert link.is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="it has other limits")
def test_a_name_that_no_disk_takes_is_a_sentence_before_anything_is_made(tmp_path):
    place = tmp_path / ("n" * 300)
    with pytest.raises(FileError, match="cannot be written: File name too long"):
        check_place(place, overwrite=False)
    made, how = [], {"overwrite": False, "progress": None, "stop": None}
    with pytest.raises(FileError, match="cannot be written: File name too long"):
        write_numbered(place, "", ".obj", ((made.append(1) or 0, b"") for _ in range(3)), 3, **how)
    with pytest.raises(FileError, match="there is no folder"):
        check_place(tmp_path / "no" / "a", overwrite=False)
    assert (list(tmp_path.iterdir()), made) == ([], [])


def test_npz_refuses_objects(tmp_path):
    with pytest.raises(TypeError, match="'a'"):
        write_npz(tmp_path / "a.npz", {"a": np.array([None])})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
def test_who_may_read_a_file_stays_as_it_was(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with atomic_write(path, overwrite=True) as file:
        file.write(b"new")
    assert path.stat().st_mode & 0o777 == 0o640
