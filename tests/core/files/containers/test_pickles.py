from __future__ import annotations

import contextlib
import io
import pickle
import pickletools
import struct
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from core.errors import FileError
from core.files.containers.pickles import read_pickle
from tests.core.files.hostile import CreatesFile, hostile_pickle

KINDS = ["csr", "csc", "coo", "dia", "bsr", "lil"]


def dumped(value, protocol=2):
    return pickle.dumps(value, protocol)


@pytest.fixture
def load(save):
    return lambda data: read_pickle(save(data, "file.pkl"))


@pytest.mark.parametrize("protocol", range(6))
def test_plain_containers_and_arrays(load, protocol):
    value = {
        "list": [1, 2.5, "ä", None, True],
        "tuple": (1, (2, b"\xff\x00")),
        "set": {1, 2},
        "ordered": OrderedDict([("b", 1), ("a", 2)]),
        "array": np.arange(6, dtype=np.float32).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "big": np.arange(3, dtype=">f8"),
        "text": np.array(["ab", "c"]),
        "bool": np.array([True, False]),
        "scalar": np.float64(1.5),
        "zero-d": np.array(7),
        "empty": np.zeros((0, 3)),
        "bytes": b"",
        "objects": np.array([{"a": np.ones(2)}, None], dtype=object),
        "int": 2**80,
    }
    found = load(dumped(value, protocol))
    assert list(found["ordered"]) == ["b", "a"]
    assert found["list"] == value["list"]
    assert found["tuple"] == value["tuple"]
    assert found["set"] == {1, 2}
    assert found["bytes"] == b""
    assert found["int"] == 2**80
    assert found["scalar"] == 1.5
    for key in ("array", "fortran", "big", "text", "bool", "zero-d", "empty"):
        np.testing.assert_array_equal(found[key], value[key])
        assert found[key].shape == value[key].shape
        assert found[key].dtype.isnative
    assert found["objects"].dtype == object
    np.testing.assert_array_equal(found["objects"][0]["a"], [1, 1])


def test_shared_lists_stay_so_and_none_holds_itself(load, save, refuses):
    inner = [np.ones(2)]
    found = load(dumped([inner, inner, inner[0]]))
    assert found[1] is found[0]
    assert found[2] is found[0][0]
    ring = [np.ones(2)]
    ring += [ring, ring[0]]
    assert "contains itself" in refuses(read_pickle, save(dumped(ring), "ring.pkl"))


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flavour", ["matrix", "array"])
def test_sparse_kinds(load, kind, flavour, protocol):
    dense = np.zeros((4, 6))
    dense[[0, 1, 3, 3], [5, 2, 0, 4]] = [1, -2, 3, 4]
    made = getattr(sparse, f"{kind}_{flavour}")(dense)
    found = load(dumped(made, protocol))
    assert isinstance(found, sparse.csr_matrix)
    np.testing.assert_array_equal(found.toarray(), dense)


@pytest.mark.parametrize(("new", "old"), [(f"scipy.sparse._{k}", f"scipy.sparse.{k}") for k in KINDS[:3]])
def test_sparse_from_old_scipy_and_numpy(load, new, old):
    kind = old.rsplit(".", 1)[1]
    made = getattr(sparse, f"{kind}_matrix")(np.eye(3))
    data = dumped(made, 2)
    for a, b in ((new, old), ("numpy._core.multiarray", "numpy.core.multiarray")):
        data = data.replace(f"c{a}\n".encode(), f"c{b}\n".encode())
    assert old.encode() in data
    np.testing.assert_array_equal(load(data).toarray(), np.eye(3))


