"""Correspondences and masks in every form that other tools save them in, good and malformed."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import zipfile

import numpy as np
import pytest
import torch
from scipy import sparse

from core.files.bodies.correspondences import read_correspondence, read_mask
from core.files.bodies.model_folder import find_correspondence, find_mask
from core.files.containers.torch_files import is_torch, read_torch
from core.outputs.describe import describe_file
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.hostile import CreatesFile, hostile_pickle

SMPL, SMPLX = 6890, 10475
SOURCES, TARGETS = 7, 5


def barycentric(targets, sources, seed=3):
    """Rows of up to three weights that sum to one; a few rows are empty."""
    rng = np.random.default_rng(seed)
    columns = np.stack([rng.choice(sources, 3, replace=False) for _ in range(targets)])
    weights = rng.dirichlet((1, 1, 1), targets)
    weights[::5] = 0
    rows = np.repeat(np.arange(targets), 3)
    matrix = sparse.coo_matrix((weights.ravel(), (rows, columns.ravel())), shape=(targets, sources))
    matrix.eliminate_zeros()
    return matrix


def read(path, sources=SOURCES, targets=TARGETS, **more):
    return read_correspondence(path, source_vertices=sources, target_vertices=targets, **more)


def same(found, matrix, within=1e-6):
    apart = abs(found.matrix - sparse.csr_matrix(matrix, dtype=np.float32))
    assert apart.max() < within
    assert found.matrix.dtype == np.float32
    assert np.array_equal(found.filled, np.asarray((matrix != 0).sum(1)).ravel() > 0)


@pytest.fixture
def small():
    return barycentric(TARGETS, SOURCES)


@pytest.fixture
def dump(save):
    return lambda value, name="t.pkl", protocol=4: save(pickle.dumps(value, protocol), name)


@pytest.fixture
def torch_save(tmp_path):
    def write(value, name="t.pt", **more):
        torch.save(value, tmp_path / name, **more)
        return tmp_path / name

    return write


@pytest.mark.parametrize(("sources", "targets"), [(SMPL, SMPLX), (SMPLX, SMPL)])
def test_a_bare_matrix_in_full_size(dump, sources, targets):
    matrix = barycentric(targets, sources)
    found = read(dump(matrix), sources, targets)
    same(found, matrix)
    assert found.path is not None
    assert not any("transposed" in note for note in found.notes)


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: {"matrix": m}, lambda m: {"mtx": m}])
def test_the_other_way_round(dump, refuses, small, wrap):
    turned = read(dump(wrap(sparse.coo_matrix(small.T))))
    same(turned, small)
    assert "transposed" in turned.notes[0]
    other = barycentric(SOURCES, TARGETS)  # rows sum to one: the file of the other direction
    assert "maps the other way, from 5 to 7 vertices, expected (5, 7)" in refuses(read, dump(wrap(other)))


@pytest.mark.parametrize("dense", ["f4", "f8", ">f4", ">f8", "f2", ">f2"])
@pytest.mark.parametrize("kind", ["pkl", "npz", "npy"])
def test_a_dense_matrix(save, tmp_path, small, dense, kind):
    matrix = small.toarray().astype(dense)
    path = tmp_path / f"t.{kind}"
    if kind == "pkl":
        path.write_bytes(pickle.dumps({"matrix": matrix}))
    elif kind == "npz":
        np.savez(path, matrix=matrix)
    else:
        np.save(path, matrix)
    same(read(path), small, 1e-3 if dense.endswith("2") else 1e-6)
    if kind != "npy":  # as small as that, an array alone is a list of vertices for `info`
        assert dict(describe_file(path))["Rows with entries"] == str(int((matrix != 0).any(1).sum()))


@pytest.mark.parametrize("compress", ["", "zlib", "gzip"])
@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.coo_matrix, lambda m: m.toarray()])
def test_a_dict_of_joblib(save, refuses, tmp_path, small, compress, make):
    path = save(joblib_bytes({"matrix": make(small)}, compress), "smplx2smpl.pkl")
    found = read(path)
    same(found, small)
    assert dict(describe_file(path))["Key"] == "matrix"
    marker = tmp_path / "created"
    evil = joblib_bytes({"matrix": make(small), "more": np.array([CreatesFile(marker)], object)}, compress)
    assert "which is never opened" in refuses(read, save(evil, "evil.pkl"))
    assert not marker.exists()
    refuses(read, save(path.read_bytes()[:-20], "cut.pkl"))


@pytest.mark.parametrize(
    ("valid", "counts"),
    [
        (np.array([0, 2, 3]), [2, 3]),  # row 0 is empty
        (np.array([False, True, True, False, False]), [1, 2]),
        (np.array([0, 6]), [1, 2, 3, 4]),  # of the source's vertices
        (np.array([0.5, 1.0]), [1, 2, 3, 4]),
        ([[1], [2, 3]], [1, 2, 3, 4]),
    ],
)
def test_with_valid_vertices_and_mapping(dump, small, valid, counts):
    path = dump(
        {"matrix": small, "valid_vertices": valid, "mapping": np.arange(TARGETS)}, "smplx_to_smpl.pkl"
    )
    found = read(path)
    same(found, small)
    assert np.flatnonzero(found.valid).tolist() == counts
    assert "smplx_to_smpl.pkl" in found.notes[0]


def test_a_mask_file_comes_before_the_matrix_own_list(dump, small, save):
    out = io.BytesIO()
    np.save(out, np.array([4]))
    path = dump({"matrix": small, "valid_vertices": np.array([1, 2]), "mapping": None})
    found = read(path, mask=save(out.getvalue(), "m.npy"))
    assert np.flatnonzero(found.valid).tolist() == [4]
    assert found.notes == ()


@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: {"matrix": t}])
@pytest.mark.parametrize(
    "layout",
    [
        torch.Tensor.to_sparse_coo,
        torch.Tensor.to_sparse_csr,
        torch.Tensor.to_sparse_csc,
        torch.Tensor.double,
        torch.nn.Parameter,
    ],
)
def test_a_tensor_of_torch(torch_save, small, layout, wrap):
    path = torch_save(wrap(layout(torch.as_tensor(small.toarray(), dtype=torch.float32))))
    assert is_torch(path)
    same(read(path), small)
    assert dict(describe_file(path))["Size"] == f"{TARGETS} × {SOURCES}"


def test_a_tensor_of_torch_in_full_size(torch_save):
    matrix = barycentric(SMPL, SMPLX)
    places = torch.as_tensor(np.stack((matrix.row, matrix.col)).astype(np.int64))
    tensor = torch.sparse_coo_tensor(places, torch.as_tensor(matrix.data), matrix.shape)
    path = torch_save(tensor.float(), "smplx2smpl_sparse.pt")
    same(read(path, SMPLX, SMPL), matrix)
    assert torch.load(path, weights_only=True).shape == (SMPL, SMPLX)


def test_all_kinds_of_tensors(torch_save):
    base = torch.arange(24, dtype=torch.int64).reshape(4, 6)
    saved = {
        "turned": base.T,
        "part": base[1:3, ::2],
        "wide": torch.ones(1).expand(3, 4),
        "half": torch.ones(2, dtype=torch.float16),
        "short": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "flags": torch.tensor([True, False]),
        "none": torch.zeros(0, 3),
        "one": torch.tensor(2.5, dtype=torch.float64),
        "list": [base[0], "text", 3],
    }
    found = read_torch(torch_save(saved))
    for key in ("turned", "part", "wide", "flags", "none", "one"):
        np.testing.assert_array_equal(found[key], saved[key].numpy())
        assert found[key].dtype == saved[key].numpy().dtype
    for key in ("half", "short"):
        np.testing.assert_array_equal(found[key], saved[key].float().numpy())
        assert found[key].dtype == np.float32
    np.testing.assert_array_equal(found["list"][0], base[0].numpy())
    assert found["list"][1:] == ["text", 3]


def test_a_file_of_old_torch_opens(torch_save):
    matrix = torch.rand(3, 2).T
    path = torch_save({"matrix": matrix}, _use_new_zipfile_serialization=False)
    np.testing.assert_array_equal(read_torch(path)["matrix"], matrix.numpy())


class Repacked:
    """A file of ``torch.save`` with its members changed."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        self.pickle = next(name for name in self.members if name.endswith("data.pkl"))
        self.numbers = [name for name in self.members if "/data/" in name]

    def write(self, path, compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in self.members.items():
                archive.writestr(name, data)
        return path


def test_tensors_that_claim_more_than_they_have(torch_save, refuses):
    path = torch_save(torch.arange(6.0).reshape(2, 3).to_sparse_coo())
    whole = Repacked(path)
    for name in whole.numbers:
        kept, whole.members[name] = whole.members[name], whole.members[name][:4]
        assert "reaches beyond its numbers" in refuses(read, whole.write(path))
        del whole.members[name]
        assert "is damaged: it has no 'data/" in refuses(read, whole.write(path))
        whole.members[name] = kept
    assert "reaches beyond its numbers" not in refuses(read, whole.write(path), 2, 2)
    assert "is compressed" in refuses(read, whole.write(path, zipfile.ZIP_DEFLATED))
    whole.members[whole.pickle] = whole.members[whole.pickle][:-9]
    assert "is not a complete pickle file" in refuses(read, whole.write(path))


def test_places_outside_a_sparse_tensor(torch_save, refuses):
    path = torch_save(torch.arange(35.0).reshape(5, 7).to_sparse_coo())
    whole = Repacked(path)
    whole.members[whole.numbers[0]] = np.full(34 * 2, 1 << 40, np.int64).tobytes()
    assert "expected 0 to" in refuses(read, whole.write(path))


def test_hostile_files_of_torch(tmp_path, torch_save, refuses):
    marker = tmp_path / "created"
    path = torch_save({"matrix": torch.ones(TARGETS, SOURCES), "evil": CreatesFile(marker)})
    assert "which is never opened" in refuses(read, path)
    path = torch_save(CreatesFile(marker), "evil.pt")
    assert "which is never opened" in refuses(read, path)
    # A reference that is itself an object to build, and one of an unknown kind.
    whole = Repacked(torch_save(torch.ones(2, 2)))
    for reference in (hostile_pickle(marker, 2)[:-1], b"\x80\x02X\x03\x00\x00\x00abc"):
        whole.members[whole.pickle] = reference + b"Q."
        list(pickletools.genops(whole.members[whole.pickle]))
        refuses(read, whole.write(path))
    assert not marker.exists()


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr", "dia"])
def test_npz_of_scipy(tmp_path, small, kind):
    path = tmp_path / "m.npz"
    sparse.save_npz(path, small.asformat(kind))
    same(read(path), small)
    assert dict(describe_file(path))["Key"] == "matrix"


def test_dense_npz_and_npy(tmp_path, small, refuses):
    np.savez(tmp_path / "mtx.npz", mtx=np.hstack((small.toarray(), small.toarray())))
    np.savez(tmp_path / "matrix.npz", matrix=small.toarray(), valid=np.array([2]))
    np.save(tmp_path / "m.npy", small.toarray())
    for name in ("mtx.npz", "matrix.npz", "m.npy"):
        same(read(tmp_path / name), small)
    assert np.flatnonzero(read(tmp_path / "matrix.npz").valid).tolist() == [2]
    np.save(tmp_path / "wide.npy", np.eye(1001, 1002, dtype=np.float32))
    assert dict(describe_file(tmp_path / "wide.npy"))["Size"] == "1001 × 1002"
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    assert "neither 'mtx' nor 'matrix', but a" in refuses(read, tmp_path / "other.npz")
    np.savez(tmp_path / "objects.npz", matrix=np.array([CreatesFile(tmp_path / "x")], dtype=object))
    assert "never opened" in refuses(read, tmp_path / "objects.npz")
    assert not (tmp_path / "x").exists()
    np.save(tmp_path / "flat.npy", np.ones(3))
    assert "is not a matrix" in refuses(read, tmp_path / "flat.npy")
    np.savez(tmp_path / "far.npz", format=b"csr", shape=np.array([1e30, 2]), data=np.ones(1))
    assert "'shape' is no shape" in str(refuses(read, tmp_path / "far.npz"))


@pytest.mark.parametrize(
    "name",
    [
        "smplx2smpl.pkl",
        "SMPLX_to_SMPL.pkl",
        "smplx2smpl_sparse.pt",
        "smplx2smplh.npz",
        "smplx2smpl_deftrafo_setup.npz",
    ],
)
def test_names_of_other_tools(tmp_path, name):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / name).write_bytes(b"")
    for family in ("smpl", "smplh"):
        assert find_correspondence(tmp_path, "smplx", family).name == name
    official = tmp_path / "deep" / "smplx2smplh_def_transfer.pkl"
    official.write_bytes(b"")
    assert find_correspondence(tmp_path, "smplx", "smpl") == official


