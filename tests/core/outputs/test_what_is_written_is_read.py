"""Whatever is saved opens again, or is refused in a sentence before anything is written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import refit
from core.errors import FileError, RefitError
from core.files.bodies.correspondences import read_correspondence, write_correspondence
from core.files.bodies.vertex_sets import (
    read_vertex_list,
    read_vertex_weights,
    write_vertex_list,
    write_vertex_weights,
)
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.recipe import PRESETS
from core.inspection.joint_set import JointSet, SetMember
from core.model.correspondence import Correspondence
from core.outputs.joint_sets import read_joint_set, write_joint_set
from core.outputs.recipes import read_recipe, write_recipe
from core.outputs.results import load_result, save_result
from core.outputs.sessions import load_session, save_session
from core.problems.accepted import Accepted
from core.session.session import Session, SessionStep, SourceFile
from tests.core.outputs.test_results import make_result

FRAMES, VERTICES = 3, 12
NAN = float("nan")

TEXTS = st.one_of(
    st.text(max_size=8), st.sampled_from(["", " ", "\0", "z\0", "a\0b", "\ud800", "a\n", "x" * 300])
)
NUMBERS = st.one_of(
    st.floats(width=32),
    st.sampled_from([NAN, float("inf"), 0.0, -1.0, 1e-9, 1e6, 1e300, 10**400, 30, True, "30", None]),
)
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.floats(),
        TEXTS,
        st.sampled_from([10**30, 10**400, b"x", {1}, np.float32(1), Path("x"), object()]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(TEXTS, st.integers(), st.tuples(st.integers())), inner, max_size=3),
    ),
    max_leaves=6,
)


def deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(levels):
        found = {"a": found}
    return found


PROVENANCE = st.one_of(
    st.dictionaries(TEXTS, JSON, max_size=3),
    st.fixed_dictionaries({"source": st.one_of(JSON, st.fixed_dictionaries({"origin": JSON}))}),
    st.sampled_from([None, [], deep(3000), {"source": {"origin": [1e9, 2.0, NAN]}}]),
)
ODD = {
    "frame_rate": NUMBERS,
    "seconds": NUMBERS,
    "gender": st.one_of(TEXTS, st.sampled_from(["FEMALE", "n", "b'male'", None, 3])),
    "family": st.sampled_from(["smplx", "smplh", "smpl", "flame"]),
    "up_axis": st.one_of(st.none(), st.sampled_from(["-x", "w", "z\0"])),
    "source_name": st.one_of(st.none(), TEXTS),
    "failure": st.one_of(st.none(), TEXTS),
    "partial": st.sampled_from([None, 2, "yes"]),
    "provenance": PROVENANCE,
    "betas": st.sampled_from(
        [np.zeros(0), np.full(10, 200.0), np.full(40, NAN), np.zeros((2, 5)), np.ones(300), np.ones(3, int)]
    ),
    "frame_betas": st.sampled_from(
        [np.full((FRAMES, 10), NAN), np.zeros((FRAMES, 12), np.float32), np.full((FRAMES, 10), 300.0)]
    ),
    "expression": st.sampled_from(
        [np.zeros((FRAMES, 0)), np.full((FRAMES, 10), NAN), np.zeros((FRAMES, 99))]
    ),
}
ARRAYS = ("poses", "transl", "betas", "expression", "mean_mm", "p95_mm", "part_mm", "fitted", "converged")


@st.composite
def results(draw: st.DrawFn) -> Any:
    """A fit of three frames with a value or two that may not be right; None where there can be none."""
    changed = {name: draw(ODD[name]) for name in draw(st.sets(st.sampled_from(sorted(ODD)), max_size=2))}
    try:
        result = make_result(frames=FRAMES, **changed)
        if draw(st.booleans()):
            name = draw(st.sampled_from(ARRAYS))
            array = getattr(result, name).copy()
            kind = draw(st.sampled_from([array.dtype, np.dtype(np.float64), np.dtype(object), np.dtype(int)]))
            if array.size:
                odd = draw(st.sampled_from([NAN, float("inf"), 1e4, 1e7, 1e30, -5.0]))
                array.flat[draw(st.integers(0, array.size - 1))] = odd
            with np.errstate(invalid="ignore"):
                result = replace(result, **{name: array.astype(kind)})
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
    return result


def written_or_refused(name: str, write: Callable[[Path], None], read: Callable[[Path], Any]) -> Any:
    """What was read of what was written, None where it was refused and nothing is there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        try:
            write(path)
        except RefitError:
            assert list(Path(folder).iterdir()) == []
            return None
        found = read(path)
        assert [one.name for one in Path(folder).iterdir()] == [name]
        return found


@given(results())
@settings(max_examples=80, deadline=None)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_results(result: Any) -> None:
    if result is None:
        return
    found = written_or_refused("fit.npz", lambda path: save_result(path, result), load_result)
    if found is not None:
        np.testing.assert_array_equal(found.poses, np.asarray(result.poses, np.float32))
        np.testing.assert_array_equal(found.betas, np.asarray(result.betas, np.float32))
        assert found.up_axis == result.up_axis


