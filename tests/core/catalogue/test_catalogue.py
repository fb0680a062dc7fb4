"""The catalogue lists what journals, results and sessions say, and can be built anew at any time."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.catalogue import index, journals_read
from core.catalogue.catalogue import Catalogue, Clip
from core.catalogue.facts import CURVE_POINTS, NOTHING, curve_of, of_result
from core.catalogue.journal import STATES, Journal
from core.catalogue.store import Unreadable, transaction
from core.errors import Cancelled, FileError, RefitError
from core.files.assumption import UP_AXIS, Assumption
from core.files.motions.folder_walk import walk_folder
from core.model.fit_result import FitResult
from core.outputs.results import load_result
from core.outputs.sessions import save_session
from core.problems.accepted import Accepted
from core.session.session import Session, SessionStep, SourceFile
from tests.core.catalogue.many_clips import many_clips
from tests.core.catalogue.results import put, walk, worse
from tests.core.clip_fits import clip


def listed(folder: Path, *filters: str, sort: str = "output", rebuild: bool = False) -> list[Clip]:
    """The clips of a folder, brought up to date."""
    with Catalogue(folder, rebuild=rebuild) as catalogue:
        catalogue.refresh()
        return catalogue.clips(catalogue.ids(filters, [sort]))


def names(clips: list[Clip]) -> list[str]:
    """Their places without the ending."""
    return [one.output.removesuffix("_stageii.npz") for one in clips]


def test_results_of_a_version_without_journals_are_listed(tmp_path: Path) -> None:
    put(tmp_path, "s1/a_stageii.npz")
    put(tmp_path, "s2/b.npz", worse(walk(), 7, 60.0))
    put(tmp_path, "c_stageii.npz", failure="it left the source")
    np.savez(tmp_path / "a_motion.npz", poses=np.zeros((2, 156)))
    (tmp_path / "torn_stageii.npz").write_bytes(b"PK\x03\x04 nothing")
    found = {one.output: one for one in listed(tmp_path)}
    assert set(found) == {"s1/a_stageii.npz", "s2/b.npz", "c_stageii.npz", "torn_stageii.npz"}
    good = found["s1/a_stageii.npz"]
    assert (good.state, good.frames, good.family, good.subject) == ("done", 40, "smplh", "s1")
    assert good.mean == pytest.approx(walk().summary()["mean"], abs=1e-3)
    assert good.parts == pytest.approx(walk().part_means(), abs=1e-3)
    assert (found["s2/b.npz"].worst, found["s2/b.npz"].kinds) == (7, "off, over")
    assert (found["c_stageii.npz"].state, found["c_stageii.npz"].why) == ("failed", "it left the source")
    assert found["torn_stageii.npz"].state == "failed"
    assert "damaged" in found["torn_stageii.npz"].why


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    put(tmp_path, "a_stageii.npz")
    with Journal(tmp_path) as journal:
        path = put(tmp_path, "b_stageii.npz")
        journal.done(path, of_result("b_stageii.npz", walk()), 1.0)
    with Catalogue(tmp_path) as catalogue:
        assert catalogue.refresh().read == 1
        assert catalogue.refresh().read == 0
        put(tmp_path, "b_stageii.npz", worse(walk(), 3, 77.0))
        assert catalogue.refresh().read == 1
        (at,) = catalogue.ids(["name~b_"])
        assert catalogue.entry(at).worst == 3
        path.unlink()
        catalogue.refresh()
        (gone,) = catalogue.clips([at])
        assert (gone.state, gone.why, gone.mean) == ("waiting", "its result is gone", None)
        (tmp_path / "a_stageii.npz").unlink()
        catalogue.refresh()
        assert len(catalogue.ids()) == 1


def test_built_anew_it_is_the_same(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for name, frame in (("a", 3), ("b", 5)):
            path = put(tmp_path, f"{name}_stageii.npz", worse(walk(), frame, 50.0))
            journal.done(path, of_result(path.name, worse(walk(), frame, 50.0)), 2.5)
        journal.failed(tmp_path / "c_stageii.npz", None, "c.npz is broken", 0.2)
    put(tmp_path, "d_stageii.npz")
    before = [replace(one, id=0) for one in listed(tmp_path)]
    assert [replace(one, id=0) for one in listed(tmp_path, rebuild=True)] == before
    (tmp_path / "refit.db").unlink()
    assert [replace(one, id=0) for one in listed(tmp_path)] == before


def test_what_was_assumed_is_found(tmp_path: Path) -> None:
    result = walk()
    source = dict(result.provenance["source"])
    guessed = Assumption(UP_AXIS, "y", "the feet are there", "numbers").to_json()
    others = [one for one in source["assumed"] if one["quantity"] != UP_AXIS]
    put(tmp_path, "a_stageii.npz")
    put(
        tmp_path,
        "b_stageii.npz",
        provenance={**result.provenance, "source": {**source, "assumed": [*others, guessed]}},
    )
    assert names(listed(tmp_path, "guessed=up axis")) == ["b"]
    assert names(listed(tmp_path, "guessed=up axis y")) == ["b"]
    assert names(listed(tmp_path, "guessed=up axis z")) == []
    assert names(listed(tmp_path, "assumed=up axis")) == ["a", "b"]
    assert names(listed(tmp_path, "guessed!=up axis")) == ["a"]
    with Catalogue(tmp_path) as catalogue:
        found = [one for one in catalogue.assumed() if one.quantity == UP_AXIS]
        assert {(one.value, one.how, one.clips) for one in found} == {
            ("y", "numbers", 1),
            ("z", "default", 1),
        }


def test_clips_are_chosen_and_sorted(tmp_path: Path) -> None:
    put(tmp_path, "s1/a_stageii.npz", worse(walk(), 3, 30.0))
    put(tmp_path, "s1/b_stageii.npz", worse(walk(), 3, 90.0))
    put(tmp_path, "S2/c_stageii.npz")
    put(tmp_path, "S2/Ü_stageii.npz", failure="it left the source")
    assert names(listed(tmp_path, sort="max"))[:2] == ["s1/b", "s1/a"]
    assert names(listed(tmp_path, sort="max:up"))[-1] == "s1/b"
    assert names(listed(tmp_path, "max>100", "max<200 mm")) == []
    assert names(listed(tmp_path, "max>=90")) == ["s1/a", "s1/b"]
    assert names(listed(tmp_path, "state=failed")) == ["S2/Ü"]
    assert names(listed(tmp_path, "ü")) == ["S2/Ü"]
    assert names(listed(tmp_path, "s2 LEFT")) == ["S2/Ü"]
    assert names(listed(tmp_path, "kind=over", "folder!=s2")) == ["s1/a", "s1/b"]
    assert names(listed(tmp_path, "kind=")) == ["S2/c", "S2/Ü"]
    assert names(listed(tmp_path, "jitter!=")) == []
    for sign in ("%", "_", "'", '"', "\\", "a' OR 1 --"):
        assert names(listed(tmp_path, sign)) == (["s1/a", "s1/b", "S2/c", "S2/Ü"] if sign == "_" else [])
        assert names(listed(tmp_path, f"name={sign}")) == []
    with Catalogue(tmp_path) as catalogue:
        assert catalogue.states()["failed"] == 1
        assert [(group.name, group.clips, group.failed) for group in catalogue.groups()] == [
            ("s1", 2, 0),
            ("S2", 2, 1),
        ]
        assert catalogue.kinds() == [("off", 2), ("over", 2)]
        for wrong in ("size>3", "mean>large", "mean~3", "name<b"):
            with pytest.raises(RefitError):
                catalogue.ids([wrong])
        for wrong in ("size", "kind", "mean:sideways"):
            with pytest.raises(RefitError):
                catalogue.ids((), [wrong])


def test_all_clips_are_listed_before_what_is_known_of_them_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals_read, "LINES_AT_ONCE", 40)
    many_clips(tmp_path, 300)
    seen: list[tuple[int, int, int]] = []

    def look(done: int, total: int) -> None:
        # As the window does, by a connection of its own.
        with Catalogue(tmp_path) as other:
            clips = other.clips(other.ids((), ["output"]))
        assert all(clip.state in STATES and clip.why is not None for clip in clips)
        seen.append((done, total, len(clips)))
        if len(seen) == 4:
            raise Cancelled

    with Catalogue(tmp_path) as catalogue:
        with pytest.raises(Cancelled):
            catalogue.refresh(look)
        # What is to be done is told first.
        assert [one[0] for one in seen] == sorted({one[0] for one in seen})
        assert {one[1:] for one in seen} == {(300, 300)}
        # Who goes on knows as much in the end as who was not stopped.
        catalogue.refresh()
        found = [replace(clip, id=0) for clip in catalogue.clips(catalogue.ids((), ["output"]))]
    assert found == [replace(clip, id=0) for clip in listed(tmp_path, rebuild=True)]
    assert {clip.state for clip in found} == {"done", "failed", "waiting"}


def test_results_that_no_journal_tells_of_are_listed_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "AT_ONCE", 2)
    with Journal(tmp_path) as journal:
        journal.waiting([(tmp_path / "a_stageii.npz", tmp_path / "a.npz")])
    for name in "abcd":
        (tmp_path / f"{name}_stageii.npz").write_bytes(b"torn")
    seen: list[tuple[int, int, int]] = []

    def look(done: int, total: int) -> None:
        with Catalogue(tmp_path) as other:
            seen.append((done, total, len(other.ids())))

    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh(look)
    assert seen[0] == (0, 3, 4)


def test_results_that_no_journal_tells_of_are_listed_while_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "AT_ONCE", 1)
    for name in ("a", "b", "c"):
        put(tmp_path, f"{name}_stageii.npz", walk())
    (tmp_path / "0_stageii.npz").write_bytes(b"torn")
    seen: list[list[str]] = []

    def look(done: int, _total: int) -> None:
        if done:
            with Catalogue(tmp_path) as other:
                seen.append(sorted(clip.state for clip in other.clips(other.ids())))

    monkeypatch.setattr(index, "_name", lambda *_: None)
    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh(look)
    assert [len(states) for states in seen[:3]] == [1, 2, 3]
    assert {state for states in seen for state in states} == {"done", "failed"}


def test_an_index_that_is_a_link_to_nowhere_is_set_aside_when_it_is_built_anew(tmp_path: Path) -> None:
    put(tmp_path, "a_stageii.npz", walk())
    (tmp_path / "refit.db").symlink_to("refit.db")
    with pytest.raises(Unreadable, match="--rebuild"):
        Catalogue(tmp_path)
    assert len(listed(tmp_path, rebuild=True)) == 1
    assert (tmp_path / "refit.db.old").is_symlink()


def test_a_full_disk_is_told_and_is_no_damage(tmp_path: Path) -> None:
    many_clips(tmp_path, 300)
    with Catalogue(tmp_path) as catalogue:
        connection = catalogue._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(FileError, match="no space left on the disk") as told:
            catalogue.refresh()
        assert not isinstance(told.value, Unreadable)
    assert len(listed(tmp_path)) == 300


def test_what_is_accepted_in_a_session_is_listed(tmp_path: Path) -> None:
    put(tmp_path, "a_stageii.npz", worse(walk(), 7, 60.0))
    (before,) = listed(tmp_path)
    assert before.accepted == 0
    motion = clip("walk", 0, 40)
    accepted = (Accepted("mean_mm", "whole body", 7, 7, 60.0, "a turn <b>nobody</b> makes"),)
    step = SessionStep(walk(), None, "accepted", accepted=accepted)
    save_session(tmp_path / "a_stageii.refit", Session(SourceFile.of(motion), motion, (step,)))
    (after,) = listed(tmp_path, "accepted>0", "note~nobody")
    assert (after.accepted, after.notes) == (1, "a turn <b>nobody</b> makes")
    (tmp_path / "a_stageii.refit").write_bytes(b"torn")
    with Catalogue(tmp_path) as catalogue:
        assert "a_stageii.refit" in catalogue.refresh().told[0]
        assert catalogue.clips(catalogue.ids())[0].accepted == 0


def test_figures_are_those_of_the_fit_that_a_session_shows(tmp_path: Path) -> None:
    result, session = put(tmp_path, "a_stageii.npz", worse(walk(), 7, 60.0)), tmp_path / "a_stageii.refit"
    motion = clip("walk", 0, 40)

    def keep(*fits: FitResult) -> Clip:
        steps = tuple(SessionStep(fit) for fit in fits)
        save_session(session, Session(SourceFile.of(motion), motion, steps, len(fits) - 1), overwrite=True)
        return listed(tmp_path)[0]

    with Journal(tmp_path) as journal:
        (before,) = listed(tmp_path)
        with Catalogue(tmp_path) as catalogue:
            entry = replace(catalogue.entry(before.id), measured=True, jitter=0.5, subject="s1")
        journal.done(result, entry, 1.0)
    # A session of the same fit takes away nothing of what is known of it.
    same = keep(load_result(result))
    assert (same.max, same.worst, same.jitter, same.subject) == (180.0, 7, 0.5, "s1")
    again = keep(load_result(result), worse(walk(), 9, 30.0))
    assert (again.max, again.worst, again.jitter, again.subject) == (90.0, 9, None, "s1")
    assert (again.problem_frames, again.opens) == (1, "a_stageii.refit")
    session.unlink()
    (without,) = listed(tmp_path)
    assert (without.max, without.worst) == (180.0, 7)
    assert (without.problem_frames, without.opens) == (1, "a_stageii.npz")
    # One that cannot be read says nothing of the fit.
    keep(worse(walk(), 11, 20.0))
    session.write_bytes(b"torn")
    (torn,) = listed(tmp_path)
    assert (torn.max, torn.state) == (180.0, "done")


def test_sessions_that_are_read_when_somebody_stops_stay_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    motion = clip("walk", 0, 40)
    for name in "abc":
        put(tmp_path, f"{name}_stageii.npz", walk())
    listed(tmp_path)
    session = Session(SourceFile.of(motion), motion, (SessionStep(worse(walk(), 9, 30.0)),))
    for name in "abc":
        save_session(tmp_path / f"{name}_stageii.refit", session)
    monkeypatch.setattr(index, "SESSIONS_AT_ONCE", 1)

    def stop(count: int, total: int) -> None:
        assert total == 3
        if count == 2:
            raise Cancelled

    with Catalogue(tmp_path) as catalogue:
        with pytest.raises(Cancelled):
            catalogue.refresh(stop)
        assert sorted(bool(one.session) for one in catalogue.clips(catalogue.ids())) == [False, True, True]
    assert [one.worst for one in listed(tmp_path)] == [9, 9, 9]


@pytest.mark.parametrize("what", ["text", "other", "later", "triggers"])
def test_an_index_that_is_none_is_told_and_built_anew_when_asked_to(tmp_path: Path, what: str) -> None:
    put(tmp_path, "a_stageii.npz")
    index = tmp_path / "refit.db"
    if what in ("later", "triggers"):
        listed(tmp_path)
    if what == "text":
        index.write_bytes(b"this is no database at all, but somebody's words" * 100)
    else:
        change = {
            "other": "CREATE TABLE mine (words)",
            "later": "PRAGMA user_version = 99",
            "triggers": "CREATE TRIGGER t AFTER UPDATE ON clips BEGIN DELETE FROM clips; END",
        }[what]
        with closing(sqlite3.connect(index)) as connection:
            connection.execute(change)
            connection.commit()
    before = index.read_bytes()
    with pytest.raises(Unreadable, match="--rebuild"):
        Catalogue(tmp_path)
    assert index.read_bytes() == before
    assert names(listed(tmp_path, rebuild=True)) == ["a"]
    # What is somebody else's is set aside, and not deleted.
    assert (tmp_path / "refit.db.old").exists() == (what in ("text", "other"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="everything may be written")
def test_where_nothing_may_be_written_the_catalogue_lies_elsewhere(tmp_path: Path) -> None:
    put(tmp_path / "out", "a_stageii.npz")
    (tmp_path / "out").chmod(0o555)
    try:
        check_elsewhere(tmp_path / "out")
    finally:
        (tmp_path / "out").chmod(0o755)


def test_where_nothing_can_be_locked_the_catalogue_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "out", "a_stageii.npz")
    monkeypatch.setenv("REFIT_CACHE", str(tmp_path / "cache"))
    really = sqlite3.connect

    class Unlocking(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:  # type: ignore[override]
            if sql.startswith("BEGIN"):
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *rest)  # type: ignore[arg-type]

    def connect(path: Path, **options: object) -> sqlite3.Connection:
        there = Path(path).parent == tmp_path / "out"
        return really(path, **options, **({"factory": Unlocking} if there else {}))  # type: ignore[arg-type]

    monkeypatch.setattr("core.catalogue.store.sqlite3.connect", connect)
    check_elsewhere(tmp_path / "out")
    assert list((tmp_path / "cache" / "catalogues").glob("*.db"))


def check_elsewhere(folder: Path) -> None:
    """The folder can be catalogued, and holds nothing more than it did."""
    before = sorted(path.name for path in folder.iterdir())
    with Catalogue(folder) as catalogue:
        assert catalogue.refresh().read == 1
        assert "instead" in catalogue.told
        assert len(catalogue.ids()) == 1
    assert sorted(path.name for path in folder.iterdir()) == before
    with Catalogue(folder) as catalogue:
        assert catalogue.refresh().read == 0


def test_two_may_read_while_one_builds(tmp_path: Path) -> None:
    put(tmp_path, "a_stageii.npz")
    with Catalogue(tmp_path) as one, Catalogue(tmp_path) as other:
        one.refresh()
        assert len(other.ids()) == 1
        put(tmp_path, "b_stageii.npz")
        other.refresh()
        assert len(one.ids()) == 2


def test_there_is_no_catalogue_of_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no folder"):
        Catalogue(tmp_path / "nowhere")


def test_what_lies_beside_results_is_no_motion(tmp_path: Path) -> None:
    put(tmp_path, "a_stageii.npz")
    with Journal(tmp_path) as journal:
        journal.failed(tmp_path / "b_stageii.npz", None, "why", 0.1)
    listed(tmp_path)
    (tmp_path / "report.html").write_text("<!doctype html>")
    found = walk_folder(tmp_path, "smplx")
    assert (found.motions, found.refused, found.left_out) == ([], [], [])


@pytest.mark.skipif(sys.platform != "linux", reason="names there are Unicode")
def test_names_that_are_no_unicode_are_listed(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff'<i>\n_stageii.npz")
    with Journal(tmp_path) as journal:
        journal.waiting([(tmp_path / name, tmp_path / "x.npz")])
        path = put(tmp_path, name)
        journal.done(path, of_result(journal.place(path), walk()), 1.0)
    (found,) = listed(tmp_path)
    assert (found.output, found.state) == (name, "done")
    with Catalogue(tmp_path) as catalogue:
        assert catalogue.refresh().read == 0
        assert catalogue.at(name) == found.id
        assert catalogue.entry(found.id).output == name
        assert catalogue.ids([f"name={name}"]) == [found.id]


@pytest.mark.parametrize("frames", [0, 1, 5, CURVE_POINTS, 1000])
def test_a_curve_shows_every_peak_and_every_gap(frames: int) -> None:
    values = np.linspace(1.0, 2.0, frames, dtype=np.float32)
    fitted = np.ones(frames, bool)
    if frames:
        values[frames // 2] = 50.0
        fitted[0] = frames == 1
    top, curve = curve_of(values, fitted)
    assert len(curve) == min(frames, CURVE_POINTS)
    if frames:
        assert top == 50.0
        assert curve[(frames // 2) * len(curve) // frames] == 254
    if 1 < frames <= CURVE_POINTS:
        assert curve[0] == NOTHING


def test_a_list_is_plain_values(tmp_path: Path) -> None:
    put(tmp_path, "a_stageii.npz")
    (one,) = listed(tmp_path)
    values = {key: value for key, value in vars(one).items() if key != "curve"}
    json.dumps(values, allow_nan=False)


@pytest.mark.parametrize("kept", [True, False])
def test_clips_that_nobody_has_begun_are_listed_beside_the_others(tmp_path: Path, kept: bool) -> None:
    put(tmp_path, "s1/a_stageii.npz")
    with Catalogue(tmp_path, kept=kept) as catalogue:
        catalogue.refresh()
        assert (tmp_path / "refit.db").exists() == kept
        catalogue.expect([(f"s2/{name}_stageii.npz", f"/m/s2/{name}.npz") for name in ("old", "older")])
        catalogue.expect([("s1/a_stageii.npz", "/m/s1/a.npz"), ("s2/b_stageii.npz", "/m/s2/Ü.npz")])
        assert names(catalogue.clips(catalogue.ids())) == ["s1/a", "s2/b"]
        assert names(catalogue.clips(catalogue.ids(["state=waiting"]))) == ["s2/b"]
        assert names(catalogue.clips(catalogue.ids(["ü s2"]))) == ["s2/b"]
        assert [(group.name, group.clips) for group in catalogue.groups()] == [("s1", 1), ("s2", 1)]
        assert catalogue.states() == {"waiting": 1, "running": 0, "done": 1, "failed": 0}
        (waiting,) = catalogue.clips([catalogue.at("s2/b_stageii.npz") or 0])
        assert (waiting.subject, waiting.source, waiting.mean) == ("s2", "/m/s2/Ü.npz", None)
        put(tmp_path, "s2/b_stageii.npz")
        catalogue.refresh()
        assert [clip.state for clip in catalogue.clips(catalogue.ids())] == ["done", "done"]
    assert len(listed(tmp_path)) == 2


def test_what_was_expected_stays_where_the_next_cannot_be_told(tmp_path: Path) -> None:
    def told() -> Iterator[tuple[str, str]]:
        yield "b_stageii.npz", "b.npz"
        raise RefitError("no more")

    put(tmp_path, "a_stageii.npz")
    with Catalogue(tmp_path) as catalogue:
        catalogue.expect([("c_stageii.npz", "c.npz")])
        with pytest.raises(RefitError, match="no more"):
            catalogue.expect(told())
        catalogue.refresh()
        assert names(catalogue.clips(catalogue.ids())) == ["a", "c"]


def test_a_list_opens_while_somebody_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a_stageii.npz")
    monkeypatch.setattr("core.catalogue.store.WAIT_SECONDS", 0.0)
    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh()
        with transaction(catalogue._connection):
            with Catalogue(tmp_path) as reader:
                reader.expect([("b_stageii.npz", "b.npz")])
                assert len(reader.ids()) == 2
            # More than a cache takes.
            catalogue._connection.execute("CREATE TABLE much (text)")
            catalogue._connection.executemany("INSERT INTO much VALUES (?)", [("x" * 4000,)] * 2000)
            with Catalogue(tmp_path) as reader:
                assert len(reader.ids()) == 1
            catalogue._connection.execute("DROP TABLE much")