def test_old_coo_with_row_and_col(load):
    made = sparse.coo_matrix(np.diag([1.0, 2.0]))
    row, col = made.row, made.col
    made.__dict__.pop("coords", None)
    made.__dict__.update(row=row, col=col)
    np.testing.assert_array_equal(load(dumped(made)).toarray(), np.diag([1.0, 2.0]))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("csr", {"indices": np.array([0, 99], np.int32)}),
        ("csr", {"indices": np.array([0, -1], np.int32)}),
        ("csr", {"indptr": np.array([0, 1, 7], np.int32)}),
        ("csr", {"indptr": np.array([0, 2, 1], np.int32)}),
        ("csr", {"indptr": np.array([0, 2], np.int32)}),
        ("csr", {"indptr": np.array([1, 1, 2], np.int32)}),
        ("csr", {"data": np.array(["a", "b"])}),
        ("csr", {"data": np.array([1.0])}),
        ("csr", {"_shape": (2,)}),
        ("csr", {"_shape": (10**12, 2)}),
        ("csr", {"_shape": "ab"}),
        ("csc", {"indices": np.array([0, 2**40])}),
        ("csc", {"indices": np.array([0.5, 1.5])}),
        ("csc", {"indices": None}),
        ("coo", {"coords": (np.array([0, 5]), np.array([0, 1]))}),
        ("coo", {"coords": (np.array([0]), np.array([0, 1]))}),
        ("coo", {"_shape": (10**15, 10**15)}),
        ("dia", {"offsets": np.array([0, 1, 2])}),
        ("dia", {"data": np.zeros(3)}),
        ("bsr", {"data": np.zeros((2, 0, 0))}),
        ("bsr", {"data": np.zeros((2, 3, 3))}),
        ("lil", {"rows": np.array([[0], [1, 2]], dtype=object)}),
        ("lil", {"rows": None}),
    ],
)
def test_sparse_matrices_that_do_not_fit_together(save, refuses, kind, change):
    made = getattr(sparse, f"{kind}_matrix")(np.eye(2))
    made.__dict__.update(change)
    refuses(read_pickle, save(dumped(made), "m.pkl"))


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_chumpy_arrays(load, chumpy_classes, protocol):
    ch, select = chumpy_classes
    numbers = np.arange(12.0).reshape(3, 4)
    inner = ch(x=numbers, _dirty_vars=set(), _itr=None)
    value = {
        "a": inner,
        "nested": ch(x=inner),
        "s": select(a=inner, idxs=np.array([5, 0, 11, 1]), preferred_shape=(2, 2)),
        "flat": select(a=inner, idxs=np.array([3])),
    }
    found = load(dumped(value, protocol))
    np.testing.assert_array_equal(found["a"], numbers)
    np.testing.assert_array_equal(found["nested"], numbers)
    np.testing.assert_array_equal(found["s"], [[5, 0], [11, 1]])
    np.testing.assert_array_equal(found["flat"], [3])


def test_chumpy_that_does_not_fit_together(save, refuses, chumpy_classes):
    ch, select = chumpy_classes
    inner = ch(x=np.ones(3))
    loop = ch()
    loop.x = loop
    for value in (
        ch(y=1),
        ch(x="text"),
        loop,
        select(a=inner, idxs=np.array([3])),
        select(a=inner, idxs=np.array([0]), preferred_shape=(2,)),
        select(a=inner, idxs=np.array([0]), preferred_shape=(-1,)),
    ):
        refuses(read_pickle, save(dumped(value), "c.pkl"))


def test_python_2_pickle(load, chumpy_classes):
    """Protocol 2 as Python 2 writes it: byte strings, ``__builtin__`` and ``copy_reg`` names."""
    raw = struct.pack("<2d", 1.5, -2.0)
    data = (
        b"\x80\x02}(U\x01xcchumpy.ch\nCh\n)\x81}(U\x01xcnumpy.core.multiarray\n_reconstruct\n"
        b"cnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R"
        b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U"
        + bytes([len(raw)])
        + raw
        + b"tbU\x0b_dirty_varsc__builtin__\nset\n]\x85Rubu."
    )
    pickletools.dis(data, out=io.StringIO())
    np.testing.assert_array_equal(load(data)["x"], [1.5, -2.0])


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_in_a_pickle_runs(save, refuses, tmp_path, protocol):
    marker = tmp_path / "created"
    for data in (
        hostile_pickle(marker, protocol),
        dumped({"mtx": [CreatesFile(marker)]}, protocol),
        dumped(np.array([CreatesFile(marker)], dtype=object), protocol),
    ):
        assert "mkdir', which is never opened" in refuses(read_pickle, save(data, "evil.pkl"))
    assert not marker.exists()