@given(
    results(),
    NUMBERS,
    TEXTS,
    JSON,
    st.sampled_from([None, np.array([0, 9]), np.array([1]), np.array([0.5]), np.array([None])]),
    st.sampled_from([None, np.ones(VERTICES, np.float32), np.zeros(VERTICES), np.full(VERTICES, NAN)]),
)
@settings(max_examples=80, deadline=None)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_sessions(result: Any, rate: Any, text: str, view: Any, changed: Any, weights: Any) -> None:
    accepted = (Accepted("mean_mm", text, 0, 1, rate, text),)
    step = SessionStep(result, rate, text, changed, accepted, weights=weights)
    session = Session(SourceFile(text, text, text, 0, FRAMES), None, (step,), view={"camera": view})
    found = written_or_refused("a.refit", lambda path: save_session(path, session), load_session)
    if found is not None:
        assert found.now.rate == (None if rate is None else pytest.approx(float(rate)))
        assert (found.now.result is None) == (result is None)


@given(st.text(max_size=8) | st.sampled_from(["x" * 3000, "\0", "\ud800", "a\n[[stages]]"]), st.booleans())
@settings(max_examples=15, deadline=None)
def test_recipes(name: str, empty: bool) -> None:
    draft = replace(Draft.of(PRESETS["accurate"]), name=name)
    draft = replace(draft, entries=()) if empty else draft
    found = written_or_refused("a.toml", lambda path: write_recipe(path, draft), read_recipe)
    if found is not None:
        assert (found.name, len(found.entries)) == (name, len(draft.entries))


WEIGHTS = st.sampled_from([0.0, 0.2, 0.5, 1.0, 1.0, -0.1, 3.0, 1e30, NAN, float("inf")])
MEMBERS = st.one_of(
    st.tuples(TEXTS, TEXTS, st.none()), st.tuples(TEXTS, st.none(), st.sampled_from([-2, 0, 7, 10**20]))
)


@given(st.sampled_from(["smplx", "smpl", "flame", ""]), TEXTS, st.lists(MEMBERS, max_size=3))
@settings(max_examples=80, deadline=None)
def test_joint_sets(family: str, name: str, members: list[tuple[str, str | None, int | None]]) -> None:
    joint_set = JointSet(name, family, tuple(SetMember(*member) for member in members))
    found = written_or_refused("a.json", lambda path: write_joint_set(path, joint_set), read_joint_set)
    if found is not None:
        assert [one.name for one in found.members] == [name for name, _, _ in members]


@given(
    st.sampled_from([".npz", ".npy", ".txt"]),
    st.lists(st.one_of(st.floats(width=32), st.just(1.0)), min_size=VERTICES, max_size=VERTICES),
)
@settings(max_examples=60, deadline=None)
def test_weights_of_vertices(ending: str, weights: list[float]) -> None:
    given_weights = np.array(weights, np.float32)
    found = written_or_refused(
        "a" + ending,
        lambda path: write_vertex_weights(path, given_weights),
        lambda path: read_vertex_weights(path, VERTICES),
    )
    if found is not None:
        np.testing.assert_array_equal(found, given_weights)


@given(
    st.sampled_from([".npz", ".npy", ".txt", ".json", ".pkl"]),
    st.sampled_from(["a", "exclude", "Excluded ü"]),
    st.lists(st.booleans(), min_size=VERTICES, max_size=VERTICES),
)
@settings(max_examples=60, deadline=None)
def test_lists_of_vertices(ending: str, stem: str, mask: list[bool]) -> None:
    found = written_or_refused(
        stem + ending,
        lambda path: write_vertex_list(path, np.array(mask)),
        lambda path: read_vertex_list(path, VERTICES),
    )
    if found is not None:
        assert found.valid.tolist() == mask


@given(
    st.sampled_from([".npz", ".pkl"]),
    st.lists(st.lists(WEIGHTS, min_size=3, max_size=3), min_size=VERTICES, max_size=VERTICES),
    st.lists(st.booleans(), min_size=VERTICES, max_size=VERTICES),
    st.sampled_from([None, 1.5, NAN, float("inf")]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_correspondences(
    ending: str, rows: list[list[float]], valid: list[bool], distance: float | None, normal: bool
) -> None:
    weights = np.array(rows, np.float32)
    if normal:  # each row of weights as it should be, or none
        weights = np.abs(np.nan_to_num(weights, posinf=1.0, neginf=1.0))
        weights /= np.maximum(weights.sum(1, keepdims=True), 1e-6)
    dense = np.zeros((VERTICES, 20), np.float32)
    dense[:, 4:7] = weights
    given_one = Correspondence(sparse.csr_matrix(dense), np.array(valid))
    distances = None if distance is None else np.full(VERTICES, distance)
    found = written_or_refused(
        "a" + ending,
        lambda path: write_correspondence(path, given_one, distances),
        lambda path: read_correspondence(path, source_vertices=20, target_vertices=VERTICES),
    )
    if found is not None:
        np.testing.assert_array_equal(found.matrix.toarray(), dense)
        np.testing.assert_array_equal(found.valid, given_one.valid)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frame_rate": 0.0}, "rate"),
        ({"frame_rate": 1e300}, "rate"),
        ({"gender": "FEMALE?"}, "gender"),
        ({"betas": np.full(10, 200.0, np.float32)}, "expected at most 100"),
        ({"up_axis": "w"}, "expected y or z"),
        ({"provenance": {"who": {1, 2}}}, "set is not JSON"),
    ],
)
def test_what_could_not_be_opened_again_is_a_sentence_and_what_was_there_stays(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "fit.npz"
    refit.save(make_result(), path)
    before = path.read_bytes()
    with pytest.raises(FileError, match=f"fit.npz: is not saved, for it .*{said}"):
        refit.save(make_result(**changes), path, overwrite=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