@pytest.mark.parametrize("ending", ["npy", "npz", "json", "txt", "pkl"])
@pytest.mark.parametrize("flags", [False, True])
def test_masks_as_ids_and_as_booleans(tmp_path, ending, flags):
    valid = np.array([True, False, True, True, False])
    stored = valid if flags else np.flatnonzero(valid)
    path = tmp_path / f"smplx_mask_ids.{ending}"
    if ending == "npy":
        np.save(path, stored)
    elif ending == "npz":
        np.savez(path, mask=stored)
    elif ending == "json":
        path.write_text(json.dumps(stored.tolist()))
    elif ending == "txt":
        path.write_text("\n".join(str(int(value)) for value in stored))
    else:
        path.write_bytes(pickle.dumps(stored))
    assert find_mask(tmp_path, "smplx") == path
    np.testing.assert_array_equal(read_mask(path, TARGETS), valid)


def test_head_bun_lists_leave_out(tmp_path, refuses):
    path = tmp_path / "smplx_exclude_vertices_headbun.npy"
    np.save(path, np.array([0, 3]))
    assert read_mask(path, TARGETS).tolist() == [False, True, True, False, True]
    assert dict(describe_file(path))["Kind"] == "list of vertices to leave out"
    np.save(path, np.arange(TARGETS))
    assert "leaves no vertex" in refuses(read_mask, path, TARGETS)


@pytest.mark.parametrize("contents", [{3: np.array([1])}, {(1, 2): 3}, [[1], [2, 3]], {"ids": {"a": 1}}])
def test_masks_of_something_else(dump, refuses, contents):
    refuses(read_mask, dump(contents), TARGETS)
