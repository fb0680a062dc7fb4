"""Claims: one holder at a time, and when they fall."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.batch import claims, heartbeat
from core.batch.claims import GUARD, MISSED_SECONDS, Claims, Holder, NoClaims
from core.batch.heartbeat import UNTOUCHED_SECONDS
from core.batch.tries import MOST, SetAside, tried
from core.batch.turns import ASKED_SECONDS, Turns
from core.files.beside_results import RUNS_FOLDER
from core.files.containers.atomic import UNTOUCHED_SECONDS as UNTOUCHED_FILE_SECONDS


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Claims]:
    with Claims(tmp_path) as found:
        yield found


def written(claims: Claims, name: str, age: float = 0.0, **changes: object) -> Path:
    """A claim as another process has left it, touched so many seconds ago."""
    path = claims.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**Holder.this().to_json(), "token": "other", **changes}))
    now = path.stat().st_mtime
    os.utime(path, (now - age, now - age))
    return path


def gone_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def taken_at_once(others: list[Claims], *, until_somebody_has_it: bool = False) -> list[Claims]:
    """Those that got it, of many who ask at the same moment: once, or until one has it."""
    start, took = threading.Barrier(len(others)), list[Claims]()

    def take(one: Claims) -> None:
        start.wait()
        asks = True
        while asks and not (until_somebody_has_it and took):
            if one.take("walk"):
                took.append(one)
            asks = until_somebody_has_it

    threads = [threading.Thread(target=take, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def test_one_of_many_takes_it(tmp_path: Path) -> None:
    others = [Claims(tmp_path) for _ in range(16)]
    took = taken_at_once(others)
    assert len(took) == 1
    took[0].release("walk")
    assert others[0].take("walk")
    for one in others:
        one.close()


def test_of_many_who_see_a_claim_fall_one_takes_it(tmp_path: Path) -> None:
    for _ in range(10):
        others = [Claims(tmp_path) for _ in range(8)]
        written(others[0], "walk", pid=gone_process())
        assert len(taken_at_once(others, until_somebody_has_it=True)) == 1
        for one in others:
            one.close()


def test_nothing_is_left_when_all_is_let_go(tmp_path: Path) -> None:
    with Claims(tmp_path) as mine:
        assert mine.take("a")
        assert mine.take("ä/b\udcff")
        mine.tries("a").write_text("run\n")
    assert list(tmp_path.iterdir()) == []
    with NoClaims() as nobody:
        assert nobody.take("a")
    assert not Path(RUNS_FOLDER).exists()


def test_on_its_own_machine_it_falls_with_its_process(mine: Claims) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
        written(mine, "walk", age=UNTOUCHED_SECONDS + 9, pid=process.pid, started=started)
        assert not mine.take("walk")
        assert str(mine.holder("walk")).startswith(f"process {process.pid} on ")
        process.kill()
        process.wait()
        assert mine.take("walk")


def test_a_process_number_that_is_used_again_is_no_holder(mine: Claims) -> None:
    written(mine, "new", age=1.0, started=1000.0)
    written(mine, "old", age=MISSED_SECONDS + 9, started=1000.0)
    # The clock of the machine may have been set: who touches is there.
    assert not mine.take("new")
    assert mine.take("old")


@pytest.mark.parametrize("changes", [{"host": "elsewhere"}, {"place": "another container"}])
def test_elsewhere_it_falls_when_nobody_touches_it(mine: Claims, changes: dict[str, str]) -> None:
    pid = gone_process()
    written(mine, "fresh", age=UNTOUCHED_SECONDS - 60, pid=pid, **changes)
    written(mine, "stale", age=UNTOUCHED_SECONDS + 60, **changes)
    assert not mine.take("fresh")
    assert mine.take("stale")


def test_its_age_is_told_by_the_clock_of_the_disk(mine: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    written(mine, "walk", host="elsewhere")
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert not mine.take("walk")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": 3}', '{"host": "a", "place": "b", "pid": -1}'])
def test_a_claim_that_says_nothing_falls_by_age(mine: Claims, text: str) -> None:
    path = written(mine, "walk")
    path.write_text(text)
    assert not mine.take("walk")
    assert mine.holder("walk") is None
    os.utime(path, (1e9, 1e9))
    assert mine.take("walk")


def test_a_disk_without_links_has_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(os, "link", none)
    one, other = Claims(tmp_path), Claims(tmp_path)
    assert one.take("walk")
    assert not other.take("walk")
    one.release("walk")
    assert other.take("walk")
    other.close()


def test_what_is_held_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "TOUCHED_SECONDS", 0.01)
    with Claims(tmp_path) as mine:
        assert mine.take("walk")
        path = mine.path("walk")
        touched = threading.Event()
        for _ in range(1000):
            os.utime(path, (1e9, 1e9))
            if touched.wait(0.02) or path.stat().st_mtime > 1e9:
                break
        assert path.stat().st_mtime > 1e9


def test_what_another_has_taken_meanwhile_is_not_let_go(mine: Claims) -> None:
    assert mine.take("walk")
    path = written(mine, "walk")
    mine.release("walk")
    assert path.exists()


def test_turns_end_with_what_others_hold(tmp_path: Path) -> None:
    now = [0.0]
    with Claims(tmp_path) as mine, Claims(tmp_path) as other:
        assert other.take("b")
        there: set[str] = set()
        turns = Turns("abc", mine, lambda name: name, lambda name: name in there, lambda: now[0])
        assert [turns.next(), turns.next(), turns.next()] == ["a", "c", None]
        assert not turns.over
        assert turns.holders() == (f"process {os.getpid()} on {Holder.this().host}",)
        # The other one has finished it, and so it is only to be looked at.
        there.add("b")
        assert turns.next() is None
        now[0] += ASKED_SECONDS
        assert turns.next() == "b"
        assert turns.over
        assert not mine.is_held("b")
        turns.done("a")
        assert other.take("a")


def test_a_thing_that_ends_two_workers_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "walk.tries"
    with tried(path, "now"):
        path.write_text("before\n" + "now\n" * (MOST - 1))
        with tried(path, "now"):
            with pytest.raises(SetAside), tried(path, "now"):
                pass
            assert path.exists()
    # Who comes to an end has ended no worker.
    assert not path.exists()
    path.write_text("before\n" * 9)
    with tried(path, "now"):
        pass
    with tried(None, "now"):
        pass


def test_what_a_process_left_that_was_killed_while_it_claimed_goes(tmp_path: Path) -> None:
    folder = tmp_path / RUNS_FOLDER / "claims"
    folder.mkdir(parents=True)
    left, fresh = folder / f".refit-{1:016x}.tmp", folder / f".refit-{2:016x}.tmp"
    for path, age in ((left, 2 * UNTOUCHED_FILE_SECONDS), (fresh, 1.0)):
        path.write_text("{}")
        now = path.stat().st_mtime
        os.utime(path, (now - age, now - age))
    with Claims(tmp_path) as claims:
        assert claims.take("a")
        assert not left.exists()
        assert fresh.exists()


def test_what_is_left_of_processes_that_are_gone_goes_with_the_next_one(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", "import sys; from pathlib import Path; from core.batch.claims import Claims; "
         "claims = Claims(Path(sys.argv[1])); claims.take('a'); claims.take('b'); "
         "claims.tries('b', 'shape').touch()", str(tmp_path)], check=True,
    )  # fmt: skip
    other = Claims(tmp_path)
    assert other.take("c")
    with Claims(tmp_path) as claims:
        assert claims.take("b")
        claims.release("b")
    folder = tmp_path / RUNS_FOLDER / "claims"
    assert [path.name for path in folder.iterdir()] == [other.path("c").name]
    other.close()
    assert not folder.exists()


def test_who_was_killed_taking_a_claim_away_holds_nobody_up(mine: Claims, tmp_path: Path) -> None:
    gone = gone_process()
    # One after the other, and the last of them before he could say a word.
    path = written(mine, "walk", pid=gone)
    words = ("other", "first", "second", "")
    guards = [guarded(path, *pair, gone) for pair in itertools.pairwise(words)]
    os.utime(guards[-1], (1e9, 1e9))
    assert mine.take("walk")
    assert [guard for guard in guards if guard.exists()] == []
    # Who is just about to is left alone, whoever was killed before.
    path = written(mine, "run", pid=gone)
    guards = [guarded(path, "other", "killed", gone), guarded(path, "killed", "there", os.getpid())]
    assert not mine.take("run")
    assert all(guard.exists() for guard in guards)
    with Claims(tmp_path / "other") as claims:
        written(claims, "walk").unlink()
        guarded(claims.path("walk"), "other", "killed", gone)
    assert not (tmp_path / "other" / RUNS_FOLDER).exists()


def guarded(path: Path, before: str, token: str, pid: int) -> Path:
    """A guard of a claim whose word is ``other``, that comes after the guard ``before``."""
    guard = path.with_suffix(f".other.{before}{GUARD}")
    guard.write_text(json.dumps({**Holder.this().to_json(), "token": token, "pid": pid}) if token else "")
    return guard


def test_of_many_who_follow_one_that_was_killed_taking_a_claim_away_one_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, chance, unlink = gone_process(), random.Random(3), Path.unlink

    def waits(path: Path, missing_ok: bool = False) -> None:
        """What was seen before a file is taken away may be long ago by then."""
        time.sleep(chance.choice((0.0, 0.0, 0.002)))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", waits)
    for _ in range(30):
        others = [Claims(tmp_path) for _ in range(4)]
        path = written(others[0], "walk", pid=gone)
        guarded(path, "other", "killed", gone)
        path.with_suffix(GUARD).write_text(path.read_text())
        took = taken_at_once(others, until_somebody_has_it=True)
        assert len(took) == 1
        for one in others:
            one.close()


def test_who_lets_go_takes_away_no_claim_that_was_made_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other, looks = Claims(tmp_path), Claims(tmp_path), claims._look_at
    assert mine.take("walk")
    path, seen = mine.path("walk"), list[Path]()

    def held_up(path: Path) -> Any:
        """After it has looked at its claim this process is suspended, and taken to be gone."""
        found = looks(path)
        seen.append(path)
        if len(seen) == looked:
            path.unlink()
            assert other.take("walk")
        return found

    for looked in (1, 2):  # noqa: B007
        with monkeypatch.context() as patch:
            patch.setattr(claims, "_look_at", held_up)
            mine.release("walk")
        assert path.exists()
        other.release("walk")
        assert not path.exists()
        assert mine.take("walk")
        seen.clear()
    mine.close()
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_a_claim_that_has_fallen_may_go_with_its_folder_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other, looks = Claims(tmp_path), Claims(tmp_path), claims._look_at
    path = written(mine, "walk", pid=gone_process())

    def held_up(looked: Path) -> Any:
        """Once this process has seen it, another one takes it away and ends."""
        found = looks(looked)
        monkeypatch.setattr(claims, "_look_at", looks)
        other.close()
        assert not path.parent.exists()
        return found

    monkeypatch.setattr(claims, "_look_at", held_up)
    assert mine.take("walk")
    assert path.exists()
    mine.close()


def test_a_folder_that_was_just_made_may_be_taken_away_by_who_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other, makes, made = Claims(tmp_path), Claims(tmp_path), Path.mkdir, list[Path]()

    def held_up(path: Path, *given: Any, **more: Any) -> None:
        makes(path, *given, **more)
        if path == mine.path("walk").parent and not made:
            made.append(path)
            other.close()
            assert not path.exists()

    monkeypatch.setattr(Path, "mkdir", held_up)
    assert mine.take("walk")
    assert made
    assert mine.path("walk").exists()
    mine.close()