@pytest.mark.parametrize(
    "name",
    [
        b"os\nsystem",
        b"builtins\neval",
        b"__builtin__\nexec",
        b"builtins\ngetattr",
        b"builtins\n__import__",
        b"numpy\nload",
        b"numpy\nfromfile",
        b"numpy.testing._private.utils\nrunstring",
        b"scipy.sparse\nload_npz",
        b"torch\nload",
        b"functools\npartial",
        b"numpy\nndarray.tofile",
        b"_codecs\ndecode",
        b"chumpy.ch\nMatVecMult",
    ],
)
def test_other_globals_are_refused_by_name(save, refuses, name):
    message = refuses(read_pickle, save(b"c" + name + b"\n.", "g.pkl"))
    assert name.decode().replace("\n", ".") in message


@pytest.mark.parametrize(
    "data",
    [
        b"Pid\n.",  # outside reference
        b"\x80\x02K\x05Q.",
        b"\x80\x02\x82\x01.",  # extension registry
        b"\x80\x05\x97.",  # out-of-band buffer
        b"cnumpy\nndarray\n.",  # a class as data
        b"cnumpy\nndarray\n}b.",  # state for a class
        b"cnumpy\nndarray\n(N}(X\x04\x00\x00\x00argsK\x01utb.",
        b"ccollections\nOrderedDict\n}X\x01\x00\x00\x00aK\x01sb.",
        b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13tR.",
        b"cbuiltins\nbytes\n(K\x05tR.",
        b"ccopyreg\n_reconstructor\n(cbuiltins\nset\ncbuiltins\nobject\nNtR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(tR.",
        b"cnumpy.core.multiarray\nscalar\n(tR.",
        b"cnumpy\ndtype\n(X\x01\x00\x00\x00VtR.",
        b"cnumpy\ndtype\n(tR.",
        b"cnumpy\ndtype\n(X\x09\x00\x00\x00f4,(99999)tR.",
        b"(" * 50000 + b"t" * 50000 + b".",
        b"]" * 100000 + b"a" * 99999 + b".",
    ],
)
def test_operations_no_data_file_needs(save, refuses, data):
    refuses(read_pickle, save(data, "o.pkl"))


def test_a_pickle_leaves_no_trace_on_the_stand_ins(save):
    from core.files.containers import pickle_stand_ins

    before = {name: dict(vars(c)) for name, c in vars(pickle_stand_ins).items() if isinstance(c, type)}
    for module, name in ((b"numpy", b"ndarray"), (b"_codecs", b"encode"), (b"chumpy.ch", b"Ch")):
        state = b"(N}(X\x05\x00\x00\x00stateK\x01utb."
        with pytest.raises(FileError):
            read_pickle(save(b"c" + module + b"\n" + name + b"\n" + state, "t.pkl"))
    assert before == {
        name: dict(vars(c)) for name, c in vars(pickle_stand_ins).items() if isinstance(c, type)
    }


def test_truncated_pickle(save, refuses):
    whole = dumped({"mtx": sparse.csr_matrix(np.eye(3)), "a": np.ones(3)})
    for length in range(0, len(whole) - 1, 11):
        refuses(read_pickle, save(whole[:length], "cut.pkl"))


SEEDS = [
    dumped({"mtx": sparse.csr_matrix(np.eye(3)), "a": np.ones(3)}, protocol) for protocol in (0, 2, 4, 5)
] + [dumped({"mtx": sparse.coo_matrix(np.eye(3)), "s": {1}, "f": np.float32(2)}, 2)]


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_only_file_errors_come_out(tmp_path, seed, edits):
    data = bytearray(seed)
    for at, value in edits:
        data[at % len(data)] = value
    path = tmp_path / "fuzz.pkl"
    path.write_bytes(data)
    with contextlib.suppress(FileError):
        read_pickle(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
def test_arbitrary_bytes(tmp_path, data):
    path = tmp_path / "fuzz.pkl"
    path.write_bytes(data + b".")
    with contextlib.suppress(FileError):
        read_pickle(path)
