"""Parts of the work, and how many workers do it."""

from __future__ import annotations

import argparse

import pytest

from core.batch.shards import Shard, shard, slurm_shard
from core.batch.worker_count import WORKER_BYTES, count_of, environments, gpu_names, job_count
from core.errors import RefitError


def test_every_thing_is_in_one_part_and_kinds_stay_together() -> None:
    things = [f"{kind}{number}" for kind in "abcde" for number in range(3)]
    parts = [Shard(index, 3).of(things, [thing[0] for thing in things]) for index in (1, 2, 3)]
    assert sorted(thing for part in parts for thing in part) == things
    assert [{thing[0] for thing in part} for part in parts] == [{"a", "d"}, {"b", "e"}, {"c"}]
    alone = [Shard(index, 4).of(things, things) for index in (1, 2, 3, 4)]
    assert [len(part) for part in alone] == [4, 4, 4, 3]


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "1/0", "a/b", "-1/4", "1/4/2", "1.5/4"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no part; write I/N"):
        shard(text)
    assert shard("2/4") == Shard(2, 4)


def slurm(task: int, count: int, **more: int) -> dict[str, str]:
    told = {"ID": task, "COUNT": count, **more}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in told.items()}


def test_tasks_of_an_array_are_parts() -> None:
    assert slurm_shard({}) is None
    assert slurm_shard({"SLURM_ARRAY_TASK_ID": "3"}) is None
    for numbers, step in ((range(4), 1), (range(1, 5), 1), (range(7, 19, 3), 3)):
        told = [slurm_shard(slurm(number, 4, MIN=numbers[0], STEP=step)) for number in numbers]
        assert told == [Shard(index, 4) for index in (1, 2, 3, 4)]
    assert slurm_shard(slurm(0, 4)) == Shard(1, 4)
    with pytest.raises(RefitError, match="give --shard I/N"):
        slurm_shard(slurm(7, 2, MIN=3, STEP=1))


def test_as_many_workers_as_processors_memory_and_gpus_allow() -> None:
    gb = WORKER_BYTES
    assert count_of(3, 64, 640 * gb, 8) == 3
    assert count_of("auto", 8, 64 * gb, 0) == 8
    assert count_of("auto", 64, 8 * gb + 5, 0) == 8
    assert count_of("auto", 64, 10, 0) == 1
    assert count_of("auto", 8, 64 * gb, 2) == 2
    assert [job_count("auto"), job_count("12")] == ["auto", 12]
    for text in ("0", "-1", "two", "1.5", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="is no number of workers"):
            job_count(text)


def test_one_worker_is_pinned_to_each_gpu() -> None:
    # A job of a cluster sees but some of a machine's, by whatever names.
    assert gpu_names({}, 2) == ("0", "1")
    assert gpu_names({"CUDA_VISIBLE_DEVICES": "5, GPU-ab"}, 2) == ("5", "GPU-ab")
    assert gpu_names({"CUDA_VISIBLE_DEVICES": ""}, 0) == ()
    assert [found["CUDA_VISIBLE_DEVICES"] for found in environments(3, ("5", "7"))] == ["5", "7", "5"]
    assert environments(2, ()) == [{}, {}]
