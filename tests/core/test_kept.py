"""What is made once is made once, and what takes too much is let go."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.kept import kept


def test_the_latest_stay_within_their_bytes() -> None:
    made: list[int] = []

    @kept(len, 100, least=1)
    def block(size: int, letter: str = "a") -> str:
        made.append(size)
        return letter * size

    assert block(40) is block(40)
    block(41)
    assert block(40, letter="b") == "b" * 40, "40 is the oldest, and goes"
    assert made == [40, 41, 40]
    block(41)
    assert made == [40, 41, 40]
    block(40)
    assert made == [40, 41, 40, 40]
    assert block.cache_info().currsize == 2
    block(300)
    assert block.cache_info().currsize == 1, "one is kept whatever it takes"
    block(300)
    assert block.cache_info()[:2] == (3, 5)
    block.cache_clear()
    assert block.cache_info() == (0, 0, 0)


def test_values_that_grow_count_as_what_they_are_now() -> None:
    @kept(len, 10, least=1)
    def grows(name: str) -> list[int]:
        return [0]

    grows("a").extend(range(20))
    grows("b")
    assert grows.cache_info().currsize == 1


def test_threads_wait_for_the_one_that_makes_it() -> None:
    made: list[str] = []
    busy = threading.Event()

    @kept(len, 100)
    def slow(name: str) -> str:
        made.append(name)
        if name == "a":
            busy.set()
            time.sleep(0.05)
        return name

    with ThreadPoolExecutor(4) as pool:
        several = [pool.submit(slow, "a") for _ in range(4)]
        busy.wait()
        # Who asks for something else does not wait.
        assert slow("b") == "b"
        assert not several[0].done()
        assert {each.result() for each in several} == {"a"}
    assert sorted(made) == ["a", "b"]


def test_what_could_not_be_made_is_tried_again() -> None:
    tries: list[int] = []

    @kept(len, 100)
    def fails_once(name: str) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError(name)
        return name

    with pytest.raises(ValueError, match="x"):
        fails_once("x")
    assert fails_once("x") == "x"
    assert fails_once.cache_info() == (0, 1, 1)
