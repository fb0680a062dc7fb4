"""Session files: what goes in comes out, whatever else is in a file is refused in one sentence."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.correspond.load_bodies import load_bodies
from core.errors import FileError
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.fit_result import FitResult
from core.model.motion import Motion, Reading
from core.outputs import sessions
from core.outputs.results import save_result
from core.outputs.sessions import is_session, load_session, save_session
from core.problems.accepted import Accepted
from core.session.marker import USUAL, Marker, plain_name
from core.session.session import Session, SessionStep, SourceFile

FRAMES = 6
PAINTED = np.arange(10475) % 3 != 0
WEIGHTS = np.linspace(0.1, 10, 10475, dtype=np.float32)
ACCEPTED = (
    Accepted("part_mm", "hands", 1, 3, 31.5, "‘wild’ hand"),
    Accepted("finite", "whole body", 0, 0, 1.0),
)
MARKERS = (Marker(1, "‘left’ foot down"), Marker(4, "up"))


@pytest.fixture(scope="module")
def motion() -> Motion:
    return load_motion(default_motion()).cut(100, 100 + FRAMES)


@pytest.fixture(scope="module")
def result(motion: Motion) -> FitResult:
    run = FitRun(motion, load_bodies(), FitSettings(iterations=2, shape_frames=2), device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


@pytest.fixture(scope="module")
def session(motion: Motion, result: FitResult) -> Session:
    poses = result.poses.copy()
    poses[2] += 0.1
    edited = replace(result, poses=poses, edited=np.arange(FRAMES) == 2)
    own = replace(result, frame_betas=np.tile(result.betas, (FRAMES, 1)) + 0.01)
    steps = (
        SessionStep(None, None, valid=PAINTED),
        SessionStep(result, None, "fit of all frames"),
        SessionStep(edited, 50.0, "edit of frame 2 – ‘left knee’", np.array([2]), ACCEPTED),
        SessionStep(own, 50.0, "fit with own shapes", weights=WEIGHTS, markers=MARKERS),
    )
    return Session(SourceFile.of(motion), motion, steps, 2, {"frame": 3, "layout": "overlay"})


@pytest.fixture(scope="module")
def file(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("session") / "walk.refit"
    save_session(path, session)
    return path


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return bool(one == other)


def all_same(one: Any, other: Any) -> list[str]:
    return [f.name for f in fields(one) if not same(getattr(one, f.name), getattr(other, f.name))]


def test_everything_comes_back(session: Session, file: Path) -> None:
    again = load_session(file)
    assert is_session(file)
    assert again.motion is not None
    assert session.motion is not None
    assert all_same(session.motion, again.motion) == []
    assert again.source == session.source
    assert (again.at, again.view) == (2, session.view)
    assert [(s.name, s.rate) for s in again.steps] == [(s.name, s.rate) for s in session.steps]
    assert [s.accepted for s in again.steps] == [(), (), ACCEPTED, ()]
    assert [s.markers for s in again.steps] == [(), (), (), MARKERS]
    assert again.steps[0].valid is not None
    assert np.array_equal(again.steps[0].valid, PAINTED)
    assert again.steps[1].valid is None
    assert again.steps[2].weights is None
    assert again.steps[3].weights is not None
    assert np.array_equal(again.steps[3].weights, WEIGHTS)
    correspondence = load_bodies().correspondence
    assert np.array_equal(again.steps[0].mask(correspondence), PAINTED & correspondence.filled)
    assert np.array_equal(again.steps[1].mask(correspondence), correspondence.own)
    assert again.steps[2].changed is not None
    assert again.steps[2].changed.tolist() == [2]
    for before, after in zip(session.steps[1:], again.steps[1:], strict=True):
        assert before.result is not None
        assert after.result is not None
        assert all_same(before.result, after.result) == []


def test_a_fit_that_was_compared_comes_back_and_earlier_versions_kept_none(
    session: Session, file: Path, tmp_path: Path
) -> None:
    assert load_session(file).compared is None
    assert "compared" not in json.loads(sessions._contents(file))
    result = session.steps[3].result
    assert result is not None
    named = replace(session, steps=session.steps[:1], at=0, compared=SessionStep(result, name="to compare"))
    assert named.fits == (result,)
    save_session(tmp_path / "a.refit", named)
    again = load_session(tmp_path / "a.refit").compared
    assert again is not None
    assert again.result is not None
    assert (again.name, all_same(again.result, result)) == ("to compare", [])
    with pytest.raises(ValueError, match="frames"):
        replace(named, source=replace(session.source, frames=FRAMES + 1))


def test_a_fit_of_which_nobody_said_what_is_left_opens(session: Session, tmp_path: Path) -> None:
    result, file = session.steps[1].result, tmp_path / "a.refit"
    assert result is not None
    known = np.full(FRAMES, 2, np.float32)
    result = replace(result, left_percent=known, left_degrees=known, left_joint=known.astype(np.int16))
    save_session(file, replace(session, steps=(session.steps[0], SessionStep(result, None)), at=0))
    kept = load_session(file).steps[1].result
    assert kept is not None
    assert all_same(kept, result) == []
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    contents = json.loads(parts["session.json"])
    for step in contents["steps"]:
        for name in ("left_percent", "left_degrees", "left_joint"):
            if step["result"] is not None:
                del step["result"]["arrays"][name]
    with zipfile.ZipFile(tmp_path / "b.refit", "w") as archive:
        for name, data in (parts | {"session.json": json.dumps(contents).encode()}).items():
            archive.writestr(name, data)
    again = load_session(tmp_path / "b.refit").steps[1].result
    assert again is not None
    assert again.most_left is None
    assert np.isnan(again.left_degrees).all()
    assert np.array_equal(again.poses, result.poses)


def test_frames_that_are_not_finite_come_back(motion: Motion, tmp_path: Path) -> None:
    poses = motion.poses.copy()
    poses[1, 4] = np.nan
    broken = replace(motion, poses=poses)
    save_session(tmp_path / "a.refit", Session(SourceFile.of(broken), broken, (SessionStep(),)))
    again = load_session(tmp_path / "a.refit").motion
    assert again is not None
    assert again.finite_frames().tolist() == [True, False, True, True, True, True]


def test_how_the_motion_was_read_comes_back(motion: Motion, tmp_path: Path) -> None:
    reading = Reading("seq_0/é", "camera", 29.97, "female", "-y", 60.0)
    read = replace(motion, reading=reading, up_axis="-y")
    path = tmp_path / "a.refit"
    for kept in (read, None):
        save_session(path, Session(SourceFile.of(read), kept, (SessionStep(),)), overwrite=True)
        found = load_session(path)
        assert found.source.reading == reading
        if found.motion is not None:
            assert (found.motion.reading, found.motion.up_axis) == (reading, "-y")


def test_the_motion_may_stay_where_it_is(session: Session, tmp_path: Path) -> None:
    save_session(tmp_path / "a.refit", replace(session, motion=None))
    again = load_session(tmp_path / "a.refit")
    assert again.motion is None
    assert again.source == session.source


def test_arrays_that_steps_share_are_kept_once(session: Session, tmp_path: Path) -> None:
    many = replace(session, steps=(session.steps[1],) * 20, at=0)
    few = replace(session, steps=(session.steps[1],), at=0)
    for name, one in (("many", many), ("few", few)):
        save_session(tmp_path / name, one)
    arrays = [len(zipfile.ZipFile(tmp_path / name).namelist()) for name in ("many", "few")]
    assert arrays[0] == arrays[1]


def test_several_people_come_back(session: Session, motion: Motion, tmp_path: Path) -> None:
    other = replace(session, motion=replace(motion, trans=motion.trans + 1), steps=session.steps[1:], at=0)
    path = tmp_path / "people.refit"
    save_session(path, replace(session, people=(other, replace(other, at=1))))
    again = load_session(path)
    assert [len(one.steps) for one in (again, *again.people)] == [4, 3, 3]
    assert [one.at for one in again.people] == [0, 1]
    for one in again.people:
        assert one.motion is not None
        assert np.array_equal(one.motion.trans, motion.trans + 1)
    # What is wrong is said with whose it is.
    broken = {
        "people.*expected a list": put("people", value=3),
        r"people\[1\] is not a json object": put("people", 1, value=3),
        r"people\[0\].*people\[0\] is not a json object": put("people", 0, "people", value=[{}]),
        r"people\[1\]\.at.*expected a whole number": put("people", 1, "at", value="a"),
        r"people\[1\].*does not fit together": put("people", 1, "at", value=7),
        r"people\[0\]\.steps\[0\]\.result": put("people", 0, "steps", 0, "result", value=3),
    }
    for number, (sentence, change) in enumerate(broken.items()):
        with pytest.raises(FileError, match=sentence):
            load_session(rewritten(path, tmp_path / f"{number}.refit", change))


def test_a_session_is_never_written_over_unasked(session: Session, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(FileError, match="already exists"):
        save_session(file, session)
    assert file.read_bytes() == before


def rewritten(file: Path, target: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The session with another table of contents."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "session.json":
                contents = json.loads(data)
                change(contents)
                data = json.dumps(contents).encode()
            new.writestr(name, data)
    return target


def put(*keys: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(contents: Any) -> None:
        for key in keys[:-1]:
            contents = contents[key]
        contents[keys[-1]] = value

    return change


BROKEN = {
    "later": (put("format", value=2), "is a session of format 2"),
    "no format": (put("format", value="1"), "'format' is a json str, expected a whole number"),
    "no steps": (put("steps", value=[]), "step 2 of 0 is shown"),
    "far step": (put("at", value=9), "step 9 of 4"),
    "boolean step": (put("at", value=True), "'at' is a json bool"),
    "other length": (put("source", "frames", value=5), "the motion has 5 frames"),
    "family": (put("steps", 1, "result", "family", value="star"), "expected one of"),
    "wrong array": (put("steps", 1, "result", "arrays", "poses", value="arrays/0001"), "has shape"),
    "no array": (put("steps", 1, "result", "arrays", "poses", value="../x"), "names no array"),
    "flags": (put("steps", 1, "result", "arrays", "fitted", value="arrays/0000"), "booleans"),
    "ids": (put("steps", 2, "changed", value="arrays/0000"), "no list of frames"),
    "rate": (put("steps", 2, "rate", value=-1), "frames a second"),
    "endless": (put("steps", 2, "rate", value=float("inf")), "frames a second"),
    "huge": (put("steps", 2, "rate", value=10**400), "401 digits"),
    "gender": (put("motion", "gender", value="../../etc"), "'motion.gender' is '../../etc', expected one of"),
    "gender of a fit": (put("steps", 1, "result", "gender", value="/etc"), "expected one of neutral"),
    "list": (put("motion", value=[]), "expected an object"),
    "mask": (put("steps", 2, "valid", value="arrays/0001"), "expected a list of booleans"),
    "no mask": (put("steps", 2, "valid", value="../x"), "is not there"),
    "weights": (put("steps", 3, "weights", value="arrays/0001"), "expected"),
    "accepted": (put("steps", 2, "accepted", value={}), "expected a list"),
    "accepted one": (put("steps", 2, "accepted", 1, value=3), "is not a json object"),
    "markers": (put("steps", 3, "markers", value=3), "expected a list"),
    "marker": (put("steps", 3, "markers", 0, value="a"), "is not a json object"),
    "marker's name": (put("steps", 3, "markers", 0, "name", value=3), "expected a text"),
    "marker beyond": (
        put("steps", 3, "markers", 1, "frame", value=6),
        "is 6, expected ascending frames below 6",
    ),
    "marker before": (put("steps", 3, "markers", 1, "frame", value=1), "is 1, expected ascending frames"),
    "accepted frame": (put("steps", 2, "accepted", 0, "first", value="3"), "expected a whole number"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_does_not_fit_is_one_sentence(what: str, file: Path, tmp_path: Path) -> None:
    change, sentence = BROKEN[what]
    path = rewritten(file, tmp_path / "broken.refit", change)
    with pytest.raises(FileError, match=sentence) as caught:
        load_session(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sessions_from_before_accepted_problems_painted_masks_and_markers(file: Path, tmp_path: Path) -> None:
    def forget(contents: dict[str, Any]) -> None:
        for step in contents["steps"]:
            del step["accepted"], step["valid"], step["weights"], step["markers"]

    again = load_session(rewritten(file, tmp_path / "old.refit", forget))
    assert [step.accepted for step in again.steps] == [()] * 4
    assert [step.valid for step in again.steps] == [None] * 4
    assert [step.weights for step in again.steps] == [None] * 4
    assert [step.markers for step in again.steps] == [()] * 4


def test_names_of_markers_are_one_line_whatever_a_file_says(file: Path, tmp_path: Path) -> None:
    def write(contents: dict[str, Any]) -> None:
        contents["steps"][3]["markers"] = [{"frame": 1, "name": " \n"}, {"frame": 4, "name": "a\nb" * 999}]

    empty, long = load_session(rewritten(file, tmp_path / "a.refit", write)).steps[3].markers
    assert empty.name == USUAL
    assert long.name == plain_name("a\nb" * 999)


def leaves(contents: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where anything is in the table of contents."""
    inner = contents.items() if isinstance(contents, dict) else enumerate(contents)
    found = []
    for key, value in inner:
        found.append((*at, key))
        if isinstance(value, (dict, list)):
            found += leaves(value, (*at, key))
    return found


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers()),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2), st.just("arrays/0003"),
)  # fmt: skip


