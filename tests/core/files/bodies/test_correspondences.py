from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from scipy import sparse

from core.files.bodies.correspondences import read_correspondence, read_mask
from tests.core.files.hostile import hostile_pickle
from tests.transfer_files import write_correspondence, write_mask

SOURCES, TARGETS = 5, 4


@pytest.fixture
def dense():
    weights = np.zeros((TARGETS, SOURCES), np.float32)
    weights[0, 1] = weights[3, 4] = 1
    weights[1, :3] = 0.25, 0.25, 0.5
    return weights


def read(path, mask=None):
    return read_correspondence(path, source_vertices=SOURCES, target_vertices=TARGETS, mask=mask)


@pytest.fixture
def dump(save):
    return lambda value, name="t.pkl", protocol=2: save(pickle.dumps(value, protocol), name)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_the_official_form(dump, dense, kind, protocol):
    mtx = getattr(sparse, f"{kind}_matrix")(np.hstack([dense, 7 * np.ones_like(dense)]))
    found = read(dump({"mtx": mtx}, protocol=protocol))
    np.testing.assert_array_equal(found.matrix.toarray(), dense)
    assert found.matrix.dtype == np.float32
    assert list(found.valid) == [True, True, False, True]
    assert len(found.notes) == 1
    assert len(found.sha256) == 64


def test_a_mask_that_never_was_is_not_missed(dump, dense):
    path = dump({"mtx": sparse.csr_matrix(dense)})
    found = read_correspondence(path, source_vertices=SOURCES, target_vertices=TARGETS, mask_expected=False)
    assert found.notes == ()
    assert list(found.valid) == [True, True, False, True]


@pytest.mark.parametrize("wrap", [lambda m: {"matrix": m}, lambda m: m, lambda m: {"mtx": m}])
@pytest.mark.parametrize("make", [sparse.coo_matrix, sparse.csr_array, np.asarray])
def test_a_whole_matrix(dump, dense, wrap, make):
    np.testing.assert_array_equal(read(dump(wrap(make(dense)))).matrix.toarray(), dense)


def test_round_trip_with_a_mask(tmp_path, dense):
    path, mask = tmp_path / "t.pkl", tmp_path / "mask.npy"
    write_correspondence(path, sparse.csr_matrix(dense))
    write_mask(mask, np.array([True, False, True, True]))
    found = read(path, mask)
    np.testing.assert_array_equal(found.matrix.toarray(), dense)
    assert list(found.valid) == [True, False, False, True]
    assert found.notes == ()
    assert len(found.mask_sha256) == 64
    with path.open("rb") as file:
        official = pickle.load(file)  # noqa: S301  (written above)
    assert official["mtx"].shape == (TARGETS, 2 * SOURCES)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"mtx": sparse.eye(3).tocsr()}, "'mtx' has shape (3, 3), expected (4, 5) or (4, 10)"),
        ({"matrix": sparse.csr_matrix((4, 10))}, "'matrix' has shape (4, 10)"),
        ({"mtx": sparse.csr_matrix((4, 10))}, "'mtx' holds no weights"),
        ({"mtx": sparse.csr_matrix(np.full((4, 5), np.nan))}, "'mtx' holds weights that are not finite"),
        ({"mtx": [1, 2]}, "'mtx' is not a matrix"),
        ({"other": 1}, "neither 'mtx' nor 'matrix', but other"),
        (None, "is not a matrix"),
    ],
)
def test_wrong_contents(dump, refuses, value, words):
    path = dump(value)
    assert words in refuses(lambda p: read(p), path)


def test_hostile(save, refuses, tmp_path):
    marker = tmp_path / "created"
    evil = save(hostile_pickle(marker), "evil.pkl")
    refuses(read, evil)
    refuses(read_mask, evil, 4)
    assert not marker.exists()


@pytest.mark.parametrize("dtype", [np.int16, np.uint32, np.int64, ">i4"])
def test_mask_ids(save, dtype):
    out = io.BytesIO()
    np.save(out, np.array([0, 3, 3], dtype))
    assert list(read_mask(save(out.getvalue(), "m.npy"), 5)) == [True, False, False, True, False]


def test_mask_in_a_pickle(dump):
    assert list(read_mask(dump(np.array([1, 2])), 3)) == [False, True, True]


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (np.array([True, False]), "holds 2 booleans, expected 4"),
        (np.array([False] * 4), "leaves no vertex that is valid"),
        (np.array([0.0, 1.0]), "holds numbers"),
        (np.array([[0, 1]]), "shape (1, 2)"),
        (np.array([], int), "names no vertex"),
        (np.array([0, 4]), "names vertices from 0 to 4, expected 0 to 3"),
        (np.array([-1, 2]), "names vertices from -1"),
    ],
)
def test_wrong_masks(save, refuses, ids, words):
    out = io.BytesIO()
    np.save(out, ids)
    assert words in refuses(read_mask, save(out.getvalue(), "m.npy"), 4)


def test_mask_of_something_else(dump, refuses):
    refuses(read_mask, dump({"a": 1}), 4)
    refuses(read_mask, dump([None]), 4)
