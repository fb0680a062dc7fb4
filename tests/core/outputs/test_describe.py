from __future__ import annotations

import io
import pickle

import numpy as np
from scipy import sparse

from core.outputs.describe import describe_file
from tests.core.files.bodies.model_file_arrays import model_arrays
from tests.core.files.hostile import hostile_pickle


def test_motion(save, amass):
    rows = dict(describe_file(save(amass)))
    assert rows["Kind"] == "SMPL-H motion"
    assert rows["Frames"] == "5"
    assert rows["Frame rate"] == "120 fps"
    assert rows["Gender"] == "male"
    del amass["mocap_framerate"]
    assert dict(describe_file(save(amass)))["Frame rate"] == "not in the file"


def test_model(save):
    rows = dict(describe_file(save(model_arrays("smplx", columns=20), "SMPLX_MALE.npz")))
    assert rows["Kind"] == "SMPL-X body model"
    assert rows["Vertices"] == "10475"
    assert rows["Expression"] == "10 coefficients"


def test_correspondence_and_mask(save):
    rows = dict(describe_file(save(pickle.dumps({"mtx": sparse.eye(4, 6).tocoo()}), "t.pkl")))
    assert rows["Size"] == "4 × 6"
    out = io.BytesIO()
    np.save(out, np.array([4, 2, 9]))
    assert dict(describe_file(save(out.getvalue(), "m.npy")))["Ids"] == "3, from 2 to 9"


def test_rows_of_a_correspondence_that_are_no_weights(save, refuses):
    matrix = np.eye(6, 4)
    rows = describe_file(save({"matrix": 0.7 * matrix}))
    said = "file.npz has 4 of 4 rows that sum to 0.7, expected one in each: the weights of a point on a "
    assert ("Note", f"{said}triangle.") in rows
    normals = np.hstack([np.eye(5, 6890), np.ones((5, 6890))])
    rows = describe_file(save({"mtx": sparse.csr_matrix(normals).toarray()}))
    assert "Note" not in dict(rows), "the half for the normals is none of weights"
    matrix[0, 0] = np.nan
    assert "'matrix' holds weights that are not finite" in refuses(describe_file, save({"matrix": matrix}))


def test_anything_else(save, refuses, tmp_path):
    marker = tmp_path / "created"
    assert "neither a motion" in refuses(describe_file, save({"a": np.ones(1)}))
    refuses(describe_file, save(b"hello", "a.txt"))
    refuses(describe_file, save(b"", "a.txt"))
    refuses(describe_file, save(hostile_pickle(marker), "evil.npz"))
    refuses(describe_file, tmp_path)
    out = io.BytesIO()
    np.save(out, np.ones((2, 2)))
    assert "vertex ids" in refuses(describe_file, save(out.getvalue(), "v.npy"))
    assert not marker.exists()
