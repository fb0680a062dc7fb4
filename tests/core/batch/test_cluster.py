"""Our own cluster: who can reach it, and what its workers are given; and converting by somebody's."""

from __future__ import annotations

import multiprocessing.spawn
import os
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from distributed import Worker

from core.batch import cluster
from core.batch.cluster import Workers, workers_of
from core.batch.without_main import WORKER
from core.batch.worker_count import HEAP, VISIBLE
from core.commands.cli import main
from core.errors import RefitError
from core.outputs.results import load_result
from tests.core.clip_files import clip_arrays
from tests.core.conftest import said


def told() -> list[str | None]:
    return [os.environ.get(name) for name in (HEAP, VISIBLE, "OMP_NUM_THREADS")]


def test_what_workers_are_given(workers: Workers) -> None:
    found = list(workers.client.run(told).values())
    # With the first one set, a fit takes twice as long.
    assert {one[0] for one in found} == {None}
    assert sorted(str(one[1]) for one in found) == ["3", "7"]
    assert {one[2] for one in found} == {"1"}
    assert workers.count() == 2
    assert len(set(workers.processes())) == 2


def kept_of_what_it_did(dask_worker: Worker) -> int:
    return len(dask_worker.profile_history)


def test_a_worker_keeps_no_record_of_what_it_did(workers: Workers) -> None:
    workers.submit(time.sleep, 1.5, key="sleeps").result()
    assert set(workers.client.run(kept_of_what_it_did).values()) == {0}


def test_nobody_reaches_it_from_another_machine(workers: Workers) -> None:
    processes = [psutil.Process(), *map(psutil.Process, workers.processes())]
    listening = [
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4
    assert set(listening) == {"127.0.0.1"}


def test_what_a_worker_imports_is_not_the_program(workers: Workers) -> None:
    mains = set(workers.client.run(lambda: str(getattr(sys.modules["__main__"], "__file__", ""))).values())
    assert not any("pytest" in path for path in mains)
    assert all(multiprocessing.spawn.get_preparation_data(name) for name in ("mine", WORKER))
    assert "init_main_from_path" not in multiprocessing.spawn.get_preparation_data(WORKER)


def test_a_cluster_that_is_there_converts(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("walk", "dance"):
        np.savez(tmp_path / f"{name}_poses.npz", **clip_arrays(name, slice(0, 6)))
    np.savez(tmp_path / "wrong_poses.npz", poses=np.zeros((3, 4)))
    # Its workers have another current folder.
    monkeypatch.chdir(tmp_path)
    address = workers.client.scheduler.address
    assert main(["convert", ".", "-o", "out", "--scheduler", address]) == 1
    words = said(capsys)
    assert f"Fitted by the workers of {address}" in words
    assert "✓ walk_poses.npz → out/walk_stageii.npz" in words
    assert words.count("wrong_poses.npz: ") == 1
    assert len(load_result(tmp_path / "out" / "dance_stageii.npz")) == 6
    assert main(["convert", "dance_poses.npz", "-o", "one.npz", "--scheduler", address]) == 0
    assert np.array_equal(
        load_result(Path("one.npz")).poses, load_result(Path("out/dance_stageii.npz")).poses
    )
    assert workers.count() == 2


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "REACH_SECONDS", 1.0)
    with pytest.raises(RefitError, match="no scheduler answers there"), workers_of("tcp://127.0.0.1:1"):
        pass
