"""A journal says what happened, whatever happens to who writes it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.batch.heartbeat import UNTOUCHED_SECONDS
from core.catalogue.catalogue import Catalogue
from core.catalogue.entry import Entry
from core.catalogue.facts import of_result, with_measures
from core.catalogue.journal import Journal, Unread, journals, read_on
from core.catalogue.still_going import is_going
from core.measure.measure_motion import measure_motion
from core.outputs.results import load_result
from tests.core.catalogue.results import put, walk, worse
from tests.core.clip_fits import fitted_clip


def states(folder: Path) -> dict[str, tuple[str, str]]:
    """By place below the folder, what a clip is and why."""
    with Catalogue(folder) as catalogue:
        catalogue.refresh()
        return {clip.output: (clip.state, clip.why) for clip in catalogue.clips(catalogue.ids())}


def test_a_clip_is_told_through_its_run(tmp_path: Path) -> None:
    a, b = tmp_path / "a_stageii.npz", tmp_path / "sub" / "b_stageii.npz"
    with Journal(tmp_path) as journal:
        journal.waiting([(a, tmp_path / "a.npz"), (b, tmp_path / "b.npz")])
        journal.running(a, tmp_path / "a.npz")
        assert states(tmp_path) == {"a_stageii.npz": ("running", ""), "sub/b_stageii.npz": ("waiting", "")}
        put(tmp_path, "a_stageii.npz")
        journal.done(a, of_result("a_stageii.npz", walk()), 1.5)
        journal.failed(b, None, "b.npz: is broken", 0.1)
        assert states(tmp_path) == {
            "a_stageii.npz": ("done", ""),
            "sub/b_stageii.npz": ("failed", "b.npz: is broken"),
        }


def test_what_a_killed_run_was_at_waits_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.running(tmp_path / "a_stageii.npz", tmp_path / "a.npz")
    assert states(tmp_path)["a_stageii.npz"][0] == "running"
    monkeypatch.setattr("core.catalogue.still_going.is_running", lambda pid: False)
    assert states(tmp_path)["a_stageii.npz"] == ("waiting", "its run ended before it was done")
    journal.close()


def test_a_run_elsewhere_is_over_once_it_is_silent() -> None:
    assert is_going("another machine", 1, touched=1000.0, now=1000.0 + UNTOUCHED_SECONDS)
    assert not is_going("another machine", 1, touched=1000.0, now=1001.0 + UNTOUCHED_SECONDS)


def test_a_torn_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.failed(tmp_path / "a_stageii.npz", None, "why", 0.1)
    whole = journal.path.read_bytes()
    for end in (len(whole) - 1, len(whole) - 20):
        journal.path.write_bytes(whole[:end])
        told = [line for _, lines in read_on(journal.path) for line in lines]
        assert len(told) == 2
        assert not any(isinstance(line, Unread) for line in told)
    place = [offset for offset, _ in read_on(journal.path)][-1]
    journal.path.write_bytes(whole)
    assert len(list(read_on(journal.path, place))) == 1


def test_what_did_not_fit_on_the_disk_takes_no_other_line_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    journal.failed(tmp_path / "a_stageii.npz", None, "first", 0.1)
    write = os.write

    def half(handle: int, data: bytes) -> int:
        write(handle, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    journal.failed(tmp_path / "b_stageii.npz", None, "second", 0.1)
    assert "no space left" in (journal.failure or "")
    monkeypatch.undo()
    journal.failed(tmp_path / "c_stageii.npz", None, "third", 0.1)
    journal.close()
    assert {place: why for place, (_, why) in states(tmp_path).items()} == {
        "a_stageii.npz": "first",
        "c_stageii.npz": "third",
    }


def test_no_two_runs_share_a_file(tmp_path: Path) -> None:
    first, second = Journal(tmp_path), Journal(tmp_path)
    for journal in (first, second):
        journal.failed(tmp_path / "a_stageii.npz", None, "why", 0.1)
        journal.close()
    assert len(journals(tmp_path)) == 2


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[1]",
        b"{}",
        b'{"at": 1, "event": "done"}',
        b'{"at": 1, "event": "done", "output": "../outside.npz"}',
        b'{"at": 1, "event": "done", "output": "/etc/passwd"}',
        b'{"at": 1, "event": "eaten", "output": "a.npz"}',
        b'{"at": "now", "event": "ended"}',
        b"\xff\xfe",
        b'{"at": 1e999, "event": "ended"}',
        b'{"at": 1, "event": "waiting", "clips": [[1, 2]]}',
        b"[" * 100_000,
    ],
)
def test_a_line_that_makes_no_sense_is_told_and_left_out(tmp_path: Path, line: bytes) -> None:
    with Journal(tmp_path) as journal:
        journal.failed(tmp_path / "a_stageii.npz", None, "why", 0.1)
    journal.path.write_bytes(journal.path.read_bytes() + line + b"\n")
    with Catalogue(tmp_path) as catalogue:
        told = catalogue.refresh().told
        assert told == [f"{journal.path}: 1 line makes no sense, and is left out."]
        assert len(catalogue.ids()) == 1
        assert catalogue.refresh().told == []


def test_a_private_journal_names_no_folder_and_no_machine(tmp_path: Path) -> None:
    with Journal(tmp_path, private=True) as journal:
        journal.running(tmp_path / "a_stageii.npz", tmp_path / "secret" / "a.npz")
        entry = of_result("a_stageii.npz", walk())
        put(tmp_path, "a_stageii.npz")
        journal.done(tmp_path / "a_stageii.npz", entry, 1.0)
        for source in (tmp_path / "secret" / "a.npz", Path("secret/a.npz")):
            why = f"{source}: 'poses' is (3, 4), expected (T, 156); {tmp_path}: 5 mm/frame"
            journal.failed(tmp_path / "b_stageii.npz", None, why, 1.0, source=source)
    assert [why for _, why in states(tmp_path).values() if why] == [
        "a.npz: 'poses' is (3, 4), expected (T, 156); its folder: 5 mm/frame"
    ]
    text = journal.path.read_text()
    for word in ("pid", "host", os.sep + "secret", str(tmp_path), "motions" + os.sep):
        assert word not in text


def test_an_entry_comes_back_as_it_was(tmp_path: Path) -> None:
    motion, bodies, result = fitted_clip("walk", 0, 40)
    entry = of_result("a/b.npz", worse(result, 7, 60.0))
    assert entry.kinds == ("off", "over")
    assert entry.worst == 7
    assert Entry.of_json(json.loads(json.dumps(entry.to_json()))) == entry
    measured = with_measures(entry, measure_motion(motion, bodies, result))
    assert measured.measured
    assert (measured.jitter or 0) > 0
    assert Entry.of_json(json.loads(json.dumps(measured.to_json()))) == measured


@pytest.mark.parametrize("key", sorted(of_result("a", walk()).to_json()))
@pytest.mark.parametrize("value", [None, -1, 1e308, "x", [], {}, [[]], {"a": 1}, True, [None] * 6])
def test_whatever_an_entry_says_it_is_read(key: str, value: object) -> None:
    stored = of_result("a", walk()).to_json()
    if key == "output":
        return
    assert Entry.of_json({**stored, key: value}).output == "a"


def test_a_saved_result_says_the_same(tmp_path: Path) -> None:
    path = put(tmp_path, "a.npz")
    assert of_result("a.npz", load_result(path)) == of_result("a.npz", walk())
