"""Regressors from files of every form, refused in one sentence, edited and written as new files."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from core.correspond.load_bodies import load_bodies
from core.errors import FileError, RefitError
from core.files.bodies.regressors import read_regressor, write_regressor
from core.inspection.regressor import renormalised, with_weight

BODY = load_bodies().target
MATRIX = BODY.J_regressor


def as_pickle(value: Any) -> Any:
    return lambda path: path.write_bytes(pickle.dumps(value, protocol=2))


def scipy_npz(kind: str, make: Any = sparse.csr_matrix) -> Any:
    return lambda path: sparse.save_npz(path, make(MATRIX).asformat(kind))


FORMS = {
    "array.npy": lambda path: np.save(path, MATRIX.astype(np.float64)),
    "dense.npz": lambda path: np.savez(path, J_regressor=MATRIX),
    "single.npz": lambda path: np.savez(path, MATRIX),
    "csr.npz": scipy_npz("csr"),
    "csc.npz": scipy_npz("csc"),
    "coo.npz": scipy_npz("coo"),
    "coo_array.npz": scipy_npz("coo", sparse.csr_array),
    "parts.npz": lambda path: np.savez(
        path,
        J_regressor_data=sparse.csr_matrix(MATRIX).data,
        J_regressor_indices=sparse.csr_matrix(MATRIX).indices,
        J_regressor_indptr=sparse.csr_matrix(MATRIX).indptr,
    ),
    "array.pkl": as_pickle(MATRIX),
    "csc.pkl": as_pickle(sparse.csc_matrix(MATRIX)),
    "dict.pkl": as_pickle({"J_regressor": sparse.coo_matrix(MATRIX), "other": 3}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(form: str, tmp_path: Path) -> None:
    path = tmp_path / form
    FORMS[form](path)
    found = read_regressor(path, BODY)
    assert np.array_equal(found.matrix, MATRIX)
    assert found.matrix.dtype == np.float32
    assert found.notes == ()
    assert len(found.sha256) == 64


def test_a_model_file_serves_as_well() -> None:
    assert BODY.path is not None
    assert np.array_equal(read_regressor(BODY.path, BODY).matrix, MATRIX)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch hacked",)


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("a.npy", lambda p: np.save(p, MATRIX[:24]), r"has shape \(24, 10475\), expected \(55, 10475\)"),
        ("a.npy", lambda p: np.save(p, MATRIX.T), "seems to be transposed"),
        ("a.npy", lambda p: np.save(p, np.where(MATRIX > 0, np.nan, 0)), "values that are not finite"),
        ("a.npy", lambda p: np.save(p, MATRIX.astype(str)[:, :1]), "has shape"),
        ("a.npz", lambda p: np.savez(p, a=1, b=2), "has no 'J_regressor' and no sparse matrix, but a, b"),
        ("a.npz", lambda p: sparse.save_npz(p, sparse.csr_matrix(MATRIX[:3])), r"is \(3, 10475\), expected"),
        ("a.npz", lambda p: np.savez(p, J_regressor_data=[1.0]), "neither dense nor the data"),
        ("a.npz", lambda p: np.savez(p, format=b"lil", shape=[55, 10475], data=[1.0]), "'format' is none of"),
        (
            "a.npz",
            lambda p: np.savez(
                p, format=b"csr", shape=[55, 10475], data=[1.0], indices=[20000], indptr=[0] + 55 * [1]
            ),
            "indices",
        ),
        ("a.pkl", as_pickle(Evil()), "asks for 'posix.system', which is never opened"),
        ("a.pkl", as_pickle({"x": 1}), "has no 'J_regressor', but x"),
        ("a.pkl", as_pickle([1, 2]), "holds no matrix"),
        ("a.txt", lambda p: p.write_text("hello"), "is text, expected a J_regressor"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    name: str, make: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / name)
    with pytest.raises(FileError, match=said):
        read_regressor(tmp_path / name, BODY)
    assert not (tmp_path / "hacked").exists()


def test_rows_that_do_not_sum_to_one_are_told(tmp_path: Path) -> None:
    matrix = MATRIX.copy()
    matrix[4] *= 1.5
    matrix[7] = 0
    np.save(tmp_path / "a.npy", matrix)
    assert read_regressor(tmp_path / "a.npy", BODY).notes == (
        "The weights of left_knee (1.5) in a.npy do not sum to one.",
        "a.npy has no vertex for left_ankle.",
    )
    np.save(tmp_path / "b.npy", MATRIX * 2)
    assert "and 51 more joints" in read_regressor(tmp_path / "b.npy", BODY).notes[0]


def test_edits_leave_the_old_matrix_alone() -> None:
    before = MATRIX.copy()
    more = with_weight(MATRIX, 4, 17, 0.25)
    assert more[4, 17] == np.float32(0.25)
    assert (more != MATRIX).sum() == 1
    one = renormalised(more, 4)
    assert one[4].astype(float).sum() == pytest.approx(1)
    assert np.allclose(one[4], more[4] / more[4].astype(float).sum())
    assert np.array_equal(MATRIX, before)
    with pytest.raises(RefitError, match="sum to zero"):
        renormalised(np.zeros_like(MATRIX), 4)
    for wrong in (np.nan, np.inf):
        with pytest.raises(RefitError, match="finite number"):
            with_weight(MATRIX, 4, 1, wrong)


@pytest.mark.parametrize("ending", [".npy", ".npz", "_sparse.npz"])
def test_a_regressor_is_written_and_only_a_regressor_written_over(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"new{ending}"
    edited = renormalised(with_weight(MATRIX, 4, 17, 0.25), 4)
    write_regressor(path, edited)
    assert np.array_equal(read_regressor(path, BODY).matrix, edited)
    with pytest.raises(FileError, match="already exists"):
        write_regressor(path, MATRIX)
    write_regressor(path, MATRIX, overwrite=True)
    assert np.array_equal(read_regressor(path, BODY).matrix, MATRIX)


def test_a_sparse_one_is_what_scipy_reads(tmp_path: Path) -> None:
    path = tmp_path / "mine_sparse.npz"
    write_regressor(path, MATRIX)
    np.testing.assert_array_equal(sparse.load_npz(path).toarray(), MATRIX)
    assert path.stat().st_size < 60_000
    # A sparse matrix of another kind, a correspondence, stays.
    other = tmp_path / "other_sparse.npz"
    sparse.save_npz(other, sparse.identity(7, format="csr"))
    with pytest.raises(FileError, match="is no regressor, and is not written over"):
        write_regressor(other, MATRIX, overwrite=True)


def test_a_model_is_never_written_over(tmp_path: Path) -> None:
    assert BODY.path is not None
    model = tmp_path / "SMPLX_NEUTRAL.npz"
    shutil.copy(BODY.path, model)
    link = tmp_path / "link.npz"
    link.symlink_to(model)
    before = model.read_bytes()
    for path in (model, link):
        with pytest.raises(FileError, match="is a body model, which is never written over"):
            write_regressor(path, MATRIX, overwrite=True)
    (tmp_path / "mine.npy").write_text("precious")
    with pytest.raises(FileError, match="is no regressor, and is not written over"):
        write_regressor(tmp_path / "mine.npy", MATRIX, overwrite=True)
    with pytest.raises(RefitError, match=r"must end in \.npy or \.npz"):
        write_regressor(tmp_path / "mine.pkl", MATRIX)
    assert model.read_bytes() == before
    assert (tmp_path / "mine.npy").read_text() == "precious"
