"""A file for each person: all of them or none, under names of their own."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from core.errors import Cancelled, FileError
from core.outputs.export_format import ExportJob
from core.outputs.people_folder import PersonFile, apart, write_people
from tests.variants import body_pair


def test_names_never_collide() -> None:
    names = ["a.npz", "A.npz", "a_2.npz", "a/b.npz", "a:b.npz", "a.npz"]
    found = apart(names)
    assert found == ["a.npz", "A_2.npz", "a_2_2.npz", "a-b.npz", "a-b_2.npz", "a_3.npz"]
    assert len({name.casefold() for name in found}) == len(names)


def people() -> list[PersonFile]:
    def job() -> ExportJob:
        return ExportJob(Path(), "x", np.arange(3), None, body_pair("built-in"))

    return [PersonFile(f"{name}.txt", frames, job) for name, frames in (("a", 3), ("b", 1), ("c", 4))]


def test_all_or_none(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    stop = threading.Event()

    def write(job: ExportJob) -> str:
        job.path.write_text(job.stem)
        assert job.progress is not None
        job.progress(1, 2)
        job.progress(2, 2)
        return "said once"

    folder = tmp_path / "all"
    assert write_people(folder, write, people(), lambda *at: told.append(at), stop) == "said once"
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt", "c.txt"]
    assert [done for done, _ in told] == [0, 1, 3, 3, 3, 4, 4, 6, 8, 8]
    assert {total for _, total in told} == {8}
    with pytest.raises(FileError, match="holds other files"):
        write_people(folder, write, people())

    def stopping(job: ExportJob) -> str:
        stop.set()
        return write(job)

    with pytest.raises(Cancelled):
        write_people(tmp_path / "stopped", stopping, people(), lambda *at: None, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["all"]