def refusal(path: Path) -> str:
    """Why the session cannot be read; empty where it can."""
    try:
        load_session(path)
    except FileError as error:
        return str(error)
    return ""


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_anything_anywhere_is_read_or_refused(
    data: st.DataObject, file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with zipfile.ZipFile(file) as archive:
        places = leaves(json.loads(archive.read("session.json")))
    place = data.draw(st.sampled_from(places))
    value = data.draw(VALUES)
    path = rewritten(file, tmp_path_factory.mktemp("any") / "any.refit", put(*place, value=value))
    assert "\n" not in refusal(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_session_cut_short_is_refused(share: float, file: Path, tmp_path: Path) -> None:
    data = file.read_bytes()
    path = tmp_path / "cut.refit"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(FileError):
        load_session(path)


def test_other_files_are_no_sessions(tmp_path: Path) -> None:
    assert not is_session(default_motion())
    with pytest.raises(FileError, match="is a motion of AMASS, expected a session of Refit"):
        load_session(default_motion())
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(FileError, match="is not a session of Refit"):
        load_session(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("change", "key"),
    [({"frame_rate": 2e6}, "motion.frame_rate"), ({"gender": "../../etc"}, "motion.gender")],
)
def test_what_could_not_be_opened_again_is_not_written(
    motion: Motion, result: FitResult, tmp_path: Path, change: dict[str, Any], key: str
) -> None:
    file = tmp_path / "walk.refit"
    odd = replace(motion, **change)
    with pytest.raises(FileError, match=f"is not saved, for it could not be opened again: '{key}'"):
        save_session(file, Session(SourceFile.of(odd), odd, (SessionStep(None, None),), 0, {}))
    fit = replace(result, **change)
    with pytest.raises(FileError, match="is not saved, for it could not be opened again"):
        save_session(file, Session(SourceFile.of(motion), motion, (SessionStep(fit, None),), 0, {}))
    with pytest.raises(FileError, match="is not saved, for it could not be opened again"):
        save_result(tmp_path / "walk.npz", fit)
    assert not list(tmp_path.iterdir())
